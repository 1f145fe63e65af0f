//! What the audit needs to know of the rows as they lie there: their sums, how many there are, bytes that no rule has read.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};

use crate::canon::Canon;
use crate::chit::SignedChit;
use crate::digest::Digest;

use super::StoreError;
use super::chits::{CHITS, chit_row};
use super::rows::{KeptWord, StoredChit, number};
use super::shelf::{Result, Shelf, composed};

/// Tables whose rows an audit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedTable {
    /// Every chit belongs to a chain.
    Chits,
    /// Every place belongs to an order.
    Places,
    /// Every answer belongs to a pledge.
    Answers,
    /// Every endorsement belongs to a tally.
    Endorsements,
}

/// The tables whose rows carry a sum, and the columns it is over; the wallet's own first.
const SUMMED: [(&str, &str); 9] = [
    ("wallet", "no, database, key, root, name, device, rehearsed"),
    (
        "tally",
        "no, id, side, state, name, ticket, inviter, cert, partner, request, terms, my_offer, my_earlier, their_offer, contract, pair, device_key, opened, untold",
    ),
    (
        "standing",
        "tally, book, tip, arrivals, agreed, final, final_stock, final_foil, chain, reconciling, owed, met",
    ),
    (
        "chain",
        "no, tally, side, device, epoch, branch, base, seq, hash, next_key, linked, sent, known, held, receipted, seed",
    ),
    ("invoice", "id, tally, mine, state, units, date, expires, entry, answer, sent"),
    ("parked", "tally, reason, bytes"),
    ("begun", "tally, name, total, bytes"),
    ("errand", "name, tally, addressee, state, expires, entry"),
    ("event", "tally, code, args"),
];

/// Makes the sum over a row known to SQL: the beginning of a SHA-256 over types, lengths and values.
pub(super) fn teach_row_sum(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("row_sum", -1, flags, |context| {
        let mut row = Vec::with_capacity(512);
        for index in 0..context.len() {
            let (kind, bytes): (u8, &[u8]) = match context.get_raw(index) {
                ValueRef::Null => (0, &[]),
                ValueRef::Integer(number) => {
                    row.push(1);
                    row.extend_from_slice(&number.to_be_bytes());
                    continue;
                }
                ValueRef::Real(_) => (2, &[]),
                ValueRef::Text(text) => (3, text),
                ValueRef::Blob(blob) => (4, blob),
            };
            row.push(kind);
            row.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            row.extend_from_slice(bytes);
        }
        Ok(i64::from_be_bytes(Digest::of(&row).first()))
    })?;
    Ok(())
}

impl Shelf<'_> {
    /// Tables in which a row is not what was written, by their sums.
    pub fn altered_tables(&self) -> Result<Vec<&'static str>> {
        let mut altered = Vec::new();
        for (table, columns) in SUMMED {
            if self.altered(table, columns)? {
                altered.push(table);
            }
        }
        // A notice's number is in no sum; but none has a number that was not given out yet.
        let sql = "SELECT count(*) FROM event WHERE no > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0)";
        if self.0.query_row(sql, [], |row| row.get::<_, i64>(0))? > 0 {
            altered.push("event");
        }
        Ok(altered)
    }

    /// Whether the wallet's own row is not what was written.
    pub(crate) fn wallet_altered(&self) -> Result<bool> {
        let [(table, columns), ..] = SUMMED;
        self.altered(table, columns)
    }

    fn altered(&self, table: &str, columns: &str) -> Result<bool> {
        let sql = format!("SELECT count(*) FROM {table} WHERE sum IS NOT row_sum({columns})");
        let wrong: i64 = self.0.query_row(&sql, [], |row| row.get(0))?;
        Ok(wrong > 0)
    }

    /// How many rows a table has.
    pub fn count(&self, table: CountedTable) -> Result<u64> {
        let sql = match table {
            CountedTable::Chits => "SELECT count(*) FROM chit",
            CountedTable::Places => "SELECT count(*) FROM place",
            CountedTable::Answers => "SELECT count(*) FROM answer",
            CountedTable::Endorsements => "SELECT count(*) FROM endorsement",
        };
        number(self.0.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// The chits of one chain as they lie there, for the audit: their number, and the row if it can be read at all.
    pub fn chits_unread(
        &self,
        chain: i64,
        after: u64,
        upto: u64,
        most: usize,
    ) -> Result<Vec<(i64, Result<StoredChit>)>> {
        let mut query = self.0.prepare_cached(CHITS)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows = query.query(params![composed(chain, after)?, composed(chain, upto)?, most])?;
        let mut chits = Vec::new();
        while let Some(row) = rows.next()? {
            let entry = row.get_ref(4)?.as_blob().unwrap_or_default();
            let strict =
                SignedChit::from_bytes(entry).map_err(|_| StoreError::Corrupt { what: SignedChit::WHAT });
            chits.push((row.get(0)?, strict.and_then(|_| chit_row(row))));
        }
        Ok(chits)
    }

    /// All proofs with the hash they are kept under.
    pub fn proofs_kept(&self) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let mut query = self.0.prepare_cached("SELECT hash, bytes FROM proof")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.map(|row| Ok(row?)).collect()
    }

    /// Endorsements with the columns they are kept under.
    pub fn endorsements_kept(&self, tally: i64) -> Result<Vec<KeptWord>> {
        let mut query =
            self.0.prepare_cached("SELECT key, view, idx, entry FROM endorsement WHERE tally = ?")?;
        let rows = query.query_map([tally], |row| {
            Ok(KeptWord { key: row.get(0)?, view: row.get(1)?, index: row.get(2)?, entry: row.get(3)? })
        })?;
        rows.map(|row| Ok(row?)).collect()
    }
}
