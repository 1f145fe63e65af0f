//! Asking for a payment, and answering without paying. An invoice binds nobody and moves no balance.
//!
//! `Issued → Paid | Declined | Countered | Withdrawn | Expired`; whatever arrives in whatever order, the strongest word stands:
//! Paid > Declined = Withdrawn > Expired > Open. Where the payer declined what the payee withdrew, declined stands on both phones.

use std::fmt;

use crate::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use crate::chit::ChainId;
use crate::digest::{Digest, Statement, from_hex, hex};
use crate::key::{SecretKey, Signature};
use crate::pair::{PairError, PairKey};
use crate::tally::{Date, SUITE, Side, TallyId, read_suite};
use crate::units::Units;

/// The longest list of items on an invoice.
pub const LINES_MAX: usize = 24;
/// The longest text of an item, in bytes.
pub const LINE_TEXT_MAX: usize = 80;
const SEALED_MAX: u64 = 4096;

/// The name of an invoice: the beginning of its hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvoiceId(pub [u8; 16]);

impl fmt::Display for InvoiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for InvoiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(self.0.first_chunk::<4>().unwrap_or(&[0; 4]), f)
    }
}

impl std::str::FromStr for InvoiceId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        from_hex(text).map(Self).ok_or(Malformed::WrongType { what: "invoice id" })
    }
}

impl Canon for InvoiceId {
    const WHAT: &'static str = "invoice id";

    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.fixed(Self::WHAT).map(Self)
    }
}

/// One item on an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub text: String,
    /// How many.
    pub count: u32,
    /// What they cost together.
    pub units: Units,
}

impl Canon for Line {
    const WHAT: &'static str = "invoice item";

    fn write(&self, to: &mut Writer) {
        to.array(3).text(&self.text).uint(self.count.into()).put(&self.units);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 3)?;
        Ok(Self {
            text: from.text("item text", LINE_TEXT_MAX as u64)?,
            count: from.uint32("item count")?,
            units: from.take()?,
        })
    }
}

/// What the two parties alone can read of an invoice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Particulars {
    /// What it is for.
    pub memo: String,
    /// The items, if they are listed.
    pub lines: Vec<Line>,
}

impl Canon for Particulars {
    const WHAT: &'static str = "particulars of an invoice";

    fn write(&self, to: &mut Writer) {
        to.array(2).text(&self.memo).put_list(&self.lines);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 2)?;
        Ok(Self {
            memo: from.text("memo", crate::chit::MEMO_MAX as u64)?,
            lines: from.take_list("items", LINES_MAX as u64)?,
        })
    }
}

/// "Please pay me this." Signed by one of the payee's devices, never changed, expiring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// On which tally.
    pub tally: TallyId,
    /// Which of the payee's devices asks.
    pub by: ChainId,
    /// When it was written.
    pub date: Date,
    /// Until when it should be paid.
    pub expires: Date,
    /// How much.
    pub units: Units,
    /// The invoice this one takes the place of.
    pub supersedes: Option<InvoiceId>,
    /// Memo and items, sealed.
    pub sealed: Vec<u8>,
    /// Makes two like invoices two.
    pub nonce: [u8; 8],
}

impl Invoice {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> InvoiceId {
        InvoiceId(Digest::of(&self.to_bytes()).first())
    }

    /// Seals the particulars for an invoice with this nonce.
    #[must_use]
    pub fn seal(particulars: &Particulars, key: &PairKey, tally: &TallyId, nonce: &[u8; 8]) -> Vec<u8> {
        key.seal(&Self::place(tally, nonce), &particulars.to_bytes())
    }

    /// Opens the particulars.
    pub fn particulars(&self, key: &PairKey) -> Result<Particulars, PairError> {
        let plain = key.open(&Self::place(&self.tally, &self.nonce), &self.sealed)?;
        Particulars::from_bytes(&plain).map_err(|_| PairError::NotForUs)
    }

    /// Whether a pledge of this side and amount is what it asks for.
    #[must_use]
    pub fn is_paid_by(&self, payer: Side, units: Units) -> bool {
        self.by.side == payer.other() && units >= self.units
    }

    fn place(tally: &TallyId, nonce: &[u8; 8]) -> Vec<u8> {
        [&b"invoice"[..], &tally.0, nonce].concat()
    }

    /// Signs it with the device's key.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> SignedInvoice {
        let signature = key.sign(Statement::Invoice, &Digest::of(&self.to_bytes()));
        SignedInvoice { invoice: self, signature }
    }
}

impl Canon for Invoice {
    const WHAT: &'static str = "invoice";

    fn write(&self, to: &mut Writer) {
        to.array(9)
            .uint(SUITE)
            .put(&self.tally)
            .put(&self.by)
            .uint(self.date)
            .uint(self.expires)
            .put(&self.units);
        to.put_option(self.supersedes.as_ref()).bytes(&self.sealed).bytes(&self.nonce);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.counted_after(Self::WHAT, 9, read_suite)?;
        let it = Self {
            tally: from.take()?,
            by: from.take()?,
            date: from.uint("date")?,
            expires: from.uint("expiry")?,
            units: from.take()?,
            supersedes: from.take_option()?,
            sealed: from.bytes("sealed particulars", SEALED_MAX)?.to_vec(),
            nonce: from.fixed("nonce")?,
        };
        it.units.payable().map_err(|_| Malformed::OutOfRange { what: "invoiced amount" })?;
        Ok(it)
    }
}

/// An invoice with the device's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedInvoice {
    /// What is asked.
    pub invoice: Invoice,
    /// The signature.
    pub signature: Signature,
}

impl Canon for SignedInvoice {
    const WHAT: &'static str = "signed invoice";

    fn write(&self, to: &mut Writer) {
        to.array(3).uint(WIRE_VERSION).put(&self.invoice).put(&self.signature);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 3)?;
        Ok(Self { invoice: from.take()?, signature: from.take()? })
    }
}

/// A word about an invoice that is not a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// By the payer: I will not pay this.
    Declined,
    /// By the payee: I take it back.
    Withdrawn,
}

impl Verdict {
    /// Where an invoice stands by this word.
    #[must_use]
    pub const fn state(self) -> InvoiceState {
        match self {
            Self::Declined => InvoiceState::Declined,
            Self::Withdrawn => InvoiceState::Withdrawn,
        }
    }
}

/// A signed word about an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// On which tally.
    pub tally: TallyId,
    /// Which device speaks.
    pub by: ChainId,
    /// About which invoice.
    pub invoice: InvoiceId,
    /// What it says.
    pub verdict: Verdict,
    /// When.
    pub date: Date,
}

impl Answer {
    /// Signs it with the device's key.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> SignedAnswer {
        let signature = key.sign(Statement::Answer, &Digest::of(&self.to_bytes()));
        SignedAnswer { answer: self, signature }
    }
}

impl Canon for Answer {
    const WHAT: &'static str = "answer to an invoice";

    fn write(&self, to: &mut Writer) {
        let verdict = match self.verdict {
            Verdict::Declined => 0,
            Verdict::Withdrawn => 1,
        };
        to.array(6)
            .uint(SUITE)
            .put(&self.tally)
            .put(&self.by)
            .put(&self.invoice)
            .uint(verdict)
            .uint(self.date);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.counted_after(Self::WHAT, 6, read_suite)?;
        let (tally, by, invoice) = (from.take()?, from.take()?, from.take()?);
        let verdict = match from.uint("verdict")? {
            0 => Verdict::Declined,
            1 => Verdict::Withdrawn,
            version => return Err(Malformed::Newer { what: "verdict", version }),
        };
        Ok(Self { tally, by, invoice, verdict, date: from.uint("date")? })
    }
}

/// An answer with the device's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAnswer {
    /// What is said.
    pub answer: Answer,
    /// The signature.
    pub signature: Signature,
}

impl Canon for SignedAnswer {
    const WHAT: &'static str = "signed answer";

    fn write(&self, to: &mut Writer) {
        to.array(3).uint(WIRE_VERSION).put(&self.answer).put(&self.signature);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 3)?;
        Ok(Self { answer: from.take()?, signature: from.take()? })
    }
}

/// Where an invoice stands. The order of the words is their strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvoiceState {
    /// Written, not shown to anybody yet.
    Draft,
    /// Waiting for the payer.
    Issued,
    /// Its time is over.
    Expired,
    /// Another invoice has taken its place.
    Countered,
    /// The payee took it back.
    Withdrawn,
    /// The payer said no.
    Declined,
    /// A chit answers it.
    Paid,
}

impl InvoiceState {
    /// Every state, weakest first.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Issued,
        Self::Expired,
        Self::Countered,
        Self::Withdrawn,
        Self::Declined,
        Self::Paid,
    ];

    /// What stands after another word was heard: the stronger one, so that the same words in any order lead to the same state.
    #[must_use]
    pub fn hearing(self, word: Self) -> Self {
        self.max(word)
    }

    /// The name under which it is stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Issued => "open",
            Self::Expired => "expired",
            Self::Countered => "replaced",
            Self::Withdrawn => "withdrawn",
            Self::Declined => "declined",
            Self::Paid => "paid",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Side;

    /// One row a state, one letter a word that is heard, weakest first: the state that stands then (n: declined).
    const TABLE: [(InvoiceState, &str); 7] = [
        (InvoiceState::Draft, "diecwnp"),
        (InvoiceState::Issued, "iiecwnp"),
        (InvoiceState::Expired, "eeecwnp"),
        (InvoiceState::Countered, "ccccwnp"),
        (InvoiceState::Withdrawn, "wwwwwnp"),
        (InvoiceState::Declined, "nnnnnnp"),
        (InvoiceState::Paid, "ppppppp"),
    ];

    #[test]
    fn an_invoice_is_called_by_its_whole_name() {
        assert_eq!(InvoiceId([0xab; 16]).to_string(), "ab".repeat(16));
    }

    /// What was written on one invoice cannot be put on another, on this tally or on one that shares nothing but the key.
    #[test]
    fn particulars_are_read_where_they_were_written() {
        let (key, tally) = (PairKey::from_bytes([1; 32]), TallyId([2; 16]));
        let line = Line { text: "an egg".into(), count: 12, units: Units::new(3_000) };
        let particulars = Particulars { memo: "breakfast".into(), lines: vec![line.clone(), line] };
        let invoice = Invoice {
            tally,
            by: ChainId { side: Side::Stock, device: 1, epoch: 1 },
            date: 1,
            expires: 2,
            units: Units::new(6_000),
            supersedes: None,
            sealed: Invoice::seal(&particulars, &key, &tally, &[3; 8]),
            nonce: [3; 8],
        };
        assert_eq!(invoice.particulars(&key), Ok(particulars));
        for other in [
            Invoice { nonce: [4; 8], ..invoice.clone() },
            Invoice { tally: TallyId([4; 16]), ..invoice.clone() },
        ] {
            assert_eq!(other.particulars(&key), Err(PairError::NotForUs));
        }
        assert_eq!(invoice.particulars(&PairKey::from_bytes([4; 32])), Err(PairError::NotForUs));
    }

    #[test]
    fn the_whole_table_of_words_heard() {
        let letters = "diecwnp";
        for ((state, row), name) in TABLE.into_iter().zip(letters.chars()) {
            for (word, expected) in InvoiceState::ALL.into_iter().zip(row.chars()) {
                let stands = state.hearing(word);
                let at = InvoiceState::ALL.iter().position(|other| *other == stands).unwrap();
                assert_eq!(letters.chars().nth(at), Some(expected), "{name} hearing {word:?}");
            }
            assert_eq!(InvoiceState::named(state.name()), Some(state));
        }
    }
}
