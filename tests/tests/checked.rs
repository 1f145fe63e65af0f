//! Small stories explored up to a small bound, and the same stories with a bug in each; the whole by `hazel-tests model`.
#![allow(clippy::panic, reason = "a story that goes wrong should stop loudly")]

use hazel_tests::checked::{broken_stories, long_stories, stories};

const STATES: usize = 3_000;
/// A bug must show within so many.
const TO_A_BUG: usize = 60_000;

#[test]
fn the_rules_hold_in_every_course_of_events() {
    for story in stories().into_iter().chain(long_stories()) {
        let name = story.name();
        let seen = story.explore(STATES, 1);
        assert!(seen.broken.is_none(), "{name}: {:?}", seen.broken);
        assert!(seen.states > 500, "{name}: only {} states: nothing happens in it", seen.states);
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
