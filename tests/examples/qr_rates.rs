//! How many of the hard frames are read: `qr_rates [ROUNDS] [SEED] [FOLDER]`.
//!
//! With a folder, every frame is also written there as PGM with its text beside it, so that any other reader can
//! be tried on the same pixels.

#![expect(
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a command that measures and prints"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use hazel_qr::luma::Luma;
use hazel_qr::read;
use hazel_tests::frames::{self, Frame};

#[derive(Default)]
struct Tally {
    frames: u32,
    read: u32,
    wrong: u32,
    time: Duration,
}

fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip(1);
    let rounds = words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(10);
    let seed = words.next().and_then(|word| word.parse().ok()).unwrap_or(1);
    let folder = words.next();
    let mut rows: BTreeMap<String, Tally> = BTreeMap::new();
    let worn = (0..rounds.saturating_mul(10)).map(|round| frames::worn(seed ^ round));
    for (number, frame) in frames::hard(seed, rounds).chain(worn).enumerate() {
        if let Some(folder) = &folder {
            write(Path::new(folder), number, &frame)?;
        }
        let Ok(luma) = Luma::new(&frame.luma, frame.width, frame.height, frame.width) else { continue };
        let begun = Instant::now();
        let seen = read::codes(&luma);
        let time = begun.elapsed();
        let right = seen.iter().any(|code| code.content == frame.text.as_bytes());
        let wrong = seen.iter().any(|code| code.content != frame.text.as_bytes());
        let whole = if frame.kind == "worn" { "own codes, worn" } else { "total, hard" };
        for row in [frame.kind.to_owned(), format!("v{:02} {}", frame.version, frame.width), whole.to_owned()]
        {
            let tally = rows.entry(row.to_owned()).or_default();
            tally.frames += 1;
            tally.read += u32::from(right);
            tally.wrong += u32::from(wrong);
            tally.time += time;
        }
    }
    println!("{:<16}{:>7}{:>7}{:>8}{:>7}{:>12}", "frames", "count", "read", "rate", "wrong", "ms a frame");
    for (name, tally) in rows {
        let rate = f64::from(tally.read) * 100.0 / f64::from(tally.frames.max(1));
        let each = tally.time.as_secs_f64() * 1000.0 / f64::from(tally.frames.max(1));
        println!("{name:<16}{:>7}{:>7}{rate:>7.1}%{:>7}{each:>12.2}", tally.frames, tally.read, tally.wrong);
    }
    Ok(())
}

fn write(folder: &Path, number: usize, frame: &Frame) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = format!("P5\n{} {}\n255\n", frame.width, frame.height).into_bytes();
    file.extend_from_slice(&frame.luma);
    std::fs::write(folder.join(format!("{number:05}.pgm")), file)?;
    std::fs::write(folder.join(format!("{number:05}.txt")), format!("{}\n{}", frame.kind, frame.text))
}
