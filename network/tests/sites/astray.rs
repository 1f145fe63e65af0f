//! Ben's site has forgotten what it ordered, and Ana's phone, which has no site, has agreed to just that. It shows his phone what both
//! halves stand for, his phone takes that in the place of the newer order, and brings it home.

use std::path::{Path, PathBuf};

use hazel_core::message::Message;
use hazel_core::tally::Side;
use hazel_network::letter::Letter;
use hazel_network::node::Node;
use hazel_network::store::SqliteStore;

use crate::world::{Seeded, Who, World, meet, memory, pay, site_key};

type Story = World<SqliteStore>;

fn ben_goes_home(world: &mut Story) {
    world.uplink(Who::Ben);
    world.carry();
}

/// Ben is hosted, Ana is not, and everything is final. Then each pays, his site orders it, his phone tells hers, which agrees: of that nobody
/// hears. His site goes on from a copy that was made before.
fn forgotten(folder: &Path) -> Story {
    let path = |name: &str| -> PathBuf { folder.join(name) };
    let mut world = World::new(vec![memory(), SqliteStore::open_one(&path("site")).unwrap()]);
    let tally = world.tally;
    world.host(Who::Ben);
    pay(&mut world.ben, &tally, 5);
    for _ in 0..2 {
        meet(&mut world.ana, &mut world.ben, &tally);
        ben_goes_home(&mut world);
    }
    world.assert_all_final();
    world.sites[1].store().copy_to(0, &path("copy")).unwrap();
    pay(&mut world.ana, &tally, 1);
    pay(&mut world.ben, &tally, 2);
    meet(&mut world.ana, &mut world.ben, &tally);
    ben_goes_home(&mut world);
    let told = world.ben.hand_over(&tally).unwrap().unwrap();
    world.ana.receive(&told).unwrap();
    let (hers, his) = (world.ana.tally(&tally).unwrap(), world.ben.tally(&tally).unwrap());
    assert_eq!(hers.final_index, hers.index, "final, as far as she knows");
    assert!(his.final_index < his.index && his.head == hers.head);
    let store = SqliteStore::open_one(&path("copy")).unwrap();
    world.sites[1] =
        Node::open(store, site_key("the foil's"), Box::new(Seeded::new("another life"))).unwrap();
    world
}

/// Until everything is told.
fn settle(world: &mut Story) {
    let tally = world.tally;
    for _ in 0..3 {
        meet(&mut world.ana, &mut world.ben, &tally);
        ben_goes_home(world);
    }
    world.assert_all_final();
}

#[test]
fn what_the_stock_agreed_to_stands_where_the_foils_site_orders_the_same_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = forgotten(folder.path());
    let agreed = world.ana.tally(&world.tally).unwrap();
    ben_goes_home(&mut world);
    let his = world.ben.tally(&world.tally).unwrap();
    assert!(his.index == agreed.index && his.head != agreed.head, "the same payments in a newer view");
    settle(&mut world);
    assert_eq!(world.ana.tally(&world.tally).unwrap().head, agreed.head);
}

#[test]
fn and_where_it_orders_them_the_other_way_round() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = forgotten(folder.path());
    let tally = world.tally;
    let agreed = world.ana.export(&tally).unwrap().to_csv();
    // His phone's letter arrives in two, of which the later one is read first.
    let messages = world.ben.to_site(&tally).unwrap();
    let of = |side: Side| {
        let chits = |it: &&Message| matches!(it, Message::Chits(page) if page.chain.side == side);
        messages.iter().filter(chits).cloned().collect::<Vec<_>>()
    };
    for side in Side::BOTH {
        for letter in Letter::carrying(tally, Side::Foil, true, of(side)) {
            world.post(Who::Ben, Who::Site(1), hazel_core::canon::Canon::to_bytes(&letter));
        }
    }
    world.carry();
    let payers = |world: &mut Story| -> Vec<Side> {
        let export = world.ben.export(&tally).unwrap();
        export.chits.iter().map(|it| it.signed.chit.chain.side).collect()
    };
    assert_eq!(payers(&mut world)[2..], [Side::Stock, Side::Foil]);
    settle(&mut world);
    assert_eq!(payers(&mut world)[2..], [Side::Foil, Side::Stock], "as she has agreed");
    assert_eq!(world.ben.export(&tally).unwrap().to_csv(), agreed);
}
