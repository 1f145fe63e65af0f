//! Writes what is kept in files: `cargo run -p hazel-tests -- vectors`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use hazel_tests::vectors::{Vectors, folder};

fn main() -> ExitCode {
    let result = match std::env::args().nth(1).as_deref() {
        Some("vectors") => vectors(),
        _ => Err(io::Error::other("usage: hazel-tests vectors")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to be told to if standard error is closed.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn vectors() -> io::Result<()> {
    let vectors =
        Vectors::generate().ok_or_else(|| io::Error::other("an honest object could not be made"))?;
    vectors.write(&folder())?;
    let mut out = io::stdout();
    for (name, text) in vectors.files()? {
        writeln!(out, "{name}: {} vectors, {} bytes", text.lines().count().saturating_sub(2), text.len())?;
    }
    Ok(())
}
