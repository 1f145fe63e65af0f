//! The same on PostgreSQL. What the node says to it for one pledge becomes a script for pgbench, with the numbers that must differ
//! counted up.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Instant;

use hazel_network::load::{Recording, Spoken};
use hazel_network::store::{Found, PostgresStore};
use postgres::{Client, NoTls};

use super::{Letters, filled, hand_in, node, rate, tell};

const ROUNDS: usize = 3_000;
const GROUP: usize = 256;
/// Which pledge of its tally is recorded.
const RECORDED: i64 = 3;

/// A database of this name, filled; made anew.
fn database(url: &str, name: &str) -> PostgresStore {
    let mut client = Client::connect(url, NoTls).unwrap();
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).unwrap();
    client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    filled(PostgresStore::connect(&[format!("{url} dbname={name}")]).unwrap())
}

/// A value as pgbench's SQL says it. A number of two parts, a chit's or a place's, has the counter in its lower part.
fn literal(value: &Found) -> String {
    match value {
        Found::Null => "NULL".into(),
        Found::Number(number) => {
            let (row, at) = (number >> 32, number & 0xffff_ffff);
            match (row, at) {
                (1.., 0..0xffff_ffff) => format!("({}::bigint + :n)", (row << 32) + at - RECORDED),
                _ => number.to_string(),
            }
        }
        Found::Bytes(bytes) => {
            bytes.iter().fold("'\\x".to_owned(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            }) + "'::bytea"
        }
        Found::Text(text) => format!("'{text}'"),
    }
}

fn script(said: &[Spoken]) -> String {
    let mut text = "\\set n :n + 1\nBEGIN;\n".to_owned();
    for spoken in said {
        let mut sql = spoken.sql.to_owned();
        // From the last, so that $1 is not found in $10.
        for (at, value) in spoken.values.iter().enumerate().rev() {
            sql = sql.replace(&format!("${}", at + 1), &literal(value));
        }
        let _ = writeln!(text, "{sql};");
    }
    text + "COMMIT;\n"
}

/// Transactions a second, as pgbench counts them.
fn pgbench(url: &str, name: &str, said: &[Spoken], clients: u32) -> Option<f64> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pledge.sql");
    std::fs::write(&file, script(said)).unwrap();
    let program = std::env::var("PGBENCH").unwrap_or_else(|_| "pgbench".into());
    let part =
        |key: &str| url.split_whitespace().find_map(|it| it.strip_prefix(key)).unwrap_or("").to_owned();
    let out = Command::new(program)
        .args(["-n", "-M", "prepared", "-D", "n=1000", "-c", &clients.to_string(), "-t", &ROUNDS.to_string()])
        .args(["-h", &part("host="), "-U", &part("user="), "-f", file.to_str().unwrap(), name])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{text}{}", String::from_utf8_lossy(&out.stderr));
    let tps = text.lines().find_map(|line| line.strip_prefix("tps = "))?;
    tps.split_whitespace().next()?.parse().ok()
}

fn ours(url: &str, name: &str, group: usize) -> f64 {
    let mut node = node(database(url, name));
    let mut letters = Letters::new();
    let batches = (0..ROUNDS / group).map(|_| letters.take(group)).collect::<Vec<_>>();
    let rounds = batches.len() * group;
    rate(rounds, hand_in(&mut node, batches))
}

/// Prints the ratios, or why there are none.
pub(crate) fn compare() {
    let Ok(url) = std::env::var("HAZEL_POSTGRES") else {
        println!("SKIPPED: PostgreSQL, because HAZEL_POSTGRES names no server");
        return;
    };
    let mut recorder = node(Recording::new(database(&url, "hazel_recorded")));
    let mut letters = Letters::new();
    let batches = (0..RECORDED).map(|_| letters.take_of_one()).collect();
    hand_in(&mut recorder, batches);
    let said = recorder.store().changes.pop().unwrap();
    println!(
        "PostgreSQL: {} statements a pledge, {} of them write",
        said.len(),
        said.iter().filter(|it| it.writes()).count()
    );
    drop(recorder);
    let begun = Instant::now();
    let Some(floor) = pgbench(&url, "hazel_recorded", &said, 1) else {
        println!("SKIPPED: pgbench, which is not in the path; PGBENCH may name it");
        return;
    };
    let (alone, grouped) = (ours(&url, "hazel_alone", 1), ours(&url, "hazel_grouped", GROUP));
    tell("PostgreSQL, a pledge a commit / pgbench with the same statements", 0.60, alone, floor);
    tell(&format!("PostgreSQL, {GROUP} pledges a commit / pgbench, one a commit"), 0.60, grouped, floor);
    println!("({} s in all)", begun.elapsed().as_secs());
}
