//! Two site processes and two wallets on this machine, killed at random; `hazel-sites 200` does it two hundred times.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stderr, reason = "a test; what is skipped is said")]

use std::path::Path;

use hazel_tests::crash::trace::obstacle;
use hazel_tests::sites::Engine;
use hazel_tests::sites::letters::Stage;

#[test]
fn sites_are_killed_twenty_times_and_everything_is_final_and_equal() {
    let end = hazel_tests::sites::story(Path::new(env!("CARGO_BIN_EXE_hazel-sites")), 20, 1, &Engine::Sqlite);
    assert!(end.kills >= 20 && end.payments > 0 && end.visits > 20, "{end:?}");
}

/// A share of `hazel-sites sweep`: every nineteenth point.
#[test]
fn a_site_killed_at_a_write_or_on_a_bad_disk_comes_back_to_the_same_rows() {
    if let Some(why) = obstacle() {
        eprintln!("SKIPPED: {why}");
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let stage = Stage::set(Path::new(env!("CARGO_BIN_EXE_hazel-sites")), scratch.path());
    let report = stage.sweep(19);
    assert_eq!(report.failures, Vec::<String>::new());
    assert!(report.points() > 20, "{report:?}");
    let (disks, failures) = stage.bad_disks(29);
    assert_eq!(failures, Vec::<String>::new());
    assert!(disks > 10, "{disks}");
}
