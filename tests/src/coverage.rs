//! The compiler's own account of which lines were run, put among the figures.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::figures;
use crate::planted::workspace;

/// The lines of one package: how many can be run, and which of them were not.
#[derive(Debug, Default)]
struct Lines {
    count: u64,
    missed: BTreeMap<String, Vec<u64>>,
}

impl Lines {
    fn covered(&self) -> u64 {
        let missed: usize = self.missed.values().map(Vec::len).sum();
        self.count.saturating_sub(missed as u64)
    }
}

/// Keeps which lines of each package were run, out of `llvm-cov export --format=lcov`, and returns what was not. Tests that stand in a
/// file of the package are no lines of it.
pub fn keep(lcov: &Path) -> io::Result<String> {
    let home = workspace();
    let packages = lines_of(&std::fs::read_to_string(lcov)?, |file| {
        let name = file.strip_prefix(home.to_str()?)?.trim_start_matches('/');
        Some((name.to_owned(), tests_begin(&std::fs::read_to_string(file).ok()?)))
    });
    let mut told = String::new();
    for (package, lines) in packages {
        let (count, covered) = (lines.count, lines.covered());
        let piece = format!("{package}: {covered} of {count} lines");
        let keys = [format!("{package}: lines"), format!("{package}: lines covered")];
        let sums = [(keys[0].as_str(), count), (keys[1].as_str(), covered)];
        figures::record("coverage", &piece, &sums, 0.0)?;
        told.push_str(&format!("# {piece}\n"));
        for (file, missed) in &lines.missed {
            missed.iter().for_each(|line| told.push_str(&format!("{file}:{line}\n")));
        }
    }
    Ok(told)
}

/// Before which line of a file its tests begin.
fn tests_begin(text: &str) -> u64 {
    let mut numbered = (1..).zip(text.lines()).peekable();
    while let Some((number, line)) = numbered.next() {
        let module = |next: &&str| next.trim_start().starts_with("mod ") && next.ends_with('{');
        if line.trim() == "#[cfg(test)]" && numbered.peek().is_some_and(|(_, next)| module(next)) {
            return number;
        }
    }
    u64::MAX
}

/// What the account says, by package. `known` tells a file's name in this workspace and where its tests begin.
fn lines_of(lcov: &str, known: impl Fn(&str) -> Option<(String, u64)>) -> BTreeMap<String, Lines> {
    let mut packages = BTreeMap::<String, Lines>::new();
    let mut at: Option<(String, u64)> = None;
    for line in lcov.lines() {
        if let Some(file) = line.strip_prefix("SF:") {
            at = known(file);
        } else if let (Some((file, tests)), Some(run)) = (&at, line.strip_prefix("DA:"))
            && let Some((number, times)) = run.split_once(',')
            && let Ok(number) = number.parse::<u64>()
            && number < *tests
        {
            let package = file.split('/').next().unwrap_or_default();
            let lines = packages.entry(package.to_owned()).or_default();
            lines.count = lines.count.saturating_add(1);
            if times == "0" {
                lines.missed.entry(file.clone()).or_default().push(number);
            }
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_up_to_a_files_tests() {
        let source = "fn a() {}\n#[cfg(test)]\nconst B: u8 = 1;\n#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(tests_begin(source), 4);
        let account =
            "SF:/w/core/src/a.rs\nDA:1,7\nDA:2,0\nDA:5,0\nend_of_record\nSF:/elsewhere.rs\nDA:1,0\n";
        let known = |file: &str| Some((file.strip_prefix("/w/")?.to_owned(), tests_begin(source)));
        let packages = lines_of(account, known);
        let core = packages.get("core").expect("the core is in it");
        assert_eq!((packages.len(), core.count, core.covered()), (1, 2, 1));
        assert_eq!(core.missed.get("core/src/a.rs"), Some(&vec![2]));
    }
}
