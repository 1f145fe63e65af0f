//! What screens show: plain records that never change, made from the core's views.

use hazel_core::book::Flag;
use hazel_core::canon::Canon as _;
use hazel_core::chit::ChitRef;
use hazel_core::digest::Digest;
use hazel_core::invoice::{InvoiceId, InvoiceState as CoreInvoiceState, Line};
use hazel_core::negotiation::{By, TallyState};
use hazel_core::tally::{Side as CoreSide, TallyId, Terms as CoreTerms};
use hazel_core::units::Units;
use hazel_core::wallet as core;

use crate::Answer;
use crate::trouble::HazelError;

/// The half of a tally that somebody holds. Says nothing about who pays a given chit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Side {
    /// The stock: grants credit first.
    Stock,
    /// The foil.
    Foil,
}

/// The credit one party grants the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Terms {
    /// How much may be owed, in thousandths.
    pub limit: i64,
    /// After how many days narrower terms hold.
    pub notice_days: u32,
}

/// Where a tally stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
#[allow(missing_docs, reason = "each is the core's state of that name")]
pub enum Stage {
    Ticketed,
    Introduced,
    OfferedByMe,
    OfferedToMe,
    Revising,
    Open,
    Refused,
    Expired,
    Closing,
    Sealing,
    Closed,
}

/// A tally as a list or the head of a page shows it. Amounts in thousandths.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TallyLine {
    /// Its id.
    pub id: String,
    /// What the partner is called here.
    pub partner: String,
    /// My half.
    pub side: Side,
    /// Where it stands.
    pub stage: Stage,
    /// My balance by everything that counts; negative if I owe.
    pub balance: i64,
    /// My balance by what is final.
    pub final_balance: i64,
    /// Pledged by me and waiting outside the terms.
    pub outside_mine: i64,
    /// Pledged by the partner and waiting outside the terms.
    pub outside_theirs: i64,
    /// The credit I grant.
    pub granted: Terms,
    /// The credit granted to me.
    pub received: Terms,
    /// How many chits have a place in the order.
    pub index: u64,
    /// The hash over the order: equal on both phones.
    pub head: String,
    /// Up to here both phones agree.
    pub agreed: u64,
    /// Up to here it is final.
    pub final_index: u64,
    /// Chits without a place yet.
    pub unordered: u64,
    /// Restored, readable only until the partner was met.
    pub reconciling: bool,
    /// When the partner was last heard of.
    pub met: Option<u64>,
}

/// Where I stand over all tallies, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Position {
    /// What others owe me.
    pub owed_to_me: i64,
    /// What I owe others.
    pub owed_by_me: i64,
    /// The difference.
    pub net: i64,
    /// The difference by what is final.
    pub final_net: i64,
    /// How many tallies are open.
    pub open: u64,
}

/// Something that waits for the person, most urgent first.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[allow(missing_docs, reason = "the fields are ids, named by what they are ids of")]
pub enum Attention {
    /// Somebody has answered my ticket: look at the terms and offer.
    Requested { tally: String },
    /// A tally was offered: accept, change or refuse.
    Offered { tally: String },
    /// A payment is asked of me.
    Asked { tally: String, invoice: String },
    /// A payment beyond the terms waits to be accepted.
    Waiting { tally: String, chit: String },
    /// A tally was restored: meet the partner.
    Reconcile { tally: String },
    /// Somebody signed two things that cannot both be.
    Proof { tally: String },
    /// Something is to be handed to the partner.
    HandOver { tally: String },
    /// No backup was ever proven, or not for a long time.
    Rehearse,
}

/// Everything the first screen shows.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Home {
    /// What the holder is called.
    pub name: String,
    /// Which of the holder's devices this is.
    pub device: u32,
    /// Whether this device can open tallies, add devices and make backups.
    pub has_root: bool,
    /// Where I stand.
    pub position: Position,
    /// All tallies, oldest first.
    pub tallies: Vec<TallyLine>,
    /// What waits for me.
    pub attention: Vec<Attention>,
}

/// Where a chit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Custody {
    /// On this device only.
    Local,
    /// Handed over, not confirmed.
    Sent,
    /// The partner's device holds it.
    Held,
}

/// How a chit is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
#[allow(missing_docs, reason = "each is the core's flag of that name")]
pub enum Taken {
    Clear,
    OverLimit,
    OverAllowance,
    AfterRevoke,
    AfterClose,
    DuplicateInvoice,
    Accepted,
    Ineffective,
}

/// A chit as a list shows it. Its four facets move each by itself and never backwards.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ChitLine {
    /// Its id.
    pub id: String,
    /// Whether I signed it.
    pub mine: bool,
    /// What kind: "pledge", "terms" and so on.
    pub kind: String,
    /// What it moves on my balance, in thousandths; zero for settings.
    pub units: i64,
    /// My balance after it.
    pub balance: i64,
    /// When it was signed.
    pub date: u64,
    /// What for.
    pub memo: String,
    /// A reference.
    pub reference: String,
    /// The invoice it answers.
    pub invoice: Option<String>,
    /// How it is taken.
    pub taken: Taken,
    /// Where it is.
    pub custody: Custody,
    /// Its place in the order.
    pub place: Option<u64>,
    /// Both phones have it at that place.
    pub agreed: bool,
    /// Nodes of both parties stand for it.
    pub is_final: bool,
    /// The furthest it has come: "pending", "received", "agreed" or "final".
    pub word: String,
}

/// Where an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
#[allow(missing_docs, reason = "each is the core's state of that name")]
pub enum InvoiceState {
    Draft,
    Issued,
    Expired,
    Countered,
    Withdrawn,
    Declined,
    Paid,
}

/// One item of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Item {
    /// What it is.
    pub text: String,
    /// How many.
    pub count: u32,
    /// What they cost together, in thousandths.
    pub units: i64,
}

/// An invoice as a screen shows it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct InvoiceLine {
    /// Its id.
    pub id: String,
    /// On which tally.
    pub tally: String,
    /// Whether I ask.
    pub mine: bool,
    /// Where it stands now.
    pub state: InvoiceState,
    /// How much, in thousandths.
    pub units: i64,
    /// What for.
    pub memo: String,
    /// The items.
    pub items: Vec<Item>,
    /// When it was written.
    pub date: u64,
    /// Until when it should be paid.
    pub expires: u64,
}

/// A device on a tally, either party's.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Device {
    /// Its number.
    pub device: u32,
    /// Its newest epoch.
    pub epoch: u64,
    /// Whether it is mine.
    pub mine: bool,
    /// Whether it is this one.
    pub here: bool,
    /// Whether it may sign.
    pub active: bool,
    /// How many chits it has signed, as far as is known.
    pub signed: u64,
    /// What it may still sign by itself; none for the first device, which has all that was not handed on.
    pub allowance: Option<i64>,
}

/// Everything the page of one tally shows.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TallyPage {
    /// The tally.
    pub tally: TallyLine,
    /// Its chits, newest first, as many as were asked for.
    pub chits: Vec<ChitLine>,
    /// Open invoices, oldest first.
    pub invoices: Vec<InvoiceLine>,
    /// The largest amount that can be paid now.
    pub largest: i64,
}

impl From<CoreSide> for Side {
    fn from(side: CoreSide) -> Self {
        match side {
            CoreSide::Stock => Self::Stock,
            CoreSide::Foil => Self::Foil,
        }
    }
}

impl From<Side> for CoreSide {
    fn from(side: Side) -> Self {
        match side {
            Side::Stock => Self::Stock,
            Side::Foil => Self::Foil,
        }
    }
}

impl From<CoreTerms> for Terms {
    fn from(terms: CoreTerms) -> Self {
        Self { limit: terms.limit.milli(), notice_days: terms.notice_days }
    }
}

impl From<Terms> for CoreTerms {
    fn from(terms: Terms) -> Self {
        Self { limit: Units::new(terms.limit), notice_days: terms.notice_days }
    }
}

impl From<TallyState> for Stage {
    fn from(state: TallyState) -> Self {
        match state {
            TallyState::Ticketed => Self::Ticketed,
            TallyState::CertsKnown => Self::Introduced,
            TallyState::Offered(By::Me) => Self::OfferedByMe,
            TallyState::Offered(By::Partner) => Self::OfferedToMe,
            TallyState::Revising => Self::Revising,
            TallyState::Open => Self::Open,
            TallyState::Refused => Self::Refused,
            TallyState::Expired => Self::Expired,
            TallyState::Closing => Self::Closing,
            TallyState::Sealing => Self::Sealing,
            TallyState::Closed => Self::Closed,
        }
    }
}

impl From<core::TallyView> for TallyLine {
    fn from(view: core::TallyView) -> Self {
        Self {
            id: view.id.to_string(),
            partner: view.name,
            side: view.side.into(),
            stage: view.state.into(),
            balance: view.balance.milli(),
            final_balance: view.final_balance.milli(),
            outside_mine: view.outside_mine.milli(),
            outside_theirs: view.outside_theirs.milli(),
            granted: view.granted.into(),
            received: view.received.into(),
            index: view.index,
            head: view.head.to_string(),
            agreed: view.agreed,
            final_index: view.final_index,
            unordered: count(view.unordered),
            reconciling: view.reconciling,
            met: view.met,
        }
    }
}

impl From<core::Position> for Position {
    fn from(position: core::Position) -> Self {
        Self {
            owed_to_me: position.owed_to_me.milli(),
            owed_by_me: position.owed_by_me.milli(),
            net: position.net.milli(),
            final_net: position.final_net.milli(),
            open: count(position.open),
        }
    }
}

impl From<core::Attention> for Attention {
    fn from(waiting: core::Attention) -> Self {
        let id = |tally: TallyId| tally.to_string();
        match waiting {
            core::Attention::Requested(tally) => Self::Requested { tally: id(tally) },
            core::Attention::Offered(tally) => Self::Offered { tally: id(tally) },
            core::Attention::Asked(tally, invoice) => {
                Self::Asked { tally: id(tally), invoice: invoice.to_string() }
            }
            core::Attention::Waiting(tally, chit) => Self::Waiting { tally: id(tally), chit: chit_id(&chit) },
            core::Attention::Reconcile(tally) => Self::Reconcile { tally: id(tally) },
            core::Attention::Proof(tally) => Self::Proof { tally: id(tally) },
            core::Attention::HandOver(tally) => Self::HandOver { tally: id(tally) },
            core::Attention::Rehearse => Self::Rehearse,
        }
    }
}

impl From<core::ChitView> for ChitLine {
    fn from(view: core::ChitView) -> Self {
        Self {
            id: chit_id(&view.chit),
            mine: view.mine,
            kind: view.kind.to_owned(),
            units: view.units.milli(),
            balance: view.balance.milli(),
            date: view.date,
            memo: view.note.memo,
            reference: view.note.reference,
            invoice: view.invoice.map(|id| id.to_string()),
            taken: view.flag.into(),
            custody: match view.facets.custody {
                core::Custody::Local => Custody::Local,
                core::Custody::Sent => Custody::Sent,
                core::Custody::Held => Custody::Held,
            },
            place: view.facets.place,
            agreed: view.facets.agreed,
            is_final: view.facets.is_final,
            word: view.facets.word().to_owned(),
        }
    }
}

impl From<Flag> for Taken {
    fn from(flag: Flag) -> Self {
        match flag {
            Flag::Clear => Self::Clear,
            Flag::OverLimit => Self::OverLimit,
            Flag::OverAllowance => Self::OverAllowance,
            Flag::AfterRevoke => Self::AfterRevoke,
            Flag::AfterClose => Self::AfterClose,
            Flag::DuplicateInvoice => Self::DuplicateInvoice,
            Flag::Accepted => Self::Accepted,
            Flag::Ineffective => Self::Ineffective,
        }
    }
}

impl From<CoreInvoiceState> for InvoiceState {
    fn from(state: CoreInvoiceState) -> Self {
        match state {
            CoreInvoiceState::Draft => Self::Draft,
            CoreInvoiceState::Issued => Self::Issued,
            CoreInvoiceState::Expired => Self::Expired,
            CoreInvoiceState::Countered => Self::Countered,
            CoreInvoiceState::Withdrawn => Self::Withdrawn,
            CoreInvoiceState::Declined => Self::Declined,
            CoreInvoiceState::Paid => Self::Paid,
        }
    }
}

impl From<core::InvoiceView> for InvoiceLine {
    fn from(view: core::InvoiceView) -> Self {
        let item = |line: Line| Item { text: line.text, count: line.count, units: line.units.milli() };
        Self {
            id: view.id.to_string(),
            tally: view.tally.to_string(),
            mine: view.mine,
            state: view.state.into(),
            units: view.units.milli(),
            memo: view.memo,
            items: view.lines.into_iter().map(item).collect(),
            date: view.date,
            expires: view.expires,
        }
    }
}

impl From<core::DeviceView> for Device {
    fn from(view: core::DeviceView) -> Self {
        Self {
            device: view.device,
            epoch: view.epoch,
            mine: view.mine,
            here: view.here,
            active: view.active,
            signed: view.signed,
            allowance: view.allowance.map(Units::milli),
        }
    }
}

/// Sizes are far below the bound.
pub(crate) fn count(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// A chit's id: its canonical bytes. An app keeps it and hands it back; it never looks inside.
pub(crate) fn chit_id(chit: &ChitRef) -> String {
    chit.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn chit_of(id: &str) -> Answer<ChitRef> {
    let bytes = hex(id).ok_or_else(|| HazelError::usage("unknown", "this is no id of a chit"))?;
    ChitRef::from_bytes(&bytes).map_err(|_| HazelError::usage("unknown", "this is no id of a chit"))
}

pub(crate) fn tally_of(id: &str) -> Answer<TallyId> {
    id.parse().map_err(|_| HazelError::usage("unknown", "this is no id of a tally"))
}

pub(crate) fn invoice_of(id: &str) -> Answer<InvoiceId> {
    id.parse().map_err(|_| HazelError::usage("unknown", "this is no id of an invoice"))
}

pub(crate) fn digest_of(id: &str) -> Answer<Digest> {
    let bytes = hex(id).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.map(Digest).ok_or_else(|| HazelError::usage("unknown", "this is no version of an offer"))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}
