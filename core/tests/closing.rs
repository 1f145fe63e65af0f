//! Stories of the end of a tally.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::chit::Body;
use hazel_core::negotiation::TallyState;
use hazel_core::wallet::{Attention, Wallet, WalletError};
use story::*;

/// Ana has a tablet that has signed nothing.
#[test]
fn a_seal_says_how_far_the_chains_of_its_own_half_go() {
    let (mut ana, mut ben, tally, clock) = pair();
    let _tablet = another_phone(&mut ana, &clock, "tablet");
    pay(&mut ben, &tally, 1).unwrap();
    meet(&mut ana, &mut ben, &tally);
    pay(&mut ana, &tally, 1).unwrap();
    ana.close(&tally).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ana.tally(&tally).unwrap().state, TallyState::Closed);
    let mut seals = 0;
    for chit in ana.export(&tally).unwrap().chits {
        let chit = chit.signed.chit;
        if let Body::Seal(seal) = chit.body {
            assert_eq!(seal.chains, [(chit.chain, chit.seq.checked_sub(1).unwrap())]);
            seals += 1;
        }
    }
    assert_eq!(seals, 2);
}

/// Ana closes at zero and seals. Ben has paid her before he has heard of it: there is something to bring to zero again, and another seal.
#[test]
fn a_payment_that_was_on_its_way_opens_a_seal_again() {
    let (mut ana, mut ben, tally, _) = pair();
    ana.close(&tally).unwrap();
    let closing = ana.hand_over(&tally).unwrap().unwrap();
    pay(&mut ben, &tally, 5).unwrap();
    let paid = ben.hand_over(&tally).unwrap().unwrap();
    ben.receive(&closing).unwrap();
    ana.receive(&paid).unwrap();
    let state = |wallet: &Wallet| wallet.tally(&tally).unwrap().state;
    meet(&mut ana, &mut ben, &tally);
    assert_eq!((state(&ana), state(&ben)), (TallyState::Closing, TallyState::Closing));
    pay(&mut ana, &tally, 5).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_eq!((state(&ana), state(&ben)), (TallyState::Closed, TallyState::Closed));
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

/// Both have sealed at zero on Ana's phone, and a payment of Ben's tablet comes late: it waits outside, and nothing is closed over it.
#[test]
fn nothing_is_closed_over_a_payment_that_waits() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = another_phone(&mut ben, &clock, "tablet");
    ben.hand_allowance(&tally, 2, chips(20)).unwrap();
    meet(&mut ben, &mut ana, &tally);
    talk(&mut tablet, &mut ana, &tally);
    pay(&mut tablet, &tally, 5).unwrap();
    let late = tablet.hand_over(&tally).unwrap().unwrap();
    ana.close(&tally).unwrap();
    ben.receive(&ana.hand_over(&tally).unwrap().unwrap()).unwrap();
    ana.receive(&ben.hand_over(&tally).unwrap().unwrap()).unwrap();
    let state = |wallet: &Wallet| wallet.tally(&tally).unwrap().state;
    assert_eq!(state(&ana), TallyState::Sealing);
    ana.receive(&late).unwrap();
    assert_eq!(state(&ana), TallyState::Closing);
}

/// Both halves are sealed, and then comes what Ben's tablet signed before it heard of that: it waits outside for ever, and nobody is asked about it.
#[test]
fn what_comes_after_the_end_is_not_accepted() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = another_phone(&mut ben, &clock, "tablet");
    ben.hand_allowance(&tally, 2, chips(20)).unwrap();
    meet(&mut ben, &mut ana, &tally);
    talk(&mut tablet, &mut ana, &tally);
    let late = pay(&mut tablet, &tally, 5).unwrap();
    ana.close(&tally).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ana.tally(&tally).unwrap().state, TallyState::Closed);
    ana.receive(&tablet.hand_over(&tally).unwrap().unwrap()).unwrap();
    let view = ana.tally(&tally).unwrap();
    assert_eq!((view.state, view.balance, view.outside_theirs), (TallyState::Closed, chips(0), chips(5)));
    let asked = ana.attention().unwrap();
    assert!(!asked.iter().any(|it| matches!(it, Attention::Waiting(..))), "{asked:?}");
    assert!(matches!(ana.accept_pledge(&tally, &late), Err(WalletError::OutOfPlace(_))));
}
