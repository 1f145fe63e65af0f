//! What a screen shows: where I stand, what happened, what waits for me.

use crate::book::Flag;
use crate::chit::{Body, ChitRef, Note};
use crate::digest::Digest;
use crate::invoice::{InvoiceId, InvoiceState};
use crate::negotiation::{By, TallyState};
use crate::store::{Glance, PlacedChit, Shelf, Standing, StoredChit, Traded};
use crate::tally::{Date, Side, TallyId, Terms};
use crate::units::Units;

use super::ordering::{find, unlinked};
use super::settling::{Settled, waits_for_acceptance};
use super::{Hands, Result, Wallet, WalletError, tally_no, tally_row};

/// Where a chit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Custody {
    /// On this device only.
    Local,
    /// Handed over, not confirmed.
    Sent,
    /// The partner's device has given its receipt, or it came from there.
    Held,
}

/// The facets of a chit; each moves by itself and never backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facets {
    /// Where it is.
    pub custody: Custody,
    /// Its place in the order.
    pub place: Option<u64>,
    /// Both halves have it at that place.
    pub agreed: bool,
    /// Nodes of both parties stand for it.
    pub is_final: bool,
}

impl Facets {
    /// One word for the screen: the furthest that has been reached.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match (self.is_final, self.agreed, self.custody) {
            (true, _, _) => "final",
            (_, true, _) => "agreed",
            (_, _, Custody::Held) => "received",
            _ => "pending",
        }
    }
}

/// A chit as a screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChitView {
    /// How to refer to it.
    pub chit: ChitRef,
    /// Whether I signed it.
    pub mine: bool,
    /// What kind.
    pub kind: &'static str,
    /// What it settles, if it is no payment.
    pub settled: Option<Settled>,
    /// What it moves on my balance: positive if I receive. Zero for settings.
    pub units: Units,
    /// When it was signed.
    pub date: Date,
    /// What for.
    pub note: Note,
    /// The invoice it answers.
    pub invoice: Option<InvoiceId>,
    /// How it is taken.
    pub flag: Flag,
    /// How far it has come.
    pub facets: Facets,
    /// My balance after it.
    pub balance: Units,
}

/// Which chits to show.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Skip this many, newest first.
    pub skip: usize,
    /// Show at most this many.
    pub most: usize,
    /// Only those signed at or after this time.
    pub since: Option<Date>,
    /// Only those signed at or before this time.
    pub until: Option<Date>,
    /// Only those whose memo or reference contains this text, in any case.
    pub text: Option<String>,
    /// Only payments, no settings.
    pub payments_only: bool,
}

/// A tally as a screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TallyView {
    /// Its name to both parties.
    pub id: TallyId,
    /// What the partner is called.
    pub name: String,
    /// My half.
    pub side: Side,
    /// Where it stands.
    pub state: TallyState,
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
    /// How many chits are in the order.
    pub index: u64,
    /// The hash over the order: equal on both halves.
    pub head: Digest,
    /// In which view.
    pub view: u64,
    /// Up to here both halves agree.
    pub agreed: u64,
    /// Up to here it is final.
    pub final_index: u64,
    /// Chits that have no place in the order yet.
    pub unordered: usize,
    /// Restored, and waiting for the partner.
    pub reconciling: bool,
    /// When the partner was last heard of.
    pub met: Option<Date>,
}

/// Where I stand over all tallies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
    pub open: usize,
}

/// Something that waits for me.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attention {
    /// Somebody has answered my ticket: look at the terms and offer.
    Requested(TallyId),
    /// A tally was offered: accept, change or refuse.
    Offered(TallyId),
    /// A payment is asked of me.
    Asked(TallyId, InvoiceId),
    /// A payment beyond the terms waits to be accepted.
    Waiting(TallyId, ChitRef),
    /// A tally was restored: meet the partner.
    Reconcile(TallyId),
    /// Somebody signed two things that cannot both be.
    Proof(TallyId),
    /// Something is to be handed to the partner.
    HandOver(TallyId),
    /// No backup was ever proven, or not for a long time.
    Rehearse,
}

const REHEARSE_AFTER: u64 = 90 * 86_400;

impl Wallet {
    /// All tallies, oldest first.
    pub fn tallies(&self) -> Result<Vec<TallyView>> {
        let now = self.clock.now();
        self.look(|shelf| shelf.glances(None)?.into_iter().map(|glance| view(shelf, glance, now)).collect())
    }

    /// One tally.
    pub fn tally(&self, id: &TallyId) -> Result<TallyView> {
        let now = self.clock.now();
        self.look(|shelf| {
            let glance = shelf.glances(Some(id))?.pop().ok_or(WalletError::Unknown { what: "tally" })?;
            view(shelf, glance, now)
        })
    }

    /// My balance on a tally: read, not summed.
    pub fn balance(&self, id: &TallyId) -> Result<Units> {
        self.look(|shelf| match shelf.tip(id)?.ok_or(WalletError::Unknown { what: "tally" })? {
            (side, Some(tip)) => Ok(tip.balance(side)?),
            (_, None) => Ok(Units::ZERO),
        })
    }

    /// Where I stand over all tallies.
    pub fn position(&self) -> Result<Position> {
        Ok(self.overview()?.0)
    }

    /// The first screen: where I stand over all tallies, and each of them, oldest first.
    pub fn overview(&self) -> Result<(Position, Vec<TallyView>)> {
        let tallies = self.tallies()?;
        let mut position = Position::default();
        for view in &tallies {
            position.owed_to_me = position.owed_to_me.plus(view.balance.or_zero())?;
            position.owed_by_me = position.owed_by_me.plus(view.balance.negated().or_zero())?;
            position.net = position.net.plus(view.balance)?;
            position.final_net = position.final_net.plus(view.final_balance)?;
            position.open = position.open.saturating_add(usize::from(view.state == TallyState::Open));
        }
        Ok((position, tallies))
    }

    /// What happened on a tally, newest first.
    pub fn history(&mut self, id: &TallyId, filter: &Filter) -> Result<Vec<ChitView>> {
        self.study(|shelf, hands| {
            let no = tally_no(shelf, id)?;
            if shelf.standing(no)?.is_none() {
                return Ok(Vec::new());
            }
            History::new(shelf, hands, no)?.page(filter)
        })
    }

    /// What waits for me, most urgent first.
    pub fn attention(&mut self) -> Result<Vec<Attention>> {
        let (now, rehearsed) =
            (self.clock.now(), self.look(|shelf| Ok(shelf.wallet()?.and_then(|me| me.rehearsed)))?);
        let mut list = self.study(|shelf, hands| {
            let mut list = Vec::new();
            for no in shelf.tallies()? {
                waiting_on(shelf, hands, no, &mut list)?;
            }
            Ok(list)
        })?;
        if rehearsed.is_none_or(|date| now > date.saturating_add(REHEARSE_AFTER)) {
            list.push(Attention::Rehearse);
        }
        Ok(list)
    }
}

fn waiting_on(shelf: &Shelf<'_>, hands: &mut Hands<'_>, no: i64, list: &mut Vec<Attention>) -> Result<()> {
    let row = shelf.tally(no)?;
    match row.state {
        TallyState::CertsKnown if row.inviter => list.push(Attention::Requested(row.id)),
        TallyState::Offered(By::Partner) => list.push(Attention::Offered(row.id)),
        _ => {}
    }
    if !shelf.proofs(no)?.is_empty() {
        list.push(Attention::Proof(row.id));
    }
    if let Some(standing) = shelf.standing(no)? {
        if standing.reconciling {
            list.push(Attention::Reconcile(row.id));
        }
        let open = |state| state == InvoiceState::Issued;
        let asked = shelf.invoices(no)?.into_iter().filter(|invoice| !invoice.mine && open(invoice.state));
        list.extend(asked.map(|invoice| Attention::Asked(row.id, invoice.id)));
        if *standing.tip.outside.of(row.side.other()) > Units::ZERO {
            for chain in shelf.chains(no)?.iter().filter(|chain| chain.id.side != row.side) {
                let chits = shelf.chits(chain.no, chain.base, chain.seq, usize::MAX)?;
                let waits = chits.into_iter().filter(|chit| waits_for_acceptance(chit.flag, false));
                list.extend(waits.map(|chit| Attention::Waiting(row.id, chit.entry.chit.reference())));
            }
        }
    }
    if !super::outbox::messages(shelf, hands, &row)?.is_empty() {
        list.push(Attention::HandOver(row.id));
    }
    Ok(())
}

fn view(shelf: &Shelf<'_>, glance: Glance, now: Date) -> Result<TallyView> {
    let Glance { id, side, state, name, traded, .. } = glance;
    let Some(traded) = traded else {
        let row = tally_row(shelf, &id)?;
        let theirs = row.request.as_ref().map(|request| request.request.terms);
        let on_table = row.their_offer.as_ref().filter(|_| state == TallyState::Offered(By::Partner));
        let offered = on_table.map(|offer| offer.tally.half(side.other()).terms);
        let granted = on_table.map_or(row.terms, |offer| offer.tally.half(side).terms);
        let ticket = row.ticket.as_ref().filter(|_| !row.inviter).map(|ticket| ticket.terms);
        let received = offered.or(if row.inviter { theirs } else { ticket }).unwrap_or_default();
        return Ok(TallyView {
            id,
            name,
            side,
            state,
            balance: Units::ZERO,
            final_balance: Units::ZERO,
            outside_mine: Units::ZERO,
            outside_theirs: Units::ZERO,
            granted,
            received,
            index: 0,
            head: Digest::default(),
            view: 0,
            agreed: 0,
            final_index: 0,
            unordered: 0,
            reconciling: false,
            met: None,
        });
    };
    let Traded { head, tip, arrivals, agreed, final_index, final_paid, reconciling, met } = traded;
    Ok(TallyView {
        id,
        name,
        side,
        state,
        balance: tip.balance(side)?,
        final_balance: final_paid.of(side.other()).minus(*final_paid.of(side))?,
        outside_mine: *tip.outside.of(side),
        outside_theirs: *tip.outside.of(side.other()),
        granted: tip.granted_by(side, now),
        received: tip.granted_by(side.other(), now),
        index: head.index,
        head: head.hash,
        view: head.view,
        agreed,
        final_index,
        unordered: usize::try_from(arrivals.saturating_sub(head.index)).unwrap_or(usize::MAX),
        reconciling,
        met,
    })
}

/// Reads a tally's chits backwards: first what has no place yet, then the order.
pub(super) struct History<'s> {
    shelf: &'s Shelf<'s>,
    standing: Standing,
    side: Side,
    key: crate::pair::PairKey,
    custody: Vec<(i64, u64, u64)>,
}

impl<'s> History<'s> {
    pub(super) fn new(shelf: &'s Shelf<'s>, hands: &Hands<'_>, no: i64) -> Result<Self> {
        let (_, side, ..) = shelf.tally_label(no)?;
        let custody = shelf.chains(no)?.iter().map(|chain| (chain.no, chain.sent, chain.held)).collect();
        Ok(Self {
            shelf,
            standing: super::standing(shelf, no)?,
            side,
            key: hands.pair_key(shelf, no)?,
            custody,
        })
    }

    fn page(&self, filter: &Filter) -> Result<Vec<ChitView>> {
        let mut page = Vec::new();
        if filter.most == 0 {
            return Ok(page);
        }
        let mut skipped = 0;
        let needle = filter.text.as_ref().map(|text| text.to_lowercase());
        self.backwards(&mut |view| {
            let fits = (!filter.payments_only || view.units != Units::ZERO)
                && needle.as_ref().is_none_or(|needle| {
                    view.note.memo.to_lowercase().contains(needle)
                        || view.note.reference.to_lowercase().contains(needle)
                });
            let dated = filter.since.is_none_or(|since| view.date >= since)
                && filter.until.is_none_or(|until| view.date <= until);
            if fits && dated {
                if skipped < filter.skip {
                    skipped = skipped.saturating_add(1);
                } else {
                    page.push(view);
                }
            }
            Ok(page.len() < filter.most)
        })?;
        Ok(page)
    }

    /// Shows every chit, newest first, until `show` has seen enough.
    pub(super) fn backwards(&self, show: &mut dyn FnMut(ChitView) -> Result<bool>) -> Result<()> {
        let chains = self.shelf.chains(self.standing.tally)?;
        let mut waiting = unlinked(self.shelf, &chains)?;
        waiting.reverse();
        let mut balance = self.standing.tip.balance(self.side)?;
        for chit in waiting {
            let moved = self.moved(&chit)?;
            if !show(self.view(&chit, balance)?)? {
                return Ok(());
            }
            balance = balance.minus(moved)?;
        }
        let mut upto = self.standing.book.head.index;
        while upto > 0 {
            let after = upto.saturating_sub(STEP);
            for PlacedChit { chit, paid } in self.shelf.placed(self.standing.tally, after, upto)?.iter().rev()
            {
                let balance = paid.of(self.side.other()).minus(*paid.of(self.side))?;
                if !show(self.view(chit, balance)?)? {
                    return Ok(());
                }
            }
            upto = after;
        }
        Ok(())
    }

    /// What a chit without a place moves on my balance, as it is taken now. An acceptance moves what it brings inside.
    fn moved(&self, stored: &StoredChit) -> Result<Units> {
        Ok(match &stored.entry.chit.body {
            Body::Pledge { units, .. } if !stored.flag.is_outside() && stored.flag != Flag::Accepted => {
                self.signed(stored, *units)
            }
            Body::Accept { chit } if stored.flag == Flag::Clear => {
                let named = find(self.shelf, self.standing.tally, chit)?;
                named.map_or(Units::ZERO, |named| {
                    named.entry.chit.body.pledged().map_or(Units::ZERO, |units| self.signed(&named, units))
                })
            }
            _ => Units::ZERO,
        })
    }

    fn signed(&self, stored: &StoredChit, units: Units) -> Units {
        if stored.entry.chit.chain.side == self.side { units.negated() } else { units }
    }

    pub(super) fn view(&self, stored: &StoredChit, balance: Units) -> Result<ChitView> {
        let chit = &stored.entry.chit;
        let mine = chit.chain.side == self.side;
        let chain = stored.no >> 32;
        let (sent, held) = self
            .custody
            .iter()
            .find(|(no, ..)| *no == chain)
            .map_or((0, 0), |(_, sent, held)| (*sent, *held));
        // What counts is the partner's signature: its receipt, or its word for an order with the chit in it.
        let agreed = stored.place > 0 && stored.place <= self.standing.agreed;
        let custody = if !mine || agreed || chit.seq <= held {
            Custody::Held
        } else if chit.seq <= sent {
            Custody::Sent
        } else {
            Custody::Local
        };
        let place = (stored.place > 0).then_some(stored.place);
        let reached = |index: u64| place.is_some_and(|place| place <= index);
        let facets = Facets {
            custody,
            place,
            agreed: reached(self.standing.agreed),
            is_final: reached(self.standing.final_index),
        };
        let invoice = match &chit.body {
            Body::Pledge { invoice, .. } => *invoice,
            _ => None,
        };
        let units = chit.body.pledged().map_or(Units::ZERO, |units| self.signed(stored, units));
        // A partner may have sealed nonsense in a memo; the payment counts all the same.
        let note = Note::open(&self.key, chit).unwrap_or_default();
        Ok(ChitView {
            chit: chit.reference(),
            mine,
            kind: chit.body.kind(),
            settled: Settled::of(&chit.body),
            units,
            date: chit.date,
            note,
            invoice,
            flag: stored.flag,
            facets,
            balance,
        })
    }
}

/// How many chits are read at once.
const STEP: u64 = 24;
