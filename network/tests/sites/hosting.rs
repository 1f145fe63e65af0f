//! Two people whose phones meet, and whose sites make final what they signed.

use crate::world::{self, Who, World, memory, pay};

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
    // Nine until it is final, one that confirms it, and eight until his receipt is at her phone and the sites know that of each other.
    assert!(world.carried - before <= 18, "{} letters for one payment", world.carried - before);
}

#[test]
fn two_phones_come_to_rest_while_a_site_has_ordered_and_nobody_has_confirmed() {
    let mut world = World::new(vec![memory(), memory()]);
    world.host(Who::Ana);
    world.host(Who::Ben);
    let tally = world.tally;
    world::meet(&mut world.ana, &mut world.ben, &tally);
    world.carry();
    pay(&mut world.ben, &tally, 3);
    world.uplink(Who::Ben);
    // His site orders and tells his phone; hers never hears of it.
    while let Some(parcel) = world.flying.pop_front() {
        if parcel.to != Who::Site(0) {
            world.deliver(parcel);
        }
    }
    assert!(world.ben.speakers().unwrap()[0].pending);
    // The phones meet again and again. Each time it ends: what cannot be answered is not repeated.
    for _ in 0..3 {
        world::meet(&mut world.ana, &mut world.ben, &tally);
        assert!(
            world.ben.hand_over(&tally).unwrap().is_none() && world.ana.hand_over(&tally).unwrap().is_none()
        );
    }
    world.uplink(Who::Ana);
    world.uplink(Who::Ben);
    world.carry();
    world.assert_all_final();
}
