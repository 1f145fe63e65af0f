//! Two people whose phones meet, and whose sites make final what they signed.

mod world;

use world::{Who, World, memory, pay};

#[test]
fn what_was_signed_offline_becomes_final_through_two_sites() {
    let mut world = World::new(vec![memory(), memory()]);
    world.host(Who::Ana);
    world.host(Who::Ben);
    // In a cellar: both pay, the phones meet, nobody is there to order.
    let tally = world.tally;
    pay(&mut world.ben, &tally, 3);
    pay(&mut world.ana, &tally, 1);
    world::meet(&mut world.ana, &mut world.ben, &tally);
    assert!(world.ana.speakers().unwrap()[0].pending);
    // One phone comes home. It brings both partners' chits, and its site learns them.
    world.uplink(Who::Ana);
    world.carry();
    // Then the other one.
    world.uplink(Who::Ben);
    world.carry();
    world.assert_all_final();
    assert_eq!(world.refused, Vec::<String>::new());
    assert_eq!(world.ana.tally(&tally).unwrap().index, 4);
}

#[test]
fn one_site_keeps_both_halves() {
    let mut world = World::new(vec![memory()]);
    world.host(Who::Ana);
    world.host(Who::Ben);
    let tally = world.tally;
    pay(&mut world.ben, &tally, 3);
    world.uplink(Who::Ana);
    world.uplink(Who::Ben);
    world.carry();
    world.assert_all_final();
    pay(&mut world.ana, &tally, 2);
    world.uplink(Who::Ana);
    world.carry();
    world.assert_all_final();
}

#[test]
fn a_payment_without_a_meeting_reaches_the_partner() {
    let mut world = World::new(vec![memory(), memory()]);
    world.host(Who::Ana);
    world.host(Who::Ben);
    let tally = world.tally;
    // Once, so that each knows who speaks for the other from now on.
    world::meet(&mut world.ana, &mut world.ben, &tally);
    world.uplink(Who::Ana);
    world.uplink(Who::Ben);
    world.carry();
    world.assert_all_final();
    pay(&mut world.ana, &tally, 5);
    let before = world.carried;
    world.uplink(Who::Ana);
    world.carry();
    world.assert_all_final();
    assert!(world.carried - before <= 9, "{} letters for one payment", world.carried - before);
}
