//! Stories of receipts: what one is for, and when it is said again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::message::Message;
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Audience, Change, Custody, Filter, Wallet, Went};
use story::*;

fn receipts(wallet: &mut Wallet, tally: &TallyId) -> Vec<Message> {
    let mut said = wallet.outbox(tally, Audience::Partner).unwrap();
    said.retain(|message| matches!(message, Message::Receipt(_)));
    said
}

/// A receipt is said once, and again to whoever repeats what it is for: it has not heard it.
#[test]
fn a_receipt_is_said_again_when_it_was_missed() {
    let (mut ana, mut ben, tally, _) = pair();
    let chit = pay(&mut ben, &tally, 3).unwrap();
    let first = ben.hand_over(&tally).unwrap().unwrap();
    ana.receive(&first).unwrap();
    assert_eq!(receipts(&mut ana, &tally).len(), 1);
    let _lost = ana.hand_over(&tally).unwrap();
    assert_eq!(receipts(&mut ana, &tally), []);
    ana.receive(&first).unwrap();
    let said = receipts(&mut ana, &tally);
    assert_eq!(said.len(), 1);
    for changes in [vec![Change::Held { seq: 1 }], vec![]] {
        assert_eq!(ben.receive_messages(&tally, said.clone()).unwrap().changes, changes);
        assert_eq!(ben.went(&tally, &chit).unwrap(), Went::Received(chit));
    }
}

/// Ana hears of a second payment first from a copy of Ben's phone. Her receipt for that is none for what Ben himself has signed in its place.
#[test]
fn a_receipt_is_for_the_chit_that_it_names() {
    let (mut ana, mut ben, tally, clock) = pair();
    let (_folder, mut copy) = copied(&ben, &clock);
    let (own, of_copy) = (pay(&mut ben, &tally, 1).unwrap(), pay(&mut copy, &tally, 2).unwrap());
    ana.receive(&copy.hand_over(&tally).unwrap().unwrap()).unwrap();
    let said = receipts(&mut ana, &tally);
    assert_eq!(ben.receive_messages(&tally, said.clone()).unwrap().changes, []);
    assert_eq!(ben.went(&tally, &own).unwrap(), Went::Signed(own));
    assert_eq!(copy.receive_messages(&tally, said).unwrap().changes, [Change::Held { seq: 1 }]);
    assert_eq!(copy.went(&tally, &of_copy).unwrap(), Went::Received(of_copy));
}

/// What another phone of Ana's has paid reaches the first one from Ben. She says that she has it, and receipts nothing of her own.
#[test]
fn what_a_phone_of_ones_own_has_signed_needs_no_receipt() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = another_phone(&mut ana, &clock, "tablet");
    ana.hand_allowance(&tally, 2, chips(20)).unwrap();
    meet(&mut ana, &mut ben, &tally);
    talk(&mut tablet, &mut ben, &tally);
    pay(&mut tablet, &tally, 5).unwrap();
    let mut chits = tablet.outbox(&tally, Audience::Partner).unwrap();
    chits.retain(|message| matches!(message, Message::Chits(_)));
    ana.receive_messages(&tally, chits).unwrap();
    assert_eq!(ana.balance(&tally).unwrap(), chips(-5));
    let shown = ana.history(&tally, &Filter { most: 1, ..Filter::default() }).unwrap().remove(0);
    assert_eq!(shown.facets.custody, Custody::Local, "that Ben has it only his receipt says");
    assert_eq!(receipts(&mut ana, &tally), []);
    let said = ana.outbox(&tally, Audience::Partner).unwrap();
    assert!(said.iter().any(|message| matches!(message, Message::Have(_))), "{said:?}");
}
