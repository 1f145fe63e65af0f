//! Everything that is settled before a session begins.

use super::transfer::Partial;
use crate::keys::{PublicKey, keyed_hash};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Which side spoke first when the session began; it keeps its role when a later link is dialled the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sent the first packet.
    Dialer,
    /// Answered it.
    Waiter,
}

/// The secret of a ticket; it does not print.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Nonce(pub [u8; 32]);

impl core::fmt::Debug for Nonce {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Nonce(..)")
    }
}

/// What the two already know of one another.
#[derive(Clone, Debug)]
pub enum Way {
    /// The dialer scanned the waiter's ticket (Noise IKpsk2).
    Ticket {
        /// The ticket's secret.
        nonce: Nonce,
        /// The key on the ticket: the waiter's own.
        issuer: PublicKey,
    },
    /// Neither knows the other; the users compare a code (Noise XX).
    Stranger,
    /// They have met before (Noise KK).
    Partner {
        /// The other's key.
        key: PublicKey,
    },
}

/// What carries the packets; part of what both must agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// Inside one process.
    Memory,
    /// A local network.
    Tcp,
    /// Bluetooth LE.
    Ble,
    /// Files or pictures handed over.
    File,
}

impl Carrier {
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Memory => 1,
            Self::Tcp => 2,
            Self::Ble => 3,
            Self::File => 4,
        }
    }
}

/// What a device is called in this meeting; zeros for one whose name only the handshake reveals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Id(pub [u8; 16]);

/// Eight bytes in the clear by which a waiter knows whom a dialer means; nobody else can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hint(pub [u8; 8]);

impl Hint {
    /// The hint of a ticket.
    pub fn of_ticket(nonce: &Nonce) -> Self {
        let hash = keyed_hash(&nonce.0, &[b"hazel sync 1 ticket"]);
        Self(hash.first_chunk().copied().unwrap_or_default())
    }
}

/// The state of an application, hashed: equal if and only if nothing is missing on either side. Eight bytes are enough, because nobody
/// gains by finding two states that look alike: who lies can say the other's digest as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(pub [u8; 8]);

/// How long each stage may take, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the first link to the first sealed record.
    pub handshake: u64,
    /// For two people to compare a code.
    pub comparing: u64,
    /// Silence after which a link counts as lost.
    pub silence: u64,
    /// How long a parted session can be taken up again.
    pub parted: u64,
    /// How long an ended session waits for its last packets to be acknowledged.
    pub flush: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { handshake: 10_000, comparing: 120_000, silence: 30_000, parted: 600_000, flush: 12_000 }
    }
}

/// Everything that is settled before a session begins.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Which side this is.
    pub role: Role,
    /// What is known of the other.
    pub way: Way,
    /// What carries the packets.
    pub carrier: Carrier,
    /// The dialer's name.
    pub dialer: Id,
    /// The waiter's name.
    pub waiter: Id,
    /// A ticket's hint, a beacon's tag, or zeros.
    pub hint: Hint,
    /// The beginning of a long message from an earlier session with this peer.
    pub kept: Option<Partial>,
    /// How long to wait.
    pub patience: Patience,
}

/// Random bytes for one session; never used for another.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Entropy(pub [u8; 48]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_does_not_print_its_secret() {
        let way = Way::Ticket { nonce: Nonce([0xab; 32]), issuer: PublicKey([1; 32]) };
        let told = format!("{way:?}");
        assert!(told.contains("Nonce(..)") && !told.contains("171"), "{told}");
    }

    #[test]
    fn tickets_have_different_hints() {
        assert_ne!(Hint::of_ticket(&Nonce([1; 32])), Hint::of_ticket(&Nonce([2; 32])));
    }
}
