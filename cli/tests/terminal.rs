//! What somebody sees who sits at a terminal: a picture that moves, frames in turn, a bar, and a passphrase that is not shown.
//! The terminal is made by `script` of util-linux; elsewhere a program of that name wants other words.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that goes wrong should stop loudly"
)]

mod market;

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use market::*;

/// Whether this system can make a terminal.
fn there_is_a_terminal() -> bool {
    Command::new("script").arg("--version").stdout(Stdio::null()).status().is_ok()
}

const SKIPPED: &str = "SKIPPED: there is no `script` to make a terminal";

/// The program in a terminal of 100 columns and 40 rows.
struct Terminal {
    child: Child,
    drawn: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn open(person: &Person, arguments: &str) -> Self {
        let line = format!("stty columns 100 rows 40; exec {} {arguments}", env!("CARGO_BIN_EXE_hazel"));
        let mut script = Command::new("script");
        script.args(["--quiet", "--flush", "--return", "--command", &line, "/dev/null"]);
        for name in ["HAZEL_KEY_FILE", "HAZEL_PASSPHRASE", "NO_COLOR", "CLICOLOR_FORCE"] {
            script.env_remove(name);
        }
        script.env("HAZEL_WALLET", person.wallet()).env("TERM", "xterm");
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let drawn = Arc::<Mutex<Vec<u8>>>::default();
        let (mut out, to) = (child.stdout.take().unwrap(), Arc::clone(&drawn));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut bytes) {
                to.lock().unwrap().extend(bytes.iter().take(count));
            }
        });
        Self { child, drawn }
    }

    fn drawn(&self) -> String {
        String::from_utf8_lossy(&self.drawn.lock().unwrap()).into_owned()
    }

    /// Waits until this word has been drawn so many times.
    #[track_caller]
    fn shows(&mut self, word: &str, times: usize) -> &mut Self {
        for _ in 0..2_400 {
            if self.drawn().matches(word).count() >= times {
                return self;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{word} was never shown: {}", self.drawn());
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(keys.as_bytes()).and_then(|()| stdin.flush()).unwrap();
        self
    }

    /// How the program ended, and everything that was drawn.
    fn end(&mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        (code, self.drawn())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It has ended, or a story went wrong.
        let _ = self.child.kill();
    }
}

#[test]
fn two_phones_move_on_the_screen_and_obey_the_keys() {
    if !there_is_a_terminal() {
        return println!("{SKIPPED}");
    }
    let nobody = Person::without_wallet("Nobody");
    let mut watch = Terminal::open(&nobody, "demo --watch");
    watch.shows("Ana", 1).shows("Ben", 1).press(" ").shows("paused", 1).press(" ");
    for key in ["-", "+", "=", "+", "+", "c"] {
        watch.press(key);
    }
    watch.shows("the end", 1).press("q");
    let (code, drawn) = watch.end();
    assert_eq!(code, Some(0), "{drawn}");
    assert!(drawn.contains("\u{1b}[?1049l"), "the terminal is given back as it was");

    let mut watch = Terminal::open(&nobody, "demo --watch");
    watch.shows("Ana", 1).press("\u{3}");
    assert_eq!(watch.end().0, Some(0), "Ctrl-C leaves too");
}

#[test]
fn what_takes_long_says_so_and_leaves_no_trace() {
    if !there_is_a_terminal() {
        return println!("{SKIPPED}");
    }
    let ana = Person::new("Ana");
    let (code, drawn) = Terminal::open(&ana, "meet --listen 127.0.0.1:0 --within 4").end();
    assert_eq!(code, Some(4), "{drawn}");
    assert!(drawn.contains("Waiting to be called … 1 s"), "{drawn}");
    assert!(drawn.contains(&format!("\r{:78}\r", "")), "the line is wiped: {drawn}");
    assert!(drawn.contains("Nobody was met in time."), "{drawn}");
}

#[test]
fn frames_follow_each_other_until_enter_is_pressed() {
    if !there_is_a_terminal() {
        return println!("{SKIPPED}");
    }
    let (_ana, ben) = pair();
    ben.run(&["pay", "Ana", "3", "--memo", "a loaf of bread and two dozen eggs"]).ok();
    let letter = ben.path("letter.txt");
    ben.run(&["outbox", "--out", text(&letter)]).ok();
    let mut film = Terminal::open(&ben, &format!("qr show {}", text(&letter)));
    film.shows("Frame 1 of", 2).press("\n");
    let (code, drawn) = film.end();
    assert_eq!(code, Some(0), "{drawn}");
    assert!(drawn.contains("Enter ends") && drawn.contains("\u{1b}[?25h"), "the cursor is shown again");
}

#[test]
fn what_is_secret_is_asked_for_and_never_shown() {
    if !there_is_a_terminal() {
        return println!("{SKIPPED}");
    }
    let ana = Person::without_wallet("Ana");
    let mut differ = Terminal::open(&ana, "init Ana --passphrase");
    differ.shows("New passphrase:", 1).press("three sticks\n").shows("Once more:", 1).press("two sticks\n");
    let (code, drawn) = differ.end();
    assert_eq!(code, Some(5), "{drawn}");
    assert!(drawn.contains("The two passphrases differ; nothing was made.") && !drawn.contains("sticks"));
    assert!(!ana.database().exists());

    let mut made = Terminal::open(&ana, "init Ana --passphrase");
    made.shows("New passphrase:", 1).press("three sticks\n").shows("Once more:", 1).press("three sticks\n");
    let (code, drawn) = made.end();
    assert_eq!(code, Some(0), "{drawn}");
    assert!(!drawn.contains("sticks"), "{drawn}");

    let mut wrong = Terminal::open(&ana, "position");
    wrong.shows("Passphrase:", 1).press("two sticks\n");
    assert_eq!(wrong.end().0, Some(5));
    let mut right = Terminal::open(&ana, "position");
    right.shows("Passphrase:", 1).press("three sticks\n");
    let (code, drawn) = right.end();
    assert_eq!(code, Some(0), "{drawn}");

    let words = Person::without_wallet("Ben");
    let made = words.json(&["init", "Ben"])["recovery_words"].as_str().unwrap().to_owned();
    let backup = words.path("backup");
    let mut sealed = Terminal::open(&words, &format!("backup {}", text(&backup)));
    sealed.shows("Recovery words:", 1).press(&made).press("\n");
    let (code, drawn) = sealed.end();
    assert_eq!(code, Some(0), "{drawn}");
    assert!(backup.exists() && !drawn.contains(&made));
    let mut nothing = Terminal::open(&words, &format!("rehearse {}", text(&backup)));
    nothing.shows("Recovery words:", 1).press("\u{4}");
    assert_eq!(nothing.end().0, Some(5), "nothing was typed");
}
