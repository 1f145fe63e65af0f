//! Stories of two people who pay each other.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::book::Flag;
use hazel_core::invoice::InvoiceState;
use hazel_core::negotiation::TallyState;
use hazel_core::units::Units;
use hazel_core::wallet::{Ask, CannotPay, Filter, Payment, WalletError, Went};
use story::*;

fn all() -> Filter {
    Filter { most: 100, ..Filter::default() }
}

#[test]
fn a_tally_opens_by_ticket() {
    let (ana, ben, tally, _) = pair();
    let (a, b) = (ana.tally(&tally).unwrap(), ben.tally(&tally).unwrap());
    assert_eq!((a.state, b.state), (TallyState::Open, TallyState::Open));
    assert_eq!((a.name.as_str(), b.name.as_str()), ("Ben", "Ana"));
    assert_eq!(a.granted, b.received);
    assert_eq!(a.head, b.head);
}

#[test]
fn a_payment_is_pending_then_received_then_final() {
    let (mut ana, mut ben, tally, _) = pair();
    let chit = pay(&mut ben, &tally, 30).unwrap();
    assert_eq!(ben.went(&tally, &chit).unwrap(), Went::Signed(chit));
    assert_eq!(ben.history(&tally, &all()).unwrap()[0].facets.word(), "pending");
    hand(&mut ben, &mut ana, &tally);
    assert_eq!(ana.history(&tally, &all()).unwrap()[0].note.memo, "coffee");
    hand(&mut ana, &mut ben, &tally);
    assert_eq!(ben.went(&tally, &chit).unwrap(), Went::Final(chit));
    meet(&mut ana, &mut ben, &tally);
    assert_equal_halves(&mut ana, &mut ben, &tally);
    assert_eq!(ana.balance(&tally).unwrap(), chips(30));
    assert_eq!(ana.tally(&tally).unwrap().final_index, 1);
}

#[test]
fn both_pay_at_once() {
    let (mut ana, mut ben, tally, _) = pair();
    for round in 1..=4 {
        pay(&mut ana, &tally, round).unwrap();
        pay(&mut ben, &tally, 2 * round).unwrap();
        let (there, back) =
            (ana.hand_over(&tally).unwrap().unwrap(), ben.hand_over(&tally).unwrap().unwrap());
        ana.receive(&back).unwrap();
        ben.receive(&there).unwrap();
    }
    meet(&mut ana, &mut ben, &tally);
    assert_equal_halves(&mut ana, &mut ben, &tally);
    assert_eq!(ana.balance(&tally).unwrap(), chips(10));
    assert_eq!(ben.tally(&tally).unwrap().final_index, 8);
}

#[test]
fn both_phones_show_the_same_merge_report() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ana, &tally, 1).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let before = ana.tally(&tally).unwrap().agreed;
    pay(&mut ana, &tally, 2).unwrap();
    ben.pay(&tally, &Payment { units: chips(500), insist: true, ..Payment::default() }).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let report = ana.merge_report(&tally, before).unwrap();
    assert_eq!(report, ben.merge_report(&tally, before).unwrap());
    let flags: Vec<Flag> = report.lines.iter().map(|line| line.flag).collect();
    assert!(flags.len() == 2 && flags.contains(&Flag::OverLimit), "{report:?}");
    assert_ne!(report.hash, ana.merge_report(&tally, 0).unwrap().hash);
}

#[test]
fn the_limit_holds_unless_the_payer_insists_and_the_payee_accepts() {
    let (mut ana, mut ben, tally, _) = pair();
    assert_eq!(ben.can_pay(&tally, chips(100)).unwrap().obstacle, None);
    let over = CannotPay::OverLimit { largest: chips(100) };
    assert_eq!(pay(&mut ben, &tally, 101), Err(WalletError::CannotPay(over)));
    let payment = Payment { units: chips(120), insist: true, ..Payment::default() };
    let chit = ben.pay(&tally, &payment).unwrap();
    meet(&mut ben, &mut ana, &tally);
    assert_eq!(ana.balance(&tally).unwrap(), Units::ZERO);
    assert_eq!(ana.tally(&tally).unwrap().outside_theirs, chips(120));
    assert_eq!(ana.history(&tally, &all()).unwrap()[0].flag, Flag::OverLimit);
    ana.accept_pledge(&tally, &chit).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ana.balance(&tally).unwrap(), chips(120));
    assert_eq!(ana.tally(&tally).unwrap().outside_theirs, Units::ZERO);
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

#[test]
fn an_invoice_is_paid_once() {
    let (mut ana, mut ben, tally, clock) = pair();
    let ask = Ask { units: chips(12), memo: "eggs".into(), valid_for: 3600, ..Ask::default() };
    let id = ana.ask(&tally, &ask).unwrap().invoice.id();
    assert_eq!(ana.balance(&tally).unwrap(), Units::ZERO);
    hand(&mut ana, &mut ben, &tally);
    assert_eq!(ben.invoice(&id).unwrap().memo, "eggs");
    assert_eq!(ben.went_for(&id).unwrap(), Went::NeverSigned);
    let payment = Payment { units: chips(12), invoice: Some(id), ..Payment::default() };
    ben.pay(&tally, &payment).unwrap();
    assert_eq!(ben.pay(&tally, &payment).unwrap_err().code(), "invoice_over");
    meet(&mut ben, &mut ana, &tally);
    assert_eq!(ana.invoice(&id).unwrap().state, InvoiceState::Paid);
    assert_eq!(ana.withdraw(&id).unwrap_err().code(), "invoice_over");
    clock.pass(10_000);
    assert_eq!(ana.invoice(&id).unwrap().state, InvoiceState::Paid, "paid is stronger than expired");
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

#[test]
fn an_invoice_is_declined_and_another_withdrawn() {
    let (mut ana, mut ben, tally, _) = pair();
    let ask = Ask { units: chips(3), valid_for: 3600, ..Ask::default() };
    let first = ana.ask(&tally, &ask).unwrap().invoice.id();
    let second = ana.ask(&tally, &ask).unwrap().invoice.id();
    assert_ne!(first, second);
    meet(&mut ana, &mut ben, &tally);
    ben.decline(&first).unwrap();
    ana.withdraw(&second).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ana.invoice(&first).unwrap().state, InvoiceState::Declined);
    assert_eq!(ben.invoice(&second).unwrap().state, InvoiceState::Withdrawn);
}

#[test]
fn nothing_is_lost_when_hand_overs_are() {
    let (mut ana, mut ben, tally, _) = pair();
    for round in 1..=20_u32 {
        pay(&mut ben, &tally, 1).unwrap();
        let lost = ben.hand_over(&tally).unwrap();
        if round % 3 == 0 {
            ana.receive(&lost.unwrap()).unwrap();
        }
        if round % 5 != 0 {
            let _lost = ana.hand_over(&tally).unwrap();
        } else {
            hand(&mut ana, &mut ben, &tally);
        }
    }
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ana.balance(&tally).unwrap(), chips(20));
    assert_eq!(ben.tally(&tally).unwrap().final_index, 20);
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

#[test]
fn a_hand_over_twice_or_late_changes_nothing() {
    let (mut ana, mut ben, tally, _) = pair();
    let mut all = Vec::new();
    for _ in 0..5 {
        pay(&mut ben, &tally, 2).unwrap();
        all.push(ben.hand_over(&tally).unwrap().unwrap());
    }
    for bytes in all.iter().rev().chain(&all) {
        ana.receive(bytes).unwrap();
    }
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ana.balance(&tally).unwrap(), chips(10));
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

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
fn a_tally_closes_at_zero_only() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 10).unwrap();
    meet(&mut ana, &mut ben, &tally);
    ben.close(&tally).unwrap();
    meet(&mut ben, &mut ana, &tally);
    assert_eq!(ana.tally(&tally).unwrap().state, TallyState::Closing);
    assert_eq!(pay(&mut ben, &tally, 1).unwrap_err().code(), "closing");
    assert_eq!(pay(&mut ana, &tally, 11).unwrap_err().code(), "closing");
    pay(&mut ana, &tally, 10).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ana.tally(&tally).unwrap().state, TallyState::Closed);
    assert_eq!(ben.tally(&tally).unwrap().state, TallyState::Closed);
    assert_eq!(pay(&mut ana, &tally, 1).unwrap_err().code(), "not_open");
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

#[test]
fn two_offers_race_and_the_same_one_governs() {
    let clock = StoryClock::new();
    let (mut ana, mut ben) = (wallet("Ana", &clock), wallet("Ben", &clock));
    let ticket = ana.invite(hazel_core::tally::Side::Foil, terms(100), 3600, &[]).unwrap();
    let tally = ben.accept_ticket(&ticket, terms(50)).unwrap();
    hand(&mut ben, &mut ana, &tally);
    ana.offer(&tally, None, None).unwrap();
    hand(&mut ana, &mut ben, &tally);
    ben.offer(&tally, Some(terms(60)), None).unwrap();
    let from_ben = ben.hand_over(&tally).unwrap().unwrap();
    ana.revise(&tally).unwrap();
    ana.offer(&tally, Some(terms(90)), None).unwrap();
    let from_ana = ana.hand_over(&tally).unwrap().unwrap();
    ana.receive(&from_ben).unwrap();
    ben.receive(&from_ana).unwrap();
    // Both have revision 2 of both: whoever accepts first, the same contract governs in the end.
    let accepted = |wallet: &mut hazel_core::wallet::Wallet| {
        let version = wallet.offered(&tally).unwrap().version;
        wallet.accept(&tally, &version).is_ok()
    };
    assert!(accepted(&mut ana) | accepted(&mut ben));
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ana.tally(&tally).unwrap().head, ben.tally(&tally).unwrap().head);
    pay(&mut ben, &tally, 5).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_equal_halves(&mut ana, &mut ben, &tally);
}
