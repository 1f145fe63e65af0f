//! What came of something that was taken in.

use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_core::wallet::{Change, Delivery};

use crate::records::{Side, Taken};
use crate::trouble::{Trouble, culprit};

/// Somebody signed two things that cannot both be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Fork {
    /// Whose device.
    pub side: Side,
}

/// What a hand-over, a scanned code or a meeting has changed on one tally.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Tidings {
    /// Which tally.
    pub tally: TallyId,
    /// Payments of the partner that were let in, in thousandths.
    pub payments: Vec<Units>,
    /// Of those, what waits outside the terms, and why.
    pub outside: Vec<Taken>,
    /// Payments that were asked of me, in thousandths.
    pub asked: Vec<Units>,
    /// Invoices of mine that were answered.
    pub answered: u32,
    /// Whether the partner gave a receipt for chits of mine.
    pub held: bool,
    /// Up to which place the order has grown, if it has.
    pub ordered: Option<u64>,
    /// Proofs that somebody signed twice.
    pub forks: Vec<Fork>,
    /// Whether something waits for what must come before it.
    pub waiting: bool,
    /// What was not let in, and why.
    pub refused: Vec<Trouble>,
    /// Whether there is something to tell the partner now.
    pub reply: bool,
}

impl From<&Delivery> for Tidings {
    fn from(delivery: &Delivery) -> Self {
        let mut tidings = Self {
            tally: delivery.tally,
            payments: Vec::new(),
            outside: Vec::new(),
            asked: Vec::new(),
            answered: 0,
            held: false,
            ordered: None,
            forks: Vec::new(),
            waiting: false,
            refused: Vec::new(),
            reply: delivery.reply,
        };
        for change in &delivery.changes {
            match change {
                Change::Chit { units, flag, .. } => {
                    tidings.payments.extend(units);
                    tidings.outside.extend(flag.is_outside().then_some(*flag));
                }
                Change::Held { .. } => tidings.held = true,
                Change::Asked { units } => tidings.asked.push(*units),
                Change::Answered { .. } => tidings.answered = tidings.answered.saturating_add(1),
                Change::Ordered { index } => tidings.ordered = Some(*index),
                Change::Fork { side } => tidings.forks.push(Fork { side: *side }),
                Change::Waiting => tidings.waiting = true,
            }
        }
        let refused = delivery.rejected.iter().map(|rejected| &rejected.refusal);
        tidings.refused = refused
            .map(|refusal| Trouble::new(refusal.code(), culprit(refusal.culprit()), refusal))
            .collect();
        tidings
    }
}
