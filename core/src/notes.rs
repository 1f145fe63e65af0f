//! What two parties tell each other beside the order: receipts, invoices and their answers. Sites keep them for whoever is away.
//!
//! Two keepers compare what they know of a tally's notes, and each tells what the other lacks. Nothing is remembered of what was told.

use crate::canon::{Canon, Malformed, Reader, Writer};
use crate::chit::ChainId;
use crate::invoice::{InvoiceId, Verdict};

/// The most chains in one comparison.
const CHAINS_MAX: u64 = 1024;
/// The most invoices in one comparison, the newest; the most that a site keeps of one asker.
pub const INVOICES_MAX: usize = 256;

/// What somebody has heard about an invoice. The order of the words is their strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heard {
    /// No answer.
    Nothing,
    /// That it was withdrawn. The payer may have declined it all the same.
    Withdrawn,
    /// That it was declined, or paid: no stronger answer can come.
    Enough,
}

impl From<Verdict> for Heard {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Withdrawn => Self::Withdrawn,
            Verdict::Declined => Self::Enough,
        }
    }
}

/// How far somebody knows the notes of a tally.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// Up to which number of each chain its partner's device is known to hold it.
    pub held: Vec<(ChainId, u64)>,
    /// Invoices that are not too old, and what was heard about each.
    pub invoices: Vec<(InvoiceId, Heard)>,
}

impl Notes {
    /// Up to which number a chain is known to be held.
    #[must_use]
    pub fn held(&self, chain: &ChainId) -> u64 {
        self.held.iter().filter(|(id, _)| id == chain).map(|(_, seq)| *seq).max().unwrap_or(0)
    }

    /// What was heard about an invoice; none if not even the invoice is known.
    #[must_use]
    pub fn invoice(&self, invoice: &InvoiceId) -> Option<Heard> {
        self.invoices.iter().find(|(id, _)| id == invoice).map(|(_, heard)| *heard)
    }

    /// Whether an answer is news to somebody with these notes.
    #[must_use]
    pub fn lacks(&self, invoice: &InvoiceId, answer: Verdict) -> bool {
        self.invoice(invoice).is_none_or(|heard| heard < answer.into())
    }

    /// Whether somebody with these notes knows everything that these others do.
    #[must_use]
    pub fn covers(&self, others: &Self) -> bool {
        others.held.iter().all(|(chain, seq)| self.held(chain) >= *seq)
            && others.invoices.iter().all(|(id, heard)| self.invoice(id).is_some_and(|it| it >= *heard))
    }
}

impl Canon for Notes {
    const WHAT: &'static str = "comparison of notes";

    fn write(&self, to: &mut Writer) {
        to.array(2).list(self.held.len());
        for (chain, seq) in &self.held {
            to.array(2).put(chain).uint(*seq);
        }
        to.list(self.invoices.len());
        for (id, heard) in &self.invoices {
            let heard = match heard {
                Heard::Nothing => 0,
                Heard::Enough => 1,
                Heard::Withdrawn => 2,
            };
            to.array(2).put(id).uint(heard);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 2)?;
        let mut notes = Self::default();
        for _ in 0..from.list("held chains", CHAINS_MAX)? {
            from.array("held chain", 2)?;
            notes.held.push((from.take()?, from.uint("sequence number")?));
        }
        for _ in 0..from.list("invoices", INVOICES_MAX as u64)? {
            from.array("invoice", 2)?;
            let id = from.take()?;
            let heard = match from.uint("what was heard")? {
                0 => Heard::Nothing,
                1 => Heard::Enough,
                2 => Heard::Withdrawn,
                _ => return Err(Malformed::OutOfRange { what: "what was heard" }),
            };
            notes.invoices.push((id, heard));
        }
        Ok(notes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Side;

    #[test]
    fn whoever_knows_less_is_seen_to_lack_something() {
        let chain = ChainId { side: Side::Foil, device: 1, epoch: 2 };
        let know =
            |seq, heard| Notes { held: vec![(chain, seq)], invoices: vec![(InvoiceId([3; 16]), heard)] };
        let all = know(7, Heard::Enough);
        assert!(all.covers(&all) && all.covers(&know(6, Heard::Nothing)) && all.covers(&Notes::default()));
        for less in
            [know(6, Heard::Enough), know(7, Heard::Withdrawn), know(7, Heard::Nothing), Notes::default()]
        {
            assert_eq!(Notes::from_bytes(&less.to_bytes()), Ok(less.clone()));
            assert!(!less.covers(&all), "{less:?}");
        }
    }
}
