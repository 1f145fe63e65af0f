//! Mutants that no test noticed, and the page `tests/mutants.md` on which each of them is explained: by its file, the line it changes, and
//! what it makes of it. Numbers of lines would be out of date with the next change.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::figures;
use crate::planted::workspace;
use crate::vectors;

/// A mutant as it is explained: file, line, and what was done to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Mutant {
    file: String,
    line: String,
    done: String,
}

/// Keeps what `hazel-switches` found in the part of the code that `what` names, in the tree it worked on. Returns those that lived and are
/// explained nowhere.
pub fn judge(found: &Path, tree: &Path, what: &str) -> io::Result<Vec<String>> {
    let named_in = |list: &str| fs::read_to_string(found.join(list));
    // What was found before of code that has changed since, or of other files, is kept there too, and not counted.
    let asked = named_in("asked.txt")?;
    let asked: BTreeSet<&str> = asked.lines().collect();
    let count =
        |list| named_in(list).map(|names| names.lines().filter(|name| asked.contains(name)).count() as u64);
    let (caught, elsewhere, timeout) = (count("caught.txt")?, count("elsewhere.txt")?, count("timeout.txt")?);
    let (unviable, left, open) = (count("unviable.txt")?, count("left.txt")?, count("open.txt")?);
    let lived = named_in("missed.txt")?;
    let missed = lived.lines().count() as u64;
    let known = explained(&page()?);
    let mut unexplained = Vec::new();
    for told in lived.lines() {
        let mutant = named(told, |file| fs::read_to_string(tree.join(file)).unwrap_or_default());
        let mutant = mutant.ok_or_else(|| io::Error::other(format!("no name of a mutant: {told}")))?;
        if !known.contains(&mutant) {
            unexplained.push(format!("{told}\n- `{}` `{}` `{}`", mutant.file, mutant.line, mutant.done));
        }
    }
    let alive = unexplained.len() as u64;
    let piece = format!(
        "{what}: {caught} caught, {timeout} never ended, {elsewhere} caught by tests of other packages alone, {missed} lived and {} of them are \
         explained, {unviable} did not compile, {left} could not be tried, for {open} there was no time",
        missed.saturating_sub(alive)
    );
    // A mutant that never ends is noticed as well.
    let counted = [
        ("caught", caught.saturating_add(timeout).saturating_add(elsewhere)),
        ("elsewhere", elsewhere),
        ("lived", missed),
        ("unexplained", alive),
        ("did not compile", unviable),
        ("not tried", left.saturating_add(open)),
    ];
    // All of a change is tried, and a share of the core: their sums say different things.
    let command = if what.starts_with("core") { "mutants of core" } else { "mutants of a change" };
    figures::record(command, &piece, &counted, 0.0)?;
    Ok(unexplained)
}

/// The page with the explanations.
fn page() -> io::Result<String> {
    fs::read_to_string(vectors::folder().with_file_name("mutants.md"))
}

/// Every mutant that the page explains: a line of the page that begins with its three names.
fn explained(page: &str) -> BTreeSet<Mutant> {
    let entries = page.lines().filter_map(|line| line.strip_prefix("- `"));
    let parts = entries.map(|entry| entry.split('`').step_by(2).map(str::to_owned));
    parts
        .filter_map(|mut parts| {
            Some(Mutant { file: parts.next()?, line: parts.next()?, done: parts.next()? })
        })
        .collect()
}

/// A mutant by the name `cargo mutants` has for it, `FILE:LINE:COLUMN: WHAT`, and the text of its file.
fn named(told: &str, read: impl Fn(&str) -> String) -> Option<Mutant> {
    let mut parts = told.splitn(4, ':');
    let (file, number, _, done) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let number: usize = number.parse().ok()?;
    let line = read(file).lines().nth(number.checked_sub(1)?)?.trim().to_owned();
    Some(Mutant { file: file.to_owned(), line, done: done.trim().to_owned() })
}

/// The explanations whose line no longer stands in its file.
pub fn out_of_date() -> io::Result<Vec<String>> {
    let mut old = Vec::new();
    for Mutant { file, line, .. } in explained(&page()?) {
        let text = fs::read_to_string(workspace().join(&file)).unwrap_or_default();
        if !text.lines().any(|stands| stands.trim() == line) {
            old.push(format!("{file}: {line}"));
        }
    }
    Ok(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_is_explained_by_its_line() {
        let told = "core/src/a.rs:2:9: replace > with >= in a";
        let mutant = named(told, |_| "fn a() {\n    b > c\n}".to_owned()).expect("it has a name");
        let page = "words\n- `core/src/a.rs` `b > c` `replace > with >= in a`: both are never equal.\n";
        assert_eq!(explained(page), BTreeSet::from([mutant]));
        assert_eq!(explained("- `core/src/a.rs` and nothing else"), BTreeSet::new());
    }

    #[test]
    fn what_is_explained_still_stands_there() {
        assert_eq!(out_of_date().expect("the page can be read"), Vec::<String>::new());
    }
}
