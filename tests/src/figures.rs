//! Figures that long commands have measured: each command writes its own into `tests/figures.json`, with the commit it ran on, and the
//! report reads them. Nothing else writes there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// What one command has counted on one commit, in one or more pieces.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The last commit that touched code; with a plus where code was changed since.
    pub commit: String,
    /// Which pieces were run: seeds, stories, bugs.
    pub pieces: BTreeSet<String>,
    /// What was counted, over all pieces.
    pub sums: BTreeMap<String, u64>,
    /// How long all pieces took.
    pub seconds: f64,
}

/// Everything that was measured, by command.
pub type Figures = BTreeMap<String, Measured>;

/// The file, or the one that is named in the environment: for rehearsing long commands with small numbers.
fn file() -> PathBuf {
    let here = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("figures.json");
    std::env::var_os("HAZEL_FIGURES").map_or_else(here, PathBuf::from)
}

static BEGUN_ON: OnceLock<String> = OnceLock::new();

/// Says that a long command begins, and on which commit: what it counts belongs there, whatever is committed until it ends.
pub fn begin() -> io::Result<String> {
    let now = commit()?;
    Ok(BEGUN_ON.get_or_init(|| now).clone())
}

/// What has been measured so far.
pub fn read() -> io::Result<Figures> {
    match std::fs::read(file()) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Figures::new()),
        Err(error) => Err(error),
    }
}

/// Adds one piece of a command's figures. Pieces of one commit add up, each once; those of another commit are forgotten.
pub fn record(command: &str, piece: &str, sums: &[(&str, u64)], seconds: f64) -> io::Result<()> {
    let commit = begin()?;
    // Several commands may run at once; who has the file reads it, adds, and writes it.
    let held = File::open(env!("CARGO_MANIFEST_DIR"))?;
    held.lock()?;
    let mut all = read()?;
    add(all.entry(command.to_owned()).or_default(), &commit, piece, sums, seconds);
    let mut text = serde_json::to_string_pretty(&all)?;
    text.push('\n');
    std::fs::write(file(), text)
}

#[allow(clippy::float_arithmetic, reason = "seconds for people who read how long it took")]
fn add(to: &mut Measured, commit: &str, piece: &str, sums: &[(&str, u64)], seconds: f64) {
    if to.commit != commit {
        *to = Measured { commit: commit.to_owned(), ..Measured::default() };
    }
    if !to.pieces.insert(piece.to_owned()) {
        return;
    }
    for (what, count) in sums {
        let sum = to.sums.entry((*what).to_owned()).or_default();
        *sum = sum.saturating_add(*count);
    }
    to.seconds += seconds;
}

/// Where a change makes a figure old: what is judged, and who judges.
const CODE: [&str; 10] = [
    "core",
    "sync",
    "meeting",
    "network",
    "qr",
    "cli",
    "tests/src/world",
    "tests/src/crash",
    "tests/src/checked",
    "tests/src/model",
];

/// The last commit that touched code, with a plus where code was changed since.
pub fn commit() -> io::Result<String> {
    let git = |words: &[&str]| -> io::Result<String> {
        let folder = env!("CARGO_MANIFEST_DIR");
        let told =
            Command::new("git").args(["-C", folder, "-C", ".."]).args(words).arg("--").args(CODE).output()?;
        Ok(String::from_utf8_lossy(&told.stdout).trim().to_owned())
    };
    let (last, changed) = (git(&["log", "-1", "--format=%h"])?, git(&["status", "--porcelain"])?);
    Ok(if changed.is_empty() { last } else { last + "+" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_one_commit_add_up_once_each() {
        let mut worlds = Measured::default();
        add(&mut worlds, "a", "0..10", &[("schedules", 10)], 1.0);
        add(&mut worlds, "a", "0..10", &[("schedules", 10)], 1.0);
        add(&mut worlds, "a", "10..30", &[("schedules", 20)], 2.0);
        assert_eq!((worlds.sums.get("schedules"), worlds.seconds), (Some(&30), 3.0));
        add(&mut worlds, "b", "0..5", &[("schedules", 5)], 1.0);
        assert_eq!((worlds.sums.get("schedules"), worlds.commit.as_str()), (Some(&5), "b"));
    }
}
