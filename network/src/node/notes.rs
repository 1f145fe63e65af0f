//! Receipts, invoices and answers: kept for the two parties, told to the partner's site, and compared with whoever asks.

use hazel_core::admit::{AnswerGround, DeviceGround, Refusal, Unverified, admit};
use hazel_core::chit::{ChainId, ChitRef};
use hazel_core::invoice::{SignedAnswer, SignedInvoice};
use hazel_core::message::Message;
use hazel_core::notes::Notes;
use hazel_core::ordering::{OrderingError, find};
use hazel_core::receipt::SignedReceipt;
use hazel_core::store::{Standing, StoreError};
use hazel_core::tally::Side;

use crate::letter::{Body, Correspondent, Letter};
use crate::store::{HalfRow, UNTOLD};

use super::intake::{Intake, Taken};
use super::work::{Before, Work};

impl Intake<'_> {
    fn device(&self, by: &ChainId) -> DeviceGround<'_> {
        let device_key = self.standing.tip.device(by).map(|device| device.grant.device_key);
        DeviceGround { tally: &self.half.tally, device_key }
    }

    /// A receipt is about a chit that is held here. One that came before its chit says nothing yet, and is told again.
    pub(super) fn take_receipt(&mut self, receipt: SignedReceipt) -> Result<(), OrderingError> {
        let ground = self.device(&receipt.receipt.by);
        let receipt = admit(Unverified::from(receipt), &ground)?.into_it();
        let it = &receipt.receipt;
        let held = ChitRef { chain: it.chain, seq: it.seq, hash: it.hash };
        let seen = find(&self.desk, self.half.no, &held)?.is_some();
        if seen && self.desk.put_receipt(self.half.no, &receipt)? {
            self.taken.notes.push(Message::Receipt(receipt));
        }
        Ok(())
    }

    pub(super) fn take_invoice(&mut self, invoice: SignedInvoice) -> Result<(), OrderingError> {
        let ground = self.device(&invoice.invoice.by);
        let invoice = admit(Unverified::from(invoice), &ground)?.into_it();
        let id = invoice.invoice.id();
        if self.desk.invoice(self.half.no, &id)?.is_none() {
            self.desk.put_invoice(self.half.no, &invoice)?;
            // Where too many are kept already, this one may have been the first to go.
            if self.desk.invoice(self.half.no, &id)?.is_none() {
                return Err(Refusal::TooMuchParked.into());
            }
            self.taken.notes.push(Message::Invoice(invoice));
        }
        Ok(())
    }

    pub(super) fn take_answer(&mut self, answer: SignedAnswer) -> Result<(), OrderingError> {
        let id = answer.answer.invoice;
        let unknown = Refusal::OutOfPlace { what: "answer to an invoice" };
        let kept = self.desk.invoice(self.half.no, &id)?.ok_or(unknown)?;
        let ground =
            AnswerGround { device: self.device(&answer.answer.by), asker: kept.entry.invoice.by.side };
        let answer = admit(Unverified::from(answer), &ground)?.into_it();
        // Of two answers the stronger is kept: every site ends with the same one.
        if kept.answer.is_none_or(|it| it.answer.verdict.state() < answer.answer.verdict.state()) {
            self.desk.put_answer(self.half.no, &id, &answer)?;
            self.taken.notes.push(Message::Answer(answer));
        }
        Ok(())
    }
}

impl Work<'_> {
    /// Whether the partner's site must be told notes until it has shown that it has them: new ones that are not its own, or all of them
    /// because the partner's half has moved. A partner whose phone speaks for itself hears them when it meets, or not.
    pub(super) fn owe_notes(
        &self,
        half: &HalfRow,
        standing: &mut Standing,
        before: &Before,
        taken: &Taken,
        from: Correspondent,
    ) -> Result<(), StoreError> {
        let other = half.side.other();
        let moves = *standing.tip.node_epoch.of(other);
        if moves == 0 && !half.paired {
            return Ok(());
        }
        let by_partner =
            matches!(from, Correspondent::Site(_)) && self.side_of(&from, half, standing) == other;
        let moved = moves != before.moves && self.desk.notes(half.no)? != Notes::default();
        if moved || (!taken.notes.is_empty() && !by_partner) {
            standing.owed |= UNTOLD;
        }
        Ok(())
    }

    /// A partner's site that has told something new hears that it is here. What is refused or known already makes no letter, so that two
    /// sites which do not agree about a note are not at it without end.
    pub(super) fn confirm_notes(
        &mut self,
        from: Correspondent,
        half: &HalfRow,
        standing: &Standing,
        taken: &Taken,
    ) -> Result<(), StoreError> {
        let side = self.side_of(&from, half, standing);
        match matches!(from, Correspondent::Site(_)) && side != half.side && !taken.notes.is_empty() {
            true => self.send_notes(from, half, side, false),
            false => Ok(()),
        }
    }

    /// Somebody says what it knows of the notes: it is told what it lacks, and what is known here if it asks.
    pub(super) fn notes(
        &mut self,
        from: Correspondent,
        half: &HalfRow,
        ask: bool,
        theirs: &Notes,
    ) -> Result<(), StoreError> {
        let mut standing = self.desk.standing(half.no)?;
        if self.may_speak(from, half, &standing)?.is_none() {
            return Ok(());
        }
        self.desk.drop_invoices(half.no, self.date)?;
        let side = self.side_of(&from, half, &standing);
        if side != half.side && standing.owed != 0 && theirs.covers(&self.desk.notes(half.no)?) {
            standing.owed = 0;
            self.desk.put_standing(&standing)?;
        }
        let lacking = self.desk.notes_beyond(half.no, theirs)?;
        self.send(from, half.tally, side, false, lacking);
        if ask {
            self.send_notes(from, half, side, false)?;
        }
        self.note_restless(half, &standing);
        Ok(())
    }

    pub(super) fn send_notes(
        &mut self,
        to: Correspondent,
        half: &HalfRow,
        side: Side,
        ask: bool,
    ) -> Result<(), StoreError> {
        let body = Body::Notes { ask, notes: self.desk.notes(half.no)? };
        self.post(to, Letter { tally: half.tally, half: side, body });
        Ok(())
    }
}
