//! Some hundred worlds in every run of the tests; many more by `cargo run -p hazel-tests --release -- worlds 20000`.
#![allow(clippy::panic, reason = "a world that goes wrong should stop loudly")]

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

/// Stories that once broke a rule.
mod once {
    use hazel_tests::world::action::Action::{self, Close, Keep, Meet, Replay, Restore, Send};
    use hazel_tests::world::action::{Fate, Schedule};
    use hazel_tests::world::replay;

    fn holds(seed: u64, actions: Vec<Action>) {
        let schedule = Schedule { seed, liars: vec![false, false], pacts: vec![(0, 1)], actions };
        if let Some(broken) = replay::run(&schedule).broken {
            panic!("at action {}: {}\n{}", broken.0, broken.1, schedule.story());
        }
    }

    /// Seed 1127, I24: a restored foil took its own summary, thrown back by the air, for its partner's answer, and ordered anew what
    /// its partner had confirmed.
    #[test]
    fn a_restored_foil_hears_itself() {
        let send = |to| Send { phone: 7, tally: 5, to, fate: Fate::default() };
        let restore = Restore { pick: 24, old_lives: false, from_backup: false };
        for pick in 0..12 {
            let heard = Replay { pick, to: 1 };
            let meet = Meet { phone: 3, tally: 0, to: 8 };
            let keep = Keep { phone: 5 };
            let close = Close { phone: 5, tally: 5 };
            holds(1127, vec![meet, keep, close, send(1), restore, send(6), send(7), send(11), heard]);
        }
    }
}
