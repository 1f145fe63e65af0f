//! Payments that are asked for, and the chits that answer them.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::canon::Canon;
use crate::invoice::{InvoiceId, InvoiceState};
use crate::tally::Side;

use super::StoreError;
use super::rows::{InvoiceRow, fixed, object, optional, side_code, stored};
use super::shelf::{Result, Shelf};

impl Shelf<'_> {
    /// An invoice.
    pub fn invoice(&self, id: &InvoiceId) -> Result<Option<InvoiceRow>> {
        let sql = "SELECT id, tally, mine, state, entry, answer, sent FROM invoice WHERE id = ?";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([id.0])?;
        rows.next()?.map(invoice_row).transpose()
    }

    /// All invoices of a tally, oldest first.
    pub fn invoices(&self, tally: i64) -> Result<Vec<InvoiceRow>> {
        let sql = "SELECT id, tally, mine, state, entry, answer, sent FROM invoice WHERE tally = ? ORDER BY date, id";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([tally])?;
        let mut invoices = Vec::new();
        while let Some(row) = rows.next()? {
            invoices.push(invoice_row(row)?);
        }
        Ok(invoices)
    }

    /// Whether the same side has put another invoice on this tally in the place of this one, which may have come before it.
    pub fn is_replaced(&self, tally: i64, by: Side, id: &InvoiceId) -> Result<bool> {
        let sql = "SELECT id, tally, mine, state, entry, answer, sent FROM invoice WHERE tally = ? AND instr(entry, ?) > 0";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query(params![tally, id.0])?;
        while let Some(row) = rows.next()? {
            let invoice = invoice_row(row)?.entry.invoice;
            if invoice.supersedes == Some(*id) && invoice.by.side == by {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes an invoice.
    pub fn put_invoice(&self, row: &InvoiceRow) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO invoice (id, tally, mine, state, units, date, expires, entry, answer, sent, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10))";
        let invoice = &row.entry.invoice;
        self.0.prepare_cached(sql)?.execute(params![
            row.id.0,
            row.tally,
            row.mine,
            row.state.name(),
            invoice.units.milli(),
            stored(invoice.date)?,
            stored(invoice.expires)?,
            row.entry.to_bytes(),
            row.answer.as_ref().map(Canon::to_bytes),
            row.sent,
        ])?;
        Ok(())
    }

    /// Which of a side's pledges answer an invoice: the first in the order, the first that came in.
    pub fn answers(&self, tally: i64, payer: Side, id: &InvoiceId) -> Result<Option<(Option<i64>, i64)>> {
        let sql = "SELECT ordered, first FROM answer WHERE tally = ? AND side = ? AND id = ?";
        let mut query = self.0.prepare_cached(sql)?;
        let row =
            query.query_row(params![tally, side_code(payer), id.0], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(row.optional()?)
    }

    /// Notes which of a side's pledges answer an invoice.
    pub fn put_answers(
        &self,
        tally: i64,
        payer: Side,
        id: &InvoiceId,
        ordered: Option<i64>,
        first: i64,
    ) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO answer (tally, side, id, ordered, first) VALUES (?, ?, ?, ?, ?)";
        self.0.prepare_cached(sql)?.execute(params![tally, side_code(payer), id.0, ordered, first])?;
        Ok(())
    }
}

fn invoice_row(row: &Row<'_>) -> Result<InvoiceRow> {
    let state: String = row.get(3)?;
    Ok(InvoiceRow {
        id: InvoiceId(fixed(&row.get::<_, Vec<u8>>(0)?)?),
        tally: row.get(1)?,
        mine: row.get(2)?,
        state: InvoiceState::named(&state).ok_or(StoreError::Corrupt { what: "an invoice's state" })?,
        entry: object(&row.get::<_, Vec<u8>>(4)?)?,
        answer: optional(row.get(5)?)?,
        sent: row.get(6)?,
    })
}
