//! Sites that go on from an older copy of their database.

use std::path::Path;

use hazel_core::tally::Side;
use hazel_network::node::Node;
use hazel_network::store::{SiteStore as _, SqliteStore};

use crate::world::{Seeded, Who, World, pay, site_key};

const NAMES: [&str; 2] = ["the stock's", "the foil's"];

/// How a copy came about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copied {
    /// By the site itself.
    Backup,
    /// By the system, behind its back; the operator says so.
    Told,
    /// By the system, and nobody said anything.
    Untold,
}

/// Two hosted people, all final; each site's database was copied then.
fn copied(folder: &Path, how: Copied) -> World<SqliteStore> {
    let path = |site: usize| folder.join(format!("{site}.db"));
    let mut world = World::settled((0..2).map(|site| SqliteStore::open_one(&path(site)).unwrap()).collect());
    for site in 0..2 {
        let copy = folder.join(format!("{site}.copy"));
        world.sites[site].store().copy_to(0, &copy).unwrap();
        if how != Copied::Backup {
            rusqlite::Connection::open(&copy).unwrap().execute("UPDATE site SET copied = 0", []).unwrap();
        }
    }
    world
}

/// The site's disk is gone, and a copy takes its place.
fn bring_back(world: &mut World<SqliteStore>, site: usize, folder: &Path, how: Copied) {
    let store = SqliteStore::open_one(&folder.join(format!("{site}.copy"))).unwrap();
    let node = Node::open(store, site_key(NAMES[site]), Box::new(Seeded::new("another life"))).unwrap();
    world.sites[site] = if how == Copied::Told { node.restored().unwrap() } else { node };
}

/// Carries what goes to and from Ben's phone, and loses what the sites say to each other.
fn carry_between_ben_and_his_site(world: &mut World<SqliteStore>) {
    while let Some(parcel) = world.flying.pop_front() {
        if !matches!((parcel.from, parcel.to), (Who::Site(_), Who::Site(_))) {
            world.deliver(parcel);
        }
    }
}

fn proofs(world: &mut World<SqliteStore>) -> usize {
    let tally = world.tally;
    let mut count = 0;
    for (site, side) in [(0, Side::Stock), (1, Side::Foil)] {
        world.sites[site]
            .store()
            .read(0, &mut |desk| {
                count += desk.proofs(desk.half(&tally, side)?.unwrap().no)?.len();
                Ok(())
            })
            .unwrap();
    }
    count
}

/// After the copy a payment of Ana's became final, while Ben's phone was off. The sites that are named go back to the copy. Ben comes home
/// first, with a payment of his own, and his site hears nobody else: it cannot know that Ana's came before his. Returns how many proofs of
/// a lie there are in the end.
fn story(victims: &[usize], how: Copied) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let mut world = copied(folder.path(), how);
    let tally = world.tally;
    world.online = [true, false];
    pay(&mut world.ana, &tally, 1);
    world.uplink(Who::Ana);
    world.carry();
    let seen = world.ana.tally(&tally).unwrap();
    assert_eq!((seen.index, seen.final_index), (4, 4), "final, as far as she knows");
    world.online = [true, true];
    for site in victims {
        bring_back(&mut world, *site, folder.path(), how);
    }
    pay(&mut world.ben, &tally, 2);
    world.uplink(Who::Ben);
    carry_between_ben_and_his_site(&mut world);
    for _ in 0..20 {
        for who in [Who::Ben, Who::Ana] {
            world.claim(who);
            world.uplink(who);
            world.carry();
        }
        world.tick();
        world.carry();
    }
    let proofs = proofs(&mut world);
    if how != Copied::Untold {
        world.assert_all_final();
        // A phone may tell once more what it heard of the forgotten order: that is of an older view, and no lie.
        assert!(world.refused.iter().all(|code| code == "old_view"), "{:?}", world.refused);
        assert_eq!(world.ana.tally(&tally).unwrap().index, 5, "two that name the sites, and three payments");
    }
    proofs
}

#[test]
fn a_site_that_goes_on_from_its_backup_contradicts_nothing_that_it_said_since() {
    for victims in [&[1][..], &[0], &[0, 1]] {
        assert_eq!(story(victims, Copied::Backup), 0, "{victims:?}");
    }
}

#[test]
fn an_operator_who_brought_a_copy_back_by_other_means_says_so() {
    for victims in [&[1][..], &[0], &[0, 1]] {
        assert_eq!(story(victims, Copied::Told), 0, "{victims:?}");
    }
}

/// Why all this is needed: the same story with a copy that does not know that it is one.
#[test]
fn a_site_that_takes_an_old_copy_for_the_present_is_proven_a_liar() {
    assert!(story(&[1], Copied::Untold) > 0);
}

#[test]
fn a_copy_begins_new_views_once_and_a_backup_never_bears_its_name_unfinished() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = copied(folder.path(), Copied::Backup);
    let tally = world.tally;
    let view = |world: &mut World<SqliteStore>| {
        let mut view = 0;
        world.sites[1]
            .store()
            .read(0, &mut |desk| {
                view = desk.standing(desk.half(&tally, Side::Foil)?.unwrap().no)?.book.head.view;
                Ok(())
            })
            .unwrap();
        view
    };
    let before = view(&mut world);
    bring_back(&mut world, 1, folder.path(), Copied::Backup);
    let first = view(&mut world);
    bring_back(&mut world, 1, folder.path(), Copied::Backup);
    assert!(first > before);
    assert_eq!(view(&mut world), first, "it has gone on already");
    let mut files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("copy") || name.contains("unfinished"))
        .collect();
    files.sort();
    assert!(files.iter().all(|name| !name.contains("unfinished")), "{files:?}");
}
