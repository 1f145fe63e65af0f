//! A restored foil whose phone orders goes on when the stock's node has promised to follow no older view than the one it announces. Where a
//! site speaks for the stock, this phone hands the request on, and announces the view only after the site has promised: until then
//! the site may still confirm what another phone of the foil's ordered before. So what was asked is kept apart from what is promised.

use crate::canon::Canon as _;
use crate::key::PublicKey;
use crate::message::{Have, Message};
use crate::ordering;
use crate::store::{Shelf, Standing, TallyRow};
use crate::tally::Side;
use crate::telling;

use super::ordering::{speaks, superseded};
use super::owed::OWED_HAVE;
use super::{Hands, Result};

/// Why a foil's summary waits: the site has not promised its view yet.
const ASKED: &str = "view";

/// The view that the foil has asked for and the site has not promised; 0 if there is none.
pub(super) fn asked(shelf: &Shelf<'_>, tally: i64) -> Result<u64> {
    let mut view = 0;
    for bytes in shelf.parked(tally, ASKED)? {
        if let Ok(Message::Have(have)) = Message::from_bytes(&bytes) {
            view = have.view.max(view);
        }
    }
    Ok(view)
}

/// Takes in the view that a restored foil announces: this phone promises it, or keeps it for the site that speaks for the stock.
pub(super) fn hear_request(
    shelf: &Shelf<'_>,
    hands: &Hands<'_>,
    row: &TallyRow,
    standing: &mut Standing,
    have: &Have,
) -> Result<()> {
    if row.side != Side::Stock || !have.restored || have.view <= standing.book.head.view {
        return Ok(());
    }
    if speaks(hands, standing, Side::Stock) {
        // The promise: from now on no order of an older view is followed, whoever of the foil's phones still makes one. Without it the
        // old phone and the restored one could each get half of the orders confirmed.
        if !superseded(shelf, standing)? {
            ordering::raise_view(shelf, standing, have.view)?;
        }
    } else if standing.tip.node_epoch.stock > 0 && have.view > asked(shelf, row.no)? {
        // Only the view counts: the newest one is kept, and nothing that grows.
        let request = Have { chains: Vec::new(), invoices: Vec::new(), ..have.clone() };
        shelf.unpark(row.no, ASKED)?;
        shelf.park(row.no, ASKED, &Message::Have(request).to_bytes())?;
    }
    Ok(())
}

/// How far this phone's memory goes, for a site. As the stock's it names the highest view that was promised or asked for.
pub(super) fn summary_for_site(shelf: &Shelf<'_>, side: Side, standing: &Standing) -> Result<Have> {
    let mut have = telling::summary(shelf, standing)?;
    if side == Side::Stock {
        have.view = have.view.max(asked(shelf, standing.tally)?);
    }
    Ok(have)
}

/// Takes the view in a site's summary for its promise, if that site alone speaks for the stock.
pub(super) fn hear_promise(
    shelf: &Shelf<'_>,
    hands: &Hands<'_>,
    row: &TallyRow,
    standing: &mut Standing,
    site: &PublicKey,
    have: &Have,
) -> Result<()> {
    if row.side != Side::Stock {
        return Ok(());
    }
    // What the site confirmed before it promised must be here: the foil goes on from what this phone tells it.
    let whole = have.agreed <= standing.agreed;
    if whole && is_alone(shelf, hands, standing, site)? && ordering::raise_view(shelf, standing, have.view)? {
        standing.owed |= OWED_HAVE;
    }
    if asked(shelf, row.no)? <= standing.book.head.view {
        shelf.unpark(row.no, ASKED)?;
    }
    Ok(())
}

/// Whether nobody but a site can confirm anything for the stock. Where the half has just moved there, whoever spoke before still can,
/// until the move stands in the order: this phone does not, but another site might.
fn is_alone(shelf: &Shelf<'_>, hands: &Hands<'_>, standing: &Standing, site: &PublicKey) -> Result<bool> {
    if standing.tip.nodes.stock.as_slice() != core::slice::from_ref(site) {
        return Ok(false);
    }
    let own = hands.root.map(|root| root.node_key(&standing.book.head.tally.0).public());
    let silent = |key: &PublicKey| key == site || Some(*key) == own;
    Ok(standing.book.nodes.stock.iter().all(silent) && !superseded(shelf, standing)?)
}
