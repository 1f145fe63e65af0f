//! A phone that dies, is switched on again, and dies once more before it has done what was left to do.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use super::sweep::{Stage, on_all_cores, settle, words_of};
use super::torn::copy_folder;
use super::trace::Fate;

/// What came of second crashes.
#[derive(Debug, Default)]
pub struct Twice {
    /// How many there were.
    pub points: usize,
    /// What went wrong, and where.
    pub failures: Vec<String>,
}

impl Stage {
    /// Behind the crash at every `step`-th point a second one, at a point that `draw` chooses, on all cores.
    #[must_use]
    pub fn sweep_twice(&self, step: usize, draw: usize) -> Twice {
        let found = Mutex::new(Twice::default());
        on_all_cores(self.calls.len(), step, |at| {
            if let Some(came) = self.die_twice(at, draw) {
                let mut found = found.lock().unwrap();
                found.points += 1;
                found.failures.extend(came.err());
            }
        });
        found.into_inner().unwrap()
    }

    /// Kills the child on entering its call number `at`, and the restarted app at one of its own. None if there was nothing left to do.
    #[must_use]
    pub fn die_twice(&self, at: usize, draw: usize) -> Option<Result<(), String>> {
        let (folder, _) = self.kill(at);
        // What the restarted app does is seen on a copy, where nobody disturbs it.
        let copy = folder.with_extension("seen");
        copy_folder(&folder, &copy);
        let left = self.run(&copy, 1, None).calls;
        fs::remove_dir_all(&copy).unwrap();
        let again = at.wrapping_mul(31).wrapping_add(draw).checked_rem(left.len());
        let died = again.map(|again| {
            let call = &left[again];
            let ran = self.run(&folder, 1, Some((&call.name, call.count, Fate::Kill)));
            assert!(ran.killed, "{} was to be killed at {at} and then at {again}", self.story.name);
            let done = catch_unwind(AssertUnwindSafe(|| settle(&self.story, &folder, 2, at)));
            done.map_err(|cause| {
                let (story, place, text) = (self.story.name, call.file.display(), words_of(&*cause));
                format!("{story} {at}, then {again} ({} {place}): {text}", call.name)
            })
        });
        fs::remove_dir_all(&folder).unwrap();
        died
    }
}
