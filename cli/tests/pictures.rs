//! Codes with the real program: drawn by one, read by the other, and what is said when they cannot be used.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that goes wrong should stop loudly"
)]

mod market;

use hazel_core::canon::Canon as _;
use hazel_core::ticket::Ticket;
use hazel_qr::code::Own;
use market::*;

#[test]
fn a_payment_by_pictures_alone() {
    let (ana, ben) = pair();
    let (invoice, payment, receipt) =
        (ana.path("invoice.png"), ben.path("payment.png"), ana.path("receipt.png"));
    let asked = ana.json(&["ask", "Ben", "12.50", "--memo", "eggs", "--png", text(&invoice)]);
    assert!(asked["code"]["version"].as_u64().unwrap() <= 10);
    let seen = &ben.json(&["qr", "scan", text(&invoice)])["codes"][0];
    assert_eq!((&seen["kind"], &seen["amount"]), (&"invoice".into(), &"12.50".into()));
    assert_eq!(seen["invoice"], asked["invoice"]);

    let paid = ben.json(&["pay", "--qr", text(&invoice), "--png", text(&payment)]);
    assert_eq!((&paid["amount"], &paid["balance"]), (&"12.50".into(), &"-12.50".into()));
    assert!(paid["code"]["version"].as_u64().unwrap() <= 10);
    assert_eq!(ben.json(&["did-it-go", "Ana"])["went"], "signed");
    assert_eq!(ben.refused(&["pay", "--qr", text(&invoice)]), (1, "invoice_over".into()));

    let taken = &ana.json(&["qr", "scan", "--take", text(&payment)])["codes"][0];
    assert_eq!(
        (&taken["kind"], &taken["again"], &taken["balance"]),
        (&"payment".into(), &false.into(), &"12.50".into())
    );
    assert_eq!(ana.json(&["qr", "scan", "--take", text(&payment)])["codes"][0]["again"], true);
    assert_eq!(ana.json(&["position"])["net"], "12.50");

    ana.run(&["qr", "show", "--receipt", "Ben", "--png", text(&receipt)]).ok();
    assert_eq!(ben.json(&["qr", "scan", "--take", text(&receipt)])["codes"][0]["kind"], "receipt");
    assert_eq!(ben.json(&["did-it-go", "Ana"])["went"], "received");

    let cleo = Person::new("Cleo");
    assert_eq!(cleo.refused(&["qr", "scan", "--take", text(&payment)]), (1, "not_for_us".into()));
    assert_eq!(ana.refused(&["qr", "scan", "--take", text(&receipt)]), (1, "not_my_payment".into()));
}

#[test]
fn a_ticket_is_shown_and_answered_and_a_letter_is_filmed() {
    let (ana, ben) = (Person::new("Ana"), Person::new("Ben"));
    let ticket = ana.path("ticket.png");
    ana.run(&["tally", "offer", "--limit", "100", "--qr", "--png", text(&ticket)]).ok();
    let seen = &ben.json(&["qr", "scan", text(&ticket)])["codes"][0];
    assert_eq!(
        (&seen["kind"], &seen["name"], &seen["granted"]["limit"]),
        (&"ticket".into(), &"Ana".into(), &"100.00".into())
    );
    ben.run(&["tally", "accept", text(&ticket), "--limit", "50"]).ok();

    let letter = ben.path("letter.txt");
    ben.run(&["outbox", "Ana", "--out", text(&letter)]).ok();
    let still = ben.path("still.png");
    assert_eq!(ben.refused(&["qr", "show", text(&letter), "--png", text(&still)]), (1, "moving".into()));
    let shown = ben.json(&["qr", "show", text(&letter)]);
    let (frames, texts) = (shown["frames"].as_u64().unwrap(), shown["texts"].as_array().unwrap());
    assert!(frames > 1 && texts.iter().all(|text| text.as_str().unwrap().starts_with("HP:")));
    // Nobody looks at a pipe: every frame stands there once, mixtures too.
    let printed = ben.run(&["qr", "show", text(&letter)]).ok();
    assert_eq!(printed.matches("Frame ").count() + printed.matches("Mixture ").count(), texts.len());
    assert!(printed.contains(&format!("Frame 1 of {frames}")) && printed.contains('▀'));
    let folder = ben.path("film");
    std::fs::create_dir(&folder).unwrap();
    // Whether a mixture stands in for a fragment depends on what was signed; the order never matters.
    for (number, frame) in texts.iter().rev().enumerate() {
        let file = folder.join(format!("{number:03}.png"));
        run(&["qr", "show", "--text", frame.as_str().unwrap(), "--png", text(&file)]).ok();
    }
    let filmed = ana.json(&["qr", "scan", text(&folder)]);
    assert_eq!(filmed["codes"][0]["kind"], "messages", "a folder of frames, last first");
    for film in ["letter.gif", "letter.png"] {
        let film = ben.path(film);
        let shown = ben.json(&["qr", "show", text(&letter), "--animate", text(&film)]);
        assert!(shown["frames"].as_u64().unwrap() > 1);
        let seen = ana.json(&["qr", "scan", "--take", text(&film)]);
        assert_eq!(seen["codes"].as_array().unwrap().len(), 1, "{seen}");
        assert_eq!(seen["codes"][0]["kind"], "messages");
    }
    assert_eq!(ana.json(&["tally", "show", "Ben"])["partner"], "Ben");
}

#[test]
fn a_ticket_that_is_used_over_own_or_leads_into_a_house_is_refused_with_the_reason() {
    let (ana, ben) = (Person::new("Ana"), Person::new("Ben"));
    let (file, picture) = (ana.path("ticket.hazel"), ana.path("ticket.png"));
    ana.run(&["tally", "offer", "--limit", "5", "--raw", "--out", text(&file), "--png", text(&picture)]).ok();
    let ticket = Ticket::from_bytes(&std::fs::read(&file).unwrap()).unwrap();
    let said = |person: &Person, arguments: &[&str]| {
        let said = person.run(&[arguments, &["--json"]].concat()).json();
        let error = if said["error"].is_null() { &said["codes"][0]["error"] } else { &said["error"] };
        error["message"].as_str().unwrap().to_owned()
    };
    let home = vec!["192.168.1.20:4100".to_owned()];
    let bent = [
        (Ticket { expires: 1_700_000_000, ..ticket.clone() }, "until 2023-11-14 22:13 UTC"),
        (Ticket { rendezvous: home, ..ticket }, "“192.168.1.20” is local or private"),
    ];
    for (number, (ticket, reason)) in bent.iter().enumerate() {
        let (raw, code) = (ben.path(&format!("{number}.hazel")), ben.path(&format!("{number}.txt")));
        std::fs::write(&raw, ticket.to_bytes()).unwrap();
        std::fs::write(&code, Own::of(ticket).unwrap().picture_text()).unwrap();
        for words in [["tally", "accept", text(&raw)], ["qr", "scan", text(&code)]] {
            let said = said(&ben, &words);
            assert!(said.contains(reason), "{words:?}: {said}");
        }
    }
    for words in [&["tally", "accept", text(&picture)][..], &["qr", "scan", "--take", text(&picture)]] {
        assert!(said(&ana, words).contains("your own"), "{words:?}");
    }
    ben.run(&["tally", "accept", text(&picture)]).ok();
    for words in [
        &["tally", "accept", text(&picture)][..],
        &["tally", "accept", text(&file)],
        &["qr", "scan", "--take", text(&picture)],
    ] {
        assert!(said(&ben, words).contains("already been used"), "{words:?}");
    }
    assert_eq!(ben.json(&["tally", "list"])["tallies"].as_array().unwrap().len(), 1);
}

#[test]
fn a_folder_of_pictures_is_read_in_order_and_text_is_drawn_as_it_is() {
    let ana = Person::without_wallet("Ana");
    let folder = ana.path("frames");
    std::fs::create_dir(&folder).unwrap();
    for (name, content) in [("b.png", "second"), ("a.png", "WIFI:S:market;T:nopass;;"), ("c.png", "second")] {
        run(&["qr", "show", "--text", content, "--png", text(&folder.join(name))]).ok();
    }
    std::fs::write(folder.join("notes.txt"), "no picture").unwrap();
    let seen = run(&["qr", "scan", text(&folder), "--json"]).json();
    let texts: Vec<_> =
        seen["codes"].as_array().unwrap().iter().map(|code| code["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["WIFI:S:market;T:nopass;;", "second"]);
    assert_eq!(seen["codes"][0]["sort"], "access to a wireless network");

    let drawn = run(&["qr", "show", "--text", "two modules to a letter"]).ok();
    fits_the_page(&drawn);
    assert!(drawn.contains('▀') && drawn.lines().count() > 15);
    let svg = ana.path("code.svg");
    run(&["qr", "show", "--text", "in print", "--svg", text(&svg)]).ok();
    assert!(std::fs::read_to_string(svg).unwrap().starts_with("<svg"));
}

#[test]
fn what_cannot_be_drawn_or_read_is_said_and_nothing_is_signed() {
    let (ana, ben) = pair();
    let invoice = ana.path("invoice.png");
    ana.run(&["ask", "Ben", "5", "--qr", "--png", text(&invoice)]).ok();
    let taken = ben.path("taken.png");
    std::fs::write(&taken, "here already").unwrap();
    assert_eq!(
        ben.refused(&["pay", "--qr", text(&invoice), "--png", text(&taken)]),
        (4, "file_exists".into())
    );
    assert_eq!(ben.json(&["position"])["net"], "0.00");

    let refused = |arguments: &[&str]| run(&[arguments, &["--json"]].concat()).error();
    assert_eq!(refused(&["qr", "scan", text(&taken)]), (2, "picture".into()));
    assert_eq!(refused(&["qr", "scan", text(&ben.path("nothing.png"))]), (4, "no_file".into()));
    assert_eq!(refused(&["qr", "show", "--text", &"long ".repeat(80)]), (1, "picture".into()));
    let whole = std::fs::read(&invoice).unwrap();
    let half = ben.path("half.png");
    std::fs::write(&half, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(refused(&["qr", "scan", text(&half)]), (3, "picture".into()));
    let link = ben.path("link.png");
    run(&["qr", "show", "--text", "https://example.com/x", "--png", text(&link)]).ok();
    assert_eq!(refused(&["qr", "scan", text(&link)]), (1, "code_refused".into()));
    assert_eq!(ben.refused(&["pay", "--qr", text(&link)]), (1, "code_refused".into()));
    let words = ben.path("words.png");
    run(&["qr", "show", "--text", "just words", "--png", text(&words)]).ok();
    assert_eq!(ben.refused(&["pay", "--qr", text(&words)]), (2, "usage".into()));

    // Two payments, and only the second is shown.
    ben.run(&["pay", "Ana", "1"]).ok();
    let second = ben.path("second.png");
    ben.run(&["pay", "Ana", "2", "--png", text(&second)]).ok();
    assert_eq!(ana.refused(&["qr", "scan", "--take", text(&second)]), (1, "earlier_first".into()));
    ben.hand_to(&ana);
    assert_eq!(ana.json(&["qr", "scan", "--take", text(&second)])["codes"][0]["again"], true);
}

#[test]
fn an_invoice_and_a_ticket_are_printed_as_cards_with_words_beside_the_code() {
    let (ana, _ben) = pair();
    let card = ana.path("card.svg");
    let asked =
        ana.json(&["ask", "Ben", "--item", "eggs=2x3.50", "--item", "bread=5.50", "--sticker", text(&card)]);
    let svg = std::fs::read_to_string(&card).unwrap();
    for words in ["148mm", "Ana", "12.50 CHIPs", "2 eggs: 7.00", "To be paid until"] {
        assert!(svg.contains(words), "{words}");
    }
    assert_eq!(asked["sticker"], text(&card));
    assert_eq!(ana.refused(&["ask", "Ben", "1", "--sticker", text(&card)]), (4, "file_exists".into()));

    let again = ana.path("again.svg");
    let id = asked["invoice"].as_str().unwrap();
    ana.run(&["qr", "show", "--invoice", id, "--sticker", text(&again)]).ok();
    assert_eq!(std::fs::read_to_string(&again).unwrap(), svg, "the same card again");

    let (ticket, printed) = (ana.path("stall.hazel"), ana.path("stall.svg"));
    ana.run(&["tally", "offer", "--limit", "100", "--out", text(&ticket)]).ok();
    ana.run(&["qr", "show", text(&ticket), "--sticker", text(&printed)]).ok();
    assert!(std::fs::read_to_string(&printed).unwrap().contains("100.00 CHIPs"));
    let none = ana.path("none.svg");
    assert_eq!(
        ana.refused(&["qr", "show", "--payment", "Ben", "--sticker", text(&none)]),
        (2, "usage".into())
    );
}

/// The frames of what a file holds, as texts, and how many are needed.
fn film(person: &Person, file: &std::path::Path) -> (Vec<String>, usize) {
    let shown = person.json(&["qr", "show", text(file)]);
    let texts = shown["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned());
    (texts.collect(), usize::try_from(shown["frames"].as_u64().unwrap()).unwrap())
}

#[test]
fn a_film_of_which_frames_were_missed_is_finished_by_text_or_by_the_letter_itself() {
    let (ana, ben) = pair();
    for amount in ["1", "2", "3"] {
        ben.run(&["pay", "Ana", amount, "--memo", "a word or two on what it was for"]).ok();
    }
    let letter = ben.path("letter.txt");
    ben.run(&["outbox", "Ana", "--out", text(&letter)]).ok();
    let (texts, of) = film(&ben, &letter);
    assert!(of > 2, "{of}");
    let first = ana.path("first.png");
    run(&["qr", "show", "--text", &texts[0], "--png", text(&first)]).ok();
    let seen = ana.refused(&["qr", "scan", text(&first)]);
    assert_eq!(seen, (3, "unfinished".into()));

    // Two films in one: neither is taken for the other, and both are named.
    ben.run(&["pay", "Ana", "0.50"]).ok();
    let later = ben.path("later.txt");
    ben.run(&["outbox", "Ana", "--out", text(&later)]).ok();
    let mixed = ana.path("mixed.txt");
    std::fs::write(&mixed, format!("{}\n{}\n", texts[0], film(&ben, &later).0[1])).unwrap();
    let said = ana.run(&["qr", "scan", text(&mixed)]);
    assert!(said.code == 3 && said.err.contains("several things are mixed"), "{}", said.err);

    // The others come as text, by whatever carries text.
    let rest = ana.path("rest.txt");
    std::fs::write(&rest, format!("here is the rest:\n\n{}\n", texts[1..of].join("\n"))).unwrap();
    let seen = ana.json(&["qr", "scan", text(&first), text(&rest)]);
    assert_eq!((&seen["codes"][0]["kind"], seen["codes"].as_array().unwrap().len()), (&"messages".into(), 1));
    // Or all of it comes by mail: one content, one name, nothing unfinished.
    let seen = ana.json(&["qr", "scan", "--take", text(&first), text(&letter)]);
    assert_eq!((&seen["codes"][0]["kind"], seen["codes"].as_array().unwrap().len()), (&"messages".into(), 1));
    assert_eq!(ana.json(&["position"])["net"], "6.00");
    // Another letter ends no film that it is not the content of.
    ben.run(&["pay", "Ana", "4"]).ok();
    let other = ben.path("other.txt");
    ben.run(&["outbox", "Ana", "--out", text(&other)]).ok();
    let seen = ana.json(&["qr", "scan", text(&first), text(&other)]);
    assert_eq!(seen["codes"].as_array().unwrap().len(), 2, "{seen}");
    assert_eq!((&seen["codes"][1]["kind"], &seen["codes"][1]["have"]), (&"part".into(), &1.into()));
}

#[test]
fn a_picture_that_cannot_be_read_hides_no_other() {
    let ana = Person::without_wallet("Ana");
    let folder = ana.path("frames");
    std::fs::create_dir(&folder).unwrap();
    let good = folder.join("b.png");
    run(&["qr", "show", "--text", "WIFI:S:market;T:nopass;;", "--png", text(&good)]).ok();
    let whole = std::fs::read(&good).unwrap();
    std::fs::write(folder.join("a.png"), &whole[..whole.len() / 2]).unwrap();
    let said = run(&["qr", "scan", text(&folder), "--json"]);
    assert_eq!(said.error(), (3, "picture".into()));
    let codes = said.json()["codes"].clone();
    assert_eq!((&codes[0]["kind"], &codes[1]["kind"]), (&"foreign".into(), &"unread".into()));
    // In a folder many frames show nothing; a file that was named must show something.
    std::fs::write(folder.join("a.png"), white_picture()).unwrap();
    run(&["qr", "scan", text(&folder)]).ok();
    let said = run(&["qr", "scan", text(&good), text(&folder.join("a.png")), "--json"]);
    assert_eq!(said.error(), (3, "no_code".into()));
    assert_eq!(said.json()["codes"][0]["kind"], "foreign");
}

fn white_picture() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 64, 64);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[255; 64 * 64]).unwrap();
    writer.finish().unwrap();
    file
}
