//! Two people trade with the real program, by files and standard input only.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that goes wrong should stop loudly"
)]

mod market;

use market::*;

/// Both halves tell the same: head, order, balances, and every byte for the accountant.
fn equal_halves(ana: &Person, ben: &Person) {
    let (a, b) = (ana.json(&["tally", "show", "Ben"]), ben.json(&["tally", "show", "Ana"]));
    assert_eq!((&a["head"], &a["index"], &a["final_index"]), (&b["head"], &b["index"], &b["final_index"]));
    assert_eq!(a["index"], a["final_index"]);
    let negated = |text: &str| text.strip_prefix('-').map_or_else(|| format!("-{text}"), str::to_owned);
    assert_eq!(
        negated(a["balance"].as_str().unwrap()).replace("-0.00", "0.00"),
        b["balance"].as_str().unwrap()
    );
    for format in ["csv", "json"] {
        let export = |person: &Person, partner| person.run(&["export", partner, "--format", format]).ok();
        assert_eq!(export(ana, "Ben"), export(ben, "Ana"));
    }
}

#[test]
fn a_ticket_an_invoice_and_a_payment_travel_as_files() {
    let (ana, ben) = pair();
    ana.run(&["ask", "Ben", "--memo", "from the stall", "--item", "eggs=2x3.50", "--item", "bread=5.50"])
        .ok();
    let stick = tempfile::tempdir().unwrap();
    ana.run(&["outbox", "--out", text(stick.path())]).ok();
    let letters: Vec<_> =
        std::fs::read_dir(stick.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(letters.len(), 1);
    ben.run(&["receive", text(&letters[0])]).ok();
    let waits = ben.json(&["attention"]);
    let asked = waits["attention"].as_array().unwrap().iter().find(|item| item["what"] == "asked").unwrap();
    assert_eq!(asked["amount"], "12.50");
    let invoice = asked["invoice"].as_str().unwrap();
    let paid = ben.json(&["pay", "Ana", "--invoice", invoice.get(..8).unwrap()]);
    assert_eq!((&paid["amount"], &paid["balance"]), (&"12.50".into(), &"-12.50".into()));
    assert_eq!(ben.json(&["did-it-go", "Ana"])["went"], "signed");
    assert_eq!(ben.refused(&["pay", "Ana", "--invoice", invoice]), (1, "invoice_over".into()));
    meet(&ben, &ana);
    assert_eq!(ben.json(&["did-it-go", "Ana", "--invoice", invoice])["went"], "final");
    let entry = &ana.json(&["history", "Ben"])["entries"][0];
    assert_eq!((&entry["invoice"], &entry["memo"]), (&invoice.into(), &"from the stall".into()));
    equal_halves(&ana, &ben);
}

#[test]
fn raw_bytes_travel_like_text() {
    let (ana, ben) = pair();
    ben.run(&["pay", "Ana", "3"]).ok();
    let file = ben.path("raw.hazel");
    ben.run(&["outbox", "Ana", "--raw", "--out", text(&file)]).ok();
    assert_eq!(ben.refused(&["outbox", "Ana", "--raw", "--out", text(&file)]), (4, "file_exists".into()));
    ana.run(&["receive", text(&file), text(&file)]).ok();
    assert_eq!(ana.json(&["position"])["owed_to_me"], "3.00");
    meet(&ana, &ben);
    equal_halves(&ana, &ben);
}

#[test]
fn both_pay_at_once_and_one_goes_beyond_the_limit() {
    let (ana, ben) = pair();
    ana.run(&["pay", "Ben", "4", "--memo", "ladder"]).ok();
    ben.run(&["pay", "Ana", "2.5", "--memo", "coffee"]).ok();
    meet(&ana, &ben);
    assert_eq!(ana.refused(&["can-pay", "Ben", "60"]), (1, "over_limit".into()));
    assert_eq!(ben.refused(&["pay", "Ana", "130"]), (1, "over_limit".into()));
    let insisted = ben.json(&["pay", "Ana", "130", "--insist"]);
    assert_eq!(insisted["within_terms"], false);
    meet(&ben, &ana);
    assert_eq!(ana.json(&["tally", "show", "Ben"])["waiting_for_me"], "130.00");
    ana.run(&["accept-payment", "Ben", insisted["id"].as_str().unwrap()]).ok();
    meet(&ana, &ben);
    assert_eq!(ana.json(&["position"])["net"], "128.50");
    equal_halves(&ana, &ben);
}

#[test]
fn terms_are_revised_refused_and_widened() {
    let (ana, ben) = (Person::new("Ana"), Person::new("Ben"));
    let ticket = ana.run(&["tally", "offer", "--limit", "10"]).ok();
    ben.run_on(ticket.as_bytes(), &["tally", "accept", "-", "--limit", "5"]).ok();
    ben.hand_to(&ana);
    ana.run(&["tally", "offer", "Ben"]).ok();
    ana.hand_to(&ben);
    ben.run(&["tally", "revise", "Ana", "--limit", "7", "--their-limit", "20"]).ok();
    ben.hand_to(&ana);
    let offered = ana.json(&["tally", "show", "Ben"]);
    assert_eq!((&offered["state"], &offered["received"]["limit"]), (&"offered to me".into(), &"7.00".into()));
    let version = offered["offered"]["version"].as_str().unwrap();
    assert_eq!(offered["offered"]["granted"]["limit"], "20.00", "Ben asks for more than Ana had said");
    assert_eq!(ana.refused(&["tally", "accept", "Ben", "--version", "00000000"]), (1, "newer_offer".into()));
    assert_eq!(ana.refused(&["tally", "accept", "Ben", "--limit", "10"]), (2, "usage".into()));
    assert!(ana.run(&["tally", "show", "Ben"]).ok().contains(version.get(..8).unwrap()));
    ana.run(&["tally", "refuse", "Ben"]).ok();
    ana.hand_to(&ben);
    assert_eq!(ben.json(&["tally", "show", "Ana"])["state"], "refused");
    let (ana, ben) = pair();
    ana.run(&["grant", "Ben", "200"]).ok();
    meet(&ana, &ben);
    assert_eq!(ben.json(&["can-pay", "Ana"])["largest"], "200.00");
}

#[test]
fn invoices_are_declined_and_withdrawn() {
    let (ana, ben) = pair();
    let first = ana.json(&["ask", "Ben", "3"])["invoice"].as_str().unwrap().to_owned();
    let second = ana.json(&["ask", "Ben", "4"])["invoice"].as_str().unwrap().to_owned();
    meet(&ana, &ben);
    assert_eq!(ben.refused(&["withdraw", &first]), (2, "usage".into()));
    let less = ben.run(&["pay", "Ana", "2", "--invoice", &first, "--json"]);
    assert_eq!(less.error(), (2, "usage".into()), "less than it asks for would leave it open for ever");
    ben.run(&["decline", &first]).ok();
    let quote = ben.run(&["pay", "Ana", "--invoice", &first, "--quote", "--json"]);
    assert_eq!((quote.error(), &quote.json()["possible"]), ((1, "invoice_over".into()), &false.into()));
    ana.run(&["withdraw", &second]).ok();
    meet(&ana, &ben);
    let states = |person: &Person, partner| -> Vec<String> {
        let shown = person.json(&["tally", "show", partner]);
        let mut states: Vec<String> = shown["invoices"]
            .as_array()
            .unwrap()
            .iter()
            .map(|invoice| invoice["state"].to_string())
            .collect();
        states.sort();
        states
    };
    assert_eq!(states(&ana, "Ben"), ["\"declined\"", "\"withdrawn\""]);
    assert_eq!(states(&ben, "Ana"), states(&ana, "Ben"));
}

#[test]
fn a_tally_is_closed_and_renamed() {
    let (ana, ben) = pair();
    ben.run(&["pay", "Ana", "10"]).ok();
    ana.run(&["tally", "rename", "Ben", "Ben the roofer"]).ok();
    meet(&ana, &ben);
    assert_eq!(ana.json(&["tally", "list"])["tallies"][0]["partner"], "Ben the roofer");
    ben.run(&["tally", "close", "Ana"]).ok();
    meet(&ben, &ana);
    assert_eq!(ben.refused(&["pay", "Ana", "1"]), (1, "closing".into()));
    ana.run(&["pay", "Ben", "10"]).ok();
    meet(&ana, &ben);
    assert_eq!(ana.json(&["tally", "show", "Ben"])["state"], "closed");
    assert_eq!(ben.json(&["tally", "show", "Ana"])["state"], "closed");
}

#[test]
fn a_lost_wallet_comes_back_from_its_backup() {
    let (ana, ben, words) = ben_with_words_on_paper();
    let backup = ben.path("backup");
    ben.run(&["backup", text(&backup), "--words-file", text(&words)]).ok();
    let proven = ben.json(&["rehearse", text(&backup), "--words-file", text(&words)]);
    assert_eq!((&proven["entries"], &proven["newer"]), (&1.into(), &0.into()));
    ben.run(&["pay", "Ana", "5"]).ok();
    meet(&ben, &ana);
    let restored = Person::without_wallet("Ben");
    restored.run(&["restore", text(&backup), "--words-file", text(&words)]).ok();
    assert_eq!(restored.refused(&["pay", "Ana", "1"]), (1, "reconciling".into()));
    meet(&restored, &ana);
    assert_eq!(
        restored.json(&["position"])["net"],
        "-17.00",
        "what came after the backup came from the partner"
    );
    restored.run(&["pay", "Ana", "1"]).ok();
    meet(&restored, &ana);
    equal_halves(&ana, &restored);
}

#[test]
fn a_wallet_that_is_lost_again_and_again_comes_back_each_time() {
    let (ana, ben, words) = ben_with_words_on_paper();
    let backup = ben.path("backup");
    ben.run(&["backup", text(&backup), "--words-file", text(&words)]).ok();
    for _ in 0..3 {
        let restored = Person::without_wallet("Ben");
        restored.run(&["restore", text(&backup), "--words-file", text(&words)]).ok();
        meet(&restored, &ana);
        restored.run(&["pay", "Ana", "1"]).ok();
        meet(&restored, &ana);
        equal_halves(&ana, &restored);
    }
    let rebuilt = Person::without_wallet("Ben");
    rebuilt.run(&["init", "Ben", "--words-file", text(&words)]).ok();
    let reminder = ana.run(&["remind", "Ben"]).ok();
    let back = rebuilt.run_on(reminder.as_bytes(), &["rebuild", "--json"]);
    assert_eq!((back.code, &back.json()["rebuilt"][0]["lies"]), (0, &serde_json::json!([])), "nobody lies");
}

#[test]
fn a_restored_wallet_whose_partner_cannot_be_met_may_go_on_by_itself() {
    let (ana, ben, words) = ben_with_words_on_paper();
    let backup = ben.path("backup");
    ben.run(&["backup", text(&backup), "--words-file", text(&words)]).ok();
    assert_eq!(ben.refused(&["resume", "Ana"]), (1, "out_of_place".into()), "nothing was restored here");
    let restored = Person::without_wallet("Ben");
    restored.run(&["restore", text(&backup), "--words-file", text(&words)]).ok();
    assert_eq!(restored.json(&["resume", "Ana"])["read_only"], false);
    restored.run(&["pay", "Ana", "1"]).ok();
    meet(&restored, &ana);
    equal_halves(&ana, &restored);
}

#[test]
fn with_nothing_but_the_words_a_wallet_is_rebuilt_from_the_partner() {
    let (ana, _lost, words) = ben_with_words_on_paper();
    let rebuilt = Person::without_wallet("Ben");
    rebuilt.run(&["init", "Ben", "--words-file", text(&words)]).ok();
    let reminder = ana.run(&["remind", "Ben"]).ok();
    let back = rebuilt.run_on(reminder.as_bytes(), &["rebuild", "--json"]);
    assert_eq!((back.code, &back.json()["rebuilt"][0]["balance"]), (0, &"-12.00".into()), "{}", back.out);
    meet(&rebuilt, &ana);
    rebuilt.run(&["pay", "Ana", "1"]).ok();
    meet(&rebuilt, &ana);
    equal_halves(&ana, &rebuilt);
}

#[test]
fn a_second_device_is_let_in_spends_its_share_and_is_revoked() {
    let (ana, ben) = pair();
    let tablet = Person::without_wallet("tablet");
    let (request, answer) = (tablet.path("request.hazel"), ben.path("answer.hazel"));
    tablet.run(&["devices", "request", "tablet", "--out", text(&request)]).ok();
    ben.run(&["devices", "add", text(&request), "--out", text(&answer)]).ok();
    tablet.run(&["devices", "join", text(&answer)]).ok();
    assert!(!tablet.wallet().join("device.secret").exists());
    assert_eq!(tablet.refused(&["pay", "Ana", "1"]), (1, "over_allowance".into()));
    assert_eq!(ben.refused(&["devices", "hand", "Ana", "9", "1"]), (2, "unknown".into()));
    ben.run(&["devices", "hand", "Ana", "2", "40"]).ok();
    meet(&ben, &ana);
    meet(&tablet, &ana);
    tablet.run(&["pay", "Ana", "30"]).ok();
    meet(&tablet, &ana);
    meet(&ben, &ana);
    assert_eq!(ben.json(&["position"])["net"], "-30.00");
    ben.run(&["devices", "revoke", "2"]).ok();
    meet(&ben, &ana);
    meet(&tablet, &ana);
    assert_eq!(tablet.refused(&["pay", "Ana", "1"]), (1, "revoked".into()));
    let devices = ben.json(&["devices", "list", "Ana"]);
    let second =
        devices["tallies"][0]["devices"].as_array().unwrap().iter().find(|one| one["device"] == 2).unwrap();
    assert_eq!(second["active"], false);
}

#[test]
fn a_device_whose_memory_was_copied_signs_with_a_new_chain() {
    let (ana, ben) = pair();
    ben.run(&["pay", "Ana", "2"]).ok();
    meet(&ben, &ana);
    ben.run(&["renew", "Ana"]).ok();
    ben.run(&["pay", "Ana", "3"]).ok();
    meet(&ben, &ana);
    assert_eq!(ana.json(&["position"])["net"], "5.00");
    let devices = ben.json(&["devices", "list", "Ana"])["tallies"][0]["devices"].clone();
    let here = devices.as_array().unwrap().iter().find(|device| device["here"] == true).unwrap();
    assert!(here["epoch"].as_u64().unwrap() > 1, "{here}");
    equal_halves(&ana, &ben);
}

#[test]
fn a_debt_is_called_and_a_wish_is_set() {
    let (ana, ben) = pair();
    ben.run(&["pay", "Ana", "30", "--memo", "roof"]).ok();
    meet(&ben, &ana);
    assert_eq!(ana.refused(&["call", "Ben", "20", "--by", "2026-02-30"]), (2, "usage".into()));
    assert_eq!(ana.refused(&["call", "Ben", "20", "--by", "2001-01-01"]), (2, "usage".into()));
    assert_eq!(ana.refused(&["call", "Ben", "-5", "--by", "2100-01-01"]).0, 2);
    let called = ana.json(&["call", "Ben", "20", "--by", "2100-01-31"]);
    assert_eq!((&called["down_to"], &called["by"]), (&"20.00".into(), &"2100-01-31T23:59:59Z".into()));
    ben.run(&["events"]).ok();
    meet(&ana, &ben);
    let told = ben.run(&["events"]).ok();
    assert!(told.contains("Ana asks you to bring your debt down to 20.00 by 2100-01-31."), "{told}");
    let history = ben.run(&["history", "Ana"]).ok();
    assert!(history.contains("call: down to 20.00"), "{history}");
    fits_the_page(&history);
    assert_eq!(ben.json(&["tally", "show", "Ana"])["balance"], "-30.00", "a call moves no balance");
    assert_eq!(ben.json(&["history", "Ana"])["entries"][0]["settles"]["down_to"], "20.00");

    assert_eq!(ana.json(&["set", "Ben"])["target"], "0.00");
    let set =
        ana.json(&["set", "Ben", "--target", "50", "--bound", "100", "--reward", "0.5", "--clutch", "-0.25"]);
    assert_eq!((&set["reward_ppm"], &set["clutch_ppm"]), (&5_000.into(), &(-2_500).into()));
    assert!(ana.json(&["set", "Ben", "--bound", "100"])["id"].is_null(), "what is so already is not signed");
    assert_eq!(ana.json(&["set", "Ben", "--target", "-5"])["bound"], "100.00", "what is not named stays");
    assert_eq!(ana.refused(&["set", "Ben", "--reward", "101"]).0, 2);
    let history = ana.run(&["history", "Ben"]).ok();
    assert!(history.contains("settings: target 50.00"), "{history}");
    let settles = &ana.json(&["history", "Ben"])["entries"][0]["settles"];
    assert_eq!((&settles["target"], &settles["reward_ppm"]), (&"-5.00".into(), &5_000.into()));
    meet(&ana, &ben);
    equal_halves(&ana, &ben);
}

#[test]
fn history_is_cut_by_days_at_both_ends() {
    let (ana, ben) = pair();
    ben.run(&["pay", "Ana", "3"]).ok();
    meet(&ben, &ana);
    let shown = |filter: &[&str]| {
        let page = ana.json(&[&["history", "Ben"], filter].concat());
        page["entries"].as_array().unwrap().len()
    };
    let date = ana.json(&["history", "Ben"])["entries"][0]["date"].as_str().unwrap().to_owned();
    let today = date.split('T').next().unwrap();
    assert_eq!(shown(&["--since", today, "--until", today]), 1, "both days are whole days");
    assert_eq!(shown(&["--until", "2001-01-01"]), 0);
    assert_eq!(shown(&["--since", "2100-01-01"]), 0);
    let none = ana.run(&["history", "Ben", "--find", "roof"]).ok();
    assert!(none.contains("Nothing"), "{none}");
}
