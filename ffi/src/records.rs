//! What screens show: plain records that never change, made from the core's views.

mod convert;
mod ids;

pub(crate) use ids::{chit_id, chit_of, count, digest_of, errand_of, invoice_of, tally_of};

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
    /// Another phone was restored in the place of this one, or a copy of it went on: it may not sign, and its holder may begin anew.
    Replaced { tally: String },
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
    /// How much the partner may owe me at worst; none before there is a contract.
    pub exposure: Option<Exposure>,
}

/// How much a partner may owe me, given what I hold. In thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Exposure {
    /// What I hold within the terms.
    pub held: i64,
    /// What waits outside the terms.
    pub outside: i64,
    /// What the partner's devices may have signed unseen.
    pub unseen: i64,
    /// The worst case within the terms.
    pub worst: i64,
}
