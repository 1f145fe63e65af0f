//! How large things are on the disk, on air and in codes. These are promises to radios and to people with small phones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::canon::Canon as _;
use hazel_core::chit::{Body, MEMO_MAX, REFERENCE_MAX};
use hazel_core::message::Message;
use hazel_core::wallet::{Audience, Payment, WalletError};
use story::*;

#[test]
fn a_pledge_fits_its_bounds() {
    let (_, mut ben, tally, _) = pair();
    ben.pay(&tally, &Payment { units: chips(12), memo: "eggs".into(), ..Payment::default() }).unwrap();
    let signed = &ben.export(&tally).unwrap().chits[0].signed;
    let (stored, brief) = (signed.to_bytes().len(), signed.brief().to_bytes().len());
    assert!(stored <= 270, "stored and signed: {stored} bytes");
    assert!(brief <= 175, "on air and in codes: {brief} bytes");
}

#[test]
fn a_pledge_without_a_memo_seals_nothing() {
    let (_, mut ben, tally, _) = pair();
    ben.pay(&tally, &Payment { units: chips(12), ..Payment::default() }).unwrap();
    let body = ben.export(&tally).unwrap().chits[0].signed.chit.body.clone();
    assert_eq!(body, Body::Pledge { units: chips(12), invoice: None, sealed: None });
}

#[test]
fn a_pledge_with_twenty_letters_and_an_invoice_is_stored_in_270_bytes() {
    let (mut ana, mut ben, tally, _) = pair();
    let ask = hazel_core::wallet::Ask { units: chips(12), valid_for: 3600, ..Default::default() };
    let id = ana.ask(&tally, &ask).unwrap().invoice.id();
    hand(&mut ana, &mut ben, &tally);
    let payment = Payment { units: chips(12), memo: "x".repeat(20), invoice: Some(id), ..Payment::default() };
    ben.pay(&tally, &payment).unwrap();
    let stored = ben.export(&tally).unwrap().chits[0].signed.to_bytes().len();
    assert!(stored <= 270, "{stored}");
}

#[test]
fn a_chit_costs_a_hand_over_little_beyond_itself() {
    let (_, mut ben, tally, _) = pair();
    let bytes = |wallet: &mut hazel_core::wallet::Wallet| -> usize {
        let chits = |m: &&Message| matches!(m, Message::Chits(_));
        wallet
            .outbox(&tally, Audience::Partner)
            .unwrap()
            .iter()
            .filter(chits)
            .map(|m| m.to_bytes().len())
            .sum()
    };
    pay(&mut ben, &tally, 1).unwrap();
    let one = bytes(&mut ben);
    for _ in 0..50 {
        pay(&mut ben, &tally, 1).unwrap();
    }
    let each = (bytes(&mut ben) - one) / 50;
    assert!(each <= 180, "{each} bytes a chit in a page");
}

#[test]
fn what_people_write_has_an_end() {
    let (mut ana, mut ben, tally, _) = pair();
    let too_long = |written: Result<(), WalletError>| written.err().map(|error| error.code());
    let mut paid = |memo: usize, reference: usize| {
        let (memo, reference) = ("m".repeat(memo), "r".repeat(reference));
        let payment = Payment { units: chips(1), memo, reference, ..Payment::default() };
        too_long(ben.pay(&tally, &payment).map(drop))
    };
    assert_eq!(paid(MEMO_MAX, REFERENCE_MAX), None);
    assert_eq!(paid(MEMO_MAX + 1, 0), Some("too_long"));
    assert_eq!(paid(0, REFERENCE_MAX + 1), Some("too_long"));
    assert_eq!(too_long(ana.rename(&tally, &"n".repeat(64))), None);
    assert_eq!(too_long(ana.rename(&tally, &"n".repeat(65))), Some("too_long"));
}
