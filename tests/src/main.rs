//! `vectors` writes what is kept in files, `corpus FOLDER` what fuzzers begin with, `seed N [ABOUT]` replays one world,
//! `worlds COUNT [FIRST [MINUTES]]` runs many, `hunt` until one breaks, `planted` looks for bugs made on purpose, `model` explores every
//! course of small stories, `fast` draws courses of longer ones, `fuzz` gives spoilt bytes to every parser, `mutants` and `coverage` keep what
//! other programs counted,
//! `report` writes the table of figures, out of what the others have measured.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the output of this program is what it is for")]

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use hazel_tests::checked;
use hazel_tests::checked::courses::draw_many;
use hazel_tests::coverage;
use hazel_tests::figures;
use hazel_tests::report::{self, run_within};
use hazel_tests::seeds::seeds;
use hazel_tests::spoiling::spoil;
use hazel_tests::vectors::{Vectors, folder};
use hazel_tests::world::action::{About, Schedule};
use hazel_tests::world::replay;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
    let about = || words.get(2).map_or(Some(About::default()), |name| About::named(name));
    if let Err(error) = figures::begin() {
        eprintln!("the figures will not be kept: {error}");
    }
    match (words.first().map(String::as_str), number(1)) {
        (Some("vectors"), _) => told(vectors()),
        (Some("corpus"), _) => told(words.get(1).map_or_else(no_folder, |folder| corpus(Path::new(folder)))),
        (Some("seed"), Some(seed)) => about().map_or_else(no_such_worlds, |about| one(seed, about)),
        (Some("worlds"), Some(count)) => {
            let most =
                number(3).map_or(Duration::MAX, |minutes| Duration::from_secs(minutes.saturating_mul(60)));
            many(number(2).unwrap_or(0), count, most)
        }
        (Some("hunt"), Some(count)) => about().map_or_else(no_such_worlds, |about| hunt(about, count)),
        (Some("planted"), _) => planted(words.get(1).map(String::as_str)),
        (Some("model"), most) => model(most.unwrap_or(1_000_000), words.get(2).map(String::as_str)),
        (Some("fast"), Some(count)) => courses(number(2).unwrap_or(0), count),
        (Some("fuzz"), seconds) => {
            let each = Duration::from_secs(seconds.unwrap_or(10));
            found_none(spoil(each, number(2).unwrap_or(1), words.get(3..).unwrap_or_default()))
        }
        (Some("mutants"), _) => found_none(mutants(&words)),
        (Some("coverage"), _) => told(covered(&words)),
        (Some("report"), _) => told(report::write()),
        _ => {
            eprintln!(
                "vectors | corpus FOLDER | seed N [ABOUT] | worlds COUNT [FIRST [MINUTES]] | hunt COUNT [ABOUT] | planted [NAME] | model [STATES [STORY]] | fast COUNT [FIRST] | fuzz [SECONDS [SEED [NAME…]]] | mutants MUTANTS.OUT TREE WHAT | coverage FILE | report"
            );
            ExitCode::from(2)
        }
    }
}

fn told(done: io::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to be told to if standard error is closed.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn no_folder() -> io::Result<()> {
    Err(io::Error::other("usage: hazel-tests corpus FOLDER"))
}

/// Says which mutants lived and are explained nowhere, and whether there was none.
fn mutants(words: &[String]) -> io::Result<bool> {
    let [_, found, tree, what] = words else {
        return Err(io::Error::other("usage: hazel-tests mutants MUTANTS.OUT TREE WHAT"));
    };
    let lived = hazel_tests::mutants::judge(Path::new(found), Path::new(tree), what)?;
    lived.iter().for_each(|mutant| println!("{mutant}"));
    Ok(lived.is_empty())
}

/// What no test runs, by file and line.
fn covered(words: &[String]) -> io::Result<()> {
    let file = words.get(1).ok_or_else(|| io::Error::other("usage: hazel-tests coverage FILE"))?;
    print!("{}", coverage::keep(Path::new(file))?);
    Ok(())
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

fn one(seed: u64, about: About) -> ExitCode {
    let schedule = Schedule::about(seed, about);
    print!("{}", schedule.story());
    let run = replay::run(&schedule);
    println!("// trace {}, {:?}", run.trace, run.count);
    match &run.broken {
        None => ExitCode::SUCCESS,
        Some(broken) => {
            println!("\nat action {}: {}", broken.0, broken.1);
            std::panic::set_hook(Box::new(|_| {}));
            println!("\n{}", replay::explain(&schedule, broken));
            ExitCode::FAILURE
        }
    }
}

fn no_such_worlds() -> ExitCode {
    eprintln!("worlds are about anything, restores, limits or lies");
    ExitCode::from(2)
}

/// Worlds until one breaks, in which mostly such things happen.
fn hunt(about: About, count: u64) -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let figures = run_within(Duration::MAX, about, 0, count, 1, false);
    match figures.broken.first_key_value() {
        None => {
            println!("{} worlds about {}: no rule was broken", figures.schedules, about.name());
            ExitCode::SUCCESS
        }
        Some((seed, broken)) => {
            println!("{} (seed {seed}, world {})", broken.1, figures.schedules);
            ExitCode::FAILURE
        }
    }
}

fn planted(only: Option<&str>) -> ExitCode {
    found_none(hazel_tests::planted::hunt(only))
}

fn found_none(done: io::Result<bool>) -> ExitCode {
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => told(Err(error)),
    }
}

/// Every story of the checked models, whole or up to so many states each; then the broken ones.
fn model(most: u64, only: Option<&str>) -> ExitCode {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut sound = true;
    println!("| story | states | depth | everything | what was found |\n|---|---:|---:|---|---|");
    let named = |story: &checked::Tale| only.is_none_or(|name| story.name().contains(name));
    let all = [checked::broken_stories(), checked::stories(), checked::long_stories()];
    for story in all.into_iter().flatten().filter(named) {
        let (name, bug, began) = (story.name(), story.bug(), report::now());
        let seen = story.explore(most, threads);
        let caught = seen.broken.is_some();
        sound &= caught != (bug == checked::Bug::None);
        let name = if bug == checked::Bug::None { name.to_owned() } else { format!("{name}, {bug:?}") };
        let whole = if seen.whole { "yes" } else { "no" };
        let found = seen.broken.unwrap_or_else(|| "nothing".to_owned());
        let (states, honest) = (seen.states as u64, bug == checked::Bug::None);
        let counts = if honest {
            ("states", "stories explored whole")
        } else {
            ("states of broken stories", "bugs caught")
        };
        let whole_too = u64::from(if honest { seen.whole } else { caught });
        let kept = figures::record(
            "model",
            &format!("{name}: {states} states{}", if seen.whole { ", whole" } else { "" }),
            &[(counts.0, states), (counts.1, whole_too)],
            began.elapsed().as_secs_f64(),
        );
        if let Err(error) = kept {
            eprintln!("the figures were not kept: {error}");
        }
        println!("| {name} | {} | {} | {whole} | {found} |", seen.states, seen.depth);
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Courses of longer stories of the rules alone.
fn courses(first: u64, count: u64) -> ExitCode {
    let began = report::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let drawn = draw_many(checked::Bug::None, first, count, threads);
    let (took, faults) = (began.elapsed(), drawn.faults.values().sum());
    println!(
        "{} courses, {} steps, {faults} faults, {} broken, in {took:.1?}",
        drawn.courses,
        drawn.steps,
        drawn.broken.len()
    );
    for (what, times) in &drawn.faults {
        println!("{what}: {times}");
    }
    if let Some((seed, (rule, acts))) = drawn.broken.first_key_value() {
        println!("course {seed}: {rule}, by {acts:?}");
    }
    let broken = drawn.broken.len() as u64;
    let sums =
        [("schedules", drawn.courses), ("steps", drawn.steps), ("faults", faults), ("rules broken", broken)];
    let piece = format!("{first} to {}", first.saturating_add(count).saturating_sub(1));
    if let Err(error) = figures::record("fast", &piece, &sums, took.as_secs_f64()) {
        eprintln!("the figures were not kept: {error}");
    }
    if drawn.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn many(first: u64, count: u64, most: Duration) -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let figures = run_within(most, About::Anything, first, count, usize::MAX, true);
    print!("{}", figures.table());
    if let Err(error) = figures.keep(first) {
        eprintln!("the figures were not kept: {error}");
    }
    let mut told = Vec::new();
    for (seed, broken) in &figures.broken {
        println!("seed {seed}, at action {}: {}", broken.0, broken.1);
    }
    for (seed, broken) in &figures.broken {
        if !told.contains(&broken.1.rule) {
            told.push(broken.1.rule);
            println!("\n{}", replay::explain(&Schedule::draw(*seed), broken));
        }
    }
    if figures.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
