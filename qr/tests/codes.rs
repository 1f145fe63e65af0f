//! Own codes in their three dresses, and everything that is scanned and is not one.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]

use hazel_core::canon::{Canon, Malformed, Writer};
use hazel_core::message::Handover;
use hazel_qr::code::{CODE_WIRE, Kind, MOST_PAYLOAD, Own};
use hazel_qr::host::{Host, Hosts};
use hazel_qr::picture::{Level, Picture};
use hazel_qr::scan::{self, Circumstances, MOST_TEXT, Qr};
use hazel_qr::show::{Shown, show};
use hazel_qr::{ForeignSort, Reason, Recognised, Refusal};
use proptest::prelude::*;

const NOW: u64 = 1_800_000_000;

fn read(text: &str) -> Result<Qr, Refusal> {
    scan::text(text, &Circumstances::at(NOW))
}

fn own(kind: Kind, length: usize) -> Own {
    Own::new(kind, uneven(length)).unwrap()
}

fn uneven(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 37 + 11) as u8).collect()
}

/// Sealed messages: the one payload whose content may be any bytes.
fn messages(sealed: &[u8]) -> Own {
    let mut to = Writer::with_capacity(64);
    to.array(5).uint(1).null().bytes(&[3; 16]).bytes(&[4; 24]).bytes(sealed);
    Own::new(Kind::Messages, to.into_bytes()).unwrap()
}

fn meant(own: &Own) -> Result<Qr, Refusal> {
    match own.kind() {
        Kind::Verification => Ok(Qr::Verification(own.payload().try_into().unwrap())),
        _ => Ok(Qr::Messages(Handover::from_bytes(own.payload()).unwrap())),
    }
}

fn host() -> Host {
    Host::new("pay.example.org", Hosts::Public).unwrap()
}

#[test]
fn the_three_dresses_of_a_code_are_pinned() {
    let code = Own::new(Kind::Invoice, vec![0xde, 0xad, 0xbe, 0xef]).unwrap();
    assert_eq!(code.bytes(), [1, 3, 0xde, 0xad, 0xbe, 0xef]);
    assert_eq!(code.picture_text(), "HZ:Y50Z6S96O");
    assert_eq!(code.link(&host()).unwrap(), "https://pay.example.org/#v1.AQPerb7v");
    assert_eq!(code.uri().unwrap(), "hazel:v1.AQPerb7v");
}

#[test]
fn a_code_is_read_back_from_every_dress() {
    for code in
        [own(Kind::Verification, 32), messages(&uneven(1)), messages(&uneven(160)), messages(&uneven(900))]
    {
        let expected = meant(&code);
        assert_eq!(read(&code.picture_text()), expected);
        assert_eq!(scan::bytes(&code.bytes(), &Circumstances::at(NOW)), expected);
        assert_eq!(scan::bytes(code.picture_text().as_bytes(), &Circumstances::at(NOW)), expected);
        if code.kind() == Kind::Verification {
            assert_eq!(code.link(&host()), Err(Reason::NotAsLink));
            assert_eq!(code.uri(), Err(Reason::NotAsLink));
            continue;
        }
        let (link, uri) = (code.link(&host()).unwrap(), code.uri().unwrap());
        let shouted = uri.replacen("hazel:v1.", "HAZEL:V1.", 1);
        for text in [&link, &uri, &format!("\"{link}\""), &format!("\n{link} "), &shouted] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}

#[test]
fn what_a_code_carries_is_refused_under_its_own_name() {
    for (kind, what) in [
        (Kind::Ticket, "ticket"),
        (Kind::Offer, "signed tally"),
        (Kind::Invoice, "signed invoice"),
        (Kind::Pledge, "payment code"),
        (Kind::Receipted, "payment code with receipt"),
        (Kind::Receipt, "signed receipt"),
        (Kind::Address, "address"),
        (Kind::Messages, "hand-over"),
    ] {
        // A text where an array belongs; and an array that claims four billion elements.
        for (payload, reason) in
            [(vec![0x61, b'a'], Malformed::WrongType { what }), (vec![0x9a], Malformed::Truncated { what })]
        {
            let refusal = Refusal { recognised: Recognised::Own(kind), reason: Reason::Payload(reason) };
            assert_eq!(read(&Own::new(kind, payload).unwrap().picture_text()), Err(refusal.clone()));
            assert!(refusal.to_string().starts_with(&format!("Hazel {kind}: {what}")), "{refusal}");
        }
    }
    let newer = Own::new(Kind::Pledge, vec![0x82, 2, 0]).unwrap();
    let reason = Reason::Payload(Malformed::Newer { what: "payment code", version: 2 });
    assert_eq!(read(&newer.picture_text()).unwrap_err().reason, reason);
}

#[test]
fn what_this_version_does_not_define_is_refused_by_name() {
    let bytes = |bytes: &[u8]| scan::bytes(bytes, &Circumstances::at(NOW)).unwrap_err();
    let code = |reason| Refusal { recognised: Recognised::HazelCode, reason };
    assert_eq!(bytes(&[2, 1, 1]), code(Reason::NewerVersion(2)));
    assert_eq!(bytes(&[0, 1, 1]), code(Reason::NoSuchVersion(0)));
    assert_eq!(bytes(&[1, 0, 1]), code(Reason::UnknownKind(0)));
    assert_eq!(bytes(&[1, 9, 1]), code(Reason::UnknownKind(9)));
    assert_eq!(bytes(&[1, 11, 1]), code(Reason::UnknownKind(11)));
    assert_eq!(bytes(&[1, 3]), code(Reason::Length(0)));
    assert_eq!(bytes(&[1]), code(Reason::Length(0)));
    assert_eq!(bytes(&[1, 8, 1, 2, 3]), code(Reason::Length(3)));
    assert_eq!(read("HZ:").unwrap_err(), code(Reason::Empty));
    assert_eq!(read("HZ:Y509/S0 Oé").unwrap_err(), code(Reason::Encoding("base45")));
    let link = |reason| Refusal { recognised: Recognised::HazelLink, reason };
    assert_eq!(read("hazel:v2.AQPerb7v").unwrap_err(), link(Reason::NewerVersion(2)));
    assert_eq!(read("hazel:v0.AQPerb7v").unwrap_err(), link(Reason::NoSuchVersion(0)));
    assert_eq!(read("hazel:pay").unwrap_err(), link(Reason::UnknownRecord));
    assert_eq!(read("hazel:v1.AQPerb7v=").unwrap_err(), link(Reason::Encoding("base64url")));
    assert_eq!(
        read("hazel:v1.AQPerb7").unwrap_err(),
        link(Reason::Encoding("base64url")),
        "spare bits are set"
    );
    let mut verification = vec![CODE_WIRE, Kind::Verification.number()];
    verification.extend_from_slice(&[9; 32]);
    let text = {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&verification)
    };
    assert_eq!(read(&format!("hazel:v1.{text}")).unwrap_err(), link(Reason::NotAsLink));
    let imitated = read("https://pаy.example.org/#v1.AQPerb7v").unwrap_err();
    assert_eq!(imitated, link(Reason::ImitatedHost("pаy.example.org".into())));
    assert_eq!(
        read("https://192.168.1.1/#v1.AQPerb7v").unwrap_err(),
        link(Reason::LocalHost("192.168.1.1".into()))
    );
}

#[test]
fn payloads_have_bounds() {
    assert_eq!(Own::new(Kind::Pledge, vec![]), Err(Reason::Length(0)));
    assert!(Own::new(Kind::Pledge, vec![0; MOST_PAYLOAD]).is_ok());
    assert_eq!(Own::new(Kind::Pledge, vec![0; MOST_PAYLOAD + 1]), Err(Reason::Length(MOST_PAYLOAD + 1)));
    assert_eq!(Own::new(Kind::Verification, vec![0; 31]), Err(Reason::Length(31)));
}

#[test]
fn a_code_stands_still_up_to_version_ten_and_moves_beyond() {
    for (length, level, still) in [
        (259, Level::SCREEN, true),
        (269, Level::SCREEN, true),
        (270, Level::SCREEN, false),
        (203, Level::PRINT, true),
        (211, Level::PRINT, true),
        (212, Level::PRINT, false),
        (1, Level::SCREEN, true),
    ] {
        match show(&own(Kind::Receipted, length), level).unwrap() {
            Shown::Still(picture) => assert!(still && picture.version() <= 10, "{length}"),
            Shown::Moving(sequence) => assert!(!still && sequence.of() >= 1, "{length}"),
        }
    }
    let densest = Picture::fixed(own(Kind::Receipted, 259).picture_text(), Level::SCREEN).unwrap();
    assert_eq!(densest.version(), 10);
}

#[test]
fn nothing_unknown_is_silent_and_nothing_is_fetched() {
    let circumstances = Circumstances::at(NOW);
    for (text, sort) in [
        ("WIFI:S:cafe;T:WPA;P:secret;;", ForeignSort::Wifi),
        ("BEGIN:VCARD\nFN:Somebody", ForeignSort::Contact),
        ("bitcoin:bc1qexample", ForeignSort::OtherPayment),
        ("geo:1,2", ForeignSort::OtherScheme),
        ("just words", ForeignSort::Words),
        ("hz:Y509/S0 O", ForeignSort::OtherScheme),
    ] {
        let Ok(Qr::Foreign(foreign)) = read(text) else { panic!("{text}") };
        assert_eq!((foreign.sort, foreign.text.as_str()), (sort, text));
    }
    for (text, recognised, reason) in [
        ("https://example.com/x", Recognised::ForeignLink, Reason::NeedsNetwork("example.com".into())),
        ("http://10.0.0.1/reboot", Recognised::ForeignLink, Reason::NeedsNetwork("10.0.0.1".into())),
        ("", Recognised::Unknown, Reason::Empty),
        (" \n", Recognised::Unknown, Reason::Empty),
        ("\"\\ud800\"", Recognised::Unknown, Reason::Encoding("JSON text")),
        ("{}", Recognised::Unknown, Reason::UnknownRecord),
        ("{\"a\"", Recognised::Unknown, Reason::Encoding("JSON of this record")),
    ] {
        assert_eq!(scan::text(text, &circumstances), Err(Refusal { recognised, reason }), "{text}");
    }
    let junk = scan::bytes(&[0xff, 0xfe, 0x80], &circumstances).unwrap_err();
    assert_eq!(junk, Refusal { recognised: Recognised::Unknown, reason: Reason::NotText });
}

#[test]
fn bombs_are_refused_before_they_are_parsed() {
    let long = "[".repeat(4 << 20);
    for text in [long.clone(), format!("HZ:{long}"), format!("{{\"ticket\":{long}"), format!("\"{long}\"")] {
        let reason = Reason::TooLong { bytes: text.len(), most: MOST_TEXT };
        assert_eq!(read(&text), Err(Refusal { recognised: Recognised::Unknown, reason: reason.clone() }));
        let bytes = scan::bytes(text.as_bytes(), &Circumstances::at(NOW));
        assert_eq!(bytes, Err(Refusal { recognised: Recognised::Unknown, reason }));
    }
    for open in ["[", "{\"a\":", "{\"ticket\":"] {
        let deep = format!("{{\"pay\":{}", open.repeat(1_000));
        assert_eq!(read(&deep).unwrap_err().reason, Reason::TooDeep(8));
    }
    let quoted = format!("{{\"pay\":{{\"memo\":\"{}\"}}}}", "[".repeat(1_000));
    assert_eq!(read(&quoted).unwrap_err().reason, Reason::PayeeMissing, "brackets in a text are not depth");
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        if let Err(refusal) = read(&text) {
            prop_assert!(!refusal.to_string().is_empty());
        }
    }

    #[test]
    fn any_query_is_answered(sort in "ticket|invite|pay|signkey", query in "[a-z=&%#{}\"0-9:+-]{0,120}") {
        _ = read(&format!("https://mychips.org/{sort}?{query}"));
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Err(refusal) = scan::bytes(&bytes, &Circumstances::at(NOW)) {
            prop_assert!(!refusal.to_string().is_empty());
        }
    }

    #[test]
    fn payloads_survive_every_dress(sealed in proptest::collection::vec(any::<u8>(), 1..400)) {
        let code = messages(&sealed);
        prop_assert_eq!(read(&code.picture_text()), meant(&code));
        prop_assert_eq!(read(&code.link(&host()).unwrap()), meant(&code));
    }

    #[test]
    fn any_payload_is_answered(number in 0_usize..9, payload in proptest::collection::vec(any::<u8>(), 1..400)) {
        if let Ok(code) = Own::new(Kind::ALL[number], payload)
            && let Err(refusal) = read(&code.picture_text())
        {
            prop_assert_eq!(refusal.recognised, Recognised::Own(code.kind()));
        }
    }
}
