//! PostgreSQL: the store of a site that outgrows one machine. One database or schema a shard; several processes may share them.
//!
//! Every transaction first takes an advisory lock for each tally it touches, in one order, so that two processes never decide about the
//! same tally at once and never wait for each other in a circle. Reading committed rows is enough then.

use std::cell::RefCell;
use std::collections::BTreeMap;

use hazel_core::store::StoreError;
use postgres::error::SqlState;
use postgres::types::private::BytesMut;
use postgres::types::{IsNull, ToSql, Type};
use postgres::{Client, NoTls, Statement, Transaction};

use super::sql::{Found, Put, Row, Sql};
use super::{Contracts, Desk, SiteStore};

const MIGRATIONS: [&str; super::SCHEMA_VERSION] = [
    include_str!("migrations/postgres_0001_site.sql"),
    include_str!("migrations/postgres_0002_notes.sql"),
    include_str!("migrations/postgres_0003_errands.sql"),
    include_str!("migrations/postgres_0004_copies.sql"),
];
/// "HAZS": whoever migrates keeps others waiting.
const MIGRATING: i64 = 0x4841_5a53;

type Statements = RefCell<BTreeMap<&'static str, Statement>>;

struct Shard {
    url: String,
    client: Option<Client>,
    statements: Statements,
    contracts: Contracts,
}

/// A site's store in PostgreSQL.
pub struct PostgresStore {
    shards: Vec<Shard>,
}

impl PostgresStore {
    /// Connects to the databases of a site, one a shard, and brings their tables up to date. Connections are made anew when they are
    /// lost.
    pub fn connect(urls: &[String]) -> Result<Self, StoreError> {
        let mut shards = Vec::new();
        for url in urls {
            let mut shard = Shard {
                url: url.clone(),
                client: None,
                statements: Statements::default(),
                contracts: Contracts::default(),
            };
            migrate(shard.live()?.0)?;
            shards.push(shard);
        }
        if shards.is_empty() {
            return Err(StoreError::Unreachable);
        }
        Ok(Self { shards })
    }

    fn live(&mut self, shard: u16) -> Result<(&mut Client, &Statements, &Contracts), StoreError> {
        self.shards.get_mut(usize::from(shard)).ok_or(StoreError::Unreachable)?.live()
    }
}

impl Shard {
    /// A connection that is open, as far as can be known.
    fn live(&mut self) -> Result<(&mut Client, &Statements, &Contracts), StoreError> {
        if self.client.as_ref().is_none_or(Client::is_closed) {
            self.statements.borrow_mut().clear();
            let mut client = Client::connect(&self.url, NoTls).map_err(refused)?;
            // What is acknowledged is on the disk, whatever the server's default is.
            client
                .batch_execute("SET synchronous_commit = on; SET client_min_messages = warning")
                .map_err(refused)?;
            self.client = Some(client);
        }
        let client = self.client.as_mut().ok_or(StoreError::Unreachable)?;
        Ok((client, &self.statements, &self.contracts))
    }
}

fn migrate(client: &mut Client) -> Result<(), StoreError> {
    let mut transaction = client.transaction().map_err(refused)?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATING]).map_err(refused)?;
    transaction
        .batch_execute("CREATE TABLE IF NOT EXISTS migration (version BIGINT PRIMARY KEY)")
        .map_err(refused)?;
    let row =
        transaction.query_one("SELECT coalesce(max(version), 0) FROM migration", &[]).map_err(refused)?;
    let done =
        usize::try_from(row.get::<_, i64>(0)).map_err(|_| StoreError::Corrupt { what: "its version" })?;
    if done > MIGRATIONS.len() {
        return Err(StoreError::Newer);
    }
    for (version, sql) in (1_i64..).zip(MIGRATIONS).skip(done) {
        transaction.batch_execute(sql).map_err(refused)?;
        transaction.execute("INSERT INTO migration (version) VALUES ($1)", &[&version]).map_err(refused)?;
    }
    transaction.commit().map_err(refused)
}

impl SiteStore for PostgresStore {
    fn shards(&self) -> u16 {
        u16::try_from(self.shards.len()).unwrap_or(u16::MAX)
    }

    fn change(
        &mut self,
        shard: u16,
        act: &mut dyn FnMut(&Desk<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (client, statements, contracts) = self.live(shard)?;
        let transaction = client.transaction().map_err(refused)?;
        let session = Session { transaction: RefCell::new(transaction), statements };
        act(&Desk::new(&session, contracts))?;
        // Whether a commit whose answer is lost was kept nobody knows here. Whoever sent what was in it sends it again.
        session.transaction.into_inner().commit().map_err(|_| StoreError::Unsettled)
    }

    fn read(
        &mut self,
        shard: u16,
        look: &mut dyn FnMut(&Desk<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (client, statements, contracts) = self.live(shard)?;
        let transaction = client.transaction().map_err(refused)?;
        look(&Desk::new(&Session { transaction: RefCell::new(transaction), statements }, contracts))
    }
}

struct Session<'c> {
    transaction: RefCell<Transaction<'c>>,
    statements: &'c Statements,
}

impl Session<'_> {
    fn prepared(&self, sql: &'static str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.transaction.borrow_mut().prepare(sql).map_err(refused)?;
        self.statements.borrow_mut().insert(sql, statement.clone());
        Ok(statement)
    }
}

impl Sql for Session<'_> {
    fn run(&self, sql: &'static str, values: &[Put<'_>]) -> Result<(), StoreError> {
        if values.is_empty() {
            return self.transaction.borrow_mut().batch_execute(sql).map_err(refused);
        }
        let statement = self.prepared(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        self.transaction.borrow_mut().execute(&statement, &values).map_err(refused)?;
        Ok(())
    }

    fn rows(&self, sql: &'static str, values: &[Put<'_>]) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepared(sql)?;
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        let rows = self.transaction.borrow_mut().query(&statement, &values).map_err(refused)?;
        rows.iter()
            .map(|row| Ok(Row((0..row.len()).map(|c| found(row, c)).collect::<Result<_, _>>()?)))
            .collect()
    }

    fn lock(&self, what: i64) -> Result<(), StoreError> {
        self.rows("SELECT pg_advisory_xact_lock($1)::text", &[Put::Number(what)]).map(|_| ())
    }
}

impl ToSql for Put<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Put::Null => Ok(IsNull::Yes),
            Put::Number(number) => number.to_sql(kind, out),
            Put::Bytes(bytes) => bytes.to_sql(kind, out),
            Put::Text(text) => text.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::BYTEA, Type::TEXT].contains(kind)
    }

    postgres::types::to_sql_checked!();
}

fn found(row: &postgres::Row, column: usize) -> Result<Found, StoreError> {
    const COLUMN: StoreError = StoreError::Corrupt { what: "a column" };
    let kind = row.columns().get(column).ok_or(COLUMN)?.type_();
    Ok(match *kind {
        Type::INT8 => value::<i64>(row, column)?.map_or(Found::Null, Found::Number),
        Type::BYTEA => value::<Vec<u8>>(row, column)?.map_or(Found::Null, Found::Bytes),
        Type::TEXT => value::<String>(row, column)?.map_or(Found::Null, Found::Text),
        _ => return Err(COLUMN),
    })
}

fn value<'r, T: postgres::types::FromSql<'r>>(
    row: &'r postgres::Row,
    column: usize,
) -> Result<Option<T>, StoreError> {
    row.try_get::<_, Option<T>>(column).map_err(|_| StoreError::Corrupt { what: "a column" })
}

#[expect(clippy::needless_pass_by_value, reason = "it stands behind map_err")]
fn refused(error: postgres::Error) -> StoreError {
    let Some(state) = error.code() else { return StoreError::Unreachable };
    match *state {
        SqlState::DISK_FULL => StoreError::Full,
        SqlState::IO_ERROR => StoreError::Disk { code: 0 },
        SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::LOCK_NOT_AVAILABLE
        | SqlState::TOO_MANY_CONNECTIONS => StoreError::Busy,
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => StoreError::Corrupt { what: "its pages" },
        SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::INVALID_CATALOG_NAME
        | SqlState::INVALID_PASSWORD
        | SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        | SqlState::INSUFFICIENT_PRIVILEGE => StoreError::Unreachable,
        _ => StoreError::Defect { code: 0 },
    }
}
