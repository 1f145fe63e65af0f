//! Receipts, invoices and answers that are kept for whoever is away.

use hazel_core::canon::Canon as _;
use hazel_core::chit::ChainId;
use hazel_core::invoice::{InvoiceId, SignedAnswer, SignedInvoice};
use hazel_core::message::Message;
use hazel_core::notes::{Heard, INVOICES_MAX, Notes};
use hazel_core::receipt::SignedReceipt;
use hazel_core::store::StoreError;
use hazel_core::tally::Date;

use super::desk::{Desk, object, of_side, put, side};
use super::sql::{Put, Row};

type Result<T> = std::result::Result<T, StoreError>;

/// An invoice that is kept here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptInvoice {
    /// As it was signed.
    pub entry: SignedInvoice,
    /// The answer, if there is one.
    pub answer: Option<SignedAnswer>,
}

impl Desk<'_> {
    /// Keeps a receipt if it goes beyond the one that is kept. Returns whether it does.
    pub fn put_receipt(&self, half: i64, signed: &SignedReceipt) -> Result<bool> {
        let chain = &signed.receipt.chain;
        let sql = "INSERT INTO receipt (half, side, device, epoch, seq, entry) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (half, side, device, epoch) DO UPDATE SET seq = excluded.seq, entry = excluded.entry WHERE receipt.seq < excluded.seq RETURNING seq";
        let entry = signed.to_bytes();
        let values = [
            Put::Number(half),
            of_side(chain.side),
            Put::Number(chain.device.into()),
            put(chain.epoch)?,
            put(signed.receipt.seq)?,
            Put::Bytes(&entry),
        ];
        Ok(self.one(sql, &values)?.is_some())
    }

    /// An invoice.
    pub fn invoice(&self, half: i64, id: &InvoiceId) -> Result<Option<KeptInvoice>> {
        let sql = "SELECT entry, answer FROM invoice WHERE half = $1 AND id = $2";
        self.one(sql, &[Put::Number(half), Put::Bytes(&id.0)])?.map(|row| invoice_row(&row)).transpose()
    }

    /// Keeps an invoice. Of one asker so many are kept as [`INVOICES_MAX`] says, those that last longest: whatever order they come in.
    pub fn put_invoice(&self, half: i64, signed: &SignedInvoice) -> Result<()> {
        let (invoice, entry) = (&signed.invoice, signed.to_bytes());
        let sql = "INSERT INTO invoice (half, id, side, expires, entry, answer) VALUES ($1, $2, $3, $4, $5, NULL) ON CONFLICT (half, id) DO NOTHING";
        let (id, expires) = (invoice.id().0, put(invoice.expires)?);
        let values =
            [Put::Number(half), Put::Bytes(&id), of_side(invoice.by.side), expires, Put::Bytes(&entry)];
        self.run(sql, &values)?;
        let sql = "DELETE FROM invoice WHERE half = $1 AND side = $2 AND id NOT IN (SELECT id FROM invoice WHERE half = $1 AND side = $2 ORDER BY expires DESC, id LIMIT $3)";
        let most = i64::try_from(INVOICES_MAX / 2).unwrap_or(i64::MAX);
        self.run(sql, &[Put::Number(half), of_side(invoice.by.side), Put::Number(most)])
    }

    /// Keeps the answer to an invoice that is kept.
    pub fn put_answer(&self, half: i64, id: &InvoiceId, answer: &SignedAnswer) -> Result<()> {
        let sql = "UPDATE invoice SET answer = $1 WHERE half = $2 AND id = $3";
        self.run(sql, &[Put::Bytes(&answer.to_bytes()), Put::Number(half), Put::Bytes(&id.0)])
    }

    /// Lets go of invoices whose time was over at this date.
    pub fn drop_invoices(&self, half: i64, date: Date) -> Result<()> {
        self.run("DELETE FROM invoice WHERE half = $1 AND expires < $2", &[Put::Number(half), put(date)?])
    }

    /// What is known of a half's notes.
    pub fn notes(&self, half: i64) -> Result<Notes> {
        let mut notes = Notes::default();
        let sql = "SELECT side, device, epoch, seq FROM receipt WHERE half = $1 ORDER BY side, device, epoch";
        for row in self.rows(sql, &[Put::Number(half)])? {
            notes.held.push((receipt_chain(&row)?, row.count(3)?));
        }
        let sql = "SELECT id, answer FROM invoice WHERE half = $1 ORDER BY id";
        for row in self.rows(sql, &[Put::Number(half)])? {
            let answer: Option<SignedAnswer> = row.bytes_or_none(1)?.map(object).transpose()?;
            let heard = answer.map_or(Heard::Nothing, |signed| signed.answer.verdict.into());
            notes.invoices.push((InvoiceId(row.fixed(0)?), heard));
        }
        Ok(notes)
    }

    /// What somebody with these notes lacks.
    pub fn notes_beyond(&self, half: i64, theirs: &Notes) -> Result<Vec<Message>> {
        let mut out = Vec::new();
        let sql = "SELECT side, device, epoch, seq, entry FROM receipt WHERE half = $1 ORDER BY side, device, epoch";
        for row in self.rows(sql, &[Put::Number(half)])? {
            if row.count(3)? > theirs.held(&receipt_chain(&row)?) {
                out.push(Message::Receipt(object(row.bytes(4)?)?));
            }
        }
        let sql = "SELECT entry, answer FROM invoice WHERE half = $1 ORDER BY id";
        for row in self.rows(sql, &[Put::Number(half)])? {
            let KeptInvoice { entry, answer } = invoice_row(&row)?;
            let id = entry.invoice.id();
            if theirs.invoice(&id).is_none() {
                out.push(Message::Invoice(entry));
            }
            let answer = answer.filter(|it| theirs.lacks(&id, it.answer.verdict));
            out.extend(answer.map(Message::Answer));
        }
        Ok(out)
    }
}

fn receipt_chain(row: &Row) -> Result<ChainId> {
    let device = u32::try_from(row.number(1)?).map_err(|_| StoreError::Corrupt { what: "a device" })?;
    Ok(ChainId { side: side(row.number(0)?)?, device, epoch: row.count(2)? })
}

fn invoice_row(row: &Row) -> Result<KeptInvoice> {
    Ok(KeptInvoice { entry: object(row.bytes(0)?)?, answer: row.bytes_or_none(1)?.map(object).transpose()? })
}
