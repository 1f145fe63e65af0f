//! What goes into a session and what comes out.

use super::code::Code;
use super::fault::{End, Fault, Peer};
use super::setting::Digest;
use super::transfer::{MessageId, Partial};
use crate::Time;
use crate::frame::FrameError;

/// What happens to a session.
#[derive(Debug)]
pub enum Input<'a> {
    /// A link came up; `dialing` tells which side opened it.
    LinkUp {
        /// What it can carry, 23 to 517.
        mtu: u16,
        /// Whether this side opened it.
        dialing: bool,
    },
    /// The link is gone.
    LinkDown,
    /// A packet arrived.
    Packet(&'a [u8]),
    /// The application wants this delivered.
    Send(Vec<u8>),
    /// The application has nothing more to send for now and stands here.
    Settled(Digest),
    /// The user compared the codes.
    CodesMatch(bool),
    /// The user gives up.
    Cancel,
    /// Time passed.
    Tick,
}

/// What a session wants done.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Write this on the link, as one packet.
    Packet(Vec<u8>),
    /// Show this code and ask whether the other screen shows the same.
    Compare(Code),
    /// The peer is proven: only now may anything be consumed or stored.
    Met(Peer),
    /// A message of the peer.
    Message(MessageId, Vec<u8>),
    /// So much of a long message has come. Whoever wants that to outlive this process keeps it, and hands the last one to the next session
    /// with the same peer. Told each second while one message is on its way, and when the link is gone.
    Begun(Partial),
    /// The peer has this message and has said so under seal.
    Delivered(MessageId),
    /// The link is gone; another one before this time goes on where it ended.
    Parted(Time),
    /// A link claimed to go on with this session and could not prove it. The session still waits for the right one.
    LinkRefused(Fault),
    /// The session is over; nothing but packets and a hang-up follow.
    Ended(End),
    /// Close the link.
    HangUp,
    /// Call [`Session::handle`](super::Session::handle) with [`Input::Tick`] at this time; replaces every earlier one.
    WakeAt(Time),
}

/// The caller's own mistake; the session is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misuse {
    /// The session has ended.
    #[error("the session is over")]
    Over,
    /// The message is longer than [`MAX_MESSAGE`](super::MAX_MESSAGE).
    #[error("a message of {0} bytes is too long")]
    TooLong(usize),
    /// Too much waits already; try again after the next [`Output::Delivered`].
    #[error("too much waits to be sent")]
    Full,
    /// No code is being compared.
    #[error("no code is being compared")]
    NothingToCompare,
    /// There is a link already.
    #[error("a link is up already")]
    LinkedAlready,
    /// The link cannot be used.
    #[error(transparent)]
    Link(FrameError),
}
