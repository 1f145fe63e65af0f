//! The errors as the page promises them, in words of this package: so that a core that says something else is found out.

use serde::{Deserialize, Serialize};

/// How something must be refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// The stable name.
    pub code: String,
    /// What a person reads.
    pub text: String,
}

impl Fault {
    /// A fault of this name and text.
    #[must_use]
    pub fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into() }
    }

    /// The bytes end too early.
    #[must_use]
    pub fn truncated(what: &str) -> Self {
        Self::new("truncated", format!("{what}: cut off in the middle"))
    }

    /// Something follows.
    #[must_use]
    pub fn trailing(what: &str, extra: usize) -> Self {
        Self::new("trailing", format!("{what}: too long at the end (bytes: {extra})"))
    }

    /// Another type stands there.
    #[must_use]
    pub fn wrong_type(what: &str) -> Self {
        Self::new("wrong_type", format!("{what}: another kind of value was expected"))
    }

    /// Another number of elements or bytes.
    #[must_use]
    pub fn wrong_length(what: &str, wanted: u64, found: u64) -> Self {
        Self::new("wrong_length", format!("{what}: {found} elements, but {wanted} belong there"))
    }

    /// Above its bound.
    #[must_use]
    pub fn too_long(what: &str, max: u64) -> Self {
        Self::new("too_long", format!("{what}: longer than the {max} allowed"))
    }

    /// Not within its range.
    #[must_use]
    pub fn out_of_range(what: &str) -> Self {
        Self::new("out_of_range", format!("{what}: the number is out of range"))
    }

    /// Not UTF-8.
    #[must_use]
    pub fn not_text(what: &str) -> Self {
        Self::new("not_text", format!("{what}: not valid UTF-8"))
    }

    /// Not the one encoding.
    #[must_use]
    pub fn not_canonical(what: &str) -> Self {
        Self::new("not_canonical", format!("{what}: not in canonical form"))
    }

    /// Of a version, suite or kind that comes later.
    #[must_use]
    pub fn newer(what: &str, version: u64) -> Self {
        Self::new("newer", format!("{what}: made by a newer Hazel (version {version}); update to read it"))
    }

    /// A key with which anybody could sign, in a document.
    #[must_use]
    pub fn weak_key(what: &str) -> Self {
        Self::new("weak_key", format!("{what}: a weak key"))
    }

    /// A signature that does not hold.
    #[must_use]
    pub fn bad_signature(what: &str) -> Self {
        Self::new("bad_signature", format!("{what}: the signature does not hold"))
    }

    /// A signature under a weak key.
    #[must_use]
    pub fn weak_signer(what: &str) -> Self {
        Self::new("weak_key", format!("{what}: the key is weak or no key at all"))
    }

    /// Of another tally.
    #[must_use]
    pub fn other_tally(what: &str) -> Self {
        Self::new("other_tally", format!("{what}: belongs to another tally"))
    }
}
