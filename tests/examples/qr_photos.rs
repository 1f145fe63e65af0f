//! Reads picture files and says what was read in each: `qr_photos [--beside PYTHON] FILE…`, or with the names on standard input.
//!
//! One line a file: its name, the microseconds that reading took without the file's own decoding (the least of ten times,
//! which is what is left when nobody disturbs), and every content found. With `--beside`, a Python that has zxing-cpp reads
//! the same files (`qr_peer.py`), and the last lines compare the two.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    reason = "a measurement prints and looks at the clock"
)]

#[path = "beside/mod.rs"]
mod beside;

use std::ops::ControlFlow;
use std::time::Instant;

use beside::{Answer, hex};

/// How often every frame is read.
const TIMES: u32 = 10;

fn main() -> std::io::Result<()> {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    let python = (names.first().is_some_and(|word| word == "--beside")).then(|| names.drain(..2).nth(1));
    if names.is_empty() {
        names = std::io::read_to_string(std::io::stdin())?.lines().map(str::to_owned).collect();
    }
    let ours: Vec<Answer> = names.iter().map(|name| read(name)).collect();
    let Some(python) = python.flatten() else { return Ok(()) };
    let theirs = beside::read(&python, &names)?;
    let count = |answers: &[Answer]| answers.iter().filter(|answer| !answer.contents.is_empty()).count();
    let time = |answers: &[Answer]| answers.iter().map(|answer| answer.micros).sum::<f64>();
    let both = || ours.iter().zip(&theirs).zip(&names);
    let listed = |which: &dyn Fn(&Answer, &Answer) -> bool| {
        let named = both().filter(|((our, their), _)| which(our, their)).map(|(_, name)| name.as_str());
        named.collect::<Vec<_>>().join(" ")
    };
    println!("{} files: hazel-qr {}, zxing-cpp {}", names.len(), count(&ours), count(&theirs));
    println!("time, hazel-qr to zxing-cpp: {:.2}", time(&ours) / time(&theirs));
    println!(
        "only zxing-cpp: {}",
        listed(&|our, their| our.contents.is_empty() && !their.contents.is_empty())
    );
    println!(
        "only hazel-qr: {}",
        listed(&|our, their| !our.contents.is_empty() && their.contents.is_empty())
    );
    let differ = |our: &Answer, their: &Answer| {
        !our.contents.is_empty() && !their.contents.is_empty() && our.contents != their.contents
    };
    println!("read differently: {}", listed(&differ));
    let dearest =
        both().max_by(|((a, b), _), ((c, d), _)| (a.micros / b.micros).total_cmp(&(c.micros / d.micros)));
    if let Some(((our, their), name)) = dearest {
        println!("dearest: {:.1} times, {name}", our.micros / their.micros);
    }
    Ok(())
}

fn read(name: &str) -> Answer {
    let mut answer = Answer::default();
    let Ok(file) = std::fs::read(name) else {
        println!("{name}\tunreadable");
        return answer;
    };
    let mut found = Vec::new();
    let read = hazel_qr::file::frames(&file, &mut |frame| {
        let once = || {
            let begun = Instant::now();
            let codes = hazel_qr::read::codes(frame);
            (begun.elapsed(), codes)
        };
        let Some((least, codes)) = (0..TIMES).map(|_| once()).min_by_key(|(time, _)| *time) else {
            return ControlFlow::Break(());
        };
        answer.micros += least.as_secs_f64() * 1e6;
        answer.contents.extend(codes.iter().map(|code| hex(&code.content)));
        found.extend(codes.into_iter().map(|code| String::from_utf8_lossy(&code.content).into_owned()));
        ControlFlow::Continue(())
    });
    answer.contents.sort();
    let trouble = read.err().map_or_else(String::new, |refusal| refusal.to_string());
    println!("{name}\t{:.0}\t{found:?}\t{trouble}", answer.micros);
    answer
}
