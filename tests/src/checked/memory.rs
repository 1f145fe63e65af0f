//! What has been worked out before. A story's states are many and its phones few: the same phone hears the same letter in thousands of
//! states. What comes of it is asked of the production rules once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use hazel_core::digest::Digest;

/// So that threads seldom wait for one another.
const SHELVES: usize = 64;

/// A hash short enough to be looked up by and long enough never to be met twice.
pub(super) type Name = u128;

/// The name of what has this hash.
pub(super) fn short(digest: &Digest) -> Name {
    Name::from_le_bytes(digest.first())
}

/// What comes of two things that meet, by their names.
pub(super) struct Memory<V>(Vec<Mutex<BTreeMap<(Name, Name), V>>>);

impl<V> fmt::Debug for Memory<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

impl<V> Default for Memory<V> {
    fn default() -> Self {
        Self((0..SHELVES).map(|_| Mutex::default()).collect())
    }
}

impl<V: Clone> Memory<V> {
    /// What is remembered, or what is worked out now. Two threads may work out the same at once: it is the same.
    pub(super) fn of(&self, one: Name, other: Name, work_out: impl FnOnce() -> V) -> V {
        let [mixed, ..] = (one ^ other).to_le_bytes();
        let shelf = &self.0[usize::from(mixed) % SHELVES];
        let held = shelf.lock().unwrap_or_else(PoisonError::into_inner).get(&(one, other)).cloned();
        held.unwrap_or_else(|| {
            let made = work_out();
            shelf.lock().unwrap_or_else(PoisonError::into_inner).entry((one, other)).or_insert(made).clone()
        })
    }
}
