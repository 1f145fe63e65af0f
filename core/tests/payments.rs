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
use hazel_core::wallet::{Ask, CannotPay, Custody, Filter, Payment, Settled, WalletError, Went};
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
    assert!(hand(&mut ben, &mut ana, &tally).unwrap().reply, "she has a receipt to give");
    assert_eq!(ana.history(&tally, &all()).unwrap()[0].note.memo, "coffee");
    assert!(!hand(&mut ana, &mut ben, &tally).unwrap().reply, "all is said");
    assert_eq!(ben.went(&tally, &chit).unwrap(), Went::Final(chit));
    meet(&mut ana, &mut ben, &tally);
    assert_equal_halves(&mut ana, &mut ben, &tally);
    assert_eq!(ana.balance(&tally).unwrap(), chips(30));
    assert_eq!(ana.tally(&tally).unwrap().final_index, 1);
    let unplaced = pay(&mut ana, &tally, 1).unwrap();
    assert_eq!(ana.went(&tally, &unplaced).unwrap(), Went::Signed(unplaced));
    meet(&mut ana, &mut ben, &tally);
    for wallet in [&mut ana, &mut ben] {
        assert_eq!(wallet.history(&tally, &all()).unwrap()[0].facets.custody, Custody::Held);
    }
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
    let inside = pay(&mut ana, &tally, 1).unwrap();
    meet(&mut ana, &mut ben, &tally);
    for (by_ana, chit) in [(false, chit), (false, inside), (true, inside)] {
        let wallet = if by_ana { &mut ana } else { &mut ben };
        let nothing = wallet.accept_pledge(&tally, &chit).unwrap_err();
        assert_eq!(nothing.code(), "unknown", "what is one's own, or within the limit, waits for nobody");
    }
    pay(&mut ben, &tally, 1).unwrap();
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
    assert_eq!(ben.history(&tally, &all()).unwrap()[0].invoice, Some(id));
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
fn a_hand_over_thrown_back_is_no_receipt() {
    let (_, mut ben, tally, _) = pair();
    let chit = pay(&mut ben, &tally, 9).unwrap();
    let thrown_back = ben.hand_over(&tally).unwrap().unwrap();
    assert_eq!(ben.receive(&thrown_back).unwrap_err().code(), "own_hand_over");
    assert_eq!(ben.went(&tally, &chit).unwrap(), Went::Signed(chit));
    assert!(ben.hand_over(&tally).unwrap().is_some(), "it is told again until the partner has it");
}

#[test]
fn what_was_received_stays_received_when_an_old_summary_comes_again() {
    let (mut ana, mut ben, tally, _) = pair();
    ana.ask_what_is_missing(&tally).unwrap();
    let old_summary = ana.hand_over(&tally).unwrap().unwrap();
    let chit = pay(&mut ben, &tally, 9).unwrap();
    // Ben is the foil and orders; only Ana's receipt comes back, not her word for the order.
    hand(&mut ben, &mut ana, &tally);
    let mut answer = ana.outbox(&tally, hazel_core::wallet::Audience::Partner).unwrap();
    answer.retain(|message| matches!(message, hazel_core::message::Message::Receipt(_)));
    ben.receive_messages(&tally, answer).unwrap();
    assert_eq!(ben.went(&tally, &chit).unwrap(), Went::Received(chit));
    ben.receive(&old_summary).unwrap();
    assert_eq!(ben.went(&tally, &chit).unwrap(), Went::Received(chit));
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
    let insisted = Payment { units: chips(11), insist: true, ..Payment::default() };
    assert_eq!(ana.pay(&tally, &insisted).unwrap_err().code(), "closing", "nobody can insist on that");
    pay(&mut ana, &tally, 10).unwrap();
    // Nobody says closed of an order that the two do not agree on yet: it may still be given up for a restored foil's.
    let mut early = 0;
    for _ in 0..4 {
        hand(&mut ana, &mut ben, &tally);
        hand(&mut ben, &mut ana, &tally);
        for view in [ana.tally(&tally).unwrap(), ben.tally(&tally).unwrap()] {
            assert!(view.state != TallyState::Closed || view.agreed == view.index, "{view:?}");
            early += usize::from(view.state == TallyState::Sealing);
        }
    }
    assert!(early > 0, "else the test would show nothing");
    assert_eq!(ana.tally(&tally).unwrap().state, TallyState::Closed);
    assert_eq!(ben.tally(&tally).unwrap().state, TallyState::Closed);
    assert_eq!(pay(&mut ana, &tally, 1).unwrap_err().code(), "not_open");
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

#[test]
fn what_is_made_ready_ahead_signs_the_same_chits() {
    let story = |leisure: bool| {
        let (_, mut ben, tally, _) = pair();
        let mut signed = Vec::new();
        for round in 0..4 {
            // Twice in a row, and before a payment that is refused.
            if leisure {
                ben.make_ready(&tally).unwrap();
                ben.make_ready(&tally).unwrap();
            }
            assert!(pay(&mut ben, &tally, 1_000).is_err());
            if leisure && round > 1 {
                ben.make_ready(&tally).unwrap();
            }
            signed.push(pay(&mut ben, &tally, 1).unwrap());
        }
        assert_eq!(ben.audit(&mut |_| true).unwrap().findings, []);
        signed
    };
    assert_eq!(story(true), story(false));
}

#[test]
fn what_is_made_ready_for_one_tally_is_not_used_on_another() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut cyd = wallet("Cyd", &clock);
    let other = introduce(&mut cyd, &mut ben);
    ben.make_ready(&other).unwrap();
    open(&mut cyd, &mut ben, &other);
    for (made_for, paid_on) in [(tally, other), (other, tally), (tally, tally)] {
        ben.make_ready(&made_for).unwrap();
        pay(&mut ben, &paid_on, 1).unwrap();
    }
    assert!(ben.make_ready(&hazel_core::tally::TallyId([9; 16])).is_err());
    meet(&mut ben, &mut ana, &tally);
    meet(&mut ben, &mut cyd, &other);
    assert_equal_halves(&mut ben, &mut ana, &tally);
    assert_equal_halves(&mut ben, &mut cyd, &other);
    assert_eq!(ben.audit(&mut |_| true).unwrap().findings, []);
}

#[test]
fn a_call_and_a_wish_are_signed_and_told() {
    let (mut ana, mut ben, tally, clock) = pair();
    pay(&mut ben, &tally, 30).unwrap();
    meet(&mut ben, &mut ana, &tally);
    while let Some(event) = ben.next_event().unwrap() {
        ben.event_handled(event.no).unwrap();
    }
    let by = hazel_core::wallet::Clock::now(&clock) + 86_400;
    ana.call(&tally, chips(20), by).unwrap();
    let wish = hazel_core::chit::Variables { target: chips(5), bound: chips(9), reward: 10, clutch: -10 };
    ana.set_variables(&tally, wish).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let event = ben.next_event().unwrap().unwrap();
    assert_eq!((event.code.as_str(), event.args[0].as_str()), ("chit_received", "call"));
    assert_eq!(event.args[3..], ["20000".to_owned(), by.to_string()]);
    let history = ben.history(&tally, &all()).unwrap();
    assert_eq!(history[0].settled, Some(Settled::Variables(wish)));
    assert_eq!(history[1].settled, Some(Settled::Call { down_to: chips(20), by }));
    assert_eq!((history[2].settled, history[2].units), (None, chips(-30)));
    assert_eq!((ana.variables(&tally).unwrap(), ben.variables(&tally).unwrap()), (wish, Default::default()));
    let day = history[2].date;
    for (since, until, shown) in
        [(None, Some(day - 1), 0), (Some(day), Some(day), 3), (Some(day + 1), None, 0)]
    {
        let filter = Filter { since, until, ..all() };
        assert_eq!(ben.history(&tally, &filter).unwrap().len(), shown, "{since:?} {until:?}");
    }
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

#[test]
fn every_page_of_a_history_is_a_piece_of_the_whole() {
    let (mut ana, mut ben, tally, _) = pair();
    for amount in 1..6 {
        pay(&mut ben, &tally, amount).unwrap();
    }
    meet(&mut ben, &mut ana, &tally);
    pay(&mut ana, &tally, 2).unwrap();
    // Ben holds the foil: what he links here Ana has not agreed to, and what he signs then has no place yet.
    hand(&mut ana, &mut ben, &tally);
    pay(&mut ben, &tally, 7).unwrap();
    pay(&mut ben, &tally, 8).unwrap();
    for wallet in [&mut ana, &mut ben] {
        let whole = wallet.history(&tally, &all()).unwrap();
        let view = wallet.tally(&tally).unwrap();
        assert_eq!(whole.len() as u64, view.index + view.unordered as u64);
        assert_eq!(whole[0].balance, view.balance);
        let signed = wallet.export(&tally).unwrap().chits;
        let mut hashed: Vec<_> = signed.iter().map(|chit| chit.signed.chit.reference()).collect();
        let mut named: Vec<_> = whole.iter().map(|entry| entry.chit).collect();
        hashed.sort();
        named.sort();
        assert_eq!(named, hashed, "a name is the hash of what was signed, from wherever it was taken");
        for pair in whole.windows(2) {
            assert_eq!(
                pair[0].balance,
                pair[1].balance.plus(pair[0].units).unwrap(),
                "it runs without a gap"
            );
        }
        for skip in 0..=whole.len() + 1 {
            for most in 0..=whole.len() + 1 {
                let expected: Vec<_> = whole.iter().skip(skip).take(most).cloned().collect();
                // With a filter that takes everything, entries are counted one by one; without one, the page is turned to.
                for since in [None, Some(0)] {
                    let filter = Filter { skip, most, since, ..Filter::default() };
                    assert_eq!(wallet.history(&tally, &filter).unwrap(), expected, "{skip} {most} {since:?}");
                }
            }
        }
    }
    let (a, b) = (ana.tally(&tally).unwrap(), ben.tally(&tally).unwrap());
    assert!(b.unordered == 2 && b.index > b.agreed && a.unordered == 1, "the story has all three kinds");
}
