//! The first screen: where I stand on each tally and over all of them, and what waits for me.

use crate::chit::ChitRef;
use crate::digest::Digest;
use crate::invoice::{InvoiceId, InvoiceState};
use crate::negotiation::{By, TallyState};
use crate::store::{Glance, Shelf, Standing, Traded};
use crate::tally::{Date, Side, TallyId, Terms};
use crate::units::Units;

use super::signing::may_sign;
use super::{Hands, Result, Wallet, WalletError, tally_row};

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
    /// Another phone was restored in the place of this one, or a copy of it went on: it may not sign, and its holder may begin anew.
    Replaced(TallyId),
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
        } else if hands.root.is_some() && is_going(row.state) && is_replaced(shelf, &standing)? {
            list.push(Attention::Replaced(row.id));
        }
        let open = |state| state == InvoiceState::Issued;
        let asked = shelf.invoices(no)?.into_iter().filter(|invoice| !invoice.mine && open(invoice.state));
        list.extend(asked.map(|invoice| Attention::Asked(row.id, invoice.id)));
        // On a closed tally nothing is accepted any more.
        let waits = *standing.tip.outside.of(row.side.other()) > Units::ZERO;
        if waits && row.state != TallyState::Closed {
            for chain in shelf.chains(no)?.iter().filter(|chain| chain.id.side != row.side) {
                let chits = shelf.chits(chain.no, chain.base, chain.seq, usize::MAX)?;
                let waits = chits.into_iter().filter(|chit| chit.flag.is_outside());
                list.extend(waits.map(|chit| Attention::Waiting(row.id, chit.entry.chit.reference())));
            }
        }
    }
    if !super::outbox::messages(shelf, hands, &row)?.is_empty() {
        list.push(Attention::HandOver(row.id));
    }
    Ok(())
}

/// Whether this device's own chain is no longer one that may sign.
fn is_replaced(shelf: &Shelf<'_>, standing: &Standing) -> Result<bool> {
    let Some(chain) = standing.chain else { return Ok(false) };
    Ok(!may_sign(&shelf.chain(chain)?, &standing.tip))
}

fn is_going(state: TallyState) -> bool {
    matches!(state, TallyState::Open | TallyState::Closing)
}

fn view(shelf: &Shelf<'_>, glance: Glance, now: Date) -> Result<TallyView> {
    let Glance { id, side, state, name, traded, .. } = glance;
    let Some(traded) = traded else {
        let row = tally_row(shelf, &id)?;
        let theirs = row.request.as_ref().map(|request| request.request.terms);
        let on_table = match state {
            TallyState::Offered(By::Partner) => row.their_offer.as_ref(),
            TallyState::Offered(By::Me) => row.my_offer.as_ref(),
            _ => None,
        };
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
