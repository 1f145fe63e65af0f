//! Frames on a stream of bytes: four bytes of length, big-endian, then a letter and a body. No I/O.

use super::Fault;

/// The longest frame before a channel is open: no first packet needs more.
pub(super) const FIRST_MAX: usize = 512;
/// The longest frame on an open channel.
pub(super) const FRAME_MAX: usize = 8 * 1024;

/// One frame: its letter and what follows it.
pub(super) struct Packet {
    pub(super) letter: u8,
    pub(super) body: Vec<u8>,
}

/// Frames this packet for the stream.
pub(super) fn write(letter: u8, body: &[u8]) -> Result<Vec<u8>, Fault> {
    let len = body.len().checked_add(1).filter(|len| *len <= FRAME_MAX).ok_or(Fault::TooLong)?;
    let len = u32::try_from(len).map_err(|_| Fault::TooLong)?;
    let mut out = Vec::with_capacity(body.len().saturating_add(5));
    out.extend_from_slice(&len.to_be_bytes());
    out.push(letter);
    out.extend_from_slice(body);
    Ok(out)
}

/// Cuts a stream into packets. What a length announces is reserved only as it arrives.
#[derive(Default)]
pub(super) struct Frames {
    buffer: Vec<u8>,
}

impl Frames {
    /// What the stream said next.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole packet. A length beyond `max`, or of nothing, is refused as soon as its four bytes are here.
    pub(super) fn next(&mut self, max: usize) -> Result<Option<Packet>, Fault> {
        let Some((len, rest)) = self.buffer.split_first_chunk::<4>() else { return Ok(None) };
        let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| Fault::TooLong)?;
        if len > max {
            return Err(Fault::TooLong);
        }
        let Some(frame) = rest.get(..len) else { return Ok(None) };
        let (letter, body) = frame.split_first().ok_or(Fault::Empty)?;
        let packet = Packet { letter: *letter, body: body.to_vec() };
        self.buffer.drain(..len.saturating_add(4));
        if self.buffer.is_empty() {
            self.buffer = Vec::new();
        }
        Ok(Some(packet))
    }

    /// Whether a frame has begun and not ended.
    pub(super) fn in_the_middle(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// How much is kept.
    pub(super) fn kept(&self) -> usize {
        self.buffer.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_however_the_stream_is_cut() {
        let stream = [write(b'T', b"one").unwrap(), write(b'A', b"").unwrap()].concat();
        for step in 1..stream.len() {
            let mut frames = Frames::default();
            let mut found = Vec::new();
            for piece in stream.chunks(step) {
                frames.feed(piece);
                while let Some(packet) = frames.next(FIRST_MAX).unwrap() {
                    found.push((packet.letter, packet.body));
                }
            }
            assert_eq!(found, [(b'T', b"one".to_vec()), (b'A', Vec::new())]);
            assert!(!frames.in_the_middle());
        }
    }

    #[test]
    fn a_length_is_judged_before_anything_is_reserved_for_it() {
        let mut frames = Frames::default();
        frames.feed(&u32::MAX.to_be_bytes());
        assert!(matches!(frames.next(FRAME_MAX), Err(Fault::TooLong)));
        assert!(frames.kept() < 64);
        let mut frames = Frames::default();
        frames.feed(&[0; 4]);
        assert!(matches!(frames.next(FRAME_MAX), Err(Fault::Empty)));
    }
}
