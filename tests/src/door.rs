//! What the door says: objects of the right form, before a ground on which they do or do not pass.

use serde::{Deserialize, Serialize};

/// An object before the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtTheDoor {
    /// The sort of attempt.
    pub class: String,
}

/// All of them.
#[must_use]
pub fn vectors() -> Option<Vec<AtTheDoor>> {
    Some(Vec::new())
}
