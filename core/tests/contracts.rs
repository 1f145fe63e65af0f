//! Contracts as they are written: what none may say, and which of two governs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::canon::Canon as _;
use hazel_core::key::SecretKey;
use hazel_core::tally::{Side, SignedTally, Tally, Terms};
use hazel_core::units::Units;
use story::*;

/// What Ana and Ben have signed.
fn contract() -> Tally {
    let (mut ana, _, tally, _) = pair();
    ana.export(&tally).unwrap().contract.tally
}

type Change = fn(&mut Tally);

#[test]
fn a_contract_that_names_something_twice_or_not_at_all_is_not_read() {
    let tally = contract();
    assert_eq!(Tally::from_bytes(&tally.to_bytes()).as_ref(), Ok(&tally));
    let changes: [(&str, Change); 7] = [
        ("no device", |tally| tally.halves.stock.cert.grants.clear()),
        ("no node", |tally| tally.halves.foil.cert.nodes.clear()),
        ("one device twice", |tally| {
            let grants = &mut tally.halves.foil.cert.grants;
            grants.push(grants[0]);
        }),
        ("one node twice", |tally| {
            let nodes = &mut tally.halves.stock.cert.nodes;
            nodes.push(nodes[0]);
        }),
        ("one party", |tally| tally.halves.foil.cert.party_key = tally.halves.stock.cert.party_key),
        ("one agreement key", |tally| {
            tally.halves.foil.cert.agreement_key = tally.halves.stock.cert.agreement_key;
        }),
        ("a name of two lines", |tally| tally.halves.foil.cert.name.push('\n')),
    ];
    for (what, change) in changes {
        let mut other = tally.clone();
        change(&mut other);
        assert!(Tally::from_bytes(&other.to_bytes()).is_err(), "{what}");
    }
}

#[test]
fn one_signature_is_an_offer_and_two_are_a_contract() {
    let tally = contract();
    let signed = |sides: &[Side]| {
        let draft = SignedTally::draft(tally.clone());
        sides.iter().fold(draft, |it, side| it.signed(*side, &SecretKey::from_seed(&[1; 32]))).is_contract()
    };
    let told = [signed(&[]), signed(&[Side::Stock]), signed(&[Side::Foil]), signed(&Side::BOTH)];
    assert_eq!(told, [false, false, false, true]);
}

/// The later version governs, and of two with one number always the same one, whoever asks.
#[test]
fn of_two_contracts_one_governs() {
    let draft = |revision: u32, denomination: &str| {
        SignedTally::draft(Tally { revision, denomination: denomination.into(), ..contract() })
    };
    let (one, other, later) = (draft(1, "CHIP"), draft(1, "egg"), draft(2, "CHIP"));
    assert!(!one.governs_over(&one));
    assert_ne!(one.governs_over(&other), other.governs_over(&one));
    for early in [one, other] {
        assert!(later.governs_over(&early) && !early.governs_over(&later));
    }
}

#[test]
fn terms_reach_from_nothing_to_the_largest_limit_and_ten_years() {
    for (milli, notice_days, readable) in [
        (0, 0, true),
        (Units::MAX.milli(), 3650, true),
        (-1, 0, false),
        (Units::MAX.milli() + 1, 0, false),
        (0, 3651, false),
    ] {
        let terms = Terms { limit: Units::new(milli), notice_days };
        let read = Terms::from_bytes(&terms.to_bytes());
        assert_eq!(read.is_ok_and(|read| read == terms), readable, "{terms:?}");
    }
}
