//! Which number a device gets that another one lets in. No two phones of one person may ever bear the same.

use crate::canon::Malformed;
use crate::key::{Entropy, fresh};
use crate::store::Shelf;

use super::Result;

/// So many numbers are each device's own to give: the first from 2 to 999, device 2 from 2001 to 2999.
const RANGE: u32 = 1000;
/// From here on numbers are drawn. No range reaches up here that is given out whole.
const DRAWN: u32 = 1_000_000_000;
/// The first life of a device has this epoch.
const FIRST: u64 = 1;

/// A number for a new device. Small where this device knows everyone whom it has ever let in. One that was restored or rebuilt may have
/// forgotten somebody, so it draws, and so does one whose range is empty.
pub(super) fn next_device(shelf: &Shelf<'_>, own: u32, entropy: &mut dyn Entropy) -> Result<u32> {
    let begin = if own <= 1 { Some(1) } else { own.checked_mul(RANGE) }.filter(|begin| *begin < DRAWN);
    let (mut given, mut forgetful) = (Vec::new(), false);
    for no in shelf.tallies()? {
        let (_, side, ..) = shelf.tally_label(no)?;
        if let Some(standing) = shelf.standing(no)? {
            forgetful |= standing.reconciling;
            for known in standing.tip.devices.iter().filter(|known| known.side == side) {
                given.push(known.grant.device);
                forgetful |= known.grant.device == own && known.grant.epoch > FIRST;
            }
        }
    }
    let next = begin.filter(|_| !forgetful).and_then(|begin| {
        let last = begin.checked_add(RANGE - 1)?;
        let highest = given.iter().copied().filter(|number| (begin..last).contains(number)).max();
        highest.unwrap_or(begin).checked_add(1)
    });
    if let Some(next) = next {
        return Ok(next);
    }
    // A few draws are more than enough: three thousand million numbers, and a handful of devices.
    let free = |number: &u32| *number >= DRAWN && !given.contains(number);
    (0..64)
        .map(|_| u32::from_be_bytes(fresh(entropy)))
        .find(free)
        .ok_or_else(|| Malformed::OutOfRange { what: "device number" }.into())
}
