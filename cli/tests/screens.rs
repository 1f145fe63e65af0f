//! How it looks: help with examples, tables on 80 columns, colours only where they belong, JSON everywhere.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that goes wrong should stop loudly"
)]

mod market;

use market::*;

/// Every command, as its own help lists it.
fn commands(under: &[&str]) -> Vec<Vec<String>> {
    let help = run(&[under, &["--help"]].concat()).ok();
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let mut all = Vec::new();
    for name in listed.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' ')) {
        let name = name.split(' ').next().unwrap();
        if name != "help" {
            let path: Vec<&str> = under.iter().copied().chain([name]).collect();
            all.push(path.iter().map(|&part| part.to_owned()).collect());
            all.extend(commands(&path));
        }
    }
    all
}

#[test]
fn the_help_of_every_command_has_an_example_and_fits_the_page() {
    let all = commands(&[]);
    assert!(all.len() > 35, "{} commands", all.len());
    for command in all {
        let words: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let help = run(&words).ok();
        assert!(help.contains(&format!("\n  hazel {}", command.join(" "))), "{command:?}: {help}");
        assert!(help.contains("Example"), "{command:?}");
        fits_the_page(&help);
    }
    let help = run(&["--help"]).ok();
    assert!(help.contains("Exit codes:") && help.contains("  hazel demo"));
}

#[test]
fn screens_fit_the_page_whatever_partners_are_called() {
    let (ana, ben) = pair();
    let name = "Benjamin the very long-winded roofer of the upper village";
    ana.run(&["tally", "rename", "Ben", name]).ok();
    let memo = "\u{1b}[31mred\u{7} and ".repeat(9);
    ben.run(&["pay", "Ana", "0.001", "--memo", &memo]).ok();
    ben.run(&["pay", "Ana", "9007199254740.5", "--insist", "--memo", "much"]).ok();
    ben.run(&["ask", "Ana", "--item", "a thing with quite a long name that goes on and on and on=3x4.25"])
        .ok();
    meet(&ben, &ana);
    for arguments in [
        &["tally", "list"][..],
        &["tally", "show", "Benjamin"],
        &["history", "Benjamin"],
        &["position"],
        &["attention"],
        &["events"],
        &["devices", "list"],
        &["audit"],
        &["can-pay", "Benjamin"],
        &["outbox", "--list"],
    ] {
        fits_the_page(&ana.run(arguments).ok());
    }
    let history = ana.run(&["history", "Benjamin"]).ok();
    assert!(history.contains("9007199254740.50"), "amounts are never cut: {history}");
}

#[test]
fn pages_follow_one_another_with_a_running_balance() {
    let (ana, ben) = pair();
    for amount in ["1", "2", "3", "4", "5"] {
        ben.run(&["pay", "Ana", amount, "--memo", &format!("day {amount}")]).ok();
    }
    meet(&ben, &ana);
    let page = |skip: &str| ana.json(&["history", "Ben", "--most", "2", "--skip", skip]);
    let amounts = |page: &serde_json::Value| -> Vec<(String, String)> {
        let text = |entry: &serde_json::Value, key: &str| entry[key].as_str().unwrap().to_owned();
        page["entries"].as_array().unwrap().iter().map(|e| (text(e, "amount"), text(e, "balance"))).collect()
    };
    let pair = |amount: &str, balance: &str| (amount.to_owned(), balance.to_owned());
    assert_eq!(amounts(&page("0")), [pair("5.00", "15.00"), pair("4.00", "10.00")]);
    assert_eq!(page("0")["next_skip"], 2);
    assert_eq!(amounts(&page("4")), [pair("1.00", "1.00")]);
    assert!(page("4")["next_skip"].is_null());
    assert_eq!(amounts(&ana.json(&["history", "Ben", "--find", "DAY 3"])), [pair("3.00", "6.00")]);
    assert!(amounts(&ana.json(&["history", "Ben", "--since", "2999-01-01"])).is_empty());
}

#[test]
fn colours_only_on_a_terminal() {
    let ana = Person::new("Ana");
    assert!(!ana.run(&["position"]).ok().contains('\u{1b}'));
    let forced = |no_color: bool| {
        let mut command = ana.command(&["position"]);
        command.env("CLICOLOR_FORCE", "1");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(forced(false).contains('\u{1b}'));
    assert!(!forced(true).contains('\u{1b}'));
}

#[test]
fn every_command_answers_with_one_json_object() {
    let (ana, ben) = pair();
    ben.run(&["pay", "Ana", "1"]).ok();
    meet(&ana, &ben);
    for arguments in [
        &["tally", "list"][..],
        &["tally", "show", "Ben"],
        &["tally", "offer", "--limit", "5"],
        &["tally", "rename", "Ben", "Ben"],
        &["pay", "Ben", "1"],
        &["pay", "Ben", "1", "--quote"],
        &["can-pay", "Ben"],
        &["did-it-go", "Ben"],
        &["ask", "Ben", "2"],
        &["grant", "Ben", "120"],
        &["outbox"],
        &["history", "Ben"],
        &["export", "Ben"],
        &["position"],
        &["attention"],
        &["events", "--peek"],
        &["events"],
        &["devices", "list"],
        &["remind", "Ben"],
        &["audit"],
        &["completions", "zsh"],
        &["tally", "close", "Ben"],
    ] {
        assert!(!ana.json(arguments).as_object().unwrap().is_empty(), "{arguments:?}");
    }
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]).ok();
        assert!(script.contains("accept-payment"), "{shell}");
    }
}
