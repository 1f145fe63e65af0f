//! SQLite: the embedded store, one file a shard.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hazel_core::store::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags, ToSql, TransactionBehavior, ffi};
use rusqlite_migration::{M, Migrations};

use super::sql::{Found, Put, Row, Sql};
use super::{Contracts, Desk, SiteStore};

const MIGRATIONS: [&str; super::SCHEMA_VERSION] = [
    include_str!("migrations/sqlite_0001_site.sql"),
    include_str!("migrations/sqlite_0002_notes.sql"),
    include_str!("migrations/sqlite_0003_errands.sql"),
    include_str!("migrations/sqlite_0004_copies.sql"),
];
/// "HAZS", so that nobody takes a wallet for a site.
const APPLICATION_ID: i32 = 0x4841_5a53;
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// A site's store in SQLite files.
pub struct SqliteStore {
    shards: Vec<Shard>,
}

struct Shard {
    connection: Connection,
    contracts: Contracts,
    /// Its file; none in memory.
    path: Option<PathBuf>,
    /// A sync failed: nobody knows whether the last change was kept.
    unsettled: bool,
}

impl Shard {
    fn new(connection: Connection, path: Option<&Path>) -> Self {
        let path = path.map(Path::to_owned);
        Self { connection, contracts: Contracts::default(), path, unsettled: false }
    }

    /// After a failed sync the file is opened again and says what it holds, so that a site goes on by itself when the disk is well. What is in
    /// the log may be in the system's memory only, so it is moved into the file before anything is written behind it.
    fn settle(&mut self) -> Result<(), StoreError> {
        if self.unsettled {
            let path = self.path.as_deref().ok_or(StoreError::Unsettled)?;
            // The old connection goes first: closing the last one lets the new one recover the log from the file.
            self.connection = Connection::open_in_memory()?;
            self.connection = open_file(path)?;
            let busy: i64 =
                self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            self.unsettled = busy != 0;
            if self.unsettled {
                return Err(StoreError::Unsettled);
            }
        }
        Ok(())
    }
}

impl SqliteStore {
    /// Opens the files of a site, one a shard, or makes them.
    pub fn open(paths: &[PathBuf]) -> Result<Self, StoreError> {
        let mut shards = Vec::new();
        for path in paths {
            shards.push(Shard::new(open_file(path)?, Some(path)));
        }
        if shards.is_empty() {
            return Err(StoreError::Unreachable);
        }
        Ok(Self { shards })
    }

    /// Opens one file, or makes it.
    pub fn open_one(path: &Path) -> Result<Self, StoreError> {
        Self::open(&[path.to_owned()])
    }

    /// A store in memory, for tests.
    pub fn in_memory(shards: usize) -> Result<Self, StoreError> {
        let open = |_| Ok(Shard::new(prepare(Connection::open_in_memory()?)?, None));
        let shards = (0..shards.max(1)).map(open).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Self { shards })
    }

    /// A whole copy of one shard into a new file, while the site goes on. It is marked as one: a site that goes on from it has forgotten
    /// what was said since, and begins anew where it could contradict itself. Only a finished copy bears the name.
    pub fn copy_to(&self, shard: u16, path: &Path) -> Result<(), StoreError> {
        let shard = self.shards.get(usize::from(shard)).ok_or(StoreError::Unreachable)?;
        let unfinished = path.with_extension("unfinished");
        shard.connection.backup("main", &unfinished, None)?;
        let copy = Connection::open(&unfinished)?;
        // One file, with no log beside it that could be left behind.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        copy.execute("UPDATE site SET copied = 1", [])?;
        copy.close().map_err(|(_, error)| error)?;
        Ok(hazel_core::store::name(&unfinished, path)?)
    }
}

fn open_file(path: &Path) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    if application != APPLICATION_ID && tables > 0 {
        return Err(StoreError::NotAWallet);
    }
    prepare(connection)
}

fn prepare(mut connection: Connection) -> Result<Connection, StoreError> {
    connection.busy_timeout(BUSY_WAIT)?;
    connection.set_prepared_statement_cache_capacity(64);
    // A statement is planned once, not anew whenever a bound value is another.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On Apple's systems fsync alone leaves data in the drive's cache; elsewhere this does nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    // Before the first table: a site that is killed right after its tables were made must know them again.
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application != APPLICATION_ID {
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    Migrations::new(MIGRATIONS.iter().map(|sql| M::up(sql)).collect()).to_latest(&mut connection)?;
    Ok(connection)
}

impl SiteStore for SqliteStore {
    fn shards(&self) -> u16 {
        u16::try_from(self.shards.len()).unwrap_or(u16::MAX)
    }

    fn change(
        &mut self,
        shard: u16,
        act: &mut dyn FnMut(&Desk<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let shard = self.shards.get_mut(usize::from(shard)).ok_or(StoreError::Unreachable)?;
        shard.settle()?;
        let transaction = shard.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        act(&Desk::new(&Session { connection: &transaction, changes: true }, &shard.contracts))?;
        let done = transaction.commit().map_err(StoreError::from);
        shard.unsettled = matches!(done, Err(StoreError::Disk { .. }));
        done
    }

    fn read(
        &mut self,
        shard: u16,
        look: &mut dyn FnMut(&Desk<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let shard = self.shards.get_mut(usize::from(shard)).ok_or(StoreError::Unreachable)?;
        shard.settle()?;
        look(&Desk::new(&Session { connection: &shard.connection, changes: false }, &shard.contracts))
    }
}

/// On a full or failing disk SQLite takes back a whole transaction by itself; what is written after that would stand alone.
struct Session<'c> {
    connection: &'c Connection,
    changes: bool,
}

impl<'c> Session<'c> {
    fn prepare(&self, sql: &str) -> Result<CachedStatement<'c>, StoreError> {
        if self.has_ended() {
            return Err(StoreError::Disk { code: ffi::SQLITE_ABORT_ROLLBACK });
        }
        Ok(self.connection.prepare_cached(sql)?)
    }
}

impl Sql for Session<'_> {
    fn run(&self, sql: &'static str, values: &[Put<'_>]) -> Result<(), StoreError> {
        let mut statement = self.prepare(sql)?;
        bind(&mut statement, values)?;
        statement.raw_execute()?;
        Ok(())
    }

    fn rows(&self, sql: &'static str, values: &[Put<'_>]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.prepare(sql)?;
        bind(&mut statement, values)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(Row((0..columns)
                .map(|column| found(row.get_ref(column)?))
                .collect::<Result<_, _>>()?));
        }
        Ok(all)
    }

    fn has_ended(&self) -> bool {
        self.changes && self.connection.is_autocommit()
    }

    fn lock(&self, _: i64) -> Result<(), StoreError> {
        // The whole file is locked from the transaction's first statement on.
        Ok(())
    }
}

fn bind(statement: &mut CachedStatement<'_>, values: &[Put<'_>]) -> Result<(), StoreError> {
    for (index, value) in (1_usize..).zip(values) {
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

impl ToSql for Put<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Put::Null => ValueRef::Null,
            Put::Number(number) => ValueRef::Integer(*number),
            Put::Bytes(bytes) => ValueRef::Blob(bytes),
            Put::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

fn found(value: ValueRef<'_>) -> Result<Found, StoreError> {
    Ok(match value {
        ValueRef::Null => Found::Null,
        ValueRef::Integer(number) => Found::Number(number),
        ValueRef::Blob(bytes) => Found::Bytes(bytes.to_vec()),
        ValueRef::Text(text) => Found::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Real(_) => return Err(StoreError::Corrupt { what: "a column" }),
    })
}

#[cfg(test)]
mod tests {
    use super::super::MemberRow;
    use super::*;

    fn schema(connection: &Connection) -> Vec<(String, String)> {
        let mut rows = connection
            .prepare("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY name")
            .unwrap();
        // A column that was added later is written behind the others with spaces of SQLite's own.
        let plain = |sql: String| {
            let lines = sql.lines().map(|line| line.split("--").next().unwrap_or(""));
            let words = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
            words.replace(" ,", ",").replace(" )", ")")
        };
        rows.query_map([], |row| Ok((row.get(0)?, plain(row.get(1)?)))).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn the_migrations_lead_to_the_schema_on_the_page() {
        let page = Connection::open_in_memory().unwrap();
        page.execute_batch(include_str!("schema.sql")).unwrap();
        assert_eq!(schema(&SqliteStore::in_memory(1).unwrap().shards[0].connection), schema(&page));
    }

    #[test]
    fn every_column_says_what_it_is() {
        for line in include_str!("schema.sql").lines().filter(|line| line.starts_with("    ")) {
            let constraint =
                ["PRIMARY KEY (", "UNIQUE ("].iter().any(|start| line.trim_start().starts_with(start));
            assert!(constraint || line.contains("-- "), "{line}");
        }
    }

    #[test]
    fn a_disk_that_is_full_inside_an_attempt_is_called_full_and_nothing_was_changed() {
        let mut store = SqliteStore::in_memory(1).unwrap();
        let held: u32 =
            store.shards[0].connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        let row = |key, length| MemberRow { key: [key; 32], name: "x".repeat(length), since: 0 };
        let grow_to = |store: &SqliteStore, most: u32| {
            let sql = format!("PRAGMA max_page_count = {most}");
            store.shards[0].connection.query_row(&sql, [], |_| Ok(())).unwrap();
        };
        let link = |store: &mut SqliteStore| {
            store.change(0, &mut |desk| {
                desk.put_member(&row(1, 1))?;
                desk.attempt(|| desk.put_member(&row(2, 20_000)))
            })
        };
        grow_to(&store, held);
        assert_eq!(link(&mut store), Err(StoreError::Full));
        let count = |store: &mut SqliteStore| {
            let mut members = 0;
            let mut look = |desk: &Desk<'_>| {
                members = desk.members()?.len();
                Ok(())
            };
            store.read(0, &mut look).unwrap();
            members
        };
        assert_eq!(count(&mut store), 0);
        grow_to(&store, held + 100);
        link(&mut store).unwrap();
        assert_eq!(count(&mut store), 2);
    }

    #[test]
    fn a_wallet_is_not_taken_for_a_site() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.db");
        drop(hazel_core::store::Store::create(&path).unwrap());
        assert_eq!(SqliteStore::open_one(&path).err(), Some(StoreError::NotAWallet));
    }
}
