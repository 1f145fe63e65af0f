//! A stream of records over a link that loses, repeats and reorders small packets.
//!
//! Both directions are numbered streams of bytes. A piece carries its offset, so that it can be cut anew to the payload
//! of the next link; an acknowledgement carries how far the stream has arrived and which islands lie beyond. A framer
//! outlives its link: after a cut it waits for the first acknowledgement on the next link and goes on from there, so
//! nothing that arrived is sent twice.
//!
//! Everything here is unauthenticated. A liar on the link can break the stream, which the session notices at the next
//! record; it can never make a session believe that a message was delivered.

mod inbound;
mod outbound;
mod packet;
mod ranges;

pub use packet::{Ack, Greeting, Packet, Payload, Piece, ROOM_UNIT, Resume, WIRE};
pub(crate) use packet::{Reader, put_number};

use crate::Time;
use inbound::{Inbound, Novelty};
use outbound::Outbound;

/// How far a sender may run ahead of what has arrived; a power of two.
pub const WINDOW: u32 = 16_384;
/// The longest record of the stream.
pub const MAX_RECORD: usize = 4_096;

const PIECES_PER_ACK: u32 = 24;
const ACK_DELAY: u64 = 40;
/// An acknowledgement without islands takes at most this much of a packet.
const ACK_SPACE: usize = 12;
const ACK_REPEAT: u64 = 500;

/// Why a packet or a stream was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Ours: the link's MTU is outside 23 to 517.
    #[error("a link with an MTU of {0} cannot be used")]
    Mtu(u16),
    /// The peer's: it speaks another version.
    #[error("the peer speaks sync wire {0}")]
    Version(u8),
    /// The peer's: no such packet.
    #[error("there is no packet of kind {0}")]
    Kind(u8),
    /// The peer's: the packet or record ends too early.
    #[error("it ends too early")]
    Short,
    /// The peer's: the packet or record goes on too long.
    #[error("{0} bytes follow its end")]
    Trailing(usize),
    /// The peer's: a number is too large or padded.
    #[error("a number in it is malformed")]
    Number,
    /// The peer's: an acknowledgement names too many islands.
    #[error("an acknowledgement names {0} islands")]
    Islands(usize),
    /// The peer's: it sent more than it was allowed to.
    #[error("it sent up to byte {end} where {limit} is the limit")]
    BeyondWindow {
        /// Where its piece ends.
        end: u32,
        /// Where it had to end.
        limit: u32,
    },
    /// The peer's: it acknowledged what never left.
    #[error("it acknowledged up to byte {upto} where {sent} were sent")]
    AckOfUnsent {
        /// What it claims to have.
        upto: u32,
        /// What was sent.
        sent: u32,
    },
    /// The peer's: a record is longer than any may be.
    #[error("a record claims {claimed} bytes")]
    RecordTooLong {
        /// The claimed length.
        claimed: usize,
    },
    /// Nobody's: four gigabytes have passed; a new session starts from zero.
    #[error("the stream is full")]
    Spent,
}

/// Both directions of one stream, across any number of links.
#[derive(Debug)]
pub struct Framer {
    payload: Payload,
    outbound: Outbound,
    inbound: Inbound,
    /// Set while a resumed link has not yet said what arrived over the one before.
    deaf: bool,
    unacknowledged: u32,
    ack_due: Option<Time>,
}

impl Default for Framer {
    fn default() -> Self {
        Self {
            payload: Payload::SMALLEST,
            outbound: Outbound::default(),
            inbound: Inbound::default(),
            deaf: false,
            unacknowledged: 0,
            ack_due: None,
        }
    }
}

impl Framer {
    /// A link is up. `resumed` tells that an earlier one was cut: then our acknowledgement goes first.
    pub fn link_up(&mut self, payload: Payload, resumed: bool, now: Time) {
        self.payload = payload;
        self.deaf = resumed;
        self.ack_due = resumed.then_some(now);
        self.outbound.restart(payload);
    }

    /// Appends a record to the stream.
    pub fn write(&mut self, record: &[u8]) -> Result<(), FrameError> {
        let len =
            u32::try_from(record.len()).map_err(|_| FrameError::RecordTooLong { claimed: record.len() })?;
        if record.len() > MAX_RECORD {
            return Err(FrameError::RecordTooLong { claimed: record.len() });
        }
        let mut bytes = Vec::with_capacity(record.len().saturating_add(2));
        put_number(&mut bytes, len);
        bytes.extend_from_slice(record);
        self.outbound.push(&bytes)
    }

    /// Bytes written that the peer has not acknowledged.
    pub fn backlog(&self) -> usize {
        self.outbound.backlog()
    }

    /// Whether less than a window waits: more would only fill the memory.
    pub fn has_room(&self) -> bool {
        u32::try_from(self.backlog()).is_ok_and(|backlog| backlog < WINDOW)
    }

    /// Takes in an ordinary packet. Late packets of an earlier link do no harm: offsets never repeat.
    pub fn hear(&mut self, ack: Option<&Ack>, piece: Option<Piece<'_>>, now: Time) -> Result<(), FrameError> {
        if let Some(ack) = ack {
            self.outbound.learn(ack, now)?;
            self.deaf = false;
        }
        if let Some(piece) = piece {
            let novelty = self.inbound.take(piece)?;
            self.unacknowledged = self.unacknowledged.saturating_add(1);
            let at_once = novelty != Novelty::Next || self.unacknowledged >= PIECES_PER_ACK;
            let due = if at_once { now } else { now.after(ACK_DELAY) };
            self.ack_due = Some(self.ack_due.map_or(due, |earlier| earlier.min(due)));
        }
        Ok(())
    }

    /// The next whole record that has arrived.
    pub fn next_record(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        self.inbound.next_record()
    }

    /// The next packet to send now.
    pub fn speak(&mut self, now: Time) -> Option<Vec<u8>> {
        let due = self.ack_due.is_some_and(|due| due <= now);
        if self.deaf {
            return due.then(|| self.speak_ack(Some(now.after(ACK_REPEAT))));
        }
        let space = self.payload.bytes().saturating_sub(1);
        if self.outbound.next_offset().is_none() {
            return due.then(|| self.speak_ack(None));
        }
        // The acknowledgement rides along where it must go now, or where the piece leaves room for it.
        let ack = if due && space > ACK_SPACE.saturating_mul(2) {
            Some(self.inbound.ack().fit(space / 2))
        } else {
            None
        };
        if due && ack.is_none() {
            return Some(self.speak_ack(None));
        }
        let taken = ack.as_ref().map_or(0, Ack::bytes);
        let (offset, bytes) = self.outbound.next_piece(space.saturating_sub(taken), now)?;
        let left = space
            .saturating_sub(taken)
            .saturating_sub(bytes.len())
            .saturating_sub(packet::number_len(offset));
        let pending = ack.is_none() && self.ack_due.is_some();
        let ack = if pending && left >= ACK_SPACE { Some(self.inbound.ack().fit(left)) } else { ack };
        if ack.is_some() {
            self.acknowledged(None);
        }
        Some(Packet::Flow { ack, piece: Some(Piece { offset, bytes: &bytes }) }.write())
    }

    fn speak_ack(&mut self, next: Option<Time>) -> Vec<u8> {
        self.acknowledged(next);
        let ack = self.inbound.ack().fit(self.payload.bytes().saturating_sub(1));
        Packet::Flow { ack: Some(ack), piece: None }.write()
    }

    fn acknowledged(&mut self, next: Option<Time>) {
        self.unacknowledged = 0;
        self.ack_due = next;
    }

    /// Whether a resumed link still waits to be told what arrived over the one before.
    pub fn is_deaf(&self) -> bool {
        self.deaf
    }

    /// The peer shows that it has not heard us: says again what arrived.
    pub fn repeat_ack(&mut self, now: Time) {
        self.ack_due = Some(now);
    }

    /// When [`Framer::tick`] wants to be called.
    pub fn wake(&self) -> Option<Time> {
        let repeat = if self.deaf { None } else { self.outbound.wake() };
        [repeat, self.ack_due].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Time) {
        if !self.deaf {
            self.outbound.tick(now);
        }
    }

    /// Whether both directions are at rest: all sent is acknowledged, all heard has been answered.
    pub fn at_rest(&self) -> bool {
        self.backlog() == 0 && self.ack_due.is_none()
    }

    /// Bytes of memory that the stream holds.
    pub fn held(&self) -> usize {
        self.inbound.held().saturating_add(self.backlog())
    }
}

#[cfg(test)]
mod tests;
