//! A payment handed over by pictures alone: the pledge as one code, and the payee's receipt as another.
//!
//! A code says less than a hand-over and passes the same door. What it leaves out is taken from the chain that is held here; where
//! that chain is not long enough yet, the answer is that something else must be handed over first.

use crate::admit::Refusal;
use crate::chit::ChitRef;
use crate::digest::Digest;
use crate::invoice::{InvoiceId, SignedInvoice};
use crate::message::{Message, Page};
use crate::payment_code::{PledgeCode, ReceiptedCode};
use crate::receipt::{Receipt, SignedReceipt};
use crate::store::{Shelf, StoredChit};
use crate::tally::TallyId;

use super::delivery::{Change, Delivery};
use super::ordering::find;
use super::receiving::{take_in, whole};
use super::{Hands, Result, Wallet, WalletError, standing, tally_no, tally_row};

/// Why a payment code says nothing here, although nothing is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// The payer's chain is not held up to the chit before this one.
    #[error("other payments must be handed over first: {from} to {to} of the payer's phone are missing here")]
    EarlierFirst {
        /// The first number that is missing.
        from: u64,
        /// The last number that is missing.
        to: u64,
    },
    /// The payer's device is not known here.
    #[error(
        "the phone that signed this payment is not known here yet; its owner's messages must be handed over first"
    )]
    DeviceFirst,
    /// A receipt for what this wallet did not sign.
    #[error("this receipt is for a payment that this wallet did not make")]
    NotMyPayment,
}

impl CodeRefusal {
    /// A stable name, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::EarlierFirst { .. } => "earlier_first",
            Self::DeviceFirst => "device_first",
            Self::NotMyPayment => "not_my_payment",
        }
    }
}

/// What came of a payment that was scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenPayment {
    /// Which chit it is.
    pub chit: ChitRef,
    /// It was held here before: nothing changed, and it counts once.
    pub again: bool,
    /// What changed.
    pub delivery: Delivery,
}

impl Wallet {
    /// A signed payment as a code to show. It counts as sent from now on.
    pub fn payment_code(&mut self, tally: &TallyId, chit: &ChitRef) -> Result<PledgeCode> {
        self.act(|shelf, _| {
            let no = tally_no(shelf, tally)?;
            let stored = payment(shelf, no, chit)?;
            for mut chain in shelf.branches(no, &chit.chain)? {
                // Only without a gap: what was never shown does not become sent by showing what follows it.
                if chain.sent.checked_add(1) == Some(chit.seq) {
                    chain.sent = chit.seq;
                    shelf.put_chain(&chain)?;
                }
            }
            PledgeCode::of(&stored.entry).ok_or(WalletError::Unknown { what: "payment" })
        })
    }

    /// An invoice as it was signed, to show it again.
    pub fn invoice_code(&self, id: &InvoiceId) -> Result<SignedInvoice> {
        let stored = self.look(|shelf| Ok(shelf.invoice(id)?))?;
        Ok(stored.ok_or(WalletError::Unknown { what: "invoice" })?.entry)
    }

    /// Takes in a payment that was scanned.
    pub fn take_payment_code(&mut self, code: &PledgeCode) -> Result<TakenPayment> {
        self.act(|shelf, hands| take_pledge(shelf, hands, code))
    }

    /// My receipt for a payment that this device holds, as a code to show.
    pub fn receipt_code(&mut self, tally: &TallyId, chit: &ChitRef) -> Result<SignedReceipt> {
        self.act(|shelf, hands| receipt(shelf, hands, tally, chit))
    }

    /// A payment and my receipt for it in one code.
    pub fn receipted_code(&mut self, tally: &TallyId, chit: &ChitRef) -> Result<ReceiptedCode> {
        self.act(|shelf, hands| {
            let receipt = receipt(shelf, hands, tally, chit)?;
            let stored = payment(shelf, tally_no(shelf, tally)?, chit)?;
            ReceiptedCode::of(&stored.entry, &receipt).ok_or(WalletError::Unknown { what: "payment" })
        })
    }

    /// Takes in the payee's receipt that was scanned.
    pub fn take_receipt_code(&mut self, receipt: &SignedReceipt) -> Result<Delivery> {
        self.act(|shelf, hands| take_receipt(shelf, hands, receipt))
    }

    /// Takes in a payment with its receipt: for the payer, and for another device of either party.
    pub fn take_receipted_code(&mut self, code: &ReceiptedCode) -> Result<TakenPayment> {
        self.act(|shelf, hands| {
            let mut taken = take_pledge(shelf, hands, &code.pledge)?;
            let receipt = code.receipt(&taken.chit);
            let row = tally_row(shelf, &code.pledge.tally)?;
            // The payee's own devices need no receipt of their own; the payer's move by it.
            if taken.chit.chain.side == row.side {
                let second = take_receipt(shelf, hands, &receipt)?;
                taken.delivery.changes.extend(second.changes);
                taken.delivery.reply = second.reply;
            }
            Ok(taken)
        })
    }
}

fn payment(shelf: &Shelf<'_>, no: i64, chit: &ChitRef) -> Result<StoredChit> {
    find(shelf, no, chit)?
        .filter(|stored| stored.entry.chit.body.pledged().is_some())
        .ok_or(WalletError::Unknown { what: "payment" })
}

fn take_pledge(shelf: &Shelf<'_>, hands: &mut Hands<'_>, code: &PledgeCode) -> Result<TakenPayment> {
    let no = shelf.tally_no(&code.tally)?.ok_or(WalletError::NotForUs)?;
    let before = hashes_before(shelf, no, code)?;
    // Where the payer's chain was forked, only the signature tells which of its ends this code follows.
    let follows = |hash: &&Digest| code.after(**hash).check_signature().is_ok();
    let hash = before.iter().find(follows).or(before.first()).copied().unwrap_or_default();
    let signed = code.after(hash);
    let chit = signed.chit.reference();
    let again = find(shelf, no, &chit)?.is_some();
    let page = Page::of(&[signed]).map(Message::Chits);
    let delivery = take_in(shelf, hands, no, None, whole(page.into_iter().collect()))?;
    Ok(TakenPayment { chit, again, delivery: unrefused(delivery)? })
}

/// The hashes that may stand before this chit: of every held end and fork of its chain.
fn hashes_before(shelf: &Shelf<'_>, no: i64, code: &PledgeCode) -> Result<Vec<Digest>> {
    let standing = standing(shelf, no)?;
    let (branches, last) = (shelf.branches(no, &code.chain)?, code.seq.saturating_sub(1));
    if last == 0 {
        let known = standing.tip.device(&code.chain).map(|_| vec![Digest::default()]);
        return known.ok_or_else(|| CodeRefusal::DeviceFirst.into());
    }
    let mut hashes = Vec::new();
    for branch in &branches {
        hashes.extend(shelf.chit(branch.no, last)?.map(|stored| stored.entry.chit.hash()));
    }
    if hashes.is_empty() {
        let held = branches.iter().map(|branch| branch.seq).max().unwrap_or(0);
        let from = held.saturating_add(1);
        return Err(CodeRefusal::EarlierFirst { from, to: last }.into());
    }
    Ok(hashes)
}

/// The receipt of this device for one chit, and with it for everything before.
fn receipt(shelf: &Shelf<'_>, hands: &Hands<'_>, tally: &TallyId, chit: &ChitRef) -> Result<SignedReceipt> {
    let row = tally_row(shelf, tally)?;
    payment(shelf, row.no, chit)?;
    if chit.chain.side == row.side {
        return Err(Refusal::WrongSide { what: "receipt" }.into());
    }
    let by = shelf.chain(standing(shelf, row.no)?.chain.ok_or(WalletError::Reconciling)?)?.id;
    let receipt = Receipt { tally: *tally, by, chain: chit.chain, seq: chit.seq, hash: chit.hash };
    Ok(receipt.sign(&hands.device_key(shelf, row.no)?))
}

fn take_receipt(shelf: &Shelf<'_>, hands: &mut Hands<'_>, receipt: &SignedReceipt) -> Result<Delivery> {
    let it = &receipt.receipt;
    let no = shelf.tally_no(&it.tally)?.ok_or(WalletError::NotForUs)?;
    let named = ChitRef { chain: it.chain, seq: it.seq, hash: it.hash };
    let (_, side, ..) = shelf.tally_label(no)?;
    if it.chain.side != side || find(shelf, no, &named)?.is_none() {
        return Err(CodeRefusal::NotMyPayment.into());
    }
    let message = whole(vec![Message::Receipt(receipt.clone())]);
    unrefused(take_in(shelf, hands, no, None, message)?)
}

/// A code is one object: if it was refused, so was everything, and nothing of it stays.
fn unrefused(delivery: Delivery) -> Result<Delivery> {
    match delivery.rejected.first() {
        Some(rejected) => Err(rejected.refusal.clone().into()),
        None if delivery.changes.contains(&Change::Waiting) => {
            Err(Refusal::OutOfPlace { what: "payment code" }.into())
        }
        None => Ok(delivery),
    }
}
