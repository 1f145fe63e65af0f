//! Proof of submission: what a site signs to have, and what it does not sign.

use std::collections::BTreeSet;

use hazel_core::canon::Canon as _;
use hazel_core::message::{Message, Page};
use hazel_network::confirmation::{Confirmation, batch_at, request_of};
use hazel_network::letter::{Body, Letter};
use hazel_network::store::SqliteStore;
use hazel_network::uplink::Talk;

use crate::world::{Who, World, meet, memory, pay, public, site_key, user_of};

fn hosted() -> World<SqliteStore> {
    let mut world = World::new(vec![memory(), memory()]);
    world.host(Who::Ana);
    world.host(Who::Ben);
    let tally = world.tally;
    meet(&mut world.ana, &mut world.ben, &tally);
    for who in [Who::Ana, Who::Ben, Who::Ana] {
        world.uplink(who);
        world.carry();
    }
    world.assert_all_final();
    world.confirmed.clear();
    world
}

/// The letter with which Ben's phone brings what is not final.
fn bringing(world: &mut World<SqliteStore>) -> Letter {
    let tally = world.tally;
    let messages = world.ben.to_site(&tally).unwrap();
    Letter::carrying(tally, World::<SqliteStore>::side_of(Who::Ben), true, messages).remove(0)
}

#[test]
fn a_wallet_gets_a_signed_proof_of_what_it_brought() {
    let mut world = hosted();
    let tally = world.tally;
    world.now = 1_760_000_123_000;
    pay(&mut world.ben, &tally, 5);
    let letter = bringing(&mut world);
    for _ in 0..2 {
        world.post(Who::Ben, Who::Site(1), letter.to_bytes());
        world.carry();
    }
    let proofs = std::mem::take(&mut world.confirmed);
    let [proof, again] = &proofs[..] else { panic!("{proofs:?}") };
    assert_eq!(proof.submission.request, again.submission.request, "the same facts are the same request");
    assert_eq!(proof.submission.batch, batch_at(1_760_000_123));
    assert_eq!(proof.submission.active, [world.sites[1].key()]);
    assert!(proof.proves(&letter, &public("the foil's")));
    // It proves nothing of another letter, nor against another site, nor with any byte changed.
    assert!(!proof.proves(&letter, &public("the stock's")));
    pay(&mut world.ben, &tally, 1);
    assert!(!proof.proves(&bringing(&mut world), &public("the foil's")));
    let bytes = proof.to_bytes();
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        let proves =
            Confirmation::from_bytes(&bent).is_ok_and(|it| it.proves(&letter, &public("the foil's")));
        assert!(!proves, "byte {at}");
    }
    // And signed by somebody else it is nobody's word.
    let foreign = proof.submission.clone().sign(&site_key("a stranger"));
    assert!(!foreign.proves(&letter, &public("the foil's")));
}

#[test]
fn what_was_refused_or_waits_is_not_confirmed() {
    let mut world = hosted();
    let tally = world.tally;
    for amount in 1..=3 {
        pay(&mut world.ben, &tally, amount);
    }
    let whole = bringing(&mut world);
    let Body::Messages { ask, messages } = whole.body.clone() else { panic!() };
    let bend = |change: &dyn Fn(&mut Page)| {
        let bent = messages.iter().cloned().map(|message| match message {
            Message::Chits(mut page) => {
                change(&mut page);
                Message::Chits(page)
            }
            other => other,
        });
        Letter { body: Body::Messages { ask, messages: bent.collect() }, ..whole.clone() }
    };
    let late = bend(&|page| {
        let first = page.clone().unfold().remove(0).chit;
        (page.first, page.before) = (page.first + 1, first.hash());
        page.chits.remove(0);
    });
    let forged = bend(&|page| {
        let mut chits = page.clone().unfold();
        chits[0].signature.0[5] ^= 1;
        *page = Page::of(&chits).unwrap();
    });
    for letter in [late, forged] {
        world.post(Who::Ben, Who::Site(1), letter.to_bytes());
        // Only what this letter leads to at once.
        let parcel = world.flying.pop_front().unwrap();
        world.deliver(parcel);
        world.flying.retain(|it| it.to == Who::Ben);
        world.online = [false, false];
        world.carry();
        world.online = [true, true];
        assert_eq!(world.confirmed, []);
    }
    world.post(Who::Ben, Who::Site(1), whole.to_bytes());
    world.carry();
    assert_eq!(world.confirmed.len(), 1);
}

#[test]
fn a_question_and_a_summary_alone_are_no_request() {
    let mut world = hosted();
    let letter = bringing(&mut world);
    assert_eq!(request_of(&letter), None, "nothing is pending");
    world.uplink(Who::Ben);
    world.carry();
    assert_eq!(world.confirmed, []);
}

#[test]
fn a_wallet_believes_no_confirmation_but_of_its_own_site_for_its_own_letter() {
    let mut world = hosted();
    let tally = world.tally;
    pay(&mut world.ben, &tally, 5);
    let letter = bringing(&mut world);
    world.post(Who::Ben, Who::Site(1), letter.to_bytes());
    world.carry();
    let honest = world.confirmed.remove(0);
    pay(&mut world.ben, &tally, 6);
    let (site, user) = (world.sites[1].key(), user_of(Who::Ben));
    let (mut talk, _) = Talk::begin(&mut world.ben, site, user, &BTreeSet::from([tally])).unwrap();
    let request = *talk.requests().next().unwrap().0;
    let mut wanted = honest.submission.clone();
    wanted.request = request;
    // An older letter's; a stranger's; one of its own site that covers less than was brought.
    for lie in [honest, wanted.clone().sign(&site_key("a stranger")), wanted.sign(&site_key("the foil's"))] {
        let body = Body::Confirmed(Box::new(lie));
        talk.hear(&mut world.ben, &Letter { tally, half: letter.half, body }.to_bytes()).unwrap();
        assert_eq!(talk.heard.confirmed, []);
        assert_eq!(talk.requests().count(), 1);
    }
}
