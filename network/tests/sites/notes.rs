//! Receipts, invoices and answers between two people whose phones never meet.

use hazel_core::canon::Canon as _;
use hazel_core::invoice::{InvoiceId, InvoiceState};
use hazel_core::key::SecretKey;
use hazel_core::message::Message;
use hazel_core::receipt::Receipt;
use hazel_core::tally::Side;
use hazel_core::wallet::{Ask, Wallet};
use hazel_network::letter::Letter;
use hazel_network::store::{SiteStore, SqliteStore};

use crate::world::{Air, Seeded, Who, World, chips_of, meet, memory, pay};

/// Two hosted people. Their phones met once, so that each knows the other's site; they do not meet again.
fn apart(sites: usize) -> World<SqliteStore> {
    let mut world = World::new((0..sites).map(|_| memory()).collect());
    world.host(Who::Ana);
    world.host(Who::Ben);
    let tally = world.tally;
    meet(&mut world.ana, &mut world.ben, &tally);
    both_home(&mut world);
    world.assert_all_final();
    world
}

fn both_home<S: SiteStore>(world: &mut World<S>) {
    for who in [Who::Ana, Who::Ben, Who::Ana] {
        world.uplink(who);
        world.carry();
    }
}

/// Up to which of a phone's own entries its partner's device is known to hold them.
fn held(world: &mut World<SqliteStore>, who: Who) -> u64 {
    let (tally, side) = (world.tally, World::<SqliteStore>::side_of(who));
    let notes = world.phone(who).notes(&tally).unwrap();
    notes.held.iter().filter(|(chain, _)| chain.side == side).map(|(_, seq)| *seq).max().unwrap_or(0)
}

fn ask(wallet: &mut Wallet, world_tally: &hazel_core::tally::TallyId, chips: i64) -> InvoiceId {
    let what = Ask { units: chips_of(chips), memo: "eggs".into(), valid_for: 3600, ..Ask::default() };
    wallet.ask(world_tally, &what).unwrap().invoice.id()
}

fn state(world: &mut World<SqliteStore>, who: Who, invoice: &InvoiceId) -> Option<InvoiceState> {
    world.phone(who).invoice(invoice).ok().map(|it| it.state)
}

#[test]
fn a_payer_learns_that_a_payee_who_is_never_met_has_received() {
    for sites in [1, 2] {
        let mut world = apart(sites);
        let tally = world.tally;
        let before = held(&mut world, Who::Ben);
        world.online = [false, true];
        pay(&mut world.ben, &tally, 5);
        world.uplink(Who::Ben);
        world.carry();
        assert_eq!(held(&mut world, Who::Ben), before, "her phone is off");
        world.online = [true, true];
        world.uplink(Who::Ana);
        world.carry();
        assert_eq!(held(&mut world, Who::Ben), before + 1, "told at once while his phone is there");
        assert_eq!(world.refused, Vec::<String>::new());
        world.assert_all_final();
    }
}

#[test]
fn a_receipt_waits_at_the_site_for_a_phone_that_is_away() {
    let mut world = apart(2);
    let tally = world.tally;
    pay(&mut world.ben, &tally, 5);
    let before = held(&mut world, Who::Ben);
    world.uplink(Who::Ben);
    world.online = [true, false];
    world.carry();
    assert_eq!(held(&mut world, Who::Ben), before);
    world.online = [true, true];
    world.uplink(Who::Ben);
    world.carry();
    assert_eq!(held(&mut world, Who::Ben), before + 1);
}

#[test]
fn an_invoice_travels_home_and_so_do_its_payment_its_refusal_and_its_withdrawal() {
    let mut world = apart(2);
    let tally = world.tally;
    let bills = [1, 2, 3].map(|chips| ask(&mut world.ana, &tally, chips));
    world.uplink(Who::Ana);
    world.carry();
    for bill in &bills {
        assert_eq!(state(&mut world, Who::Ben, bill), Some(InvoiceState::Issued));
    }
    assert_eq!(world.ben.invoice(&bills[0]).unwrap().memo, "eggs", "sealed for the two, and read by them");
    let payment =
        hazel_core::wallet::Payment { units: chips_of(1), invoice: Some(bills[0]), ..Default::default() };
    world.ben.pay(&tally, &payment).unwrap();
    world.ben.decline(&bills[1]).unwrap();
    world.ana.withdraw(&bills[2]).unwrap();
    both_home(&mut world);
    world.uplink(Who::Ben);
    world.carry();
    let ends = [InvoiceState::Paid, InvoiceState::Declined, InvoiceState::Withdrawn];
    for (bill, end) in bills.iter().zip(ends) {
        assert_eq!(state(&mut world, Who::Ana, bill), Some(end));
        assert_eq!(state(&mut world, Who::Ben, bill), Some(end));
    }
    world.assert_all_final();
    // And then there is nothing more to tell.
    let before = world.carried;
    world.uplink(Who::Ana);
    world.carry();
    assert!(world.carried - before <= 4, "{} letters of two who know everything", world.carried - before);
    assert_eq!(world.sites[0].status().unwrap().untold, 0, "each site knows that the other one has it");
}

/// The payer's no and the payee's "never mind" were signed at once. Each site hears one of them first.
#[test]
fn an_invoice_that_was_declined_and_withdrawn_at_once_shows_the_same_on_both() {
    for sites in [1, 2] {
        for first in [Who::Ana, Who::Ben] {
            let mut world = apart(sites);
            let tally = world.tally;
            let bill = ask(&mut world.ana, &tally, 3);
            both_home(&mut world);
            world.ben.decline(&bill).unwrap();
            world.ana.withdraw(&bill).unwrap();
            world.uplink(first);
            world.carry();
            both_home(&mut world);
            world.uplink(Who::Ben);
            world.carry();
            for who in [Who::Ana, Who::Ben] {
                assert_eq!(state(&mut world, who, &bill), Some(InvoiceState::Declined), "{sites} {who:?}");
            }
            assert_eq!(world.refused, Vec::<String>::new());
            assert!(world.sites.iter_mut().all(|site| site.status().unwrap().untold == 0), "{sites} sites");
        }
    }
}

#[test]
fn notes_wait_for_a_partner_site_that_was_away() {
    let mut world = apart(2);
    let tally = world.tally;
    let bill = ask(&mut world.ana, &tally, 4);
    world.uplink(Who::Ana);
    // What is said between the sites is lost.
    while let Some(parcel) = world.flying.pop_front() {
        if !matches!((parcel.from, parcel.to), (Who::Site(_), Who::Site(_))) {
            world.deliver(parcel);
        }
    }
    world.uplink(Who::Ben);
    world.carry();
    assert_eq!(state(&mut world, Who::Ben, &bill), None);
    let status = world.sites[0].status().unwrap();
    assert_eq!((status.restless, status.untold), (0, 1), "it knows that it has not been heard");
    world.tick();
    world.carry();
    assert_eq!(state(&mut world, Who::Ben, &bill), Some(InvoiceState::Issued));
    assert_eq!(world.sites[0].status().unwrap().untold, 0);
}

#[test]
fn a_site_keeps_no_note_that_is_not_signed_by_a_device_of_the_party() {
    let mut world = apart(2);
    let tally = world.tally;
    let head = world.ben.have(&tally).unwrap();
    let (chain, seq, hash) = *head.chains.iter().find(|(chain, ..)| chain.side == Side::Foil).unwrap();
    let (by, ..) = *head.chains.iter().find(|(chain, ..)| chain.side == Side::Stock).unwrap();
    let strange = SecretKey::from_seed(&[3; 32]);
    let receipt = Receipt { tally, by, chain, seq, hash };
    let own_goal = Receipt { by: chain, ..receipt };
    let mut bill =
        world.ana.ask(&tally, &Ask { units: chips_of(9), valid_for: 60, ..Ask::default() }).unwrap();
    bill.invoice.units = chips_of(1);
    let lies = [
        (Message::Receipt(receipt.sign(&strange)), "bad_signature"),
        (Message::Receipt(own_goal.sign(&strange)), "wrong_side"),
        (Message::Invoice(bill), "bad_signature"),
    ];
    for (lie, code) in lies {
        world.refused.clear();
        for letter in Letter::carrying(tally, Side::Stock, false, vec![lie]) {
            world.post(Who::Ana, Who::Site(0), letter.to_bytes());
        }
        world.carry();
        assert_eq!(world.refused, [code]);
    }
}

#[test]
fn invoices_are_bounded_for_each_asker_and_the_ledger_goes_on() {
    let mut world = apart(2);
    let tally = world.tally;
    for chips in 1..=140 {
        ask(&mut world.ana, &tally, chips);
    }
    world.uplink(Who::Ana);
    world.carry();
    assert!(world.refused.iter().all(|code| code == "too_much_parked"), "{:?}", world.refused);
    assert_eq!(world.ben.invoices(&tally).unwrap().len(), 128);
    world.refused.clear();
    let other = ask(&mut world.ben, &tally, 1);
    pay(&mut world.ben, &tally, 5);
    world.uplink(Who::Ben);
    world.carry();
    assert_eq!(state(&mut world, Who::Ana, &other), Some(InvoiceState::Issued), "another asker has room");
    world.assert_all_final();
}

#[test]
fn lost_doubled_and_mixed_notes_end_alike() {
    for seed in 0..12 {
        let mut world = apart(if seed % 3 == 2 { 1 } else { 2 });
        let tally = world.tally;
        world.air = Air::rough(seed);
        let mut chance = Seeded::new(&format!("notes {seed}"));
        let mut bills = Vec::new();
        for _ in 0..12 {
            match chance.below(5) {
                0 => pay(&mut world.ana, &tally, 1),
                1 => pay(&mut world.ben, &tally, 1),
                2 => bills.push(ask(&mut world.ana, &tally, 1)),
                3 => bills.push(ask(&mut world.ben, &tally, 1)),
                // Only one of them has a say about a bill; the other's try is refused.
                _ if chance.below(2) == 0 => drop(bills.last().map(|bill| world.ana.decline(bill))),
                _ => drop(bills.last().map(|bill| world.ana.withdraw(bill))),
            }
            world.uplink(if chance.below(2) == 0 { Who::Ana } else { Who::Ben });
            world.carry();
        }
        for _ in 0..40 {
            both_home(&mut world);
            world.tick();
            world.carry();
        }
        world.assert_all_final();
        for bill in &bills {
            let states = [Who::Ana, Who::Ben].map(|who| state(&mut world, who, bill));
            assert!(states[0].is_some() && states[0] == states[1], "seed {seed}: {states:?}");
        }
        assert_eq!(world.refused, Vec::<String>::new(), "seed {seed}");
    }
}
