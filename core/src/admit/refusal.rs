//! Why something is refused, and whose fault it is.

use crate::canon::Malformed;
use crate::key::SignatureError;
use crate::order::{CertificateError, ForkError};

/// Who is at fault when something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Culprit {
    /// Whoever made the bytes: they are no object of ours.
    Sender,
    /// The partner: it signed or claimed what it must not.
    Partner,
    /// Nobody: something came too early or too late.
    Nobody,
    /// This wallet: it is too old or not ready.
    Us,
}

/// Why something was refused. Nothing of it was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes are no object of ours.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It concerns another tally.
    #[error("{what}: belongs to another tally")]
    OtherTally {
        /// What was refused.
        what: &'static str,
    },
    /// It speaks for a half that the signer does not hold.
    #[error("{what}: signed for the wrong half of the tally")]
    WrongSide {
        /// What was refused.
        what: &'static str,
    },
    /// No such device has leave to sign.
    #[error("{what}: signed by a device that was never granted leave")]
    UnknownDevice {
        /// What was refused.
        what: &'static str,
    },
    /// A chit signed with another key than the one its chain has promised.
    #[error("the chit is not signed with the key that the one before it promised")]
    WrongKey,
    /// The first chit of a chain must have zeros before it, the first of a restored epoch its grant.
    #[error("the chit claims a place in its chain that it cannot have")]
    WrongPlace,
    /// A signature that does not hold, or a weak key.
    #[error("{what}: {error}")]
    Signature {
        /// What was refused.
        what: &'static str,
        /// What is wrong with it.
        error: SignatureError,
    },
    /// A node that has no say on this tally.
    #[error("the order is endorsed by a key that speaks for neither party")]
    NotANode,
    /// An order that contradicts what both have agreed, or what its own signer said before.
    #[error("the partner's order contradicts an earlier one at number {index}")]
    OrderRewritten {
        /// Where it departs.
        index: u64,
    },
    /// An order that names chits against their own sequence or that does not lead to its head.
    #[error("the partner's order does not lead to the head it claims")]
    WrongHead,
    /// An order of an older view.
    #[error("an order from before the partner's phone was restored; it no longer counts")]
    OldView,
    /// The contract that came back is not the one that was offered.
    #[error("the partner changed the {what} of the tally that was offered; it was not opened")]
    Altered {
        /// What differs.
        what: &'static str,
    },
    /// A contract or offer without the signature it needs.
    #[error("the offer lacks the partner's signature")]
    Unsigned,
    /// A ticket that is used up, expired or unknown.
    #[error("the ticket is not good (any more)")]
    BadTicket,
    /// The keys that came do not belong to the ticket that was scanned.
    #[error("the partner's key is not the one the ticket promised")]
    NotTheInviter,
    /// A certificate that proves nothing.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A proof that proves nothing.
    #[error(transparent)]
    Fork(#[from] ForkError),
    /// The partner has more parked than anybody needs.
    #[error("too much is waiting for missing chits; the partner must send those first")]
    TooMuchParked,
    /// An amount that leaves the range of the ledger.
    #[error("the amounts on this tally would leave the range that can be counted")]
    Overflow,
    /// Not possible where the tally stands.
    #[error("{what}: out of place in the present state of the tally")]
    OutOfPlace {
        /// What was refused.
        what: &'static str,
    },
}

impl Refusal {
    /// Whose fault it is.
    #[must_use]
    pub const fn culprit(&self) -> Culprit {
        match self {
            Self::Malformed(Malformed::Newer { .. }) => Culprit::Us,
            Self::Malformed(_) => Culprit::Sender,
            Self::OldView | Self::BadTicket | Self::OutOfPlace { .. } | Self::Overflow => Culprit::Nobody,
            _ => Culprit::Partner,
        }
    }

    /// A stable name, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(Malformed::Truncated { .. }) => "truncated",
            Self::Malformed(Malformed::Trailing { .. }) => "trailing",
            Self::Malformed(Malformed::WrongType { .. }) => "wrong_type",
            Self::Malformed(Malformed::WrongLength { .. }) => "wrong_length",
            Self::Malformed(Malformed::TooLong { .. }) => "too_long",
            Self::Malformed(Malformed::OutOfRange { .. }) => "out_of_range",
            Self::Malformed(Malformed::NotText { .. }) => "not_text",
            Self::Malformed(Malformed::NotCanonical { .. }) => "not_canonical",
            Self::Malformed(Malformed::Newer { .. }) => "newer",
            Self::Malformed(Malformed::WeakKey { .. }) => "weak_key",
            Self::OtherTally { .. } => "other_tally",
            Self::WrongSide { .. } => "wrong_side",
            Self::UnknownDevice { .. } => "unknown_device",
            Self::WrongKey => "wrong_key",
            Self::WrongPlace => "wrong_place",
            Self::Signature { error: SignatureError::WeakKey, .. } => "weak_key",
            Self::Signature { .. } => "bad_signature",
            Self::NotANode => "not_a_node",
            Self::OrderRewritten { .. } => "order_rewritten",
            Self::WrongHead => "wrong_head",
            Self::OldView => "old_view",
            Self::Altered { .. } => "altered",
            Self::Unsigned => "unsigned",
            Self::BadTicket => "bad_ticket",
            Self::NotTheInviter => "not_the_inviter",
            Self::Certificate(_) => "bad_certificate",
            Self::Fork(_) => "bad_proof",
            Self::TooMuchParked => "too_much_parked",
            Self::Overflow => "overflow",
            Self::OutOfPlace { .. } => "out_of_place",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_whose_fault_it_was() {
        let newer = Malformed::Newer { what: "suite", version: 2 };
        assert_eq!(Refusal::from(newer).culprit(), Culprit::Us, "who cannot read what is newer is too old");
        assert_eq!(Refusal::from(Malformed::Trailing { what: "chit", extra: 1 }).culprit(), Culprit::Sender);
        let places =
            [Refusal::OldView, Refusal::BadTicket, Refusal::OutOfPlace { what: "x" }, Refusal::Overflow];
        assert!(places.iter().all(|refusal| refusal.culprit() == Culprit::Nobody));
        let lies = [Refusal::WrongKey, Refusal::NotANode, Refusal::WrongHead, Refusal::TooMuchParked];
        assert!(lies.iter().all(|refusal| refusal.culprit() == Culprit::Partner));
    }
}
