//! Lost, doubled and mixed letters; sites that are killed between any two commits.

use std::path::Path;
use std::sync::Mutex;

use hazel_network::node::Node;
use hazel_network::store::{Desk, SiteStore, SqliteStore, StoreError};

use crate::world::{Air, Seeded, Who, World, memory, pay, site_key};

/// Two people who pay, meet and come home as chance will have it.
fn live<S: SiteStore>(world: &mut World<S>, chance: &mut Seeded, steps: usize) {
    let tally = world.tally;
    for _ in 0..steps {
        match chance.below(7) {
            0 => pay(&mut world.ana, &tally, 1),
            1 | 2 => pay(&mut world.ben, &tally, 1),
            3 => crate::world::meet(&mut world.ana, &mut world.ben, &tally),
            4 => world.uplink(Who::Ana),
            5 => world.uplink(Who::Ben),
            _ => world.tick(),
        }
        if chance.below(3) > 0 {
            world.carry();
        }
    }
}

/// Both come home, again and again, until nothing is pending. Letters may still be lost.
fn come_home<S: SiteStore>(world: &mut World<S>) {
    for _ in 0..60 {
        world.carry();
        if world.is_all_final() {
            return world.assert_all_final();
        }
        for who in [Who::Ana, Who::Ben] {
            world.claim(who);
            world.uplink(who);
        }
        world.tick();
    }
    let Some(site) = world.sites.first_mut() else { return };
    panic!(
        "not home: {:?} {:?} {:?}",
        site.status(),
        world.ana.to_site(&world.tally),
        world.ben.to_site(&world.tally)
    );
}

#[test]
fn lost_doubled_and_mixed_letters_change_nothing() {
    for seed in 0..40 {
        let stores = if seed % 4 == 3 { vec![memory()] } else { vec![memory(), memory()] };
        let mut world = World::new(stores);
        world.air = Air::rough(seed);
        world.host(Who::Ana);
        world.host(Who::Ben);
        let tally = world.tally;
        crate::world::meet(&mut world.ana, &mut world.ben, &tally);
        let mut chance = Seeded::new(&format!("life {seed}"));
        live(&mut world, &mut chance, 25);
        crate::world::meet(&mut world.ana, &mut world.ben, &tally);
        come_home(&mut world);
        assert_eq!(world.refused, Vec::<String>::new(), "seed {seed}: nobody lied");
    }
}

#[test]
fn a_tally_whose_halves_lie_on_two_shards_is_kept_like_any_other() {
    // Two shards: the two users' keys differ in their first eight bytes modulo two, or the test says nothing.
    let shards = |who| hazel_network::store::shard_of(&crate::world::user_of(who), 2);
    let store = SqliteStore::in_memory(2).unwrap();
    let mut world = World::new(vec![store]);
    let apart = shards(Who::Ana) != shards(Who::Ben);
    world.host(Who::Ana);
    world.host(Who::Ben);
    let tally = world.tally;
    pay(&mut world.ben, &tally, 3);
    come_home(&mut world);
    let mut halves = Vec::new();
    for shard in 0..2 {
        let count = &mut |desk: &Desk<'_>| {
            halves.push(desk.counts()?[1]);
            Ok(())
        };
        world.sites[0].store().read(shard, count).unwrap();
    }
    assert_eq!(halves.iter().sum::<u64>(), 2);
    assert_eq!(halves.contains(&1), apart, "{halves:?}");
    assert!(apart, "choose other keys: these two users share a shard");
}

/// A store that dies at its n-th change: before the commit, or after it, when nobody has heard of it yet.
struct Mortal(Mutex<(SqliteStore, i64, bool, bool)>);

impl SiteStore for Mortal {
    fn shards(&self) -> u16 {
        1
    }

    fn change(
        &mut self,
        shard: u16,
        act: &mut dyn FnMut(&Desk<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (store, left, after, dead) = &mut *self.0.lock().unwrap();
        if *dead {
            return Err(StoreError::Unreachable);
        }
        *left -= 1;
        if *left > 0 {
            return store.change(shard, act);
        }
        *dead = true;
        if *after {
            store.change(shard, act)?;
        } else {
            let mut act = |desk: &Desk<'_>| act(desk).and(Err(StoreError::Unreachable));
            store.change(shard, &mut act)?;
        }
        Err(StoreError::Unreachable)
    }

    fn read(
        &mut self,
        shard: u16,
        look: &mut dyn FnMut(&Desk<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (store, _, _, dead) = &mut *self.0.lock().unwrap();
        if *dead { Err(StoreError::Unreachable) } else { store.read(shard, look) }
    }
}

fn mortal(path: &Path, left: i64, after: bool) -> Mortal {
    Mortal(Mutex::new((SqliteStore::open_one(path).unwrap(), left, after, false)))
}

fn is_dead(node: &mut Node<Mortal>) -> bool {
    node.store().0.lock().unwrap().3
}

#[test]
fn a_site_killed_between_any_two_commits_comes_back_to_the_same_ledger() {
    let mut died = 0;
    for point in 3..40 {
        for after in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = |site: usize| folder.path().join(format!("{site}.db"));
            let victim = usize::try_from(point).unwrap() % 2;
            let life = |site: usize| if site == victim { point } else { i64::MAX };
            let mut world = World::new((0..2).map(|site| mortal(&path(site), life(site), after)).collect());
            world.host(Who::Ana);
            world.host(Who::Ben);
            let tally = world.tally;
            for round in 0..4 {
                pay(&mut world.ben, &tally, 1);
                crate::world::meet(&mut world.ana, &mut world.ben, &tally);
                world.uplink(if round % 2 == 0 { Who::Ana } else { Who::Ben });
                world.uplink(Who::Ben);
                world.carry();
            }
            if is_dead(&mut world.sites[victim]) {
                died += 1;
                let name = ["the stock's", "the foil's"][victim];
                let reborn = Node::open(
                    mortal(&path(victim), i64::MAX, false),
                    site_key(name),
                    Box::new(Seeded::new("another life")),
                );
                world.sites[victim] = reborn.unwrap();
                let who = [Who::Ana, Who::Ben][victim];
                world.sites[victim].link_user(crate::world::user_of(who), "somebody", 1).unwrap();
            }
            come_home(&mut world);
            assert_eq!(world.refused, Vec::<String>::new(), "killed at {point}, after the commit: {after}");
        }
    }
    assert!(died >= 20, "the site was killed {died} times only");
}
