//! Every chain again, chit by chit, and the order in which they came in.

use std::collections::{BTreeMap, BTreeSet};

use crate::chit::Chit;
use crate::digest::Digest;
use crate::key::ForwardSeed;
use crate::store::{ChainRow, StoredChit, chit_no};

use super::super::{Hands, Result, SEED, secret};
use super::{TallyAudit, ask};

impl TallyAudit<'_> {
    /// Every chit of a chain: whole, in sequence, signed with the key that was promised.
    pub(super) fn chain(
        &mut self,
        hands: &Hands<'_>,
        chain: &ChainRow,
        all: &[ChainRow],
        chits: &mut BTreeMap<i64, StoredChit>,
    ) -> Result<()> {
        let grant = self.standing.tip.device(&chain.id).map(|device| device.grant.first_key);
        let (mut before, mut promised) = match self.parent(chain, all)? {
            Some(parent) => (parent.hash(), Some(parent.next_key)),
            None => (Digest::default(), grant),
        };
        let mut after = chain.base;
        let first_key = promised;
        while after < chain.seq {
            let page = self.shelf.chits_unread(chain.no, after, chain.seq, 1000)?;
            if page.is_empty() {
                self.find_chit(chain.id, after.saturating_add(1), "a chit is missing");
                break;
            }
            for (no, stored) in page {
                after = after.saturating_add(1);
                self.seen.chits = self.seen.chits.saturating_add(1);
                self.report.chits = self.report.chits.saturating_add(1);
                let Ok(stored) = stored else {
                    self.find_chit(chain.id, after, "a chit cannot be read");
                    continue;
                };
                let chit = &stored.entry.chit;
                let placed = chit.chain == chain.id
                    && chit.seq == after
                    && chit.tally == self.row.id
                    && chit_no(chain.no, after) == Ok(no);
                if !placed || chit.prev_own != before {
                    self.find_chit(chain.id, after, "a chit is not in its place");
                }
                if promised.is_some_and(|promised| stored.entry.key.digest() != promised) {
                    self.find_chit(chain.id, after, "a chit is signed with another key than was promised");
                }
                self.report.signatures = self.report.signatures.saturating_add(1);
                if stored.entry.check_signature().is_err() {
                    self.find_chit(chain.id, after, "a chit's signature does not hold");
                }
                (before, promised) = (chit.hash(), Some(chit.next_key));
                after = after.max(chit.seq.min(chain.seq));
                chits.insert(no, stored);
            }
            ask(self.goes_on, self.report.chits)?;
        }
        let tip = if chain.seq == chain.base {
            (chain.hash, first_key.or(Some(chain.next_key)))
        } else {
            (before, promised)
        };
        self.report.expect(
            (chain.hash, Some(chain.next_key)) == tip,
            &self.row.id,
            "a chain does not end where it says",
        );
        if chain.seed.is_some() {
            let seed = secret(hands.vault, SEED, chain.no, chain.seed.as_ref())
                .map(|seed| ForwardSeed::from_bytes(*seed));
            let fits = seed.is_ok_and(|seed| seed.key().public().digest() == chain.next_key);
            self.report.expect(fits, &self.row.id, "the key of the next chit cannot be unsealed");
        }
        Ok(())
    }

    /// The chit that a branch grows from.
    pub(super) fn parent(&self, chain: &ChainRow, all: &[ChainRow]) -> Result<Option<Chit>> {
        if chain.base == 0 {
            return Ok(None);
        }
        let Some(first) = self.shelf.chit(chain.no, chain.base.saturating_add(1))? else { return Ok(None) };
        for other in all.iter().filter(|other| other.id == chain.id) {
            if let Some(stored) = self.shelf.chit(other.no, chain.base)?
                && stored.entry.chit.hash() == first.entry.chit.prev_own
            {
                return Ok(Some(stored.entry.chit));
            }
        }
        Ok(None)
    }

    pub(super) fn arrivals(&mut self, chits: &BTreeMap<i64, StoredChit>) {
        let distinct: BTreeSet<i64> = chits.values().map(|chit| chit.arrival).collect();
        let whole = distinct.len() == chits.len()
            && distinct.iter().all(|arrival| (0..self.standing.arrivals).contains(arrival));
        self.report.expect(whole, &self.row.id, "the first-seen order of the chits is damaged");
        // Within a chain, and from a chain to what it introduces, arrivals only grow.
        let mut last: BTreeMap<i64, i64> = BTreeMap::new();
        let mut grows = true;
        for (no, chit) in chits {
            let chain = no >> 32;
            grows &= last.insert(chain, chit.arrival).is_none_or(|before| before < chit.arrival);
        }
        self.report.expect(grows, &self.row.id, "the first-seen order of the chits is damaged");
    }
}
