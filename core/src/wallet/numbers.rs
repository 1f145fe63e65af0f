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
/// forgotten somebody, so it draws, and so does one that has given all of its range.
pub(super) fn next_device(shelf: &Shelf<'_>, own: u32, entropy: &mut dyn Entropy) -> Result<u32> {
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
    if let Some(next) = small(own, &given).filter(|_| !forgetful) {
        return Ok(next);
    }
    // A few draws are more than enough: three thousand million numbers, and a handful of devices.
    let free = |number: &u32| *number >= DRAWN && !given.contains(number);
    (0..64)
        .map(|_| u32::from_be_bytes(fresh(entropy)))
        .find(free)
        .ok_or_else(|| Malformed::OutOfRange { what: "device number" }.into())
}

/// The next number of a device's own range, if there is one.
fn small(own: u32, given: &[u32]) -> Option<u32> {
    let first = if own <= 1 { 0 } else { own.checked_mul(RANGE).filter(|first| *first < DRAWN)? };
    // The first device has number 1, whose range is that of 0.
    let begin = first.max(1);
    let range = begin..=first.checked_add(RANGE - 1)?;
    let highest = given.iter().copied().filter(|number| range.contains(number)).fold(begin, u32::max);
    highest.checked_add(1).filter(|next| range.contains(next))
}

#[cfg(test)]
mod tests {
    use super::small;

    #[test]
    fn a_range_is_given_once_and_ends() {
        assert_eq!((small(1, &[1]), small(1, &[1, 2, 2001])), (Some(2), Some(3)));
        assert_eq!((small(1, &[998]), small(1, &[999])), (Some(999), None));
        assert_eq!((small(2, &[1, 2, 3]), small(2, &[2001])), (Some(2001), Some(2002)));
        assert_eq!((small(999_999, &[]), small(1_000_000, &[])), (Some(999_999_001), None));
        assert_eq!((small(2, &[2998]), small(2, &[2999])), (Some(2999), None));
        assert_eq!((small(2_999_999, &[]), small(u32::MAX, &[])), (None, None));
    }
}
