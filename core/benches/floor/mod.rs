//! Measures our way and its floor in turn, in the same run, and prints the ratio. Machines differ; a ratio says something on all.
#![allow(dead_code, unreachable_pub, reason = "each bench uses the part it needs")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId, Terms};
use hazel_core::units::Units;
use hazel_core::wallet::Wallet;

#[path = "../../tests/story/mod.rs"]
pub mod story;

use story::{StoryClock, accept, wallet_in};

pub fn wallet(name: &str, store: Store) -> Wallet {
    wallet_in(store, name, &StoryClock::new())
}

/// Hands over what there is to tell, and says whether there was anything.
pub fn hand(from: &mut Wallet, to: &mut Wallet, tally: &TallyId) -> bool {
    let Some(bytes) = from.hand_over(tally).unwrap() else { return false };
    assert_eq!(to.receive(&bytes).unwrap().rejected, []);
    true
}

/// Opens a tally with room for any payment.
pub fn open_tally(stock: &mut Wallet, foil: &mut Wallet) -> TallyId {
    let terms = Terms { limit: Units::new(1_000_000_000_000), notice_days: 7 };
    let ticket = stock.invite(Side::Stock, terms, 3600, &[]).unwrap();
    let tally = foil.accept_ticket(&ticket, terms).unwrap();
    story::offered(stock, foil, &tally);
    accept(foil, &tally);
    story::meet(foil, stock, &tally);
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
    println!(
        "{what}: {ratio:.3} x its floor of {:.1} us, {:.1} us (aim {aim:.2}, {})",
        low * 1e6,
        high * 1e6,
        verdict(ratio, aim)
    );
    ratio
}

/// Prints a size or a time beside what is aimed at.
pub fn figure(what: &str, value: f64, unit: &str, aim: f64) {
    println!("{what}: {value:.2} {unit} (aim {aim}, {})", verdict(value, aim));
}

fn verdict(value: f64, aim: f64) -> &'static str {
    if value <= aim { "reached" } else { "NOT reached" }
}

/// The median time of one turn, in microseconds, where `turns` are timed together because one is too short for the clock.
pub fn micros<T>(turns: u32, mut work: impl FnMut() -> T) -> f64 {
    let mut times: Vec<_> =
        (0..101).map(|_| time(|| (0..turns).for_each(|_| drop(black_box(work()))))).collect();
    times.sort_unstable();
    times[50].as_secs_f64() * 1e6 / f64::from(turns)
}

/// A measuring that is short enough for all benches to end within minutes; `cargo bench -- --measurement-time 20` takes longer.
pub fn criterion() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3))
}
