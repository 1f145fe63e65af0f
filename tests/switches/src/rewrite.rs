//! The text of a file with all its mutants in it, each behind its switch.

use std::ops::Range;

use crate::places::{Edit, What};

/// A switch, as the changed text asks for it.
pub const SWITCH: &str = "crate::switch::switch(";

/// The text with every edit made. The edits lie outer before inner.
pub fn rewrite(text: &str, edits: &[Edit]) -> String {
    part(text, 0..text.len(), edits)
}

/// The part of the text in a range, with those edits made that lie in it.
fn part(text: &str, range: Range<usize>, edits: &[Edit]) -> String {
    let mut out = String::new();
    let mut done = range.start;
    for (n, edit) in edits.iter().enumerate() {
        let at = &edit.range;
        if at.start < done || at.end > range.end {
            continue;
        }
        let inner = |range: &Range<usize>| part(text, range.clone(), &edits[n + 1..]);
        out.push_str(&text[done..at.start]);
        out.push_str(&made(&edit.what, inner));
        done = at.end;
    }
    out.push_str(&text[done..range.end]);
    out
}

fn on(id: usize) -> String {
    format!("{SWITCH}{id})")
}

fn made(what: &What, inner: impl Fn(&Range<usize>) -> String) -> String {
    match what {
        // On a line of its own: what the compiler says of it is about nothing else.
        What::Return { id, value } => format!("\nif {} {{ return {value}; }}\n", on(*id)),
        What::NotConstant => String::new(),
        What::Bare { id, operator, operand } => {
            let operand = inner(operand);
            format!("(if {} {{ {operand} }} else {{ {operator}{operand} }})", on(*id))
        }
        What::Operator { left, operator, right, others } => operation(&inner(left), operator, &inner(right), others),
        What::Arm { guard, never, always } => {
            let guard = guard.as_ref().map(|guard| format!("({})", inner(guard)));
            let mut condition = match (guard, always) {
                (Some(guard), Some(id)) => format!("({} || {guard})", on(*id)),
                (Some(guard), None) => guard,
                (None, _) => "true".to_owned(),
            };
            for id in never {
                condition = format!("!{} && {condition}", on(*id));
            }
            format!(" if {condition}")
        }
    }
}

fn operation(left: &str, operator: &str, right: &str, others: &[(usize, String)]) -> String {
    match (operator, others) {
        // Whatever stands on either side is written once: conditions lie in conditions, and twice of twice is soon too much.
        ("&&" | "||", [(id, _)]) => {
            let on = on(*id);
            format!("((((({left}) != {on}) {operator} (({right}) != {on}))) != {on})")
        }
        ("==" | "!=", [(id, _)]) => format!("((({left}) {operator} ({right})) != {})", on(*id)),
        _ => {
            let mut choice = String::from("(");
            for (id, other) in others {
                choice.push_str(&format!("if {} {{ ({left}) {other} ({right}) }} else ", on(*id)));
            }
            format!("{choice}{{ ({left}) {operator} ({right}) }})")
        }
    }
}
