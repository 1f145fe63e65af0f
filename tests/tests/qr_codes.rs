//! Own codes with what the ledger really signs in them: read as what they are, judged, small enough, and readable when worn.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use hazel_core::address::Address;
use hazel_core::canon::{Canon, Malformed};
use hazel_core::chit::ChainId;
use hazel_core::invoice::InvoiceId;
use hazel_core::payment_code::{PledgeCode, ReceiptedCode};
use hazel_core::tally::{Side, TallyId};
use hazel_core::ticket::Ticket;
use hazel_qr::code::{Kind, Own};
use hazel_qr::host::{Host, Hosts};
use hazel_qr::luma::Luma;
use hazel_qr::picture::{Level, Picture};
use hazel_qr::scan::{self, Circumstances, Qr};
use hazel_qr::show::{Shown, show};
use hazel_qr::{Reason, Recognised, Refusal};
use hazel_tests::frames::{self, Dice};
use hazel_tests::honest::{self, NOW, Pair};
use hazel_tests::noise::Noise;
use hazel_tests::own_codes;

fn read(own: &Own) -> Result<Qr, Refusal> {
    scan::text(&own.picture_text(), &Circumstances::at(NOW))
}

#[test]
fn every_kind_is_read_as_what_it_is() {
    let pair = Pair::new();
    let ticket =
        Ticket { rendezvous: vec!["pay.example.org:4100".into()], expires: NOW + 60, ..pair.ticket() };
    let mut invoice = pair.signed_invoice().unwrap();
    invoice.invoice.expires = NOW + 60;
    let paid = pair.foil.chit(pair.pledge().unwrap());
    let pledge = PledgeCode::of(&paid).unwrap();
    let receipt = own_codes::receipt(&mut Noise::new(1), &paid);
    let receipted = ReceiptedCode::of(&paid, &receipt).unwrap();
    let handover = pair.handover(true).unwrap();
    let address: Address = "chip://ana:U2F3W5@example.org:65430".parse().unwrap();
    let host = Host::new("pay.example.org", Hosts::Public).unwrap();
    let cases = [
        (Own::of(&ticket), Qr::Ticket(Box::new(ticket))),
        (Own::of(&pair.contract()), Qr::Offer(Box::new(pair.contract()))),
        (Own::of(&invoice), Qr::Invoice(Box::new(invoice))),
        (Own::of(&pledge), Qr::Payment(Box::new(pledge))),
        (Own::of(&receipted), Qr::Receipted(Box::new(receipted))),
        (Own::of(&receipt), Qr::Receipt(Box::new(receipt))),
        (Own::of(&address), Qr::Address(address)),
        (Own::new(Kind::Verification, vec![7; 32]), Qr::Verification([7; 32])),
        (Own::of(&handover), Qr::Messages(handover)),
    ];
    for ((own, meant), kind) in cases.into_iter().zip(Kind::ALL) {
        let own = own.unwrap();
        assert_eq!(own.kind(), kind);
        assert_eq!(read(&own).as_ref(), Ok(&meant));
        match own.link(&host) {
            Ok(link) => assert_eq!(scan::text(&link, &Circumstances::at(NOW)), Ok(meant)),
            Err(reason) => assert_eq!((kind, reason), (Kind::Verification, Reason::NotAsLink)),
        }
    }
}

#[test]
fn tickets_and_invoices_are_refused_when_over_used_or_leading_into_a_house() {
    let pair = Pair::new();
    let good = Ticket { rendezvous: vec![], expires: NOW + 1, ..pair.ticket() };
    let refused = |ticket: &Ticket, around: &Circumstances<'_>| {
        let refusal = scan::text(&Own::of(ticket).unwrap().picture_text(), around).unwrap_err();
        assert_eq!(refusal.recognised, Recognised::Own(Kind::Ticket));
        refusal.reason
    };
    assert!(read(&Own::of(&good).unwrap()).is_ok());
    let late = Circumstances::at(NOW + 1);
    assert_eq!(refused(&good, &late), Reason::Expired { ended: NOW + 1, now: NOW + 1 });
    let nonce = good.nonce;
    let used = move |token: &[u8]| token == nonce;
    assert_eq!(refused(&good, &Circumstances { used: &used, ..Circumstances::at(NOW) }), Reason::Used);
    for (place, reason) in [
        ("192.168.1.20:4100", Reason::LocalHost("192.168.1.20".into())),
        ("[fd00::1]:4100", Reason::LocalHost("fd00::1".into())),
        ("[::ffff:10.0.0.1]", Reason::LocalHost("::ffff:10.0.0.1".into())),
        ("printer.local", Reason::LocalHost("printer.local".into())),
        ("localhost:80", Reason::LocalHost("localhost".into())),
        ("pаy.example.org", Reason::ImitatedHost("pаy.example.org".into())),
        ("pay.example.org:0", Reason::Malformed("port")),
        ("pay.example.org:+80", Reason::Malformed("port")),
        ("pay.example.org:65536", Reason::Malformed("port")),
        ("face to face", Reason::BadHost("face to face".into())),
        ("2130706433", Reason::BadHost("2130706433".into())),
    ] {
        let places = vec!["pay.example.org".to_owned(), place.to_owned()];
        assert_eq!(refused(&Ticket { rendezvous: places, ..good.clone() }, &Circumstances::at(NOW)), reason);
    }
    let at_home = Ticket { rendezvous: vec!["192.168.1.20:4100".into()], ..good };
    let desk = Circumstances { hosts: Hosts::Any, ..Circumstances::at(NOW) };
    assert!(scan::text(&Own::of(&at_home).unwrap().picture_text(), &desk).is_ok());

    let mut invoice = pair.signed_invoice().unwrap();
    invoice.invoice.expires = NOW;
    let over = read(&Own::of(&invoice).unwrap()).unwrap_err();
    let reason = Reason::Expired { ended: NOW, now: NOW };
    assert_eq!(over, Refusal { recognised: Recognised::Own(Kind::Invoice), reason });

    let inside: Address = "chip://ana:U2F3W5@10.1.2.3:65430".parse().unwrap();
    let reason = Reason::LocalHost("10.1.2.3".into());
    let refusal = Refusal { recognised: Recognised::Own(Kind::Address), reason };
    assert_eq!(read(&Own::of(&inside).unwrap()), Err(refusal));
}

#[test]
fn an_altered_payload_is_another_object_or_none() {
    let own = Own::of(&PledgeCode::of(&Pair::new().foil.chit(honest::plain(12_500))).unwrap()).unwrap();
    let mut malformed = 0;
    for bit in 0..own.payload().len() * 8 {
        let mut payload = own.payload().to_vec();
        payload[bit / 8] ^= 1 << (bit % 8);
        match read(&Own::new(Kind::Pledge, payload.clone()).unwrap()) {
            Ok(Qr::Payment(code)) => assert_eq!(code.to_bytes(), payload),
            Ok(other) => panic!("{other:?}"),
            Err(Refusal { recognised: Recognised::Own(Kind::Pledge), reason: Reason::Payload(_) }) => {
                malformed += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(malformed > 40, "{malformed}");
    let mut long = own.payload().to_vec();
    long.push(0);
    let refusal = read(&Own::new(Kind::Pledge, long).unwrap()).unwrap_err();
    assert_eq!(refusal.reason, Reason::Payload(Malformed::Trailing { what: "payment code", extra: 1 }));
}

fn still(own: &Own) -> Option<Picture> {
    match show(own, Level::SCREEN).unwrap() {
        Shown::Still(picture) => {
            assert!(picture.version() <= 10);
            Some(picture)
        }
        Shown::Moving(_) => None,
    }
}

fn is_still(own: &Own) -> bool {
    still(own).is_some()
}

/// The longest memo with which a code stands still: a first phone's payment of 2,000.00 with a four-figure number.
fn longest_memo(invoice: Option<InvoiceId>, receipted: bool) -> Option<usize> {
    let chain = ChainId { side: Side::Foil, device: 1, epoch: 1 };
    (0..240)
        .take_while(|length| {
            let noise = &mut Noise::new(7);
            let tally = TallyId([7; 16]);
            let pledge = own_codes::pledge_of(noise, tally, chain, 2_000, invoice, &"m".repeat(*length));
            let own = if receipted {
                let receipt = own_codes::receipt(&mut Noise::new(7), &pledge);
                Own::of(&ReceiptedCode::of(&pledge, &receipt).unwrap())
            } else {
                Own::of(&PledgeCode::of(&pledge).unwrap())
            };
            is_still(&own.unwrap())
        })
        .last()
}

#[test]
fn a_payment_and_a_payment_with_its_receipt_fit_one_code_and_this_much_memo() {
    let invoice = Some(InvoiceId([9; 16]));
    let longest = [(None, false), (invoice, false), (None, true), (invoice, true)]
        .map(|(invoice, receipted)| longest_memo(invoice, receipted));
    assert_eq!(longest, [Some(81), Some(65), Some(16), Some(1)]);
}

#[test]
fn ten_thousand_own_codes_are_one_small_code_or_parts() {
    let mut noise = Noise::new(20);
    let (mut kinds, mut moving) = ([0; 11], [0; 11]);
    // How large a code is drawn follows from its length alone, so each length is drawn once.
    let mut drawn = BTreeMap::new();
    for _ in 0..10_000 {
        let own = own_codes::any(&mut noise).unwrap();
        let kind = usize::from(own.kind().number());
        kinds[kind] += 1;
        let still = *drawn.entry(own.payload().len()).or_insert_with(|| is_still(&own));
        moving[kind] += usize::from(!still);
    }
    println!("kinds {kinds:?} in parts {moving:?}");
    assert_eq!(kinds.iter().sum::<usize>(), 10_000);
    let number = |kind: Kind| usize::from(kind.number());
    for kind in [Kind::Ticket, Kind::Invoice, Kind::Pledge, Kind::Receipted, Kind::Receipt] {
        assert!(kinds[number(kind)] > 1_500, "{kind}");
    }
    for always_still in [Kind::Ticket, Kind::Pledge, Kind::Receipt] {
        assert_eq!(moving[number(always_still)], 0, "{always_still}");
    }
    assert!(moving[number(Kind::Invoice)] * 100 <= kinds[number(Kind::Invoice)]);
    // Beside a receipt a memo has sixteen letters' room, and one to four beside an invoice too: longer ones move.
    assert!(moving[number(Kind::Receipted)] > 0);
    for _ in 0..100 {
        let pledge = own_codes::pledge(&mut noise, 0);
        let receipt = own_codes::receipt(&mut noise, &pledge);
        assert!(is_still(&Own::of(&ReceiptedCode::of(&pledge, &receipt).unwrap()).unwrap()));
    }
}

#[test]
fn own_codes_are_read_at_once_at_480_pixels_when_worn() {
    let (mut noise, mut dice) = (Noise::new(21), Dice::new(11));
    // `HAZEL_CODES=10000` reads as many as the other test draws.
    let asked = std::env::var("HAZEL_CODES").ok().and_then(|count| count.parse().ok());
    let count = asked.unwrap_or(if cfg!(debug_assertions) { 24 } else { 1_000 });
    let (mut right, mut tried, mut missed) = (0, 0, Vec::new());
    while tried < count {
        let own = own_codes::any(&mut noise).unwrap();
        let Some(picture) = still(&own) else { continue };
        tried += 1;
        let pixels = frames::seen(&mut dice, &picture, (480, 480), frames::WORN);
        let luma = Luma::new(&pixels, 480, 480, 480).unwrap();
        match scan::frame(&luma, &Circumstances::at(NOW)) {
            Ok(found) => {
                assert_eq!(found, [read(&own)], "a wrong payload in frame {tried}");
                right += 1;
            }
            Err(_) => missed.push(tried),
        }
    }
    println!("{right} of {tried}");
    assert!(right * 100 >= tried * 99, "{right} of {tried}, missed {missed:?}");
}
