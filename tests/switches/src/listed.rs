//! The mutants that `cargo mutants --list --json` names.

use std::error::Error;
use std::fs;

use serde_json::Value;

/// A line and a column, both from one, as `cargo mutants` counts.
pub type Place = (usize, usize);

/// One change of one place.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// Its switch: from one, in the order of the list.
    pub id: usize,
    /// `FILE:LINE:COLUMN: WHAT`.
    pub name: String,
    pub file: String,
    /// Where what is changed begins.
    pub place: Place,
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The function returns this at once.
    Returns(String),
    /// Another operator between the same two.
    Operator(String),
    /// The `!` or `-` in front is left out.
    Bare,
    /// The arm of a match is never taken.
    NoArm,
    /// A guard is replaced by this.
    Guard(bool),
    /// None that a switch can make.
    Other,
}

/// Reads the list.
pub fn read(path: &str) -> Result<Vec<Mutant>, Box<dyn Error>> {
    let list: Vec<Value> = serde_json::from_str(&fs::read_to_string(path)?)?;
    list.iter()
        .zip(1..)
        .map(|(entry, id)| mutant(entry, id).ok_or_else(|| format!("no mutant: {entry}").into()))
        .collect()
}

fn mutant(entry: &Value, id: usize) -> Option<Mutant> {
    let text = |key: &str| entry.get(key)?.as_str().map(str::to_owned);
    let start = entry.get("span")?.get("start")?;
    let number = |key: &str| usize::try_from(start.get(key)?.as_u64()?).ok();
    let replacement = text("replacement")?;
    let change = match text("genre")?.as_str() {
        "FnValue" => Change::Returns(replacement),
        "BinaryOperator" => Change::Operator(replacement),
        "UnaryOperator" => Change::Bare,
        "MatchArm" => Change::NoArm,
        "MatchArmGuard" => Change::Guard(replacement == "true"),
        _ => Change::Other,
    };
    Some(Mutant {
        id,
        name: text("name")?,
        file: text("file")?,
        place: (number("line")?, number("column")?),
        change,
    })
}
