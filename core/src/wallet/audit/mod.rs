//! The audit: everything in the database is checked again from the signed bytes, and what is wrong is named.
//!
//! Nothing that is stored beside the signed bytes is believed. The books are added up anew, and what comes out must be what stands
//! there; rows that no signature covers carry a sum.

mod chains;
mod invoices;
mod order;

use std::collections::BTreeMap;
use std::fmt;

use crate::canon::Canon as _;
use crate::chit::ChainId;
use crate::digest::Digest;
use crate::key::SecretKey;
use crate::order::{Endorsement, ForkProof};
use crate::store::{CountedTable, Shelf, Standing, StoreError, TallyRow};
use crate::tally::TallyId;

use super::{DEVICE_KEY, Hands, PAIR, Result, Wallet, WalletError, secret};

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
    /// Pages of the file with bytes in room that nothing uses: SQLite leaves some at times, and so does a disk that changes them. They
    /// say nothing.
    pub stray_pages: Vec<u32>,
}

impl Wallet {
    /// Checks everything again. `goes_on` is told now and then how many chits were checked; once it says no, the audit is
    /// [`WalletError::Stopped`], and says nothing of what it has seen.
    pub fn audit(&mut self, goes_on: &mut dyn FnMut(usize) -> bool) -> Result<AuditReport> {
        let mut report = AuditReport::default();
        ask(goes_on, 0)?;
        let file = [
            (self.store.check_pages(), "SQLite's own pages are damaged"),
            (self.store.check_tables(), "the tables are not the ones that Hazel makes"),
        ];
        for (checked, what) in file {
            match checked {
                Err(StoreError::Corrupt { .. }) => report.find(None, what),
                other => other?,
            }
            ask(goes_on, 0)?;
        }
        // Damage that keeps the log from being folded is no reason to name nothing else.
        match self.store.stray_pages() {
            Err(StoreError::Corrupt { what }) => report.find(None, what),
            pages => report.stray_pages = pages?,
        }
        self.study(|shelf, hands| {
            let done = audit_all(shelf, hands, &mut report, goes_on);
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

/// Whether to go on.
fn ask(goes_on: &mut dyn FnMut(usize) -> bool, chits: usize) -> Result<()> {
    if goes_on(chits) { Ok(()) } else { Err(WalletError::Stopped) }
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
    goes_on: &mut dyn FnMut(usize) -> bool,
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
            TallyAudit { shelf, row: &row, standing: &standing, report, seen: &mut seen, goes_on }
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
        b"begun" => "the beginning of a letter was changed by something else than Hazel",
        b"errand" => "a carried errand was changed by something else than Hazel",
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
    goes_on: &'a mut dyn FnMut(usize) -> bool,
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
}
