//! Small stories explored whole, the beginnings of longer ones, and the same stories with a bug in each; the rest by `hazel-tests model`.
#![allow(clippy::panic, reason = "a story that goes wrong should stop loudly")]

use hazel_tests::checked::courses::draw_many;
use hazel_tests::checked::{Bug, broken_stories, long_stories, stories};

/// More than any of the shorter stories has, whichever way one comes to a state.
const WHOLE: usize = 2_000_000;
/// Of each longer one.
const STATES: usize = 20_000;
/// A bug must show within so many.
const TO_A_BUG: usize = 60_000;
/// So many longer courses are drawn.
const COURSES: u64 = 1_000;

#[test]
fn the_rules_hold_in_every_course_of_events() {
    for story in stories() {
        let name = story.name();
        let seen = story.explore(WHOLE, 2);
        assert!(seen.broken.is_none(), "{name}: {:?}", seen.broken);
        assert!(seen.whole && seen.lives, "{name}: {seen:?}");
        assert!(seen.states > 2_000, "{name}: only {} states: nothing happens in it", seen.states);
    }
}

#[test]
fn the_rules_hold_at_the_beginning_of_longer_stories() {
    for story in long_stories() {
        let name = story.name();
        let seen = story.explore(STATES, 2);
        assert!(seen.broken.is_none(), "{name}: {:?}", seen.broken);
        assert!(seen.states > 5_000, "{name}: only {} states: nothing happens in it", seen.states);
    }
}

#[test]
fn a_bug_in_a_story_is_caught() {
    for story in broken_stories() {
        let told = format!("{} with {:?}", story.name(), story.bug());
        let seen = story.explore(TO_A_BUG, 1);
        assert!(seen.broken.is_some(), "{told} was not caught in {} states", seen.states);
    }
}

#[test]
fn whatever_was_lost_or_came_late_everything_becomes_final() {
    let drawn = draw_many(Bug::None, 0, COURSES, 2);
    assert!(drawn.broken.is_empty(), "{:?}", drawn.broken.first_key_value());
    let faults: u64 = drawn.faults.values().sum();
    assert!(faults >= 5 * COURSES, "too little goes wrong: {:?}", drawn.faults);
}

#[test]
fn a_bug_in_courses_is_caught() {
    for bug in
        [Bug::OneSide, Bug::AnyHead, Bug::ContinueChain, Bug::NoView, Bug::CloseByTip, Bug::ForgetAnswers]
    {
        let drawn = draw_many(bug, 0, COURSES, 2);
        assert!(!drawn.broken.is_empty(), "{bug:?} was not caught in {COURSES} courses");
    }
}
