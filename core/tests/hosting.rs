//! Who may claim a half at a site, and what a claim covers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::canon::Canon as _;
use hazel_core::claim::{Claim, Hosting};
use hazel_core::key::{PublicKey, SecretKey};
use hazel_core::ordering::OrderingError;
use hazel_core::tally::Side;
use story::*;

/// A half is claimed by the party that holds it or by one of its devices, and by nobody else, the partner included.
#[test]
fn nobody_claims_the_half_of_another() {
    let (ana, _, tally, _) = pair();
    let (_folder, store, no) = rows_of(&ana, &tally);
    let (site, user) = (SecretKey::from_seed(&[5; 32]).public(), [7; 32]);
    let (contract, tip) = store
        .read(|shelf| {
            Ok::<_, OrderingError>((shelf.tally(no)?.contract.unwrap(), shelf.standing(no)?.unwrap().tip))
        })
        .unwrap();
    let claimed = |side: Side, by: &SecretKey| {
        let claim = Hosting { tally, side, site, user }.sign(by);
        claim.check(&contract.tally, &tip, &site, &user).map_err(|refusal| refusal.code())
    };
    let [ana, ben] = ["Ana", "Ben"].map(|name| words(name).root().party_key(&tally.0));
    assert_eq!([claimed(Side::Stock, &ana), claimed(Side::Foil, &ben)], [Ok(()), Ok(())]);
    for (side, by) in
        [(Side::Foil, &ana), (Side::Stock, &ben), (Side::Stock, &SecretKey::from_seed(&[9; 32]))]
    {
        assert_eq!(claimed(side, by), Err("unknown_device"));
    }
    // What was said to one site on one channel says nothing on another: neither as it is nor altered.
    let claim = Hosting { tally, side: Side::Stock, site, user }.sign(&ana);
    assert_eq!(Claim::from_bytes(&claim.to_bytes()), Ok(claim));
    let elsewhere = SecretKey::from_seed(&[6; 32]).public();
    let heard = |claim: Claim, site: &PublicKey, user: &[u8; 32]| {
        claim.check(&contract.tally, &tip, site, user).map_err(|refusal| refusal.code())
    };
    assert_eq!(heard(claim, &elsewhere, &user), Err("out_of_place"));
    assert_eq!(heard(claim, &site, &[8; 32]), Err("out_of_place"));
    let altered = |hosting: Hosting| Claim { hosting, ..claim };
    assert_eq!(
        heard(altered(Hosting { site: elsewhere, ..claim.hosting }), &elsewhere, &user),
        Err("bad_signature")
    );
    assert_eq!(
        heard(altered(Hosting { user: [8; 32], ..claim.hosting }), &site, &[8; 32]),
        Err("bad_signature")
    );
}
