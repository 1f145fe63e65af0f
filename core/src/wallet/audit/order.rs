//! Both books again, added up from the signed bytes.

use std::collections::{BTreeMap, BTreeSet};

use crate::book::{Book, Facts, Flag};
use crate::chit::{Body, Chit, ChitRef};
use crate::invoice::InvoiceId;
use crate::store::{ChainRow, StoredChit};
use crate::tally::{Halves, Side};
use crate::units::Units;

use super::super::Result;
use super::{Finding, TallyAudit};

impl TallyAudit<'_> {
    /// Adds both books up from the signed bytes and compares.
    pub(super) fn order(&mut self, chains: &[ChainRow], chits: &BTreeMap<i64, StoredChit>) -> Result<()> {
        let Some(contract) = &self.row.contract else { return Ok(()) };
        let mut book = Book::open(&contract.tally, 0);
        let mut sums = Sums::default();
        let places = self.shelf.places(self.row.no, 0, self.standing.book.head.index)?;
        let mut flags: Vec<Flag> = Vec::new();
        for place in &places {
            self.seen.places = self.seen.places.saturating_add(1);
            let index = book.head.index.saturating_add(1);
            let Some(stored) = chits.get(&place.chit) else {
                self.report.find(Some(self.row.id), "the order names a chit that is not here");
                return Ok(());
            };
            let chit = &stored.entry.chit;
            book.head.view = place.view;
            let flag = book.apply(chit, sums.facts(chit))?;
            flags.push(flag);
            sums.note(chit, flag, &mut flags);
            if stored.place != index || place.hash != book.head.hash || place.paid != book.paid {
                self.find_chit(chit.chain, chit.seq, "a place in the order is damaged");
            }
            if index == self.standing.final_index && self.standing.final_paid != place.paid {
                self.report.find(Some(self.row.id), "the final totals are not what was signed");
            }
        }
        for (place, flag) in places.iter().zip(&flags) {
            if place.flag != *flag {
                let named =
                    chits.get(&place.chit).map(|stored| (stored.entry.chit.chain, stored.entry.chit.seq));
                self.report.findings.push(Finding {
                    tally: Some(self.row.id),
                    chit: named,
                    what: "a chit's flag in the order is damaged",
                });
            }
        }
        book.head.view = self.standing.book.head.view;
        self.report.expect(
            book == self.standing.book,
            &self.row.id,
            "the book over the order is not what was signed",
        );
        let bounded =
            self.standing.final_index <= self.standing.agreed && self.standing.agreed <= book.head.index;
        self.report.expect(bounded, &self.row.id, "more is called agreed or final than is in the order");
        if self.standing.final_index == 0 {
            self.report.expect(
                self.standing.final_paid == Halves::default(),
                &self.row.id,
                "the final totals are not what was signed",
            );
        }
        for chain in chains {
            let linked = chits
                .iter()
                .filter(|(no, chit)| **no >> 32 == chain.no && chit.place > 0)
                .map(|(_, chit)| chit.entry.chit.seq)
                .max();
            self.report.expect(
                linked.unwrap_or(chain.base) == chain.linked,
                &self.row.id,
                "a chain does not know how far it is in the order",
            );
            let ordered = chain.held <= chain.seq
                && chain.known <= chain.seq
                && chain.sent <= chain.seq
                && chain.receipted <= chain.seq;
            self.report.expect(ordered, &self.row.id, "a chain claims to have told more than it holds");
        }
        self.tip(book, sums, chits)
    }

    fn tip(&mut self, book: Book, mut sums: Sums, chits: &BTreeMap<i64, StoredChit>) -> Result<()> {
        let mut tip = book;
        let mut waiting: Vec<&StoredChit> = chits.values().filter(|chit| chit.place == 0).collect();
        waiting.sort_by_key(|chit| chit.arrival);
        let mut late: BTreeMap<ChitRef, Flag> = BTreeMap::new();
        for stored in waiting {
            let chit = &stored.entry.chit;
            let flag = tip.apply(chit, sums.facts(chit))?;
            sums.note(chit, flag, &mut []);
            late.insert(chit.reference(), flag);
        }
        for (named, flag) in sums.flags {
            late.insert(named, flag);
        }
        for stored in chits.values() {
            let chit = &stored.entry.chit;
            let expected = late.get(&chit.reference()).copied().unwrap_or(stored.flag);
            if expected != stored.flag {
                self.find_chit(chit.chain, chit.seq, "a chit's flag is damaged");
            }
        }
        self.report.expect(tip == self.standing.tip, &self.row.id, "the totals are not what was signed");
        Ok(())
    }
}

/// What the fold must know from earlier chits, gathered anew.
#[derive(Default)]
struct Sums {
    answered: BTreeSet<(Side, InvoiceId)>,
    waiting: BTreeMap<ChitRef, Units>,
    position: BTreeMap<ChitRef, usize>,
    flags: BTreeMap<ChitRef, Flag>,
}

impl Sums {
    fn facts(&self, chit: &Chit) -> Facts {
        match &chit.body {
            Body::Pledge { invoice: Some(id), .. } => {
                Facts { answered: self.answered.contains(&(chit.chain.side, *id)), waiting: None }
            }
            Body::Accept { chit } => Facts { answered: false, waiting: self.waiting.get(chit).copied() },
            _ => Facts::default(),
        }
    }

    fn note(&mut self, chit: &Chit, flag: Flag, flags: &mut [Flag]) {
        let reference = chit.reference();
        self.position.insert(reference, flags.len().saturating_sub(1));
        self.flags.insert(reference, flag);
        match &chit.body {
            Body::Pledge { units, invoice, .. } => {
                self.answered.extend(invoice.iter().map(|id| (chit.chain.side, *id)));
                if flag.is_outside() {
                    self.waiting.insert(reference, *units);
                }
            }
            Body::Accept { chit: named } if flag == Flag::Clear => {
                self.waiting.remove(named);
                self.flags.insert(*named, Flag::Accepted);
                if let Some(at) = self.position.get(named).and_then(|at| flags.get_mut(*at)) {
                    *at = Flag::Accepted;
                }
            }
            _ => {}
        }
    }
}
