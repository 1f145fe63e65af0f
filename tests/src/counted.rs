//! What other programs have counted, put among the figures: `cargo mutants`, and the compiler's own account of what was run.

use std::fs::File;
use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::figures;

/// The part of `mutants.out/outcomes.json` that is spoken of.
#[derive(Debug, Deserialize)]
struct Outcomes {
    caught: u64,
    missed: u64,
    timeout: u64,
    unviable: u64,
}

/// Keeps what `cargo mutants` found in the part of the code that `what` names.
pub fn mutants(folder: &Path, what: &str) -> io::Result<()> {
    let found: Outcomes = serde_json::from_reader(File::open(folder.join("outcomes.json"))?)?;
    let Outcomes { caught, missed, timeout, unviable } = found;
    let piece =
        format!("{what}: {caught} caught, {missed} lived, {timeout} never ended, {unviable} did not compile");
    // A mutant that never ends is noticed as well.
    let counted = [("caught", caught.saturating_add(timeout)), ("missed", missed), ("unviable", unviable)];
    figures::record("mutants", &piece, &counted, 0.0)
}

/// The part of `llvm-cov export -summary-only` that is spoken of.
#[derive(Debug, Deserialize)]
struct Export {
    data: Vec<Covered>,
}

#[derive(Debug, Deserialize)]
struct Covered {
    totals: Totals,
}

#[derive(Debug, Deserialize)]
struct Totals {
    lines: Lines,
}

#[derive(Debug, Deserialize)]
struct Lines {
    count: u64,
    covered: u64,
}

/// Keeps which lines of the code that `what` names were run.
pub fn coverage(file: &Path, what: &str) -> io::Result<()> {
    let export: Export = serde_json::from_reader(File::open(file)?)?;
    let nothing = || io::Error::other("nothing was measured");
    let Lines { count, covered } = export.data.into_iter().next().ok_or_else(nothing)?.totals.lines;
    let of_thousand = covered.saturating_mul(1000).checked_div(count).ok_or_else(nothing)?;
    let piece = format!("{what}: {covered} of {count} lines");
    figures::record("coverage", &piece, &[("lines of a thousand", of_thousand)], 0.0)
}
