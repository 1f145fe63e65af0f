//! One write on a link, byte by byte. `docs/protocol-sync.md` shows the same as a table.

use super::FrameError;

/// The version of everything in this crate that another device can see.
pub const WIRE: u8 = 1;

const ACK: u8 = 0x1;
const PIECE: u8 = 0x2;
const OPEN: u8 = 0x4;
const RESUME: u8 = 0x5;
const CLOSE: u8 = 0x6;

/// Credit is counted in blocks of this many bytes.
pub const ROOM_UNIT: u32 = 256;
/// The ranges one acknowledgement may name; more would not help a sender whose window is this small.
const MAX_RANGES: usize = 16;

/// How many bytes one write on this link may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Payload(usize);

impl Payload {
    /// What the smallest link that Bluetooth LE allows (MTU 23) can carry.
    pub const SMALLEST: Self = Self(20);

    /// The payload for a negotiated MTU of 23 to 517.
    ///
    /// 244 and 495 bytes fill one and two radio packets exactly; 500 is the most that every stack seen passes on.
    pub fn for_mtu(mtu: u16) -> Result<Self, FrameError> {
        if !(23..=517).contains(&mtu) {
            return Err(FrameError::Mtu(mtu));
        }
        let most = usize::from(mtu.saturating_sub(3)).min(500);
        Ok(Self([495, 244].into_iter().find(|whole| *whole <= most).unwrap_or(most)))
    }

    /// The same in bytes.
    pub fn bytes(self) -> usize {
        self.0
    }
}

/// How a dialer says hello: which pattern, and a hint that only the waiter it means can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The number of the handshake pattern.
    pub pattern: u8,
    /// A ticket's hint or a beacon's tag; zeros between strangers.
    pub hint: [u8; 8],
}

/// A claim to be the other half of a parted session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    /// Which of this side's links this is; never the same twice in a session.
    pub count: u16,
    /// Shown only by a holder of one of the two static secrets.
    pub proof: [u8; 16],
}

/// What has arrived, told cumulatively and with the islands beyond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Every byte below this offset is here.
    pub upto: u32,
    /// How many bytes beyond `upto` may be sent; on the wire in units of [`ROOM_UNIT`], rounded down.
    pub room: u32,
    /// Islands beyond `upto` that are here, ascending: start and end.
    pub islands: Vec<(u32, u32)>,
}

/// Bytes of the stream at their offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Where in the stream the first byte belongs.
    pub offset: u32,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Everything that one write can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A dialer's first packet.
    Open(Greeting),
    /// The first packet of both sides where a parted session goes on.
    Resume(Resume),
    /// The ordinary packet.
    Flow {
        /// What the sender of this packet has received.
        ack: Option<Ack>,
        /// What it sends.
        piece: Option<Piece<'a>>,
    },
    /// The sender hangs up, and why; nobody vouches for this byte.
    Close(u8),
}

impl<'a> Packet<'a> {
    /// Reads one write; never panics, never allocates more than the packet could fill.
    pub fn read(bytes: &'a [u8]) -> Result<Self, FrameError> {
        let mut reader = Reader(bytes);
        let first = reader.byte()?;
        if first >> 4 != WIRE {
            return Err(FrameError::Version(first >> 4));
        }
        match first & 0x0f {
            OPEN => {
                let greeting = Greeting { pattern: reader.byte()?, hint: reader.array()? };
                reader.end().map(|()| Self::Open(greeting))
            }
            RESUME => {
                let resume = Resume { count: u16::from_be_bytes(reader.array()?), proof: reader.array()? };
                reader.end().map(|()| Self::Resume(resume))
            }
            CLOSE => {
                let reason = reader.byte()?;
                reader.end().map(|()| Self::Close(reason))
            }
            kind @ (ACK | PIECE | 0x3) => {
                let ack = if kind & ACK == 0 { None } else { Some(Ack::read(&mut reader)?) };
                let piece = if kind & PIECE == 0 { None } else { Some(Piece::read(&mut reader)?) };
                reader.end().map(|()| Self::Flow { ack, piece })
            }
            kind => Err(FrameError::Kind(kind)),
        }
    }

    /// The bytes of this packet.
    pub fn write(&self) -> Vec<u8> {
        let head = |kind: u8| vec![(WIRE << 4) | kind];
        match self {
            Self::Open(greeting) => {
                let mut out = head(OPEN);
                out.push(greeting.pattern);
                out.extend_from_slice(&greeting.hint);
                out
            }
            Self::Resume(resume) => {
                let mut out = head(RESUME);
                out.extend_from_slice(&resume.count.to_be_bytes());
                out.extend_from_slice(&resume.proof);
                out
            }
            Self::Close(reason) => {
                let mut out = head(CLOSE);
                out.push(*reason);
                out
            }
            Self::Flow { ack, piece } => {
                let kinds = [ack.as_ref().map(|_| ACK), piece.map(|_| PIECE)];
                let mut out = head(kinds.into_iter().flatten().fold(0, |kind, bit| kind | bit));
                if let Some(ack) = ack {
                    ack.write(&mut out);
                }
                if let Some(piece) = piece {
                    put_number(&mut out, piece.offset);
                    out.extend_from_slice(piece.bytes);
                }
                out
            }
        }
    }
}

impl Ack {
    fn read(reader: &mut Reader<'_>) -> Result<Self, FrameError> {
        let upto = reader.number()?;
        let room = reader.number()?.checked_mul(ROOM_UNIT).ok_or(FrameError::Number)?;
        let count = usize::from(reader.byte()?);
        if count > MAX_RANGES {
            return Err(FrameError::Islands(count));
        }
        let mut islands = Vec::with_capacity(count);
        let mut at = upto;
        for _ in 0..count {
            let start = at.checked_add(reader.number()?).ok_or(FrameError::Number)?;
            let end = start.checked_add(reader.number()?).ok_or(FrameError::Number)?;
            islands.push((start, end));
            at = end;
        }
        Ok(Self { upto, room, islands })
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_number(out, self.upto);
        put_number(out, self.room.checked_div(ROOM_UNIT).unwrap_or_default());
        out.push(u8::try_from(self.islands.len()).unwrap_or(u8::MAX));
        let mut at = self.upto;
        for (start, end) in &self.islands {
            put_number(out, start.saturating_sub(at));
            put_number(out, end.saturating_sub(*start));
            at = *end;
        }
    }

    /// Drops the farthest islands until the acknowledgement takes at most `space` bytes.
    pub(super) fn fit(mut self, space: usize) -> Self {
        self.islands.truncate(MAX_RANGES);
        while self.bytes() > space && self.islands.pop().is_some() {}
        self
    }

    /// How long the acknowledgement is inside a packet.
    pub(super) fn bytes(&self) -> usize {
        let mut out = Vec::with_capacity(32);
        self.write(&mut out);
        out.len()
    }
}

impl<'a> Piece<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, FrameError> {
        let offset = reader.number()?;
        let bytes = reader.rest();
        if bytes.is_empty() {
            return Err(FrameError::Short);
        }
        u32::try_from(bytes.len()).ok().and_then(|len| offset.checked_add(len)).ok_or(FrameError::Number)?;
        Ok(Self { offset, bytes })
    }
}

/// Takes values off the front of a packet.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn byte(&mut self) -> Result<u8, FrameError> {
        let (first, rest) = self.0.split_first().ok_or(FrameError::Short)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or(FrameError::Short)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn slice(&mut self, len: usize) -> Result<&'a [u8], FrameError> {
        let (first, rest) = self.0.split_at_checked(len).ok_or(FrameError::Short)?;
        self.0 = rest;
        Ok(first)
    }

    /// Seven bits a byte, least first, in the only shortest form.
    pub(crate) fn number(&mut self) -> Result<u32, FrameError> {
        let mut value = 0_u64;
        for shift in [0_u32, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let padded = byte == 0 && shift > 0;
                return if padded {
                    Err(FrameError::Number)
                } else {
                    u32::try_from(value).map_err(|_| FrameError::Number)
                };
            }
        }
        Err(FrameError::Number)
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    pub(crate) fn end(&self) -> Result<(), FrameError> {
        if self.0.is_empty() { Ok(()) } else { Err(FrameError::Trailing(self.0.len())) }
    }
}

/// Writes a number as [`Reader::number`] reads it.
pub(crate) fn put_number(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(low_seven(value) | 0x80);
        value >>= 7;
    }
    out.push(low_seven(value));
}

fn low_seven(value: u32) -> u8 {
    let [low, ..] = value.to_le_bytes();
    low & 0x7f
}

/// How many bytes [`put_number`] takes.
pub(crate) fn number_len(value: u32) -> usize {
    match value {
        0..=0x7f => 1,
        0x80..=0x3fff => 2,
        0x4000..=0x1f_ffff => 3,
        0x20_0000..=0xfff_ffff => 4,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_prefers_whole_radio_packets() {
        let bytes = |mtu| Payload::for_mtu(mtu).map(Payload::bytes);
        assert_eq!(bytes(22), Err(FrameError::Mtu(22)));
        assert_eq!(bytes(23), Ok(20));
        assert_eq!(bytes(185), Ok(182));
        assert_eq!(bytes(246), Ok(243));
        assert_eq!(bytes(247), Ok(244));
        assert_eq!(bytes(497), Ok(244));
        assert_eq!(bytes(498), Ok(495));
        assert_eq!(bytes(517), Ok(495));
        assert_eq!(bytes(518), Err(FrameError::Mtu(518)));
    }

    #[test]
    fn every_packet_reads_back() {
        let ack = Ack { upto: 70_000, room: 16_384, islands: vec![(70_100, 70_344), (71_000, 71_001)] };
        let piece = Piece { offset: 3_000_000, bytes: b"abc" };
        let packets = [
            Packet::Open(Greeting { pattern: 2, hint: [7; 8] }),
            Packet::Resume(Resume { count: 513, proof: [9; 16] }),
            Packet::Close(3),
            Packet::Flow { ack: Some(ack.clone()), piece: None },
            Packet::Flow { ack: None, piece: Some(piece) },
            Packet::Flow { ack: Some(ack), piece: Some(piece) },
        ];
        for packet in packets {
            let bytes = packet.write();
            assert_eq!(Packet::read(&bytes), Ok(packet));
        }
    }

    #[test]
    fn controls_fit_the_smallest_link() {
        let open = Packet::Open(Greeting { pattern: 1, hint: [1; 8] }).write();
        let resume = Packet::Resume(Resume { count: 1, proof: [1; 16] }).write();
        assert!(open.len() <= Payload::SMALLEST.bytes() && resume.len() <= Payload::SMALLEST.bytes());
    }

    #[test]
    fn bad_packets_are_named() {
        let read = |bytes: &[u8]| Packet::read(bytes).map(|_| ());
        assert_eq!(read(&[]), Err(FrameError::Short));
        assert_eq!(read(&[0x21]), Err(FrameError::Version(2)));
        assert_eq!(read(&[0x1f]), Err(FrameError::Kind(15)));
        assert_eq!(read(&[0x10]), Err(FrameError::Kind(0)));
        assert_eq!(read(&[0x12, 5]), Err(FrameError::Short));
        assert_eq!(read(&[0x12, 0x80, 0x00, 1]), Err(FrameError::Number));
        assert_eq!(read(&[0x12, 0xff, 0xff, 0xff, 0xff, 0x7f, 1]), Err(FrameError::Number));
        assert_eq!(read(&[0x12, 0xff, 0xff, 0xff, 0xff, 0x0f, 1]), Err(FrameError::Number));
        assert_eq!(read(&[0x11, 0, 0, 17]), Err(FrameError::Islands(17)));
        assert_eq!(read(&[0x16, 1, 2]), Err(FrameError::Trailing(1)));
    }

    #[test]
    fn acknowledgement_gives_up_far_islands_first() {
        let ack = Ack { upto: 10, room: 5, islands: vec![(12, 13), (15, 16), (18, 19)] };
        let bytes = ack.bytes();
        let fitted = ack.fit(bytes - 1);
        assert_eq!(fitted.islands, [(12, 13), (15, 16)]);
    }

    #[test]
    fn numbers_have_one_length() {
        for value in [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455, 268_435_456, u32::MAX] {
            let mut out = Vec::new();
            put_number(&mut out, value);
            assert_eq!(out.len(), number_len(value));
            assert_eq!(Reader(&out).number(), Ok(value));
        }
    }
}
