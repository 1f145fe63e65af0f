//! The detector with the widest reach, over black and white that is shared with the others.

use rxing::common::{BitMatrix, DetectorRXingResult as _};
use rxing::qrcode::cpp_port::detector::{FindFinderPatterns, GenerateFinderPatternSets, SampleQR};

use super::binary::Bits;
use super::rectify::Point;

/// Sets of finders that are looked at in one frame; each costs a sampling, and noise makes many.
const MOST_SETS: usize = 24;

/// A code that was located: its corners from the top left clockwise, and its modules as they were sampled.
pub(super) struct Located {
    pub(super) corners: [Point; 4],
    pub(super) side: usize,
    pub(super) bits: Vec<bool>,
}

/// What finders say where sampling failed: the middles of three of them, and the width of a module.
pub(super) struct Triple {
    pub(super) top_left: Point,
    pub(super) top_right: Point,
    pub(super) bottom_left: Point,
    pub(super) module: f32,
}

/// Every plausible code in a frame, best first, with what is known of it.
pub(super) fn locate(bits: &Bits, thorough: bool) -> Vec<(Triple, Option<Located>)> {
    // The detector indexes without asking; what it makes of a frame nobody has seen must not end the wallet.
    std::panic::catch_unwind(|| search(bits, thorough)).unwrap_or_default()
}

fn search(bits: &Bits, thorough: bool) -> Vec<(Triple, Option<Located>)> {
    let Some(image) = matrix(bits) else { return Vec::new() };
    let mut patterns = FindFinderPatterns(&image, thorough, 1);
    let sets = GenerateFinderPatternSets(&mut patterns);
    let mut found = Vec::new();
    for set in sets.iter().take(MOST_SETS) {
        let place = |pattern: rxing::common::cpp_essentials::ConcentricPattern| (pattern.p.x, pattern.p.y);
        let size = set.tl.size.saturating_add(set.tr.size).saturating_add(set.bl.size);
        let triple = Triple {
            top_left: place(set.tl),
            top_right: place(set.tr),
            bottom_left: place(set.bl),
            module: module(size),
        };
        let located = SampleQR(&image, set).ok().and_then(|sampled| {
            let modules = sampled.getBits();
            let side = modules.width();
            let corners: Vec<Point> = sampled.getPoints().iter().map(|point| (point.x, point.y)).collect();
            let bits = (0..side).flat_map(|y| (0..side).map(move |x| (x, y))).map(|(x, y)| modules.get(x, y)).collect();
            Some(Located { corners: corners.try_into().ok()?, side: usize::try_from(side).ok()?, bits })
        });
        found.push((triple, located));
    }
    found
}

/// A finder is seven modules wide, and three of them were added up.
#[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "pixels of a frame below 2^14")]
fn module(sizes: i32) -> f32 {
    sizes as f32 / 21.0
}

fn matrix(bits: &Bits) -> Option<BitMatrix> {
    let (width, height) = (u32::try_from(bits.width).ok()?, u32::try_from(bits.height).ok()?);
    let mut image = BitMatrix::new(width, height).ok()?;
    for (row, y) in bits.black.chunks(bits.width.max(1)).zip(0..height) {
        for (&black, x) in row.iter().zip(0..width) {
            if black {
                image.set(x, y);
            }
        }
    }
    Some(image)
}
