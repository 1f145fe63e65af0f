//! Slips of the hand: what is missing, meant for another command, or for somebody else. Each is named, with what to do instead.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that goes wrong should stop loudly"
)]

mod market;

use std::net::TcpListener;

use market::*;

/// It is refused as misunderstood, in these words.
#[track_caller]
fn slip(person: &Person, arguments: &[&str], words: &str) {
    said(person, arguments, 2, words);
}

/// It ends so, with these words.
#[track_caller]
fn said(person: &Person, arguments: &[&str], code: i32, words: &str) {
    let said = person.run(arguments);
    let heard = one_line(&said.err);
    assert!(said.code == code && heard.contains(words), "{arguments:?}: {} {heard}", said.code);
    fits_the_page(&said.err);
}

/// Ana with Ben and, called so by her, the cook.
fn three() -> (Person, Person, Person) {
    let (ana, ben) = pair();
    let cook = Person::new("Cook");
    waiting::open(&ana, &cook, "Ana");
    (ana, ben, cook)
}

#[test]
fn of_two_who_are_called_alike_neither_is_meant() {
    let (ana, _ben, _cook) = three();
    ana.run(&["tally", "rename", "Cook", "Ben"]).ok();
    slip(&ana, &["pay", "Ben", "1"], "“Ben” can be any of");
    slip(&ana, &["pay", "ben", "1"], "Name it by the beginning of its id.");
    let ids = ana.json(&["tally", "list"]);
    let id = ids["tallies"][0]["tally"].as_str().unwrap();
    ana.run(&["can-pay", id.get(..8).unwrap(), "1"]).ok();
    slip(&ana, &["decline", "1a"], "Write at least four letters of the invoice's id.");
    slip(&ana, &["link", "hazel-site:none"], "The site ticket is damaged; copy it whole.");
}

#[test]
fn a_payment_or_an_invoice_that_is_not_whole_is_asked_about() {
    let (ana, ben, _cook) = three();
    slip(&ana, &["ask", "Ben"], "How much? An amount or items are needed. For example “hazel ask Ben --item");
    slip(&ben, &["pay", "Ana"], "For example “hazel pay Ana 12.50 --memo coffee”.");
    slip(&ben, &["pay"], "Something is missing: <PARTNER>.");
    slip(&ben, &["pay", "Ana", "1", "--memo", "a", "--memo", "b"], "stands there twice.");
    assert!(ben.run(&["can-pay", "Ana", "1"]).ok().contains("Yes, you can pay 1.00."));

    let picture = ana.path("invoice.png");
    let asked = ana.json(&["ask", "Ben", "5", "--png", text(&picture)]);
    let id = asked["invoice"].as_str().unwrap();
    slip(&ana, &["decline", id], &format!("Take it back with “hazel withdraw {}”.", id.get(..8).unwrap()));
    slip(&ana, &["pay", "--qr", text(&picture)], "The invoice in this picture is your own.");
    ana.run(&["ask", "Ben", "6", "--instead-of", id]).ok();
    let letter = ana.run(&["outbox", "Ben"]).ok();
    ben.run_on(letter.as_bytes(), &["receive"]).ok();
    slip(&ben, &["pay", "Ana"], "Ana asks you for something: “hazel pay Ana --invoice");
    slip(&ana, &["pay", "Cook", "--qr", text(&picture)], "The invoice in this picture is on another tally.");
    let folder = ana.path("two");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(&picture, folder.join("a.png")).unwrap();
    run(&["qr", "show", "--text", "just words", "--png", text(&folder.join("b.png"))]).ok();
    slip(&ben, &["pay", "--qr", text(&folder)], "This picture shows more than one code.");

    let went = |arguments: &[&str]| ana.json(&[&["did-it-go", "Ben"], arguments].concat())["went"].clone();
    assert_eq!(went(&[]), "never_signed");
    assert_eq!(went(&["--invoice", id]), "never_signed", "nobody has paid it");
    let paid = ana.json(&["pay", "Ben", "2"]);
    assert_eq!(went(&[paid["id"].as_str().unwrap()]), "signed");
}

#[test]
fn what_is_for_another_command_is_sent_there() {
    let (ana, ben, words) = ben_with_words_on_paper();
    let file = |name: &str, arguments: &[&str]| {
        let path = ana.path(name);
        ana.run(&[arguments, &["--out", text(&path)]].concat()).ok();
        path
    };
    let (ticket, reminder) = (file("ticket", &["tally", "offer"]), file("reminder", &["remind", "Ben"]));
    ana.run(&["pay", "Ben", "1"]).ok();
    let letter = file("letter", &["outbox", "Ben"]);
    let (request, tablet) = (ana.path("request"), Person::without_wallet("tablet"));
    tablet.run(&["devices", "request", "tablet", "--out", text(&request)]).ok();
    let answer = file("answer", &["devices", "add", text(&request)]);
    slip(&ben, &["receive", text(&ticket)], "answer it with “hazel tally accept FILE”.");
    slip(&ben, &["receive", text(&reminder)], "take it in with “hazel rebuild FILE”.");
    slip(&ben, &["receive", text(&request)], "see “hazel devices --help”.");
    slip(&ben, &["rebuild", text(&letter)], "This is not a reminder.");
    slip(&ben, &["tally", "accept", text(&letter)], "This is not a ticket.");
    slip(&ben, &["devices", "add", text(&letter)], "This file is not about a device.");
    slip(&ben, &["devices", "add", text(&answer)], "Take it to the new device: hazel devices join FILE");
    slip(&tablet, &["devices", "join", text(&request)], "your wallet: hazel devices add FILE");
    slip(&ben, &["devices", "join", text(&answer)], "This device has not asked to be let in.");
    slip(&ben, &["tally", "accept", "nobody.hazel"], "Name a ticket file that is there, or a partner");
    slip(&ben, &["qr", "show", text(&reminder)], "There is no code for what is in this file.");
    let card = ana.path("card.svg");
    slip(&ben, &["qr", "show", text(&letter), "--sticker", text(&card)], "There is no card for this.");
    let words_on_it = ana.path("words.svg");
    run(&["qr", "show", "--text", "open from nine", "--sticker", text(&words_on_it)]).ok();
    assert!(std::fs::read_to_string(words_on_it).unwrap().starts_with("<svg"));
    said(&ana, &["receive", text(&letter)], 1, "Send it to the partner it was made for.");

    let id = ana.json(&["tally", "list"])["tallies"].as_array().unwrap().iter().find_map(|tally| {
        (tally["state"] == "ticketed").then(|| tally["tally"].as_str().unwrap().to_owned())
    });
    let id = id.unwrap();
    said(&ana, &["remind", &id], 1, "There is no contract on this tally to remind anybody of.");
    said(&ana, &["export", &id], 1, "There is no contract yet, so there is nothing to export.");
    slip(&ana, &["qr", "show", "--payment", &id], "You have paid nothing here.");
    slip(&ana, &["qr", "show", "--receipt", &id], "Nothing was paid to you here.");

    let backup = ben.path("backup");
    ben.run(&["backup", text(&backup), "--words-file", text(&words)]).ok();
    ben.run(&["pay", "Ana", "1"]).ok();
    let proven = ben.run(&["rehearse", text(&backup), "--words-file", text(&words)]).ok();
    assert!(proven.contains("Newer than that: 1 entry; your partners would send it back."), "{proven}");
}

#[test]
fn several_letters_want_a_folder_or_a_name() {
    let (ana, _ben, _cook) = three();
    for partner in ["Ben", "Cook"] {
        ana.run(&["pay", partner, "1"]).ok();
    }
    slip(&ana, &["outbox", "--raw"], "Name one of them, or a folder with --out.");
    let list = ana.run(&["outbox", "--list"]).ok();
    assert!(list.contains("For Ben: hazel outbox") && list.contains("For Cook: hazel outbox"), "{list}");
    let both = ana.path("both");
    std::fs::write(&both, ana.run(&["outbox"]).ok()).unwrap();
    slip(&ana, &["qr", "show", text(&both)], "There is more than one letter in this file");
    let empty = ana.path("empty");
    std::fs::create_dir(&empty).unwrap();
    slip(&ana, &["qr", "scan", text(&empty)], "There is no PNG, JPEG or GIF file in");
}

#[test]
fn who_cannot_be_met_is_said_with_the_reason() {
    let (ana, _ben, _cook) = three();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    for command in ["meet", "introduce"] {
        said(&ana, &[command, "--listen", &at], 4, "Check the address, and that nothing else uses the port.");
    }
    drop(taken);
    for arguments in [&["meet", "Ben"][..], &["introduce"]] {
        said(&ana, &[arguments, &["--dial", &at, "--within", "1"]].concat(), 4, "Nobody was met in time.");
    }
    said(&ana, &["introduce", "--listen", "127.0.0.1:0", "--within", "1"], 4, "Nobody was met in time.");
    assert_eq!(ana.refused(&["introduce", "--listen", "127.0.0.1:0"]), (2, "usage".into()), "two screens");
    let device = ["meet", "Ben", "--device", "9", "--dial", &at, "--within", "1"];
    assert_eq!(ana.refused(&device), (1, "meeting_failed".into()));
    slip(&ana, &["meet", "--dial", &at], "Say whom to call.");
    let blue = ana.run(&["meet", "Ben", "--ble", "--within", "1"]);
    assert_eq!(blue.code, 4, "{}", blue.err);
    assert!(blue.out.contains("Looking for Ben by Bluetooth."));
    assert_eq!(ana.run(&["nearby"]).code, 4);
}

#[test]
fn a_wallet_or_a_site_that_is_not_there_is_not_guessed() {
    let ana = Person::new("Ana");
    slip(&Person::without_wallet("Nobody"), &["init", " "], "A name is needed");
    let lost = program().env_remove("HOME").env_remove("XDG_DATA_HOME").arg("position").output().unwrap();
    let heard = String::from_utf8(lost.stderr).unwrap();
    assert!(heard.contains("Name a folder with --wallet."), "{heard}");
    slip(&ana, &["tally", "shwo"], "Did you mean “show”?");
    let none = ana.path("site");
    let site = |arguments: &[&str], code, words: &str| {
        said(&ana, &[&["site", "--site", text(&none)], arguments].concat(), code, words);
    };
    site(&["status"], 4, "Make one with “hazel site init”, or name its folder with --site.");
    site(&["neighbour", "next door"], 2, "It is like chip://KEY@example.org:65430;");
    let make = ["init", "--host", "127.0.0.1", "--listen", "127.0.0.1:65430", "--store"];
    site(&[&make[..], &["paper:ledger"]].concat(), 2, "The store is “sqlite:FILE” or “postgres://…”.");
    site(&["init", "--host", "127.0.0.1", "--listen", "127.0.0.1:0"], 2, "a port that others can call.");
    site(&["run"], 4, "There is no site in");
    // What was refused stands in nobody's way.
    ana.run(&[&["site", "--site", text(&none)], &make[..], &["sqlite:site.db"]].concat()).ok();
    site(&[&make[..], &["sqlite:other.db"]].concat(), 4, "is there already");
    assert!(!none.join("other.db").exists(), "nor does a second site leave anything");
    site(&["users", "--remove", "nobody"], 2, "0 users begin like “nobody”.");
}
