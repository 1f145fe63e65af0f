//! Some hundred worlds in every run of the tests; many more by `cargo run -p hazel-tests --release --bin hazel-tests -- worlds 20000`.
#![allow(clippy::panic, reason = "a world that goes wrong should stop loudly")]

mod once;
mod once_closed;
mod once_with_sites;

use hazel_tests::report::run_many;
use hazel_tests::world::action::Schedule;
use hazel_tests::world::replay;

#[test]
fn nothing_goes_wrong_in_worlds_where_everything_does() {
    let figures = run_many(0, 250, 1, false);
    if let Some((seed, broken)) = figures.broken.first_key_value() {
        panic!("seed {seed}: {}", replay::explain(&Schedule::draw(*seed), broken));
    }
    let mean = figures.faults() / figures.schedules;
    assert!(mean >= 5, "only {mean} faults in a schedule: the air is too good to prove anything");
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in [3, 14, 15, 92] {
        let schedule = Schedule::draw(seed);
        assert_eq!(replay::run(&schedule), replay::run(&schedule), "I29: seed {seed}");
    }
}

/// Plays a story that once broke a rule.
fn told(schedule: &Schedule) {
    if let Some(broken) = replay::run(schedule).broken {
        panic!("at action {}: {}\n{}", broken.0, broken.1, schedule.story());
    }
}
