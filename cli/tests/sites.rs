//! Two sites and two wallets with the real program: what was signed offline becomes final.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a story that goes wrong should stop loudly"
)]

mod market;

use market::site::*;
use market::waiting::{meet as meet_over_a_socket, open};
use market::*;

#[test]
fn what_was_signed_offline_becomes_final_after_one_phone_comes_home_then_the_other() {
    let (ana, ben) = pair();
    let (mut one, mut two) = two_sites();
    // By its text, and by its picture.
    assert_eq!(ana.json(&["link", &one.ticket("ana")])["pending"], 1);
    two.ticket("ben");
    ben.json(&["link", text(&two.folder.path().join("ben.png"))]);
    cross(&ana, &ben);
    ben.run(&["pay", "Ana", "7.50", "--memo", "eggs"]).ok();
    ana.run(&["pay", "Ben", "2.50", "--memo", "bread"]).ok();
    cross(&ana, &ben);
    // A site is killed while nobody looks, and comes back.
    two.kill();
    let first = ana.json(&["sync"]);
    assert_eq!((&first["final"], &first["refused"]), (&false.into(), &serde_json::json!([])), "{first}");
    two.start();
    let second = ben.json(&["sync"]);
    assert_eq!(second["final"], true, "{second}");
    assert_eq!(ana.json(&["sync"])["final"], true);
    for (person, partner) in [(&ana, "Ben"), (&ben, "Ana")] {
        let history = person.json(&["history", partner]);
        for entry in history["entries"].as_array().unwrap() {
            assert_eq!(
                entry["facets"]["word"].as_str().or(entry["state"].as_str()),
                Some("final"),
                "{entry}"
            );
        }
    }
    let out = |person: &Person, partner: &str| person.run(&["export", partner]).ok();
    assert_eq!(out(&ana, "Ben"), out(&ben, "Ana"));
    let status = one.json(&["status"]);
    assert_eq!(
        (&status["users"], &status["halves"], &status["not_final"]),
        (&1.into(), &1.into(), &0.into())
    );
    let copy = one.folder.path().join("copy.db");
    one.json(&["backup", text(&copy)]);
    assert!(copy.exists());
    one.kill();
}

#[test]
fn a_ticket_is_good_once_and_a_site_without_neighbours_says_nothing_to_strangers() {
    let (ana, ben) = pair();
    let mut site = Site::new();
    site.start();
    let ticket = site.ticket("ana");
    ana.json(&["link", &ticket]);
    ana.json(&["link", &ticket]);
    let (code, why) = ben.refused(&["link", &ticket, "--within", "3"]);
    assert_eq!((code, why.as_str()), (4, "unwelcome"));
    assert_eq!(ben.refused(&["sync"]).1, "no_link");
    assert_eq!(ben.refused(&["link", "hazel-site:cut"]).0, 2);
    // The operator lets her go: what was signed stays, and she is a stranger.
    let user = site.json(&["users"])["users"][0]["key"].as_str().unwrap().to_owned();
    let begins: String = user.chars().take(8).collect();
    assert_eq!(site.json(&["users", "--remove", &begins])["users"], serde_json::json!([]));
    assert_eq!(ana.refused(&["sync", "--within", "3"]).1, "unwelcome");
    assert_eq!(site.json(&["status"])["halves"], 1);
    site.kill();
    assert_eq!(ana.refused(&["sync", "--within", "1"]).1, "unreachable_site");
    assert_ne!(site.port, 0);
}

#[test]
fn receipts_and_invoices_reach_a_partner_who_is_never_met_again() {
    let (ana, ben) = pair();
    let (mut one, mut two) = two_sites();
    ana.json(&["link", &one.ticket("ana")]);
    ben.json(&["link", &two.ticket("ben")]);
    cross(&ana, &ben);
    for person in [&ana, &ben, &ana] {
        person.json(&["sync"]);
    }
    // Ana asks, Ben pays; no file goes from one to the other.
    ana.json(&["ask", "Ben", "3", "--memo", "milk"]);
    ana.json(&["sync"]);
    let asked = until("the invoice came", || {
        ben.json(&["sync"]);
        ben.json(&["tally", "show", "Ana"])["invoices"].as_array().unwrap().first().cloned()
    });
    ben.json(&["events"]);
    ben.json(&["pay", "Ana", "--invoice", asked["invoice"].as_str().unwrap()]);
    let sync = ben.json(&["sync"]);
    let proof = &sync["proofs"][0];
    assert_eq!(proof["at"], format!("127.0.0.1:{}", two.port), "{sync}");
    assert_eq!(sync["unconfirmed"], serde_json::json!([]));
    until("his phone knows that hers has it", || {
        ana.json(&["sync"]);
        ben.json(&["sync"]);
        let events = ben.json(&["events"]);
        events["events"].as_array().unwrap().iter().any(|it| it["event"] == "held").then_some(())
    });
    until("each site knows that the other one has been told", || {
        (one.json(&["status"])["not_told"] == 0 && two.json(&["status"])["not_told"] == 0).then_some(())
    });
    one.kill();
    two.kill();
}

#[test]
fn an_errand_is_left_at_a_site_and_found_there() {
    let (ana, ben, carpenter) = (Person::new("Ana"), Person::new("Ben"), Person::new("Carpenter"));
    open(&ana, &ben, "Ana");
    open(&ana, &carpenter, "Ana");
    let mut site = Site::new();
    site.start();
    ben.json(&["link", &site.ticket("ben")]);
    carpenter.run(&["errand", "carry", "on"]).ok();
    ana.run(&["pay", "Ben", "5", "--memo", "eggs"]).ok();
    ana.json(&["errand", "give", "Ben", "--by", "Carpenter"]);
    meet_over_a_socket(&ana, &carpenter, "Ana", &[]);
    // The carpenter never meets Ben. Both go home to the same site, he for the first time.
    let left = carpenter.json(&["link", &site.ticket("carpenter")]);
    assert_eq!(left["errands"][0]["handed_over"], 1, "{left}");
    assert_eq!(carpenter.json(&["errand", "list"])["errands"].as_array().map(Vec::len), Some(0));
    let found = ben.run(&["sync"]).ok();
    assert!(found.contains("has brought you something from Ana."), "{found}");
    assert!(found.contains("Ana pays you 5.00."), "{found}");
    assert_eq!(ben.json(&["tally", "show", "Ana"])["balance"], "5.00");
    site.kill();
}

#[test]
fn a_site_that_moved_is_found_by_a_signed_list_and_a_guest_brings_what_both_signed() {
    let (ana, ben) = pair();
    let (mut one, mut two) = two_sites();
    ana.json(&["link", &one.ticket("ana")]);
    ben.json(&["link", &two.ticket("ben")]);
    cross(&ana, &ben);
    for person in [&ana, &ben, &ana] {
        person.json(&["sync"]);
    }
    // Ben is a guest at Ana's site: his own is away, and hers alone hears of what both signed.
    let guest = ben.json(&["link", &one.ticket("guest"), "--guest"]);
    assert_eq!(guest["sites"][0]["at"], format!("127.0.0.1:{}", one.port));
    two.kill();
    ben.run(&["pay", "Ana", "2", "--memo", "bread"]).ok();
    let sync = ben.json(&["sync", "--within", "4"]);
    assert_eq!(
        (&sync["sites"][1]["code"], &sync["final"]),
        (&"unreachable_site".into(), &false.into()),
        "{sync}"
    );
    ana.json(&["sync"]);
    assert_eq!(ana.json(&["tally", "show", "Ben"])["balance"], "2.00", "hers has told her");
    // His site comes back somewhere else, and says where in a list that it signs.
    two.move_to_another_port();
    two.start();
    one.json(&["neighbour", two.json(&["status"])["address"].as_str().unwrap()]);
    one.kill();
    one.start();
    let list = two.folder.path().join("nodes.toml");
    let key = two.json(&["publish", text(&list)])["key"].as_str().unwrap().to_owned();
    let wrong = one.json(&["publish", text(&one.folder.path().join("mine.toml"))])["key"].clone();
    let refused = ben.refused(&["nodes", text(&list), "--by", wrong.as_str().unwrap()]);
    assert_eq!(refused.1, "nodes", "signed by somebody else");
    ben.json(&["nodes", text(&list), "--by", &key]);
    until("all is final at the new place", || {
        ana.json(&["sync"]);
        (ben.json(&["sync"])["final"] == true).then_some(())
    });
    let nodes = ben.json(&["nodes"]);
    let mine: Vec<_> = nodes["nodes"].as_array().unwrap().iter().filter(|it| it["mine"] == true).collect();
    assert!(mine.iter().any(|it| it["at"] == format!("127.0.0.1:{}", two.port)), "{nodes}");
    one.kill();
    two.kill();
}

#[test]
fn what_is_no_ticket_no_list_or_no_link_any_more_is_said() {
    let ana = Person::new("Ana");
    assert!(ana.run(&["nodes"]).ok().contains("No site is known yet"));
    assert_eq!(ana.refused(&["sync"]), (1, "no_link".into()));
    assert_eq!(Person::without_wallet("Nobody").refused(&["nodes"]), (4, "no_wallet".into()));
    let picture = ana.path("ticket.png");
    ana.run(&["tally", "offer", "--limit", "5", "--qr", "--png", text(&picture)]).ok();
    let said = ana.run(&["link", text(&picture)]);
    assert!(said.code == 2 && said.err.contains("This picture does not show a site ticket."), "{}", said.err);
    // A ticket in a file that came by mail, for one tally by name.
    let cook = Person::new("Cook");
    open(&ana, &cook, "Ana");
    let mut site = Site::new();
    site.start();
    let mail = ana.path("mail.txt");
    std::fs::write(&mail, site.ticket("ana")).unwrap();
    assert_eq!(ana.refused(&["link", text(&mail), "--only", "Ben"]), (2, "unknown".into()));
    let linked = ana.json(&["link", text(&mail), "--only", "Cook"]);
    assert_eq!(linked["sites"][0]["at"], format!("127.0.0.1:{}", site.port), "{linked}");
    let list = ana.path("nodes.toml");
    std::fs::write(&list, "no list").unwrap();
    assert_eq!(ana.refused(&["nodes", text(&list), "--by", "me"]), (2, "usage".into()));
    std::fs::write(ana.wallet().join("link.json"), "{").unwrap();
    assert_eq!(ana.refused(&["sync"]), (3, "corrupt".into()));
    site.kill();
}
