//! What can be read and written inside one transaction. Each table has a file of its own beside this one.

use rusqlite::Connection;

use super::StoreError;
use super::rows::stored;

pub(super) type Result<T> = std::result::Result<T, StoreError>;

/// Rows of the database, for as long as a transaction lasts.
pub struct Shelf<'c>(pub(super) &'c Connection);

/// chit.no and place.no: a short name in the upper half, a running number in the lower.
pub(super) fn composed(upper: i64, lower: u64) -> Result<i64> {
    upper
        .checked_mul(1 << 32)
        .and_then(|base| base.checked_add(stored(lower).ok()?))
        .ok_or(StoreError::Corrupt { what: "a number" })
}

/// The stored name of a chit: its chain's short name in the upper half, its number in the lower.
pub fn chit_no(chain: i64, seq: u64) -> Result<i64> {
    composed(chain, seq)
}

impl<'c> Shelf<'c> {
    pub(super) const fn new(connection: &'c Connection) -> Self {
        Self(connection)
    }

    /// Tries something inside the transaction: if it is refused, what it wrote is taken back and the rest stays.
    pub fn attempt<T, E: From<StoreError>>(
        &self,
        act: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let run =
            |sql: &str| self.0.prepare_cached(sql).and_then(|mut s| s.execute([])).map_err(StoreError::from);
        run("SAVEPOINT attempt")?;
        let done = act();
        if done.is_err() {
            run("ROLLBACK TO attempt")?;
        }
        run("RELEASE attempt")?;
        done
    }
}
