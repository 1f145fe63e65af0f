//! What is kept aside: messages that cannot be used yet, letters that were cut off, and proofs.

use rusqlite::params;

use crate::canon::Canon;
use crate::digest::Digest;
use crate::order::ForkProof;

use super::StoreError;
use super::rows::{fixed, number, object};
use super::shelf::{Result, Shelf};

/// The beginning of a long letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The beginning of the whole letter's hash.
    pub name: [u8; 16],
    /// How long it will be.
    pub total: u32,
    /// What has arrived.
    pub bytes: Vec<u8>,
}

impl Shelf<'_> {
    /// Keeps a message that cannot be used yet.
    pub fn park(&self, tally: i64, reason: &str, message: &[u8]) -> Result<()> {
        let held = "SELECT count(*) FROM parked WHERE tally = ? AND reason = ? AND bytes = ?";
        let mut query = self.0.prepare_cached(held)?;
        if query.query_row::<i64, _, _>(params![tally, reason, message], |row| row.get(0))? > 0 {
            return Ok(());
        }
        let sql = "INSERT INTO parked (tally, reason, bytes, sum) VALUES (?1, ?2, ?3, row_sum(?1, ?2, ?3))";
        self.0.prepare_cached(sql)?.execute(params![tally, reason, message])?;
        Ok(())
    }

    /// How many bytes are parked for a tally, for one reason.
    pub fn parked_bytes(&self, tally: i64, reason: &str) -> Result<u64> {
        let sql = "SELECT coalesce(sum(length(bytes)), 0) FROM parked WHERE tally = ? AND reason = ?";
        let mut query = self.0.prepare_cached(sql)?;
        number(query.query_row(params![tally, reason], |row| row.get(0))?)
    }

    /// Everything that waits for one reason, oldest first.
    pub fn parked(&self, tally: i64, reason: &str) -> Result<Vec<Vec<u8>>> {
        let mut query =
            self.0.prepare_cached("SELECT bytes FROM parked WHERE tally = ? AND reason = ? ORDER BY no")?;
        let rows = query.query_map(params![tally, reason], |row| row.get(0))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// Takes out everything that waited for one reason, oldest first.
    pub fn unpark(&self, tally: i64, reason: &str) -> Result<Vec<Vec<u8>>> {
        let messages = self.parked(tally, reason)?;
        if !messages.is_empty() {
            let mut delete = self.0.prepare_cached("DELETE FROM parked WHERE tally = ? AND reason = ?")?;
            delete.execute(params![tally, reason])?;
        }
        Ok(messages)
    }

    /// The beginning of a letter that was cut off.
    pub fn begun(&self, tally: i64) -> Result<Option<Begun>> {
        let mut query = self.0.prepare_cached("SELECT name, total, bytes FROM begun WHERE tally = ?")?;
        let mut rows = query.query([tally])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let total =
            u32::try_from(row.get::<_, i64>(1)?).map_err(|_| StoreError::Corrupt { what: "a number" })?;
        Ok(Some(Begun { name: fixed(&row.get::<_, Vec<u8>>(0)?)?, total, bytes: row.get(2)? }))
    }

    /// Keeps the beginning of a letter, or forgets it.
    pub fn put_begun(&self, tally: i64, begun: Option<&Begun>) -> Result<()> {
        self.0.prepare_cached("DELETE FROM begun WHERE tally = ?")?.execute([tally])?;
        if let Some(Begun { name, total, bytes }) = begun {
            let sql = "INSERT INTO begun (tally, name, total, bytes, sum) VALUES (?1, ?2, ?3, ?4, row_sum(?1, ?2, ?3, ?4))";
            self.0.prepare_cached(sql)?.execute(params![tally, name, total, bytes])?;
        }
        Ok(())
    }

    /// Keeps a proof.
    pub fn put_proof(&self, tally: i64, proof: &ForkProof) -> Result<()> {
        let bytes = proof.to_bytes();
        let mut insert =
            self.0.prepare_cached("INSERT OR IGNORE INTO proof (hash, tally, bytes) VALUES (?, ?, ?)")?;
        insert.execute(params![Digest::of(&bytes).0, tally, bytes])?;
        Ok(())
    }

    /// All proofs of a tally.
    pub fn proofs(&self, tally: i64) -> Result<Vec<ForkProof>> {
        let mut query = self.0.prepare_cached("SELECT bytes FROM proof WHERE tally = ? ORDER BY hash")?;
        let mut rows = query.query([tally])?;
        let mut proofs = Vec::new();
        while let Some(row) = rows.next()? {
            proofs.push(object(&row.get::<_, Vec<u8>>(0)?)?);
        }
        Ok(proofs)
    }
}
