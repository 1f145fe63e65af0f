//! Many worlds at once, figures about them, and the page on which all that was measured stands.
#![allow(
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::print_stderr,
    reason = "figures for people who wait for them"
)]

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::figures::{self, Measured};
use crate::fuzzing::TARGETS;
use crate::model::Broken;
use crate::vectors;
use crate::world::Count;
use crate::world::action::{About, Schedule};
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

impl Figures {
    /// Keeps these figures for the report.
    pub fn keep(&self, first: u64) -> io::Result<()> {
        let (count, sums) = (&self.count, [self.schedules, self.faults(), self.broken.len() as u64]);
        let mut counted = vec![("schedules".to_owned(), sums[0]), ("faults".to_owned(), sums[1])];
        counted.push(("rules broken".to_owned(), sums[2]));
        counted.push(("steps".to_owned(), count.steps));
        counted.push(("chits signed".to_owned(), count.chits));
        for (kind, times) in &count.faults {
            counted.push((format!("{TIMES}{kind}"), *times));
            counted.push((format!("{SEEDS}{kind}"), self.seeds.get(kind).copied().unwrap_or_default()));
        }
        let counted: Vec<(&str, u64)> = counted.iter().map(|(what, sum)| (what.as_str(), *sum)).collect();
        let piece = format!("{first} to {}", first + self.schedules.saturating_sub(1));
        figures::record("worlds", &piece, &counted, self.took.as_secs_f64())
    }
}

const TIMES: &str = "fault: ";
const SEEDS: &str = "schedules with fault: ";

/// What the page speaks of: the command that measures it, what it counts, and how many are aimed at.
const ROWS: [(&str, &str, &str, &str); 20] = [
    ("worlds", "schedules", "Schedules, real signatures", "20,000"),
    ("worlds", "faults", "Faults in them", "5 a schedule"),
    ("worlds", "rules broken", "Rules broken in them", "0"),
    ("fast", "schedules", "Schedules of the rules alone, their work remembered", "300,000"),
    ("fast", "faults", "Faults in them", "5 a schedule"),
    ("fast", "rules broken", "Rules broken in them", "0"),
    ("crash", "points", "Crash points lived through", "10,000"),
    ("crash", "bad disks", "Writes and syncs that failed", "-"),
    ("crash", "failures", "Failures after a crash", "0"),
    ("twice", "points", "Phones killed, switched on and killed again", "-"),
    ("twice", "failures", "Failures after the second crash", "0"),
    ("model", "states", "States of small stories", "5,000,000"),
    ("planted", "bugs found", "Bugs planted and found", "10"),
    ("fuzz", "executions", "Executions of a fuzzer", "10,000,000"),
    ("mutants of a change", "caught", "Mutants of a change that were caught", "all"),
    ("mutants of a change", "unexplained", "Those that lived and nobody has explained", "0"),
    ("mutants of core", "caught", "Mutants of the core that were caught", "90 of 100"),
    ("mutants of core", "elsewhere", "Those of them that only tests of other packages caught", "-"),
    ("mutants of core", "lived", "Those that lived", "10 of 100"),
    ("mutants of core", "unexplained", "Those of them that nobody has explained", "-"),
];

/// Of which packages it is told how many of their lines are run by tests; of each as many are aimed at.
const COVERED: [&str; 6] = ["core", "sync", "meeting", "network", "qr", "cli"];
const COVERED_AIM: &str = "950";

/// Writes the page `tests/report.md`.
pub fn write() -> io::Result<()> {
    let page = page(&figures::read()?, &figures::commit()?)?;
    std::fs::write(vectors::folder().with_file_name("report.md"), page)
}

fn page(all: &figures::Figures, now: &str) -> io::Result<String> {
    let mut page = String::from(
        "# What was measured\n\nWritten by `cargo run --release -p hazel-tests --bin hazel-tests -- report` out of `figures.json`, into which each command puts \
         what it has counted itself, and the commit it ran on (a plus: with changes since). Nothing here is typed in.\n\n\
         | what | figure | aimed at | by | on |\n|---|---:|---:|---|---|\n",
    );
    for (command, what, title, aim) in ROWS {
        let found = all.get(command).and_then(|it| Some((it, it.sums.get(what)?)));
        let (figure, on) = found.map_or(("not measured", ""), |(it, _)| ("", it.commit.as_str()));
        let figure = found.map_or_else(|| figure.to_owned(), |(_, sum)| sum.to_string());
        page.push_str(&format!("| {title} | {figure} | {aim} | `{command}` | {on} |\n"));
    }
    let coverage = all.get("coverage").cloned().unwrap_or_default();
    for package in COVERED {
        let sum = |what: &str| coverage.sums.get(&format!("{package}: {what}")).copied().unwrap_or_default();
        let share = sum("lines covered").saturating_mul(1000).checked_div(sum("lines"));
        let (title, on) = (format!("Lines of {package} that tests run, of a thousand"), &coverage.commit);
        let figure = share.map_or_else(|| "not measured".to_owned(), |share| share.to_string());
        page.push_str(&format!("| {title} | {figure} | {COVERED_AIM} | `coverage` | {on} |\n"));
    }
    let lines = |name: &str| -> io::Result<usize> {
        let text = std::fs::read_to_string(vectors::folder().join(name))?;
        Ok(text.lines().count().saturating_sub(2))
    };
    for (name, title, aim) in [
        ("refused.json", "Vectors that a decoder refuses", "2,000"),
        ("door.json", "Vectors at the door", "-"),
        ("curve.json", "Keys and signatures at the edge", "-"),
        ("accepted.json", "Vectors that are let in", "-"),
    ] {
        page.push_str(&format!("| {title} | {} | {aim} | `vectors` | {now} |\n", lines(name)?));
    }
    let targets = TARGETS.len();
    page.push_str(&format!("| Parsers that any bytes are given to | {targets} | 25 | `fuzzing` | {now} |\n"));
    if let Some(worlds) = all.get("worlds") {
        faults(worlds, &mut page);
    }
    for (command, measured) in all {
        let Measured { commit, pieces, seconds, .. } = measured;
        page.push_str(&format!("\n## `{command}`, {seconds:.0} s in all, on {commit}\n\n"));
        for piece in pieces {
            page.push_str(&format!("- {piece}\n"));
        }
    }
    Ok(page)
}

fn faults(worlds: &Measured, page: &mut String) {
    let sum = |what: &str| worlds.sums.get(what).copied().unwrap_or_default();
    let per = |count: u64| count as f64 / sum("schedules").max(1) as f64;
    let (mean, rate) = (per(sum("faults")), sum("schedules") as f64 / worlds.seconds.max(0.001));
    page.push_str(&format!("\n## Faults\n\n{mean:.1} in a schedule; {rate:.1} schedules a second.\n\n"));
    page.push_str("| fault | times | in so many of a hundred schedules |\n|---|---:|---:|\n");
    for (what, times) in &worlds.sums {
        if let Some(kind) = what.strip_prefix(TIMES) {
            let share = per(sum(&format!("{SEEDS}{kind}"))) * 100.0;
            page.push_str(&format!("| {kind} | {times} | {share:.1} |\n"));
        }
    }
}

/// Runs the worlds of these seeds on all cores. Stops early when `enough` of them broke a rule.
#[must_use]
pub fn run_many(first: u64, how_many: u64, enough: usize, progress: bool) -> Figures {
    run_within(Duration::MAX, About::Anything, first, how_many, enough, progress)
}

/// The same for worlds in which mostly such things happen; none is begun after so long.
#[must_use]
pub fn run_within(
    most: Duration,
    about: About,
    first: u64,
    how_many: u64,
    enough: usize,
    progress: bool,
) -> Figures {
    let (next, stop) = (AtomicU64::new(first), AtomicBool::new(false));
    let (figures, begun) = (Mutex::new(Figures::default()), now());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) && begun.elapsed() < most {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + how_many {
                        return;
                    }
                    let run = replay::run(&Schedule::about(seed, about));
                    // At once: whoever stops a long run must not lose what it found.
                    if let (true, Some((_, why))) = (progress, &run.broken) {
                        eprintln!("\rseed {seed}: {why}");
                    }
                    let mut figures = figures.lock().expect("no thread stops while it counts");
                    figures.add(seed, run);
                    if figures.broken.len() >= enough {
                        stop.store(true, Ordering::Relaxed);
                    }
                    if progress && figures.schedules % 50 == 0 {
                        let (done, broken) = (figures.schedules, figures.broken.len());
                        eprint!("\r{done} of {how_many} worlds, {broken} broken ");
                        io::stderr().flush().ok();
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
#[must_use]
#[allow(clippy::disallowed_methods, reason = "how long a run takes is no part of any world")]
pub fn now() -> Instant {
    Instant::now()
}
