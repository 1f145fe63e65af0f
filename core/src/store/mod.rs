//! The one database: SQLite, one file, every write durable before anything built on it leaves the device.
//!
//! [`Store`] opens the file and runs transactions; [`Shelf`] is what can be read and written inside one. Nothing here decides:
//! rules hand over rows, and rows come back as they were.

mod aside;
mod chains;
mod chits;
mod errands;
mod invoices;
mod owner;
mod places;
mod purses;
mod room;
mod rows;
mod shelf;
mod standings;
mod sums;
mod tables;
mod tallies;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

pub use aside::Begun;
pub use errands::ErrandRow;
pub use purses::{Front, Purse};
pub use rows::{
    Bookmark, ChainRow, Event, Glance, InvoiceRow, KeptWord, PlaceRow, PlacedChit, Reached, Standing,
    StoredChit, TallyRow, TallySecrets, Traded, WalletRow,
};
pub use shelf::{Shelf, chit_no};
pub use sums::CountedTable;

/// The version of the schema, counted in migrations.
pub const SCHEMA_VERSION: usize = MIGRATIONS.len();

const MIGRATIONS: [&str; 2] =
    [include_str!("migrations/0001_ledger.sql"), include_str!("migrations/0002_meetings.sql")];
/// "HAZL", so that a stray file is told apart from a damaged wallet.
const APPLICATION_ID: i32 = 0x4841_5a4c;
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// Why the database did not do what it was asked. In every case but [`StoreError::Unsettled`] nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another program holds it.
    #[error("the wallet is in use by another program; close that and try again")]
    Busy,
    /// No room on the disk.
    #[error("the disk is full; nothing was changed. Free some space and try again")]
    Full,
    /// The disk does not take writes for another reason.
    #[error("the disk does not work as it should (code {code}); nothing was changed")]
    Disk {
        /// SQLite's extended code.
        code: i32,
    },
    /// The disk failed so badly that it is not known whether the last change was kept. Nothing is signed until the file is opened again.
    #[error(
        "the disk failed while a change was being kept. Close the wallet and open it again: it then shows whether the change was kept"
    )]
    Unsettled,
    /// The file cannot be opened or written.
    #[error("the wallet file cannot be opened; check that it exists and that you may write to it")]
    Unreachable,
    /// The file is no wallet of ours.
    #[error("this file is not a Hazel wallet")]
    NotAWallet,
    /// The file was written by a newer Hazel.
    #[error("this wallet was written by a newer Hazel; update to open it")]
    Newer,
    /// What is stored is not what was written.
    #[error("the wallet file is damaged ({what}); restore it from a backup")]
    Corrupt {
        /// Where it shows.
        what: &'static str,
    },
    /// A statement of ours is wrong. A defect of Hazel, if [`Store::check_tables`] finds the tables as they should be.
    #[error("a defect in Hazel's database code (code {code})")]
    Defect {
        /// SQLite's extended code.
        code: i32,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let Some(inner) = error.sqlite_error() else {
            return match error {
                rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::Utf8Error(..) => Self::Corrupt { what: "a column" },
                rusqlite::Error::IntegralValueOutOfRange(..) => Self::Corrupt { what: "a number" },
                rusqlite::Error::QueryReturnedNoRows => Self::Corrupt { what: "a missing row" },
                _ => Self::Defect { code: 0 },
            };
        };
        match inner.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::DatabaseCorrupt => Self::Corrupt { what: "its pages" },
            ErrorCode::NotADatabase => Self::NotAWallet,
            ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly => Self::Unreachable,
            ErrorCode::SystemIoFailure | ErrorCode::OperationAborted => {
                Self::Disk { code: inner.extended_code }
            }
            _ => Self::Defect { code: inner.extended_code },
        }
    }
}

impl From<rusqlite_migration::Error> for StoreError {
    fn from(error: rusqlite_migration::Error) -> Self {
        match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
            rusqlite_migration::Error::MigrationDefinition(
                rusqlite_migration::MigrationDefinitionError::DatabaseTooFarAhead,
            ) => Self::Newer,
            _ => Self::Defect { code: 0 },
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Unreachable
            }
            _ => Self::Disk { code: error.raw_os_error().unwrap_or(0) },
        }
    }
}

/// An open database.
pub struct Store {
    connection: Connection,
    /// What brought its tables about.
    migrations: Vec<&'static str>,
    unsettled: bool,
}

impl Store {
    /// Makes a new file. Refuses one that is there.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let mut made = Self::draft(path)?;
        made.publish(path)?;
        Ok(made)
    }

    /// Makes a new file beside the place where it belongs, so that nobody takes it for whole before [`Store::publish`]. What an earlier
    /// attempt has left there is thrown away.
    pub(crate) fn draft(path: &Path) -> Result<Self, StoreError> {
        if path.exists() {
            return Err(StoreError::Unreachable);
        }
        let draft = beside(path, ".new");
        Self::remove(&draft)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::prepare(Connection::open_with_flags(draft, flags)?, &MIGRATIONS)
    }

    /// Gives a draft its name, at once and for good.
    pub(crate) fn publish(&mut self, path: &Path) -> Result<(), StoreError> {
        self.fold()?;
        let draft = beside(path, ".new");
        // Closed before it is renamed: an open file's log goes by the old name.
        self.connection = Connection::open_in_memory()?;
        name(&draft, path)?;
        *self = Self::open(path)?;
        Ok(())
    }

    /// Closes the database and removes it from the disk.
    pub(crate) fn discard(self) -> Result<(), StoreError> {
        self.fold()?;
        let path = self.connection.path().map(PathBuf::from);
        drop(self);
        match path.filter(|path| !path.as_os_str().is_empty()) {
            Some(path) => Self::remove(&path),
            None => Ok(()),
        }
    }

    /// Moves the log into the file and empties it.
    fn fold(&self) -> Result<(), StoreError> {
        let busy: i64 = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy == 0 { Ok(()) } else { Err(StoreError::Busy) }
    }

    /// Removes a database and what belongs to it; the file that has a name last.
    pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
        let files = [beside(path, "-journal"), beside(path, "-shm"), beside(path, "-wal"), path.to_owned()];
        for file in files {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Opens a file that is there and brings its schema up to date.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, &MIGRATIONS).map_err(|error| match error {
            StoreError::Unreachable | StoreError::Defect { .. } if tables::head_bent(path) => {
                StoreError::Corrupt { what: "its head" }
            }
            other => other,
        })
    }

    /// Opens a file as the next Hazel will: with migrations that come after the released ones. For rehearsing them.
    pub fn open_ahead(path: &Path, next: &[&'static str]) -> Result<Self, StoreError> {
        Self::open_with(path, &[&MIGRATIONS, next].concat())
    }

    fn open_with(path: &Path, migrations: &[&'static str]) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
        if application != APPLICATION_ID {
            return Err(StoreError::NotAWallet);
        }
        Self::prepare(connection, migrations)
    }

    /// A database in memory, for rehearsals and tests.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::prepare(Connection::open_in_memory()?, &MIGRATIONS)
    }

    fn prepare(mut connection: Connection, migrations: &[&'static str]) -> Result<Self, StoreError> {
        connection.busy_timeout(BUSY_WAIT)?;
        // More than there are statements, so that none is read twice.
        connection.set_prepared_statement_cache_capacity(128);
        // A statement is planned once. Otherwise SQLite plans a `LIMIT ?` anew each time it is bound.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // On Apple's systems fsync alone leaves data in the drive's cache; elsewhere this does nothing.
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "cache_size", -4000)?;
        sums::teach_row_sum(&connection)?;
        Migrations::new(migrations.iter().map(|sql| M::up(sql)).collect()).to_latest(&mut connection)?;
        let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
        if application != APPLICATION_ID {
            connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
        Ok(Self { connection, migrations: migrations.to_vec(), unsettled: false })
    }

    /// Reads.
    pub fn read<T, E: From<StoreError>>(
        &self,
        look: impl FnOnce(&Shelf<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        look(&Shelf::reading(&self.connection))
    }

    /// Changes everything or nothing; when it returns, the change is on the disk.
    pub fn change<T, E: From<StoreError>>(
        &mut self,
        act: impl FnOnce(&Shelf<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.unsettled {
            return Err(StoreError::Unsettled.into());
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let done = act(&Shelf::changing(&transaction))?;
        match transaction.commit().map_err(StoreError::from) {
            Ok(()) => Ok(done),
            Err(error @ StoreError::Disk { .. }) => Err(self.take_back(error).into()),
            Err(error) => Err(error.into()),
        }
    }

    /// When a sync fails, the whole change stands in the log already, and whoever opens the file after a crash would find it there and
    /// believe it. An empty change written over it makes "nothing was changed" true. If that fails as well, nobody knows.
    fn take_back(&mut self, error: StoreError) -> StoreError {
        let version = self.connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
        let over = version.and_then(|version| self.connection.pragma_update(None, "user_version", version));
        self.unsettled = over.is_err();
        if self.unsettled { StoreError::Unsettled } else { error }
    }

    /// Lets the database grow by so many pages and no more; without a number, as far as there is room. For rehearsing a full disk: the first
    /// write that needs another page is refused by SQLite itself.
    pub fn grow_at_most(&self, pages: Option<u32>) -> Result<(), StoreError> {
        let held: u32 = self.connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let most = pages.map_or(u32::MAX - 1, |pages| held.saturating_add(pages));
        self.connection.query_row(&format!("PRAGMA max_page_count = {most}"), [], |_| Ok(()))?;
        Ok(())
    }

    /// Whether SQLite itself finds its pages in order.
    pub fn check_pages(&self) -> Result<(), StoreError> {
        let verdict: String = self.connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if verdict == "ok" { Ok(()) } else { Err(StoreError::Corrupt { what: "its pages" }) }
    }

    /// A whole copy into a new file, while the wallet goes on.
    pub fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        self.connection.backup("main", path, None)?;
        Ok(())
    }
}

/// A file beside another, as SQLite names its own.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// Gives a finished file its name, in the place of what bore it before; a power cut later does not take it back. Where folders cannot be
/// opened there is nothing to wait for.
pub fn name(finished: &Path, path: &Path) -> io::Result<()> {
    fs::rename(finished, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::{StatementStatus, ffi};

    use super::*;

    #[test]
    fn a_stray_file_a_newer_one_and_a_damaged_one_are_three_things() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.db");
        assert_eq!(Store::open(&path).err(), Some(StoreError::Unreachable));
        fs::write(&path, b"not a database, but long enough to look at: ".repeat(100)).unwrap();
        assert_eq!(Store::open(&path).err(), Some(StoreError::NotAWallet));
        fs::remove_file(&path).unwrap();
        let store = Store::create(&path).unwrap();
        store.connection.pragma_update(None, "user_version", 99).unwrap();
        drop(store);
        assert_eq!(Store::open(&path).err(), Some(StoreError::Newer));
    }

    /// A file without a folder before its name is in the one where the program stands.
    #[test]
    fn a_file_is_named_without_a_folder_too() {
        let made = tempfile::NamedTempFile::new_in(".").unwrap();
        let bare = Path::new(made.path().file_name().unwrap());
        name(bare, bare).unwrap();
    }

    /// Whoever looks at a failure must know whether to make room, to look for the file, or to fear for it.
    #[test]
    fn a_failure_is_called_by_what_can_be_done_about_it() {
        use io::ErrorKind as Kind;
        let kinds = [
            (Kind::StorageFull, StoreError::Full),
            (Kind::QuotaExceeded, StoreError::Full),
            (Kind::NotFound, StoreError::Unreachable),
            (Kind::PermissionDenied, StoreError::Unreachable),
            (Kind::ReadOnlyFilesystem, StoreError::Unreachable),
            (Kind::TimedOut, StoreError::Disk { code: 0 }),
        ];
        for (kind, called) in kinds {
            assert_eq!(StoreError::from(io::Error::from(kind)), called);
        }
        let connection = Connection::open_in_memory().unwrap();
        let read = |sql: &str, column: fn(&rusqlite::Row<'_>) -> rusqlite::Result<()>| {
            StoreError::from(connection.query_row(sql, [], column).unwrap_err())
        };
        let text = |row: &rusqlite::Row<'_>| row.get::<_, String>(0).map(drop);
        let byte = |row: &rusqlite::Row<'_>| row.get::<_, u8>(0).map(drop);
        assert_eq!(read("SELECT 1", text), StoreError::Corrupt { what: "a column" });
        assert_eq!(read("SELECT CAST(x'ff' AS TEXT)", text), StoreError::Corrupt { what: "a column" });
        assert_eq!(read("SELECT 256", byte), StoreError::Corrupt { what: "a number" });
        assert_eq!(read("SELECT 1 WHERE 0", byte), StoreError::Corrupt { what: "a missing row" });
        let err = connection.query_row("SELECT 1", [], text).unwrap_err();
        let migrating = rusqlite_migration::Error::RusqliteError { query: "SELECT 1".into(), err };
        assert_eq!(StoreError::from(migrating), StoreError::Corrupt { what: "a column" });
    }

    /// What is not there need not be removed; what cannot be removed is still there, and somebody has to know.
    #[test]
    fn a_file_that_cannot_be_removed_is_no_file_that_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.db");
        assert_eq!(Store::remove(&path), Ok(()));
        fs::create_dir(&path).unwrap();
        assert!(Store::remove(&path).is_err());
    }

    #[test]
    fn a_statement_is_planned_once() {
        let store = Store::in_memory().unwrap();
        for after in 0..3 {
            store.read(|shelf| shelf.chits(1, after, 9, 5)).unwrap();
        }
        let asked = store.connection.prepare_cached(chits::CHITS).unwrap();
        assert_eq!(asked.get_status(StatementStatus::Run), 3, "another statement");
        assert_eq!(asked.get_status(StatementStatus::RePrepare), 0);
    }

    #[test]
    fn a_disk_that_is_full_inside_an_attempt_is_called_full_and_nothing_was_changed() {
        let mut store = Store::in_memory().unwrap();
        store.grow_at_most(Some(0)).unwrap();
        let long = "x".repeat(9_000);
        let full = store.change(|shelf| {
            shelf.add_event(None, "before", "")?;
            shelf.attempt(|| shelf.add_event(None, "within", &long))
        });
        assert_eq!(full, Err(StoreError::Full));
        assert_eq!(store.read(|shelf| shelf.next_event()), Ok(None), "nothing was changed");
        let after = store.change(|shelf| {
            shelf.add_event(None, "within", &long).unwrap_err();
            shelf.add_event(None, "after", "")
        });
        assert_eq!(after, Err(StoreError::Disk { code: ffi::SQLITE_ABORT_ROLLBACK }));
        assert_eq!(store.read(|shelf| shelf.next_event()), Ok(None), "nothing stands alone");
        store.grow_at_most(None).unwrap();
        store.change(|shelf| shelf.attempt(|| shelf.add_event(None, "within", &long))).unwrap();
        assert_eq!(
            store.read(|shelf| shelf.next_event()).unwrap().map(|event| event.code),
            Some("within".to_owned())
        );
    }

    /// Somebody is still reading: what stands in the log cannot be moved into the file, and the file is not taken away from under them.
    #[test]
    fn a_file_that_somebody_reads_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.db");
        let mut one = Store::create(&path).unwrap();
        let two = Store::open(&path).unwrap();
        two.connection.execute_batch("BEGIN; SELECT * FROM event").unwrap();
        one.change(|shelf| shelf.add_event(None, "later", "")).unwrap();
        one.connection.busy_timeout(Duration::ZERO).unwrap();
        assert_eq!(one.discard(), Err(StoreError::Busy));
        assert!(path.exists());
    }

    #[test]
    fn a_second_writer_is_told_that_the_wallet_is_busy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.db");
        let mut one = Store::create(&path).unwrap();
        let mut two = Store::open(&path).unwrap();
        two.connection.busy_timeout(Duration::ZERO).unwrap();
        let refused = one.change(|_| Ok::<_, StoreError>(two.change(|_| Ok::<_, StoreError>(())))).unwrap();
        assert_eq!(refused, Err(StoreError::Busy));
    }
}
