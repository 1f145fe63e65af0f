//! Ten bugs planted on purpose in a copy of the tree: whoever judges the ledger must find every one of them, and name the rule.
//!
//! A bug is a replacement of text that stands exactly once in one file. The copy has all ten in it and is built once; which of them it
//! really has, a variable of its environment says. Production code knows nothing of it.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a command that builds, prints, and says how long it took"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::figures;
use crate::world::action::About;

/// Who finds a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finder {
    /// Worlds from seed 0 on in which mostly such things happen, until one breaks.
    Worlds(About),
    /// One story of the crash sweep, until one of its crashes does harm.
    Crash(&'static str),
}

/// A bug.
#[derive(Debug, Clone, Copy)]
pub struct Bug {
    /// Its name.
    pub name: &'static str,
    /// What it means in this code.
    pub means: &'static str,
    /// File, what stands there once, what is put in its place: `PLANTED` is whether this bug is the one asked for.
    pub edits: &'static [(&'static str, &'static str, &'static str)],
    /// Who must find it.
    pub finder: Finder,
    /// What the finder must say: the number of a rule, or the words of the crash sweep.
    pub names: &'static [&'static str],
}

/// All ten.
pub const BUGS: [Bug; 10] = [
    Bug {
        name: "outbox not persisted",
        means: "what was handed over once is taken for known, whatever the partner's summary says",
        edits: &[
            (
                "core/src/wallet/outbox.rs",
                "            (chain.sent, chain.receipted) = (sent, receipted);\n",
                "            (chain.sent, chain.receipted) = (sent, receipted);\n            if PLANTED { chain.known = chain.seq; }\n",
            ),
            (
                "core/src/wallet/exchange.rs",
                "let known = theirs.min(chain.seq);",
                "let known = theirs.min(chain.seq).max(if PLANTED { chain.sent } else { 0 });",
            ),
        ],
        finder: Finder::Worlds(About::Anything),
        names: &["I24", "I5"],
    },
    Bug {
        name: "agree with any head",
        means: "a word counts for the order held here although its hash is another",
        edits: &[(
            "core/src/ordering/words.rs",
            ".is_some_and(|place| place.hash == word.head.hash))\n",
            ".is_some_and(|place| PLANTED || place.hash == word.head.hash))\n",
        )],
        finder: Finder::Worlds(About::Restores),
        names: &["I2", "I3", "I13", "I14", "I15"],
    },
    Bug {
        name: "restore continues the chain",
        means: "the seeds of a device's chain follow from the root, so that a restored phone has its old keys again",
        edits: &[(
            "core/src/wallet/opening.rs",
            "    let seed = ForwardSeed::generate(hands.entropy);\n",
            "    let mut seed = ForwardSeed::generate(hands.entropy);\n    if PLANTED {\n        let root = *hands.root()?.as_bytes();\n        seed = ForwardSeed::from_bytes(Digest::of_parts(&[&root, &shelf.tally_label(tally)?.0.0, &id.device.to_be_bytes()]).0);\n    }\n",
        )],
        finder: Finder::Worlds(About::Anything),
        names: &["I11"],
    },
    Bug {
        name: "foil without view",
        means: "a foil that lost its memory orders on in the view in which it ordered before",
        edits: &[(
            "core/src/ordering.rs",
            "    standing.book.head.view = view;\n    retip(rows, standing)\n",
            "    if !PLANTED { standing.book.head.view = view; }\n    retip(rows, standing)\n",
        )],
        finder: Finder::Worlds(About::Restores),
        names: &["I2", "I3", "I13", "I14", "I24"],
    },
    Bug {
        name: "receipt before commit",
        means: "a commit returns before it is on the disk, and what follows from it leaves the phone",
        edits: &[(
            "core/src/store/mod.rs",
            "\"synchronous\", \"FULL\"",
            "\"synchronous\", if PLANTED { \"OFF\" } else { \"FULL\" }",
        )],
        finder: Finder::Crash("hand-over"),
        // Both phones of the story lose their power at once, so what only one of them lost shows in the file that kept its last write.
        names: &["power cut, AllLost", "power cut, LastKept"],
    },
    Bug {
        name: "tag compared as text",
        means: "a hand-over's tag is made text before it is compared, and bytes that are no text are all alike",
        edits: &[(
            "core/src/message.rs",
            "tag(key, &self.nonce) == self.tag",
            "if PLANTED { String::from_utf8_lossy(&tag(key, &self.nonce)) == String::from_utf8_lossy(&self.tag) } else { tag(key, &self.nonce) == self.tag }",
        )],
        finder: Finder::Worlds(About::Anything),
        names: &["I7"],
    },
    Bug {
        name: "allowance not deducted",
        means: "what a device pledged is not taken off what it was handed",
        edits: &[(
            "core/src/book/fold.rs",
            "pledged().filter(|_| !flag.is_outside()) {\n                device.paid = device.paid.plus(units)?;",
            "pledged().filter(|_| !flag.is_outside()) {\n                device.paid = device.paid.plus(if PLANTED { Units::ZERO } else { units })?;",
        )],
        finder: Finder::Worlds(About::Limits),
        names: &["I9", "I10", "I25"],
    },
    Bug {
        name: "fork proof dropped",
        means: "a key that signed two chits is noticed, and the proof of it is not kept",
        edits: &[(
            "core/src/wallet/pages.rs",
            "        shelf.put_proof(no, proof.it())?;\n",
            "        if !PLANTED { shelf.put_proof(no, proof.it())?; }\n",
        )],
        finder: Finder::Worlds(About::Anything),
        names: &["I13"],
    },
    Bug {
        name: "setting applied to both halves",
        means: "a limit that one side grants is granted by the other too",
        edits: &[(
            "core/src/book/fold.rs",
            "                    *self.terms.of_mut(side) = *terms;\n",
            "                    *self.terms.of_mut(side) = *terms;\n                    if PLANTED { self.terms = Halves { stock: *terms, foil: *terms }; }\n",
        )],
        finder: Finder::Worlds(About::Limits),
        names: &["I8", "I9", "I10", "I25"],
    },
    Bug {
        name: "certificate with one party's nodes",
        means: "final by the foil's nodes alone",
        edits: &[
            (
                "core/src/ordering/words.rs",
                "carried(Side::Stock, needed(&nodes, Side::Stock)).min(carried(",
                "(if PLANTED { u64::MAX } else { carried(Side::Stock, needed(&nodes, Side::Stock)) }).min(carried(",
            ),
            (
                "core/src/order.rs",
                "        for side in Side::BOTH {\n            if keys.iter()",
                "        for side in Side::BOTH.into_iter().filter(|side| !PLANTED || *side == Side::Foil) {\n            if keys.iter()",
            ),
        ],
        finder: Finder::Worlds(About::Anything),
        // What is final counts as received too, and against a liar only that is looked at.
        names: &["I15", "I14"],
    },
];

/// How the copy is told which bug it has.
const ASKED: &str = "HAZEL_PLANTED";

/// How many worlds a bug is looked for in.
const WORLDS: u64 = 20_000;
/// How many worlds must hold in the copy when no bug is asked for.
const SOUND: u64 = 100;

/// The workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace").to_owned()
}

/// A file with one bug's edits in it; none if some text does not stand in it exactly once.
#[must_use]
pub fn spoilt(text: &str, bug: &Bug, file: &str) -> Option<String> {
    let asked = format!("std::env::var(\"{ASKED}\").is_ok_and(|name| name == \"{}\")", bug.name);
    let mut text = text.to_owned();
    for (_, find, put) in bug.edits.iter().filter(|(in_file, ..)| *in_file == file) {
        if text.matches(find).count() != 1 {
            return None;
        }
        text = text.replace(find, &put.replace("PLANTED", &asked));
    }
    Some(text)
}

/// Plants all ten in one copy of the tree, builds it once, and lets every bug (or the one of that name) be found. Says whether all were,
/// and whether the copy is sound while none is asked for.
pub fn hunt(only: Option<&str>) -> io::Result<bool> {
    let home = workspace().join("target/planted");
    let (tree, target) = (home.join("tree"), home.join("target"));
    copy_tree(&workspace(), &tree)?;
    for file in BTreeSet::from_iter(BUGS.iter().flat_map(files)) {
        let mut text = fs::read_to_string(workspace().join(file))?;
        for bug in &BUGS {
            let with = spoilt(&text, bug, file);
            text = with.ok_or_else(|| io::Error::other(format!("{file} has changed: {}", bug.name)))?;
        }
        write_changed(&tree.join(file), text.as_bytes())?;
    }
    build(&tree, &target)?;
    let began = Instant::now();
    let control = hunted(&target, "none", About::Anything, SOUND)?;
    println!(
        "without a bug: {SOUND} worlds hold: {} ({:.1} s)\n",
        control.sound,
        began.elapsed().as_secs_f32()
    );
    println!("| bug | found as | worlds | in | first words |\n|---|---|---:|---:|---|");
    let mut all = control.sound;
    for bug in BUGS.iter().filter(|bug| only.is_none_or(|name| bug.name.contains(name))) {
        let began = Instant::now();
        let said = match bug.finder {
            Finder::Worlds(about) => hunted(&target, bug.name, about, WORLDS)?,
            Finder::Crash(story) => {
                run(Command::new(target.join("release/hazel-crash")).args(["hunt", story]), bug.name)?
            }
        };
        let took = began.elapsed().as_secs_f32();
        let (found, words) = said.names(bug);
        all &= found.is_some();
        let worlds = said.worlds();
        println!(
            "| {} | {} | {worlds} | {took:.1} s | {words} |",
            bug.name,
            found.unwrap_or("**not found**")
        );
        if let Some(rule) = found {
            let after = if worlds.is_empty() { String::new() } else { format!(" in world {worlds}") };
            let what = format!("{}: as {rule}{after}", bug.name);
            figures::record("planted", &what, &[("bugs found", 1)], took.into())?;
        }
    }
    Ok(all)
}

fn files(bug: &Bug) -> impl Iterator<Item = &'static str> {
    bug.edits.iter().map(|(file, ..)| *file)
}

/// What a finder said.
struct Said {
    sound: bool,
    text: String,
}

impl Said {
    /// How many worlds it took, where worlds found it.
    fn worlds(&self) -> &str {
        let last = self.text.lines().find_map(|line| Some(line.rsplit_once(", world ")?.1));
        last.unwrap_or_default().trim_end_matches(')')
    }

    /// By which of its names a bug was found, and the words in which it was.
    fn names(&self, bug: &Bug) -> (Option<&'static str>, String) {
        let line = |name: &str| {
            let mut lines = self.text.lines();
            lines.find(|line| line.contains(&format!("{name}:")) || line.contains(&format!("{name} ")))
        };
        let found = bug.names.iter().find_map(|name| Some((*name, line(name)?)));
        let (name, words) = found.filter(|_| !self.sound).unzip();
        let words = words.or(self.text.lines().last()).unwrap_or_default().trim().replace('|', "/");
        (name, words.chars().take(110).collect())
    }
}

fn hunted(target: &Path, bug: &str, about: About, worlds: u64) -> io::Result<Said> {
    let worlds = worlds.to_string();
    run(Command::new(target.join("release/hazel-tests")).args(["hunt", &worlds, about.name()]), bug)
}

fn run(program: &mut Command, bug: &str) -> io::Result<Said> {
    let output = program.env(ASKED, bug).output()?;
    Ok(Said { sound: output.status.success(), text: String::from_utf8_lossy(&output.stdout).into_owned() })
}

/// Builds the copy. What it depends on is taken over from the workspace, where that was built already.
fn build(tree: &Path, target: &Path) -> io::Result<()> {
    let built = workspace().join("target/release");
    if !target.exists() && built.exists() {
        fs::create_dir_all(target)?;
        // Linked, not copied: what the compiler writes anew it writes into new files.
        Command::new("cp").arg("-al").arg(built).arg(target).status()?;
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let done = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--release",
            "-p",
            "hazel-tests",
            "--bin",
            "hazel-tests",
            "--bin",
            "hazel-crash",
        ])
        .current_dir(tree)
        .env("CARGO_TARGET_DIR", target)
        .status()?;
    if done.success() { Ok(()) } else { Err(io::Error::other("the copy with the bugs in it does not build")) }
}

/// Copies what git knows of; a file that has not changed keeps its date, so that little is built again.
fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    let known = Command::new("git").args(["ls-files", "-z"]).current_dir(from).output()?;
    if !known.status.success() {
        return Err(io::Error::other("git does not list the files of the workspace"));
    }
    let spoilt = BTreeSet::from_iter(BUGS.iter().flat_map(files));
    for name in String::from_utf8_lossy(&known.stdout).split('\0').filter(|name| !name.is_empty()) {
        let source = from.join(name);
        // Cargo finds the workspace's own settings above the copy: with a second copy of them it would build everything anew.
        if source.is_file() && !spoilt.contains(name) && !name.starts_with(".cargo/") {
            write_changed(&to.join(name), &fs::read(&source)?)?;
        }
    }
    Ok(())
}

fn write_changed(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(file).is_ok_and(|held| held == bytes) {
        return Ok(());
    }
    fs::create_dir_all(file.parent().expect("a file lies in a folder"))?;
    fs::write(file, bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    #[test]
    fn every_bug_can_still_be_planted() {
        for bug in &BUGS {
            for file in files(bug) {
                let honest = fs::read_to_string(workspace().join(file)).unwrap();
                let text = spoilt(&honest, bug, file);
                assert!(text.is_some_and(|text| text != honest), "{}: {file} has changed", bug.name);
            }
        }
    }
}
