//! Put into the changed copy of the ledger: which of its mutants is on, and which of them this process comes past.

use std::env;
use std::fs::File;
use std::io::Write;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

static ON: LazyLock<usize> = LazyLock::new(|| env::var("HAZEL_SWITCH").ok().and_then(|id| id.parse().ok()).unwrap_or(0));

static PASSED: LazyLock<Option<(File, Vec<AtomicBool>)>> = LazyLock::new(|| {
    let file = File::options().append(true).create(true).open(env::var_os("HAZEL_PASSED")?).ok()?;
    Some((file, (0..100_000).map(|_| AtomicBool::new(false)).collect()))
});

pub(crate) fn switch(id: usize) -> bool {
    if let Some((file, seen)) = &*PASSED
        && let Some(seen) = seen.get(id)
        && !seen.swap(true, Ordering::Relaxed)
    {
        // What is not written is a test fewer for that mutant: it must not go unseen.
        let mut file: &File = file;
        assert!(writeln!(file, "{id}").is_ok());
    }
    *ON == id
}
