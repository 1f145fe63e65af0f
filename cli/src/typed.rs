//! What was typed and cannot be understood, in the same plain words as every other trouble.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::trouble::{Trouble, sentence};

/// Says what is wrong with a command line; `words` are what was typed, without the program's name.
pub(crate) fn misunderstood<'w>(error: &clap::Error, words: impl Iterator<Item = &'w str>) -> Trouble {
    Trouble::usage(sentence(&what(error))).advise(advice(error, words))
}

fn what(error: &clap::Error) -> String {
    let said = |kind| error.get(kind).map(ContextValue::to_string).filter(|text| !text.is_empty());
    let (argument, value) = (said(ContextKind::InvalidArg), said(ContextKind::InvalidValue));
    let argument = argument.unwrap_or_else(|| "something".into());
    match error.kind() {
        ErrorKind::MissingRequiredArgument => format!("Something is missing: {argument}."),
        ErrorKind::UnknownArgument => format!("“{argument}” is not known here."),
        ErrorKind::InvalidSubcommand => {
            format!("There is no command “{}”.", said(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "A command is missing.".into()
        }
        ErrorKind::ArgumentConflict => {
            let prior = said(ContextKind::PriorArg).unwrap_or_else(|| "another".into());
            if prior == argument {
                format!("{argument} stands there twice.")
            } else {
                format!("{argument} and {prior} do not go together.")
            }
        }
        ErrorKind::InvalidValue if value.is_none() => format!("{argument} needs a value."),
        ErrorKind::ValueValidation => {
            let (value, cause) = (value.unwrap_or_default(), error.source().map(ToString::to_string));
            let cause = match cause.unwrap_or_default() {
                cause if cause.contains("digit") => "a whole number belongs there".into(),
                cause => cause,
            };
            // Some of our own readers name what they could not read, others only say how it is written.
            if cause.contains(&*value) {
                cause
            } else {
                format!("“{value}” is not right for {argument}: {cause}")
            }
        }
        _ => match value {
            Some(value) => format!("“{value}” is not possible for {argument}."),
            None => first_line(error),
        },
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn advice<'w>(error: &clap::Error, words: impl Iterator<Item = &'w str>) -> String {
    let list = |kind| match error.get(kind) {
        Some(ContextValue::Strings(all)) => all.join(", "),
        Some(ContextValue::String(one)) => one.clone(),
        _ => String::new(),
    };
    let possible = match error.kind() {
        ErrorKind::MissingSubcommand => list(ContextKind::ValidSubcommand),
        ErrorKind::InvalidValue => list(ContextKind::ValidValue),
        _ => String::new(),
    };
    let meant = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
        .map(list)
        .join("");
    let mut advice = String::new();
    if !meant.is_empty() {
        advice.push_str(&format!("Did you mean “{meant}”? "));
    } else if !possible.is_empty() {
        advice.push_str(&format!("Possible are: {possible}. "));
    }
    advice.push_str(&format!("“{}” shows how, with an example.", help_for(words)));
    advice
}

/// The help of the command that was meant, as far as it can be made out.
fn help_for<'w>(words: impl Iterator<Item = &'w str>) -> String {
    use clap::CommandFactory as _;
    let mut at = crate::command::Cli::command();
    let mut path = String::from("hazel");
    for word in words {
        let Some(next) = at.find_subcommand(word).cloned() else { continue };
        path = format!("{path} {word}");
        at = next;
    }
    format!("{path} --help")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn said(typed: &str) -> String {
        let words: Vec<&str> = typed.split(' ').collect();
        let error = crate::command::Cli::command()
            .try_get_matches_from(std::iter::once("hazel").chain(words.iter().copied()))
            .unwrap_err();
        let trouble = misunderstood(&error, words.into_iter());
        format!("{} {}", trouble.message, trouble.advice)
    }

    #[test]
    fn whatever_is_mistyped_is_said_in_plain_words() {
        let shows = |command: &str| format!("“hazel {command} --help” shows how, with an example.");
        for (typed, wrong, command) in [
            ("rehearse", "Something is missing: <FILE>.", "rehearse"),
            ("pay Ana 1 --colour", "“--colour” is not known here.", "pay"),
            (
                "history Ana --most x",
                "“x” is not right for --most <COUNT>: a whole number belongs there.",
                "history",
            ),
            (
                "export Ana --format pdf",
                "“pdf” is not possible for --format <FORMAT>. Possible are: csv, json.",
                "export",
            ),
            ("export Ana --out", "--out <FILE> needs a value.", "export"),
            ("pay --qr a --invoice b", "--qr <FILE> and --invoice <ID> do not go together.", "pay"),
            ("tally offre", "There is no command “offre”. Did you mean “offer”?", "tally"),
            ("ask Ana --item eggs", "“eggs” is no item; write it like eggs=2x3.50 or bread=5.50.", "ask"),
        ] {
            assert_eq!(said(typed), format!("{wrong} {}", shows(command)));
        }
        assert!(said("tally").starts_with("A command is missing. "));
        assert!(
            said("pay Ana abc")
                .starts_with("“abc” is not right for [AMOUNT]: not an amount: write it like 12")
        );
    }
}
