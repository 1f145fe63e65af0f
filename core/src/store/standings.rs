//! Where tallies stand: what changes with each chit, and the lists that show it.

use rusqlite::{Row, params, params_from_iter};

use crate::book::Book;
use crate::canon::Canon;
use crate::negotiation::TallyState;
use crate::tally::{Halves, Side, TallyId};
use crate::units::Units;

use super::StoreError;
use super::rows::{Bookmark, Glance, Reached, Standing, Traded, fixed, number, object, side, stored};
use super::shelf::{Result, Shelf};

impl Shelf<'_> {
    /// Where a tally stands, if it has a contract.
    pub fn standing(&self, tally: i64) -> Result<Option<Standing>> {
        let sql = "SELECT book, tip, arrivals, agreed, final, final_stock, final_foil, chain, reconciling, owed, met FROM standing WHERE tally = ?";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([tally])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let book = |index: usize| -> Result<Book> {
            let bytes = row.get_ref(index)?.as_blob().map_err(|_| StoreError::Corrupt { what: "book" })?;
            object(bytes)
        };
        Ok(Some(Standing {
            tally,
            book: book(0)?,
            tip: book(1)?,
            arrivals: row.get(2)?,
            agreed: number(row.get(3)?)?,
            final_index: number(row.get(4)?)?,
            final_paid: Halves { stock: Units::new(row.get(5)?), foil: Units::new(row.get(6)?) },
            chain: row.get(7)?,
            reconciling: row.get(8)?,
            owed: row.get(9)?,
            met: row.get::<_, Option<i64>>(10)?.map(number).transpose()?,
        }))
    }

    /// Writes where a tally stands.
    pub fn put_standing(&self, row: &Standing) -> Result<()> {
        let sql = "INSERT INTO standing (tally, book, tip, arrivals, agreed, final, final_stock, final_foil, chain, reconciling, owed, met, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)) ON CONFLICT (tally) DO UPDATE SET book = excluded.book, tip = excluded.tip, arrivals = excluded.arrivals, agreed = excluded.agreed, final = excluded.final, final_stock = excluded.final_stock, final_foil = excluded.final_foil, chain = excluded.chain, reconciling = excluded.reconciling, owed = excluded.owed, met = excluded.met, sum = excluded.sum";
        self.0.prepare_cached(sql)?.execute(params![
            row.tally,
            row.book.to_bytes(),
            row.tip.to_bytes(),
            row.arrivals,
            stored(row.agreed)?,
            stored(row.final_index)?,
            row.final_paid.stock.milli(),
            row.final_paid.foil.milli(),
            row.chain,
            row.reconciling,
            row.owed,
            row.met.map(stored).transpose()?,
        ])?;
        Ok(())
    }

    /// My half and the book over everything held: all that a balance needs.
    pub fn tip(&self, id: &TallyId) -> Result<Option<(Side, Option<Book>)>> {
        let sql = "SELECT side, tip FROM tally LEFT JOIN standing ON standing.tally = tally.no WHERE id = ?";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([id.0])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let tip = row.get_ref(1)?.as_blob_or_null().map_err(|_| StoreError::Corrupt { what: "book" })?;
        Ok(Some((side(row.get(0)?)?, tip.map(object).transpose()?)))
    }

    /// Where reading a tally's history begins.
    pub fn bookmark(&self, id: &TallyId) -> Result<Option<Bookmark>> {
        let sql = "SELECT no, side, pair, book, arrivals, agreed, final FROM tally LEFT JOIN standing ON standing.tally = tally.no WHERE id = ?";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([id.0])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let reached =
            match row.get_ref(3)?.as_blob_or_null().map_err(|_| StoreError::Corrupt { what: "book" })? {
                None => None,
                Some(book) => {
                    let index = Book::head_of(book).map_err(|_| StoreError::Corrupt { what: "book" })?.index;
                    let waiting = number(row.get(4)?)?.saturating_sub(index);
                    let (agreed, final_index) = (number(row.get(5)?)?, number(row.get(6)?)?);
                    Some(Reached { index, waiting, agreed, final_index })
                }
            };
        Ok(Some(Bookmark { no: row.get(0)?, side: side(row.get(1)?)?, pair: row.get(2)?, reached }))
    }

    /// What a list shows: of all tallies, or of one.
    pub fn glances(&self, only: Option<&TallyId>) -> Result<Vec<Glance>> {
        const GLANCE: &str = "SELECT no, id, side, state, name, book, tip, arrivals, agreed, final, final_stock, final_foil, reconciling, met FROM tally LEFT JOIN standing ON standing.tally = tally.no";
        let which = if only.is_some() { "WHERE id = ?" } else { "ORDER BY no" };
        let mut query = self.0.prepare_cached(&format!("{GLANCE} {which}"))?;
        let mut rows = query.query(params_from_iter(only.map(|id| id.0)))?;
        let mut glances = Vec::new();
        while let Some(row) = rows.next()? {
            let state =
                row.get_ref(3)?.as_str().map_err(|_| StoreError::Corrupt { what: "a tally's state" })?;
            glances.push(Glance {
                no: row.get(0)?,
                id: TallyId(fixed(
                    row.get_ref(1)?.as_blob().map_err(|_| StoreError::Corrupt { what: "tally id" })?,
                )?),
                side: side(row.get(2)?)?,
                state: TallyState::named(state).ok_or(StoreError::Corrupt { what: "a tally's state" })?,
                name: row.get(4)?,
                traded: traded(row)?,
            });
        }
        Ok(glances)
    }
}

fn traded(row: &Row<'_>) -> Result<Option<Traded>> {
    let blob = |index: usize| {
        row.get_ref(index)?.as_blob_or_null().map_err(|_| StoreError::Corrupt { what: "book" })
    };
    let (Some(book), Some(tip)) = (blob(5)?, blob(6)?) else { return Ok(None) };
    Ok(Some(Traded {
        head: Book::head_of(book).map_err(|_| StoreError::Corrupt { what: "book" })?,
        tip: object(tip)?,
        arrivals: number(row.get(7)?)?,
        agreed: number(row.get(8)?)?,
        final_index: number(row.get(9)?)?,
        final_paid: Halves { stock: Units::new(row.get(10)?), foil: Units::new(row.get(11)?) },
        reconciling: row.get(12)?,
        met: row.get::<_, Option<i64>>(13)?.map(number).transpose()?,
    }))
}
