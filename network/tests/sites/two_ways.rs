//! Either partner's phone brings what both have signed to either site; and wallets that were rebuilt, restored, moved or revoked meanwhile.

use hazel_core::canon::Canon as _;
use hazel_core::digest::Digest;
use hazel_core::store::Store;
use hazel_core::tally::Side;
use hazel_core::wallet::{EnrolmentRequest, Wallet};
use hazel_network::letter::{Body, Correspondent, Letter};
use hazel_network::node::{Input, Output};
use hazel_network::store::SqliteStore;

use crate::world::{Seeded, Who, World, chips_of, clock, guard, meet, memory, pay, user_of, words};

type Story = World<SqliteStore>;

/// Two hosted people who know each other's sites. Both phones are users of both sites, as friends may be.
fn friends() -> Story {
    let mut world = World::new(vec![memory(), memory(), memory()]);
    world.host(Who::Ana);
    world.host(Who::Ben);
    let tally = world.tally;
    meet(&mut world.ana, &mut world.ben, &tally);
    home(&mut world);
    world.assert_all_final();
    for (who, site) in [(Who::Ana, 1), (Who::Ben, 0)] {
        world.sites[site].link_user(user_of(who), "a friend", 1).unwrap();
        world.claim_at(who, site);
    }
    world.carry();
    world
}

fn home(world: &mut Story) {
    for _ in 0..6 {
        world.uplink(Who::Ana);
        world.uplink(Who::Ben);
        world.tick();
        world.carry();
    }
}

/// In a cellar: both pay, and the phones meet.
fn in_the_cellar(world: &mut Story) {
    let tally = world.tally;
    pay(&mut world.ben, &tally, 3);
    pay(&mut world.ana, &tally, 1);
    pay(&mut world.ben, &tally, 2);
    meet(&mut world.ana, &mut world.ben, &tally);
}

/// What both end with: their order, in which nothing depends on the way that was taken.
fn ends(world: &mut Story) -> (Digest, u64, hazel_core::units::Units) {
    world.assert_all_final();
    let view = world.ana.tally(&world.tally).unwrap();
    (view.head, view.index, view.balance)
}

#[test]
fn one_phone_at_one_site_makes_final_what_both_have_signed() {
    let mut all = Vec::new();
    for who in [Who::Ana, Who::Ben] {
        for site in [0, 1] {
            let mut world = friends();
            in_the_cellar(&mut world);
            // One phone finds one site; the other phone stays in the cellar.
            world.online = [who == Who::Ana, who == Who::Ben];
            world.uplink_at(who, site);
            world.carry();
            let view = world.phone(who).speakers().unwrap().remove(0);
            assert!(!view.pending, "{who:?} at site {site}: both partners' entries are final");
            // The partner comes home later, with nothing new to bring, and hears the same.
            world.online = [true, true];
            let other = if who == Who::Ana { Who::Ben } else { Who::Ana };
            world.uplink(other);
            world.carry();
            let (_, index, balance) = ends(&mut world);
            all.push((index, balance));
            assert_eq!(world.refused, Vec::<String>::new(), "{who:?} at site {site}");
        }
    }
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "one ledger, whatever the way: {all:?}");
}

#[test]
fn both_phones_at_each_others_sites_end_with_the_same_ledger() {
    let mut world = friends();
    in_the_cellar(&mut world);
    world.uplink_at(Who::Ana, 1);
    world.uplink_at(Who::Ben, 0);
    world.carry();
    world.uplink(Who::Ana);
    world.uplink(Who::Ben);
    world.carry();
    ends(&mut world);
}

#[test]
fn a_phone_that_was_lost_and_restored_meanwhile_ends_right() {
    a_phone_is_lost(Who::Ana, true);
    a_phone_is_lost(Who::Ben, true);
}

#[test]
fn a_wallet_rebuilt_from_its_words_and_the_partners_reminder_ends_right() {
    a_phone_is_lost(Who::Ana, false);
    a_phone_is_lost(Who::Ben, false);
}

/// A phone falls into the well, with everything that was signed since its backup, or with everything. Its partner comes home alone.
fn a_phone_is_lost(lost: Who, has_backup: bool) {
    let mut world = friends();
    let tally = world.tally;
    let (name, other) = (format!("{lost:?}"), if lost == Who::Ana { Who::Ben } else { Who::Ana });
    let backup = has_backup.then(|| world.phone(lost).backup(&words(&name)).unwrap());
    in_the_cellar(&mut world);
    world.uplink(other);
    world.online = [lost != Who::Ana, lost != Who::Ben];
    world.carry();
    world.online = [true, true];
    let (store, entropy) = (Store::in_memory().unwrap(), Box::new(Seeded::new("a new phone")));
    let clock = Box::new(clock());
    *world.phone(lost) = match &backup {
        Some(backup) => Wallet::restore(store, &guard(), &words(&name), backup, clock, entropy).unwrap(),
        None => {
            let reminder = world.phone(other).remind(&tally).unwrap();
            let mut new = Wallet::create(store, &guard(), &name, &words(&name), clock, entropy).unwrap();
            new.rebuild(&reminder).unwrap();
            new
        }
    };
    // Its site knows it by the same link, and tells it everything.
    world.claim(lost);
    world.uplink(lost);
    world.carry();
    assert!(!world.phone(lost).tally(&tally).unwrap().reconciling, "{lost:?}: its site knows everything");
    assert_eq!(world.ana.balance(&tally).unwrap(), chips_of(4), "3 + 2 − 1: nothing lost, nothing double");
    pay(world.phone(lost), &tally, 1);
    home(&mut world);
    ends(&mut world);
    assert_eq!(world.refused, Vec::<String>::new());
}

#[test]
fn a_half_that_moved_between_the_payment_and_the_way_home_ends_right() {
    for who in [Who::Ana, Who::Ben] {
        let mut world = friends();
        let tally = world.tally;
        in_the_cellar(&mut world);
        world.home[usize::from(who == Who::Ben)] = 2;
        world.sites[2].link_user(user_of(who), "somebody", 2).unwrap();
        world.host(who);
        world.carry();
        meet(&mut world.ana, &mut world.ben, &tally);
        home(&mut world);
        let (_, index, _) = ends(&mut world);
        assert_eq!(index, 2 + 3 + 1, "two chits named the first sites, three paid, one moved");
    }
}

#[test]
fn a_device_that_was_revoked_meanwhile_is_a_stranger_and_what_it_signed_before_counts() {
    let mut world = friends();
    let tally = world.tally;
    let (request, secret) = EnrolmentRequest::new("second phone", &mut Seeded::new("second phone"));
    let answer = world.ben.add_device(&request).unwrap();
    let (store, entropy) = (Store::in_memory().unwrap(), Box::new(Seeded::new("its wallet")));
    let mut second = Wallet::enrol(store, &guard(), &secret, &answer, Box::new(clock()), entropy).unwrap();
    world.ben.hand_allowance(&tally, 2, chips_of(10)).unwrap();
    home(&mut world);
    world.assert_all_final();
    // The second phone goes home by its own claim, hears of its allowance, pays, and is not seen again.
    let user = [7; 32];
    world.sites[1].link_user(user, "second phone", 3).unwrap();
    say_as(&mut world, &mut second, user);
    pay(&mut second, &tally, 4);
    say_as(&mut world, &mut second, user);
    pay(&mut second, &tally, 1);
    world.ben.revoke_device(2).unwrap();
    home(&mut world);
    ends(&mut world);
    assert_eq!(world.ben.balance(&tally).unwrap(), chips_of(-4), "what it brought before counts");
    assert_eq!(world.refused, Vec::<String>::new());
    let before = world.sites[1].status().unwrap().chits;
    say_as(&mut world, &mut second, user);
    assert!(world.refused.iter().all(|code| code == "unknown_device"), "{:?}", world.refused);
    assert!(!world.refused.is_empty(), "its claim is refused, though its channel is known");
    assert_eq!(world.sites[1].status().unwrap().chits, before, "and what it says is not heard");
}

/// Another phone of Ben's tells the site of his half what it has, and hears the answer.
fn say_as(world: &mut Story, phone: &mut Wallet, user: [u8; 32]) {
    let (tally, site, half) = (world.tally, world.sites[1].key(), Side::Foil);
    let claim = Box::new(phone.claim(&tally, &site, user).unwrap());
    let contract = Box::new(phone.export(&tally).unwrap().contract);
    let mut letters = vec![Letter { tally, half, body: Body::Claim { contract, claim } }];
    letters.extend(Letter::carrying(tally, half, true, phone.to_site(&tally).unwrap()));
    for letter in letters {
        let from = Correspondent::User(user);
        let outputs = world.sites[1].batch(vec![Input::Letter { from, bytes: letter.to_bytes() }], world.now);
        for output in outputs {
            let Output::Letter { to, bytes } = output else { continue };
            let letter = Letter::from_bytes(&bytes).unwrap();
            match (to, letter.body) {
                (Correspondent::User(it), Body::Messages { messages, .. }) if it == user => {
                    phone.from_site(&tally, &site, messages).unwrap();
                }
                (Correspondent::User(it), Body::Refused(codes)) if it == user => {
                    world.refused.extend(codes.into_iter().map(|it| it.code));
                }
                (Correspondent::Site(key), _) if key == world.sites[0].key() => {
                    world.post(Who::Site(1), Who::Site(0), bytes);
                }
                _ => {}
            }
        }
    }
    world.carry();
}
