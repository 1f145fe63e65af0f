//! A durable pledge, from the arrival of its letter to the endorsed head, beside bare durable commits of the very rows it writes; on
//! PostgreSQL beside pgbench running the very statements (`HAZEL_POSTGRES` names the server, `PGBENCH` the program).

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench stops loudly, looks at the clock and prints its figures"
)]

#[cfg(feature = "postgres")]
mod server;

use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group};
use hazel_core::key::{Entropy, SecretKey};
use hazel_core::tally::{Halves, Side};
use hazel_network::letter::Correspondent;
use hazel_network::load::{Pen, Person, Plan, Recording, Register, replay};
use hazel_network::node::{Event, Input, Node, Output};
use hazel_network::store::{SiteStore, SqliteStore};

const TALLIES: u64 = 10_000;
const ROUNDS: usize = 6_000;
const GROUP: usize = 256;

struct Numbers(u8);

impl Entropy for Numbers {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0 = self.0.wrapping_add(1);
        bytes.fill(self.0);
    }
}

fn own_key() -> SecretKey {
    SecretKey::from_seed(&[1; 32])
}

fn plan() -> Plan {
    let stock = SecretKey::from_seed(&[2; 32]).public();
    Plan { people: 1_000, tallies: TALLIES, sites: Halves { stock, foil: own_key().public() } }
}

fn filled<S: SiteStore>(mut store: S) -> S {
    plan().fill(&mut store, Side::Foil, &mut Register::default(), TALLIES, &mut |_| ()).unwrap();
    store
}

fn node<S: SiteStore>(store: S) -> Node<S> {
    Node::open(store, own_key(), Box::new(Numbers(0))).unwrap()
}

/// Letters of many people, each with one pledge; tallies in an order without neighbours.
struct Letters {
    pens: Vec<(Pen, [u8; 32])>,
    next: usize,
}

impl Letters {
    fn new() -> Self {
        let pen = |at: u64| {
            let tally = at * 7_919 % TALLIES;
            (plan().pen(tally), Person::new(plan().holder(tally)).link().public().0)
        };
        Self { pens: (0..2_000).map(pen).collect(), next: 0 }
    }

    /// The next pledge of always the same pen.
    #[cfg(feature = "postgres")]
    fn take_of_one(&mut self) -> Vec<Input> {
        self.next = 0;
        self.take(1)
    }

    fn take(&mut self, count: usize) -> Vec<Input> {
        (0..count)
            .map(|_| {
                let at = self.next % self.pens.len();
                self.next += 1;
                let (pen, user) = &mut self.pens[at];
                Input::Letter { from: Correspondent::User(*user), bytes: pen.letter() }
            })
            .collect()
    }
}

/// Hands letters in, so many a batch; how long that took. Every batch is durable when the next begins.
fn hand_in<S: SiteStore>(node: &mut Node<S>, batches: Vec<Vec<Input>>) -> Duration {
    let mut passed = Duration::ZERO;
    for batch in batches {
        let (wanted, begun) = (batch.len(), Instant::now());
        let outputs = node.batch(batch, 1);
        passed += begun.elapsed();
        let chits = outputs.iter().filter(|it| matches!(it, Output::Event(Event::Chits(..)))).count();
        assert_eq!(chits, wanted, "every letter's chit came in: {outputs:?}");
    }
    passed
}

fn rate(rounds: usize, passed: Duration) -> f64 {
    rounds as f64 / passed.as_secs_f64()
}

fn tell(what: &str, aim: f64, ours: f64, floor: f64) {
    let ratio = ours / floor;
    let verdict = if ratio >= aim { "reached" } else { "NOT reached" };
    println!(
        "{what}: {ratio:.2} x its floor; {ours:.0} against {floor:.0} a second (aim {aim:.2}, {verdict})"
    );
}

fn sqlite(path: &Path) -> SqliteStore {
    SqliteStore::open_one(path).unwrap()
}

/// Our rate and the floor's for batches of one size, measured in turn: medians. What the node says to its database is recorded in a first life and said again in
/// a second one, on a copy.
fn both(folder: &Path, group: usize) -> (f64, f64) {
    let first = folder.join("first.db");
    if !first.exists() {
        drop(filled(sqlite(&first)));
    }
    let copy = |name: &str| {
        let path = folder.join(format!("{name} {group}.db"));
        // Closed, the file is whole; a copy of the site's own making would begin new views first.
        std::fs::copy(&first, &path).unwrap();
        sqlite(&path)
    };
    let batches = || {
        let mut letters = Letters::new();
        (0..ROUNDS / group).map(|_| letters.take(group)).collect::<Vec<_>>()
    };
    let mut recorder = node(Recording::new(copy("recorded")));
    recorder.store().changes.clear();
    hand_in(&mut recorder, batches());
    let said = std::mem::take(&mut recorder.store().changes);
    let (mut bare, mut ours) = (copy("bare"), node(copy("ours")));
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for (change, batch) in said.chunks(1).zip(batches()) {
        let begun = Instant::now();
        replay(&mut bare, change).unwrap();
        low.push(begun.elapsed());
        high.push(hand_in(&mut ours, vec![batch]));
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        rate(group, times[times.len() / 2])
    };
    (median(high), median(low))
}

fn durable(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut node = node(filled(sqlite(&folder.path().join("site.db"))));
    let mut letters = Letters::new();
    c.bench_function("a durable pledge, alone in its commit", |b| {
        b.iter_batched(
            || vec![letters.take(1)],
            |batch| hand_in(&mut node, batch),
            criterion::BatchSize::PerIteration,
        );
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = durable
}

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    let folder = tempfile::tempdir().unwrap();
    let (alone, bare) = both(folder.path(), 1);
    tell("SQLite, a pledge a commit / bare commits of its rows", 0.50, alone, bare);
    let (grouped, bare_grouped) = both(folder.path(), GROUP);
    tell(&format!("SQLite, {GROUP} pledges a commit / bare commits, one a pledge"), 0.50, grouped, bare);
    tell(
        &format!("SQLite, {GROUP} pledges a commit / the rows of {GROUP} in one bare commit"),
        0.0,
        grouped,
        bare_grouped,
    );
    #[cfg(feature = "postgres")]
    server::compare();
}
