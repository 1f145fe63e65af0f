//! Ana's site speaks for the stock, Ben's phone orders for the foil, and his phone is lost. The new one waits until her site has promised
//! to follow no older view; her phone brings the request there and the promise back.

use hazel_core::canon::Canon as _;
use hazel_core::message::{Have, Message};
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId};
use hazel_core::wallet::{Audience, Wallet};
use hazel_network::letter::{Body, Correspondent, Letter};
use hazel_network::node::{Event, Input, Output};
use hazel_network::store::{SiteStore, SqliteStore};

use crate::world::{
    Air, Seeded, Who, World, chips_of, clock, guard, memory, pay, site_key, site_on, user_of, words,
};

type Story = World<SqliteStore>;

/// Hand-overs both ways, a few times. Whoever waits for a site repeats itself.
fn talk(one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
    one.ask_what_is_missing(tally).unwrap();
    other.ask_what_is_missing(tally).unwrap();
    for _ in 0..4 {
        if let Some(bytes) = one.hand_over(tally).unwrap() {
            other.receive(&bytes).unwrap();
        }
        if let Some(bytes) = other.hand_over(tally).unwrap() {
            one.receive(&bytes).unwrap();
        }
    }
}

fn phones_meet(world: &mut Story) {
    let tally = world.tally;
    talk(&mut world.ana, &mut world.ben, &tally);
}

fn ana_goes_home(world: &mut Story) {
    world.uplink(Who::Ana);
    world.carry();
}

/// Until everything is told: in a calm air twice round is enough.
fn settle(world: &mut Story) {
    for _ in 0..4 {
        phones_meet(world);
        ana_goes_home(world);
        world.tick();
        world.carry();
    }
}

/// Ana is hosted, Ben's phone orders for itself, and everything is final.
fn beside(stores: Vec<SqliteStore>) -> Story {
    let mut world = World::new(stores);
    world.host(Who::Ana);
    pay(&mut world.ben, &world.tally, 5);
    settle(&mut world);
    world.assert_all_final();
    world
}

fn restored(backup: &[u8]) -> Wallet {
    let (store, entropy) = (Store::in_memory().unwrap(), Box::new(Seeded::new("Ben's new phone")));
    Wallet::restore(store, &guard(), &words("Ben"), backup, Box::new(clock()), entropy).unwrap()
}

/// Ben's phone is lost after it ordered a payment of 7 that Ana's phone heard of and her site did not. Returns the lost one.
fn lose(world: &mut Story) -> Wallet {
    let tally = world.tally;
    let backup = world.ben.backup(&words("Ben")).unwrap();
    pay(&mut world.ben, &tally, 7);
    phones_meet(world);
    std::mem::replace(&mut world.ben, restored(&backup))
}

fn view_of_site(world: &mut Story, site: usize) -> u64 {
    let (tally, mut view) = (world.tally, 0);
    world.sites[site]
        .store()
        .read(0, &mut |desk| {
            let half = desk.half(&tally, Side::Stock)?.unwrap();
            view = desk.standing(half.no)?.book.head.view;
            Ok(())
        })
        .unwrap();
    view
}

fn is_waiting(world: &Story) -> bool {
    world.ben.tally(&world.tally).unwrap().reconciling
}

/// What a site does with messages about the stock's half, and the reasons for what it refused.
fn give(world: &mut Story, site: usize, from: Correspondent, messages: Vec<Message>) -> Vec<&'static str> {
    let mut codes = Vec::new();
    for letter in Letter::carrying(world.tally, Side::Stock, true, messages) {
        let bytes = letter.to_bytes();
        for output in world.sites[site].batch(vec![Input::Letter { from, bytes }], 5) {
            if let Output::Event(Event::Refused { code, .. }) = output {
                codes.push(code);
            }
        }
    }
    codes
}

#[test]
fn a_restored_foil_goes_on_when_the_stocks_site_has_promised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.db");
    let mut world = beside(vec![SqliteStore::open_one(&path).unwrap()]);
    let tally = world.tally;
    lose(&mut world);
    phones_meet(&mut world);
    let asked = world.ben.have(&tally).unwrap().view;
    assert!(is_waiting(&world), "her site knows nothing of it");
    assert!(world.ana.have(&tally).unwrap().view < asked && view_of_site(&mut world, 0) < asked);
    // Her phone and her site are killed between each step.
    let killed = |world: &mut Story, name: &str| {
        let copy = folder.path().join(name);
        world.ana.copy_database(&copy).unwrap();
        let (store, entropy) = (Store::open(&copy).unwrap(), Box::new(Seeded::new(name)));
        world.ana = Wallet::open(store, &guard(), Box::new(clock()), entropy).unwrap();
        world.sites[0] = site_on("the stock's", memory());
        world.sites[0] = site_on("the stock's", SqliteStore::open_one(&path).unwrap());
    };
    killed(&mut world, "asked");
    world.uplink(Who::Ana);
    // The site's answer is lost.
    world.online = [false, true];
    world.carry();
    world.online = [true, true];
    assert_eq!(view_of_site(&mut world, 0), asked, "promised");
    killed(&mut world, "promised");
    assert_eq!(view_of_site(&mut world, 0), asked, "and on the disk");
    phones_meet(&mut world);
    assert!(is_waiting(&world), "her phone has not heard it");
    ana_goes_home(&mut world);
    killed(&mut world, "heard");
    phones_meet(&mut world);
    assert!(!is_waiting(&world));
    pay(&mut world.ben, &tally, 1);
    settle(&mut world);
    world.assert_all_final();
    assert_eq!(world.ana.balance(&tally).unwrap(), chips_of(13));
    // Her phone may tell the lost one's order once more.
    assert!(world.refused.iter().all(|code| code == "old_view"), "{:?}", world.refused);
}

#[test]
fn what_the_site_confirmed_before_it_promised_stands() {
    let mut world = beside(vec![memory()]);
    let tally = world.tally;
    let old = lose(&mut world);
    // Her site confirms the old phone's order, and her phone does not hear of it.
    world.uplink(Who::Ana);
    world.online = [false, true];
    world.carry();
    world.online = [true, true];
    let confirmed = old.tally(&tally).unwrap();
    phones_meet(&mut world);
    assert!(is_waiting(&world));
    settle(&mut world);
    assert!(!is_waiting(&world));
    world.assert_all_final();
    let places = world.ben.export(&tally).unwrap();
    let place = places.chits.iter().find(|it| it.index == Some(confirmed.index)).unwrap();
    assert_eq!(place.signed.chit.chain.epoch, 1, "the payment of the lost phone keeps its place");
}

#[test]
fn after_the_promise_nobody_brings_the_old_phones_order() {
    let mut world = beside(vec![memory()]);
    let tally = world.tally;
    let mut old = lose(&mut world);
    phones_meet(&mut world);
    ana_goes_home(&mut world);
    pay(&mut old, &tally, 2);
    let order = old.outbox(&tally, Audience::Partner).unwrap();
    assert!(order.iter().any(|it| matches!(it, Message::Links(_))), "{order:?}");
    let before = view_of_site(&mut world, 0);
    let codes = give(&mut world, 0, Correspondent::User(user_of(Who::Ana)), order);
    assert!(codes.contains(&"old_view"), "{codes:?}");
    assert_eq!(view_of_site(&mut world, 0), before);
    settle(&mut world);
    world.assert_all_final();
}

#[test]
fn only_the_stocks_own_user_is_believed() {
    let mut world = beside(vec![memory(), memory(), memory()]);
    let tally = world.tally;
    let high = Message::Have(Have { view: 900_000, ..world.ana.have(&tally).unwrap() });
    world.sites[0].link_user([9; 32], "another user", 1).unwrap();
    let before = view_of_site(&mut world, 0);
    let others = [
        Correspondent::User([9; 32]),
        Correspondent::User(user_of(Who::Ben)),
        Correspondent::Site(site_key("a stranger").public()),
        // The partner's node, were it a site, and another site of no say.
        Correspondent::Site(world.ben.speakers().unwrap()[0].nodes[0]),
        Correspondent::Site(world.sites[1].key()),
    ];
    for other in others {
        give(&mut world, 0, other, vec![high.clone()]);
        assert_eq!(view_of_site(&mut world, 0), before, "{other:?}");
    }
    // A site that keeps her half and does not speak for it promises nothing.
    world.sites[2].link_user(user_of(Who::Ana), "somebody", 1).unwrap();
    world.claim_at(Who::Ana, 2);
    world.uplink_at(Who::Ana, 2);
    world.carry();
    give(&mut world, 2, Correspondent::User(user_of(Who::Ana)), vec![high]);
    assert!(view_of_site(&mut world, 2) < 900_000);
}

/// Her phone has promised before the half moves: the site goes on with that promise.
#[test]
fn a_promise_moves_with_the_half() {
    let mut world = World::new(vec![memory()]);
    let tally = world.tally;
    pay(&mut world.ben, &tally, 5);
    phones_meet(&mut world);
    let mut old = lose(&mut world);
    // The new phone has asked, and hears the answer later.
    world.ben.ask_what_is_missing(&tally).unwrap();
    world.ana.receive(&world.ben.hand_over(&tally).unwrap().unwrap()).unwrap();
    let asked = world.ben.have(&tally).unwrap().view;
    assert_eq!(world.ana.have(&tally).unwrap().view, asked);
    world.host(Who::Ana);
    ana_goes_home(&mut world);
    assert_eq!(view_of_site(&mut world, 0), asked);
    pay(&mut old, &tally, 2);
    let order = old.outbox(&tally, Audience::Partner).unwrap();
    assert!(give(&mut world, 0, Correspondent::User(user_of(Who::Ana)), order).contains(&"old_view"));
    settle(&mut world);
    assert!(!is_waiting(&world));
    world.assert_all_final();
}

/// Both halves hosted. Whatever view her phone names, his site orders above it.
#[test]
fn a_view_that_the_stocks_holder_invents_is_answered_by_a_higher_one() {
    for stores in [vec![memory(), memory()], vec![memory()]] {
        let mut world = World::settled(stores);
        let tally = world.tally;
        for view in [900_000, 1 << 31, (1 << 31) + 1, u64::MAX] {
            let lie = Have { view, ..world.ana.have(&tally).unwrap() };
            give(&mut world, 0, Correspondent::User(user_of(Who::Ana)), vec![Message::Have(lie)]);
            assert!(view_of_site(&mut world, 0) < (1 << 31) + 100_000);
            pay(&mut world.ben, &tally, 1);
            for _ in 0..4 {
                world.uplink(Who::Ben);
                world.uplink(Who::Ana);
                world.carry();
                world.tick();
                world.carry();
            }
            world.assert_all_final();
        }
    }
}

/// From a backup that does not know that a site orders for this half, the phone announces a view of its own.
#[test]
fn a_foil_that_has_forgotten_its_own_site_does_no_harm() {
    let mut world = World::new(vec![memory(), memory()]);
    let tally = world.tally;
    let backup = world.ben.backup(&words("Ben")).unwrap();
    world.host(Who::Ana);
    world.host(Who::Ben);
    phones_meet(&mut world);
    pay(&mut world.ben, &tally, 5);
    for who in [Who::Ana, Who::Ben] {
        world.uplink(who);
    }
    world.carry();
    world.assert_all_final();
    world.ben = restored(&backup);
    let asked = world.ben.have(&tally).unwrap().view;
    world.ana.receive(&world.ben.hand_over(&tally).unwrap().unwrap()).unwrap();
    ana_goes_home(&mut world);
    assert_eq!(view_of_site(&mut world, 0), asked);
    phones_meet(&mut world);
    world.claim(Who::Ben);
    for round in 0..4 {
        if round == 1 {
            pay(&mut world.ben, &tally, 2);
        }
        world.uplink(Who::Ben);
        ana_goes_home(&mut world);
        phones_meet(&mut world);
        world.tick();
        world.carry();
    }
    assert!(!is_waiting(&world));
    world.assert_all_final();
}

/// The same where the stock's phone speaks for itself: it has promised the view before anybody remembered the foil's site, which then orders
/// above it.
#[test]
fn a_forgotten_site_orders_above_what_its_users_phone_announced() {
    let mut world = World::new(vec![memory(), memory()]);
    let tally = world.tally;
    let backup = world.ben.backup(&words("Ben")).unwrap();
    world.host(Who::Ben);
    phones_meet(&mut world);
    pay(&mut world.ben, &tally, 5);
    let ben_goes_home = |world: &mut Story| {
        world.uplink(Who::Ben);
        world.carry();
    };
    for _ in 0..3 {
        ben_goes_home(&mut world);
        phones_meet(&mut world);
    }
    ben_goes_home(&mut world);
    world.assert_all_final();
    world.ben = restored(&backup);
    let asked = world.ben.have(&tally).unwrap().view;
    world.ana.receive(&world.ben.hand_over(&tally).unwrap().unwrap()).unwrap();
    assert_eq!(world.ana.have(&tally).unwrap().view, asked, "promised");
    phones_meet(&mut world);
    world.claim(Who::Ben);
    for round in 0..4 {
        if round == 1 {
            pay(&mut world.ben, &tally, 2);
        }
        ben_goes_home(&mut world);
        phones_meet(&mut world);
        world.tick();
        world.carry();
    }
    ben_goes_home(&mut world);
    assert!(!is_waiting(&world));
    world.assert_all_final();
    assert!(world.ana.have(&tally).unwrap().view > asked);
}

#[test]
fn a_foil_that_announces_the_highest_view_locks_nobody_out() {
    let mut world = beside(vec![memory()]);
    let tally = world.tally;
    let lie = Have { view: 1 << 31, restored: true, ..world.ben.have(&tally).unwrap() };
    world.ana.receive_messages(&tally, vec![Message::Have(lie)]).unwrap();
    ana_goes_home(&mut world);
    assert_eq!(view_of_site(&mut world, 0), 1 << 31);
    // Views end there, so nobody answers the view above it that this foil needs now. It goes on without; the partner follows.
    settle(&mut world);
    assert!(is_waiting(&world));
    world.ben.resume(&tally).unwrap();
    pay(&mut world.ben, &tally, 1);
    pay(&mut world.ana, &tally, 2);
    settle(&mut world);
    world.assert_all_final();
}

/// Her tablet has handed the request on. Her phone knows nothing of it and brings what the lost phone ordered since.
#[test]
fn an_order_of_an_older_view_is_not_told_in_a_circle() {
    let mut world = beside(vec![memory()]);
    let tally = world.tally;
    let high = world.ana.have(&tally).unwrap().view + 70_000;
    let by_tablet = Message::Have(Have { view: high, ..world.ana.have(&tally).unwrap() });
    give(&mut world, 0, Correspondent::User(user_of(Who::Ana)), vec![by_tablet]);
    pay(&mut world.ben, &tally, 2);
    phones_meet(&mut world);
    // Letters come to rest, or this never returns.
    ana_goes_home(&mut world);
    assert_eq!(world.refused, ["old_view"], "told once");
    settle(&mut world);
    world.assert_all_final();
}

/// What both halves stand for was said in an older view than the promised one.
#[test]
fn a_site_that_has_promised_still_tells_the_certificate_of_what_was_before() {
    let mut world = beside(vec![memory()]);
    let tally = world.tally;
    let head = world.ana.tally(&tally).unwrap();
    let mine = world.ana.have(&tally).unwrap();
    let ask = Message::Have(Have { view: mine.view + 70_000, ..mine.clone() });
    give(&mut world, 0, Correspondent::User(user_of(Who::Ana)), vec![ask]);
    let forgotten = Have { index: 0, hash: mine.contract, agreed: 0, chains: Vec::new(), ..mine };
    let letter = Letter::carrying(tally, Side::Stock, true, vec![Message::Have(forgotten)]).remove(0);
    let (from, bytes) = (Correspondent::User(user_of(Who::Ana)), letter.to_bytes());
    let outputs = world.sites[0].batch(vec![Input::Letter { from, bytes }], 5);
    let told = outputs.iter().any(|output| {
        let Output::Letter { bytes, .. } = output else { return false };
        let Ok(Letter { body: Body::Messages { messages, .. }, .. }) = Letter::from_bytes(bytes) else {
            return false;
        };
        messages.iter().any(|it| matches!(it, Message::Certificate(it) if it.head.hash == head.head))
    });
    assert!(told, "{outputs:?}");
}

#[test]
fn a_site_promises_when_it_knows_what_is_agreed_and_says_so_once() {
    let mut world = beside(vec![memory()]);
    let tally = world.tally;
    let mine = world.ana.have(&tally).unwrap();
    let view = mine.view + 70_000;
    // In a letter that asks for nothing, as an answer is.
    let mut said = |have: Have| {
        let letter = Letter::carrying(tally, Side::Stock, false, vec![Message::Have(have)]).remove(0);
        let (from, bytes) = (Correspondent::User(user_of(Who::Ana)), letter.to_bytes());
        let outputs = world.sites[0].batch(vec![Input::Letter { from, bytes }], 5);
        let mut views = Vec::new();
        for output in outputs {
            let Output::Letter { bytes, .. } = output else { continue };
            let Body::Messages { messages, .. } = Letter::from_bytes(&bytes).unwrap().body else { continue };
            views.extend(messages.iter().filter_map(|it| match it {
                Message::Have(have) => Some(have.view),
                _ => None,
            }));
        }
        views
    };
    assert_eq!(said(Have { view, agreed: mine.agreed + 1, ..mine.clone() }), [0; 0]);
    assert_eq!(said(Have { view, ..mine.clone() }), [view]);
    assert_eq!(said(Have { view, ..mine }), [0; 0], "nothing new");
    assert_eq!(view_of_site(&mut world, 0), view);
}

/// Letters lost, doubled and overtaken; two phones of Ben's that both think they order.
#[test]
fn in_any_weather_it_ends_final() {
    for seed in 0..12 {
        let mut world = beside(vec![memory()]);
        let tally = world.tally;
        let mut old = lose(&mut world);
        world.air = Air::rough(seed);
        for _ in 0..6 {
            phones_meet(&mut world);
            ana_goes_home(&mut world);
            let Story { ana, .. } = &mut world;
            talk(ana, &mut old, &tally);
        }
        world.air = Air::calm();
        settle(&mut world);
        assert!(!is_waiting(&world), "{seed}");
        world.assert_all_final();
    }
}
