//! The end of a tally: nobody adds to the debt, the balance comes to zero, both halves are sealed.

use crate::book::Phase;
use crate::chit::Body;
use crate::negotiation::{TallyEvent, TallyState};
use crate::order::Seal;
use crate::store::{Shelf, Standing, TallyRow};
use crate::tally::{Halves, TallyId};
use crate::units::Units;

use super::ordering::unlinked;
use super::signing::sign;
use super::{Hands, Result, Wallet, standing, tally_no};

impl Wallet {
    /// Asks to end a tally. From then on only payments towards zero count; at zero both seal it.
    pub fn close(&mut self, tally: &TallyId) -> Result<()> {
        self.act(|shelf, hands| {
            let no = tally_no(shelf, tally)?;
            let mut row = shelf.tally(no)?;
            row.state = row.state.after(TallyEvent::Close)?;
            let mut standing = standing(shelf, no)?;
            sign(shelf, hands, tally, &mut standing, |_, _| Body::Close)?;
            shelf.put_tally(&row)?;
            Ok(shelf.put_standing(&standing)?)
        })
    }
}

/// Lets the tally's state follow the book: closing, sealing, closed.
pub(super) fn follow_phase(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    row: &mut TallyRow,
    standing: &mut Standing,
) -> Result<()> {
    let before = row.state;
    if row.state == TallyState::Open && standing.tip.phase != Phase::Open {
        row.state = row.state.after(TallyEvent::Close)?;
        shelf.add_event(Some(row.no), "tally_closing", &row.name)?;
    }
    let level = standing.book.phase != Phase::Open
        && standing.book.balance(row.side)? == Units::ZERO
        && standing.book.outside == Halves::default()
        && unlinked(shelf, &shelf.chains(row.no)?)?
            .iter()
            .all(|chit| chit.entry.chit.body.pledged().is_none());
    match row.state {
        TallyState::Closing if level => row.state = row.state.after(TallyEvent::Balance)?,
        TallyState::Sealing if !level => row.state = row.state.after(TallyEvent::Unbalance)?,
        _ => {}
    }
    if row.state == TallyState::Sealing
        && !*standing.tip.sealed.of(row.side)
        && !standing.reconciling
        && may_sign(shelf, standing)?
    {
        let chains = shelf.chains(row.no)?;
        let mine: Vec<_> =
            chains.iter().filter(|c| c.id.side == row.side && c.seq > 0).map(|c| (c.id, c.seq)).collect();
        let head = standing.book.head;
        sign(shelf, hands, &row.id, standing, |_, _| Body::Seal(Seal { head, chains: mine }))?;
    }
    // An order that the two halves do not agree on yet may still be given up for a restored foil's, and both seals with it.
    let settled = standing.agreed >= standing.book.head.index;
    if row.state == TallyState::Sealing && standing.book.phase == Phase::Closed && settled {
        row.state = row.state.after(TallyEvent::Seal)?;
        shelf.add_event(Some(row.no), "tally_closed", &row.name)?;
    }
    if row.state != before {
        shelf.put_tally(row)?;
    }
    Ok(())
}

/// Whether what this device signs still counts. What a revoked one seals would have no effect, and be sealed again with every answer; one
/// whose copy went on with its chain cannot sign.
fn may_sign(shelf: &Shelf<'_>, standing: &Standing) -> Result<bool> {
    let Some(own) = standing.chain else { return Ok(false) };
    let own = shelf.chain(own)?;
    Ok(own.seed.is_some() && standing.tip.device(&own.id).is_some_and(|device| device.is_active()))
}
