//! Stories of what has no place in the order yet: how it is taken until it has one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::book::Flag;
use hazel_core::chit::ChitRef;
use hazel_core::invoice::InvoiceId;
use hazel_core::message::{Message, Page};
use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_core::wallet::{Ask, Filter, Payment, Wallet};
use story::*;

fn insist(wallet: &mut Wallet, tally: &TallyId, amount: i64) -> ChitRef {
    wallet.pay(tally, &Payment { units: chips(amount), insist: true, ..Payment::default() }).unwrap()
}

fn flag_of(wallet: &mut Wallet, tally: &TallyId, chit: &ChitRef) -> Flag {
    let all = Filter { most: 100, ..Filter::default() };
    let held = wallet.history(tally, &all).unwrap().into_iter().find(|view| view.chit == *chit);
    held.unwrap().flag
}

/// Ana insists on more than Ben lets her owe. An earlier payment of Ben's gets the first place, and behind it hers is within the limit.
#[test]
fn a_payment_is_taken_anew_when_another_gets_a_place_before_it() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 20).unwrap();
    let chit = insist(&mut ana, &tally, 60);
    assert_eq!(flag_of(&mut ana, &tally, &chit), Flag::OverLimit);
    hand(&mut ben, &mut ana, &tally);
    assert_eq!(flag_of(&mut ana, &tally, &chit), Flag::Clear);
    assert_eq!(ana.balance(&tally).unwrap(), chips(-40));
    assert_eq!(ana.audit(&mut |_| true).unwrap().findings, []);
    meet(&mut ana, &mut ben, &tally);
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

/// Ana has accepted a payment that has a place; her acceptance has none yet, and Ben orders other payments before it, twice.
#[test]
fn an_acceptance_without_a_place_counts_however_often_the_order_goes_on() {
    let (mut ana, mut ben, tally, _) = pair();
    let chit = insist(&mut ben, &tally, 120);
    meet(&mut ben, &mut ana, &tally);
    ana.accept_pledge(&tally, &chit).unwrap();
    for more in 1..=2 {
        pay(&mut ben, &tally, 1).unwrap();
        hand(&mut ben, &mut ana, &tally);
        assert_eq!(ana.balance(&tally).unwrap(), chips(120 + more));
        assert_eq!(ana.tally(&tally).unwrap().outside_theirs, Units::ZERO);
        assert_eq!(flag_of(&mut ana, &tally, &chit), Flag::Accepted);
        assert_eq!(ana.audit(&mut |_| true).unwrap().findings, []);
    }
    meet(&mut ana, &mut ben, &tally);
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

/// Ana and Ben have two phones each, and Ben has asked for twelve: what he says to whichever phone of Ana's he meets.
struct Asked {
    ana: Wallet,
    desk: Wallet,
    ben: Wallet,
    tablet: Wallet,
    tally: TallyId,
    invoice: Option<InvoiceId>,
    asked: Vec<u8>,
}

fn asked() -> Asked {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut desk = another_phone(&mut ana, &clock, "desk");
    let tablet = another_phone(&mut ben, &clock, "tablet");
    ana.hand_allowance(&tally, 2, chips(20)).unwrap();
    meet(&mut ana, &mut ben, &tally);
    talk(&mut desk, &mut ben, &tally);
    let ask = Ask { units: chips(12), valid_for: 3600, ..Ask::default() };
    let invoice = Some(ben.ask(&tally, &ask).unwrap().invoice.id());
    let asked = ben.hand_over(&tally).unwrap().unwrap();
    Asked { ana, desk, ben, tablet, tally, invoice, asked }
}

/// Two phones of Ana's pay one of Ben's invoices, neither knowing of the other's. What comes in first answers it where nothing is ordered
/// yet, and what Ben's first phone puts into the order first answers it in the end.
#[test]
fn of_two_payments_of_one_invoice_the_first_in_the_order_counts() {
    let Asked { mut ana, mut desk, mut ben, mut tablet, tally, invoice, asked } = asked();
    talk(&mut tablet, &mut ana, &tally);
    let paid_by = |wallet: &mut Wallet| {
        wallet.receive(&asked).unwrap();
        let chit = wallet.pay(&tally, &Payment { units: chips(12), invoice, ..Payment::default() }).unwrap();
        (chit, wallet.hand_over(&tally).unwrap().unwrap())
    };
    let (of_ana, of_desk) = (paid_by(&mut ana), paid_by(&mut desk));
    let taken = |wallet: &mut Wallet| [&of_ana.0, &of_desk.0].map(|chit| flag_of(wallet, &tally, chit));
    for (_, said) in [&of_ana, &of_desk] {
        tablet.receive(said).unwrap();
    }
    assert_eq!(taken(&mut tablet), [Flag::Clear, Flag::DuplicateInvoice]);
    for (_, said) in [&of_desk, &of_ana] {
        ben.receive(said).unwrap();
    }
    assert_eq!(taken(&mut ben), [Flag::DuplicateInvoice, Flag::Clear]);
    hand(&mut ben, &mut ana, &tally);
    assert_eq!(taken(&mut ana), [Flag::DuplicateInvoice, Flag::Clear]);
    talk(&mut tablet, &mut ana, &tally);
    assert_eq!(taken(&mut tablet), [Flag::DuplicateInvoice, Flag::Clear]);
    meet(&mut ana, &mut ben, &tally);
    for phone in [&mut ben, &mut tablet] {
        assert_eq!(phone.balance(&tally).unwrap(), chips(12));
        assert_eq!(phone.tally(&tally).unwrap().outside_theirs, chips(12));
        assert_eq!(phone.audit(&mut |_| true).unwrap().findings, []);
        assert_equal_halves(phone, &mut ana, &tally);
    }
}

/// Ana's payment has its place; what her other phone pays for the same invoice has none yet.
#[test]
fn a_payment_without_a_place_comes_after_one_that_has_one() {
    let Asked { mut ana, mut desk, mut ben, mut tablet, tally, invoice, asked } = asked();
    let pays = |wallet: &mut Wallet| {
        wallet.receive(&asked).unwrap();
        wallet.pay(&tally, &Payment { units: chips(12), invoice, ..Payment::default() }).unwrap()
    };
    let (first, second) = (pays(&mut ana), pays(&mut desk));
    meet(&mut ana, &mut ben, &tally);
    talk(&mut tablet, &mut ana, &tally);
    tablet.receive(&desk.hand_over(&tally).unwrap().unwrap()).unwrap();
    let taken = [&first, &second].map(|chit| flag_of(&mut tablet, &tally, chit));
    assert_eq!(taken, [Flag::Clear, Flag::DuplicateInvoice]);
}

/// Ana's tablet has granted Ben more, and her phone has not heard of it: what it accepts was within the terms all along, and stays so.
#[test]
fn an_acceptance_of_what_was_within_the_terms_changes_nothing() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = another_phone(&mut ana, &clock, "tablet");
    meet(&mut ana, &mut ben, &tally);
    tablet.grant(&tally, terms(200)).unwrap();
    talk(&mut tablet, &mut ben, &tally);
    let chit = pay(&mut ben, &tally, 150).unwrap();
    let signed: Vec<_> = ben.export(&tally).unwrap().chits.into_iter().map(|row| row.signed).collect();
    let own = signed.into_iter().filter(|signed| signed.chit.reference() == chit).collect::<Vec<_>>();
    let page = Page::of(&own).map(Message::Chits);
    assert_eq!(ana.receive_messages(&tally, page.into_iter().collect()).unwrap().rejected, []);
    assert_eq!(flag_of(&mut ana, &tally, &chit), Flag::OverLimit);
    ana.accept_pledge(&tally, &chit).unwrap();
    assert_eq!(flag_of(&mut ana, &tally, &chit), Flag::Accepted);
    meet(&mut ana, &mut ben, &tally);
    for wallet in [&mut ana, &mut ben] {
        assert_eq!(flag_of(wallet, &tally, &chit), Flag::Clear);
        assert_eq!(wallet.audit(&mut |_| true).unwrap().findings, []);
    }
    assert_equal_halves(&mut ana, &mut ben, &tally);
}
