//! Stories of credit: what a granted limit lets the partner sign, from when, and how it is changed.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::book::{Book, Facts, Flag};
use hazel_core::chit::{Body, ChainId, Chit};
use hazel_core::tally::{Side, Terms};
use hazel_core::units::{AmountError, Units};
use story::*;

#[test]
fn a_raised_limit_holds_at_once_and_a_lowered_one_after_notice() {
    let (mut ana, mut ben, tally, clock) = pair();
    ana.grant(&tally, terms(200)).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ben.can_pay(&tally, Units::ZERO).unwrap().largest, chips(200));
    ana.grant(&tally, terms(20)).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ben.can_pay(&tally, Units::ZERO).unwrap().largest, chips(200));
    clock.pass(7 * 86_400);
    assert_eq!(ben.can_pay(&tally, Units::ZERO).unwrap().largest, chips(20));
    pay(&mut ben, &tally, 20).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

#[test]
fn a_limit_raised_after_it_was_lowered_never_passes_through_the_old_one() {
    let (mut ana, mut ben, tally, clock) = pair();
    ana.grant(&tally, terms(20)).unwrap();
    clock.pass(8 * 86_400);
    ana.grant(&tally, terms(50)).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ben.can_pay(&tally, Units::ZERO).unwrap().largest, chips(50));
    ana.grant(&tally, terms(30)).unwrap();
    clock.pass(86_400);
    ana.grant(&tally, terms(10)).unwrap();
    meet(&mut ana, &mut ben, &tally);
    clock.pass(6 * 86_400);
    assert_eq!(ben.can_pay(&tally, Units::ZERO).unwrap().largest, chips(30), "the first word holds by now");
    clock.pass(86_400);
    assert_eq!(ben.can_pay(&tally, Units::ZERO).unwrap().largest, chips(10));
}

/// Narrower limits stand side by side, sixteen at most. One more would have no effect, so it is not signed.
#[test]
fn a_limit_is_not_lowered_without_end() {
    let (mut ana, mut ben, tally, clock) = pair();
    for lowered in 1..=16 {
        ana.grant(&tally, terms(100 - lowered)).unwrap();
    }
    assert_eq!(ana.grant(&tally, terms(1)).unwrap_err().code(), "terms_used_up");
    meet(&mut ana, &mut ben, &tally);
    clock.pass(8 * 86_400);
    assert_eq!(ben.can_pay(&tally, Units::ZERO).unwrap().largest, chips(84));
    assert_eq!(ana.grant(&tally, terms(1)).unwrap_err().code(), "terms_used_up");
    ana.grant(&tally, terms(84)).unwrap();
    ana.grant(&tally, terms(1)).unwrap();
    meet(&mut ana, &mut ben, &tally);
    clock.pass(8 * 86_400);
    assert_eq!(ben.can_pay(&tally, Units::ZERO).unwrap().largest, chips(1));
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

/// Whoever narrows its credit with another program, too early by a second, changes nothing: the partner signs on within what it was told before.
#[test]
fn narrower_terms_that_come_too_early_have_no_effect() {
    let (ana, _ben, tally, _) = pair();
    let (_folder, store, no) = rows_of(&ana, &tally);
    let row = store.read(|shelf| shelf.tally(no)).unwrap();
    let mut book = Book::open(&row.contract.unwrap().tally, 0);
    let (today, week) = (1_760_000_000, 7 * 86_400);
    let mut narrowed = |seq: u64, chips: i64, from: u64| {
        let chain = ChainId { side: Side::Stock, device: 1, epoch: 1 };
        let body = Body::Terms { terms: terms(chips), from };
        let (prev_own, next_key) = Default::default();
        let chit = Chit { tally, chain, seq, prev_own, next_key, date: today, body };
        let flag = book.apply(&chit, Facts::default()).unwrap();
        (flag, book.limit_for(Side::Foil, today + 2 * week))
    };
    assert_eq!(narrowed(1, 30, today + week - 1), (Flag::Ineffective, chips(100)));
    assert_eq!(narrowed(2, 40, today + week), (Flag::Clear, chips(40)));
}

#[test]
fn credit_is_granted_from_nothing_to_the_largest_amount() {
    let (mut ana, _, tally, _) = pair();
    let mut granted =
        |milli: i64| ana.grant(&tally, Terms { limit: Units::new(milli), notice_days: 7 }).map(|_| ());
    for milli in [Units::MAX.milli(), 0] {
        assert_eq!(granted(milli), Ok(()));
    }
    for milli in [-1, Units::MAX.milli() + 1] {
        assert_eq!(granted(milli), Err(AmountError::TooLarge.into()));
    }
}
