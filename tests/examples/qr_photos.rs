//! Reads picture files and prints what was read in each: `cargo run --release -p hazel-tests --example qr_photos -- FILE…`
//!
//! One line a file: its name, the microseconds that reading took without the file's own decoding (the least of ten
//! times, which is what is left when nobody disturbs), and every content found.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement prints and looks at the clock"
)]

use std::ops::ControlFlow;
use std::time::Instant;

/// How often every frame is read.
const TIMES: u32 = 10;

fn main() {
    for name in std::env::args().skip(1) {
        let Ok(file) = std::fs::read(&name) else {
            println!("{name}\tunreadable");
            continue;
        };
        let (mut found, mut micros) = (Vec::new(), 0_u128);
        let read = hazel_qr::file::frames(&file, &mut |frame| {
            let once = || {
                let begun = Instant::now();
                let codes = hazel_qr::read::codes(frame);
                (begun.elapsed().as_micros(), codes)
            };
            let Some((least, codes)) = (0..TIMES).map(|_| once()).min_by_key(|(time, _)| *time) else {
                return ControlFlow::Break(());
            };
            micros = micros.saturating_add(least);
            found.extend(codes.into_iter().map(|code| String::from_utf8_lossy(&code.content).into_owned()));
            ControlFlow::Continue(())
        });
        let trouble = read.err().map_or_else(String::new, |refusal| refusal.to_string());
        println!("{name}\t{micros}\t{found:?}\t{trouble}");
    }
}
