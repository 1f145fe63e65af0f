//! Writes what is kept in files: `cargo run -p hazel-tests -- vectors`, and what fuzzers begin with: `… -- corpus FOLDER`.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use hazel_tests::seeds::seeds;
use hazel_tests::vectors::{Vectors, folder};

fn main() -> ExitCode {
    let result = match std::env::args().nth(1).as_deref() {
        Some("vectors") => vectors(),
        Some("corpus") => match std::env::args().nth(2) {
            Some(folder) => corpus(Path::new(&folder)),
            None => Err(io::Error::other("usage: hazel-tests corpus FOLDER")),
        },
        _ => Err(io::Error::other("usage: hazel-tests vectors | corpus FOLDER")),
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

fn corpus(folder: &Path) -> io::Result<()> {
    for (name, seeds) in seeds() {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number:03}")), seed)?;
        }
    }
    Ok(())
}
