//! The order of a half, and a partner's site that lies about it or keeps it back.

use hazel_core::canon::Canon as _;
use hazel_core::chit::{SignedChit, Variables};
use hazel_core::digest::Digest;
use hazel_core::message::{Have, Message, Page};
use hazel_core::order::Head;
use hazel_core::tally::Side;
use hazel_core::units::Units;
use hazel_core::wallet::Payment;
use hazel_network::letter::{Body, Correspondent, Letter};
use hazel_network::node::{Event, Output};
use hazel_network::store::SiteStore as _;

use super::{HalfOf as _, codes, contract, give, head, hosted};
use crate::world::{Who, chips_of, pay, site_key};

#[test]
fn ten_follows_nine() {
    let mut world = hosted();
    let tally = world.tally;
    for _ in 0..12 {
        pay(&mut world.ben, &tally, 1);
        world.uplink(Who::Ben);
        world.carry();
    }
    world.assert_all_final();
    let seqs = |chits: &[SignedChit]| -> Vec<u64> {
        chits.iter().filter(|c| c.chit.chain.side == Side::Foil).map(|c| c.chit.seq).collect()
    };
    let held = world.sites[0].store().chits_of(&tally, Side::Stock);
    assert_eq!(seqs(&held), (1..=14).collect::<Vec<_>>());
    // And from nothing: a site that asks for everything gets it in that order.
    let nothing = Have {
        chains: Vec::new(),
        view: 0,
        index: 0,
        hash: contract(&mut world).tally.digest(),
        agreed: 0,
        ..world.ana.have(&tally).unwrap()
    };
    let from = Correspondent::Site(world.sites[1].key());
    let outputs = give(&mut world, 0, from, vec![Message::Have(nothing)]);
    let Some(Output::Letter { bytes, .. }) = outputs.first() else { panic!("an answer: {outputs:?}") };
    let Body::Messages { messages, .. } = Letter::from_bytes(bytes).unwrap().body else { panic!("messages") };
    let told: Vec<SignedChit> = messages
        .into_iter()
        .filter_map(|message| if let Message::Chits(page) = message { Some(page.unfold()) } else { None })
        .flatten()
        .collect();
    assert_eq!(seqs(&told), (1..=14).collect::<Vec<_>>());
}

#[test]
fn two_sites_with_different_clocks_keep_one_order() {
    let mut world = hosted();
    let tally = world.tally;
    pay(&mut world.ana, &tally, 1);
    pay(&mut world.ben, &tally, 1);
    world.now = 1;
    world.uplink(Who::Ana);
    world.now = 9_000_000_000;
    world.uplink(Who::Ben);
    world.carry();
    world.assert_all_final();
}

#[test]
fn a_setting_changes_its_own_half_only() {
    let mut world = hosted();
    let tally = world.tally;
    let mine = Variables { target: chips_of(3), bound: chips_of(9), reward: 5, clutch: 7 };
    world.ana.set_variables(&tally, mine).unwrap();
    world.uplink(Who::Ana);
    world.carry();
    world.assert_all_final();
    for (site, side) in [(0, Side::Stock), (1, Side::Foil)] {
        world.sites[site]
            .store()
            .read(0, &mut |desk| {
                let half = desk.half(&tally, side)?.unwrap();
                let book = desk.standing(half.no)?.book;
                assert_eq!(book.variables.stock, mine);
                assert_eq!(book.variables.foil, Variables::default());
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn a_partner_site_that_withholds_makes_nothing_final_and_loses_nothing() {
    let mut world = hosted();
    let tally = world.tally;
    pay(&mut world.ana, &tally, 2);
    world.uplink(Who::Ana);
    // Whatever is for the foil's site is dropped.
    for _ in 0..50 {
        let Some(parcel) = world.flying.pop_front() else { break };
        if parcel.to != Who::Site(1) {
            world.deliver(parcel);
        }
    }
    assert!(world.ana.speakers().unwrap()[0].pending, "one party's site alone makes nothing final");
    let status = world.sites[0].status().unwrap();
    assert_eq!(status.restless, 1, "and the operator sees that something waits");
    world.tick();
    world.carry();
    world.assert_all_final();
}

#[test]
fn a_partner_site_that_signs_two_orders_is_proven_a_liar() {
    let mut world = hosted();
    let tally = world.tally;
    let lie = Head { hash: Digest::of(b"another order"), ..head(&mut world) };
    let word = lie.endorse(&site_key("the foil's"));
    let from = Correspondent::Site(world.sites[1].key());
    let outputs = give(&mut world, 0, from, vec![Message::Endorsement(word)]);
    assert_eq!(codes(&outputs), ["order_rewritten"]);
    assert!(outputs.contains(&Output::Event(Event::Forked(tally, Side::Stock))));
    world.sites[0]
        .store()
        .read(0, &mut |desk| {
            let half = desk.half(&tally, Side::Stock)?.unwrap();
            let proofs = desk.proofs(half.no)?;
            assert_eq!(proofs.len(), 1);
            proofs[0].check().unwrap();
            Ok(())
        })
        .unwrap();
    pay(&mut world.ben, &tally, 1);
    world.uplink(Who::Ben);
    world.carry();
    world.assert_all_final();
}

#[test]
fn what_waits_for_missing_chits_is_bounded() {
    let mut world = hosted();
    let tally = world.tally;
    let memo = "x".repeat(200);
    for _ in 0..400 {
        let payment = Payment { units: Units::new(1), memo: memo.clone(), ..Payment::default() };
        world.ben.pay(&tally, &payment).unwrap();
    }
    let mut chits = Vec::new();
    for message in world.ben.to_site(&tally).unwrap() {
        if let Message::Chits(page) = message {
            chits.extend(page.unfold());
        }
    }
    // Everything but the first, again and again in other cuts: all of it waits for that first one.
    let from = Correspondent::Site(world.sites[1].key());
    let mut refused = 0;
    for cut in 1..30 {
        let page = Page::of(&chits[cut..]).unwrap();
        refused += codes(&give(&mut world, 0, from, vec![Message::Chits(page)])).len();
    }
    assert!(refused > 10, "{refused} pages were sent away");
    // The first one comes, and everything is there at once.
    world.uplink(Who::Ben);
    world.carry();
    world.assert_all_final();
}
