//! The wallet as a node of its half: when this phone speaks for the order, and when it must not.

use crate::key::{SecretKey, fresh};
use crate::order::Endorsement;
use crate::store::{Shelf, Standing};
use crate::tally::Side;

pub(super) use crate::ordering::{Linked, adopt, find, follow, hash_at, named, runs, unlinked};

use super::owed::OWED_ORDER;
use super::{Hands, Result};
use crate::ordering;

/// Keeps a node's word, one of each: the one that carries the order held here further.
pub(super) fn keep_word(shelf: &Shelf<'_>, tally: i64, word: &Endorsement) -> Result<()> {
    ordering::keep_word(shelf, tally, word)?;
    Ok(())
}

/// Moves agreed and final forward as far as the words of the nodes carry.
pub(super) fn settle(shelf: &Shelf<'_>, standing: &mut Standing) -> Result<()> {
    Ok(ordering::settle(shelf, standing)?)
}

/// Takes the order back to `index` and rebuilds the book up to there.
pub(super) fn cut(shelf: &Shelf<'_>, standing: &mut Standing, index: u64) -> Result<()> {
    Ok(ordering::cut(shelf, standing, index)?)
}

/// Says what this device has to say about the order, if it is a node of its half: links as the foil, confirms as the stock.
pub(super) fn speak(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    side: Side,
    standing: &mut Standing,
) -> Result<()> {
    let voice = if standing.reconciling { None } else { voice(hands, standing, side) };
    if let Some(key) = voice
        && !superseded(shelf, standing)?
    {
        if side == Side::Foil && ordering::takes_over(standing, &key.public()) {
            open_view(shelf, hands, standing, 0)?;
        }
        if ordering::endorse(shelf, &key, side, standing)? {
            standing.owed |= OWED_ORDER;
        }
    }
    settle(shelf, standing)
}

/// Whether another phone was restored in the place of this one: it has this phone's node key, so this one says nothing any more.
pub(super) fn superseded(shelf: &Shelf<'_>, standing: &Standing) -> Result<bool> {
    let Some(chain) = standing.chain else { return Ok(false) };
    let own = shelf.chain(chain)?.id;
    Ok(standing.tip.devices.iter().any(|device| {
        (device.side, device.grant.device) == (own.side, own.device) && device.grant.epoch > own.epoch
    }))
}

/// A view in which nobody has ordered anything.
pub(super) fn open_view(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    standing: &mut Standing,
    above: u64,
) -> Result<()> {
    let step = u16::from_be_bytes(fresh(hands.entropy));
    Ok(ordering::open_view(shelf, standing, above, step)?)
}

/// The key with which this phone speaks for one half, if it has a say: not where a site speaks for it, nor on a device without the root.
fn voice(hands: &Hands<'_>, standing: &Standing, side: Side) -> Option<SecretKey> {
    let key = hands.root?.node_key(&standing.book.head.tally.0);
    standing.tip.nodes.of(side).contains(&key.public()).then_some(key)
}

/// Whether this phone has a say for one half.
pub(super) fn speaks(hands: &Hands<'_>, standing: &Standing, side: Side) -> bool {
    voice(hands, standing, side).is_some()
}
