//! Stories of people, phones and sites in one process, without sockets: letters are carried by hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a story that goes wrong should stop loudly, and one that is skipped should say so"
)]
#![allow(dead_code, unreachable_pub, reason = "not every build tells every story")]

mod astray;
mod confirming;
mod defects;
mod doorway;
mod errands;
mod hosting;
mod moving;
mod notes;
mod refusals;
mod restored;
#[cfg(feature = "postgres")]
mod server;
mod stores;
mod two_ways;
mod views;
mod weather;
mod world;
