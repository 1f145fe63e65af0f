//! Another reader beside ours on the same pictures: zxing-cpp, by way of `qr_peer.py`.

use std::io::{Error, Write as _};
use std::process::{Command, Stdio};

/// What a reader made of one file.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub micros: f64,
    /// In hexadecimal, sorted.
    pub contents: Vec<String>,
}

/// Bytes as `qr_peer.py` prints them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lets a Python that has zxing-cpp read these files.
pub fn read(python: &str, names: &[String]) -> std::io::Result<Vec<Answer>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/qr_peer.py");
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut names_to) = child.stdin.take() {
        names_to.write_all(names.join("\n").as_bytes())?;
    }
    let done = child.wait_with_output()?;
    let lines = String::from_utf8_lossy(&done.stdout).into_owned();
    let answers: Vec<Answer> = lines.lines().map(answer).collect();
    if answers.len() == names.len() {
        Ok(answers)
    } else {
        Err(Error::other("the other reader did not read every file"))
    }
}

fn answer(line: &str) -> Answer {
    let mut fields = line.split('\t').skip(1);
    let micros = fields.next().and_then(|field| field.parse().ok()).unwrap_or(f64::NAN);
    let contents = fields.next().unwrap_or_default().split(',').filter(|one| !one.is_empty());
    Answer { micros, contents: contents.map(str::to_owned).collect() }
}
