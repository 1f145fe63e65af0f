//! Two sites that are killed while two wallets trade: `hazel-sites 200` kills two hundred times; `hazel-sites 200 7` with another
//! seed; with the feature `postgres` and `HAZEL_POSTGRES` on that server. `hazel-sites sweep` kills one site at every write of its file.
//! As a child it is one of the sites.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a command that prints, and stops loudly"
)]

use std::path::Path;
use std::process::ExitCode;

use hazel_tests::sites::{self, Engine, child};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["letters", folder, script, said] => {
            sites::letters::take_in(Path::new(folder), Path::new(script), Path::new(said));
        }
        ["sweep"] => return sweep(1),
        ["sweep", step] => return sweep(step.parse().unwrap()),
        ["site", folder, port, neighbour, store] => {
            child::serve(Path::new(folder), port.parse().unwrap(), neighbour, store);
        }
        [kills] => told(&story(kills, "1")),
        [kills, seed] => told(&story(kills, seed)),
        _ => {
            eprintln!("hazel-sites KILLS [SEED] | sweep [EVERY]");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// On the server that `HAZEL_POSTGRES` names, if it names one; `HAZEL_POSTGRES_RESTART` is the command that restarts it.
fn story(kills: &str, seed: &str) -> sites::End {
    let engine = match std::env::var("HAZEL_POSTGRES") {
        Ok(url) => Engine::Postgres { url, restart: std::env::var("HAZEL_POSTGRES_RESTART").ok() },
        Err(_) => Engine::Sqlite,
    };
    sites::story(&std::env::current_exe().unwrap(), kills.parse().unwrap(), seed.parse().unwrap(), &engine)
}

/// A site killed at every point of its life, and on a bad disk at every point.
fn sweep(step: usize) -> ExitCode {
    let scratch = tempfile::tempdir().unwrap();
    let stage = sites::letters::Stage::set(&std::env::current_exe().unwrap(), scratch.path());
    let report = stage.sweep(step);
    let (disks, failures) = stage.bad_disks(step);
    println!(
        "{} points; {:?} killed, {} torn last writes, {} power cuts, {disks} bad disks",
        stage.points(),
        report.killed,
        report.torn,
        report.lost
    );
    let failures: Vec<String> = report.failures.into_iter().chain(failures).collect();
    failures.iter().for_each(|failure| println!("FAILED: {failure}"));
    ExitCode::from(u8::from(!failures.is_empty()))
}

fn told(end: &sites::End) {
    println!(
        "{} kills, {} restarts of the server, {} payments, {} asked for, {} times home, {} of them cut short; {} entries, all final and held, both halves equal",
        end.kills, end.restarts, end.payments, end.asked, end.visits, end.cut, end.entries
    );
}
