//! Every parser of codes under spoilt seeds, on a stable compiler: `qr_fuzz [SECONDS] [SEED] [NAME…]`.
//!
//! So many seconds for each target, with inputs spoilt from its seeds and from those of others; what was read goes on being
//! spoilt, so that one input may be many steps away from anything honest. One line a target: how many inputs, and the
//! longest. A panic ends it, and the input stands in the message.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a command that works for a given time and says what it did"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use hazel_tests::fuzzing::run;
use hazel_tests::noise::Noise;
use hazel_tests::seeds::seeds;

/// What codes carry is read by the ledger's decoders.
const CARRIED: [&str; 9] = [
    "pledge_code",
    "receipted_code",
    "receipt",
    "invoice",
    "ticket",
    "offer",
    "handover",
    "typed_address",
    "typed_amount",
];

/// Inputs that are kept to be spoilt further.
const MOST_KEPT: usize = 256;

fn main() {
    let mut words = std::env::args().skip(1);
    let seconds = words.next().and_then(|word| word.parse().ok()).unwrap_or(10);
    let seed: u64 = words.next().and_then(|word| word.parse().ok()).unwrap_or(1);
    let wanted: Vec<String> = words.collect();
    let all = seeds();
    let mut sum = 0_u64;
    for (name, own) in &all {
        let of_codes = name.starts_with("qr_") || CARRIED.contains(name);
        let chosen = if wanted.is_empty() { of_codes } else { wanted.iter().any(|one| one == name) };
        if !chosen || own.is_empty() {
            continue;
        }
        let end = Instant::now().checked_add(Duration::from_secs(seconds));
        let mut noise = Noise::new(seed);
        let (mut kept, mut inputs, mut longest) = (own.clone(), 0_u64, 0);
        while end.is_some_and(|end| Instant::now() < end) {
            let Some((_, others)) = noise.pick(&all) else { break };
            let (Some(one), Some(other)) = (noise.pick(&kept).cloned(), noise.pick(others).cloned()) else {
                continue;
            };
            let input = noise.spoil(&one, &other);
            longest = longest.max(input.len());
            inputs = inputs.saturating_add(1);
            if catch_unwind(AssertUnwindSafe(|| run(name, &input))).is_err() {
                println!("{name} FAILS on {input:02x?}");
                std::process::exit(1);
            }
            match noise.below(8) {
                0 if kept.len() < MOST_KEPT => kept.push(input),
                1 if kept.len() >= MOST_KEPT => kept.clone_from(own),
                _ => {}
            }
        }
        println!("{name:<16}{inputs:>12} inputs, the longest of {longest} bytes, no failure");
        sum = sum.saturating_add(inputs);
    }
    println!("{sum} inputs in all");
}
