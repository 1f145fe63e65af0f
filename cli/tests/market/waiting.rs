//! Two who meet over a socket of this machine.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};

use serde_json::Value;

use super::Person;

/// Somebody who waits to be called, and where.
pub struct Waiting {
    child: Child,
    pub address: String,
    out: BufReader<std::process::ChildStdout>,
}

impl Waiting {
    pub fn begin(person: &Person, arguments: &[&str]) -> Self {
        let mut command = person.command(&[&["meet", "--listen", "127.0.0.1:0"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim_end().trim_end_matches('.').rsplit(' ').next().unwrap().to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{line}");
        Self { child, address, out }
    }

    /// What it said in the end, and how it ended.
    pub fn end(mut self) -> (i32, String) {
        let mut said = String::new();
        self.out.read_to_string(&mut said).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code().unwrap(), said)
    }
}

/// The first waits, the second calls and is believed.
pub fn meet(waits: &Person, calls: &Person, partner: &str, more: &[&str]) -> (String, Value) {
    let waiting = Waiting::begin(waits, more);
    let address = waiting.address.clone();
    let said = calls.json(&[&["meet", partner, "--dial", &address], more].concat());
    let (code, told) = waiting.end();
    assert_eq!(code, 0, "{told}");
    (told, said)
}

/// The second answers a ticket of the first, and both agree when they meet.
pub fn open(one: &Person, other: &Person, name: &str) -> String {
    let ticket = one.path(&format!("for-{}.hazel", other.name));
    one.run(&["tally", "offer", "--limit", "100", "--out", ticket.to_str().unwrap()]).ok();
    other.run(&["tally", "accept", ticket.to_str().unwrap(), "--limit", "50"]).ok();
    let (told, said) = meet(one, other, name, &["--agree"]);
    assert_eq!((said["state"].as_str(), said["in_sync"].as_bool()), (Some("open"), Some(true)), "{said}");
    told
}
