//! The crash sweep: `hazel-crash` lives through every crash of every story; `hazel-crash pay` of one, `hazel-crash pay 17` through
//! one crash of it; `hazel-crash hunt pay` until one does harm; `hazel-crash disk` lets the disk fail; `hazel-crash twice 7 [pay]` lets a second
//! crash follow each, at a place that the number chooses.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    reason = "a command that prints, measures, and stops loudly"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use hazel_tests::crash::disk::{After, BadDisk, pay_on_a_bad_disk};
use hazel_tests::crash::people::{Folder, only_tally, pay_until};
use hazel_tests::crash::sweep::{Report, Stage};
use hazel_tests::crash::{STORIES, Story, story, trace};
use hazel_tests::figures;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["child", name, folder, time] => {
            (named(name).act)(&Folder::new(Path::new(folder), time.parse().unwrap()));
        }
        ["bad-disk", after, folder] => {
            let after = After::named(after).unwrap_or_else(|| panic!("no such reaction: {after}"));
            pay_on_a_bad_disk(&Folder::new(Path::new(folder), 0), after);
        }
        ["payments", count, folder] => {
            let mut ben = Folder::new(Path::new(folder), 0).open("ben");
            let tally = only_tally(&ben);
            pay_until(&mut ben, &tally, count.parse().unwrap());
        }
        [] => return sweep(&STORIES, Which::All, true),
        ["disk"] => return sweep(&[], Which::All, true),
        ["twice", draw] => return twice(&STORIES, draw.parse().unwrap()),
        ["twice", draw, name] => return twice(&[named(name)], draw.parse().unwrap()),
        ["hunt", name] => return sweep(&[named(name)], Which::UntilHarm, false),
        [name] => return sweep(&[named(name)], Which::All, false),
        [name, at] => return sweep(&[named(name)], Which::One(at.parse().unwrap()), false),
        _ => {
            eprintln!("hazel-crash [disk | twice NUMBER [STORY] | hunt STORY | STORY [POINT]]");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn named(name: &str) -> Story {
    story(name).unwrap_or_else(|| {
        let names: Vec<_> = STORIES.iter().map(|story| story.name).collect();
        eprintln!("there is no story {name}; there are {}", names.join(", "));
        std::process::exit(2)
    })
}

/// Says why nothing can be killed here, if so.
fn can_kill() -> bool {
    let why = trace::obstacle();
    if let Some(why) = &why {
        eprintln!("no process can be killed at a chosen point here: {why}");
    }
    why.is_none()
}

/// Which crashes of a story are lived through.
#[derive(Clone, Copy)]
enum Which {
    All,
    UntilHarm,
    One(usize),
}

fn sweep(stories: &[Story], which: Which, with_disk: bool) -> ExitCode {
    if !can_kill() {
        return ExitCode::from(3);
    }
    figures::begin().unwrap();
    let child = std::env::current_exe().unwrap();
    let scratch: PathBuf = std::env::temp_dir().join(format!("hazel-crash-{}", std::process::id()));
    let began = Instant::now();
    let mut total = Report::default();
    println!("{:<12} {:>7} {:>7} {:>7} {:>9} {:>7}", "story", "killed", "torn", "lost", "failures", "time");
    for story in stories {
        let began = Instant::now();
        let stage = Stage::set(*story, &child, &scratch);
        let report = match which {
            Which::All => {
                let report = stage.sweep(1);
                let killed = report.killed.values().sum::<usize>() as u64;
                let (torn, lost, failed) =
                    (report.torn as u64, report.lost as u64, report.failures.len() as u64);
                let sums = [
                    ("points", report.points() as u64),
                    ("killed", killed),
                    ("torn", torn),
                    ("power cuts", lost),
                    ("failures", failed),
                ];
                let piece = format!("{}: {} points", story.name, report.points());
                figures::record("crash", &piece, &sums, began.elapsed().as_secs_f64()).unwrap();
                report
            }
            Which::UntilHarm => stage.sweep_until_harm(),
            Which::One(at) => {
                let mut report = Report::default();
                stage.live_through(at, &mut report);
                report
            }
        };
        line(story.name, &report, began);
        for failure in &report.failures {
            println!("  {failure}");
        }
        total.add(report);
    }
    line("total", &total, began);
    if with_disk {
        let began = Instant::now();
        let (faults, failures) = BadDisk::set(&child, &scratch).sweep(1);
        let sums = [("bad disks", faults as u64), ("failures", failures.len() as u64)];
        figures::record("crash", "disk", &sums, began.elapsed().as_secs_f64()).unwrap();
        println!("disk full, failed writes and failed syncs: {faults}, failures: {}", failures.len());
        for failure in &failures {
            println!("  {failure}");
        }
        total.failures.extend(failures);
    }
    for (kind, count) in &total.killed {
        println!("killed before {kind:?}: {count}");
    }
    println!("crash points: {}", total.points());
    std::fs::remove_dir_all(&scratch).unwrap();
    if total.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Stories, killed at every point, switched on and killed again.
fn twice(stories: &[Story], draw: usize) -> ExitCode {
    if !can_kill() {
        return ExitCode::from(3);
    }
    figures::begin().unwrap();
    let child = std::env::current_exe().unwrap();
    let scratch: PathBuf = std::env::temp_dir().join(format!("hazel-twice-{}", std::process::id()));
    let mut sound = true;
    println!("{:<12} {:>7} {:>9} {:>7}", "story", "killed", "failures", "time");
    for story in stories {
        let began = Instant::now();
        let found = Stage::set(*story, &child, &scratch).sweep_twice(1, draw);
        let (points, failed) = (found.points, found.failures.len());
        println!("{:<12} {points:>7} {failed:>9} {:>5} s", story.name, began.elapsed().as_secs());
        for failure in &found.failures {
            println!("  {failure}");
        }
        sound &= found.failures.is_empty();
        let sums = [("points", points as u64), ("failures", failed as u64)];
        let piece = format!("{}, {draw}: {points} points", story.name);
        figures::record("twice", &piece, &sums, began.elapsed().as_secs_f64()).unwrap();
    }
    std::fs::remove_dir_all(&scratch).unwrap();
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn line(name: &str, report: &Report, began: Instant) {
    println!(
        "{name:<12} {:>7} {:>7} {:>7} {:>9} {:>5} s",
        report.killed.values().sum::<usize>(),
        report.torn,
        report.lost,
        report.failures.len(),
        began.elapsed().as_secs()
    );
}
