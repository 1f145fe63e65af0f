//! Errands: mine that others carry, and those of others.

use rusqlite::{Row, params};

use crate::canon::Canon as _;
use crate::errand::{Errand, ErrandId, Verdict};
use crate::tally::Date;

use super::StoreError;
use super::rows::{fixed, number, object, stored};
use super::shelf::{Result, Shelf};

const WAITING: &str = "waiting";

/// An errand that is kept here.
#[derive(Debug, Clone)]
pub struct ErrandRow {
    /// Its name.
    pub id: ErrandId,
    /// Whose partner is to carry it, or gave it.
    pub tally: i64,
    /// The tally it is about, if it is mine.
    pub addressee: Option<i64>,
    /// What whoever was to carry it has said; nothing yet.
    pub said: Option<Verdict>,
    /// The errand.
    pub entry: Errand,
}

impl Shelf<'_> {
    /// All errands, oldest first.
    pub fn errands(&self) -> Result<Vec<ErrandRow>> {
        let sql = "SELECT name, tally, addressee, state, entry FROM errand ORDER BY no";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([])?;
        let mut errands = Vec::new();
        while let Some(row) = rows.next()? {
            errands.push(errand_row(row)?);
        }
        Ok(errands)
    }

    /// How many errands of others are carried and how many bytes: together, and of those the ones that one tally's partner gave.
    pub fn carried(&self, giver: i64) -> Result<[(u64, u64); 2]> {
        let sql = "SELECT count(*), coalesce(sum(length(entry)), 0), coalesce(sum(tally = ?1), 0), coalesce(sum(length(entry)) FILTER (WHERE tally = ?1), 0) FROM errand WHERE addressee IS NULL";
        let found: [i64; 4] = self
            .0
            .prepare_cached(sql)?
            .query_row([giver], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
        let [all, all_bytes, of_giver, giver_bytes] = found;
        Ok([(number(all)?, number(all_bytes)?), (number(of_giver)?, number(giver_bytes)?)])
    }

    /// Writes an errand.
    pub fn put_errand(&self, row: &ErrandRow) -> Result<()> {
        let sql = "INSERT INTO errand (name, tally, addressee, state, expires, entry, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, row_sum(?1, ?2, ?3, ?4, ?5, ?6)) ON CONFLICT (tally, name) DO UPDATE SET state = excluded.state, sum = row_sum(name, tally, addressee, excluded.state, expires, entry)";
        self.0.prepare_cached(sql)?.execute(params![
            row.id.0,
            row.tally,
            row.addressee,
            row.said.map_or(WAITING, Verdict::name),
            stored(row.entry.expires)?,
            row.entry.to_bytes(),
        ])?;
        Ok(())
    }

    /// Forgets an errand.
    pub fn drop_errand(&self, tally: i64, id: &ErrandId) -> Result<()> {
        let sql = "DELETE FROM errand WHERE tally = ? AND name = ?";
        self.0.prepare_cached(sql)?.execute(params![tally, id.0])?;
        Ok(())
    }

    /// Forgets all errands whose time is over.
    pub fn drop_late_errands(&self, now: Date) -> Result<()> {
        self.0.prepare_cached("DELETE FROM errand WHERE expires < ?")?.execute([stored(now)?])?;
        Ok(())
    }

    /// Since when errands are taken along here, if they are.
    pub fn porter_since(&self) -> Result<Option<Date>> {
        let mut query = self.0.prepare_cached("SELECT since FROM porter")?;
        let mut rows = query.query([])?;
        rows.next()?.map(|row| number(row.get(0)?)).transpose()
    }

    /// Says whether errands are taken along.
    pub fn put_porter(&self, since: Option<Date>) -> Result<()> {
        match since {
            Some(since) => self
                .0
                .prepare_cached("INSERT OR IGNORE INTO porter (no, since) VALUES (1, ?)")?
                .execute([stored(since)?])?,
            None => self.0.prepare_cached("DELETE FROM porter")?.execute([])?,
        };
        Ok(())
    }
}

fn errand_row(row: &Row<'_>) -> Result<ErrandRow> {
    let state: String = row.get(3)?;
    let said = Verdict::named(&state);
    if said.is_none() && state != WAITING {
        return Err(StoreError::Corrupt { what: "an errand's state" });
    }
    Ok(ErrandRow {
        id: ErrandId(fixed(&row.get::<_, Vec<u8>>(0)?)?),
        tally: row.get(1)?,
        addressee: row.get(2)?,
        said,
        entry: object(&row.get::<_, Vec<u8>>(4)?)?,
    })
}
