//! How many of the hard frames are read: `qr_rates [ROUNDS] [SEED] [FOLDER [PYTHON]]`.
//!
//! With a folder, every frame is also written there as PGM with its text beside it, so that any other reader can
//! be tried on the same pixels; with a Python that has zxing-cpp, that reader is tried at once, and stands beside ours.

#![expect(
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a command that measures and prints"
)]

#[path = "beside/mod.rs"]
mod beside;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use beside::hex;
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

impl Tally {
    fn add(&mut self, contents: &[String], text: &str, time: Duration) {
        let text = hex(text.as_bytes());
        self.frames += 1;
        self.read += u32::from(contents.contains(&text));
        self.wrong += u32::from(contents.iter().any(|content| *content != text));
        self.time += time;
    }

    fn rate(&self) -> f64 {
        f64::from(self.read) * 100.0 / f64::from(self.frames.max(1))
    }

    fn each(&self) -> f64 {
        self.time.as_secs_f64() * 1000.0 / f64::from(self.frames.max(1))
    }
}

type Rows = BTreeMap<String, Tally>;

fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip(1);
    let rounds = words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(10);
    let seed = words.next().and_then(|word| word.parse().ok()).unwrap_or(1);
    let (folder, python) = (words.next(), words.next());
    let (mut ours, mut theirs) = (Rows::new(), Rows::new());
    let (mut files, mut known) = (Vec::new(), Vec::new());
    let worn = (0..rounds.saturating_mul(10)).map(|round| frames::worn(seed ^ round));
    for (number, frame) in frames::hard(seed, rounds).chain(worn).enumerate() {
        if let Some(folder) = &folder {
            files.push(write(Path::new(folder), number, &frame)?);
        }
        let Ok(luma) = Luma::new(&frame.luma, frame.width, frame.height, frame.width) else { continue };
        let begun = Instant::now();
        let seen = read::codes(&luma);
        let time = begun.elapsed();
        let contents: Vec<String> = seen.iter().map(|code| hex(&code.content)).collect();
        for row in rows(&frame) {
            ours.entry(row).or_default().add(&contents, &frame.text, time);
        }
        known.push((rows(&frame), frame.text));
    }
    if let Some(python) = python {
        for (answer, (rows, text)) in beside::read(&python, &files)?.into_iter().zip(&known) {
            let time = Duration::from_secs_f64(answer.micros.max(0.0) / 1e6);
            for row in rows {
                theirs.entry(row.clone()).or_default().add(&answer.contents, text, time);
            }
        }
    }
    print(&ours, &theirs);
    Ok(())
}

fn rows(frame: &Frame) -> [String; 3] {
    let whole = if frame.kind == "worn" { "own codes, worn" } else { "total, hard" };
    [frame.kind.to_owned(), format!("v{:02} {}", frame.version, frame.width), whole.to_owned()]
}

fn print(ours: &Rows, theirs: &Rows) {
    println!(
        "{:<16}{:>7}{:>8}{:>7}{:>12}   zxing-cpp the same, and our time to its",
        "frames", "count", "rate", "wrong", "ms a frame"
    );
    for (name, tally) in ours {
        let own = format!(
            "{name:<16}{:>7}{:>7.1}%{:>7}{:>12.2}",
            tally.frames,
            tally.rate(),
            tally.wrong,
            tally.each()
        );
        match theirs.get(name) {
            Some(peer) => println!(
                "{own}   {:>7.1}%{:>7}{:>12.2}{:>8.2}",
                peer.rate(),
                peer.wrong,
                peer.each(),
                tally.each() / peer.each()
            ),
            None => println!("{own}"),
        }
    }
}

fn write(folder: &Path, number: usize, frame: &Frame) -> std::io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let mut file = format!("P5\n{} {}\n255\n", frame.width, frame.height).into_bytes();
    file.extend_from_slice(&frame.luma);
    let picture = folder.join(format!("{number:05}.pgm"));
    std::fs::write(&picture, file)?;
    std::fs::write(folder.join(format!("{number:05}.txt")), format!("{}\n{}", frame.kind, frame.text))?;
    Ok(picture.to_string_lossy().into_owned())
}
