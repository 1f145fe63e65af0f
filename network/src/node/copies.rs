//! A site that goes on from an older copy of its database has forgotten what it said since. What it would order now it may have ordered
//! differently before, under the same view: two words for one place, and a proof that it lied. So it begins a new view first, as a restored
//! phone does; what the partner's site has confirmed of the forgotten order is told by that site, and stands.

use hazel_core::key::{Entropy, PublicKey};
use hazel_core::ordering::{OrderingError, open_view};
use hazel_core::rows::Rows as _;
use hazel_core::store::StoreError;
use hazel_core::tally::{Side, TallyId};

use crate::store::Desk;

/// Begins new views on this shard, if it is an older copy.
pub(super) fn go_on(desk: &Desk<'_>, own: &PublicKey, entropy: &mut dyn Entropy) -> Result<(), StoreError> {
    if !desk.is_copied()? {
        return Ok(());
    }
    // One lock for all tallies: a server has not a million of them. Of two processes that begin at once the second has nothing to do.
    desk.lock(&TallyId([0; 16]))?;
    if !desk.is_copied()? {
        return Ok(());
    }
    for tally in desk.tallies_of(Side::Foil)? {
        begin_view(desk, &tally, own, entropy)?;
    }
    desk.put_copied(false)
}

fn begin_view(
    desk: &Desk<'_>,
    tally: &TallyId,
    own: &PublicKey,
    entropy: &mut dyn Entropy,
) -> Result<(), StoreError> {
    let Some(half) = desk.half(tally, Side::Foil)? else { return Ok(()) };
    let mut standing = desk.standing(half.no)?;
    // Who has not ordered yet has nothing to contradict, and begins a view of its own anyway.
    if !standing.book.nodes.foil.contains(own) {
        return Ok(());
    }
    let heard = desk.endorsements(half.no)?.iter().map(|word| word.head.view).max();
    let mut step = [0; 2];
    entropy.fill(&mut step);
    match open_view(desk, &mut standing, heard.unwrap_or(0), u16::from_be_bytes(step)) {
        Ok(()) => desk.put_standing(&standing),
        Err(OrderingError::Store(error)) => Err(error),
        Err(_) => Err(StoreError::Corrupt { what: "an order" }),
    }
}
