//! Who is written to.

use hazel_core::key::PublicKey;

/// At the other end of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Correspondent {
    /// A hosted user's wallet, by the key of its channel.
    User([u8; 32]),
    /// A partner's site, by its node key.
    Site(PublicKey),
}
