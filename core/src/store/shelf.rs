//! What can be read and written inside one transaction. Each table has a file of its own beside this one.

use rusqlite::{CachedStatement, Connection, Params, Row, ffi};

use super::StoreError;
use super::rows::stored;

pub(super) type Result<T> = std::result::Result<T, StoreError>;

/// Rows of the database, for as long as a transaction lasts.
pub struct Shelf<'c>(pub(super) Open<'c>);

/// The connection while something is read, or changed inside one transaction. On a full or failing disk SQLite takes back a whole
/// transaction by itself, and what is written after that would stand alone: nothing more is let through.
pub(super) struct Open<'c> {
    connection: &'c Connection,
    changes: bool,
}

impl<'c> Open<'c> {
    fn has_ended(&self) -> bool {
        self.changes && self.connection.is_autocommit()
    }

    fn connection(&self) -> rusqlite::Result<&'c Connection> {
        if self.has_ended() {
            return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_ABORT_ROLLBACK), None));
        }
        Ok(self.connection)
    }

    pub(super) fn prepare_cached(&self, sql: &str) -> rusqlite::Result<CachedStatement<'c>> {
        self.connection()?.prepare_cached(sql)
    }

    pub(super) fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.connection()?.query_row(sql, params, read)
    }

    pub(super) fn execute_batch(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection()?.execute_batch(sql)
    }

    pub(super) fn last_insert_rowid(&self) -> i64 {
        self.connection.last_insert_rowid()
    }
}

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
    pub(super) const fn reading(connection: &'c Connection) -> Self {
        Self(Open { connection, changes: false })
    }

    pub(super) const fn changing(transaction: &'c Connection) -> Self {
        Self(Open { connection: transaction, changes: true })
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
        // There is nothing left to go back to.
        if self.0.has_ended() {
            return done;
        }
        if done.is_err() {
            run("ROLLBACK TO attempt")?;
        }
        run("RELEASE attempt")?;
        done
    }
}
