//! Stories of two who do not know each other yet: tickets, offers, refusals.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::digest::Digest;
use hazel_core::message::Message;
use hazel_core::negotiation::{By, TallyState};
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Audience, Wallet};
use story::*;

fn refused(wallet: &mut Wallet, tally: &TallyId, version: Digest) -> TallyState {
    let refusal = Message::Refuse { tally: *tally, version };
    assert_eq!(wallet.receive_messages(tally, vec![refusal]).unwrap().rejected, []);
    wallet.tally(tally).unwrap().state
}

#[test]
fn whoever_showed_a_ticket_does_not_ask_back_for_what_was_asked() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    assert!(matches!(ben.outbox(&tally, Audience::Partner).unwrap()[..], [Message::Request(_)]));
    hand(&mut ben, &mut ana, &tally);
    assert_eq!(ana.tally(&tally).unwrap().state, TallyState::CertsKnown);
    assert_eq!(ana.outbox(&tally, Audience::Partner).unwrap(), []);
}

/// No version at all is what a ticket's answer is refused by; a version is refused by its name.
#[test]
fn a_refusal_counts_for_what_it_names() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    let none = Digest::default();
    assert_eq!(refused(&mut ben, &tally, Digest::of(b"another")), TallyState::CertsKnown);
    hand(&mut ben, &mut ana, &tally);
    ana.offer(&tally, None, None).unwrap();
    assert_eq!(refused(&mut ana, &tally, none), TallyState::Offered(By::Me));
    let Some(Message::Offer(offer)) = ana.outbox(&tally, Audience::Partner).unwrap().pop() else {
        panic!("an offer is under way");
    };
    assert_eq!(refused(&mut ana, &tally, offer.tally.digest()), TallyState::Refused);
    assert_eq!(refused(&mut ben, &tally, none), TallyState::Refused);
}
