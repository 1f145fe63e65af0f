//! Signed chits, byte for byte.

use rusqlite::{Row, params};

use crate::book::Flag;
use crate::canon::Canon;
use crate::chit::SignedChit;
use crate::tally::Halves;
use crate::units::Units;

use super::StoreError;
use super::rows::{PlacedChit, StoredChit, number, object};
use super::shelf::{Result, Shelf, composed};

pub(super) const CHITS: &str =
    "SELECT no, arrival, flag, place, entry FROM chit WHERE no > ? AND no <= ? ORDER BY no LIMIT ?";

impl Shelf<'_> {
    /// Adds a chit at its place in its chain.
    pub fn add_chit(&self, chain: i64, chit: &SignedChit, arrival: i64, flag: Flag) -> Result<()> {
        let no = composed(chain, chit.chit.seq)?;
        let mut insert = self
            .0
            .prepare_cached("INSERT INTO chit (no, arrival, flag, place, entry) VALUES (?, ?, ?, 0, ?)")?;
        insert.execute(params![no, arrival, flag.code(), chit.to_bytes()])?;
        Ok(())
    }

    /// The chits of one chain after `after` up to `upto`, in order, at most `most`.
    pub fn chits(&self, chain: i64, after: u64, upto: u64, most: usize) -> Result<Vec<StoredChit>> {
        let mut query = self.0.prepare_cached(CHITS)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows = query.query(params![composed(chain, after)?, composed(chain, upto)?, most])?;
        let mut chits = Vec::new();
        while let Some(row) = rows.next()? {
            chits.push(chit_row(row)?);
        }
        Ok(chits)
    }

    /// One chit by its number in its chain.
    pub fn chit(&self, chain: i64, seq: u64) -> Result<Option<StoredChit>> {
        self.chit_by_no(composed(chain, seq)?)
    }

    /// One chit by its stored name.
    pub fn chit_by_no(&self, no: i64) -> Result<Option<StoredChit>> {
        let mut query =
            self.0.prepare_cached("SELECT no, arrival, flag, place, entry FROM chit WHERE no = ?")?;
        let mut rows = query.query([no])?;
        rows.next()?.map(chit_row).transpose()
    }

    /// The chits of the order after `after` up to `upto`, the newest first.
    pub fn placed_backwards(&self, tally: i64, after: u64, upto: u64) -> Result<Vec<PlacedChit>> {
        let sql = "SELECT chit.no, arrival, chit.flag, chit.place, entry, paid_stock, paid_foil FROM place JOIN chit ON chit.no = place.chit WHERE place.no > ? AND place.no <= ? ORDER BY place.no DESC";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([composed(tally, after)?, composed(tally, upto)?])?;
        let mut placed = Vec::new();
        while let Some(row) = rows.next()? {
            let paid = Halves { stock: Units::new(row.get(5)?), foil: Units::new(row.get(6)?) };
            placed.push(PlacedChit { chit: chit_row(row)?, paid });
        }
        Ok(placed)
    }

    /// Changes how a chit is taken.
    pub fn flag_chit(&self, no: i64, flag: Flag) -> Result<()> {
        self.0.prepare_cached("UPDATE chit SET flag = ? WHERE no = ?")?.execute(params![flag.code(), no])?;
        Ok(())
    }
}

pub(super) fn chit_row(row: &Row<'_>) -> Result<StoredChit> {
    let bytes = row.get_ref(4)?.as_blob().map_err(|_| StoreError::Corrupt { what: "signed chit" })?;
    let flag = Flag::of_code(row.get(2)?).ok_or(StoreError::Corrupt { what: "a chit's flag" })?;
    let place = number(row.get(3)?)?;
    Ok(StoredChit { no: row.get(0)?, arrival: row.get(1)?, flag, place, entry: object(bytes)? })
}
