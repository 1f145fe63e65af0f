//! Two people with the real program, a folder each, and files between them.
#![allow(dead_code, unreachable_pub, reason = "each story uses the part it needs")]

pub mod site;
pub mod waiting;

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// No line of ours is wider.
pub const WIDTH: usize = 80;

/// What a run of the program said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It went well; what it said.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }

    /// One JSON object and nothing else.
    #[track_caller]
    pub fn json(&self) -> Value {
        let value: Value =
            serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err));
        assert!(value.is_object());
        value
    }

    /// How it ended, and the code of the error in its JSON.
    #[track_caller]
    pub fn error(&self) -> (i32, String) {
        let error = &self.json()["error"];
        assert!(error["message"].as_str().unwrap().ends_with('.'), "{error}");
        assert!(error["culprit"].is_string());
        (self.code, error["code"].as_str().unwrap().to_owned())
    }
}

/// The program, without anything of the machine's that could change what it does.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hazel"));
    for name in ["HAZEL_WALLET", "HAZEL_KEY_FILE", "HAZEL_PASSPHRASE", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

pub fn run(arguments: &[&str]) -> Said {
    Said::of(program().args(arguments).output().unwrap())
}

/// Somebody at the market.
pub struct Person {
    pub name: &'static str,
    folder: TempDir,
}

impl Person {
    /// Somebody with a new wallet.
    pub fn new(name: &'static str) -> Self {
        let person = Self::without_wallet(name);
        person.run(&["init", name]).ok();
        person
    }

    pub fn without_wallet(name: &'static str) -> Self {
        Self { name, folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn wallet(&self) -> PathBuf {
        self.path("wallet")
    }

    pub fn database(&self) -> PathBuf {
        self.wallet().join("wallet.db")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.env("HAZEL_WALLET", self.wallet()).args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().unwrap())
    }

    /// Runs with a passphrase in the environment.
    pub fn run_with(&self, passphrase: &str, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).env("HAZEL_PASSPHRASE", passphrase).output().unwrap())
    }

    /// Runs with something on standard input.
    pub fn run_on(&self, input: &[u8], arguments: &[&str]) -> Said {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        match child.stdin.take().unwrap().write_all(input) {
            // Whoever refuses before it has read anything may be gone by now.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            written => written.unwrap(),
        }
        Said::of(child.wait_with_output().unwrap())
    }

    /// Runs with `--json`; it must go well.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let said = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(said.code, 0, "{arguments:?}: {}{}", said.out, said.err);
        said.json()
    }

    /// Runs with `--json`; it must fail. How it ended, and the error's code.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str]) -> (i32, String) {
        self.run(&[arguments, &["--json"]].concat()).error()
    }

    /// Puts the first person's hand-over on the second's standard input. Returns whether there was one.
    pub fn hand_to(&self, other: &Self) -> bool {
        self.hand(other, &["outbox"])
    }

    fn hand(&self, other: &Self, outbox: &[&str]) -> bool {
        let letter = self.run(outbox).ok();
        if !letter.contains("BEGIN HAZEL HAND-OVER") {
            return false;
        }
        other.run_on(letter.as_bytes(), &["receive"]).ok();
        true
    }
}

/// Both say what they hold, then hand letters to each other until neither has anything to say.
pub fn meet(one: &Person, other: &Person) {
    one.hand(other, &["outbox", "--ask-missing"]);
    other.hand(one, &["outbox", "--ask-missing"]);
    for _ in 0..12 {
        let (there, back) = (one.hand_to(other), other.hand_to(one));
        if !there && !back {
            return;
        }
    }
    panic!("the two never come to rest");
}

/// Ana and Ben with an open tally: Ana grants 100, Ben grants 50.
pub fn pair() -> (Person, Person) {
    let (ana, ben) = (Person::new("Ana"), Person::new("Ben"));
    let ticket = ana.path("ticket.hazel");
    ana.run(&["tally", "offer", "--limit", "100", "--out", text(&ticket)]).ok();
    ben.run(&["tally", "accept", text(&ticket), "--limit", "50"]).ok();
    ben.hand_to(&ana);
    ana.run(&["tally", "offer", "Ben"]).ok();
    ana.hand_to(&ben);
    ben.run(&["tally", "accept", "Ana"]).ok();
    meet(&ben, &ana);
    (ana, ben)
}

/// Ben, whose words are on paper, owes Ana 12.00.
pub fn ben_with_words_on_paper() -> (Person, Person, PathBuf) {
    let (ana, ben) = (Person::new("Ana"), Person::without_wallet("Ben"));
    let made = ben.json(&["init", "Ben"]);
    let words = ben.path("words.txt");
    std::fs::write(&words, made["recovery_words"].as_str().unwrap()).unwrap();
    let ticket = ana.run(&["tally", "offer", "--limit", "100"]).ok();
    ben.run_on(ticket.as_bytes(), &["tally", "accept", "-"]).ok();
    ben.hand_to(&ana);
    ana.run(&["tally", "offer", "Ben"]).ok();
    ana.hand_to(&ben);
    ben.run(&["tally", "accept", "Ana"]).ok();
    ben.run(&["pay", "Ana", "12"]).ok();
    meet(&ben, &ana);
    (ana, ben, words)
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A page is broken into lines where words end; this is all of it in one.
pub fn one_line(page: &str) -> String {
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// No line is wider than the page, and nothing steers the terminal.
#[track_caller]
pub fn fits_the_page(out: &str) {
    for line in out.lines() {
        assert!(line.chars().count() <= WIDTH, "{} columns: {line}", line.chars().count());
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}
