//! What can be read and written inside one transaction, in statements that every engine understands.

use std::cell::RefCell;
use std::collections::BTreeMap;

use hazel_core::book::Book;
use hazel_core::canon::Canon;
use hazel_core::chit::ChainId;
use hazel_core::claim::Claim;
use hazel_core::digest::Digest;
use hazel_core::key::PublicKey;
use hazel_core::order::ForkProof;
use hazel_core::rows::Rows;
use hazel_core::store::{Standing, StoreError};
use hazel_core::tally::{Date, Halves, Side, SignedTally, TallyId};
use hazel_core::units::Units;

use super::sql::{Put, Row, Sql};

type Result<T> = std::result::Result<T, StoreError>;

/// A user of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// The key of the user's uplink.
    pub key: [u8; 32],
    /// What the operator calls the user.
    pub name: String,
    /// When the user was linked.
    pub since: Date,
}

/// A half that is kept here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfRow {
    /// The short name inside this shard.
    pub no: i64,
    /// Of which tally.
    pub tally: TallyId,
    /// Which half.
    pub side: Side,
    /// The contract.
    pub contract: SignedTally,
    /// Whether the other half is kept on this shard too.
    pub paired: bool,
}

/// Who may see a half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRow {
    /// The key of the user's uplink.
    pub member: [u8; 32],
    /// Who signed the claim.
    pub key: PublicKey,
}

/// Contracts that were read lately. Reading one checks six keys, a contract never changes, and a letter leads to it several times.
/// What is in the row decides: a contract is taken from here only if the bytes are the same.
#[derive(Default)]
pub struct Contracts(RefCell<BTreeMap<i64, (Vec<u8>, SignedTally)>>);

/// How many of them are remembered.
const CONTRACTS_MAX: usize = 512;

impl Contracts {
    fn read(&self, half: i64, bytes: &[u8]) -> Result<SignedTally> {
        let mut known = self.0.borrow_mut();
        if let Some((_, contract)) = known.get(&half).filter(|(read, _)| read == bytes) {
            return Ok(contract.clone());
        }
        let contract: SignedTally = object(bytes)?;
        if known.len() >= CONTRACTS_MAX {
            known.clear();
        }
        known.insert(half, (bytes.to_vec(), contract.clone()));
        Ok(contract)
    }
}

/// The tables of one shard, for as long as a transaction lasts.
#[derive(Clone, Copy)]
pub struct Desk<'d>(&'d dyn Sql, &'d Contracts);

impl<'d> Desk<'d> {
    /// The tables behind an open transaction.
    pub const fn new(sql: &'d dyn Sql, contracts: &'d Contracts) -> Self {
        Self(sql, contracts)
    }

    /// What was read lately.
    #[cfg(feature = "load")]
    pub(crate) const fn contracts(&self) -> &'d Contracts {
        self.1
    }

    /// A half's contract out of its column.
    pub(super) fn contract_in(&self, half: i64, bytes: &[u8]) -> Result<SignedTally> {
        self.1.read(half, bytes)
    }

    /// The open transaction behind them.
    #[cfg(feature = "load")]
    pub(crate) const fn sql(&self) -> &'d dyn Sql {
        self.0
    }

    /// Tries something: if it is refused, what it wrote is taken back and the rest stays.
    pub fn attempt<T, E: From<StoreError>>(
        &self,
        act: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.0.run("SAVEPOINT attempt", &[])?;
        let done = act();
        if self.0.has_ended() {
            return done;
        }
        if done.is_err() {
            self.0.run("ROLLBACK TO SAVEPOINT attempt", &[])?;
        }
        self.0.run("RELEASE SAVEPOINT attempt", &[])?;
        done
    }

    /// Keeps other processes away from one tally until the transaction ends, whether it is here already or not.
    pub fn lock(&self, tally: &TallyId) -> Result<()> {
        let bytes = Digest::of(&tally.0).first();
        self.0.lock(i64::from_be_bytes(bytes))
    }

    pub(super) fn run(&self, sql: &'static str, values: &[Put<'_>]) -> Result<()> {
        self.0.run(sql, values)
    }

    pub(super) fn rows(&self, sql: &'static str, values: &[Put<'_>]) -> Result<Vec<Row>> {
        self.0.rows(sql, values)
    }

    pub(super) fn one(&self, sql: &'static str, values: &[Put<'_>]) -> Result<Option<Row>> {
        Ok(self.0.rows(sql, values)?.pop())
    }

    /// Whose database this is, if that is known already: key, shard, shards.
    pub fn site(&self) -> Result<Option<(PublicKey, u16, u16)>> {
        let row = self.one("SELECT key, shard, shards FROM site", &[])?;
        let small = |number: i64| u16::try_from(number).map_err(|_| StoreError::Corrupt { what: "a shard" });
        row.map(|row| Ok((PublicKey(row.fixed(0)?), small(row.number(1)?)?, small(row.number(2)?)?)))
            .transpose()
    }

    /// Notes whose database this is.
    pub fn put_site(&self, key: &PublicKey, shard: u16, shards: u16) -> Result<()> {
        let values = [Put::Bytes(&key.0), Put::Number(shard.into()), Put::Number(shards.into())];
        self.0.run("INSERT INTO site (no, key, shard, shards) VALUES (1, $1, $2, $3)", &values)
    }

    /// Whether this is an older copy of the database, from which the site has not gone on yet.
    pub fn is_copied(&self) -> Result<bool> {
        self.one("SELECT copied FROM site", &[])?.map_or(Ok(false), |row| Ok(row.number(0)? != 0))
    }

    /// Notes whether this is an older copy.
    pub fn put_copied(&self, copied: bool) -> Result<()> {
        self.0.run("UPDATE site SET copied = $1", &[Put::Number(copied.into())])
    }

    /// The tallies of which this half is kept.
    pub fn tallies_of(&self, side: Side) -> Result<Vec<TallyId>> {
        let rows = self.0.rows("SELECT tally FROM half WHERE side = $1 ORDER BY no", &[of_side(side)])?;
        rows.iter().map(|row| Ok(TallyId(row.fixed(0)?))).collect()
    }

    /// A user.
    pub fn member(&self, key: &[u8; 32]) -> Result<Option<MemberRow>> {
        let row = self.one("SELECT key, name, since FROM member WHERE key = $1", &[Put::Bytes(key)])?;
        row.map(|row| member_row(&row)).transpose()
    }

    /// All users of this shard.
    pub fn members(&self) -> Result<Vec<MemberRow>> {
        self.0.rows("SELECT key, name, since FROM member ORDER BY key", &[])?.iter().map(member_row).collect()
    }

    /// Adds a user, or changes what it is called.
    pub fn put_member(&self, row: &MemberRow) -> Result<()> {
        let sql = "INSERT INTO member (key, name, since) VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET name = excluded.name";
        self.0.run(sql, &[Put::Bytes(&row.key), Put::Text(&row.name), put(row.since)?])
    }

    /// Removes a user. Halves stay: what was signed is never lost.
    pub fn drop_member(&self, key: &[u8; 32]) -> Result<()> {
        self.0.run("DELETE FROM claim WHERE member = $1", &[Put::Bytes(key)])?;
        self.0.run("DELETE FROM member WHERE key = $1", &[Put::Bytes(key)])
    }

    /// A half.
    pub fn half(&self, tally: &TallyId, side: Side) -> Result<Option<HalfRow>> {
        let sql = "SELECT no, contract, (SELECT count(*) FROM half AS other WHERE other.tally = $1 AND other.side <> $2) FROM half WHERE tally = $1 AND side = $2";
        let row = self.one(sql, &[Put::Bytes(&tally.0), of_side(side)])?;
        row.map(|row| {
            let no = row.number(0)?;
            let contract = self.contract_in(no, row.bytes(1)?)?;
            Ok(HalfRow { no, tally: *tally, side, contract, paired: row.number(2)? > 0 })
        })
        .transpose()
    }

    /// Whether a half is kept on this shard.
    pub fn has_half(&self, tally: &TallyId, side: Side) -> Result<bool> {
        let sql = "SELECT no FROM half WHERE tally = $1 AND side = $2";
        Ok(self.one(sql, &[Put::Bytes(&tally.0), of_side(side)])?.is_some())
    }

    /// Begins to keep a half: its contract, the chains it grants, and a book on which nothing has happened.
    pub fn open_half(&self, side: Side, contract: SignedTally) -> Result<HalfRow> {
        let tally = contract.tally.id;
        let sql = "INSERT INTO half (tally, side, contract) VALUES ($1, $2, $3) RETURNING no";
        let values = [Put::Bytes(&tally.0), of_side(side), Put::Bytes(&contract.to_bytes())];
        let no = self.one(sql, &values)?.ok_or(StoreError::Corrupt { what: "a missing half" })?.number(0)?;
        for of in Side::BOTH {
            for grant in &contract.tally.half(of).cert.grants {
                let id = ChainId { side: of, device: grant.device, epoch: grant.epoch };
                self.add_chain(&hazel_core::intake::new_chain(no, id, grant.first_key))?;
            }
        }
        let book = Book::open(&contract.tally, 0);
        self.put_standing(&Standing {
            tally: no,
            tip: book.clone(),
            book,
            arrivals: 0,
            agreed: 0,
            final_index: 0,
            final_paid: Halves::default(),
            chain: None,
            reconciling: false,
            owed: 0,
            met: None,
        })?;
        let paired = self.has_half(&tally, side.other())?;
        Ok(HalfRow { no, tally, side, contract, paired })
    }

    /// How many halves one user has claimed on this shard.
    pub fn claims_of(&self, member: &[u8; 32]) -> Result<u64> {
        let row = self.one("SELECT count(*) FROM claim WHERE member = $1", &[Put::Bytes(member)])?;
        row.map_or(Ok(0), |row| row.count(0))
    }

    /// Who may see a half.
    pub fn claims(&self, half: i64) -> Result<Vec<ClaimRow>> {
        let rows = self
            .0
            .rows("SELECT member, key FROM claim WHERE half = $1 ORDER BY member", &[Put::Number(half)])?;
        rows.iter().map(|row| Ok(ClaimRow { member: row.fixed(0)?, key: PublicKey(row.fixed(1)?) })).collect()
    }

    /// Notes that a user may see a half.
    pub fn put_claim(&self, half: i64, claim: &Claim) -> Result<()> {
        let sql = "INSERT INTO claim (half, member, key, entry) VALUES ($1, $2, $3, $4) ON CONFLICT (half, member) DO UPDATE SET key = excluded.key, entry = excluded.entry";
        let values = [
            Put::Number(half),
            Put::Bytes(&claim.hosting.user),
            Put::Bytes(&claim.key.0),
            Put::Bytes(&claim.to_bytes()),
        ];
        self.0.run(sql, &values)
    }

    /// Where a half stands.
    pub fn standing(&self, half: i64) -> Result<Standing> {
        let sql = "SELECT book, tip, arrivals, agreed, final, final_stock, final_foil, untold FROM standing WHERE half = $1";
        let row =
            self.one(sql, &[Put::Number(half)])?.ok_or(StoreError::Corrupt { what: "a missing standing" })?;
        let book: Book = object(row.bytes(0)?)?;
        let tip = match row.bytes_or_none(1)? {
            Some(tip) => object(tip)?,
            None => book.clone(),
        };
        Ok(Standing {
            tally: half,
            book,
            tip,
            arrivals: row.number(2)?,
            agreed: row.count(3)?,
            final_index: row.count(4)?,
            final_paid: Halves { stock: Units::new(row.number(5)?), foil: Units::new(row.number(6)?) },
            chain: None,
            reconciling: false,
            owed: row.number(7)?,
            met: None,
        })
    }

    /// Writes where a half stands.
    pub fn put_standing(&self, row: &Standing) -> Result<()> {
        let sql = "INSERT INTO standing (half, book, tip, arrivals, agreed, final, final_stock, final_foil, restless, untold) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (half) DO UPDATE SET book = excluded.book, tip = excluded.tip, arrivals = excluded.arrivals, agreed = excluded.agreed, final = excluded.final, final_stock = excluded.final_stock, final_foil = excluded.final_foil, restless = excluded.restless, untold = excluded.untold";
        let tip = (row.tip != row.book).then(|| row.tip.to_bytes());
        self.0.run(
            sql,
            &[
                Put::Number(row.tally),
                Put::Bytes(&row.book.to_bytes()),
                tip.as_ref().map_or(Put::Null, |tip| Put::Bytes(tip)),
                Put::Number(row.arrivals),
                put(row.agreed)?,
                put(row.final_index)?,
                Put::Number(row.final_paid.stock.milli()),
                Put::Number(row.final_paid.foil.milli()),
                Put::Number(is_restless(row).into()),
                Put::Number(row.owed),
            ],
        )
    }

    /// Halves on which something is not final.
    pub fn restless(&self) -> Result<Vec<(TallyId, Side)>> {
        let sql = "SELECT tally, side FROM standing JOIN half ON half.no = standing.half WHERE restless = 1";
        self.0.rows(sql, &[])?.iter().map(|row| Ok((TallyId(row.fixed(0)?), side(row.number(1)?)?))).collect()
    }

    /// How many users, halves, chits, halves on which something is not final, and halves of which a note is not told.
    pub fn counts(&self) -> Result<[u64; 5]> {
        let sql = "SELECT (SELECT count(*) FROM member), (SELECT count(*) FROM half), (SELECT count(*) FROM chit), (SELECT count(*) FROM standing WHERE restless = 1 AND final < arrivals), (SELECT count(*) FROM standing WHERE restless = 1 AND untold <> 0)";
        let row = self.one(sql, &[])?.unwrap_or_default();
        Ok([row.count(0)?, row.count(1)?, row.count(2)?, row.count(3)?, row.count(4)?])
    }

    /// Keeps a page that cannot be used yet, if whoever brings it has less than `room` bytes waiting. Returns whether it is kept.
    pub fn park(&self, half: i64, bringer: &[u8; 32], message: &[u8], room: u64) -> Result<bool> {
        let sql = "SELECT coalesce(sum(length(bytes)), 0) FROM parked WHERE bringer = $1";
        let waiting = self.one(sql, &[Put::Bytes(bringer)])?.map_or(Ok(0), |row| row.count(0))?;
        if waiting.saturating_add(message.len() as u64) > room {
            return Ok(false);
        }
        let sql = "INSERT INTO parked (half, bringer, hash, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT (half, hash) DO NOTHING";
        let hash = Digest::of(message);
        self.0
            .run(sql, &[Put::Number(half), Put::Bytes(bringer), Put::Bytes(&hash.0), Put::Bytes(message)])?;
        Ok(true)
    }

    /// Takes out everything that waits on a half, oldest first, with who brought it.
    pub fn unpark(&self, half: i64) -> Result<Vec<([u8; 32], Vec<u8>)>> {
        let rows = self
            .0
            .rows("SELECT bringer, bytes FROM parked WHERE half = $1 ORDER BY no", &[Put::Number(half)])?;
        if !rows.is_empty() {
            self.0.run("DELETE FROM parked WHERE half = $1", &[Put::Number(half)])?;
        }
        rows.iter().map(|row| Ok((row.fixed(0)?, row.bytes(1)?.to_vec()))).collect()
    }

    /// All proofs of a half.
    pub fn proofs(&self, half: i64) -> Result<Vec<ForkProof>> {
        let rows =
            self.0.rows("SELECT bytes FROM proof WHERE half = $1 ORDER BY hash", &[Put::Number(half)])?;
        rows.iter().map(|row| object(row.bytes(0)?)).collect()
    }
}

/// What a site owes on a half: the partner's node has not shown yet that it has all notes.
pub(crate) const UNTOLD: i64 = 1;

/// Whether something is not final, or not told.
pub(crate) fn is_restless(row: &Standing) -> bool {
    row.owed != 0 || i64::try_from(row.final_index).is_ok_and(|index| index < row.arrivals)
}

/// Reads an object of ours out of a column.
pub(super) fn object<T: Canon>(bytes: &[u8]) -> Result<T> {
    T::from_stored(bytes).map_err(|_| StoreError::Corrupt { what: T::WHAT })
}

pub(super) fn put<'v>(number: u64) -> Result<Put<'v>> {
    i64::try_from(number).map(Put::Number).map_err(|_| StoreError::Corrupt { what: "a number" })
}

pub(super) const fn of_side<'v>(side: Side) -> Put<'v> {
    Put::Number(match side {
        Side::Stock => 0,
        Side::Foil => 1,
    })
}

pub(super) fn side(code: i64) -> Result<Side> {
    match code {
        0 => Ok(Side::Stock),
        1 => Ok(Side::Foil),
        _ => Err(StoreError::Corrupt { what: "a side" }),
    }
}

fn member_row(row: &Row) -> Result<MemberRow> {
    Ok(MemberRow { key: row.fixed(0)?, name: row.text(1)?.to_owned(), since: row.count(2)? })
}
