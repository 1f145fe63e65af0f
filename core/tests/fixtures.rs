//! Files as released versions wrote them. They stay readable for ever: opened, brought up to date, audited, and telling the same.
//!
//! A release adds its own with `HAZEL_WRITE_FIXTURE=1 cargo test -p hazel-core --test fixtures` and commits the two files.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use std::path::{Path, PathBuf};

use hazel_core::store::{SCHEMA_VERSION, Store};
use hazel_core::wallet::{Ask, Payment, Wallet};
use story::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn told(wallet: &mut Wallet) -> String {
    let tallies = wallet.tallies().unwrap();
    tallies.iter().map(|view| wallet.export(&view.id).unwrap().to_csv()).collect()
}

fn write(folder: &Path) {
    let (mut ana, mut ben, tally, clock) = pair();
    for amount in 1..=5 {
        pay(&mut ben, &tally, amount).unwrap();
        pay(&mut ana, &tally, 1).unwrap();
        meet(&mut ana, &mut ben, &tally);
    }
    let ask = Ask { units: chips(3), memo: "eggs".into(), valid_for: 3600, ..Ask::default() };
    let id = ana.ask(&tally, &ask).unwrap().invoice.id();
    meet(&mut ana, &mut ben, &tally);
    ben.pay(&tally, &Payment { units: chips(3), invoice: Some(id), ..Payment::default() }).unwrap();
    ben.pay(&tally, &Payment { units: chips(120), insist: true, ..Payment::default() }).unwrap();
    let by = opened(&mut ben, &mut wallet("Carrier", &clock));
    ben.give_errand(&tally, &by, 24 * 3600).unwrap().unwrap();
    ben.carry_errands(true).unwrap();
    let name = format!("schema-{SCHEMA_VERSION}");
    let path = folder.join(format!("{name}.db"));
    let _ = std::fs::remove_file(&path);
    ben.copy_database(&path).unwrap();
    std::fs::write(folder.join(format!("{name}.csv")), told(&mut ben)).unwrap();
}

#[test]
fn every_released_schema_is_opened_and_tells_the_same() {
    let folder = folder();
    if std::env::var_os("HAZEL_WRITE_FIXTURE").is_some() {
        write(&folder);
    }
    let mut found = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "db") {
            let scratch = tempfile::tempdir().unwrap();
            let copy = scratch.path().join("wallet.db");
            std::fs::copy(&path, &copy).unwrap();
            let clock = Box::new(StoryClock::new());
            let mut wallet =
                Wallet::open(Store::open(&copy).unwrap(), &guard(), clock, Box::new(Seeded::new("later")))
                    .unwrap();
            assert_eq!(wallet.audit(&mut |_| true).unwrap().findings, [], "{path:?}");
            assert_eq!(
                told(&mut wallet),
                std::fs::read_to_string(path.with_extension("csv")).unwrap(),
                "{path:?}"
            );
            let tally = wallet.tallies().unwrap()[0].id;
            pay(&mut wallet, &tally, 1).unwrap();
            found += 1;
        }
    }
    assert!(found >= SCHEMA_VERSION, "each released schema has a file here");
}
