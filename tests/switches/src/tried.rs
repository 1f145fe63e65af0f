//! A mutant is tried: the tests that come past it are run with its switch on, the quickest first, until one fails.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::compiled::Program;

/// How the tests of some programs ended with a mutant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Caught,
    NeverEnds,
    Lived,
    /// None of them comes past it at all.
    Unseen,
}

/// A test, and what it took when nothing was changed.
#[derive(Debug, Clone)]
pub struct Test<'p> {
    program: &'p Program,
    name: String,
    took: Duration,
}

/// For each mutant, the tests that come past it, the quickest first.
pub type Passers<'p> = BTreeMap<usize, Vec<Test<'p>>>;

/// What each test of these programs comes past. One that fails in the copy with nothing changed, or takes longer than `longest`, is left out.
pub fn passers<'p>(
    programs: &'p [Program],
    scratch: &Path,
    longest: Duration,
) -> Result<Passers<'p>, Box<dyn Error>> {
    let mut names = VecDeque::new();
    for program in programs {
        let list = Command::new(&program.path)
            .current_dir(&program.folder)
            .args(["--list", "--format", "terse"])
            .output()?;
        for line in String::from_utf8(list.stdout)?.lines() {
            names.extend(line.strip_suffix(": test").map(|name| (program, name.to_owned())));
        }
    }
    eprintln!("{} tests, each alone, with nothing changed", names.len());
    let passed = together(names, |(program, name)| {
        let notes = scratch.join(format!("passed-{:?}", thread::current().id()));
        let _ = fs::remove_file(&notes);
        let began = Instant::now();
        let mut run = limited(program, longest.as_secs());
        let ended = run.args(["--exact", &name]).env("HAZEL_PASSED", &notes).status();
        let test = Test { took: began.elapsed(), program, name };
        let passed = fs::read_to_string(&notes).unwrap_or_default();
        let _ = fs::remove_file(&notes);
        (ended.is_ok_and(|ended| ended.success()), test, passed)
    });
    let mut passers = Passers::new();
    for (well, test, passed) in passed {
        if !well {
            eprintln!("left out, since it fails here with nothing changed or takes too long: {}", test.name);
            continue;
        }
        for id in passed.lines().filter_map(|line| line.parse().ok()) {
            passers.entry(id).or_default().push(test.clone());
        }
    }
    let sum: Duration = passers
        .values()
        .flatten()
        .map(|test| (&test.name, test.took))
        .collect::<BTreeMap<_, _>>()
        .values()
        .sum();
    eprintln!("they take {} s one after the other", sum.as_secs());
    for tests in passers.values_mut() {
        tests.sort_by_key(|test| test.took);
    }
    Ok(passers)
}

/// Turns one mutant on and runs its tests, as many as take no longer than `most` all together.
pub fn attempt(id: usize, passers: &Passers<'_>, most: Duration) -> End {
    let Some(mut rest) = passers.get(&id).map(Vec::as_slice) else { return End::Unseen };
    let (mut spent, mut share) = (Duration::ZERO, Duration::from_millis(200));
    while let Some(first) = rest.first() {
        // Of one program: those that stand together and are quick.
        let mut sum = Duration::ZERO;
        let some = rest.iter().take_while(|test| {
            sum += test.took;
            sum < share && test.program.path == first.program.path
        });
        let (now, later) = rest.split_at(some.count().max(1));
        rest = later;
        share = Duration::from_secs(5).min(share * 2);
        let took: Duration = now.iter().map(|test| test.took).sum();
        spent += took;
        if spent > most {
            break;
        }
        // What never ends has used up its share of the processor; what only grows, its share of the memory.
        let mut run = limited(first.program, 20 + 10 * took.as_secs());
        run.args(["--test-threads", "1", "--exact"])
            .args(now.iter().map(|test| &test.name))
            .env("HAZEL_SWITCH", id.to_string());
        match run.status() {
            Ok(ended) if ended.success() => {}
            Ok(ended) if ran_out(ended) => return End::NeverEnds,
            _ => return End::Caught,
        }
    }
    End::Lived
}

/// A program with at most so many seconds of processor, ten times as long by the clock, and four gigabytes.
fn limited(program: &Program, seconds: u64) -> Command {
    let mut run = Command::new("timeout");
    run.arg("-k").arg("1").arg((seconds * 10).to_string());
    run.args(["sh", "-c", "ulimit -t \"$0\" -v 4194304 -c 0; exec \"$@\""])
        .arg(seconds.to_string())
        .arg(&program.path);
    run.current_dir(&program.folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    run
}

/// `timeout` ends with 124; what it runs and a limit ends, with 128 and the signal: SIGXCPU, or SIGKILL a second later.
fn ran_out(ended: ExitStatus) -> bool {
    matches!(ended.code(), Some(124 | 137 | 152))
}

/// Does the same with each, on all processors.
pub fn together<T: Send, R: Send>(all: VecDeque<T>, each: impl Fn(T) -> R + Sync) -> Vec<R> {
    let queue = Mutex::new(all);
    let done = Mutex::new(Vec::new());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(one) = next() {
                    let result = each(one);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(result);
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}
