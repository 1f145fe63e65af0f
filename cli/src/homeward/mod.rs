//! A wallet's way home: its links to sites, and one round of telling and hearing at one of them.

mod links;
mod proofs;
mod visit;

use hazel_network::driver::CallError;

pub(crate) use links::{Link, directory, take_list};
pub(crate) use proofs::Kept;
pub(crate) use visit::Report;

use crate::trouble::{Exit, Trouble, sentence};

/// What a person is told of a site that was not reached, or a channel that broke.
fn lost(error: &CallError) -> Trouble {
    let (code, advice) = match error {
        CallError::Unwelcome => ("unwelcome", "Ask whoever runs the site for a new ticket, and link again."),
        CallError::Unreachable { .. } | CallError::Late => (
            "unreachable_site",
            "Nothing is lost: what you signed waits, and goes out with the next “hazel sync”.",
        ),
        _ => ("channel_lost", "Nothing is lost: “hazel sync” goes on from there."),
    };
    Trouble { culprit: "nobody", ..Trouble::new(Exit::Machine, code, sentence(&error.to_string())) }
        .advise(advice)
}
