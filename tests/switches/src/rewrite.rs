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
        What::Operator { left, operator, right, others } => {
            operation(&inner(left), operator, &inner(right), others)
        }
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
            format!("(((({left}) != {on}) {operator} (({right}) != {on})) != {on})")
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::listed::{Change, Mutant};
    use crate::places;

    /// The text with mutants at these places, numbered from one. The switch is `s` here.
    fn switched(text: &str, changes: &[(&str, Change)]) -> (String, Vec<usize>) {
        let mutant = |(id, (at, change)): (usize, &(&str, Change))| {
            let before = &text[..text.find(at).expect("it stands there")];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
            Mutant {
                id,
                name: String::new(),
                file: String::new(),
                place: (line, column),
                change: change.clone(),
            }
        };
        let mutants: Vec<Mutant> = (1..).zip(changes).map(mutant).collect();
        let (edits, left) =
            places::edits(text, &mutants.iter().collect::<Vec<_>>(), &BTreeSet::new()).expect("it is Rust");
        (rewrite(text, &edits).replace(SWITCH, "s("), left)
    }

    fn operator(other: &str) -> Change {
        Change::Operator(other.to_owned())
    }

    #[test]
    fn conditions_are_turned_round_and_written_once() {
        let (text, left) = switched(
            "fn f() -> bool { !a && b == c }",
            &[("&&", operator("||")), ("==", operator("!=")), ("!a", Change::Bare)],
        );
        assert_eq!(
            text,
            "fn f() -> bool { (((((if s(3) { a } else { !a })) != s(1)) && (((((b) == (c)) != s(2))) != s(1))) != s(1)) }"
        );
        assert!(left.is_empty());
    }

    #[test]
    fn operators_are_chosen_between() {
        let (text, _) = switched("fn f() { a < g(b + 1) }", &[("<", operator("==")), ("+", operator("-"))]);
        let inner = "g((if s(2) { (b) - (1) } else { (b) + (1) }))";
        assert_eq!(text, format!("fn f() {{ (if s(1) {{ (a) == ({inner}) }} else {{ (a) < ({inner}) }}) }}"));
    }

    #[test]
    fn arms_are_guarded_and_functions_return() {
        let text = "const fn f(x: u8) -> u8 {\n    match x { 1 => 2, n if n > 3 => n, _ => 0 }\n}";
        let (text, left) = switched(
            text,
            &[
                ("match", Change::Returns("1".to_owned())),
                ("1 =>", Change::NoArm),
                ("n > 3", Change::Guard(true)),
            ],
        );
        assert_eq!(
            text,
            " fn f(x: u8) -> u8 {\n    \nif s(1) { return 1; }\nmatch x { 1 if !s(2) && true => 2, n if (s(3) || (n > 3)) => n, _ => 0 }\n}"
        );
        assert!(left.is_empty());
    }

    #[test]
    fn what_no_switch_can_make_is_left() {
        let text = "fn f() -> impl Fn() { g }\nfn h() { if let Some(it) = k && l { it } }";
        let (same, left) =
            switched(text, &[("g }", Change::Returns("x".to_owned())), ("&&", operator("||"))]);
        assert_eq!((same.as_str(), left), (text, vec![1, 2]));
    }
}
