//! The audit against a disk that changes bytes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use std::path::Path;

use hazel_core::chit::ChainId;
use hazel_core::invoice::InvoiceState;
use hazel_core::key::Signature;
use hazel_core::store::{ChainRow, InvoiceRow, Shelf, Standing, Store, StoreError, TallyRow};
use hazel_core::tally::{Halves, Side, TallyId};
use hazel_core::wallet::{Ask, Finding, Payment, Wallet, WalletError};
use rusqlite::Connection;
use story::*;

/// A wallet file with a bit of everything in it.
fn a_busy_wallet(path: &Path) -> StoryClock {
    let (mut ana, mut ben, tally, clock) = pair();
    for round in 1..=6 {
        pay(&mut ben, &tally, round).unwrap();
        pay(&mut ana, &tally, 1).unwrap();
        meet(&mut ana, &mut ben, &tally);
    }
    let ask = Ask { units: chips(3), memo: "eggs".into(), valid_for: 3600, ..Ask::default() };
    let first = ana.ask(&tally, &ask).unwrap().invoice.id();
    let second = ana.ask(&tally, &ask).unwrap().invoice.id();
    meet(&mut ana, &mut ben, &tally);
    ben.decline(&second).unwrap();
    ben.pay(&tally, &Payment { units: chips(3), invoice: Some(first), ..Payment::default() }).unwrap();
    let over = ben.pay(&tally, &Payment { units: chips(150), insist: true, ..Payment::default() }).unwrap();
    let more = ben.pay(&tally, &Payment { units: chips(140), insist: true, ..Payment::default() }).unwrap();
    meet(&mut ana, &mut ben, &tally);
    ana.accept_pledge(&tally, &over).unwrap();
    meet(&mut ana, &mut ben, &tally);
    ana.accept_pledge(&tally, &more).unwrap();
    pay(&mut ben, &tally, 1).unwrap_err();
    pay(&mut ana, &tally, 2).unwrap();
    ana.copy_database(path).unwrap();
    clock
}

fn open(path: &Path, clock: &StoryClock) -> Result<Wallet, WalletError> {
    let store = Store::open(path)?;
    Wallet::open(store, &guard(), Box::new(clock.clone()), Box::new(Seeded::new("auditor")))
}

/// Everything the file says, as text, so that a changed byte that changes nothing is told apart from one that was missed. SQLite's own
/// counter of rows ever made says nothing.
fn said(path: &Path) -> Option<Vec<String>> {
    let connection = Connection::open(path).ok()?;
    let mut tables = connection
        .prepare(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence' ORDER BY name",
        )
        .ok()?;
    let names: Vec<String> = tables.query_map([], |row| row.get(0)).ok()?.collect::<Result<_, _>>().ok()?;
    let mut lines = vec![names.join(" ")];
    let mut words = connection.prepare("SELECT sql FROM sqlite_master ORDER BY name").ok()?;
    let words = words.query_map([], |row| row.get::<_, Option<String>>(0)).ok()?;
    lines.extend(words.collect::<Result<Vec<_>, _>>().ok()?.into_iter().flatten());
    for name in names {
        let mut query = connection.prepare(&format!("SELECT * FROM {name}")).ok()?;
        let columns = query.column_count();
        let mut rows = query.query([]).ok()?;
        while let Some(row) = rows.next().ok()? {
            let values: Result<Vec<_>, _> =
                (0..columns).map(|column| row.get_ref(column).map(|v| format!("{v:?}"))).collect();
            lines.push(values.ok()?.join("|"));
        }
    }
    Some(lines)
}

#[test]
fn an_honest_wallet_has_nothing_to_find() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    let clock = a_busy_wallet(&path);
    let report = open(&path, &clock).unwrap().audit(&mut |_| true).unwrap();
    assert_eq!((&report.findings, &report.stray_pages), (&vec![], &vec![]));
    assert_eq!(report.tallies, 1);
    assert!(report.chits > 15 && report.signatures > report.chits, "{report:?}");
}

/// No chain has told more than it holds, and no more is final than agreed, nor agreed than ordered.
#[test]
fn what_is_said_to_reach_too_far_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    let found = |change: &dyn Fn(&Shelf<'_>) -> Result<(), StoreError>| {
        let clock = a_busy_wallet(&path);
        Store::open(&path).unwrap().change(|shelf| change(shelf)).unwrap();
        let findings = open(&path, &clock).unwrap().audit(&mut |_| true).unwrap().findings;
        std::fs::remove_file(&path).unwrap();
        findings.into_iter().map(|finding| finding.what).collect::<Vec<_>>()
    };
    let reach: [fn(&mut ChainRow, u64); 4] = [
        |chain, far| chain.held = far,
        |chain, far| chain.known = far,
        |chain, far| chain.sent = far,
        |chain, far| chain.receipted = far,
    ];
    for (which, reach) in reach.into_iter().enumerate() {
        let told = found(&|shelf| {
            let mut chain = shelf.chains(1)?.remove(0);
            let far = chain.seq + 1;
            reach(&mut chain, far);
            shelf.put_chain(&chain)
        });
        assert_eq!(told, ["a chain claims to have told more than it holds"], "{which}");
    }
    let reach: [fn(&mut Standing); 2] = [
        |standing| standing.agreed = standing.final_index - 1,
        |standing| standing.agreed = standing.book.head.index + 1,
    ];
    for (which, reach) in reach.into_iter().enumerate() {
        let told = found(&|shelf| {
            let mut standing = shelf.standing(1)?.unwrap();
            reach(&mut standing);
            shelf.put_standing(&standing)
        });
        assert!(told.contains(&"more is called agreed or final than is in the order"), "{which} {told:?}");
    }
    type Change = fn(&mut Standing);
    let sums: [(Change, &str); 3] = [
        (|standing| standing.tip.paid.foil = chips(1), "the totals are not what was signed"),
        (|standing| standing.book.paid.foil = chips(1), "the book over the order is not what was signed"),
        (|standing| standing.final_paid.foil = chips(1), "the final totals are not what was signed"),
    ];
    for (change, what) in sums {
        let told = found(&|shelf| {
            let mut standing = shelf.standing(1)?.unwrap();
            change(&mut standing);
            shelf.put_standing(&standing)
        });
        assert_eq!(told, [what]);
    }
}

/// A row that is whole, and says what cannot be: that an invoice is paid or not, or that somebody has signed it who has not.
#[test]
fn an_invoice_that_cannot_be_is_found() {
    let changes: [fn(&mut InvoiceRow); 4] = [
        |row| row.answer.iter_mut().for_each(|answer| answer.signature = Signature([9; 64])),
        |row| {
            if row.state == InvoiceState::Paid {
                row.state = InvoiceState::Issued
            }
        },
        |row| row.state = InvoiceState::Paid,
        |row| row.entry.signature = Signature([9; 64]),
    ];
    let folder = tempfile::tempdir().unwrap();
    for change in changes {
        let path = folder.path().join("wallet.db");
        let clock = a_busy_wallet(&path);
        let mut store = Store::open(&path).unwrap();
        let changed = store.change(|shelf| {
            let mut changed = 0;
            for invoice in shelf.invoices(1)? {
                let mut other = invoice.clone();
                change(&mut other);
                if (other.state, other.entry.signature, &other.answer)
                    != (invoice.state, invoice.entry.signature, &invoice.answer)
                {
                    shelf.put_invoice(&other)?;
                    changed += 1;
                }
            }
            Ok::<_, StoreError>(changed)
        });
        drop(store);
        let findings = open(&path, &clock).unwrap().audit(&mut |_| true).unwrap().findings;
        assert!(findings.iter().all(|finding| finding.what == "an invoice is damaged"), "{findings:?}");
        assert_eq!(Ok(findings.len()), changed);
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_finding_names_the_chit_and_its_epoch_where_there_was_more_than_one() {
    let told = |epoch: u64| {
        let chit = Some((ChainId { side: Side::Foil, device: 2, epoch }, 7));
        Finding { tally: Some(TallyId([0xab; 16])), chit, what: "it is damaged" }.to_string()
    };
    assert_eq!(told(1), "it is damaged: chit 7 of the foil's device 2, tally abababab");
    assert_eq!(told(2), "it is damaged: chit 7 of the foil's device 2 (epoch 2), tally abababab");
    assert_eq!(Finding { tally: None, chit: None, what: "it is damaged" }.to_string(), "it is damaged");
}

#[test]
fn an_audit_that_is_stopped_says_nothing_and_the_next_one_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    let clock = a_busy_wallet(&path);
    let mut wallet = open(&path, &clock).unwrap();
    assert_eq!(wallet.audit(&mut |_| false), Err(WalletError::Stopped));
    let mut told = Vec::new();
    let stopped = wallet.audit(&mut |chits| {
        told.push(chits);
        chits == 0
    });
    assert_eq!(stopped, Err(WalletError::Stopped));
    assert!(told.last().is_some_and(|chits| *chits > 0), "{told:?}");
    assert_eq!(wallet.audit(&mut |_| true).unwrap().findings, []);
}

/// What may be said of a file with a changed byte that cannot even be opened; never that Hazel or its user is at fault.
const DAMAGED: [&str; 3] = ["corrupt", "not_a_wallet", "newer"];

/// Every 397th byte of the file by default; every single one with `HAZEL_AUDIT_STEP=1`.
#[test]
fn a_flipped_byte_is_found_wherever_it_changes_what_the_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    let clock = a_busy_wallet(&path);
    let whole = std::fs::read(&path).unwrap();
    let truth = said(&path).unwrap();
    let step = std::env::var("HAZEL_AUDIT_STEP").ok().and_then(|text| text.parse().ok()).unwrap_or(397);
    let (mut found, mut harmless, mut seen, mut missed, mut misjudged) = (0, 0, 0, Vec::new(), Vec::new());
    for at in (0..whole.len()).step_by(step) {
        let mut bent = whole.clone();
        bent[at] ^= 0x55;
        let copy = folder.path().join("bent.db");
        std::fs::write(&copy, &bent).unwrap();
        let audited = open(&copy, &clock).and_then(|mut wallet| wallet.audit(&mut |_| true));
        if let Err(error) = &audited
            && !DAMAGED.contains(&error.code())
        {
            misjudged.push((at, error.clone()));
        }
        let stray = audited.as_ref().is_ok_and(|report| !report.stray_pages.is_empty());
        if audited.map_or(true, |report| !report.findings.is_empty()) {
            found += 1;
        } else {
            seen += usize::from(stray);
            if said(&copy).as_ref() != Some(&truth) {
                missed.push(at);
            }
            harmless += 1;
        }
    }
    assert_eq!(missed, [0; 0], "these bytes were changed and the audit saw nothing");
    assert_eq!(misjudged, [], "the file is to blame, and nobody else");
    assert!(found >= 30, "found {found}, harmless {harmless}: the test looked at empty pages only");
    println!("{found} bytes were found; {harmless} say nothing, and {seen} of these were seen");
    assert!(seen * 100 > harmless * 97, "of {harmless} bytes in unused room only {seen} were seen");
}

/// What only the test of every byte had found: rows whose number no sum covers.
#[test]
fn a_row_with_another_number_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    for (sql, what) in [
        (
            "UPDATE place SET no = no + 69 WHERE no = (SELECT max(no) FROM place)",
            "places that belong to no order",
        ),
        (
            "UPDATE event SET no = no + 85 WHERE no = (SELECT max(no) FROM event)",
            "a waiting notice was changed by something else than Hazel",
        ),
    ] {
        let _ = std::fs::remove_file(&path);
        let clock = a_busy_wallet(&path);
        Connection::open(&path).unwrap().execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
        let found = open(&path, &clock).unwrap().audit(&mut |_| true).unwrap().findings;
        assert!(found.iter().any(|finding| finding.what == what), "{found:?}");
    }
}

/// Pages that SQLite does not find in order, though every row can be read: the file says that it has a page to spare.
#[test]
fn pages_that_are_not_in_order_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    let clock = a_busy_wallet(&path);
    let mut bent = std::fs::read(&path).unwrap();
    bent[39] += 1;
    std::fs::write(&path, bent).unwrap();
    let found = open(&path, &clock).unwrap().audit(&mut |_| true).unwrap().findings;
    assert_eq!(
        found.iter().map(|finding| finding.what).collect::<Vec<_>>(),
        ["SQLite's own pages are damaged"]
    );
}

#[test]
fn the_wrong_chit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    let clock = a_busy_wallet(&path);
    let connection = Connection::open(&path).unwrap();
    let (no, mut entry): (i64, Vec<u8>) = connection
        .query_row("SELECT no, entry FROM chit ORDER BY no LIMIT 1 OFFSET 3", [], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .unwrap();
    let last = entry.len() - 1;
    entry[last] ^= 1;
    connection.execute("UPDATE chit SET entry = ? WHERE no = ?", (entry, no)).unwrap();
    drop(connection);
    let report = open(&path, &clock).unwrap().audit(&mut |_| true).unwrap();
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    assert_eq!(report.findings[0].what, "a chit's signature does not hold");
    assert_eq!(report.findings[0].chit.map(|(_, seq)| seq), Some(4));
}

/// Not the disk but a mistake of ours, or somebody with the file: rows whose sums are right and whose contract is not.
#[test]
fn a_contract_that_was_exchanged_is_found() {
    let folder = tempfile::tempdir().unwrap();
    type Change = fn(&mut TallyRow);
    let changes: [(Change, &str); 3] = [
        (
            |row| row.contract.as_mut().unwrap().signatures = Halves::default(),
            "the contract is not the one of this tally",
        ),
        (
            |row| row.contract.as_mut().unwrap().tally.revision += 1,
            "a version of the contract is not signed as it says",
        ),
        (
            |row| row.cert.as_mut().unwrap().party_key = words("Ben").root().party_key(&row.id.0).public(),
            "the recovery key does not make this tally's key",
        ),
    ];
    for (at, (change, what)) in changes.into_iter().enumerate() {
        let path = folder.path().join(format!("{at}.db"));
        let (ana, _, tally, clock) = pair();
        ana.copy_database(&path).unwrap();
        let mut store = Store::open(&path).unwrap();
        store
            .change(|shelf| {
                let mut row = shelf.tally(shelf.tally_no(&tally)?.unwrap())?;
                change(&mut row);
                shelf.put_tally(&row)
            })
            .unwrap();
        drop(store);
        let found = open(&path, &clock).unwrap().audit(&mut |_| true).unwrap().findings;
        assert!(found.iter().any(|finding| finding.what == what), "{what}: {found:?}");
    }
}
