//! Measures our way and its floor in turn, in the same run, and prints the ratio. Machines differ; a ratio says something on all.
#![allow(dead_code, unreachable_pub, reason = "each bench uses the part it needs")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use hazel_core::digest::Digest;
use hazel_core::key::{Entropy, RecoveryWords};
use hazel_core::keystore::BareKey;
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId, Terms};
use hazel_core::units::Units;
use hazel_core::wallet::{Clock, Wallet};

/// A clock that stands still: benches measure work, not time.
pub struct Noon;

impl Clock for Noon {
    fn now(&self) -> u64 {
        1_760_000_000
    }
}

/// Bytes that are the same in every run.
pub struct Seeded(Digest);

impl Seeded {
    pub fn new(seed: &str) -> Self {
        Self(Digest::of(seed.as_bytes()))
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            self.0 = Digest::of(&self.0.0);
            part.copy_from_slice(&self.0.0[..part.len()]);
        }
    }
}

pub fn wallet(name: &str, store: Store) -> Wallet {
    let words = RecoveryWords::generate(&mut Seeded::new(name));
    let entropy = Box::new(Seeded::new(&format!("{name}'s wallet")));
    Wallet::create(store, &BareKey::new([5; 32]), name, &words, Box::new(Noon), entropy).unwrap()
}

pub fn hand(from: &mut Wallet, to: &mut Wallet, tally: &TallyId) {
    if let Some(bytes) = from.hand_over(tally).unwrap() {
        assert_eq!(to.receive(&bytes).unwrap().rejected, []);
    }
}

/// Opens a tally with room for any payment.
pub fn open_tally(stock: &mut Wallet, foil: &mut Wallet) -> TallyId {
    let terms = Terms { limit: Units::new(1_000_000_000_000), notice_days: 7 };
    let ticket = stock.invite(Side::Stock, terms, 3600, &[]).unwrap();
    let tally = foil.accept_ticket(&ticket, terms).unwrap();
    hand(foil, stock, &tally);
    stock.offer(&tally, None, None).unwrap();
    hand(stock, foil, &tally);
    let version = foil.offered(&tally).unwrap().version;
    foil.accept(&tally, &version).unwrap();
    for _ in 0..3 {
        hand(foil, stock, &tally);
        hand(stock, foil, &tally);
    }
    tally
}

#[expect(clippy::disallowed_methods, reason = "a bench is where time is measured")]
pub fn time<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

/// Runs both in turn and prints the ratio of the medians, beside what is aimed at.
pub fn ratio(what: &str, aim: f64, rounds: usize, floor: impl FnMut(), mut ours: impl FnMut()) -> f64 {
    ratio_at_leisure(what, aim, rounds, &mut (), |()| (), floor, |()| ours())
}

/// The same, with something that is done at leisure before each of ours, and not counted.
pub fn ratio_at_leisure<S>(
    what: &str,
    aim: f64,
    rounds: usize,
    with: &mut S,
    mut at_leisure: impl FnMut(&mut S),
    mut floor: impl FnMut(),
    mut ours: impl FnMut(&mut S),
) -> f64 {
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        at_leisure(with);
        low.push(time(&mut floor));
        high.push(time(|| ours(with)));
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    };
    let (low, high) = (median(&mut low), median(&mut high));
    let ratio = high / low;
    let verdict = if ratio <= aim { "reached" } else { "NOT reached" };
    println!(
        "{what}: {ratio:.2} x its floor of {:.1} us, {:.1} us (aim {aim:.2}, {verdict})",
        low * 1e6,
        high * 1e6
    );
    ratio
}
