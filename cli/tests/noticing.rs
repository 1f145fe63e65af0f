//! What waits for somebody, in words and with the command that deals with it; and what has happened since they looked last.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that goes wrong should stop loudly"
)]

mod market;

use market::*;
use serde_json::Value;

/// One thing that waits for somebody, of this kind, said in words too; and that the commands named for it exist.
#[track_caller]
fn waits(person: &Person, what: &str, words: &str) -> Value {
    let list = person.json(&["attention"])["attention"].as_array().unwrap().clone();
    let item = list.iter().find(|item| item["what"] == what).unwrap_or_else(|| panic!("{what}: {list:?}"));
    let page = one_line(&person.run(&["attention"]).ok());
    assert!(page.contains(words), "{what}: {page}");
    for command in item["command"].as_str().unwrap().split(", then ") {
        let named = command
            .split(' ')
            .skip(1)
            .take_while(|word| word.chars().all(|it| it.is_ascii_lowercase() || it == '-'));
        let mut arguments: Vec<_> = named.collect();
        assert!(!arguments.is_empty(), "{command}");
        arguments.push("--help");
        person.run(&arguments).ok();
    }
    item.clone()
}

/// Everything that has happened since, one sentence each; they are told once.
fn happened(person: &Person) -> String {
    let peeked = person.json(&["events", "--peek"])["events"].as_array().unwrap().len();
    let said = person.run(&["events"]).ok();
    assert_eq!(peeked, usize::from(!said.contains("Nothing new.")));
    assert!(person.run(&["events"]).ok().contains("Nothing new."));
    one_line(&said)
}

#[track_caller]
fn says(text: &str, sentences: &[&str]) {
    for sentence in sentences {
        assert!(text.contains(sentence), "{sentence} in {text}");
    }
}

#[test]
fn from_a_ticket_to_a_payment_somebody_is_told_what_to_do_next() {
    let (ana, ben) = (Person::new("Ana"), Person::new("Ben"));
    waits(&ana, "rehearse", "No backup was proven lately.");
    let ticket = ana.path("ticket.hazel");
    ana.run(&["tally", "offer", "--limit", "100", "--out", text(&ticket)]).ok();
    ben.run(&["tally", "accept", text(&ticket), "--limit", "50"]).ok();
    waits(&ben, "hand_over", "Something waits to be handed to Ana.");
    ben.hand_to(&ana);
    waits(&ana, "requested", "Ben answered your ticket.");
    ana.run(&["tally", "offer", "Ben"]).ok();
    ana.hand_to(&ben);
    waits(&ben, "offered", "Ana offers you a tally.");
    ben.run(&["tally", "accept", "Ana"]).ok();
    meet(&ben, &ana);
    says(&happened(&ana), &["Ben answered your ticket.", "Your tally with Ben is open."]);
    says(&happened(&ben), &["Ana offers you a tally.", "Your tally with Ana is open."]);

    ben.run(&["ask", "Ana", "5", "--memo", "eggs"]).ok();
    ben.run(&["pay", "Ana", "120", "--insist"]).ok();
    meet(&ben, &ana);
    assert_eq!(waits(&ana, "asked", "Ben asks you for 5.00: eggs.")["amount"], "5.00");
    assert_eq!(waits(&ana, "waiting", "120.00 from Ben waits to be accepted")["amount"], "120.00");
    says(&happened(&ana), &["Ben asks you for 5.00.", "Ben paid you 120.00"]);
    ana.run(&["call", "Ben", "10", "--by", "2099-01-31"]).ok();
    ana.run(&["tally", "close", "Ben"]).ok();
    meet(&ben, &ana);
    let happened = happened(&ben);
    says(&happened, &["Ana asks you to bring your debt down to 10.00 by", "Ana wants to close the tally."]);
    says(&happened, &["Ana has received what you signed", "with Ana is final."]);
}

#[test]
fn of_another_phone_somebody_is_told_what_it_is() {
    let (ana, ben, words) = ben_with_words_on_paper();
    let (backup, copy) = (ben.path("backup"), Person::without_wallet("Ben"));
    ben.run(&["backup", text(&backup), "--words-file", text(&words)]).ok();
    std::fs::create_dir(copy.wallet()).unwrap();
    for file in std::fs::read_dir(ben.wallet()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.wallet().join(file.file_name())).unwrap();
    }
    for (phone, amount) in [(&ben, "1"), (&copy, "2")] {
        phone.run(&["pay", "Ana", amount]).ok();
    }
    ben.hand_to(&ana);
    // The copy has also given the order another next entry. Its payment is taken in all the same, and that is said.
    let letter = copy.run(&["outbox"]).ok();
    let taken = ana.run_on(letter.as_bytes(), &["receive"]);
    assert_eq!(taken.code, 1);
    says(&taken.out, &["Ben pays you 2.00."]);
    says(&taken.err, &["Nothing of that was stored; everything else was taken in."]);
    waits(&ana, "proof", "somebody signed two things that cannot both be. The proof is kept.");
    says(&happened(&ana), &["two things were signed that cannot both be"]);

    let restored = Person::without_wallet("Ben");
    restored.run(&["restore", text(&backup), "--words-file", text(&words)]).ok();
    waits(
        &restored,
        "reconcile",
        "The tally with Ana was restored: exchange hand-overs before you sign on it.",
    );
    says(&page_of(&restored, "Ana"), &["Restored: it can be read only, until Ana has told what they hold."]);
    meet(&restored, &ana);
    says(&happened(&restored), &["The restored tally with Ana can be signed on again."]);
    // What the old phone still tells is refused, and it hears why.
    let tells = |from: &Person, to: &Person| {
        let letter = from.run(&["outbox", "--ask-missing"]).ok();
        to.run_on(letter.as_bytes(), &["receive"])
    };
    assert_eq!(tells(&ben, &ana).code, 1);
    tells(&ana, &ben);
    waits(&ben, "replaced", "Another phone signs in the place of this one on the tally with Ana.");
}

/// What the page of a tally says, in one line.
fn page_of(person: &Person, partner: &str) -> String {
    one_line(&person.run(&["tally", "show", partner]).ok())
}

#[test]
fn a_tally_says_where_it_stands_and_what_comes_next() {
    let (ana, ben) = (Person::new("Ana"), Person::new("Ben"));
    let ticket = ana.path("ticket.hazel");
    let offered = ana.json(&["tally", "offer", "--limit", "100", "--out", text(&ticket)]);
    let id = offered["tally"].as_str().unwrap().get(..8).unwrap();
    says(&page_of(&ana, id), &["Next: give the ticket to your partner and wait for the answer."]);
    ben.run(&["tally", "accept", text(&ticket), "--limit", "50"]).ok();
    says(
        &page_of(&ben, "Ana"),
        &["Next: hand your answer over with “hazel outbox Ana” and wait for the offer."],
    );
    ben.hand_to(&ana);
    ana.run(&["tally", "offer", "Ben"]).ok();
    says(&page_of(&ana, "Ben"), &["Next: hand it over with “hazel outbox Ben”."]);
    let revised = ana.run(&["tally", "revise", "Ben"]).ok();
    says(&revised, &["The offer that lay there no longer stands."]);
    says(&page_of(&ana, "Ben"), &["Next: “hazel tally offer Ben --limit …” signs the new terms."]);
    ana.run(&["tally", "offer", "Ben", "--limit", "90"]).ok();
    ana.hand_to(&ben);
    ben.run(&["tally", "accept", "Ana"]).ok();
    meet(&ben, &ana);

    ben.run(&["pay", "Ana", "120", "--insist"]).ok();
    meet(&ben, &ana);
    says(&page_of(&ben, "Ana"), &["120.00 of yours waits until Ana accepts it."]);
    says(&page_of(&ana, "Ben"), &["120.00 from Ben waits outside the terms; see “hazel attention”."]);
    let lowered = one_line(&ana.run(&["grant", "Ben", "20"]).ok());
    says(&lowered, &["A lower limit takes effect after", "what was signed until then counts."]);
    assert_eq!(ana.refused(&["tally", "rename", "Ben", " "]), (2, "usage".into()));
    says(&ana.run(&["tally", "close", "Ben"]).ok(), &["You asked Ben to close this tally."]);
    says(&ana.run(&["tally", "close", "Ben"]).ok(), &["Your tally with Ben is closing already."]);
}

#[test]
fn whoever_has_proven_a_backup_and_owes_nothing_has_peace() {
    let ana = Person::without_wallet("Ana");
    let (words, backup) = (ana.path("words.txt"), ana.path("backup"));
    std::fs::write(&words, ana.json(&["init", "Ana"])["recovery_words"].as_str().unwrap()).unwrap();
    for command in ["backup", "rehearse"] {
        ana.run(&[command, text(&backup), "--words-file", text(&words)]).ok();
    }
    says(&ana.run(&["attention"]).ok(), &["Nothing waits for you."]);
}
