//! Pictures in: every code in a frame, read by the cheapest means that succeed.
//!
//! One binarisation feeds all detectors of a stage. A payload counts only when the code's own error correction
//! has verified it; the first stage that reads everything it has located ends the search.

mod binary;
#[cfg(feature = "rxing")]
mod finders;
mod grey;
#[cfg(feature = "rxing")]
mod rectify;

use self::binary::Bits;
use self::grey::Grey;
#[cfg(feature = "rxing")]
use self::rectify::Square;
use crate::luma::Luma;

/// One code in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The payload's bytes, verified by the code's error correction.
    pub content: Vec<u8>,
    /// The corners on the upright frame, from the code's own top left.
    pub corners: [(i32, i32); 4],
}

/// Every code in a frame.
#[must_use]
pub fn codes(frame: &Luma<'_>) -> Vec<Seen> {
    let mut search = Search { frame, seen: Vec::new() };
    search.run();
    search.seen
}

struct Search<'f, 'a> {
    frame: &'f Luma<'a>,
    seen: Vec<Seen>,
}

/// Whether a stage left something that a dearer one might read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    Nothing,
    Something,
}

#[cfg(feature = "rxing")]
impl Search<'_, '_> {
    fn run(&mut self) {
        let full = Grey::of(self.frame);
        if self.pass(&full, 8, 8, Effort::Quick) == Rest::Nothing {
            return;
        }
        if self.pass(&full, 8, 8, Effort::Fit) == Rest::Nothing {
            return;
        }
        let half = full.halved();
        let smooth = full.smoothed();
        for (grey, share, margin) in [(&half, 10, 10), (&smooth, 12, 14), (&full, 24, 4), (&half, 5, 2)] {
            if self.pass(grey, share, margin, Effort::Fit) == Rest::Nothing {
                return;
            }
        }
    }

    /// One binarisation, all codes located in it, and for each what it takes to read it.
    fn pass(&mut self, grey: &Grey<'_>, share: usize, margin: u32, effort: Effort) -> Rest {
        let bits = Bits::local(grey, share, margin);
        let mut rest = Rest::Something;
        let mut fits = 0_usize;
        for (triple, located) in finders::locate(&bits, effort == Effort::Fit) {
            if let Some(found) = &located
                && let Some(content) = decode(found.side, &found.bits)
            {
                self.put(content, found.corners, grey.shrink);
                rest = Rest::Nothing;
                continue;
            }
            if effort == Effort::Quick || fits >= MOST_FITS {
                continue;
            }
            fits = fits.saturating_add(1);
            if let Some((content, corners)) = fit(grey, &triple, located.as_ref()) {
                self.put(content, corners, grey.shrink);
                rest = Rest::Nothing;
            }
        }
        rest
    }

    fn put(&mut self, content: Vec<u8>, corners: [rectify::Point; 4], shrink: usize) {
        #[expect(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "pixels of a frame below 2^14")]
        let corners = corners.map(|(x, y)| self.frame.upright(((x * shrink as f32) as i32, (y * shrink as f32) as i32)));
        if !self.seen.iter().any(|seen| seen.content == content) {
            self.seen.push(Seen { content, corners });
        }
    }
}

/// How much a stage spends on a code that plain sampling does not read.
#[cfg(feature = "rxing")]
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    Quick,
    Fit,
}

/// Sets of finders that are fitted in one stage.
#[cfg(feature = "rxing")]
const MOST_FITS: usize = 4;

/// Fits a perspective to the brightness and reads the modules more and more sharply.
#[cfg(feature = "rxing")]
fn fit(grey: &Grey<'_>, triple: &finders::Triple, located: Option<&finders::Located>) -> Option<(Vec<u8>, [rectify::Point; 4])> {
    let sharply = |square: Square| {
        let square = square.fitted(grey)?;
        let modules = square.modules(grey)?;
        let content = [0.0, 0.5, 1.0].into_iter().find_map(|sharpness| decode(modules.side, &modules.bits(sharpness)))?;
        Some((content, square.outer()))
    };
    if let Some(found) = located.and_then(|found| Square::of_corners(found.corners, found.side)).and_then(sharply) {
        return Some(found);
    }
    let mut squares: Vec<(Square, f32)> = rectify::likely_sides(triple.middles, triple.widths)
        .into_iter()
        .filter_map(|side| Square::of_finders(grey, triple.middles, triple.widths, side))
        .collect();
    squares.sort_by(|a, b| b.1.total_cmp(&a.1));
    squares.into_iter().take(2).find_map(|(square, _)| sharply(square))
}

/// Error correction and content of sampled modules, mirrored ones too.
fn decode(side: usize, bits: &[bool]) -> Option<Vec<u8>> {
    // The grid decoder indexes by the size it is told.
    if side < 21 || side > 177 || side % 4 != 1 || bits.len() != side.saturating_mul(side) {
        return None;
    }
    let modules = rqrr::SimpleGrid::from_func(side, |x, y| {
        bits.get(y.saturating_mul(side).saturating_add(x)).copied().unwrap_or(false)
    });
    let mut content = Vec::new();
    rqrr::Grid::new(modules).decode_to(&mut content).ok()?;
    Some(content)
}
