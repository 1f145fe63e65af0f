//! Every target of the fuzzer under spoilt seeds, on a stable compiler: no coverage guides it, so many inputs have to do.

#![allow(clippy::print_stdout, reason = "a command that works for a given time and says what it did")]

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::figures;
use crate::fuzzing::run;
use crate::noise::Noise;
use crate::report::now;
use crate::seeds::seeds;

/// Inputs that are kept to be spoilt further.
const MOST_KEPT: usize = 256;

/// So many seconds for each target (or for those whose names begin with one of these), with inputs spoilt from its seeds and from those of
/// others; what was given goes on being spoilt, so that one input may be many steps away from anything honest. A panic ends it, and the
/// input is printed. Says whether there was none.
pub fn spoil(each: Duration, seed: u64, names: &[String]) -> io::Result<bool> {
    let all = seeds();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|one| name.starts_with(one.as_str()));
    let mut sum = 0_u64;
    for (name, own) in all.iter().filter(|(name, own)| wanted(name) && !own.is_empty()) {
        let began = now();
        let mut noise = Noise::new(seed);
        let (mut kept, mut inputs, mut longest) = (own.clone(), 0_u64, 0);
        while began.elapsed() < each {
            let Some((_, others)) = noise.pick(&all) else { break };
            let (Some(one), Some(other)) = (noise.pick(&kept).cloned(), noise.pick(others).cloned()) else {
                continue;
            };
            let input = noise.spoil(&one, &other);
            longest = longest.max(input.len());
            inputs = inputs.saturating_add(1);
            if catch_unwind(AssertUnwindSafe(|| run(name, &input))).is_err() {
                println!("{name} FAILS on {input:02x?}");
                return Ok(false);
            }
            match noise.below(8) {
                0 if kept.len() < MOST_KEPT => kept.push(input),
                1 if kept.len() >= MOST_KEPT => kept.clone_from(own),
                _ => {}
            }
        }
        println!("{name:<16}{inputs:>12} inputs, the longest of {longest} bytes, no failure");
        let piece = format!("{name}, seed {seed}: {inputs} inputs");
        let counted = [("executions", inputs), ("targets", 1)];
        figures::record("fuzz", &piece, &counted, began.elapsed().as_secs_f64())?;
        sum = sum.saturating_add(inputs);
    }
    println!("{sum} inputs in all");
    Ok(true)
}
