//! `hazel demo` for people and for programs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that goes wrong should stop loudly"
)]

mod market;

use market::*;

#[test]
fn the_demo_tells_its_story_on_80_columns_and_ends_equal() {
    let told = run(&["demo"]).ok();
    fits_the_page(&told);
    for words in [
        "by ticket",
        "An invoice",
        "nobody is online",
        "The hand-over",
        "by pictures",
        "same moment",
        "over the limit",
        "cut in the middle",
        "Two sites",
    ] {
        assert!(told.contains(words), "{words}");
    }
    assert!(told.contains("SIGKILL") || cfg!(not(unix)), "the process was killed for real: {told}");
    let heads: Vec<&str> =
        told.lines().filter_map(|line| line.split_once("'s head  ")).map(|(_, head)| head).collect();
    assert_eq!(heads.len(), 2);
    assert_eq!(heads[0], heads[1]);
    assert!(told.trim_end().ends_with("is owed."));
}

#[test]
fn the_demo_for_programs_ends_with_equal_heads_and_opposite_balances() {
    let said = run(&["demo", "--json"]);
    let story = said.json();
    assert_eq!((said.code, &story["equal"]), (0, &true.into()));
    assert_eq!(story["steps"].as_array().unwrap().len(), 11);
    let (ana, ben) = (&story["halves"][0], &story["halves"][1]);
    assert_eq!(ana["head"], ben["head"]);
    assert_eq!(ana["head"].as_str().unwrap().len(), 64);
    assert_eq!((&ana["balance"], &ben["balance"]), (&"85.00".into(), &"-85.00".into()));
    assert_eq!((&ana["final_balance"], &ana["final_index"]), (&"85.00".into(), &ana["index"]));
    let crash =
        story["steps"].as_array().unwrap().iter().find(|step| step["facts"]["process"].is_string()).unwrap();
    assert_eq!(crash["facts"]["after_the_crash"], "signed");
    assert_eq!(crash["facts"]["signing_again"], "invoice_over");
}

#[test]
fn what_the_demo_keeps_are_real_wallets_and_letters() {
    let scratch = tempfile::tempdir().unwrap();
    let kept = scratch.path().join("story");
    run(&["demo", "--keep", text(&kept)]).ok();
    for (name, balance) in [("ana", "85.00"), ("ben", "-85.00")] {
        let wallet = kept.join(name);
        let position = run(&["position", "--json", "--wallet", text(&wallet)]);
        assert_eq!(position.json()["net"], balance);
        assert_eq!(run(&["audit", "--json", "--wallet", text(&wallet)]).json()["sound"], true);
    }
    let letters = std::fs::read_dir(kept.join("handed-over")).unwrap().count();
    assert!(letters > 10, "{letters} letters");
    let guarded =
        program().env("HAZEL_PASSPHRASE", "three sticks").args(["demo", "--json"]).output().unwrap();
    assert_eq!(guarded.status.code(), Some(0), "a passphrase that is set guards these wallets too");
    assert_eq!(run(&["demo", "--json", "--keep", text(&kept)]).error(), (4, "file_exists".into()));
}

#[test]
fn where_nobody_looks_the_two_phones_are_told_line_by_line() {
    let told = run(&["demo", "--watch", "--seed", "3"]).ok();
    fits_the_page(&told);
    for words in ["both sign the tally", "Equal halves:", "packets"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let story = run(&["demo", "--watch", "--seed", "3", "--json"]).json();
    assert_eq!(story["over"], true);
    assert!(story["packets"]["sent"].as_u64().unwrap() > story["packets"]["lost"].as_u64().unwrap());
    assert!(story["told"].as_array().unwrap().len() > 10);
}
