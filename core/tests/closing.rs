//! Stories of the end of a tally.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::chit::Body;
use hazel_core::negotiation::TallyState;
use story::*;

/// Ana has a tablet that has signed nothing.
#[test]
fn a_seal_says_how_far_the_chains_of_its_own_half_go() {
    let (mut ana, mut ben, tally, clock) = pair();
    let _tablet = another_phone(&mut ana, &clock, "tablet");
    pay(&mut ben, &tally, 1).unwrap();
    meet(&mut ana, &mut ben, &tally);
    pay(&mut ana, &tally, 1).unwrap();
    ana.close(&tally).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ana.tally(&tally).unwrap().state, TallyState::Closed);
    let mut seals = 0;
    for chit in ana.export(&tally).unwrap().chits {
        let chit = chit.signed.chit;
        if let Body::Seal(seal) = chit.body {
            assert_eq!(seal.chains, [(chit.chain, chit.seq.checked_sub(1).unwrap())]);
            seals += 1;
        }
    }
    assert_eq!(seals, 2);
}
