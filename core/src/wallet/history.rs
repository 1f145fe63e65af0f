//! What happened on a tally: pages of entries, newest first, with the running balance.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::book::Flag;
use crate::chit::{Body, Chit, ChitRef, Note};
use crate::digest::Digest;
use crate::invoice::InvoiceId;
use crate::pair::PairKey;
use crate::store::{ChainRow, PlacedChit, Reached, Shelf, StoredChit};
use crate::tally::{Date, Side, TallyId};
use crate::units::Units;

use super::ordering::find;
use super::settling::Settled;
use super::{PAIR, Result, Wallet, WalletError, secret};

/// Where a chit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Custody {
    /// On this device only.
    Local,
    /// Handed over, not confirmed.
    Sent,
    /// The partner's device has given its receipt, or it came from there.
    Held,
}

/// The facets of a chit; each moves by itself and never backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facets {
    /// Where it is.
    pub custody: Custody,
    /// Its place in the order.
    pub place: Option<u64>,
    /// Both halves have it at that place.
    pub agreed: bool,
    /// Nodes of both parties stand for it.
    pub is_final: bool,
}

impl Facets {
    /// One word for the screen: the furthest that has been reached.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match (self.is_final, self.agreed, self.custody) {
            (true, _, _) => "final",
            (_, true, _) => "agreed",
            (_, _, Custody::Held) => "received",
            _ => "pending",
        }
    }
}

/// A chit as a screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChitView {
    /// How to refer to it.
    pub chit: ChitRef,
    /// Whether I signed it.
    pub mine: bool,
    /// What kind.
    pub kind: &'static str,
    /// What it settles, if it is no payment.
    pub settled: Option<Settled>,
    /// What it moves on my balance: positive if I receive. Zero for settings.
    pub units: Units,
    /// When it was signed.
    pub date: Date,
    /// What for.
    pub note: Note,
    /// The invoice it answers.
    pub invoice: Option<InvoiceId>,
    /// How it is taken.
    pub flag: Flag,
    /// How far it has come.
    pub facets: Facets,
    /// My balance after it.
    pub balance: Units,
}

/// Which chits to show.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Skip this many, newest first.
    pub skip: usize,
    /// Show at most this many.
    pub most: usize,
    /// Only those signed at or after this time.
    pub since: Option<Date>,
    /// Only those signed at or before this time.
    pub until: Option<Date>,
    /// Only those whose memo or reference contains this text, in any case.
    pub text: Option<String>,
    /// Only payments, no settings.
    pub payments_only: bool,
}

impl Wallet {
    /// What happened on a tally, newest first.
    pub fn history(&mut self, id: &TallyId, filter: &Filter) -> Result<Vec<ChitView>> {
        self.study(|shelf, hands| {
            let start = shelf.bookmark(id)?.ok_or(WalletError::Unknown { what: "tally" })?;
            let Some(reached) = start.reached else { return Ok(Vec::new()) };
            let key = secret(hands.vault, PAIR, start.no, start.pair.as_ref())?;
            let key = PairKey::from_bytes(*key);
            History { shelf, tally: *id, no: start.no, side: start.side, reached, key }.page(filter)
        })
    }
}

impl Filter {
    /// Whether an entry belongs on the page, as far as that can be said without its note.
    fn takes(&self, chit: &Chit) -> bool {
        (!self.payments_only || chit.body.pledged().is_some())
            && self.since.is_none_or(|since| chit.date >= since)
            && self.until.is_none_or(|until| chit.date <= until)
    }

    /// Whether every entry belongs on the page.
    const fn is_plain(&self) -> bool {
        !self.payments_only && self.since.is_none() && self.until.is_none() && self.text.is_none()
    }
}

/// Reads a tally's chits backwards: first what has no place yet, then the order.
struct History<'s> {
    shelf: &'s Shelf<'s>,
    tally: TallyId,
    no: i64,
    side: Side,
    reached: Reached,
    key: PairKey,
}

/// How many chits are read at once where it is not known how many will be shown.
const STEP: u64 = 64;

impl History<'_> {
    fn page(&self, filter: &Filter) -> Result<Vec<ChitView>> {
        let mut page = Page {
            filter,
            needle: filter.text.as_ref().map(|t| t.to_lowercase()),
            skipped: 0,
            shown: Vec::new(),
            named: BTreeMap::new(),
        };
        // Most pages lie within what both agree on: then nothing waits, and who holds what need not be asked.
        let chains = if self.reached.agreed < self.reached.index || self.reached.waiting > 0 {
            self.shelf.chains(self.no)?
        } else {
            Vec::new()
        };
        self.waiting(&chains, &mut page)?;
        let mut upto = self.reached.index;
        if filter.is_plain() {
            upto = upto.saturating_sub(filter.skip.saturating_sub(page.skipped) as u64);
            page.skipped = filter.skip;
        }
        while upto > 0 && !page.is_full() {
            let step = if filter.is_plain() { page.left() } else { STEP };
            let after = upto.saturating_sub(step.max(1));
            for PlacedChit { chit, paid } in self.shelf.placed_backwards(self.no, after, upto)? {
                let balance = paid.of(self.side.other()).minus(*paid.of(self.side))?;
                self.show(&mut page, &chains, &chit, balance);
                if page.is_full() {
                    break;
                }
            }
            upto = after;
        }
        Ok(page.shown)
    }

    /// What is held and has no place yet; the balance runs back from what everything held comes to.
    fn waiting(&self, chains: &[ChainRow], page: &mut Page<'_>) -> Result<()> {
        let mut waiting = self.newest_unlinked(chains, page.filter)?;
        if waiting.is_empty() {
            return Ok(());
        }
        waiting.sort_by_key(|chit| Reverse(chit.arrival));
        let tip = self.shelf.tip(&self.tally)?.and_then(|(_, tip)| tip);
        let mut balance = tip.map_or(Ok(Units::ZERO), |tip| tip.balance(self.side))?;
        for chit in waiting {
            if page.is_full() {
                break;
            }
            self.show(page, chains, &chit, balance);
            balance = balance.minus(self.moved(&chit)?)?;
        }
        Ok(())
    }

    /// What has no place, as far as the page may reach back: of each chain no more than would fill it alone.
    fn newest_unlinked(&self, chains: &[ChainRow], filter: &Filter) -> Result<Vec<StoredChit>> {
        let reach = if filter.is_plain() { filter.skip.saturating_add(filter.most) as u64 } else { u64::MAX };
        let mut waiting = Vec::new();
        for chain in chains {
            let after = chain.linked.max(chain.seq.saturating_sub(reach));
            waiting.extend(self.shelf.chits(chain.no, after, chain.seq, usize::MAX)?);
        }
        Ok(waiting)
    }

    /// Puts an entry on the page if it belongs there. Its note is opened only if somebody will look at it.
    fn show(&self, page: &mut Page<'_>, chains: &[ChainRow], stored: &StoredChit, balance: Units) {
        let chit = &stored.entry.chit;
        let named = page.named.remove(&stored.no);
        page.named.insert(stored.no.saturating_sub(1), chit.prev_own);
        if !page.filter.takes(chit) {
            return;
        }
        // A partner may have sealed nonsense in a memo; the payment counts all the same.
        let open = || Note::open(&self.key, chit).unwrap_or_default();
        let mut note = None;
        if let Some(needle) = &page.needle {
            let opened = open();
            if !opened.memo.to_lowercase().contains(needle)
                && !opened.reference.to_lowercase().contains(needle)
            {
                return;
            }
            note = Some(opened);
        }
        if page.skipped < page.filter.skip {
            page.skipped = page.skipped.saturating_add(1);
            return;
        }
        let hash = named.unwrap_or_else(|| chit.hash());
        page.shown.push(self.view(chains, stored, hash, note.unwrap_or_else(open), balance));
    }

    /// What a chit without a place moves on my balance, as it is taken now. An acceptance moves what it brings inside.
    fn moved(&self, stored: &StoredChit) -> Result<Units> {
        Ok(match &stored.entry.chit.body {
            Body::Pledge { units, .. } if !stored.flag.is_outside() && stored.flag != Flag::Accepted => {
                self.signed(stored, *units)
            }
            Body::Accept { chit } if stored.flag == Flag::Clear => {
                let named = find(self.shelf, self.no, chit)?;
                named.map_or(Units::ZERO, |named| {
                    named.entry.chit.body.pledged().map_or(Units::ZERO, |units| self.signed(&named, units))
                })
            }
            _ => Units::ZERO,
        })
    }

    fn signed(&self, stored: &StoredChit, units: Units) -> Units {
        if stored.entry.chit.chain.side == self.side { units.negated() } else { units }
    }

    fn view(
        &self,
        chains: &[ChainRow],
        stored: &StoredChit,
        hash: Digest,
        note: Note,
        balance: Units,
    ) -> ChitView {
        let chit = &stored.entry.chit;
        let mine = chit.chain.side == self.side;
        let chain = stored.no >> 32;
        let (sent, held) =
            chains.iter().find(|row| row.no == chain).map_or((0, 0), |row| (row.sent, row.held));
        // What counts is the partner's signature: its receipt, or its word for an order with the chit in it.
        let agreed = stored.place > 0 && stored.place <= self.reached.agreed;
        let custody = if !mine || agreed || chit.seq <= held {
            Custody::Held
        } else if chit.seq <= sent {
            Custody::Sent
        } else {
            Custody::Local
        };
        let place = (stored.place > 0).then_some(stored.place);
        let reached = |index: u64| place.is_some_and(|place| place <= index);
        let facets = Facets {
            custody,
            place,
            agreed: reached(self.reached.agreed),
            is_final: reached(self.reached.final_index),
        };
        let invoice = match &chit.body {
            Body::Pledge { invoice, .. } => *invoice,
            _ => None,
        };
        let units = chit.body.pledged().map_or(Units::ZERO, |units| self.signed(stored, units));
        ChitView {
            chit: ChitRef { chain: chit.chain, seq: chit.seq, hash },
            mine,
            kind: chit.body.kind(),
            settled: Settled::of(&chit.body),
            units,
            date: chit.date,
            note,
            invoice,
            flag: stored.flag,
            facets,
            balance,
        }
    }
}

/// A page as it fills.
struct Page<'f> {
    filter: &'f Filter,
    needle: Option<String>,
    skipped: usize,
    shown: Vec<ChitView>,
    /// Hashes that the chits already read name as those of their predecessors, by the stored name: what the door has compared once need
    /// not be hashed again.
    named: BTreeMap<i64, Digest>,
}

impl Page<'_> {
    const fn is_full(&self) -> bool {
        self.shown.len() >= self.filter.most
    }

    const fn left(&self) -> u64 {
        self.filter.most.saturating_sub(self.shown.len()) as u64
    }
}
