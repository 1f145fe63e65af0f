//! Two real programs that meet over a socket of this machine.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod market;

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::Stdio;

use market::waiting::{Waiting, meet, open};
use market::{Person, Said};

fn opened() -> (Person, Person) {
    let (ana, ben) = (Person::new("Ana"), Person::new("Ben"));
    let told = open(&ana, &ben, "Ana");
    assert!(told.contains("Your tally with Ben is open."), "{told}");
    (ana, ben)
}

#[test]
fn an_errand_goes_along_with_somebody_who_will_meet_the_other() {
    let (ana, ben) = opened();
    let carpenter = Person::new("Carpenter");
    open(&ana, &carpenter, "Ana");
    open(&ben, &carpenter, "Ben");
    ana.run(&["pay", "Ben", "5", "--memo", "eggs"]).ok();
    let given = ana.json(&["errand", "give", "Ben", "--by", "Carpenter", "--for", "2d"]);
    assert!(given["errand"]["bytes"].as_u64().unwrap() > 200, "{given}");
    // Nobody carries without having said so, and what is refused is offered again.
    let (told, _) = meet(&ana, &carpenter, "Ana", &[]);
    assert!(told.contains("Carpenter takes no errands along"), "{told}");
    carpenter.run(&["errand", "carry", "on"]).ok();
    let (told, said) = meet(&ana, &carpenter, "Ana", &[]);
    assert!(told.contains("Carpenter takes your errand"), "{told}");
    assert_eq!(said["errands"][0]["taken_along"], 1, "{said}");
    let carried = carpenter.json(&["errand", "list"]);
    assert_eq!((carried["carries"].as_bool(), carried["errands"][0]["for"].is_null()), (Some(true), true));

    let (told, said) = meet(&ben, &carpenter, "Ben", &[]);
    assert!(told.contains("Carpenter has brought you something from Ana."), "{told}");
    assert!(told.contains("Ana pays you 5.00."), "{told}");
    assert!(told.lines().all(|line| line.chars().count() <= market::WIDTH), "{told}");
    assert_eq!(said["errands"][0]["handed_over"], 1, "{said}");
    assert_eq!(carpenter.json(&["errand", "list"])["errands"].as_array().map(Vec::len), Some(0));
    assert_eq!(ben.json(&["tally", "show", "Ana"])["balance"], "5.00");

    let id = given["errand"]["id"].as_str().unwrap();
    assert_eq!(ana.refused(&["errand", "drop", id.get(..8).unwrap()]), (1, "errand_gone".into()));
    assert_eq!(ana.refused(&["errand", "give", "Ben", "--by", "Ben"]).1, "same_partner");
    assert_eq!(ana.refused(&["errand", "drop", "ffffffff"]).0, 2);
}

#[test]
fn an_errand_is_listed_and_forgotten_before_it_goes_along() {
    let (ana, _ben) = opened();
    let carpenter = Person::new("Carpenter");
    open(&ana, &carpenter, "Ana");
    let give = ["errand", "give", "Ben", "--by", "Carpenter"];
    assert!(ana.run(&give).ok().contains("There is nothing to tell Ben."));
    ana.run(&["pay", "Ben", "5"]).ok();
    let given = ana.json(&give);
    let listed = ana.run(&["errand", "list"]).ok();
    assert!(listed.contains("This wallet takes no errands along: hazel errand carry on"), "{listed}");
    assert!(listed.contains("for Ben: waits until you meet Carpenter"), "{listed}");
    assert!(
        ana.run(&["errand", "drop", given["errand"]["id"].as_str().unwrap()]).ok().contains("is forgotten.")
    );
    assert_eq!(ana.json(&["errand", "list"])["errands"].as_array().map(Vec::len), Some(0));
    carpenter.run(&["errand", "carry", "on"]).ok();
    assert!(carpenter.run(&["errand", "carry", "off"]).ok().contains("takes no more errands along."));
}

#[test]
fn by_ticket_then_a_payment_then_nothing_new() {
    let (ana, ben) = opened();
    ben.run(&["pay", "Ana", "12.50", "--memo", "eggs"]).ok();
    let (told, said) = meet(&ben, &ana, "Ben", &[]);
    assert!(told.contains("In sync: you both hold the same 1 entry."), "{told}");
    assert_eq!(said["balance"], "12.50");
    let (told, said) = meet(&ana, &ben, "Ana", &[]);
    assert_eq!((said["letters"]["given"].as_u64(), said["letters"]["received"].as_u64()), (Some(0), Some(0)));
    assert!(told.lines().all(|line| line.chars().count() <= market::WIDTH), "{told}");
}

#[test]
fn without_leave_nothing_is_signed_in_a_meeting() {
    let (ana, ben) = (Person::new("Ana"), Person::new("Ben"));
    let ticket = ana.path("ticket.hazel");
    ana.run(&["tally", "offer", "--limit", "100", "--out", ticket.to_str().unwrap()]).ok();
    ben.run(&["tally", "accept", ticket.to_str().unwrap(), "--limit", "50"]).ok();
    let (told, said) = meet(&ana, &ben, "Ana", &[]);
    assert!(told.contains("Ben answered your ticket"), "{told}");
    assert_eq!(said["missing"]["unsigned"], true);
    ana.run(&["tally", "offer", "Ben"]).ok();
    let (_, said) = meet(&ana, &ben, "Ana", &[]);
    assert_eq!(said["state"], "offered to me");
    ben.run(&["tally", "accept", "Ana"]).ok();
    let (told, _) = meet(&ben, &ana, "Ben", &[]);
    assert!(told.contains("In sync"), "{told}");
}

#[test]
fn who_is_not_there_or_not_meant_is_named() {
    let (_ana, ben) = opened();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let nobody = ben.refused(&["meet", "Ana", "--dial", &free, "--within", "1"]);
    assert_eq!(nobody, (4, "nobody_came".into()));
    assert_eq!(ben.refused(&["meet", "--dial", &free]), (2, "usage".into()));
    assert_eq!(ben.refused(&["meet", "Ana"]).0, 2);
    // Another Ana with a tally of her own does not know this Ben.
    let (other, _) = opened();
    ben.run(&["pay", "Ana", "1"]).ok();
    let waiting = Waiting::begin(&other, &["--within", "4"]);
    let address = waiting.address.clone();
    let said: Said = ben.run(&["meet", "Ana", "--dial", &address, "--within", "3", "--json"]);
    assert_eq!(
        (said.json()["in_sync"].as_bool(), said.json()["missing"]["unheld"].as_u64()),
        (Some(false), Some(1))
    );
    assert_eq!(said.code, 4);
    assert_eq!(waiting.end().0, 4);
}

#[test]
fn what_is_in_the_way_of_bluetooth_is_named() {
    let ana = Person::new("Ana");
    let said = ana.run(&["nearby", "--diagnose", "--json"]);
    let needs = said.json()["needs"].as_array().unwrap().clone();
    let there = |code: &str| needs.iter().find(|need| need["code"] == code).unwrap()["there"] == true;
    assert_eq!(there("built_without_bluetooth"), cfg!(feature = "ble"));
    let first = needs.iter().find(|need| need["there"] == false);
    match first {
        Some(need) => assert_eq!(said.error(), (4, need["code"].as_str().unwrap().to_owned())),
        None => assert_eq!(said.code, 0),
    }
}

/// Two programs of people who have never met: each shows words, and hears the other's person say yes or no.
fn introduced(answers: [&str; 2]) -> ([String; 2], [(i32, String); 2], [Person; 2]) {
    let (ana, ben) = (Person::new("Ana"), Person::new("Ben"));
    let begin = |person: &Person, arguments: &[&str]| {
        let mut command = person.command(&[&["introduce"], arguments].concat());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        (child, out)
    };
    let line = |out: &mut BufReader<std::process::ChildStdout>| {
        let mut line = String::new();
        assert!(out.read_line(&mut line).unwrap() > 0, "it ended before it showed a code");
        line.trim_end().to_owned()
    };
    let (waits, mut told) = begin(&ana, &["--listen", "127.0.0.1:0", "--limit", "100"]);
    let address = line(&mut told).trim_end_matches('.').rsplit(' ').next().unwrap().to_owned();
    let mut both = [(waits, told), begin(&ben, &["--dial", &address, "--limit", "50"])];
    let codes = both.each_mut().map(|(_, out)| {
        loop {
            let line = line(out);
            if !line.is_empty() {
                break line;
            }
        }
    });
    for ((child, _), answer) in both.iter_mut().zip(answers) {
        use std::io::Write as _;
        writeln!(child.stdin.take().unwrap(), "{answer}").unwrap();
    }
    let ends = both.map(|(mut child, mut out)| {
        let mut said = String::new();
        out.read_to_string(&mut said).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (child.wait().unwrap().code().unwrap(), said)
    });
    (codes, ends, [ana, ben])
}

#[test]
fn strangers_compare_words_and_open_a_tally() {
    let (codes, ends, [ana, ben]) = introduced(["yes", "yes"]);
    assert_eq!(codes[0], codes[1]);
    assert_eq!(codes[0].split_whitespace().count(), 7, "three words and four pictures: {}", codes[0]);
    for (code, told) in &ends {
        assert_eq!(*code, 0, "{told}");
        assert!(told.contains("is open.") && told.contains("In sync"), "{told}");
    }
    ben.run(&["pay", "Ana", "12.50"]).ok();
    let (_, said) = meet(&ben, &ana, "Ben", &[]);
    assert_eq!(said["balance"], "12.50");
}

#[test]
fn whoever_says_no_gives_and_takes_nothing() {
    let (_, ends, people) = introduced(["yes", "no"]);
    for (code, told) in &ends {
        assert_eq!(*code, 1, "{told}");
        assert!(told.contains("codes_differ"), "{told}");
    }
    for person in &people {
        assert_eq!(person.json(&["tally", "list"])["tallies"].as_array().map(Vec::len), Some(0));
    }
}
