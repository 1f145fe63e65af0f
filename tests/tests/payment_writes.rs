//! What a durable payment asks of the disk, counted at the kernel's door: one sync, and few bytes.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a count that goes wrong should stop loudly, and the figures are for people"
)]

use std::path::Path;

use hazel_tests::crash::people::Folder;
use hazel_tests::crash::trace::{Call, Kind, obstacle, run};

/// A process that opens a wallet and pays so many times; what it did to its files.
fn calls_of(payments: usize) -> Vec<Call> {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("wallets");
    std::fs::create_dir(&path).unwrap();
    drop(Folder::new(&path, 0).pair());
    let count = payments.to_string();
    let args = ["payments", &count, path.to_str().unwrap()];
    run(Path::new(env!("CARGO_BIN_EXE_hazel-crash")), &args, &path, None).calls
}

fn count(calls: &[Call], kind: Kind) -> usize {
    calls.iter().filter(|call| call.kind == kind).count()
}

fn bytes(calls: &[Call]) -> usize {
    calls.iter().map(|call| call.data.len()).sum()
}

#[test]
fn a_payment_syncs_once_and_writes_at_most_18_kilobytes() {
    if let Some(why) = obstacle() {
        eprintln!("SKIPPED: nobody can count the syncs here: {why}");
        return;
    }
    // Opening and closing the file cost the same in both, so the difference is what the payments cost.
    let (few, many) = (calls_of(10), calls_of(110));
    assert_eq!(count(&many, Kind::Sync) - count(&few, Kind::Sync), 100, "one sync a payment");
    for kind in [Kind::Make, Kind::Remove, Kind::Rename, Kind::Resize] {
        assert_eq!(
            count(&many, kind),
            count(&few, kind),
            "a payment makes, removes and renames nothing: {kind:?}"
        );
    }
    let (each, writes) =
        ((bytes(&many) - bytes(&few)) / 100, count(&many, Kind::Write) - count(&few, Kind::Write));
    println!("a payment: 1 sync, {each} bytes in {writes} writes for 100 of them (aim 18000 bytes)");
    assert!(each <= 18_000, "{each} bytes a payment");
}
