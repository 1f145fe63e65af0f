//! One seed, one story: run it, run it again, and if it fails make it as short as it can be.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hazel_core::digest::Digest;

use super::action::{Action, Schedule};
use super::{Count, World};
use crate::model::Broken;

/// What became of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The rule that did not hold, and at which action (its number, or one past the last for the healing).
    pub broken: Option<(usize, Broken)>,
    /// A hash over everything that happened.
    pub trace: Digest,
    /// What happened.
    pub count: Count,
}

/// Runs a schedule: the phase with faults, then the healing.
#[must_use]
pub fn run(schedule: &Schedule) -> Run {
    let mut at = 0;
    let mut world = None;
    let done = catch_unwind(AssertUnwindSafe(|| {
        let world = world.insert(World::new(schedule));
        live(world, schedule, &mut at)
    }));
    let broken = match done {
        Ok(Ok(())) => None,
        Ok(Err(broken)) => Some((at, broken)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Some((at, Broken::new(27, format!("a panic: {}", text.unwrap_or_default()))))
        }
    };
    let (trace, count) = world.map_or_else(Default::default, |world| (world.trace(), world.count()));
    Run { broken, trace, count }
}

/// What happens in a schedule, in words, up to where it breaks.
#[must_use]
pub fn tell(schedule: &Schedule) -> Vec<String> {
    let mut world = World::new(schedule);
    world.tell_all();
    // A panic has been told already, by whoever asked for the story.
    let _ = catch_unwind(AssertUnwindSafe(|| live(&mut world, schedule, &mut 0)));
    world.told().to_vec()
}

fn live(world: &mut World, schedule: &Schedule, at: &mut usize) -> Result<(), Broken> {
    for (stock, foil) in &schedule.pacts {
        world.negotiate(usize::from(*stock), usize::from(*foil))?;
    }
    world.move_in()?;
    for action in &schedule.actions {
        world.act(*action)?;
        *at += 1;
    }
    world.heal()
}

/// The shortest story that still breaks the same rule: actions are dropped as long as it does.
#[must_use]
pub fn shrink(schedule: &Schedule, broken: &(usize, Broken)) -> (Schedule, Broken) {
    let (mut best, mut why) = (schedule.clone(), broken.1.clone());
    best.actions.truncate(broken.0 + 1);
    if !still(&best, &mut why) {
        best.actions.clone_from(&schedule.actions);
    }
    let mut step = best.actions.len().div_ceil(2);
    while step > 0 {
        let mut from = 0;
        while from < best.actions.len() {
            let end = (from + step).min(best.actions.len());
            let shorter: Vec<Action> = [&best.actions[..from], &best.actions[end..]].concat();
            let shorter = best.with(shorter);
            if still(&shorter, &mut why) {
                best = shorter;
            } else {
                from = end;
            }
        }
        step /= 2;
    }
    (best, why)
}

fn still(schedule: &Schedule, why: &mut Broken) -> bool {
    match run(schedule).broken {
        Some((_, broken)) if broken.rule == why.rule => {
            *why = broken;
            true
        }
        _ => false,
    }
}

/// A failing schedule as a person reads it: the rule, and the shortest story that breaks it.
#[must_use]
pub fn explain(schedule: &Schedule, broken: &(usize, Broken)) -> String {
    let (short, why) = shrink(schedule, broken);
    let told = tell(&short).join("\n");
    format!("{why}\n{}// then everybody meets\n\n{told}\n{why}\n", short.story())
}
