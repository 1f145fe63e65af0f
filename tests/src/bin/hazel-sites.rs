//! Two sites that are killed while two wallets trade: `hazel-sites 200` kills two hundred times; `hazel-sites 200 7` with another
//! seed. As a child it is one of the sites.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a command that prints, and stops loudly"
)]

use std::path::Path;
use std::process::ExitCode;

use hazel_tests::sites::{self, child};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["site", folder, port, neighbour] => {
            child::serve(Path::new(folder), port.parse().unwrap(), neighbour)
        }
        [kills] => told(&sites::story(&std::env::current_exe().unwrap(), kills.parse().unwrap(), 1)),
        [kills, seed] => {
            told(&sites::story(
                &std::env::current_exe().unwrap(),
                kills.parse().unwrap(),
                seed.parse().unwrap(),
            ));
        }
        _ => {
            eprintln!("hazel-sites KILLS [SEED]");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn told(end: &sites::End) {
    println!(
        "{} kills, {} payments, {} times home, {} of them cut short; {} entries, all final, both halves equal",
        end.kills, end.payments, end.visits, end.cut, end.entries
    );
}
