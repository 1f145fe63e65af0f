//! Some hundred worlds in every run of the tests; many more by `cargo run -p hazel-tests --release -- worlds 20000`.
#![allow(clippy::panic, reason = "a world that goes wrong should stop loudly")]

use hazel_tests::report::run_many;
use hazel_tests::world::action::Schedule;
use hazel_tests::world::replay;

/// Findings that are open: a seed, and the rule that is broken there. What is known of them stands in `tests/README.md`. The list is exact:
/// another broken world fails, and so does one of these that holds again and was not taken out.
const OPEN: [(u64, u8); 3] = [(122, 13), (187, 13), (200, 3)];

#[test]
fn nothing_else_goes_wrong_in_worlds_where_everything_does() {
    let figures = run_many(0, 250, 250, false);
    let is_open = |seed: &u64, rule: u8| OPEN.contains(&(*seed, rule));
    if let Some((seed, broken)) = figures.broken.iter().find(|(seed, broken)| !is_open(seed, broken.1.rule)) {
        panic!("seed {seed}: {}", replay::explain(&Schedule::draw(*seed), broken));
    }
    assert_eq!(figures.broken.len(), OPEN.len(), "an open finding holds again: take it out of the list");
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
