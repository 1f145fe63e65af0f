//! What goes wrong: each kind ends with its own exit code, says what to do, and changes nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod market;

use std::fs;
use std::process::Command;

use market::*;

#[test]
fn refused_by_the_rules_is_one() {
    let (ana, ben) = pair();
    assert_eq!(ben.refused(&["pay", "Ana", "100.01"]), (1, "over_limit".into()));
    assert_eq!(ana.refused(&["tally", "accept", "Ben"]), (1, "out_of_place".into()));
    assert_eq!(ana.refused(&["init", "Ana"]), (1, "wallet_exists".into()));
    let stranger = Person::new("Stranger");
    ben.run(&["pay", "Ana", "1"]).ok();
    let letter = ben.run(&["outbox"]).ok();
    let strange = stranger.run_on(letter.as_bytes(), &["receive", "--json"]);
    assert_eq!(strange.error(), (1, "not_for_us".into()));
    assert_eq!(
        ben.json(&["history", "Ana"])["entries"].as_array().unwrap().len(),
        1,
        "refusals signed nothing"
    );
}

#[test]
fn not_understood_is_two() {
    let (ana, _) = pair();
    for arguments in [
        &["pay", "Ben", "twelve"][..],
        &["pay", "Ben"],
        &["pay", "Ben", "1", "--colour"],
        &["dance"],
        &["ask", "Ben", "--item", "eggs"],
        &["history", "Ben", "--since", "yesterday"],
        &["tally", "offer", "--limit", "-1"],
        &["tally", "offer", "--valid", "soon"],
        &["export", "Ben", "--format", "pdf"],
    ] {
        assert_eq!(ana.refused(arguments), (2, "usage".into()), "{arguments:?}");
    }
    assert_eq!(ana.refused(&["pay", "Ben", "0"]), (2, "amount".into()));
    assert_eq!(ana.refused(&["pay", "Nobody", "1"]), (2, "unknown".into()));
    assert_eq!(ana.refused(&["decline", "0123456789"]), (2, "unknown".into()));
    let ticket = ana.run(&["tally", "offer"]).ok();
    let taken = ana.run_on(ticket.as_bytes(), &["receive", "--json"]);
    assert_eq!(taken.error(), (2, "usage".into()));
    assert!(taken.out.contains("hazel tally accept"), "{}", taken.out);
}

#[test]
fn a_file_that_is_not_ours_or_damaged_is_three() {
    let (ana, ben) = pair();
    let note = ana.path("note.txt");
    fs::write(&note, "two eggs, one loaf").unwrap();
    assert_eq!(ana.refused(&["receive", text(&note)]), (3, "malformed".into()));
    ben.run(&["pay", "Ana", "1"]).ok();
    let letter = ben.run(&["outbox"]).ok();
    let cut: String = letter.lines().take(3).collect::<Vec<_>>().join("\n");
    assert_eq!(ana.run_on(cut.as_bytes(), &["receive", "--json"]).error(), (3, "malformed".into()));
    fs::write(ana.database(), b"not a database, but long enough to look at: ".repeat(100)).unwrap();
    assert_eq!(ana.refused(&["position"]), (3, "not_a_wallet".into()));
}

#[test]
fn one_bad_letter_does_not_keep_the_good_ones_out() {
    let (ana, ben) = pair();
    ben.run(&["pay", "Ana", "6"]).ok();
    let (good, bad) = (ana.path("good"), ana.path("bad"));
    fs::write(&good, ben.run(&["outbox"]).ok()).unwrap();
    fs::write(&bad, "nothing of ours").unwrap();
    let said = ana.run(&["receive", text(&bad), text(&good), "--json"]);
    assert_eq!(said.error(), (3, "malformed".into()));
    assert_eq!(said.json()["deliveries"][1]["changes"][0]["amount"], "6.00");
    assert_eq!(ana.json(&["position"])["net"], "6.00");
}

#[test]
fn the_machine_is_four() {
    let (ana, _) = pair();
    assert_eq!(Person::without_wallet("Nobody").refused(&["position"]), (4, "no_wallet".into()));
    assert_eq!(ana.refused(&["receive", "/nowhere/letter"]), (4, "no_file".into()));
    let out = ana.path("out.csv");
    ana.run(&["export", "Ben", "--out", text(&out)]).ok();
    assert_eq!(ana.refused(&["export", "Ben", "--out", text(&out)]), (4, "file_exists".into()));
}

#[test]
fn a_wallet_that_another_program_holds_is_busy() {
    let (ana, ben) = pair();
    let before = ana.json(&["position"]);
    let holder = hazel_core::store::Store::open(&ana.database());
    holder
        .unwrap()
        .change(|_| {
            assert_eq!(ana.refused(&["pay", "Ben", "1"]), (4, "busy".into()));
            Ok::<_, hazel_core::store::StoreError>(())
        })
        .unwrap();
    assert_eq!(ana.json(&["position"]), before);
    drop(ben);
}

#[test]
fn a_wrong_passphrase_a_corrupt_file_and_a_newer_version_are_three_things() {
    let ana = Person::without_wallet("Ana");
    ana.run_with("three sticks", &["init", "Ana"]).ok();
    assert!(!ana.wallet().join("wallet.key").exists());
    ana.run_with("three sticks", &["position"]).ok();
    assert_eq!(ana.run_with("two sticks", &["position", "--json"]).error(), (5, "wrong_passphrase".into()));
    assert_eq!(ana.refused(&["position"]), (5, "locked".into()));
    assert_eq!(ana.run_with(" ", &["init", "Ana", "--json", "--wallet", "elsewhere"]).code, 5);

    let pristine = fs::read(ana.database()).unwrap();
    let mut newer = pristine.clone();
    // The schema's version, in the header of every SQLite file.
    newer[60..64].copy_from_slice(&999_u32.to_be_bytes());
    fs::write(ana.database(), &newer).unwrap();
    assert_eq!(ana.run_with("three sticks", &["position", "--json"]).error(), (6, "newer".into()));
    let mut corrupt = pristine;
    for byte in corrupt.iter_mut().skip(4096) {
        *byte ^= 0x5a;
    }
    fs::write(ana.database(), &corrupt).unwrap();
    assert_eq!(ana.run_with("three sticks", &["position", "--json"]).error(), (3, "corrupt".into()));
}

#[test]
fn a_backup_knows_the_same_three() {
    let ana = Person::without_wallet("Ana");
    let made = ana.json(&["init", "Ana"]);
    let (words, wrong) = (ana.path("words.txt"), ana.path("wrong.txt"));
    fs::write(&words, made["recovery_words"].as_str().unwrap()).unwrap();
    let other = Person::without_wallet("Other").json(&["init", "Other"]);
    fs::write(&wrong, other["recovery_words"].as_str().unwrap()).unwrap();
    let backup = ana.path("backup");
    ana.run(&["backup", text(&backup), "--words-file", text(&words)]).ok();
    let new = Person::without_wallet("Ana");
    let restore = |file: &str, words| new.refused(&["restore", file, "--words-file", text(words)]);
    assert_eq!(restore(text(&backup), &wrong), (5, "wrong_passphrase".into()));
    assert_eq!(restore(text(&words), &words), (3, "not_a_backup".into()));
    let bytes = fs::read(&backup).unwrap();
    let (bent, newer) = (ana.path("bent"), ana.path("newer"));
    let change = |at: usize, to: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = to;
        bytes
    };
    fs::write(&bent, change(bytes.len() - 1, bytes[bytes.len() - 1] ^ 1)).unwrap();
    fs::write(&newer, change(12, 9)).unwrap();
    assert_eq!(restore(text(&bent), &words), (3, "corrupt".into()));
    assert_eq!(restore(text(&newer), &words), (6, "newer".into()));
    assert!(!new.database().exists(), "what failed half-way left nothing");
    fs::write(&wrong, "only three words").unwrap();
    assert_eq!(restore(text(&backup), &wrong), (5, "words".into()));
    new.run(&["restore", text(&backup), "--words-file", text(&words)]).ok();
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_opens_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let ana = Person::new("Ana");
    let key = ana.wallet().join("wallet.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(ana.wallet()).unwrap().permissions().mode() & 0o777, 0o700);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(ana.refused(&["position"]), (5, "key_file_open".into()));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, b"short").unwrap();
    assert_eq!(ana.refused(&["position"]), (3, "corrupt".into()));
    fs::write(&key, [7; 32]).unwrap();
    assert_eq!(ana.refused(&["position"]), (5, "invalidated".into()));
}

#[test]
fn an_audit_names_the_byte_that_was_changed() {
    let (ana, ben) = pair();
    ben.run(&["pay", "Ana", "3"]).ok();
    meet(&ana, &ben);
    let sound = ana.json(&["audit"]);
    assert_eq!((&sound["sound"], &sound["entries"]), (&true.into(), &1.into()));
    let signed = ana.json(&["export", "Ben", "--format", "json"])["entries"][0]["signature"].clone();
    let digits: Vec<u8> =
        signed.as_str().unwrap().chars().map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap()).collect();
    let signature: Vec<u8> = digits.chunks(2).take(8).map(|pair| pair[0] << 4 | pair[1]).collect();
    let mut bytes = fs::read(ana.database()).unwrap();
    // In room that nothing uses, a changed byte is named and condemns nothing.
    let room = bytes.windows(500).position(|window| window.iter().all(|byte| *byte == 0)).unwrap();
    bytes[room + 250] ^= 1;
    fs::write(ana.database(), &bytes).unwrap();
    let said = ana.run(&["audit"]).ok();
    assert!(said.contains("All is as it was signed.") && said.contains("Stray bytes"), "{said}");
    let at = bytes.windows(8).position(|window| window == signature).unwrap();
    bytes[at] ^= 1;
    fs::write(ana.database(), &bytes).unwrap();
    let said = ana.run(&["audit", "--json"]);
    assert_eq!(said.error(), (8, "audit".into()));
    let found = said.json();
    let chit =
        found["findings"].as_array().unwrap().iter().find(|finding| finding["entry"].is_object()).unwrap();
    assert_eq!((&chit["entry"]["side"], &chit["entry"]["number"]), (&"foil".into(), &1.into()));
    fits_the_page(&ana.run(&["audit"]).out);
}

#[test]
fn troubles_go_to_standard_error_in_words() {
    let said = run(&["position", "--wallet", "/nowhere"]);
    assert_eq!((said.code, said.out.as_str()), (4, ""));
    assert!(said.err.contains("hazel init"), "{}", said.err);
    fits_the_page(&said.err);
}

/// A shell's pipe that is closed early is no trouble.
#[cfg(unix)]
#[test]
fn a_reader_who_has_seen_enough_is_no_trouble() {
    let script = format!("{} completions bash | head -n 1", env!("CARGO_BIN_EXE_hazel"));
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn words_come_from_a_file_or_standard_input_and_never_by_halves() {
    let words =
        Person::without_wallet("Ana").json(&["init", "Ana"])["recovery_words"].as_str().unwrap().to_owned();
    let again = Person::without_wallet("Ana");
    let made = again.run_on(words.as_bytes(), &["init", "Ana", "--words-file", "-", "--json"]);
    assert!(made.json()["recovery_words"].is_null(), "words that are known already are not shown");
    let backup = again.path("backup");
    again.run_on(words.as_bytes(), &["backup", text(&backup), "--words-file", "-"]).ok();
    assert_eq!(again.refused(&["backup", text(&again.path("other"))]), (2, "usage".into()));
    let both = again.run_on(words.as_bytes(), &["rehearse", "-", "--words-file", "-", "--json"]);
    assert_eq!(both.error(), (2, "usage".into()));
    assert_eq!(Person::without_wallet("Ben").refused(&["init", "Ben", "--passphrase"]), (2, "usage".into()));
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_the_machines_fault() {
    let ana = Person::new("Ana");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status =
        ana.command(&["position"]).stdout(full).stderr(std::process::Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(4));
}
