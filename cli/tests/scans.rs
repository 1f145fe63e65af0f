//! What a scan says: of every kind of code of Hazel's, of links of the existing software, and of what is nothing of either.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that goes wrong should stop loudly"
)]

mod market;

use hazel_core::address::Address;
use hazel_qr::code::{Kind, Own};
use market::*;

/// What a file says in names, and in words on one line.
fn read(file: &std::path::Path) -> (serde_json::Value, String) {
    let json = run(&["qr", "scan", text(file), "--json"]).json()["codes"][0].clone();
    let words = run(&["qr", "scan", text(file)]).ok();
    (json, one_line(&words))
}

#[test]
fn every_kind_of_code_is_named_and_what_can_be_taken_in_says_so() {
    let vectors: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../tests/vectors/accepted.json")).unwrap();
    let ana = Person::without_wallet("Ana");
    for (object, kind, words) in [
        ("signed tally", "offer", "An offer of tally"),
        ("payment code", "payment", "Take it in with --take."),
        ("payment code with receipt", "receipted", "with its receipt."),
        ("signed receipt", "receipt", "A receipt. Take it in with --take."),
    ] {
        let vector = vectors.iter().find(|vector| vector["object"] == object).unwrap();
        let digits: Vec<u8> = vector["bytes"].as_str().unwrap().bytes().collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        let file = ana.path(kind);
        std::fs::write(&file, digits.chunks(2).map(byte).collect::<Vec<u8>>()).unwrap();
        let (json, said) = read(&file);
        assert!(json["kind"] == kind && said.contains(words), "{object}: {json} {said}");
    }
    let address: Address = "chip://ana:U2F3W5@example.org:65430".parse().unwrap();
    let digest = Own::new(Kind::Verification, vec![0xab; 32]).unwrap();
    for (code, kind, words) in [
        (Own::of(&address).unwrap(), "address", "An address: chip://ana:U2F3W5@example.org:65430"),
        (digest, "verification", "A code to compare: abab"),
    ] {
        let file = ana.path(kind);
        std::fs::write(&file, code.picture_text()).unwrap();
        let (json, said) = read(&file);
        assert!(json["kind"] == kind && said.contains(words), "{json} {said}");
    }
}

#[test]
fn what_is_nothing_of_ours_is_said_to_be_so() {
    for (code, sort) in [
        ("BEGIN:VCARD\nFN:Payee\nEND:VCARD", "a business card"),
        ("bitcoin:bc1qexample?amount=1", "a payment in other money"),
        ("mailto:payee@example.org", "something for another program"),
        ("two eggs, one loaf", "words"),
    ] {
        let said = run(&["qr", "scan", "--text", code, "--json"]).json();
        assert_eq!((&said["codes"][0]["kind"], &said["codes"][0]["sort"]), (&"foreign".into(), &sort.into()));
    }
}

#[test]
fn what_is_shown_is_taken_in_by_whom_it_is_for() {
    let (ana, ben) = pair();
    let (asked, paid, done) = (ana.path("asked.png"), ben.path("paid.png"), ana.path("done.png"));
    let invoice = ana.json(&["ask", "Ben", "4", "--memo", "milk"])["invoice"].as_str().unwrap().to_owned();
    ana.run(&["qr", "show", "--invoice", &invoice, "--png", text(&asked)]).ok();
    let taken = ben.run(&["qr", "scan", "--take", text(&asked)]).ok();
    assert!(taken.contains("Ana asks you for 4.00. milk"), "{taken}");
    let pays = format!("hazel pay Ana --invoice {}", invoice.get(..8).unwrap());
    assert!(taken.contains(&pays), "{taken}");
    let first = ben.json(&["pay", "Ana", "--invoice", &invoice]);
    ben.run(&["pay", "Ana", "1"]).ok();
    let which = first["id"].as_str().unwrap();
    ben.run(&["qr", "show", "--payment", "Ana", "--which", which, "--png", text(&paid)]).ok();
    assert_eq!(ana.json(&["qr", "scan", "--take", text(&paid)])["codes"][0]["amount"], "4.00");
    // The payment with its receipt, to somebody who has lost the payment.
    ana.run(&["qr", "show", "--receipted", "Ben", "--png", text(&done)]).ok();
    let heard = ben.run(&["qr", "scan", "--take", text(&done)]).ok();
    assert!(heard.contains("Ana has received your payment of 4.00"), "{heard}");
    let said = ben.json(&["qr", "scan", text(&done)]);
    assert_eq!(
        (&said["codes"][0]["kind"], &said["codes"][0]["amount"]),
        (&"receipted".into(), &"4.00".into())
    );
}

/// What a link says when it is drawn and scanned: its first code, in names and in words.
fn scanned(person: &Person, link: &str) -> (serde_json::Value, String) {
    let file = person.path("link.png");
    let _ = std::fs::remove_file(&file);
    run(&["qr", "show", "--text", link, "--png", text(&file)]).ok();
    let json = run(&["qr", "scan", text(&file), "--json"]).json()["codes"][0].clone();
    let words = run(&["qr", "scan", text(&file)]).ok();
    (json, one_line(&words))
}

#[test]
fn links_of_the_existing_software_are_said_in_words_and_names_and_their_secrets_are_not() {
    let ana = Person::without_wallet("Ana");
    let token = "f0adb07c8fc41089d41d12f1d06613b8";
    let (json, words) = scanned(
        &ana,
        &format!("https://mychips.org/ticket?host=site.example.net&port=11025&user=p1000&token={token}"),
    );
    assert_eq!((&json["kind"], &json["user"]), (&"mychips_ticket".into(), &"p1000".into()));
    assert_eq!((&json["host"], &json["port"]), (&"site.example.net".into(), &11025.into()));
    assert!(words.contains("user p1000 at site.example.net") && words.contains("Nothing was connected."));
    assert!(!words.contains(token) && !json.to_string().contains(token));

    let (json, words) = scanned(&ana, "https://mychips.org/pay?chad=anna:agent7&units=12500&memo=for%20eggs");
    assert_eq!((&json["kind"], &json["payee"]), (&"mychips_payment".into(), &"anna".into()));
    assert_eq!((&json["amount"], &json["memo"]), (&"12.50".into(), &"for eggs".into()));
    assert!(words.contains("pay 12.50 to anna:agent7, for “for eggs”"), "{words}");
    let (json, words) = scanned(&ana, "https://mychips.org/pay?chad=anna:agent7");
    assert!(json["amount"].is_null() && words.contains("an amount of the payer's choice"));

    let chad =
        "%7B%22cuid%22%3A%22anna%22%2C%22agent%22%3A%22agent7%22%2C%22host%22%3A%22chip.example.org%22%7D";
    let (json, words) = scanned(&ana, &format!("https://mychips.org/invite?token={token}&chad={chad}"));
    assert_eq!(json["kind"], "mychips_invitation");
    assert!(json["from"].as_str().unwrap().contains("anna:agent7@chip.example.org"), "{json}");
    assert!(words.contains("anna:agent7") && !words.contains(token));

    for (link, reason) in [
        ("https://mychips.org/ticket?host=192.168.1.9&port=11025&user=p1000&token=f0adb07c", "private"),
        ("https://mychips.org/ticket?host=mychlps.org&port=11025&user=p1000&token=f0adb07c", "imitate"),
        ("https://mychips.org/pay?units=5", "missing"),
    ] {
        let file = ana.path("bad.png");
        let _ = std::fs::remove_file(&file);
        run(&["qr", "show", "--text", link, "--png", text(&file)]).ok();
        let said = run(&["qr", "scan", text(&file), "--json"]).json();
        let message = said["codes"][0]["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(reason), "{link}: {message}");
    }
}

#[test]
fn links_are_read_as_text_and_prose_is_passed_over() {
    let ana = Person::without_wallet("Ana");
    let link = "https://mychips.org/pay?chad=anna:agent7&units=12500&memo=Coffee%20&%20cake";
    let said = run(&["qr", "scan", "--text", link, "--json"]).json();
    assert_eq!(
        (&said["codes"][0]["kind"], &said["codes"][0]["amount"]),
        (&"mychips_payment".into(), &"12.50".into())
    );
    let strict = said["codes"][0]["link"].as_str().unwrap();
    assert_eq!(strict, "https://mychips.org/pay?chad=anna%3Aagent7&units=12500&memo=Coffee%20%26%20cake");
    let file = ana.path("mail.txt");
    std::fs::write(&file, format!("Dear Ana, note: please\nfollow\n{link}\n\nhttps://example.com/x\n"))
        .unwrap();
    let said = run(&["qr", "scan", text(&file), "--json"]);
    assert_eq!(said.error(), (1, "code_refused".into()));
    let kinds: Vec<_> =
        said.json()["codes"].as_array().unwrap().iter().map(|code| code["kind"].clone()).collect();
    assert_eq!(kinds, ["mychips_payment", "refused"]);
    let record = ana.path("record.json");
    std::fs::write(&record, "{\n \"pay\": {\"chad\": {\"cuid\": \"anna\", \"agent\": \"agent7\"}}\n}\n")
        .unwrap();
    assert_eq!(run(&["qr", "scan", text(&record), "--json"]).json()["codes"][0]["kind"], "mychips_payment");
    let words = run(&["qr", "scan", "--text", "just words", "--json"]).json();
    assert_eq!(words["codes"][0]["kind"], "foreign");
    assert_eq!(run(&["qr", "scan", "--text", "", "--json"]).error(), (3, "code_refused".into()));
    assert_eq!(run(&["qr", "scan"]).code, 2);
}

#[test]
fn the_key_that_the_other_app_exports_is_opened_with_its_passphrase_only() {
    let sample: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/vectors/mychips/signkey_export.json")).unwrap();
    let ana = Person::without_wallet("Ana");
    let (link, out) = (ana.path("key.txt"), ana.path("key.json"));
    std::fs::write(&link, sample["link"].as_str().unwrap()).unwrap();
    let arguments = ["qr", "open-key", text(&link), "--out", text(&out), "--passphrase-file", "-"];
    let json = [&arguments[..], &["--json"]].concat();
    assert_eq!(ana.run_on(b"another one\n", &json).error(), (5, "wrong_passphrase".into()));
    assert!(!out.exists());
    let said =
        ana.run_on(format!("{}\n", sample["passphrase"].as_str().unwrap()).as_bytes(), &arguments).ok();
    assert!(!said.contains("\"d\""), "a private key is never shown");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), sample["jwk"].as_str().unwrap());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            std::fs::metadata(&out).unwrap().permissions().mode() & 0o077,
            0,
            "only its owner reads it"
        );
    }
    assert_eq!(ana.run_on(b"", &json).error(), (4, "file_exists".into()));
    let other = ana.path("other.txt");
    std::fs::write(&other, "https://mychips.org/pay?chad=anna:agent7").unwrap();
    let out = ana.path("none.json");
    let arguments = ["qr", "open-key", text(&other), "--out", text(&out), "--passphrase-file", "-", "--json"];
    assert_eq!(ana.run_on(b"x", &arguments).error(), (2, "usage".into()));
}

/// What asks for a network is read, said and refused, and not one socket is opened for it.
#[cfg(target_os = "linux")]
#[test]
fn no_code_makes_the_program_touch_a_network() {
    let ana = Person::new("Ana");
    let file = ana.path("asking.txt");
    let codes = [
        "https://example.com/x",
        "http://203.0.113.7/pay",
        "https://mychips.org/ticket?host=site.example.net&port=11025&user=p1000&token=f0adb07c",
        "https://mychips.org/invite?token=f0adb07c&chad={\"cuid\":\"a\",\"agent\":\"b\",\"host\":\"chip.example.org\"}",
        "https://mychips.org/pay?chad=anna:agent7&units=5",
        "chip://anna:agent7@chip.example.org:65430",
        "https://pay.example.org/#v1.AQPerb7v",
    ];
    std::fs::write(&file, codes.join("\n")).unwrap();
    let picture = ana.path("asking.png");
    run(&["qr", "show", "--text", codes[2], "--png", text(&picture)]).ok();
    let trace = ana.path("trace");
    let mut strace = std::process::Command::new("strace");
    strace.args(["-f", "-e", "trace=%network", "-o", text(&trace), env!("CARGO_BIN_EXE_hazel")]);
    strace.env("HAZEL_WALLET", ana.wallet()).args([
        "qr",
        "scan",
        "--take",
        text(&file),
        text(&picture),
        "--json",
    ]);
    let Ok(done) = strace.output() else {
        return println!("SKIPPED: there is no strace to see system calls with");
    };
    let said = String::from_utf8(done.stdout).unwrap();
    if said.is_empty() {
        return println!("SKIPPED: strace may not trace here: {}", String::from_utf8_lossy(&done.stderr));
    }
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["codes"].as_array().unwrap().len(), codes.len(), "{said}");
    let calls = std::fs::read_to_string(&trace).unwrap();
    assert!(calls.contains("+++ exited with"), "the trace ends with the program");
    assert!(!calls.contains("socket") && !calls.contains("connect"), "{calls}");
}
