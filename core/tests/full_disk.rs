//! Phones whose disk is full: whatever the wallet is asked, it says so, nothing is changed, and it goes on when there is room.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::store::Store;
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Wallet, WalletError};
use story::{Seeded, StoryClock, assert_equal_halves, guard, meet, pair, pay};

/// Everything that a verb could have changed.
fn everything(wallet: &mut Wallet, tally: &TallyId) -> String {
    let (view, csv) = (wallet.tally(tally).unwrap(), wallet.export(tally).unwrap().to_csv());
    let (event, told) = (wallet.next_event().unwrap(), wallet.to_site(tally).unwrap());
    format!("{view:?} {csv} {event:?} {told:?}")
}

/// What has come in takes no more room when it comes in again.
const AND_AGAIN: u32 = 2;

/// Lets a wallet do something so many times on a disk with room for so many pages, until there is none; then there is again.
fn on_a_full_disk(
    wallet: &mut Wallet,
    tally: &TallyId,
    pages: u32,
    times: u32,
    mut verb: impl FnMut(&mut Wallet) -> Result<(), WalletError>,
) {
    wallet.grow_at_most(Some(pages)).unwrap();
    for _ in 0..times {
        let before = everything(wallet, tally);
        let Err(error) = verb(wallet) else { continue };
        assert_eq!(error.code(), "disk_full");
        assert_eq!(everything(wallet, tally), before);
        assert_eq!(verb(wallet).unwrap_err().code(), "disk_full", "still full");
        assert_eq!(everything(wallet, tally), before);
        wallet.grow_at_most(None).unwrap();
        return verb(wallet).unwrap();
    }
    wallet.grow_at_most(None).unwrap();
}

#[test]
fn a_payment_is_signed_or_never_was() {
    for pages in 0..6 {
        let (mut ana, mut ben, tally, _clock) = pair();
        on_a_full_disk(&mut ben, &tally, pages, 200, |ben| pay(ben, &tally, 1).map(|_| ()));
        meet(&mut ana, &mut ben, &tally);
        assert_equal_halves(&mut ana, &mut ben, &tally);
        assert!(ben.audit(&mut |_| true).unwrap().findings.is_empty());
    }
}

#[test]
fn a_page_is_there_or_not() {
    for pages in 0..12 {
        let (mut ana, mut ben, tally, _clock) = pair();
        for _ in 0..40 {
            pay(&mut ben, &tally, 1).unwrap();
        }
        let page = ben.hand_over(&tally).unwrap().unwrap();
        on_a_full_disk(&mut ana, &tally, pages, AND_AGAIN, |ana| ana.receive(&page).map(|_| ()));
        meet(&mut ana, &mut ben, &tally);
        assert_equal_halves(&mut ana, &mut ben, &tally);
        assert!(ana.audit(&mut |_| true).unwrap().findings.is_empty());
    }
}

/// Two chits of one key come in, and the disk is full before both are kept. The proof of it is not kept without them.
#[test]
fn a_proof_comes_with_what_it_proves() {
    let folder = tempfile::tempdir().unwrap();
    for pages in 0..12 {
        let (mut ana, mut ben, tally, clock) = pair();
        let path = folder.path().join(format!("{pages}.db"));
        ben.copy_database(&path).unwrap();
        let mut copy = reopened(&path, &clock);
        pay(&mut ben, &tally, 1).unwrap();
        meet(&mut ana, &mut ben, &tally);
        for _ in 0..40 {
            pay(&mut copy, &tally, 1).unwrap();
        }
        let page = copy.hand_over(&tally).unwrap().unwrap();
        on_a_full_disk(&mut ana, &tally, pages, AND_AGAIN, |ana| ana.receive(&page).map(|_| ()));
        assert!(ana.audit(&mut |_| true).unwrap().findings.is_empty());
    }
}

fn reopened(path: &std::path::Path, clock: &StoryClock) -> Wallet {
    let entropy = Box::new(Seeded::new("the copy"));
    Wallet::open(Store::open(path).unwrap(), &guard(), Box::new(clock.clone()), entropy).unwrap()
}
