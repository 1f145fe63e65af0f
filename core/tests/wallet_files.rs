//! Wallets as files: made whole or not at all, and destroyed keys first.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use std::fs;
use std::path::Path;

use hazel_core::keystore::{BareKey, KeyStore, Passphrase};
use hazel_core::store::{Store, StoreError};
use hazel_core::wallet::{Wallet, WalletError};
use story::*;

fn in_file(path: &Path, clock: &StoryClock) -> Result<Wallet, WalletError> {
    let entropy = Box::new(Seeded::new("Ana's file"));
    Wallet::create_file(path, &guard(), "Ana", &words("Ana"), Box::new(clock.clone()), entropy)
}

fn open(path: &Path, clock: &StoryClock) -> Result<Wallet, WalletError> {
    let entropy = Box::new(Seeded::new("later"));
    Wallet::open(Store::open(path)?, &guard(), Box::new(clock.clone()), entropy)
}

#[test]
fn a_file_that_was_half_made_is_made_anew_and_a_whole_one_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    let clock = StoryClock::new();
    fs::write(folder.path().join("wallet.db.new"), b"what a killed process has left").unwrap();
    drop(in_file(&path, &clock).unwrap());
    assert_eq!(open(&path, &clock).unwrap().name(), "Ana");
    assert_eq!(in_file(&path, &clock).err(), Some(WalletError::Store(StoreError::Unreachable)));
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["wallet.db"], "nothing is left beside it");
}

#[test]
fn a_failed_restore_leaves_nothing_under_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    let (_, mut ben, _, clock) = pair();
    let mut bent = ben.backup(&words("Ben")).unwrap();
    let last = bent.len() - 1;
    bent[last] ^= 1;
    let entropy = Box::new(Seeded::new("new phone"));
    let refused =
        Wallet::restore_file(&path, &guard(), &words("Ben"), &bent, Box::new(clock), entropy).err().unwrap();
    assert_eq!(refused.code(), "corrupt");
    assert!(!path.exists());
}

/// A backup opens with the wallet's own words, or nobody could ever open it; a second device has none to make one with.
#[test]
fn a_backup_is_sealed_with_the_wallets_own_words() {
    let (mut ana, _, _, clock) = pair();
    assert_eq!(ana.check_words(&words("Ana")), Ok(()));
    assert_eq!(ana.backup(&words("Ben")).unwrap_err().code(), "wrong_passphrase");
    let mut tablet = another_phone(&mut ana, &clock, "tablet");
    assert_eq!(tablet.backup(&words("Ana")).unwrap_err().code(), "no_root");
}

#[test]
fn wiping_destroys_the_keys_first_and_then_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    let clock = StoryClock::new();
    drop(in_file(&path, &clock).unwrap());
    let copy = folder.path().join("copy.db");
    open(&path, &clock).unwrap().copy_database(&copy).unwrap();
    assert_eq!(Wallet::finish_wipe(Store::open(&path).unwrap()), Err(WalletError::WrongFile));
    open(&path, &clock).unwrap().wipe().unwrap();
    assert!(!path.exists());
    // A wipe that was killed before the file was gone: there is no wallet in it, and no key.
    let store = Store::open(&copy).unwrap();
    let wrapped = store.read(|shelf| shelf.wallet()).unwrap().unwrap().key;
    let holds_key = || fs::read(&copy).unwrap().windows(wrapped.len()).any(|bytes| bytes == wrapped);
    assert!(holds_key(), "else the test would show nothing");
    let mut store = store;
    store.change(|shelf| shelf.forget_keys()).unwrap();
    drop(store);
    assert!(!holds_key(), "a key is still among the bytes");
    assert_eq!(open(&copy, &clock).err(), Some(WalletError::WrongFile));
    Wallet::finish_wipe(Store::open(&copy).unwrap()).unwrap();
    assert!(!copy.exists());
}

#[test]
fn a_wrong_key_a_damaged_file_and_a_newer_one_are_three_things() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    let clock = StoryClock::new();
    drop(in_file(&path, &clock).unwrap());
    let with = |guard: &dyn KeyStore| {
        let entropy = Box::new(Seeded::new("later"));
        Wallet::open(Store::open(&path)?, guard, Box::new(clock.clone()), entropy).map(|_| ())
    };
    let code = |opened: Result<(), WalletError>| opened.err().map(|error| error.code());
    assert_eq!(code(with(&BareKey::new([6; 32]))), Some("invalidated"));
    assert_eq!(code(with(&Passphrase::new("guess"))), Some("wrong_passphrase"));
    let sql = |sql: &str| rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    sql("UPDATE wallet SET key = CAST(substr(key, 1, length(key) - 1) || x'00' AS BLOB)");
    for guard in [&guard() as &dyn KeyStore, &BareKey::new([6; 32])] {
        let damaged = StoreError::Corrupt { what: "the wallet's own row" };
        assert_eq!(with(guard), Err(damaged.into()), "whatever the key store says of it");
    }
    // A head that says that only a newer SQLite can read the tables: no Hazel has written it.
    let whole = fs::read(&path).unwrap();
    let mut bent = whole.clone();
    bent[47] = 5;
    fs::write(&path, bent).unwrap();
    assert_eq!(with(&guard()), Err(StoreError::Corrupt { what: "its head" }.into()));
    fs::write(&path, whole).unwrap();
    sql("PRAGMA user_version = 99");
    assert_eq!(code(with(&guard())), Some("newer"));
}
