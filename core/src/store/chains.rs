//! The chains of devices, and their branches.

use rusqlite::{Row, params};

use crate::chit::ChainId;
use crate::digest::Digest;

use super::StoreError;
use super::rows::{ChainRow, fixed, number, side, side_code, stored};
use super::shelf::{Result, Shelf};

const CHAIN: &str = "SELECT no, tally, side, device, epoch, branch, base, seq, hash, next_key, linked, sent, known, held, receipted, seed FROM chain";

impl Shelf<'_> {
    /// All chains of a tally and their branches, oldest first.
    pub fn chains(&self, tally: i64) -> Result<Vec<ChainRow>> {
        let mut query = self.0.prepare_cached(&format!("{CHAIN} WHERE tally = ? ORDER BY no"))?;
        let mut rows = query.query([tally])?;
        let mut chains = Vec::new();
        while let Some(row) = rows.next()? {
            chains.push(chain_row(row, 0)?);
        }
        Ok(chains)
    }

    /// The branches of one chain, the first one first.
    pub fn branches(&self, tally: i64, id: &ChainId) -> Result<Vec<ChainRow>> {
        let sql =
            format!("{CHAIN} WHERE tally = ? AND side = ? AND device = ? AND epoch = ? ORDER BY branch");
        let mut query = self.0.prepare_cached(&sql)?;
        let mut rows = query.query(params![tally, side_code(id.side), id.device, stored(id.epoch)?])?;
        let mut chains = Vec::new();
        while let Some(row) = rows.next()? {
            chains.push(chain_row(row, 0)?);
        }
        Ok(chains)
    }

    /// A chain by its short name.
    pub fn chain(&self, no: i64) -> Result<ChainRow> {
        let mut query = self.0.prepare_cached(&format!("{CHAIN} WHERE no = ?"))?;
        let mut rows = query.query([no])?;
        chain_row(rows.next()?.ok_or(StoreError::Corrupt { what: "a missing chain" })?, 0)
    }

    /// Adds a chain and returns its short name.
    pub fn add_chain(&self, row: &ChainRow) -> Result<i64> {
        let sql = "INSERT INTO chain (tally, side, device, epoch, branch, base, seq, hash, next_key, linked, sent, known, held, receipted, seed, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)";
        self.0.prepare_cached(sql)?.execute(params![
            row.tally,
            side_code(row.id.side),
            row.id.device,
            stored(row.id.epoch)?,
            row.branch,
            stored(row.base)?,
            stored(row.seq)?,
            row.hash.0,
            row.next_key.0,
            stored(row.linked)?,
            stored(row.sent)?,
            stored(row.known)?,
            stored(row.held)?,
            stored(row.receipted)?,
            row.seed,
        ])?;
        let no = self.0.last_insert_rowid();
        self.put_chain(&ChainRow { no, ..row.clone() })?;
        Ok(no)
    }

    /// Writes what moves on a chain.
    pub fn put_chain(&self, row: &ChainRow) -> Result<()> {
        let sql = "UPDATE chain SET seq = ?1, hash = ?2, next_key = ?3, linked = ?4, sent = ?5, known = ?6, held = ?7, receipted = ?8, seed = ?9, sum = row_sum(no, tally, side, device, epoch, branch, base, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) WHERE no = ?10";
        self.0.prepare_cached(sql)?.execute(params![
            stored(row.seq)?,
            row.hash.0,
            row.next_key.0,
            stored(row.linked)?,
            stored(row.sent)?,
            stored(row.known)?,
            stored(row.held)?,
            stored(row.receipted)?,
            row.seed,
            row.no,
        ])?;
        Ok(())
    }
}

/// Reads a chain whose columns begin at `from`.
pub(super) fn chain_row(row: &Row<'_>, from: usize) -> Result<ChainRow> {
    let at = |column: usize| from.saturating_add(column);
    let blob = |index: usize| -> Result<Digest> {
        Ok(Digest(fixed(row.get_ref(index)?.as_blob().map_err(|_| StoreError::Corrupt { what: "a hash" })?)?))
    };
    Ok(ChainRow {
        no: row.get(at(0))?,
        tally: row.get(at(1))?,
        id: ChainId {
            side: side(row.get(at(2))?)?,
            device: row.get(at(3))?,
            epoch: number(row.get(at(4))?)?,
        },
        branch: row.get(at(5))?,
        base: number(row.get(at(6))?)?,
        seq: number(row.get(at(7))?)?,
        hash: blob(at(8))?,
        next_key: blob(at(9))?,
        linked: number(row.get(at(10))?)?,
        sent: number(row.get(at(11))?)?,
        known: number(row.get(at(12))?)?,
        held: number(row.get(at(13))?)?,
        receipted: number(row.get(at(14))?)?,
        seed: row.get(at(15))?,
    })
}
