//! What an operator does with a site: configure it, stop it, read its log, go back to a backup.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a story that goes wrong should stop loudly"
)]

mod market;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use market::site::*;
use market::*;
use serde_json::Value;

fn free_place() -> String {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("127.0.0.1:{port}")
}

/// The first line of what a page says.
fn page(at: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(at).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\n\r\n").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}

/// Both linked, met, and come home.
fn linked(one: &Site, two: &Site) -> (Person, Person) {
    let (ana, ben) = pair();
    ana.json(&["link", &one.ticket("ana")]);
    ben.json(&["link", &two.ticket("ben")]);
    cross(&ana, &ben);
    all_final(&ana, &ben);
    (ana, ben)
}

#[track_caller]
fn all_final(ana: &Person, ben: &Person) {
    until("all is final", || {
        let done = [ana, ben].map(|person| person.json(&["sync"])["final"] == true);
        let same = ana.run(&["export", "Ben"]).ok() == ben.run(&["export", "Ana"]).ok();
        (done == [true; 2] && same).then_some(())
    });
}

#[test]
fn the_environment_stands_above_the_file_and_nonsense_in_either_is_named() {
    let mut site = Site::new();
    let (listen, pages) = (free_place(), free_place());
    let settings = [
        ("HAZEL_SITE_LISTEN", listen.as_str()),
        ("HAZEL_SITE_PAGES", &pages),
        ("HAZEL_SITE_HOST", "site.example.org"),
        ("HAZEL_SITE_PORT", "7"),
        ("HAZEL_SITE_STORE", "sqlite:other.db"),
        ("HAZEL_SITE_LOG", "debug"),
    ];
    site.start_with(&settings);
    assert!(site.told()[0].contains(&listen), "{:?}", site.told());
    assert!(page(&pages, "/health").starts_with("HTTP/1.1 200 "));
    assert!(page(&pages, "/metrics").contains("\nhazel_errands_no_room_total 0\n"));
    assert!(site.path().join("other.db").exists());
    site.kill();
    let path = site.path();
    let run_with = |settings: &[(&str, &str)], arguments: &[&str]| {
        let mut command = program();
        command
            .args(["site", "--json", "--site", text(&path)])
            .args(arguments)
            .envs(settings.iter().copied());
        let output = command.output().unwrap();
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), said)
    };
    let status = run_with(&settings[2..4], &["status"]).1;
    assert!(status["address"].as_str().unwrap().ends_with("@site.example.org:7"), "{status}");
    for (name, value) in [
        ("HAZEL_SITE_LISTEN", "nowhere"),
        ("HAZEL_SITE_PAGES", "9643"),
        ("HAZEL_SITE_PORT", "many"),
        ("HAZEL_SITE_STORE", "paper:drawer"),
        ("HAZEL_SITE_LOG", "loud"),
    ] {
        let (code, said) = run_with(&[(name, value)], &["run"]);
        assert_eq!((code, &said["error"]["code"]), (2, &"usage".into()), "{name}: {said}");
    }
    let file = path.join("site.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("lisen = \"0.0.0.0:1\"\n{before}")).unwrap();
    let (_, said) = run_with(&[], &["status"]);
    assert_eq!(said["error"]["code"], "config");
    assert!(said["error"]["message"].as_str().unwrap().contains("lisen"), "{said}");
}

#[test]
fn a_site_that_is_asked_to_stop_ends_well_and_comes_back_with_everything() {
    let (mut one, mut two) = two_sites();
    let (ana, ben) = linked(&one, &two);
    ben.run(&["pay", "Ana", "3", "--memo", "eggs"]).ok();
    ben.json(&["sync"]);
    for site in [&mut one, &mut two] {
        assert_eq!(site.ask_to_stop().code(), Some(0));
    }
    // Nothing is left in a log beside the file: what was heard is written down.
    assert!(!two.path().join("site.db-wal").exists());
    assert_eq!(ana.refused(&["sync", "--within", "1"]).1, "unreachable_site");
    one.start();
    two.start();
    all_final(&ana, &ben);
    assert_eq!(ana.json(&["tally", "show", "Ben"])["balance"], "3.00");
}

#[test]
fn the_log_is_one_json_object_a_line_and_says_no_secret() {
    let (mut one, mut two) = (Site::new(), Site::new());
    one.json(&["neighbour", &two.address]);
    two.json(&["neighbour", &one.address]);
    for site in [&mut one, &mut two] {
        site.start_with(&[("HAZEL_SITE_LOG", "debug")]);
    }
    let (ana, ben) = pair();
    let tickets = [one.ticket("ana"), two.ticket("ben")];
    ana.json(&["link", &tickets[0]]);
    ben.json(&["link", &tickets[1]]);
    assert_eq!(ben.refused(&["link", &tickets[0], "--within", "3"]).1, "unwelcome");
    cross(&ana, &ben);
    ben.run(&["pay", "Ana", "3.21", "--memo", "eggs and a secret"]).ok();
    ana.json(&["ask", "Ben", "4.32", "--memo", "another secret"]);
    all_final(&ana, &ben);
    let users =
        [&one, &two].map(|site| site.json(&["users"])["users"][0]["key"].as_str().unwrap().to_owned());
    let keys = [&one, &two].map(|site| std::fs::read(site.path().join("site.key")).unwrap());
    let links = [&ana, &ben].map(|person| std::fs::read(person.wallet().join("link.key")).unwrap());
    one.ask_to_stop();
    two.ask_to_stop();
    let mut secrets: Vec<String> =
        vec!["eggs".into(), "secret".into(), "3.21".into(), "3210".into(), "4320".into()];
    for ticket in &tickets {
        secrets.push(ticket.trim_start_matches("hazel-site:").to_owned());
    }
    secrets.extend(users);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    for key in keys.iter().chain(&links) {
        let text = String::from_utf8_lossy(key).trim().to_owned();
        secrets.extend([hex(key), text].into_iter().filter(|it| it.len() >= 32));
    }
    let mut events = std::collections::BTreeSet::new();
    for line in [one.told(), two.told()].concat() {
        let object: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        assert!(object["at"].is_u64() && object["level"].is_string(), "{line}");
        events.insert(object["event"].as_str().unwrap().to_owned());
        for secret in &secrets {
            assert!(!line.contains(secret), "{secret}: {line}");
        }
    }
    for event in ["serving", "user_linked", "ticket_refused", "half_hosted", "final", "channel_open"] {
        assert!(events.contains(event), "{event} is not among {events:?}");
    }
}

/// The disk is lost after the backup, and with it what became final since. From the backup and the key the site goes on.
#[test]
fn a_site_goes_on_from_its_backup_and_nothing_that_was_final_is_lost() {
    let (mut one, mut two) = two_sites();
    let (ana, ben) = linked(&one, &two);
    let copy = one.folder.path().join("backup.db");
    one.json(&["backup", text(&copy)]);
    let again = run(&["site", "--json", "--site", text(&one.path()), "backup", text(&copy)]);
    assert_eq!(again.error().1, "file_exists", "an older backup is not written over");
    ben.run(&["pay", "Ana", "2", "--memo", "eggs"]).ok();
    ana.run(&["pay", "Ben", "1", "--memo", "bread"]).ok();
    all_final(&ana, &ben);
    let entries = one.json(&["status"])["entries"].clone();
    one.kill();
    for name in ["site.db", "site.db-wal", "site.db-shm"] {
        let _ = std::fs::remove_file(one.path().join(name));
    }
    std::fs::copy(&copy, one.path().join("site.db")).unwrap();
    assert!(one.json(&["status"])["entries"].as_u64() < entries.as_u64(), "it has forgotten something");
    one.start();
    ana.run(&["pay", "Ben", "0.50", "--memo", "milk"]).ok();
    all_final(&ana, &ben);
    assert_eq!(ana.json(&["tally", "show", "Ben"])["balance"], "0.50");
    until("it has learned again what it forgot", || {
        for person in [&ana, &ben] {
            person.json(&["sync"]);
        }
        let now = one.json(&["status"]);
        (now["entries"].as_u64() > entries.as_u64() && now["not_final"] == 0).then_some(())
    });
    // A copy that the operator brought back by other means.
    one.kill();
    assert_eq!(one.json(&["restored"])["halves"], 1);
    one.start();
    ben.run(&["pay", "Ana", "0.25", "--memo", "salt"]).ok();
    all_final(&ana, &ben);
    assert_eq!(ana.json(&["tally", "show", "Ben"])["balance"], "0.75");
    one.kill();
    two.kill();
}

/// As small as it can be: the figures say nothing of any machine, but each part tells its own and leaves nothing behind.
#[test]
fn a_site_is_measured_part_by_part() {
    let operator = Person::without_wallet("the operator");
    let folder = operator.path("measured");
    std::fs::create_dir(&folder).unwrap();
    let bench = |part| {
        let smallest = "--tallies 1000 --people 100 --pledges 256 --chits 3 --wallets 2 --only";
        let arguments = ["site", "bench", "--folder", text(&folder)].into_iter();
        arguments.chain(smallest.split(' ')).chain([part]).collect::<Vec<_>>()
    };
    let figures_of = |part| operator.json(&bench(part))["figures"].as_array().unwrap().clone();
    for (part, figure) in [
        ("pledges", "pledges, each in its commit / bare commits"),
        ("home", "3 pending payments to final"),
        ("crowd", "of 2 wallets at once, not final in the end"),
    ] {
        let figures = figures_of(part);
        let found = figures.iter().find(|it| it["what"] == figure).unwrap_or_else(|| panic!("{figures:?}"));
        assert_eq!(found["measured"].as_u64() == Some(0), part == "crowd", "{found}");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "{part}");
    }
    let said = operator.run(&bench("crowd")).ok();
    assert!(said.contains("measured") && said.contains("calls they made"), "{said}");
}
