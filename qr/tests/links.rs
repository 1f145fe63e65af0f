//! Codes in the field: real samples first, then every form they are known to take, then what must be refused.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use hazel_qr::host::Hosts;
use hazel_qr::link::{ConnectTicket, Invitation, KeyRefusal, PayRequest};
use hazel_qr::luma::Luma;
use hazel_qr::scan::{self, Circumstances, Qr};
use hazel_qr::{ForeignSort, Reason, Recognised, Refusal, read};
use serde_json::{Value, json};

const INVITE: &str = include_str!("../../tests/vectors/mychips/invite_action_result.json");
const INVOICE: &str = include_str!("../../tests/vectors/mychips/pay_invoice_action_result.json");
const TICKET: &str = include_str!("../../tests/vectors/mychips/connection_ticket_db.json");
const SIGNKEY: &str = include_str!("../../tests/vectors/mychips/signkey_export.json");

/// 2026-11-20T14:00:00Z, when the samples were alive.
const THEN: u64 = 1_795_183_200;
const AGENT: &str = "U2F3W5WXRKaMUvAknqiptr6LzDhj4vjW-QKrqP9nTb8";

fn anywhere() -> Circumstances<'static> {
    Circumstances { hosts: Hosts::Any, ..Circumstances::at(THEN) }
}

fn refused(text: &str) -> Refusal {
    scan::text(text, &Circumstances::at(THEN)).unwrap_err()
}

fn sample(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn invitation(qr: Result<Qr, Refusal>) -> Invitation {
    match qr {
        Ok(Qr::Invite(invitation)) => invitation,
        other => panic!("{other:?}"),
    }
}

fn ticket(text: &str) -> ConnectTicket {
    match scan::text(text, &Circumstances::at(THEN)) {
        Ok(Qr::Connect(ticket)) => ticket,
        other => panic!("{text}: {other:?}"),
    }
}

fn pay(text: &str) -> PayRequest {
    match scan::text(text, &Circumstances::at(THEN)) {
        Ok(Qr::Pay(request)) => request,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn the_real_invitation_is_read_as_record_and_as_link() {
    let sample = sample(INVITE);
    let record = invitation(scan::text(&sample[0].to_string(), &anywhere()));
    assert_eq!(record.token, "64dacc3164c330011b9cb14338eb4175");
    assert_eq!(record.from.to_string(), format!("chip://alice:{AGENT}@localhost:65430"));
    assert_eq!(record.expires, Some(THEN + 21 * 60 + 55));
    let link = invitation(scan::text(sample[0]["url"].as_str().unwrap(), &anywhere()));
    assert_eq!((&link.token, &link.from, link.expires), (&record.token, &record.from, None));
    let quoted = sample[0]["url"].to_string();
    assert_eq!(
        invitation(scan::text(&quoted, &anywhere())),
        link,
        "the sites' codes carry the quotation marks"
    );
    assert_eq!(invitation(scan::text(&link.link(), &anywhere())), link, "what is emitted is read");
    for separator in ['"', '{', ' '] {
        assert!(!link.link().contains(separator));
    }
}

/// The modules of a picture that an issuing site drew: outlines of right angles in one SVG path, filled by the even-odd rule.
fn painted(svg: &str, scale: usize) -> (usize, Vec<u8>) {
    let side: usize =
        svg.split("viewBox=\"0 0 ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap();
    let path = svg.split(" d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let mut turns = vec![false; side * side];
    let (mut begun, mut at) = ((0_i32, 0_i32), (0_i32, 0_i32));
    for step in steps(path) {
        let (command, number) = step.split_at(1);
        let before = at;
        match command {
            "M" => {
                let (x, y) = number.split_once(' ').unwrap();
                at = (x.parse().unwrap(), y.parse().unwrap());
                begun = at;
                continue;
            }
            "h" => at.0 += number.parse::<i32>().unwrap(),
            "v" => at.1 += number.parse::<i32>().unwrap(),
            _ => at = begun,
        }
        for y in before.1.min(at.1)..before.1.max(at.1) {
            turns[usize::try_from(y * i32::try_from(side).unwrap() + at.0).unwrap()] ^= true;
        }
    }
    let quiet = 3;
    let outer = side + 2 * quiet;
    let mut pixels = vec![255; outer * outer * scale * scale];
    for (y, row) in turns.chunks(side).enumerate() {
        let mut dark = false;
        for (x, turn) in row.iter().enumerate() {
            dark ^= turn;
            for place in (0..scale * scale).filter(|_| dark) {
                let (column, line) =
                    ((x + quiet) * scale + place % scale, (y + quiet) * scale + place / scale);
                pixels[line * outer * scale + column] = 0;
            }
        }
    }
    (outer * scale, pixels)
}

/// A path cut before each of its letters.
fn steps(path: &str) -> Vec<&str> {
    let starts: Vec<usize> =
        path.char_indices().filter(|(_, letter)| letter.is_ascii_alphabetic()).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([path.len()]);
    starts.iter().zip(ends).map(|(start, end)| path.get(*start..end).unwrap()).collect()
}

#[test]
fn the_picture_that_the_site_drew_is_read_as_its_link() {
    let sample = sample(INVITE);
    let (side, pixels) = painted(sample[2].as_str().unwrap(), 4);
    let frame = Luma::new(&pixels, side, side, side).unwrap();
    let seen = read::codes(&frame);
    assert_eq!(seen.len(), 1);
    assert_eq!(
        String::from_utf8(seen[0].content.clone()).unwrap(),
        sample[0]["url"].to_string(),
        "in quotation marks"
    );
    let answers = scan::frame(&frame, &anywhere()).unwrap();
    let link = invitation(answers.into_iter().next().unwrap());
    assert_eq!(link.token, "64dacc3164c330011b9cb14338eb4175");
    // What a person might copy from the page around it is words, and says so.
    let page = sample[1].as_str().unwrap();
    let Ok(Qr::Foreign(words)) = scan::text(page, &anywhere()) else { panic!("{page}") };
    assert_eq!(words.sort, ForeignSort::Words);
}

#[test]
fn the_real_invitation_is_refused_for_what_is_wrong_with_it() {
    let sample = sample(INVITE);
    let local = Refusal { recognised: Recognised::Invitation, reason: Reason::LocalHost("localhost".into()) };
    assert_eq!(refused(sample[0]["url"].as_str().unwrap()), local);
    assert_eq!(refused(&sample[0].to_string()), local);
    let ended = THEN + 21 * 60 + 55;
    let late = Circumstances { now: ended, ..anywhere() };
    let expired = scan::text(&sample[0].to_string(), &late).unwrap_err();
    assert_eq!(expired.reason, Reason::Expired { ended, now: ended });
    let in_time = Circumstances { now: ended - 1, ..anywhere() };
    assert!(scan::text(&sample[0].to_string(), &in_time).is_ok());
    let used = |token: &[u8]| token == b"64dacc3164c330011b9cb14338eb4175";
    let again = Circumstances { used: &used, ..anywhere() };
    assert_eq!(scan::text(&sample[0].to_string(), &again).unwrap_err().reason, Reason::Used);
}

#[test]
fn the_real_payment_request_lacks_its_payee_and_is_refused_for_that() {
    let sample = sample(INVOICE);
    for text in
        [sample[0].to_string(), sample[0]["url"].as_str().unwrap().to_owned(), sample[0]["url"].to_string()]
    {
        let expected = Refusal { recognised: Recognised::PayRequest, reason: Reason::PayeeMissing };
        assert_eq!(refused(&text), expected, "{text}");
    }
    let mended = sample[0]["url"].as_str().unwrap().replace("chad=:", "chad=alice:");
    let request = pay(&mended);
    assert_eq!(request.memo.as_deref(), Some("Coffee & cake"));
    assert_eq!((request.cuid.as_str(), request.agent.as_str(), request.units), ("alice", AGENT, Some(2500)));
    assert_eq!(request.reference.as_deref(), Some("{\"n\":1}"));
    assert_eq!(pay(&request.link()), request, "what is emitted is read");
    assert!(!request.link().contains("& "), "{}", request.link());
}

#[test]
fn the_real_tickets_are_read_under_both_names() {
    let sample = sample(TICKET);
    for name in ["ticket", "connect"] {
        for side in ["A", "B"] {
            let text = json!({ name: sample[side] }).to_string();
            let Ok(Qr::Connect(found)) = scan::text(&text, &anywhere()) else { panic!("{text}") };
            assert_eq!((found.user.as_str(), found.host.as_str()), ("p1000", "localhost"));
            assert_eq!(found.token, sample[side]["token"].as_str().unwrap());
            assert_eq!(u64::from(found.port), sample[side]["port"].as_u64().unwrap());
            assert_eq!(found.expires, Some(THEN + 6 * 60 + 52));
            let reason = Reason::LocalHost("localhost".into());
            assert_eq!(refused(&text), Refusal { recognised: Recognised::ConnectTicket, reason });
        }
    }
}

#[test]
fn a_ticket_is_the_same_in_every_dress() {
    let token = "f0adb07c8fc41089d41d12f1d06613b8";
    let fields = json!({"user": "p1000", "token": token, "host": "site.example.net", "port": 11025});
    let named = json!({"ticket": fields}).to_string();
    let plain =
        format!("https://mychips.org/ticket?host=site.example.net&port=11025&user=p1000&token={token}");
    let expected = ticket(&plain);
    assert_eq!(expected.link(), plain);
    let mut forms = vec![
        named.clone(),
        format!("\"{plain}\""),
        format!(" {plain}\r\n"),
        plain.replace("https://mychips.org", "HTTPS://MyChips.ORG"),
        plain.replace("https://mychips.org/ticket", "http://mychips.org:80/connect/"),
        format!("{plain}&randomString=abc&utm_source=mail&flag"),
        Value::String(named.clone()).to_string(),
        json!({"connect": {"user": "p1000", "token": token, "host": "SITE.example.net", "port": "11025"}, "title": "x"})
            .to_string(),
        format!("https://site.example.net:11024/user.html?&port=11025&token={token}&user=p1000"),
    ];
    for json in [named, fields.to_string(), json!({"connect": fields}).to_string()] {
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            let text = engine.encode(&json);
            forms.push(format!("https://mychips.org/ticket?{text}"));
            forms
                .push(format!("https://mychips.org/ticket?{}", text.replace('=', "%3D").replace('+', "%2B")));
        }
    }
    for form in forms {
        assert_eq!(ticket(&form), expected, "{form}");
    }
}

#[test]
fn memos_are_recovered_only_where_they_read_one_way() {
    let head = format!("https://mychips.org/pay?chad=bob:{AGENT}&units=1");
    for (tail, memo) in [
        ("&memo=Coffee%20&%20cake", Some("Coffee & cake")),
        ("&memo=Table%20#5", Some("Table #5")),
        ("&memo=R&D", Some("R&D")),
        ("&memo=1%2B1+1", Some("1+1+1")),
        ("&memo=x&randomString=9", Some("x")),
        ("&memo=", None),
        ("&hint=a&foo=b", None),
    ] {
        assert_eq!(pay(&format!("{head}{tail}")).memo.as_deref(), memo, "{tail}");
    }
    for (tail, reason) in [
        ("&memo=Tom&Jerry=friends", Reason::AmbiguousMemo),
        ("&memo=x&units=2", Reason::Twice("units")),
        ("&memo=a%0Ab", Reason::Malformed("memo")),
        ("&memo=%e4", Reason::Malformed("memo")),
        ("&memo=pay%20%E2%80%AE001", Reason::Malformed("memo")),
        ("&req-sign=1", Reason::RequiredUnknown("req-sign".into())),
        ("&ref={", Reason::Malformed("ref")),
        ("&ref=[[[[[[[[[1]]]]]]]]]", Reason::TooDeep(8)),
    ] {
        assert_eq!(
            refused(&format!("{head}{tail}")),
            Refusal { recognised: Recognised::PayRequest, reason },
            "{tail}"
        );
    }
}

#[test]
fn amounts_are_whole_positive_and_exact() {
    let link = |units: &str| format!("https://mychips.org/pay?chad=bob:{AGENT}{units}");
    assert_eq!(pay(&link("")).units, None);
    assert_eq!(pay(&link("&units=undefined")).units, None);
    assert_eq!(pay(&link("&units=9007199254740992")).units, Some(1 << 53));
    for wrong in ["0", "-5", "1.5", "1e3", "9007199254740993", "99999999999999999999999", "NaN", "%20"] {
        assert_eq!(refused(&link(&format!("&units={wrong}"))).reason, Reason::Malformed("units"), "{wrong}");
    }
    let record =
        json!({"pay": {"chad": {"cuid": "bob", "agent": AGENT}, "units": 12, "hint": 1}}).to_string();
    assert_eq!(pay(&record).units, Some(12));
    let negative = json!({"pay": {"chad": {"cuid": "bob", "agent": AGENT}, "units": -12}}).to_string();
    assert!(scan::text(&negative, &anywhere()).is_err());
}

#[test]
fn the_exported_signing_key_opens_with_its_passphrase_only() {
    let sample = sample(SIGNKEY);
    let Ok(Qr::Key(key)) = scan::text(sample["link"].as_str().unwrap(), &anywhere()) else { panic!() };
    let Ok(Qr::Key(same)) = scan::text(&sample["cases"]["key"].to_string(), &anywhere()) else { panic!() };
    assert_eq!(key, same);
    assert_eq!(key.link(), sample["link"].as_str().unwrap());
    let passphrase = sample["passphrase"].as_str().unwrap();
    let opened = key.open(passphrase).unwrap();
    assert_eq!(opened.jwk(), sample["jwk"].as_str().unwrap());
    assert!(!format!("{opened:?}").contains("AScY8bkY"), "a private key is never printed");
    assert_eq!(key.open("correct horse battery ").unwrap_err(), KeyRefusal::Passphrase);
    for case in ["not_json", "public_only"] {
        let Ok(Qr::Key(key)) = scan::text(&sample["cases"][case].to_string(), &anywhere()) else { panic!() };
        assert_eq!(key.open(passphrase).unwrap_err(), KeyRefusal::NotAKey, "{case}");
    }
    let link = sample["link"].as_str().unwrap();
    for (from, to, reason) in [
        ("s=00", "s=", Reason::Malformed("s")),
        ("i=00", "i=0g", Reason::Malformed("i")),
        ("s=0011223344556677&", "", Reason::Missing("s")),
        ("&d=", "&d=!", Reason::Malformed("d")),
        ("&d=", "&e=", Reason::Missing("d")),
    ] {
        assert_eq!(refused(&link.replace(from, to)).reason, reason, "{to}");
    }
}

#[test]
fn tickets_to_nowhere_and_to_imitators_are_refused_with_the_reason() {
    let link = |host: &str| format!("https://mychips.org/ticket?host={host}&port=1&user=u&token=ab");
    for (host, reason) in [
        ("192.168.0.7", Reason::LocalHost("192.168.0.7".into())),
        ("my.lan", Reason::LocalHost("my.lan".into())),
        ("::1", Reason::LocalHost("::1".into())),
        ("2130706433", Reason::BadHost("2130706433".into())),
        ("a@b.org", Reason::BadHost("a@b.org".into())),
        ("m%D1%83chips.org", Reason::ImitatedHost("mуchips.org".into())),
        ("xn--mchips-2of.org", Reason::ImitatedHost("xn--mchips-2of.org".into())),
        ("", Reason::Missing("host")),
    ] {
        assert_eq!(refused(&link(host)), Refusal { recognised: Recognised::ConnectTicket, reason }, "{host}");
    }
    for (text, recognised) in [
        ("https://mусhips.org/ticket?token=1", Recognised::ConnectTicket),
        ("https://rnychips.org/pay?chad=a:b", Recognised::PayRequest),
        ("https://mychlps.org/", Recognised::ForeignLink),
    ] {
        let refusal = refused(text);
        assert!(matches!(refusal.reason, Reason::ImitatedHost(_)), "{text}: {refusal}");
        assert_eq!(refusal.recognised, recognised);
    }
    for text in [
        "https://mychips.org@evil.example.com/ticket?token=1",
        "https://mychips.org\\@evil.example.com/pay?x=1",
    ] {
        let refusal = refused(text);
        assert_eq!(refusal.recognised, Recognised::ForeignLink, "{text}");
        assert!(matches!(refusal.reason, Reason::BadHost(_)), "{text}: {refusal}");
    }
}

#[test]
fn incomplete_and_contradictory_links_say_what_is_missing() {
    for (text, reason) in [
        ("https://mychips.org/ticket", Reason::Missing("host")),
        ("https://mychips.org/ticket?host=a.org&user=u&token=t", Reason::Missing("port")),
        ("https://mychips.org/ticket?host=a.org&port=0&user=u&token=t", Reason::Malformed("port")),
        ("https://mychips.org/ticket?host=a.org&port=65536&user=u&token=t", Reason::Malformed("port")),
        ("https://mychips.org/ticket?host=a.org&port=1&token=t", Reason::Missing("user")),
        ("https://mychips.org/ticket?host=a.org&port=1&user=u&token=t%20t", Reason::Malformed("token")),
        ("https://mychips.org/ticket?host=a.org&host=b.org&port=1&user=u&token=t", Reason::Twice("host")),
        ("https://mychips.org/invite?token=t", Reason::Missing("chad")),
        ("https://mychips.org/invite?token=t&chad=alice", Reason::Malformed("chad")),
        ("https://mychips.org/invite?chad={\"cuid\":\"a\",\"host\":\"a.org\"}", Reason::Missing("agent")),
        ("https://mychips.org/tally-view/7", Reason::UnknownRecord),
        ("https://mychips.org:8443/ticket?token=t", Reason::Malformed("port")),
        ("{\"user\":{}}", Reason::UnknownRecord),
        ("{\"pay\":{},\"ticket\":{}}", Reason::Twice("record")),
        ("{\"ticket\":{\"host\":\"a.org\",\"host\":\"b.org\"}}", Reason::Encoding("JSON of this record")),
        ("{\"ticket\":", Reason::Encoding("JSON of this record")),
    ] {
        assert_eq!(refused(text).reason, reason, "{text}");
    }
}

#[test]
fn addresses_are_read_and_written() {
    let text = format!("chip://alice:{AGENT}@site.example.net:65430");
    let Ok(Qr::ChipAddress(address)) = scan::text(&text, &anywhere()) else { panic!() };
    assert_eq!(address.to_string(), text);
    let short = format!("CHIP://alice:{AGENT}@site.example.net");
    assert_eq!(scan::text(&short, &anywhere()), Ok(Qr::ChipAddress(address)));
    for (wrong, reason) in [
        ("chip://alice", Reason::Missing("host")),
        ("chip://alice@a.org", Reason::Missing("cuid")),
        ("chip://:agent@a.org", Reason::Missing("cuid")),
        ("chip://a:b@10.0.0.1:1", Reason::LocalHost("10.0.0.1".into())),
        ("chip://a:b@a.org:+1", Reason::Malformed("port")),
        ("chip://a:b c@a.org:1", Reason::Malformed("agent")),
    ] {
        assert_eq!(refused(wrong), Refusal { recognised: Recognised::Address, reason }, "{wrong}");
    }
}
