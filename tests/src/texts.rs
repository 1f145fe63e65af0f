//! What people type: amounts, addresses, recovery words, and what is no such thing.

use hazel_core::address::Address;
use hazel_core::key::RecoveryWords;
use hazel_core::units::Units;
use serde::{Deserialize, Serialize};

use crate::honest::Counting;

/// A text, and what it must be taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// `amount`, `address` or `words`.
    pub object: String,
    /// The text.
    pub text: String,
    /// What is shown again, if it is read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub read: Option<String>,
    /// What is said, if it is not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

/// What the core makes of a text.
#[must_use]
pub fn read(object: &str, text: &str) -> Option<Result<String, String>> {
    Some(match object {
        "amount" => text.parse::<Units>().map(|it| it.to_string()).map_err(|e| e.to_string()),
        "address" => text.parse::<Address>().map(|it| it.to_string()).map_err(|e| e.to_string()),
        "words" => RecoveryWords::parse(text).map(|it| it.phrase().to_string()).map_err(|e| e.to_string()),
        _ => return None,
    })
}

/// All of them.
#[must_use]
pub fn vectors() -> Vec<Typed> {
    let mut all = amounts();
    all.extend(addresses());
    all.extend(words());
    all
}

fn good(object: &str, text: &str, read: &str) -> Typed {
    let (object, text) = (object.to_owned(), text.to_owned());
    Typed { object, text, read: Some(read.to_owned()), error: None }
}

fn bad(object: &str, text: &str, error: &str) -> Typed {
    let (object, text) = (object.to_owned(), text.to_owned());
    Typed { object, text, read: None, error: Some(error.to_owned()) }
}

fn amounts() -> Vec<Typed> {
    let read = [
        ("0", "0.00"),
        ("12", "12.00"),
        ("12.5", "12.50"),
        ("0,05", "0.05"),
        ("0.001", "0.001"),
        ("-3.001", "-3.001"),
        ("-0", "0.00"),
        ("007", "7.00"),
        ("9223372036854775.807", "9223372036854775.807"),
        ("-9223372036854775.807", "-9223372036854775.807"),
    ];
    let large = ["9223372036854775.808", "9223372036854776", "9223372036854775807", "99999999999999999999"];
    let no_number = [
        "",
        " ",
        ".",
        ",",
        "1.",
        ".5",
        "1.2345",
        "1e3",
        "+1",
        "--1",
        "-",
        "1 000",
        "1_000",
        "0x10",
        "١",
        "1.2.3",
        "1,2,3",
        "1.-5",
        "NaN",
        "inf",
        "½",
        "1\u{a0}000",
        "12\n",
        "１２",
    ];
    let mut all: Vec<_> = read.iter().map(|(text, shown)| good("amount", text, shown)).collect();
    all.extend(large.iter().map(|text| bad("amount", text, "the amount is too large")));
    let error = "not an amount: write it like 12 or 12.50 (at most three decimals)";
    all.extend(no_number.iter().map(|text| bad("amount", text, error)));
    all
}

fn addresses() -> Vec<Typed> {
    let read = [
        ("chip://ana:U2F3W5@example.org:65430", "chip://ana:U2F3W5@example.org:65430"),
        ("ana:U2F3W5@example.org:65430", "chip://ana:U2F3W5@example.org:65430"),
        ("U2F3W5", "chip://U2F3W5"),
        (":U2F3W5", "chip://U2F3W5"),
        ("chip://U2F3W5@10.0.0.1:1", "chip://U2F3W5@10.0.0.1:1"),
    ];
    let refused = [
        ("", "agent"),
        ("chip://", "agent"),
        ("ana:", "agent"),
        ("a b:c", "cuid"),
        ("á:c", "cuid"),
        ("a:c@h", "port"),
        ("a:c@h:", "port"),
        ("a:c@h:0", "port"),
        ("a:c@h:70000", "port"),
        ("a:c@h:-1", "port"),
        ("a:c@:1", "port"),
        ("a:c@", "port"),
        ("c@h h:1", "host"),
        ("c@h/h:1", "host"),
        ("c@[::1]:1", "host"),
        ("a:b:c", "agent"),
        ("http://a:c@h:1", "agent"),
    ];
    let mut all: Vec<_> = read.iter().map(|(text, shown)| good("address", text, shown)).collect();
    all.extend(refused.iter().map(|(text, part)| {
        let error =
            format!("not a CHIP address: the {part} is wrong; write it like chip://cuid:agent@host:port");
        bad("address", text, &error)
    }));
    all
}

fn words() -> Vec<Typed> {
    let phrase = RecoveryWords::generate(&mut Counting(0)).phrase().to_string();
    let list: Vec<_> = phrase.split(' ').collect();
    let mut all = vec![
        good("words", &phrase, &phrase),
        good("words", &phrase.to_uppercase(), &phrase),
        good("words", &format!("  {}\n", list.join("\t ")), &phrase),
        bad("words", "", "there must be 24 words, and 0 were given"),
    ];
    let short = phrase.rsplit_once(' ').map(|(short, _)| short).unwrap_or_default();
    all.push(bad("words", short, "there must be 24 words, and 23 were given"));
    all.push(bad("words", &format!("{phrase} hazel"), "there must be 24 words, and 25 were given"));
    for place in [0, 11, 23_usize] {
        let mut misspelt = list.clone();
        if let Some(word) = misspelt.get_mut(place) {
            *word = "hazelnutt";
        }
        let number = place.saturating_add(1);
        let error = format!("word {number} is not on the list; check its spelling");
        all.push(bad("words", &misspelt.join(" "), &error));
    }
    let mut turned = list;
    turned.swap(0, 1);
    all.push(bad("words", &turned.join(" "), "these words do not belong together; check their order"));
    all
}
