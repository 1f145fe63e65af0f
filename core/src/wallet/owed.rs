//! What a phone has to tell its partner again, one bit each in `Standing::owed`.

/// The partner has not shown yet that it has the contract.
pub(super) const OWED_CONTRACT: i64 = 1;
/// My word for the order.
pub(super) const OWED_ORDER: i64 = 2;
/// Receipts for everything again: the partner repeats what I hold.
pub(super) const OWED_RECEIPTS: i64 = 4;
/// A summary of what I hold.
pub(super) const OWED_HAVE: i64 = 8;
/// The whole order: the partner has lost its memory of it.
pub(super) const OWED_HISTORY: i64 = 32;
/// The words of both halves: the partner's device cannot speak for its own, or has lost what it said.
pub(super) const OWED_WORDS: i64 = 128;
/// A meeting has begun and has not come to equal heads: the next one begins with a summary.
pub(super) const UNFINISHED: i64 = 64;
