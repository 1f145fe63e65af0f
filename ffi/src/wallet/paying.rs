//! May I, what would it mean, pay, ask, answer; and codes that carry it.

use hazel_core::chit::ChitRef as ChitId;
use hazel_core::invoice::InvoiceId;
use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_core::wallet as core;
pub use hazel_core::wallet::{Ask, Payment, Went};
use hazel_qr::scan::Qr;

use super::Wallet;
use crate::Answer;
use crate::codes::Code;
use crate::records::Item;
use crate::scan::reread;
use crate::tidings::Tidings;
use crate::trouble::{HazelError, Trouble};

/// Whether an amount can be paid; cheap enough to ask at every key.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Room {
    /// The largest amount that can be paid now, in thousandths.
    pub largest: Units,
    /// Why the amount that was asked about cannot be paid; none if it can.
    pub obstacle: Option<Trouble>,
    /// Whether the person may insist all the same: the partner must then accept it.
    pub can_insist: bool,
}

/// What a payment would mean, in thousandths.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Quote {
    /// My balance now; negative if I owe.
    pub before: Units,
    /// My balance afterwards.
    pub after: Units,
    /// The limit within which I may owe.
    pub limit: Units,
    /// What stands against it, if anything.
    pub obstacle: Option<Trouble>,
    /// Whether the person may insist all the same.
    pub can_insist: bool,
}

/// A payment to make.
#[uniffi::remote(Record)]
pub struct Payment {
    /// How much, in thousandths.
    pub units: Units,
    /// What for, for the partner's eyes only.
    #[uniffi(default = "")]
    pub memo: String,
    /// A reference, for the partner's eyes only.
    #[uniffi(default = "")]
    pub reference: String,
    /// The invoice it answers.
    #[uniffi(default = None)]
    pub invoice: Option<InvoiceId>,
    /// Sign even beyond the limit: the partner must then accept it.
    #[uniffi(default = false)]
    pub insist: bool,
}

/// What to ask for.
#[uniffi::remote(Record)]
pub struct Ask {
    /// How much, in thousandths; if zero, the sum of the items.
    pub units: Units,
    /// What for.
    #[uniffi(default = "")]
    pub memo: String,
    /// The items, if they are listed.
    #[uniffi(name = "items")]
    pub lines: Vec<Item>,
    /// Seconds until it expires.
    #[uniffi(default = 604800)]
    pub valid_for: u64,
    /// The invoice this one takes the place of.
    #[uniffi(default = None)]
    pub supersedes: Option<InvoiceId>,
}

/// What came of a payment that was scanned.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TakenPayment {
    /// Which chit it is: what the receipt is for.
    pub chit: ChitId,
    /// It was held here before: nothing changed, and it counts once.
    pub again: bool,
    /// What changed.
    pub tidings: Tidings,
}

/// What became of a payment. Asked again after a crash the answer is one of these, and never "sign again".
#[uniffi::remote(Enum)]
pub enum Went {
    /// Never signed: nothing is owed.
    NeverSigned,
    /// Signed and safe on this device.
    Signed(#[uniffi(name = "chit")] ChitId),
    /// The partner's device holds it.
    Received(#[uniffi(name = "chit")] ChitId),
    /// Nodes of both parties stand for it.
    Final(#[uniffi(name = "chit")] ChitId),
}

/// An obstacle, in the words of an error, and whether one may insist.
fn obstacle(cannot: Option<core::CannotPay>) -> (Option<Trouble>, bool) {
    let can_insist = cannot.is_some_and(core::CannotPay::can_insist);
    (cannot.map(|cannot| HazelError::from(cannot).trouble().clone()), can_insist)
}

#[uniffi::export]
impl Wallet {
    /// Whether this amount can be paid now, and the largest that can. Zero asks for the largest only.
    pub fn can_pay(&self, tally: TallyId, units: Units) -> Answer<Room> {
        self.read(|wallet| {
            let room = wallet.can_pay(&tally, units)?;
            let (obstacle, can_insist) = obstacle(room.obstacle);
            Ok(Room { largest: room.largest, obstacle, can_insist })
        })
    }

    /// What a payment would mean.
    pub fn quote(&self, tally: TallyId, units: Units) -> Answer<Quote> {
        self.read(|wallet| {
            let quote = wallet.quote(&tally, units)?;
            let (obstacle, can_insist) = obstacle(quote.obstacle);
            let core::Quote { before, after, limit, .. } = quote;
            Ok(Quote { before, after, limit, obstacle, can_insist })
        })
    }

    /// Pays: signs a chit. It is on the disk when this returns, and its id is the answer.
    pub fn pay(&self, tally: TallyId, payment: Payment) -> Answer<ChitId> {
        self.change(tally, |wallet| Ok(wallet.pay(&tally, &payment)?))
    }

    /// Computes at leisure what the next payment on this tally needs: call it when the screen for it opens.
    pub fn make_ready(&self, tally: TallyId) -> Answer<()> {
        self.read(|wallet| Ok(wallet.make_ready(&tally)?))
    }

    /// Did it go through?
    pub fn went(&self, tally: TallyId, chit: ChitId) -> Answer<Went> {
        self.read(|wallet| Ok(wallet.went(&tally, &chit)?))
    }

    /// Did the payment of this invoice go through? For a screen that was killed before it learned which chit it signed.
    pub fn went_for(&self, invoice: InvoiceId) -> Answer<Went> {
        self.read(|wallet| Ok(wallet.went_for(&invoice)?))
    }

    /// Accepts a payment of the partner that went beyond the terms: from then on it counts.
    pub fn accept_pledge(&self, tally: TallyId, chit: ChitId) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.accept_pledge(&tally, &chit).map(|_| ())?))
    }

    /// Asks the partner for a payment, and answers with the code to show. It also goes along with the next meeting.
    pub fn ask(&self, tally: TallyId, ask: Ask) -> Answer<Code> {
        self.change(tally, |wallet| Code::of(&wallet.ask(&tally, &ask)?))
    }

    /// Says that I will not pay an invoice.
    pub fn decline(&self, invoice: InvoiceId) -> Answer<()> {
        let tally = self.read(|wallet| Ok(wallet.invoice(&invoice)?.tally))?;
        self.change(tally, |wallet| Ok(wallet.decline(&invoice)?))
    }

    /// Takes back an invoice of mine.
    pub fn withdraw(&self, invoice: InvoiceId) -> Answer<()> {
        let tally = self.read(|wallet| Ok(wallet.invoice(&invoice)?.tally))?;
        self.change(tally, |wallet| Ok(wallet.withdraw(&invoice)?))
    }

    /// A payment of mine as a code to show. It counts as sent from now on.
    pub fn payment_code(&self, tally: TallyId, chit: ChitId) -> Answer<Code> {
        self.change(tally, |wallet| Code::of(&wallet.payment_code(&tally, &chit)?))
    }

    /// My receipt for a payment that this device holds, as a code to show.
    pub fn receipt_code(&self, tally: TallyId, chit: ChitId) -> Answer<Code> {
        self.read(|wallet| Code::of(&wallet.receipt_code(&tally, &chit)?))
    }

    /// An invoice of mine as a code, to show it again.
    pub fn invoice_code(&self, invoice: InvoiceId) -> Answer<Code> {
        self.read(|wallet| Code::of(&wallet.invoice_code(&invoice)?))
    }

    /// Everything there is to hand to the partner, sealed for a file, a mail or a moving code; none if there is nothing.
    pub fn hand_over(&self, tally: TallyId) -> Answer<Option<Vec<u8>>> {
        self.change(tally, |wallet| Ok(wallet.hand_over(&tally)?))
    }

    /// Takes in a hand-over from a file or a mail. All of it is on the disk when this returns; what was refused left no trace.
    pub fn receive(&self, handover: Vec<u8>) -> Answer<Tidings> {
        let tidings = self.read(|wallet| Ok(Tidings::from(&wallet.receive(&handover)?)))?;
        self.cell.tell(tidings.tally);
        Ok(tidings)
    }

    /// Takes in a payment that was scanned, and says which chit it is.
    pub fn take_payment(&self, code: Vec<u8>) -> Answer<TakenPayment> {
        let taken = self.read(|wallet| {
            let core::TakenPayment { chit, again, delivery } = match reread(&code, wallet.now())? {
                Qr::Payment(it) => wallet.take_payment_code(&it)?,
                Qr::Receipted(it) => wallet.take_receipted_code(&it)?,
                _ => return Err(HazelError::usage("no_such_code", &"this code is no payment")),
            };
            Ok(TakenPayment { chit, again, tidings: Tidings::from(&delivery) })
        })?;
        self.cell.tell(taken.tidings.tally);
        Ok(taken)
    }

    /// Takes in what was scanned: an invoice, a payment, a receipt, or messages. A ticket is answered by `accept_ticket`.
    pub fn take(&self, code: Vec<u8>) -> Answer<Tidings> {
        let tidings = self.read(|wallet| {
            let delivery = match reread(&code, wallet.now())? {
                Qr::Invoice(it) => {
                    let view = wallet.take_invoice(&it)?;
                    let asked = vec![core::Change::Asked { units: view.units }];
                    core::Delivery { tally: view.tally, changes: asked, rejected: Vec::new(), reply: false }
                }
                Qr::Payment(it) => wallet.take_payment_code(&it)?.delivery,
                Qr::Receipted(it) => wallet.take_receipted_code(&it)?.delivery,
                Qr::Receipt(it) => wallet.take_receipt_code(&it)?,
                Qr::Messages(it) => wallet.receive(&hazel_core::canon::Canon::to_bytes(&it))?,
                _ => return Err(HazelError::usage("no_such_code", &"there is nothing to take in here")),
            };
            Ok(Tidings::from(&delivery))
        })?;
        self.cell.tell(tidings.tally);
        Ok(tidings)
    }
}
