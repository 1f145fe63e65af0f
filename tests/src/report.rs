//! Many worlds at once, and figures about them.
#![allow(
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::print_stderr,
    reason = "figures for people who wait for them"
)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::model::Broken;
use crate::world::Count;
use crate::world::action::Schedule;
use crate::world::replay;

/// What came of many worlds.
#[derive(Debug, Default)]
pub struct Figures {
    /// How many were run.
    pub schedules: u64,
    /// Steps, chits and faults of all of them.
    pub count: Count,
    /// In how many schedules each kind of fault was injected.
    pub seeds: BTreeMap<&'static str, u64>,
    /// Those in which a rule did not hold.
    pub broken: BTreeMap<u64, (usize, Broken)>,
    /// How long it took.
    pub took: Duration,
}

impl Figures {
    /// Faults that were injected, of all kinds.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.count.faults.values().sum()
    }

    fn add(&mut self, seed: u64, run: replay::Run) {
        self.schedules += 1;
        self.count.steps += run.count.steps;
        self.count.chits += run.count.chits;
        for (kind, times) in run.count.faults {
            *self.count.faults.entry(kind).or_default() += times;
            *self.seeds.entry(kind).or_default() += 1;
        }
        if let Some(broken) = run.broken {
            self.broken.insert(seed, broken);
        }
    }

    /// The figures as a table.
    #[must_use]
    pub fn table(&self) -> String {
        let per = |sum: u64| sum as f64 / self.schedules.max(1) as f64;
        let seconds = self.took.as_secs_f64();
        let mut table =
            String::from("| what | sum | per schedule | in so many of a hundred |\n|---|---:|---:|---:|\n");
        let mut row =
            |what: &str, sum: u64| table.push_str(&format!("| {what} | {sum} | {:.2} | |\n", per(sum)));
        row("schedules", self.schedules);
        row("steps", self.count.steps);
        row("chits signed", self.count.chits);
        row("faults", self.faults());
        row("rules broken", self.broken.len() as u64);
        for (kind, times) in &self.count.faults {
            let seeds = self.seeds.get(kind).copied().unwrap_or_default();
            let (mean, share) = (per(*times), per(seeds) * 100.0);
            table.push_str(&format!("| fault: {kind} | {times} | {mean:.2} | {share:.1} |\n"));
        }
        let rate = self.schedules as f64 / seconds.max(0.001);
        table.push_str(&format!("\n{seconds:.1} s, {rate:.1} schedules/s\n"));
        table
    }
}

/// Runs the worlds of these seeds on all cores. Stops early when `enough` of them broke a rule.
#[must_use]
pub fn run_many(first: u64, how_many: u64, enough: usize, progress: bool) -> Figures {
    let (next, stop) = (AtomicU64::new(first), AtomicBool::new(false));
    let (figures, begun) = (Mutex::new(Figures::default()), now());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + how_many {
                        return;
                    }
                    let run = replay::run(&Schedule::draw(seed));
                    let mut figures = figures.lock().expect("no thread stops while it counts");
                    figures.add(seed, run);
                    if figures.broken.len() >= enough {
                        stop.store(true, Ordering::Relaxed);
                    }
                    if progress && figures.schedules % 50 == 0 {
                        let (done, broken) = (figures.schedules, figures.broken.len());
                        eprint!("\r{done} of {how_many} worlds, {broken} broken ");
                        std::io::stderr().flush().ok();
                    }
                }
            });
        }
    });
    if progress {
        eprintln!();
    }
    let mut figures = figures.into_inner().expect("no thread stops while it counts");
    figures.took = begun.elapsed();
    figures
}

/// The one place where a wall clock is read: to say how long it took.
#[allow(clippy::disallowed_methods, reason = "how long a run takes is no part of any world")]
fn now() -> Instant {
    Instant::now()
}
