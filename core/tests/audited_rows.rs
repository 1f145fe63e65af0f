//! The audit against somebody with a pencil: single values in the file are others than Hazel has written.
#![allow(clippy::unwrap_used, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::store::{Begun, Store};
use hazel_core::wallet::{Ask, Wallet};
use rusqlite::Connection;
use story::*;

/// What an audit says of Ana's file after somebody has written in it. She has paid and been paid, asks for something, carries an errand and
/// has half of a letter; one message waits.
fn found_after(sql: &str) -> Vec<&'static str> {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut cyd = wallet("Cyd", &clock);
    let with_cyd = opened(&mut ana, &mut cyd);
    for _ in 0..2 {
        pay(&mut ben, &tally, 1).unwrap();
        pay(&mut ana, &tally, 1).unwrap();
    }
    meet(&mut ana, &mut ben, &tally);
    ana.ask(&tally, &Ask { units: chips(3), valid_for: 3600, ..Ask::default() }).unwrap();
    ana.give_errand(&tally, &with_cyd, 3600).unwrap().unwrap();
    ana.keep_begun(&tally, Some(&Begun { name: [7; 16], total: 9, bytes: vec![1; 4] })).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    ana.copy_database(&path).unwrap();
    Store::open(&path).unwrap().change(|shelf| shelf.park(1, "newer", b"a message")).unwrap();
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let store = Store::open(&path).unwrap();
    let mut ana = Wallet::open(store, &guard(), Box::new(clock), Box::new(Seeded::new("auditor"))).unwrap();
    ana.audit(&mut |_| true).unwrap().findings.into_iter().map(|finding| finding.what).collect()
}

#[test]
fn the_table_with_a_changed_row_is_named() {
    assert_eq!(found_after(""), [""; 0]);
    for (sql, what) in [
        ("UPDATE tally SET name = 'Bob'", "a tally's row was changed by something else than Hazel"),
        ("UPDATE standing SET met = 1", "a tally's standing was changed by something else than Hazel"),
        ("UPDATE chain SET sum = sum + 1", "a chain's row was changed by something else than Hazel"),
        ("UPDATE invoice SET sent = 1 - sent", "an invoice's row was changed by something else than Hazel"),
        ("UPDATE begun SET total = 10", "the beginning of a letter was changed by something else than Hazel"),
        ("UPDATE errand SET expires = 1", "a carried errand was changed by something else than Hazel"),
        ("UPDATE parked SET bytes = x'00'", "a waiting message was changed by something else than Hazel"),
        ("UPDATE chit SET flag = 2 WHERE arrival = 0", "a chit's flag is damaged"),
        (
            "UPDATE place SET flag = 2 WHERE no = (SELECT min(no) FROM place)",
            "a chit's flag in the order is damaged",
        ),
        ("INSERT INTO proof VALUES (x'00', 1, x'00')", "a proof is damaged"),
        (
            "INSERT INTO proof VALUES (x'6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', 1, x'00')",
            "a proof is damaged",
        ),
        ("UPDATE event SET args = 'x'", "a waiting notice was changed by something else than Hazel"),
    ] {
        assert_eq!(found_after(sql), [what], "{sql}");
    }
}

/// The wallet's own row is looked at before the file is opened, and again.
#[test]
fn a_row_that_is_changed_under_an_open_wallet_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    let (ana, _, _, clock) = pair();
    ana.copy_database(&path).unwrap();
    let entropy = Box::new(Seeded::new("auditor"));
    let mut ana = Wallet::open(Store::open(&path).unwrap(), &guard(), Box::new(clock), entropy).unwrap();
    Connection::open(&path).unwrap().execute_batch("UPDATE wallet SET name = 'Bob'").unwrap();
    let found = ana.audit(&mut |_| true).unwrap().findings;
    let whats: Vec<_> = found.into_iter().map(|finding| finding.what).collect();
    assert_eq!(whats, ["the wallet's own row was changed by something else than Hazel"]);
}

/// The first chit of a chain has become another one, signed all right: neither stands it in its place, nor what should follow it.
#[test]
fn a_chit_in_anothers_place_is_found() {
    for (what, from_chain, seq) in [("of another chain", 1, 1), ("of another number", 0, 2)] {
        let no = |rank: u32, seq: u32| {
            format!("((SELECT DISTINCT no >> 32 FROM chit ORDER BY 1 LIMIT 1 OFFSET {rank}) << 32 | {seq})")
        };
        let entry = format!("(SELECT entry FROM chit WHERE no = {})", no(from_chain, seq));
        let found = found_after(&format!("UPDATE chit SET entry = {entry} WHERE no = {}", no(0, 1)));
        let places = found.iter().filter(|found| **found == "a chit is not in its place").count();
        assert_eq!(places, 2, "{what}: {found:?}");
    }
}

/// Chits come in one after the other, and those of one chain in their sequence.
#[test]
fn an_order_of_arrival_that_cannot_be_is_found() {
    for sql in [
        "UPDATE chit SET arrival = 1 WHERE arrival = 2",
        "UPDATE chit SET arrival = 99 WHERE arrival = 3",
        "UPDATE chit SET arrival = -1 WHERE arrival = 0",
        "UPDATE chit SET arrival = CASE no & 0xffffffff WHEN 1 THEN arrival + 1 ELSE arrival - 1 END \
         WHERE no >> 32 = (SELECT min(no >> 32) FROM chit WHERE arrival < 2 GROUP BY no >> 32 HAVING count(*) = 2)",
    ] {
        let found = found_after(sql);
        assert!(found.contains(&"the first-seen order of the chits is damaged"), "{sql}: {found:?}");
    }
}
