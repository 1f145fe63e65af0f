//! What comes of a hand-over, and what is gathered of it while it is taken in.

use crate::admit::Refusal;
use crate::book::Flag;
use crate::invoice::InvoiceState;
use crate::order::{ForkProof, Links};
use crate::store::{Standing, TallyRow};
use crate::tally::{Side, TallyId};
use crate::units::Units;

use super::Result;

/// Something that changed because of what arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A chit of this side, and how it is taken.
    Chit {
        /// Who signed it.
        by: Side,
        /// What kind.
        kind: &'static str,
        /// How much, if it is a payment.
        units: Option<Units>,
        /// How it is taken.
        flag: Flag,
    },
    /// The partner has given a receipt for my chits up to a number.
    Held {
        /// Up to which.
        seq: u64,
    },
    /// Another payment was asked of me.
    Asked {
        /// How much.
        units: Units,
    },
    /// An invoice was declined or withdrawn.
    Answered {
        /// Where it stands now.
        state: InvoiceState,
    },
    /// The order grew.
    Ordered {
        /// Up to which index.
        index: u64,
    },
    /// Somebody signed two things that cannot both be.
    Fork {
        /// Whose device.
        side: Side,
    },
    /// Something waits for what must come before it.
    Waiting,
}

/// Something that was not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Which message of the hand-over, from 0.
    pub message: usize,
    /// Why.
    pub refusal: Refusal,
}

/// What came of a hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which tally it was about.
    pub tally: TallyId,
    /// What changed.
    pub changes: Vec<Change>,
    /// What was not let in, and why.
    pub rejected: Vec<Rejected>,
    /// Whether there is something to tell the partner now.
    pub reply: bool,
}

/// What is gathered while messages are taken in.
pub(super) struct Intake<'i> {
    pub(super) row: TallyRow,
    pub(super) standing: Option<Standing>,
    pub(super) changes: &'i mut Vec<Change>,
    pub(super) proofs: &'i mut Vec<ForkProof>,
    /// An order that could not be followed. It counts all the same if both halves stand for it.
    pub(super) orphan: &'i mut Option<Links>,
}

/// Refuses what speaks of another tally.
pub(super) fn same_tally(row: &TallyRow, tally: &TallyId, what: &'static str) -> Result<()> {
    if *tally == row.id { Ok(()) } else { Err(Refusal::OtherTally { what }.into()) }
}
