//! What two parties tell each other beside the order: receipts, invoices and their answers. Sites keep them for whoever is away.
//!
//! Two keepers compare what they know of a tally's notes, and each tells what the other lacks. Nothing is remembered of what was told.

use crate::canon::{Canon, Malformed, Reader, Writer};
use crate::chit::ChainId;
use crate::invoice::InvoiceId;

/// The most chains in one comparison.
const CHAINS_MAX: u64 = 1024;
/// The most invoices in one comparison, the newest; the most that a site keeps of one asker.
pub const INVOICES_MAX: usize = 256;

/// How far somebody knows the notes of a tally.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// Up to which number of each chain its partner's device is known to hold it.
    pub held: Vec<(ChainId, u64)>,
    /// Invoices that are not too old, and whether an answer to each is known.
    pub invoices: Vec<(InvoiceId, bool)>,
}

impl Notes {
    /// Up to which number a chain is known to be held.
    #[must_use]
    pub fn held(&self, chain: &ChainId) -> u64 {
        self.held.iter().filter(|(id, _)| id == chain).map(|(_, seq)| *seq).max().unwrap_or(0)
    }

    /// Whether an answer to an invoice is known; none if not even the invoice is.
    #[must_use]
    pub fn invoice(&self, invoice: &InvoiceId) -> Option<bool> {
        self.invoices.iter().find(|(id, _)| id == invoice).map(|(_, answered)| *answered)
    }

    /// Whether somebody with these notes knows everything that these others do.
    #[must_use]
    pub fn covers(&self, others: &Self) -> bool {
        others.held.iter().all(|(chain, seq)| self.held(chain) >= *seq)
            && others.invoices.iter().all(|(id, answered)| self.invoice(id).is_some_and(|it| it >= *answered))
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
        for (id, answered) in &self.invoices {
            to.array(2).put(id).uint((*answered).into());
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
            let answered = match from.uint("answered")? {
                0 => false,
                1 => true,
                _ => return Err(Malformed::OutOfRange { what: "answered" }),
            };
            notes.invoices.push((id, answered));
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
        let know = |seq, answered| Notes {
            held: vec![(chain, seq)],
            invoices: vec![(InvoiceId([3; 16]), answered)],
        };
        let all = know(7, true);
        assert_eq!(Notes::from_bytes(&all.to_bytes()), Ok(all.clone()));
        assert!(all.covers(&all) && all.covers(&know(6, false)) && all.covers(&Notes::default()));
        for less in [know(6, true), know(7, false), Notes::default()] {
            assert!(!less.covers(&all), "{less:?}");
        }
    }
}
