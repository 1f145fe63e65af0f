//! Receipts, invoices and answers on their way through a site, where the two phones never meet.

use crate::invoice::InvoiceState;
use crate::message::Message;
use crate::notes::{Heard, INVOICES_MAX, Notes};
use crate::store::{InvoiceRow, Shelf};
use crate::tally::{Date, TallyId};

use super::saying::receipts_beyond;
use super::{Result, Wallet, standing, tally_no, tally_row};

impl Wallet {
    /// What this wallet knows of a tally's notes: receipts for its own chits, what it holds of the partner's, and invoices.
    pub fn notes(&self, tally: &TallyId) -> Result<Notes> {
        let now = self.clock.now();
        self.look(|shelf| {
            let no = tally_no(shelf, tally)?;
            let (_, side, ..) = shelf.tally_label(no)?;
            let mut notes = Notes::default();
            for chain in shelf.chains(no)?.iter().filter(|chain| chain.seq > 0) {
                let held = if chain.id.side == side { chain.held } else { chain.seq };
                notes.held.push((chain.id, held));
            }
            let current = current_invoices(shelf, no, now)?;
            notes.invoices = current.iter().map(|invoice| (invoice.id, heard(invoice))).collect();
            Ok(notes)
        })
    }

    /// What somebody with these notes lacks of this wallet's: receipts for the partner's chits, invoices, answers.
    pub fn notes_beyond(&mut self, tally: &TallyId, theirs: &Notes) -> Result<Vec<Message>> {
        let now = self.clock.now();
        self.study(|shelf, hands| {
            let row = tally_row(shelf, tally)?;
            let standing = standing(shelf, row.no)?;
            let mut out = Vec::new();
            receipts_beyond(
                shelf,
                hands,
                &row,
                &standing,
                &|chain| theirs.held(&chain.id) < chain.seq,
                &mut out,
            )?;
            for invoice in current_invoices(shelf, row.no, now)? {
                let asked = invoice.mine && invoice.state == InvoiceState::Issued;
                let answer = invoice.answer.filter(|it| theirs.lacks(&invoice.id, it.answer.verdict));
                if theirs.invoice(&invoice.id).is_none() && (asked || answer.is_some()) {
                    out.push(Message::Invoice(invoice.entry));
                }
                out.extend(answer.map(Message::Answer));
            }
            Ok(out)
        })
    }
}

/// What was heard about an invoice. Somebody who paid it says so by the pledge.
fn heard(invoice: &InvoiceRow) -> Heard {
    match &invoice.answer {
        _ if invoice.state == InvoiceState::Paid => Heard::Enough,
        Some(signed) => signed.answer.verdict.into(),
        None => Heard::Nothing,
    }
}

/// The newest invoices whose time is not over.
fn current_invoices(shelf: &Shelf<'_>, tally: i64, now: Date) -> Result<Vec<InvoiceRow>> {
    let mut all = shelf.invoices(tally)?;
    all.retain(|invoice| invoice.entry.invoice.expires >= now);
    let surplus = all.len().saturating_sub(INVOICES_MAX);
    Ok(all.split_off(surplus))
}
