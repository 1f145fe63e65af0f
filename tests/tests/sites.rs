//! Two site processes and two wallets on this machine, killed at random; `hazel-sites 200` does it two hundred times.
#![allow(missing_docs, reason = "a test")]

use std::path::Path;

#[test]
fn sites_are_killed_twenty_times_and_everything_is_final_and_equal() {
    let end = hazel_tests::sites::story(Path::new(env!("CARGO_BIN_EXE_hazel-sites")), 20, 1);
    assert!(end.kills >= 20 && end.payments > 0 && end.visits > 20, "{end:?}");
}
