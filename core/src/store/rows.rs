//! Rows as values.

use crate::admit::Refusal;
use crate::book::{Book, Flag};
use crate::canon::{Canon, Reader};
use crate::chit::{ChainId, SignedChit};
use crate::digest::Digest;
use crate::invoice::{InvoiceId, InvoiceState, SignedAnswer, SignedInvoice};
use crate::negotiation::TallyState;
use crate::order::Head;
use crate::tally::{Date, Halves, PartyCert, Side, SignedTally, TallyId, Terms};
use crate::ticket::{SignedRequest, Ticket};
use crate::units::Units;

use super::StoreError;

/// What belongs to the wallet as a whole.
#[derive(Debug, Clone)]
pub struct WalletRow {
    /// Part of what every sealed secret is bound to.
    pub database: [u8; 16],
    /// The wrapped key of the vault.
    pub key: Vec<u8>,
    /// The sealed party root, unless this is a second device.
    pub root: Option<Vec<u8>>,
    /// What the holder is called.
    pub name: String,
    /// This device's number.
    pub device: u32,
    /// When a backup was last proven to restore.
    pub rehearsed: Option<Date>,
}

/// A tally's contract and how it came to be. What is stored as bytes is read when it is needed.
#[derive(Debug, Clone)]
pub struct TallyRow {
    /// The short name inside this database.
    pub no: i64,
    /// The name both parties know.
    pub id: TallyId,
    /// My half.
    pub side: Side,
    /// Where it stands.
    pub state: TallyState,
    /// What the partner is called.
    pub name: String,
    /// The ticket it began with.
    pub ticket: Option<Ticket>,
    /// Whether I showed the ticket.
    pub inviter: bool,
    /// My own certificate.
    pub cert: Option<PartyCert>,
    /// The partner's.
    pub partner: Option<PartyCert>,
    /// The answer to the ticket.
    pub request: Option<SignedRequest>,
    /// The credit I grant, as last drafted.
    pub terms: Terms,
    /// The newest version I signed.
    pub my_offer: Option<SignedTally>,
    /// Those before it: the partner may have signed any of them meanwhile.
    pub my_earlier: Vec<SignedTally>,
    /// The newest version the partner signed.
    pub their_offer: Option<SignedTally>,
    /// The version that governs.
    pub contract: Option<SignedTally>,
    /// Sealed: the pair key.
    pub pair: Option<Vec<u8>>,
    /// Sealed: the device key.
    pub device_key: Option<Vec<u8>>,
    /// When both signatures were here.
    pub opened: Option<Date>,
    /// My refusal must still be told.
    pub untold: bool,
}

impl TallyRow {
    /// The contract, where there must be one.
    pub fn contract(&self) -> Result<&SignedTally, Refusal> {
        self.contract.as_ref().ok_or(Refusal::OutOfPlace { what: "tally" })
    }

    /// The versions I have signed.
    #[must_use]
    pub fn my_offers(&self) -> Vec<SignedTally> {
        self.my_offer.iter().chain(&self.my_earlier).cloned().collect()
    }
}

/// What changes on a tally with every chit.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Whose.
    pub tally: i64,
    /// The book over the order.
    pub book: Book,
    /// The book over everything held.
    pub tip: Book,
    /// How many chits have come in.
    pub arrivals: i64,
    /// Up to here both halves have the same order.
    pub agreed: u64,
    /// Up to here it is final.
    pub final_index: u64,
    /// Pledged by each side up to there.
    pub final_paid: Halves<Units>,
    /// My own chain.
    pub chain: Option<i64>,
    /// Restored, and waiting for the partner's word.
    pub reconciling: bool,
    /// What must be told the partner again.
    pub owed: i64,
    /// When the partner was last heard of.
    pub met: Option<Date>,
}

/// A chain of chits, or a branch of one.
#[derive(Debug, Clone)]
pub struct ChainRow {
    /// The short name inside this database.
    pub no: i64,
    /// On which tally.
    pub tally: i64,
    /// Which chain.
    pub id: ChainId,
    /// Which branch.
    pub branch: u32,
    /// The chits of this row come after this number.
    pub base: u64,
    /// The newest chit's number.
    pub seq: u64,
    /// The newest chit's hash.
    pub hash: Digest,
    /// The hash of the key that signs the next one.
    pub next_key: Digest,
    /// In the order up to here.
    pub linked: u64,
    /// Handed to the partner up to here.
    pub sent: u64,
    /// The partner's phone that was last heard of has them up to here: what lies beyond is sent.
    pub known: u64,
    /// Held by the other side up to here. Never goes back.
    pub held: u64,
    /// Receipted by me up to here.
    pub receipted: u64,
    /// Sealed: the seed of the next key, on my own chain.
    pub seed: Option<Vec<u8>>,
}

/// A payment that is asked for.
#[derive(Debug, Clone)]
pub struct InvoiceRow {
    /// Its name.
    pub id: InvoiceId,
    /// On which tally.
    pub tally: i64,
    /// Whether I ask.
    pub mine: bool,
    /// Where it stands.
    pub state: InvoiceState,
    /// The signed invoice.
    pub entry: SignedInvoice,
    /// The signed word that declined or withdrew it.
    pub answer: Option<SignedAnswer>,
    /// Whether the partner has it, or its answer, for sure.
    pub sent: bool,
}

/// What a list of tallies shows of one of them.
#[derive(Debug, Clone)]
pub struct Glance {
    /// The short name inside this database.
    pub no: i64,
    /// The name both parties know.
    pub id: TallyId,
    /// My half.
    pub side: Side,
    /// Where it stands.
    pub state: TallyState,
    /// What the partner is called.
    pub name: String,
    /// What changes with every chit, if there is a contract.
    pub traded: Option<Traded>,
}

/// What a list shows of a tally with a contract.
#[derive(Debug, Clone)]
pub struct Traded {
    /// The head of the order.
    pub head: Head,
    /// The book over everything held.
    pub tip: Book,
    /// How many chits have come in.
    pub arrivals: u64,
    /// Up to here both halves have the same order.
    pub agreed: u64,
    /// Up to here it is final.
    pub final_index: u64,
    /// Pledged by each side up to there.
    pub final_paid: Halves<Units>,
    /// Restored, and waiting for the partner's word.
    pub reconciling: bool,
    /// When the partner was last heard of.
    pub met: Option<Date>,
}

/// What a page of a tally's history starts from.
#[derive(Debug, Clone)]
pub struct Bookmark {
    /// The short name inside this database.
    pub no: i64,
    /// My half.
    pub side: Side,
    /// Sealed: the pair key.
    pub pair: Option<Vec<u8>>,
    /// How far it has come, if there is a contract.
    pub reached: Option<Reached>,
}

/// How far a tally's chits have come.
#[derive(Debug, Clone, Copy)]
pub struct Reached {
    /// How many are in the order.
    pub index: u64,
    /// How many are held and have no place yet.
    pub waiting: u64,
    /// Up to here both halves have the same order.
    pub agreed: u64,
    /// Up to here it is final.
    pub final_index: u64,
}

/// A chit with its place in the order.
#[derive(Debug, Clone)]
pub struct PlacedChit {
    /// The chit.
    pub chit: StoredChit,
    /// Pledged by each side up to its place.
    pub paid: Halves<Units>,
}

/// The sealed secrets of one tally.
#[derive(Debug, Clone)]
pub struct TallySecrets {
    /// The key only the two parties know.
    pub pair: Option<Vec<u8>>,
    /// Signs receipts and invoices.
    pub device_key: Option<Vec<u8>>,
}

/// A chit as it is stored.
#[derive(Debug, Clone)]
pub struct StoredChit {
    /// chain.no * 2^32 + its number in the chain.
    pub no: i64,
    /// The how-manieth that came in.
    pub arrival: i64,
    /// How it is taken, by everything that is held.
    pub flag: Flag,
    /// Its index in the order; 0 while it has none.
    pub place: u64,
    /// The signed chit.
    pub entry: SignedChit,
}

/// An endorsement with the columns it is kept under, for the audit.
#[derive(Debug, Clone)]
pub struct KeptWord {
    /// Whose word.
    pub key: Vec<u8>,
    /// In which view.
    pub view: i64,
    /// Up to which index.
    pub index: i64,
    /// The signed bytes.
    pub entry: Vec<u8>,
}

/// A place of the order.
#[derive(Debug, Clone, Copy)]
pub struct PlaceRow {
    /// Which chit.
    pub chit: i64,
    /// The head's hash here.
    pub hash: Digest,
    /// The view in which the place was made.
    pub view: u64,
    /// How the order takes the chit.
    pub flag: Flag,
    /// Pledged by each side up to here.
    pub paid: Halves<Units>,
}

/// Something the screen has not been told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number; hand it back when it is handled.
    pub no: i64,
    /// Which tally it is about.
    pub tally: Option<TallyId>,
    /// A stable name.
    pub code: String,
    /// Its arguments.
    pub args: Vec<String>,
}

pub(super) fn side(code: i64) -> Result<Side, StoreError> {
    match code {
        0 => Ok(Side::Stock),
        1 => Ok(Side::Foil),
        _ => Err(StoreError::Corrupt { what: "a side" }),
    }
}

pub(super) const fn side_code(side: Side) -> i64 {
    match side {
        Side::Stock => 0,
        Side::Foil => 1,
    }
}

/// Reads an object of ours out of a column.
pub(super) fn object<T: Canon>(bytes: &[u8]) -> Result<T, StoreError> {
    T::from_stored(bytes).map_err(|_| StoreError::Corrupt { what: T::WHAT })
}

pub(super) fn optional<T: Canon>(bytes: Option<Vec<u8>>) -> Result<Option<T>, StoreError> {
    bytes.map(|bytes| object(&bytes)).transpose()
}

/// One object after the other; none where nothing is stored.
pub(super) fn sequence<T: Canon>(bytes: Option<Vec<u8>>) -> Result<Vec<T>, StoreError> {
    let bytes = bytes.unwrap_or_default();
    let mut reader = Reader::of_own(&bytes);
    let mut items = Vec::new();
    while reader.end("sequence").is_err() {
        items.push(reader.take().map_err(|_| StoreError::Corrupt { what: "a sequence of objects" })?);
    }
    Ok(items)
}

/// The form that `sequence` reads.
pub(super) fn sequence_bytes<T: Canon>(items: &[T]) -> Option<Vec<u8>> {
    (!items.is_empty()).then(|| items.iter().flat_map(Canon::to_bytes).collect())
}

pub(super) fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], StoreError> {
    <[u8; N]>::try_from(bytes).map_err(|_| StoreError::Corrupt { what: "a column's length" })
}

/// SQLite counts in `i64`; everything of ours stays far below its end.
pub(super) fn number(value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Corrupt { what: "a number" })
}

pub(super) fn stored(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Corrupt { what: "a number" })
}
