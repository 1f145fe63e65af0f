//! Stories of what a history shows: what each entry moves, and which of them a filter takes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::key::{PublicKey, Signature};
use hazel_core::message::Message;
use hazel_core::wallet::{Audience, ChitView, Filter, Payment, Wallet};
use story::*;

/// Ana has what Ben paid and no place for any of it. What she accepts moves her balance where she accepts it, not where it was paid.
#[test]
fn what_has_no_place_yet_says_what_it_moves() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 10).unwrap();
    let insisted = Payment { units: chips(200), insist: true, ..Payment::default() };
    let beyond = ben.pay(&tally, &insisted).unwrap();
    let mut chits = ben.outbox(&tally, Audience::Partner).unwrap();
    chits.retain(|message| matches!(message, Message::Chits(_)));
    ana.receive_messages(&tally, chits).unwrap();
    let balances = |ana: &mut Wallet| {
        let shown = ana.history(&tally, &Filter { most: 10, ..Filter::default() }).unwrap();
        shown.iter().map(|entry| entry.balance.milli() / 1000).collect::<Vec<_>>()
    };
    assert_eq!(balances(&mut ana), [10, 10]);
    ana.accept_pledge(&tally, &beyond).unwrap();
    pay(&mut ana, &tally, 5).unwrap();
    assert_eq!(balances(&mut ana), [205, 210, 10, 10]);
}

/// Payments and settings in turn, a minute apart, half of them with a place: whatever is asked for, pages of it are pieces of the whole.
#[test]
fn a_filter_takes_the_same_entries_page_by_page() {
    let (mut ana, mut ben, tally, clock) = pair();
    for turn in 0..8 {
        clock.pass(60);
        if turn % 2 == 0 {
            let memo = if turn % 4 == 0 { "eggs" } else { "coffee" }.into();
            ben.pay(&tally, &Payment { units: chips(1), memo, ..Payment::default() }).unwrap();
        } else {
            ben.grant(&tally, terms(50 + turn)).unwrap();
        }
        if turn == 3 {
            meet(&mut ana, &mut ben, &tally);
        }
    }
    let everything = Filter { most: 100, ..Filter::default() };
    let whole = ben.history(&tally, &everything).unwrap();
    assert_eq!((whole.len(), ben.tally(&tally).unwrap().unordered), (8, 4));
    let (early, late) = (whole[5].date, whole[2].date);
    type Taken = fn(&ChitView, u64, u64) -> bool;
    let asked: [(&str, Filter, Taken); 4] = [
        ("payments", Filter { payments_only: true, ..Filter::default() }, |it, _, _| it.settled.is_none()),
        ("since", Filter { since: Some(early), ..Filter::default() }, |it, early, _| it.date >= early),
        ("until", Filter { until: Some(late), ..Filter::default() }, |it, _, late| it.date <= late),
        ("a word", Filter { text: Some("egg".into()), ..Filter::default() }, |it, _, _| {
            it.note.memo == "eggs"
        }),
    ];
    for (what, filter, taken) in asked {
        let all: Vec<_> = whole.iter().filter(|entry| taken(entry, early, late)).cloned().collect();
        assert!(!all.is_empty() && all.len() < whole.len(), "{what}");
        for skip in 0..=all.len() {
            for most in 0..=all.len() + 1 {
                let page = ben.history(&tally, &Filter { skip, most, ..filter.clone() }).unwrap();
                let expected: Vec<_> = all.iter().skip(skip).take(most).cloned().collect();
                assert_eq!(page, expected, "{what} {skip} {most}");
            }
        }
    }
}

/// An export for programs has what was agreed, and every entry as it was signed, once for both halves.
#[test]
fn an_export_is_one_object_with_everything_in_it() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 30).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let export = ana.export(&tally).unwrap();
    let json = export.to_json();
    assert_eq!(json, ben.export(&tally).unwrap().to_json());
    let (contract, entry) = (&export.contract.tally, &export.chits[0]);
    let half = |name: &str, key: PublicKey, limit: &str, signature: Option<Signature>| {
        format!(
            r#"{{"name":"{name}","party_key":"{}","granted":{{"limit":"{limit}","notice_days":7}},"signature":"{}"}}"#,
            hexadecimal(&key.0),
            hexadecimal(&signature.unwrap().0)
        )
    };
    let (stock, foil) = (&contract.halves.stock.cert, &contract.halves.foil.cert);
    let signatures = &export.contract.signatures;
    let (stock, foil) = (
        half("Ana", stock.party_key, "100.00", signatures.stock),
        half("Ben", foil.party_key, "50.00", signatures.foil),
    );
    let expected = format!(
        concat!(
            r#"{{"tally":"{}","contract":"{}","text":"{}","denomination":"CHIP","revision":1,"date":"2025-10-09T08:53:20Z","#,
            r#""stock":{},"foil":{},"index":1,"head":"{}","final_index":1,"entries":[{{"index":1,"#,
            r#""date":"2025-10-09T08:53:20Z","by":"Ben","to":"Ana","kind":"payment","amount":"30.00","foil_owes":"30.00","#,
            r#""memo":"coffee","reference":"","taken_as":"","final":true,"side":"foil","device":1,"epoch":1,"#,
            r#""number":1,"hash":"{}","key":"{}","signature":"{}"}}]}}"#
        ),
        hexadecimal(&tally.0),
        hexadecimal(&contract.digest().0),
        hexadecimal(&contract.contract.0),
        stock,
        foil,
        hexadecimal(&export.head.0),
        hexadecimal(&entry.hash.0),
        hexadecimal(&entry.signed.key.0),
        hexadecimal(&entry.signed.signature.0),
    );
    assert_eq!(json, expected);
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Two phones of Ana's accept the same payment. The second acceptance moves nothing.
#[test]
fn what_is_accepted_twice_moves_the_balance_once() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut desk = another_phone(&mut ana, &clock, "desk");
    let insisted = Payment { units: chips(200), insist: true, ..Payment::default() };
    let beyond = ben.pay(&tally, &insisted).unwrap();
    let chits = |wallet: &mut Wallet| {
        let mut said = wallet.outbox(&tally, Audience::Partner).unwrap();
        said.retain(|message| matches!(message, Message::Chits(_)));
        said
    };
    let of_ben = chits(&mut ben);
    for phone in [&mut ana, &mut desk] {
        phone.receive_messages(&tally, of_ben.clone()).unwrap();
        phone.accept_pledge(&tally, &beyond).unwrap();
    }
    ana.receive_messages(&tally, chits(&mut desk)).unwrap();
    let shown = ana.history(&tally, &Filter { most: 3, ..Filter::default() }).unwrap();
    let told: Vec<_> = shown.iter().map(|entry| (entry.kind, entry.balance)).collect();
    assert_eq!(told, [("acceptance", chips(200)), ("acceptance", chips(200)), ("payment", chips(0))]);
}
