//! The receiving half: puts pieces in order, says what has arrived, cuts the stream into records.

use super::packet::{Ack, Piece, Reader};
use super::ranges::Ranges;
use super::{FrameError, MAX_RECORD, WINDOW};

/// Islands beyond the contiguous part; a piece that would make one more is dropped and comes again.
const MAX_ISLANDS: usize = 64;

/// What a piece meant to the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Novelty {
    /// The stream grew.
    Next,
    /// It lies beyond a hole.
    Early,
    /// Nothing new.
    Again,
}

/// Bytes as they arrive. Holds at most one window beyond the contiguous part and one record before it.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    next: u32,
    ready: Vec<u8>,
    /// One window, each offset at its remainder; empty until the first piece comes early.
    ring: Vec<u8>,
    early: Ranges,
}

impl Inbound {
    pub(super) fn take(&mut self, piece: Piece<'_>) -> Result<Novelty, FrameError> {
        let len = u32::try_from(piece.bytes.len()).map_err(|_| FrameError::Number)?;
        let end = piece.offset.checked_add(len).ok_or(FrameError::Number)?;
        if end > self.next.saturating_add(WINDOW) {
            return Err(FrameError::BeyondWindow { end, limit: self.next.saturating_add(WINDOW) });
        }
        if end <= self.next || self.early.covers(piece.offset, end) {
            return Ok(Novelty::Again);
        }
        if piece.offset > self.next {
            if self.early.len() < MAX_ISLANDS {
                self.keep(piece.offset, piece.bytes);
                self.early.insert(piece.offset, end);
            }
            return Ok(Novelty::Early);
        }
        let known = usize::try_from(self.next.saturating_sub(piece.offset)).unwrap_or(usize::MAX);
        self.ready.extend_from_slice(piece.bytes.get(known..).unwrap_or_default());
        self.next = end;
        self.join();
        Ok(Novelty::Next)
    }

    fn keep(&mut self, offset: u32, bytes: &[u8]) {
        if self.ring.is_empty() {
            self.ring = vec![0; usize::try_from(WINDOW).unwrap_or_default()];
        }
        let (head, tail) = ring_parts(offset, bytes.len());
        let (first, second) = bytes.split_at(head.len());
        if let Some(space) = self.ring.get_mut(head) {
            space.copy_from_slice(first);
        }
        if let Some(space) = self.ring.get_mut(tail) {
            space.copy_from_slice(second);
        }
    }

    /// Moves islands that the contiguous part has reached.
    fn join(&mut self) {
        while let Some((start, end)) = self.early.first().filter(|(start, _)| *start <= self.next) {
            self.early.remove(start, end);
            if end > self.next {
                let len = usize::try_from(end.saturating_sub(self.next)).unwrap_or_default();
                let (head, tail) = ring_parts(self.next, len);
                self.ready.extend_from_slice(self.ring.get(head).unwrap_or_default());
                self.ready.extend_from_slice(self.ring.get(tail).unwrap_or_default());
                self.next = end;
            }
        }
    }

    pub(super) fn ack(&self) -> Ack {
        Ack { upto: self.next, room: WINDOW, islands: self.early.iter().collect() }
    }

    /// The next whole record of the stream.
    pub(super) fn next_record(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let mut reader = Reader(&self.ready);
        let len = match reader.number() {
            Ok(len) => usize::try_from(len).map_err(|_| FrameError::Number)?,
            Err(FrameError::Short) => return Ok(None),
            Err(error) => return Err(error),
        };
        if len > MAX_RECORD {
            return Err(FrameError::RecordTooLong { claimed: len });
        }
        match reader.slice(len) {
            Ok(record) => {
                let (record, left) = (record.to_vec(), reader.rest().len());
                let used = self.ready.len().saturating_sub(left);
                self.ready.drain(..used);
                Ok(Some(record))
            }
            Err(_) => Ok(None),
        }
    }

    /// Bytes of memory in use.
    pub(super) fn held(&self) -> usize {
        self.ready.capacity().saturating_add(self.ring.capacity())
    }
}

/// Where `len` bytes at `offset` lie in the ring: up to its end, and the rest from its start.
fn ring_parts(offset: u32, len: usize) -> (core::ops::Range<usize>, core::ops::Range<usize>) {
    let size = usize::try_from(WINDOW).unwrap_or_default();
    let start = usize::try_from(offset & WINDOW.saturating_sub(1)).unwrap_or_default();
    let head = len.min(size.saturating_sub(start));
    (start..start.saturating_add(head), 0..len.saturating_sub(head))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "offsets in a test are small")]
mod tests {
    use super::*;

    fn piece(offset: u32, bytes: &[u8]) -> Piece<'_> {
        Piece { offset, bytes }
    }

    #[test]
    fn pieces_in_any_order_make_the_same_stream() {
        let mut stream = vec![0x82, 0x01];
        stream.extend((0..130).map(|i| u8::try_from(i).unwrap()));
        let mut inbound = Inbound::default();
        for start in (0..132_u32).rev().step_by(7).chain([0, 3, 50]) {
            let end = (start + 9).min(132);
            let bytes = &stream[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
            inbound.take(piece(start, bytes)).unwrap();
        }
        assert_eq!(inbound.ack().upto, 132);
        assert_eq!(inbound.next_record().unwrap().unwrap(), stream[2..]);
        assert_eq!(inbound.next_record(), Ok(None));
    }

    #[test]
    fn the_ring_wraps() {
        let mut inbound = Inbound::default();
        let mut at = 0;
        // Advances by odd steps past several windows, always with an island first.
        while at < WINDOW * 3 {
            let bytes: Vec<u8> = (at..at + 300).map(|i| i.to_le_bytes()[0]).collect();
            assert_eq!(inbound.take(piece(at + 100, &bytes[100..])), Ok(Novelty::Early));
            assert_eq!(inbound.take(piece(at, &bytes[..101])), Ok(Novelty::Next));
            assert_eq!(inbound.take(piece(at, &bytes)), Ok(Novelty::Again));
            assert_eq!(inbound.ready, bytes);
            inbound.ready.clear();
            at += 300;
        }
    }

    #[test]
    fn a_sender_past_its_credit_is_refused() {
        let mut inbound = Inbound::default();
        let refused = inbound.take(piece(WINDOW, b"x"));
        assert_eq!(refused, Err(FrameError::BeyondWindow { end: WINDOW + 1, limit: WINDOW }));
        assert_eq!(inbound.take(piece(WINDOW - 1, b"x")), Ok(Novelty::Early));
    }

    #[test]
    fn dust_does_not_fill_the_memory() {
        let mut inbound = Inbound::default();
        for offset in (1..WINDOW).step_by(2) {
            inbound.take(piece(offset, b"x")).unwrap();
        }
        assert_eq!(inbound.ack().islands.len(), MAX_ISLANDS);
        assert!(inbound.held() <= 64 * 1024);
    }

    #[test]
    fn a_record_that_claims_too_much_is_refused() {
        let mut inbound = Inbound::default();
        inbound.take(piece(0, &[0xff, 0xff, 0x7f])).unwrap();
        assert_eq!(inbound.next_record(), Err(FrameError::RecordTooLong { claimed: 0x1f_ffff }));
    }
}
