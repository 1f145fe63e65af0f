//! The merge report: what a meeting has put into the order, word for word the same on both halves.

use crate::book::Flag;
use crate::canon::Writer;
use crate::digest::Digest;
use crate::tally::{Side, TallyId};
use crate::units::Units;

use super::{Result, Wallet, standing, tally_no};

/// One line of a merge report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeLine {
    /// Its index in the order.
    pub index: u64,
    /// In which view it got that place.
    pub view: u64,
    /// Who signed it.
    pub by: Side,
    /// What kind of chit.
    pub kind: &'static str,
    /// How much, if it is a payment.
    pub units: Option<Units>,
    /// How it is taken.
    pub flag: Flag,
}

/// What the order has gained since an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeReport {
    /// Since when.
    pub after: u64,
    /// The lines, in order.
    pub lines: Vec<MergeLine>,
    /// A hash over all of it: equal on both halves, or the two do not see the same.
    pub hash: Digest,
}

impl Wallet {
    /// What the order has gained after an index, such as the one agreed before a meeting.
    pub fn merge_report(&self, tally: &TallyId, after: u64) -> Result<MergeReport> {
        self.look(|shelf| {
            let no = tally_no(shelf, tally)?;
            let head = standing(shelf, no)?.book.head;
            let mut lines = Vec::new();
            let mut index = after;
            for place in shelf.places(no, after, head.index)? {
                index = index.saturating_add(1);
                let Some(stored) = shelf.chit_by_no(place.chit)? else { continue };
                let chit = &stored.entry.chit;
                let (kind, units) = (chit.body.kind(), chit.body.pledged());
                let (by, view, flag) = (chit.chain.side, place.view, place.flag);
                lines.push(MergeLine { index, view, by, kind, units, flag });
            }
            let mut to = Writer::with_capacity(64);
            to.array(4).put(tally).uint(after).put(&head.hash).list(lines.len());
            for line in &lines {
                to.array(5).uint(line.index).put(&line.by).text(line.kind).put_option(line.units.as_ref());
                to.uint(line.flag.code().into());
            }
            Ok(MergeReport { after, lines, hash: Digest::of(&to.into_bytes()) })
        })
    }
}
