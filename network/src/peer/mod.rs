//! The peer dialog: how a wallet or a site reaches a site, over one stream of bytes. No I/O, no clock, no randomness.
//!
//! **The drain rule**: after every [`Dialog::handle`], call [`Dialog::poll`] until it says `None` and carry out each output
//! in order. While [`Dialog::listens`] says no, read nothing from the stream.
//!
//! ```text
//! caller     none ──I──▶ ticket ──A──▶ open            responder  none ──I──▶ ticket ──welcome, A──▶ pending ──T──▶ open
//!            none ─N,K─▶ request ─A──▶ open                       none ──N──▶ request ─welcome, K, A─▶ pending ──T──▶ open
//! ```
//!
//! Any fault before `open` ends in silence: the stream is closed and nothing was written on it. A replayed I, N or K leads
//! at most to `pending`, where nothing has an effect: only whoever holds the key of this very handshake can send the first T.

mod bucket;
mod dialog;
mod frame;
mod key;
mod noise;

pub use bucket::{Allowance, Buckets};
pub use dialog::{Claim, Dialog, Input, Output, Patience, State};
pub use key::{SiteKey, dialog_key, dialog_secret};

/// The longest letter a channel carries; it travels in several packets.
pub const LETTER_MAX: usize = crate::letter::LETTER_MAX;
/// A channel that holds more than this is in the middle of a long letter; a driver allows few of those at once.
pub const LONG: usize = 32 * 1024;

/// The one-time secret of a ticket; it does not print.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(pub [u8; 40]);

impl core::fmt::Debug for Token {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Why a dialog ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Fault {
    /// A frame, or a letter, beyond its bound.
    #[error("a packet or letter was too long")]
    TooLong,
    /// A frame of nothing.
    #[error("a packet was empty")]
    Empty,
    /// A packet that has no place where the dialog stands.
    #[error("a packet came out of turn")]
    OutOfTurn,
    /// It does not open: made with another key, changed, or replayed.
    #[error("a packet does not open with the keys of this dialog")]
    Forged,
    /// A key that forces a known secret.
    #[error("a key is weak")]
    WeakKey,
    /// Nobody here knows this key, or the ticket is used, expired or for another address.
    #[error("the caller is not known here, or its ticket is not good")]
    Unwelcome,
    /// The handshake, or a packet once begun, took too long.
    #[error("the other side was too slow")]
    Slow,
    /// Nothing was said for so long that the responder closed.
    #[error("nothing was said for a while")]
    Idle,
    /// The stream ended.
    #[error("the connection was closed")]
    Closed,
}

impl Fault {
    /// A short name for logs and counters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Empty => "empty",
            Self::OutOfTurn => "out_of_turn",
            Self::Forged => "forged",
            Self::WeakKey => "weak_key",
            Self::Unwelcome => "unwelcome",
            Self::Slow => "slow",
            Self::Idle => "idle",
            Self::Closed => "closed",
        }
    }
}
