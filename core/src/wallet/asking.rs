//! Asking for a payment, and saying no: mine to the partner, and the partner's to me.

use crate::admit::{AnswerGround, DeviceGround, Refusal, Unverified, admit};
use crate::chit::MEMO_MAX;
use crate::invoice::{
    Answer, Invoice, InvoiceId, InvoiceState, LINE_TEXT_MAX, LINES_MAX, Line, Particulars, SignedAnswer,
    SignedInvoice, Verdict,
};
use crate::key::fresh;
use crate::store::{InvoiceRow, Shelf, Standing, StoreError, TallyRow};
use crate::tally::{Date, Side, TallyId};
use crate::units::Units;

use super::delivery::{Change, Intake};
use super::evidence::device_ground;
use super::{Hands, Result, Wallet, WalletError, check_length, standing, tally_row};

/// What to ask for.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// How much; if zero, the sum of the items.
    pub units: Units,
    /// What for.
    pub memo: String,
    /// The items, if they are listed.
    pub lines: Vec<Line>,
    /// Seconds until it expires.
    pub valid_for: u64,
    /// The invoice this one takes the place of.
    pub supersedes: Option<InvoiceId>,
}

/// An invoice as a screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceView {
    /// Its name.
    pub id: InvoiceId,
    /// On which tally.
    pub tally: TallyId,
    /// Whether I ask.
    pub mine: bool,
    /// Where it stands now.
    pub state: InvoiceState,
    /// How much.
    pub units: Units,
    /// What for.
    pub memo: String,
    /// The items.
    pub lines: Vec<Line>,
    /// When it was written.
    pub date: Date,
    /// Until when it should be paid.
    pub expires: Date,
}

impl Wallet {
    /// Asks the partner for a payment. Binds nobody; counts in no balance.
    pub fn ask(&mut self, tally: &TallyId, ask: &Ask) -> Result<SignedInvoice> {
        check_length("memo", &ask.memo, MEMO_MAX)?;
        if ask.lines.len() > LINES_MAX {
            return Err(WalletError::TooLong { what: "list of items", max: LINES_MAX });
        }
        let mut sum = Units::ZERO;
        for line in &ask.lines {
            check_length("item", &line.text, LINE_TEXT_MAX)?;
            sum = sum.plus(line.units)?;
        }
        let units = if ask.units == Units::ZERO { sum } else { ask.units }.payable()?;
        self.act(|shelf, hands| {
            let row = tally_row(shelf, tally)?;
            let standing = standing(shelf, row.no)?;
            let chain = shelf.chain(standing.chain.ok_or(WalletError::Reconciling)?)?;
            let nonce = fresh(hands.entropy);
            let particulars = Particulars { memo: ask.memo.clone(), lines: ask.lines.clone() };
            let sealed = Invoice::seal(&particulars, &hands.pair_key(shelf, row.no)?, tally, &nonce);
            let expires = hands.now.saturating_add(ask.valid_for);
            let supersedes = ask.supersedes;
            let invoice = Invoice {
                tally: *tally,
                by: chain.id,
                date: hands.now,
                expires,
                units,
                supersedes,
                sealed,
                nonce,
            };
            let entry = invoice.sign(&hands.device_key(shelf, row.no)?);
            keep_invoice(shelf, row.no, row.side, entry.clone(), &mut Vec::new())?;
            Ok(entry)
        })
    }

    /// Takes in an invoice that was scanned rather than handed over.
    pub fn take_invoice(&mut self, invoice: &SignedInvoice) -> Result<InvoiceView> {
        self.act(|shelf, hands| {
            let row = tally_row(shelf, &invoice.invoice.tally)?;
            let standing = standing(shelf, row.no)?;
            let device_key = standing.tip.device(&invoice.invoice.by).map(|device| device.grant.device_key);
            let ground = DeviceGround { tally: &row.id, device_key };
            let entry = admit(Unverified::from(invoice.clone()), &ground)?.into_it();
            let id = entry.invoice.id();
            keep_invoice(shelf, row.no, row.side, entry, &mut Vec::new())?;
            let stored = shelf.invoice(&id)?.ok_or(WalletError::Unknown { what: "invoice" })?;
            view(shelf, hands, &row, &stored)
        })
    }

    /// Says that I will not pay an invoice.
    pub fn decline(&mut self, invoice: &InvoiceId) -> Result<()> {
        self.answer(invoice, Verdict::Declined)
    }

    /// Takes back an invoice of mine.
    pub fn withdraw(&mut self, invoice: &InvoiceId) -> Result<()> {
        self.answer(invoice, Verdict::Withdrawn)
    }

    fn answer(&mut self, id: &InvoiceId, verdict: Verdict) -> Result<()> {
        self.act(|shelf, hands| {
            let mut invoice = shelf.invoice(id)?.ok_or(WalletError::Unknown { what: "invoice" })?;
            let mine = verdict == Verdict::Withdrawn;
            if invoice.mine != mine {
                return Err(WalletError::Unknown { what: "invoice" });
            }
            if !matches!(invoice.state, InvoiceState::Issued | InvoiceState::Expired) {
                return Err(WalletError::InvoiceOver { state: invoice.state.name() });
            }
            let row = shelf.tally(invoice.tally)?;
            let chain = shelf.chain(standing(shelf, row.no)?.chain.ok_or(WalletError::Reconciling)?)?;
            let answer = Answer { tally: row.id, by: chain.id, invoice: *id, verdict, date: hands.now };
            invoice.answer = Some(answer.sign(&hands.device_key(shelf, row.no)?));
            invoice.state = verdict.state();
            invoice.sent = false;
            Ok(shelf.put_invoice(&invoice)?)
        })
    }

    /// An invoice as a screen shows it.
    pub fn invoice(&mut self, id: &InvoiceId) -> Result<InvoiceView> {
        self.study(|shelf, hands| {
            let stored = shelf.invoice(id)?.ok_or(WalletError::Unknown { what: "invoice" })?;
            view(shelf, hands, &shelf.tally(stored.tally)?, &stored)
        })
    }

    /// All invoices of a tally, oldest first.
    pub fn invoices(&mut self, tally: &TallyId) -> Result<Vec<InvoiceView>> {
        self.study(|shelf, hands| {
            let row = tally_row(shelf, tally)?;
            shelf.invoices(row.no)?.iter().map(|stored| view(shelf, hands, &row, stored)).collect()
        })
    }
}

/// An open invoice whose time is over is shown as expired; a payment that comes all the same is still a payment.
fn view(shelf: &Shelf<'_>, hands: &Hands<'_>, row: &TallyRow, stored: &InvoiceRow) -> Result<InvoiceView> {
    let invoice = &stored.entry.invoice;
    let late = hands.now > invoice.expires;
    let state = if late { stored.state.hearing(InvoiceState::Expired) } else { stored.state };
    let key = hands.pair_key(shelf, row.no)?;
    let particulars =
        invoice.particulars(&key).map_err(|_| StoreError::Corrupt { what: "particulars of an invoice" });
    // A partner may have sealed nonsense; that is no damage of ours, and the amount is readable all the same.
    let Particulars { memo, lines } = particulars.unwrap_or_default();
    Ok(InvoiceView {
        id: stored.id,
        tally: row.id,
        mine: stored.mine,
        state,
        units: invoice.units,
        memo,
        lines,
        date: invoice.date,
        expires: invoice.expires,
    })
}

pub(super) fn take_invoice(
    shelf: &Shelf<'_>,
    intake: &mut Intake<'_>,
    standing: &Standing,
    invoice: SignedInvoice,
) -> Result<()> {
    let ground = device_ground(&intake.row, standing, &invoice.invoice.by);
    let entry = admit(Unverified::from(invoice), &ground)?.into_it();
    keep_invoice(shelf, intake.row.no, intake.row.side, entry, intake.changes)
}

/// Stores an admitted invoice; one that is known changes nothing.
pub(super) fn keep_invoice(
    shelf: &Shelf<'_>,
    tally: i64,
    my_side: Side,
    entry: SignedInvoice,
    changes: &mut Vec<Change>,
) -> Result<()> {
    let id = entry.invoice.id();
    if shelf.invoice(&id)?.is_some() {
        return Ok(());
    }
    let before = entry.invoice.supersedes.map(|id| shelf.invoice(&id)).transpose()?.flatten();
    // Only the one who asked may put another invoice in the place of the first.
    let same_asker =
        |before: &InvoiceRow| before.tally == tally && before.entry.invoice.by.side == entry.invoice.by.side;
    if let Some(mut before) = before.filter(same_asker) {
        before.state = before.state.hearing(InvoiceState::Countered);
        shelf.put_invoice(&before)?;
    }
    let mine = entry.invoice.by.side == my_side;
    let payer = entry.invoice.by.side.other();
    let answer = match shelf.answers(tally, payer, &id)? {
        Some((ordered, first)) => shelf.chit_by_no(ordered.unwrap_or(first))?,
        None => None,
    };
    let paid = answer
        .and_then(|chit| chit.entry.chit.body.pledged())
        .is_some_and(|units| entry.invoice.is_paid_by(payer, units));
    let state = if paid {
        InvoiceState::Paid
    } else if shelf.is_replaced(tally, entry.invoice.by.side, &id)? {
        InvoiceState::Countered
    } else {
        InvoiceState::Issued
    };
    if !mine && state == InvoiceState::Issued {
        shelf.add_event(Some(tally), "payment_asked", &entry.invoice.units.milli().to_string())?;
        changes.push(Change::Asked { units: entry.invoice.units });
    }
    Ok(shelf.put_invoice(&InvoiceRow { id, tally, mine, state, entry, answer: None, sent: !mine })?)
}

pub(super) fn take_answer(
    shelf: &Shelf<'_>,
    intake: &mut Intake<'_>,
    standing: &Standing,
    answer: SignedAnswer,
) -> Result<()> {
    let unknown = Refusal::OutOfPlace { what: "answer to an invoice" };
    let known = shelf.invoice(&answer.answer.invoice)?.filter(|invoice| invoice.tally == intake.row.no);
    let mut invoice = known.ok_or(unknown)?;
    let device = device_ground(&intake.row, standing, &answer.answer.by);
    let ground = AnswerGround { device, asker: invoice.entry.invoice.by.side };
    let answer = admit(Unverified::from(answer), &ground)?.into_it();
    let said = answer.answer.verdict.state();
    let after = invoice.state.hearing(said);
    if after != invoice.state {
        invoice.state = after;
        invoice.answer = Some(answer);
        shelf.put_invoice(&invoice)?;
        shelf.add_event(Some(intake.row.no), "invoice_answered", after.name())?;
        intake.changes.push(Change::Answered { state: after });
    } else if invoice.answer.as_ref().is_some_and(|stands| stands.answer.verdict.state() > said) {
        // Whoever says the weaker word has not heard the one that stands.
        invoice.sent = false;
        shelf.put_invoice(&invoice)?;
    }
    Ok(())
}
