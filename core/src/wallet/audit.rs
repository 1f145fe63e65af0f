//! The audit: everything in the database is checked again from the signed bytes, and what is wrong is named.
//!
//! Nothing that is stored beside the signed bytes is believed. The books are added up anew, and what comes out must be what stands
//! there; rows that no signature covers carry a sum.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::book::{Book, Facts, Flag};
use crate::canon::Canon as _;
use crate::chit::{Body, ChainId, Chit, ChitRef};
use crate::digest::Digest;
use crate::invoice::{InvoiceId, InvoiceState, SignedAnswer};
use crate::key::{ForwardSeed, SecretKey};
use crate::order::{Endorsement, ForkProof};
use crate::store::{ChainRow, CountedTable, Shelf, Standing, StoreError, StoredChit, TallyRow, chit_no};
use crate::tally::{Halves, Side, TallyId};
use crate::units::Units;

use super::ordering::pays;
use super::{DEVICE_KEY, Hands, PAIR, Result, SEED, Wallet, WalletError, secret};

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// On which tally.
    pub tally: Option<TallyId>,
    /// Which chit, if it is one.
    pub chit: Option<(ChainId, u64)>,
    /// What is wrong.
    pub what: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        if let Some((chain, seq)) = &self.chit {
            write!(f, ": chit {seq} of the {}'s device {}", chain.side, chain.device)?;
            if chain.epoch > 1 {
                write!(f, " (epoch {})", chain.epoch)?;
            }
        }
        match &self.tally {
            Some(tally) => write!(f, ", tally {tally:?}"),
            None => Ok(()),
        }
    }
}

/// What an audit found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// How many tallies were checked.
    pub tallies: usize,
    /// How many chits were checked.
    pub chits: usize,
    /// How many signatures were verified.
    pub signatures: usize,
    /// What is wrong; empty if all is well.
    pub findings: Vec<Finding>,
}

impl Wallet {
    /// Checks everything again. `progress` is told how many chits were checked.
    pub fn audit(&mut self, progress: &mut dyn FnMut(usize)) -> Result<AuditReport> {
        let mut report = AuditReport::default();
        if let Err(error) = self.store.check_pages() {
            match error {
                StoreError::Corrupt { .. } => report.find(None, "SQLite's own pages are damaged"),
                other => return Err(other.into()),
            }
        }
        self.study(|shelf, hands| {
            let done = audit_all(shelf, hands, &mut report, progress);
            // What cannot even be read is a finding; a busy or full disk is an error of its own.
            match done {
                Err(WalletError::Store(StoreError::Corrupt { what })) => report.find(None, what),
                Err(other) => return Err(other),
                Ok(()) => {}
            }
            Ok(())
        })?;
        Ok(report)
    }
}

impl AuditReport {
    fn find(&mut self, tally: Option<TallyId>, what: &'static str) {
        self.findings.push(Finding { tally, chit: None, what });
    }

    fn expect(&mut self, holds: bool, tally: &TallyId, what: &'static str) {
        if !holds {
            self.find(Some(*tally), what);
        }
    }
}

fn audit_all(
    shelf: &Shelf<'_>,
    hands: &Hands<'_>,
    report: &mut AuditReport,
    progress: &mut dyn FnMut(usize),
) -> Result<()> {
    for table in shelf.altered_tables()? {
        report.find(None, table_finding(table));
    }
    let mut seen = Seen::default();
    for no in shelf.tallies()? {
        report.tallies = report.tallies.saturating_add(1);
        let row = match shelf.tally(no) {
            Ok(row) => row,
            Err(StoreError::Corrupt { what }) => {
                report.find(shelf.tally_label(no).ok().map(|label| label.0), what);
                continue;
            }
            Err(other) => return Err(other.into()),
        };
        audit_contract(shelf, hands, &row, report)?;
        if let Some(standing) = shelf.standing(no)? {
            TallyAudit { shelf, row: &row, standing: &standing, report, seen: &mut seen, progress }
                .run(hands)?;
        }
    }
    let counted = |table| shelf.count(table);
    let rows = [
        (counted(CountedTable::Chits)?, seen.chits, "chits that belong to no chain"),
        (counted(CountedTable::Places)?, seen.places, "places that belong to no order"),
        (counted(CountedTable::Answers)?, seen.answers, "answers that belong to no payment"),
        (counted(CountedTable::Endorsements)?, seen.endorsements, "endorsements that belong to no tally"),
    ];
    for (held, found, what) in rows {
        if held != found {
            report.find(None, what);
        }
    }
    for (hash, bytes) in shelf.proofs_kept()? {
        let whole = Digest::of(&bytes).0[..] == hash
            && ForkProof::from_bytes(&bytes).is_ok_and(|proof| proof.check().is_ok());
        if !whole {
            report.find(None, "a proof is damaged");
        }
    }
    Ok(())
}

const fn table_finding(table: &str) -> &'static str {
    match table.as_bytes() {
        b"wallet" => "the wallet's own row was changed by something else than Hazel",
        b"tally" => "a tally's row was changed by something else than Hazel",
        b"standing" => "a tally's standing was changed by something else than Hazel",
        b"chain" => "a chain's row was changed by something else than Hazel",
        b"invoice" => "an invoice's row was changed by something else than Hazel",
        b"parked" => "a waiting message was changed by something else than Hazel",
        _ => "a waiting notice was changed by something else than Hazel",
    }
}

/// How many rows were accounted for.
#[derive(Default)]
struct Seen {
    chits: u64,
    places: u64,
    answers: u64,
    endorsements: u64,
}

fn audit_contract(
    shelf: &Shelf<'_>,
    hands: &Hands<'_>,
    row: &TallyRow,
    report: &mut AuditReport,
) -> Result<()> {
    let versions = row.contract.iter().chain(&row.my_offer).chain(&row.my_earlier).chain(&row.their_offer);
    for version in versions {
        report.signatures = report.signatures.saturating_add(1);
        report.expect(
            version.check_signatures().is_ok(),
            &row.id,
            "a version of the contract is not signed as it says",
        );
    }
    if let Some(contract) = &row.contract {
        let mine = row.cert.as_ref() == Some(&contract.tally.half(row.side).cert);
        report.expect(
            mine && contract.is_contract() && contract.tally.id == row.id,
            &row.id,
            "the contract is not the one of this tally",
        );
    }
    if let (Some(root), Some(cert)) = (hands.root, &row.cert) {
        report.expect(
            root.party_key(&row.id.0).public() == cert.party_key,
            &row.id,
            "the recovery key does not make this tally's key",
        );
    }
    let secrets = shelf.tally_secrets(row.no)?;
    if secrets.pair.is_some() {
        report.expect(
            secret(hands.vault, PAIR, row.no, secrets.pair.as_ref()).is_ok(),
            &row.id,
            "the key of the two parties cannot be unsealed",
        );
    }
    if secrets.device_key.is_some() {
        let key = secret(hands.vault, DEVICE_KEY, row.no, secrets.device_key.as_ref())
            .map(|seed| SecretKey::from_seed(&seed));
        report.expect(key.is_ok(), &row.id, "the device's key cannot be unsealed");
    }
    Ok(())
}

struct TallyAudit<'a> {
    shelf: &'a Shelf<'a>,
    row: &'a TallyRow,
    standing: &'a Standing,
    report: &'a mut AuditReport,
    seen: &'a mut Seen,
    progress: &'a mut dyn FnMut(usize),
}

impl TallyAudit<'_> {
    fn run(&mut self, hands: &Hands<'_>) -> Result<()> {
        let chains = self.shelf.chains(self.row.no)?;
        let mut chits = BTreeMap::new();
        for chain in &chains {
            self.chain(hands, chain, &chains, &mut chits)?;
        }
        self.arrivals(&chits);
        self.order(&chains, &chits)?;
        self.words()?;
        self.invoices(&chits)
    }

    fn find_chit(&mut self, chain: ChainId, seq: u64, what: &'static str) {
        self.report.findings.push(Finding { tally: Some(self.row.id), chit: Some((chain, seq)), what });
    }

    /// Every chit of a chain: whole, in sequence, signed with the key that was promised.
    fn chain(
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
            (self.progress)(self.report.chits);
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
    fn parent(&self, chain: &ChainRow, all: &[ChainRow]) -> Result<Option<Chit>> {
        if chain.base == 0 {
            return Ok(None);
        }
        let mut found = None;
        for other in
            all.iter().filter(|other| other.id == chain.id && other.no != chain.no && other.seq >= chain.base)
        {
            let Some(first) = self.shelf.chit(chain.no, chain.base.saturating_add(1))? else { continue };
            if let Some(stored) = self.shelf.chit(other.no, chain.base)?
                && stored.entry.chit.hash() == first.entry.chit.prev_own
            {
                found = Some(stored.entry.chit);
            }
        }
        Ok(found)
    }

    fn arrivals(&mut self, chits: &BTreeMap<i64, StoredChit>) {
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

    /// Adds both books up from the signed bytes and compares.
    fn order(&mut self, chains: &[ChainRow], chits: &BTreeMap<i64, StoredChit>) -> Result<()> {
        let Some(contract) = &self.row.contract else { return Ok(()) };
        let mut book = Book::open(&contract.tally, 0);
        let mut sums = Sums::default();
        let places = self.shelf.places(self.row.no, 0, u64::from(u32::MAX))?;
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

    fn words(&mut self) -> Result<()> {
        for kept in self.shelf.endorsements_kept(self.row.no)? {
            self.seen.endorsements = self.seen.endorsements.saturating_add(1);
            self.report.signatures = self.report.signatures.saturating_add(1);
            let whole = Endorsement::from_bytes(&kept.entry).is_ok_and(|word| {
                word.check_signature().is_ok()
                    && word.head.tally == self.row.id
                    && word.key.0[..] == kept.key
                    && (u64::try_from(kept.view), u64::try_from(kept.index))
                        == (Ok(word.head.view), Ok(word.head.index))
            });
            self.report.expect(whole, &self.row.id, "a node's endorsement is damaged");
        }
        Ok(())
    }

    fn invoices(&mut self, chits: &BTreeMap<i64, StoredChit>) -> Result<()> {
        let mut first: BTreeMap<(Side, InvoiceId), (i64, i64)> = BTreeMap::new();
        let mut ordered: BTreeMap<(Side, InvoiceId), (u64, i64)> = BTreeMap::new();
        for (no, stored) in chits {
            if let Body::Pledge { invoice: Some(id), .. } = stored.entry.chit.body {
                let id = (stored.entry.chit.chain.side, id);
                let candidate = (stored.arrival, *no);
                first.entry(id).and_modify(|held| *held = (*held).min(candidate)).or_insert(candidate);
                if stored.place > 0 {
                    let candidate = (stored.place, *no);
                    ordered.entry(id).and_modify(|held| *held = (*held).min(candidate)).or_insert(candidate);
                }
            }
        }
        for (id, (_, no)) in &first {
            self.seen.answers = self.seen.answers.saturating_add(1);
            let expected = Some((ordered.get(id).map(|(_, no)| *no), *no));
            self.report.expect(
                self.shelf.answers(self.row.no, id.0, &id.1)? == expected,
                &self.row.id,
                "which payment answers an invoice is damaged",
            );
        }
        for invoice in self.shelf.invoices(self.row.no)? {
            self.report.signatures = self.report.signatures.saturating_add(1);
            let body = Digest::of(&invoice.entry.invoice.to_bytes());
            let signer =
                self.standing.tip.device(&invoice.entry.invoice.by).map(|device| device.grant.device_key);
            let statement = crate::digest::Statement::Invoice;
            let signed =
                signer.is_some_and(|key| key.verify(statement, &body, &invoice.entry.signature).is_ok());
            let payer = invoice.entry.invoice.by.side.other();
            let suffices = chits.values().any(|stored| match &stored.entry.chit.body {
                Body::Pledge { units, invoice: Some(id), .. } => {
                    *id == invoice.id
                        && stored.entry.chit.chain.side == payer
                        && pays(*units, payer, &invoice.entry)
                }
                _ => false,
            });
            let paid = (invoice.state == InvoiceState::Paid) == suffices;
            let named = invoice.entry.invoice.id() == invoice.id
                && self.answered_rightly(&invoice.id, invoice.answer.as_ref());
            self.report.expect(signed && paid && named, &self.row.id, "an invoice is damaged");
        }
        Ok(())
    }

    fn answered_rightly(&self, id: &InvoiceId, answer: Option<&SignedAnswer>) -> bool {
        answer.is_none_or(|signed| {
            let body = Digest::of(&signed.answer.to_bytes());
            let key = self.standing.tip.device(&signed.answer.by).map(|device| device.grant.device_key);
            let statement = crate::digest::Statement::Answer;
            signed.answer.invoice == *id
                && key.is_some_and(|key| key.verify(statement, &body, &signed.signature).is_ok())
        })
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
