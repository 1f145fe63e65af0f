//! `hazel-switches TREE LIST FOUND`: writes every mutant of LIST into the copy of the project in TREE, each behind a switch of its own, and
//! tries them one by one in one program, for HAZEL_MINUTES if that is set. What became of each is kept by name in the folder FOUND, as
//! `cargo mutants` keeps it; what that folder says already is not tried again. See docs/decisions/0511.

#![allow(clippy::disallowed_methods, reason = "it measures how long tests take")]

mod compiled;
mod listed;
mod places;
mod rewrite;
mod tried;

use std::collections::BTreeSet;
use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use listed::Mutant;
use tried::End;

/// A test of the ledger's own may take so long by itself.
const ALONE: Duration = Duration::from_secs(600);
/// A test of another package that takes longer, a world or a story of crashes, is not asked about mutants.
const LONGEST: Duration = Duration::from_secs(10);
/// What one mutant may cost of the other packages' tests: whatever none of the quick ones sees is to have a test.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [tree, list, found] = &arguments[..] else { return Err("hazel-switches TREE LIST FOUND".into()) };
    let (tree, found) = (Path::new(tree), PathBuf::from(found));
    fs::create_dir_all(&found)?;
    let mutants = listed::read(list)?;
    let program = compiled::compile(tree, &mutants)?;
    for mutant in &mutants {
        if program.refused.contains(&mutant.id) {
            keep(&found, "unviable.txt", mutant);
        } else if program.left.contains(&mutant.id) {
            keep(&found, "left.txt", mutant);
        }
    }
    let known = named_in(&found, &["caught.txt", "elsewhere.txt", "timeout.txt", "unviable.txt", "left.txt"]);
    let before = named_in(&found, &["before.txt"]);
    let mut open: Vec<&Mutant> = mutants.iter().filter(|mutant| !known.contains(&mutant.name)).collect();
    // Whoever stops before the end has tried a fair share of all files. Those that lived before are dear, and asked again last.
    open.sort_by_key(|mutant| (before.contains(&mutant.name), shuffled(&mutant.name)));
    let own = tried::passers(&program.own, &found, ALONE)?;
    let others = tried::passers(&program.others, &found, LONGEST)?;
    let until = minutes().map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let (all, done, lived) = (open.len(), AtomicUsize::new(0), AtomicUsize::new(0));
    tried::together(open.into(), |mutant| {
        if until.is_some_and(|until| Instant::now() > until) {
            return keep(&found, "open.txt", mutant);
        }
        let end = tried::attempt(mutant.id, &own, Duration::MAX);
        let list = match end {
            End::Caught => "caught.txt",
            End::NeverEnds => "timeout.txt",
            End::Lived | End::Unseen => match tried::attempt(mutant.id, &others, PATIENCE) {
                End::Caught | End::NeverEnds => "elsewhere.txt",
                End::Lived | End::Unseen => "missed.txt",
            },
        };
        keep(&found, list, mutant);
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if list == "missed.txt" {
            lived.fetch_add(1, Ordering::Relaxed);
            println!("{} {}", if end == End::Unseen { "UNSEEN" } else { "LIVED " }, mutant.name);
        }
        if done % 50 == 0 {
            eprintln!("{done} of {all} tried, {} lived", lived.load(Ordering::Relaxed));
        }
    });
    Ok(())
}

/// Adds a mutant's name to a list at once: whoever stops the night keeps what it has found.
fn keep(found: &Path, list: &str, mutant: &Mutant) {
    let file = File::options().append(true).create(true).open(found.join(list));
    if let Err(error) = file.and_then(|mut file| writeln!(file, "{}", mutant.name)) {
        eprintln!("{list}: {error}");
    }
}

fn named_in(found: &Path, lists: &[&str]) -> BTreeSet<String> {
    let text: String = lists.iter().filter_map(|list| fs::read_to_string(found.join(list)).ok()).collect();
    text.lines().map(str::to_owned).collect()
}

/// A number that says nothing about where a mutant stands, and is the same each time (FNV-1a); another one with another HAZEL_SEED.
fn shuffled(name: &str) -> u64 {
    let seed = env::var("HAZEL_SEED").unwrap_or_default();
    seed.bytes()
        .chain(name.bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// For how many minutes mutants are begun.
fn minutes() -> Option<u64> {
    env::var("HAZEL_MINUTES").ok()?.parse().ok()
}
