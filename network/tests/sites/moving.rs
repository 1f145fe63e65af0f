//! Moving to another site, and phones that were restored or have come home while a site speaks for them.

use hazel_core::store::Store;
use hazel_core::wallet::Wallet;

use crate::world::{Seeded, Who, World, chips_of, clock, guard, meet, memory, pay, user_of, words};

/// Two hosted people who have traded.
fn settled(sites: usize) -> World<hazel_network::store::SqliteStore> {
    let mut world = World::new((0..sites).map(|_| memory()).collect());
    world.host(Who::Ana);
    world.host(Who::Ben);
    let tally = world.tally;
    meet(&mut world.ana, &mut world.ben, &tally);
    pay(&mut world.ben, &tally, 5);
    home(&mut world);
    world.assert_all_final();
    world
}

fn home(world: &mut World<hazel_network::store::SqliteStore>) {
    for _ in 0..6 {
        world.uplink(Who::Ana);
        world.uplink(Who::Ben);
        world.tick();
        world.carry();
    }
}

fn move_to(world: &mut World<hazel_network::store::SqliteStore>, who: Who, site: usize) {
    world.home[usize::from(who == Who::Ben)] = site;
    world.sites[site].link_user(user_of(who), "somebody", 2).unwrap();
    world.host(who);
    world.carry();
}

#[test]
fn a_phone_that_has_handed_over_its_say_says_nothing_more() {
    let world = settled(2);
    let (mut ana, mut ben, tally) = (world.ana, world.ben, world.tally);
    let before = ben.tally(&tally).unwrap();
    pay(&mut ben, &tally, 1);
    meet(&mut ana, &mut ben, &tally);
    let after = ben.tally(&tally).unwrap();
    assert_eq!((before.index, before.head), (after.index, after.head), "only the site orders");
    assert_eq!(ana.balance(&tally).unwrap(), chips_of(6), "and the chit counts as pending on both phones");
}

#[test]
fn the_foil_moves_to_another_site_and_the_old_one_is_dead() {
    let mut world = settled(3);
    move_to(&mut world, Who::Ben, 2);
    let tally = world.tally;
    meet(&mut world.ana, &mut world.ben, &tally);
    pay(&mut world.ben, &tally, 2);
    home(&mut world);
    world.assert_all_final();
    let speakers = world.ben.speakers().unwrap().remove(0);
    assert_eq!((speakers.nodes.as_slice(), speakers.epoch), (&[world.sites[2].key()][..], 2));
}

#[test]
fn the_stock_moves_to_another_site() {
    let mut world = settled(3);
    move_to(&mut world, Who::Ana, 2);
    let tally = world.tally;
    meet(&mut world.ana, &mut world.ben, &tally);
    pay(&mut world.ana, &tally, 2);
    home(&mut world);
    world.assert_all_final();
}

#[test]
fn what_the_old_site_and_the_partner_agreed_unseen_by_the_phone_stands() {
    let mut world = settled(3);
    let tally = world.tally;
    // Ana's chit is ordered by Ben's old site and confirmed by hers; Ben's phone never hears of it.
    world.online = [true, false];
    pay(&mut world.ana, &tally, 3);
    world.uplink(Who::Ana);
    world.carry();
    let agreed = world.ana.tally(&tally).unwrap();
    assert_eq!(agreed.final_index, agreed.index);
    // Now Ben moves, knowing nothing of that, and his new site orders from what he knows.
    world.online = [true, true];
    move_to(&mut world, Who::Ben, 2);
    pay(&mut world.ben, &tally, 2);
    world.uplink(Who::Ben);
    world.carry();
    meet(&mut world.ana, &mut world.ben, &tally);
    home(&mut world);
    world.assert_all_final();
    let place = world.ana.tally(&tally).unwrap();
    assert!(place.index > agreed.index);
}

#[test]
fn home_again_the_phone_speaks_for_itself() {
    let mut world = settled(2);
    let tally = world.tally;
    world.ben.host_here(&tally).unwrap().unwrap();
    world.ana.host_here(&tally).unwrap().unwrap();
    pay(&mut world.ben, &tally, 2);
    meet(&mut world.ana, &mut world.ben, &tally);
    let (a, b) = (world.ana.tally(&tally).unwrap(), world.ben.tally(&tally).unwrap());
    assert_eq!((a.head, a.final_index), (b.head, b.final_index));
    assert_eq!(a.final_index, a.index, "two phones are the whole network again");
}

#[test]
fn an_old_epoch_is_refused() {
    let mut world = settled(3);
    let tally = world.tally;
    move_to(&mut world, Who::Ben, 2);
    meet(&mut world.ana, &mut world.ben, &tally);
    home(&mut world);
    world.assert_all_final();
    // The old site of the foil, which still has everything, endorses its head once more and says so.
    let head = world.ana.tally(&tally).unwrap();
    let old = hazel_core::order::Head { tally, view: 4_000_000, index: head.index, hash: head.head };
    let word = old.endorse(&crate::world::site_key("the foil's"));
    let letter = hazel_network::letter::Letter::carrying(
        tally,
        hazel_core::tally::Side::Stock,
        false,
        vec![hazel_core::message::Message::Endorsement(word)],
    )
    .remove(0);
    let key = world.sites[1].key();
    let from = hazel_network::letter::Correspondent::Site(key);
    let bytes = hazel_core::canon::Canon::to_bytes(&letter);
    let outputs =
        world.sites[0].batch(vec![hazel_network::node::Input::Letter { from, bytes: bytes.clone() }], 9);
    assert!(
        !outputs.iter().any(|output| matches!(output, hazel_network::node::Output::Letter { .. })),
        "whoever is not named any more is a stranger: {outputs:?}"
    );
    // Brought by the user herself, it is read and refused by name.
    world.refused.clear();
    world.post(Who::Ana, Who::Site(0), bytes);
    world.carry();
    assert_eq!(world.refused, ["not_a_node"]);
}

#[test]
fn a_restored_phone_learns_everything_from_its_site_and_signs_in_a_new_epoch() {
    for lost in [Who::Ana, Who::Ben] {
        let mut world = settled(2);
        let tally = world.tally;
        let name = format!("{lost:?}");
        let backup = world.phone(lost).backup(&words(&name)).unwrap();
        pay(&mut world.ben, &tally, 7);
        pay(&mut world.ana, &tally, 4);
        home(&mut world);
        world.assert_all_final();
        let entropy = Box::new(Seeded::new("a new phone"));
        let store = Store::in_memory().unwrap();
        let new =
            Wallet::restore(store, &guard(), &words(&name), &backup, Box::new(clock()), entropy).unwrap();
        *world.phone(lost) = new;
        assert!(world.phone(lost).tally(&tally).unwrap().reconciling);
        world.uplink(lost);
        world.carry();
        assert!(!world.phone(lost).tally(&tally).unwrap().reconciling, "{lost:?}");
        pay(world.phone(lost), &tally, 1);
        home(&mut world);
        world.assert_all_final();
        assert_eq!(world.refused, Vec::<String>::new());
    }
}
