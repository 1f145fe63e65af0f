//! What screens show. Most are the core's own views, told to both languages field by field; the rest is made from them.

use hazel_core::chit::ChitRef as ChitId;
use hazel_core::digest::Digest;
use hazel_core::invoice::InvoiceId;
use hazel_core::negotiation::{By, TallyState};
use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_core::wallet as core;

pub use hazel_core::book::Flag as Taken;
pub use hazel_core::invoice::{InvoiceState, Line as Item};
pub use hazel_core::tally::{Side, Terms};
pub use hazel_core::wallet::{
    Attention, Custody, DeviceView as Device, Exposure, InvoiceView as InvoiceLine, Position,
};

use crate::ids::Count;

/// The half of a tally that somebody holds. Says nothing about who pays a given chit.
#[uniffi::remote(Enum)]
pub enum Side {
    /// The stock: grants credit first.
    Stock,
    /// The foil.
    Foil,
}

/// The credit one party grants the other.
#[uniffi::remote(Record)]
pub struct Terms {
    /// How much may be owed, in thousandths.
    pub limit: Units,
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

/// A tally as a list or the head of a page shows it. Amounts in thousandths.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TallyLine {
    /// Its id.
    pub id: TallyId,
    /// What the partner is called here.
    pub partner: String,
    /// My half.
    pub side: Side,
    /// Where it stands.
    pub stage: Stage,
    /// My balance by everything that counts; negative if I owe.
    pub balance: Units,
    /// My balance by what is final.
    pub final_balance: Units,
    /// Pledged by me and waiting outside the terms.
    pub outside_mine: Units,
    /// Pledged by the partner and waiting outside the terms.
    pub outside_theirs: Units,
    /// The credit I grant.
    pub granted: Terms,
    /// The credit granted to me.
    pub received: Terms,
    /// How many chits have a place in the order.
    pub index: u64,
    /// The hash over the order: equal on both phones.
    pub head: Digest,
    /// Up to here both phones agree.
    pub agreed: u64,
    /// Up to here it is final.
    pub final_index: u64,
    /// Chits without a place yet.
    pub unordered: Count,
    /// Restored, readable only until the partner was met.
    pub reconciling: bool,
    /// When the partner was last heard of.
    pub met: Option<u64>,
}

impl From<core::TallyView> for TallyLine {
    fn from(view: core::TallyView) -> Self {
        Self {
            id: view.id,
            partner: view.name,
            side: view.side,
            stage: view.state.into(),
            balance: view.balance,
            final_balance: view.final_balance,
            outside_mine: view.outside_mine,
            outside_theirs: view.outside_theirs,
            granted: view.granted,
            received: view.received,
            index: view.index,
            head: view.head,
            agreed: view.agreed,
            final_index: view.final_index,
            unordered: view.unordered,
            reconciling: view.reconciling,
            met: view.met,
        }
    }
}

/// Where I stand over all tallies, in thousandths.
#[uniffi::remote(Record)]
pub struct Position {
    /// What others owe me.
    pub owed_to_me: Units,
    /// What I owe others.
    pub owed_by_me: Units,
    /// The difference.
    pub net: Units,
    /// The difference by what is final.
    pub final_net: Units,
    /// How many tallies are open.
    pub open: Count,
}

/// Something that waits for the person, most urgent first.
#[uniffi::remote(Enum)]
pub enum Attention {
    /// Somebody has answered my ticket: look at the terms and offer.
    Requested(#[uniffi(name = "tally")] TallyId),
    /// A tally was offered: accept, change or refuse.
    Offered(#[uniffi(name = "tally")] TallyId),
    /// A payment is asked of me.
    Asked(#[uniffi(name = "tally")] TallyId, #[uniffi(name = "invoice")] InvoiceId),
    /// A payment beyond the terms waits to be accepted.
    Waiting(#[uniffi(name = "tally")] TallyId, #[uniffi(name = "chit")] ChitId),
    /// A tally was restored: meet the partner.
    Reconcile(#[uniffi(name = "tally")] TallyId),
    /// Another phone was restored in the place of this one, or a copy of it went on: it may not sign, and its holder may begin anew.
    Replaced(#[uniffi(name = "tally")] TallyId),
    /// Somebody signed two things that cannot both be.
    Proof(#[uniffi(name = "tally")] TallyId),
    /// Something is to be handed to the partner.
    HandOver(#[uniffi(name = "tally")] TallyId),
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
#[uniffi::remote(Enum)]
pub enum Custody {
    /// On this device only.
    Local,
    /// Handed over, not confirmed.
    Sent,
    /// The partner's device holds it.
    Held,
}

/// How a chit is taken.
#[uniffi::remote(Enum)]
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
    pub id: ChitId,
    /// Whether I signed it.
    pub mine: bool,
    /// What kind: "pledge", "terms" and so on.
    pub kind: String,
    /// What it moves on my balance, in thousandths; zero for settings.
    pub units: Units,
    /// My balance after it.
    pub balance: Units,
    /// When it was signed.
    pub date: u64,
    /// What for.
    pub memo: String,
    /// A reference.
    pub reference: String,
    /// The invoice it answers.
    pub invoice: Option<InvoiceId>,
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

impl From<core::ChitView> for ChitLine {
    fn from(view: core::ChitView) -> Self {
        Self {
            id: view.chit,
            mine: view.mine,
            kind: view.kind.to_owned(),
            units: view.units,
            balance: view.balance,
            date: view.date,
            memo: view.note.memo,
            reference: view.note.reference,
            invoice: view.invoice,
            taken: view.flag,
            custody: view.facets.custody,
            place: view.facets.place,
            agreed: view.facets.agreed,
            is_final: view.facets.is_final,
            word: view.facets.word().to_owned(),
        }
    }
}

/// Where an invoice stands.
#[uniffi::remote(Enum)]
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
#[uniffi::remote(Record)]
pub struct Item {
    /// What it is.
    pub text: String,
    /// How many.
    pub count: u32,
    /// What they cost together, in thousandths.
    pub units: Units,
}

/// An invoice as a screen shows it.
#[uniffi::remote(Record)]
pub struct InvoiceLine {
    /// Its id.
    pub id: InvoiceId,
    /// On which tally.
    pub tally: TallyId,
    /// Whether I ask.
    pub mine: bool,
    /// Where it stands now.
    pub state: InvoiceState,
    /// How much, in thousandths.
    pub units: Units,
    /// What for.
    pub memo: String,
    /// The items.
    #[uniffi(name = "items")]
    pub lines: Vec<Item>,
    /// When it was written.
    pub date: u64,
    /// Until when it should be paid.
    pub expires: u64,
}

/// A device on a tally, either party's.
#[uniffi::remote(Record)]
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
    pub allowance: Option<Units>,
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
    pub largest: Units,
    /// How much the partner may owe me at worst; none before there is a contract.
    pub exposure: Option<Exposure>,
}

/// How much a partner may owe me, given what I hold. In thousandths.
#[uniffi::remote(Record)]
pub struct Exposure {
    /// What I hold within the terms.
    pub held: Units,
    /// What waits outside the terms.
    pub outside: Units,
    /// What the partner's devices may have signed unseen.
    pub unseen: Units,
    /// The worst case within the terms.
    pub worst: Units,
}
