//! How a session can fail, whose fault it is, and how it can end.

use super::transfer::{MessageId, Partial};
use crate::frame::FrameError;
use crate::keys::PublicKey;

/// Why a session was broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A packet or the stream was malformed.
    #[error("malformed packet: {0}")]
    Frame(#[from] FrameError),
    /// The peer opened with another pattern than the one awaited.
    #[error("the peer asks for handshake pattern {0}")]
    Pattern(u8),
    /// The peer's hint is neither this ticket's nor this partner's.
    #[error("the peer means somebody else")]
    Hint,
    /// A key of low order.
    #[error("the peer's key is weak")]
    WeakKey,
    /// A seal did not hold: a stranger, a forgery, or another prologue.
    #[error("a seal did not hold")]
    Forged,
    /// A handshake message carries a payload; none may.
    #[error("a handshake message carries a payload")]
    HandshakePayload,
    /// The peer shows our own key.
    #[error("the peer shows our own key")]
    Mirror,
    /// A sealed record breaks the rules of the session.
    #[error("a record breaks the rules: {0}")]
    Rule(Rule),
    /// The handshake, the comparison of codes or the link took too long.
    #[error("too late: {0}")]
    Late(Stage),
    /// The codes on the two screens differ.
    #[error("the codes on the two screens differ")]
    CodesDiffer,
    /// The peer hung up and gave this reason.
    #[error("the peer hung up: {0}")]
    HungUp(u8),
    /// The peer knows nothing of the session that was to go on.
    #[error("the peer has forgotten the session")]
    Forgotten,
    /// A resumed link was not claimed by the same peer, or an old claim was replayed.
    #[error("the claim to resume does not hold")]
    FalseResume,
    /// The link vanished before there was anything to resume.
    #[error("the link was lost during the handshake")]
    LinkLost,
    /// The cryptographic library refused something that it never should.
    #[error("cryptography failed")]
    Crypto,
}

/// A rule that an authenticated peer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// An item of unknown kind.
    #[error("unknown item {0}")]
    Item(u8),
    /// A message longer than any may be.
    #[error("a message of {0} bytes")]
    MessageTooLong(u32),
    /// A continuation without a beginning, or a second beginning.
    #[error("pieces of a message out of place")]
    Misplaced,
    /// The bytes of a long message do not have the name it was announced by.
    #[error("a message that is not what it was called")]
    Misnamed,
    /// It acknowledged messages that were never sent.
    #[error("an acknowledgement of messages never sent")]
    AckOfUnsent,
    /// It spoke before both users had compared the codes, or compared twice.
    #[error("out of turn while comparing codes")]
    OutOfTurn,
    /// It revealed another number than it had committed to.
    #[error("a broken commitment")]
    BrokenCommitment,
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stage {
    /// The handshake.
    #[error("the handshake")]
    Handshake,
    /// The users comparing codes.
    #[error("comparing codes")]
    Comparing,
}

/// Whose fault it is: what an application tells its user, and whether trying again makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The other device, or somebody posing as it.
    Peer,
    /// The link between the two.
    Link,
    /// This device.
    Us,
}

impl Fault {
    /// Whose fault this is.
    pub fn blame(self) -> Blame {
        match self {
            Self::Late(_) | Self::LinkLost | Self::Forgotten => Blame::Link,
            Self::Crypto | Self::Frame(FrameError::Spent | FrameError::Mtu(_)) => Blame::Us,
            _ => Blame::Peer,
        }
    }

    /// The reason as one byte on the wire.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Frame(FrameError::Version(_)) => 1,
            Self::Pattern(_) => 2,
            Self::Hint => 3,
            Self::Forgotten => FORGOTTEN,
            Self::Late(_) => 5,
            Self::CodesDiffer => 6,
            _ => 7,
        }
    }
}

/// The number of [`Fault::Forgotten`].
pub(super) const FORGOTTEN: u8 = 4;
/// The number of an orderly end or a cancellation.
pub(super) const DONE: u8 = 0;

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Both hold the same.
    InSync,
    /// All was exchanged and the two still differ.
    Apart {
        /// Our final digest.
        ours: super::Digest,
        /// Theirs.
        theirs: super::Digest,
    },
    /// The link did not come back in time, or the peer left early.
    Unfinished,
    /// This side's user or application ended it.
    Cancelled,
    /// It was broken off.
    Failed(Fault),
}

/// The end of a session and what the next one needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// How it ended.
    pub outcome: Outcome,
    /// Messages given to the session that the peer has not confirmed, in order.
    pub undelivered: Vec<MessageId>,
    /// The beginning of a long message whose end is missing: hand it to the next session with the same peer.
    pub partial: Option<Partial>,
}

/// Who was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its meeting key, proven.
    pub key: PublicKey,
    /// The nonce of the ticket that brought it here, to be consumed now and not before.
    pub ticket: Option<super::Nonce>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blame_is_shared_out() {
        assert_eq!(Fault::Forged.blame(), Blame::Peer);
        assert_eq!(Fault::Late(Stage::Handshake).blame(), Blame::Link);
        assert_eq!(Fault::Frame(FrameError::Mtu(9)).blame(), Blame::Us);
    }
}
