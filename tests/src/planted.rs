//! Ten bugs planted on purpose, each in a copy of the tree: whoever judges the ledger must find every one of them, and name the rule.
//!
//! A bug is a replacement of text that stands exactly once in one file. Production code knows nothing of it.
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a command that builds, prints, and says how long it took"
)]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

/// Who finds a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finder {
    /// Worlds from seed 0 on, until one breaks.
    Worlds,
    /// One story of the crash sweep.
    Crash(&'static str),
}

/// A bug.
#[derive(Debug, Clone, Copy)]
pub struct Bug {
    /// Its name.
    pub name: &'static str,
    /// What it means in this code.
    pub means: &'static str,
    /// File, what stands there once, what is put in its place.
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
                "            (chain.sent, chain.receipted, chain.known) = (sent, receipted, chain.seq);\n",
            ),
            (
                "core/src/wallet/exchange.rs",
                "let known = theirs.min(chain.seq);",
                "let known = theirs.min(chain.seq).max(chain.sent);",
            ),
        ],
        finder: Finder::Worlds,
        names: &["I24", "I5"],
    },
    Bug {
        name: "agree with any head",
        means: "a word counts for the order held here although its hash is another",
        edits: &[(
            "core/src/ordering.rs",
            ".is_some_and(|place| place.hash == word.head.hash))\n",
            ".is_some())\n",
        )],
        finder: Finder::Worlds,
        names: &["I2", "I3", "I13", "I14", "I15"],
    },
    Bug {
        name: "restore continues the chain",
        means: "the seeds of a device's chain follow from the root, so that a restored phone has its old keys again",
        edits: &[(
            "core/src/wallet/opening.rs",
            "    let seed = ForwardSeed::generate(hands.entropy);\n",
            "    let root = *hands.root()?.as_bytes();\n    let seed = ForwardSeed::from_bytes(crate::digest::Digest::of_parts(&[&root, &shelf.tally_label(tally)?.0.0, &id.device.to_be_bytes()]).0);\n",
        )],
        finder: Finder::Worlds,
        names: &["I11"],
    },
    Bug {
        name: "foil without view",
        means: "a foil that lost its memory orders on in the view in which it ordered before",
        edits: &[("core/src/ordering.rs", "    standing.book.head.view = view;\n", "")],
        finder: Finder::Worlds,
        names: &["I2", "I3", "I13", "I14", "I24"],
    },
    Bug {
        name: "receipt before commit",
        means: "a commit returns before it is on the disk, and what follows from it leaves the phone",
        edits: &[("core/src/store/mod.rs", "\"synchronous\", \"FULL\"", "\"synchronous\", \"OFF\"")],
        finder: Finder::Crash("hand-over"),
        names: &["lost"],
    },
    Bug {
        name: "tag compared as text",
        means: "a hand-over's tag is made text before it is compared, and bytes that are no text are all alike",
        edits: &[(
            "core/src/message.rs",
            "tag(key, &self.nonce) == self.tag",
            "String::from_utf8_lossy(&tag(key, &self.nonce)) == String::from_utf8_lossy(&self.tag)",
        )],
        finder: Finder::Worlds,
        names: &["I7"],
    },
    Bug {
        name: "allowance not deducted",
        means: "what a device pledged is not taken off what it was handed",
        edits: &[(
            "core/src/book/fold.rs",
            "pledged().filter(|_| !flag.is_outside()) {\n                device.paid = device.paid.plus(units)?;",
            "pledged().filter(|_| !flag.is_outside()) {\n                device.paid = device.paid.plus(units)?.minus(units)?;",
        )],
        finder: Finder::Worlds,
        names: &["I9", "I10", "I25"],
    },
    Bug {
        name: "fork proof dropped",
        means: "a key that signed two chits is noticed, and the proof of it is not kept",
        edits: &[(
            "core/src/wallet/pages.rs",
            "        shelf.put_proof(no, proof.it())?;\n",
            "        let _ = proof.it();\n",
        )],
        finder: Finder::Worlds,
        names: &["I13"],
    },
    Bug {
        name: "setting applied to both halves",
        means: "a limit that one side grants is granted by the other too",
        edits: &[(
            "core/src/book/fold.rs",
            "                    *self.terms.of_mut(side) = *terms;\n",
            "                    self.terms = Halves { stock: *terms, foil: *terms };\n",
        )],
        finder: Finder::Worlds,
        names: &["I8", "I9", "I10", "I25"],
    },
    Bug {
        name: "certificate with one party's nodes",
        means: "final by the foil's nodes alone",
        edits: &[
            (
                "core/src/ordering.rs",
                "carried(Side::Stock, needed(&nodes, Side::Stock)).min(carried(",
                "u64::MAX.min(carried(",
            ),
            (
                "core/src/order.rs",
                "        for side in Side::BOTH {\n            if keys.iter()",
                "        for side in [Side::Foil] {\n            if keys.iter()",
            ),
        ],
        finder: Finder::Worlds,
        names: &["I15"],
    },
];

/// How many worlds a bug is looked for in.
const WORLDS: u64 = 20_000;

/// The workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace").to_owned()
}

/// A file with its bugs in it; none if some text does not stand in it exactly once.
#[must_use]
pub fn spoilt(text: &str, bug: &Bug, file: &str) -> Option<String> {
    let mut text = text.to_owned();
    for (_, find, put) in bug.edits.iter().filter(|(in_file, ..)| *in_file == file) {
        if text.matches(find).count() != 1 {
            return None;
        }
        text = text.replace(find, put);
    }
    Some(text)
}

/// Plants every bug (or the one of that name) in a copy of the tree, and lets it be found. Says whether all were.
pub fn hunt(only: Option<&str>) -> io::Result<bool> {
    let home = workspace().join("target/planted");
    let tree = home.join("tree");
    copy_tree(&workspace(), &tree)?;
    println!("| bug | found as | in | first words |\n|---|---|---:|---|");
    let mut all = true;
    for bug in BUGS.iter().filter(|bug| only.is_none_or(|name| bug.name.contains(name))) {
        for file in files(bug) {
            let honest = fs::read_to_string(workspace().join(file))?;
            let text = spoilt(&honest, bug, file);
            fs::write(tree.join(file), text.ok_or_else(|| io::Error::other(format!("{file} has changed")))?)?;
        }
        let (found, took, words) = find(bug, &tree, &home.join("target"))?;
        all &= found.is_some();
        let found = found.unwrap_or("**not found**");
        println!("| {} | {found} | {took} s | {words} |", bug.name);
        for file in files(bug) {
            fs::copy(workspace().join(file), tree.join(file))?;
        }
    }
    Ok(all)
}

fn files(bug: &Bug) -> impl Iterator<Item = &'static str> {
    let mut files: Vec<_> = bug.edits.iter().map(|(file, ..)| *file).collect();
    files.dedup();
    files.into_iter()
}

fn find(bug: &Bug, tree: &Path, target: &Path) -> io::Result<(Option<&'static str>, u64, String)> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "-p", "hazel-tests", "--bins"])
        .current_dir(tree)
        .env("CARGO_TARGET_DIR", target)
        .status()?;
    if !built.success() {
        return Err(io::Error::other(format!("with '{}' planted the tree does not build", bug.name)));
    }
    let (began, programs) = (Instant::now(), target.join("debug"));
    let said: Output = match bug.finder {
        Finder::Worlds => {
            Command::new(programs.join("hazel-tests")).args(["hunt", &WORLDS.to_string()]).output()?
        }
        Finder::Crash(story) => Command::new(programs.join("hazel-crash")).arg(story).output()?,
    };
    let took = began.elapsed().as_secs();
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let line = |name: &str| {
        text.lines().find(|line| line.contains(&format!("{name}:")) || line.contains(&format!("{name} ")))
    };
    let found = bug.names.iter().find_map(|name| Some((*name, line(name)?)));
    let (name, words) = found.filter(|_| !said.status.success()).unzip();
    let words = words.or(text.lines().last()).unwrap_or_default().trim().replace('|', "/");
    Ok((name, took, words.chars().take(110).collect()))
}

/// Copies what git knows of; a file that has not changed keeps its date, so that little is built again.
fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    let known = Command::new("git").args(["ls-files", "-z"]).current_dir(from).output()?;
    if !known.status.success() {
        return Err(io::Error::other("git does not list the files of the workspace"));
    }
    for name in String::from_utf8_lossy(&known.stdout).split('\0').filter(|name| !name.is_empty()) {
        let (source, target) = (from.join(name), to.join(name));
        if !source.is_file() {
            continue;
        }
        let bytes = fs::read(&source)?;
        if fs::read(&target).is_ok_and(|held| held == bytes) {
            continue;
        }
        fs::create_dir_all(target.parent().expect("a file lies in a folder"))?;
        fs::write(target, bytes)?;
    }
    Ok(())
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
