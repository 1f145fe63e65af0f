//! The detector with the widest reach, over black and white that is shared with the others.

use rxing::common::cpp_essentials::ConcentricPattern;
use rxing::common::{BitMatrix, DetectorRXingResult as _};
use rxing::qrcode::cpp_port::detector::{
    FindFinderPatterns, FinderPatternSet, GenerateFinderPatternSets, SampleQR,
};

use super::binary::Bits;
use super::rectify::Point;

/// Finders that are combined freely, and sets of them that are kept.
const MOST_TILTED: usize = 8;

/// A code that was located: its corners from the top left clockwise, and its modules as they were sampled.
pub(super) struct Located {
    pub(super) corners: [Point; 4],
    pub(super) side: usize,
    pub(super) bits: Vec<bool>,
}

/// Three finders that may belong to one code: top left, top right, bottom left.
#[derive(Clone, Copy)]
pub(super) struct Triple {
    pub(super) middles: [Point; 3],
    /// Their widths in pixels, which tell how far away each is.
    pub(super) widths: [f32; 3],
}

/// Every plausible code in a frame, best first, with what is known of it.
pub(super) fn locate(bits: &Bits, most: usize) -> Vec<(Triple, Option<Located>)> {
    // The detector indexes without asking; what it makes of a frame nobody has seen must not end the wallet.
    std::panic::catch_unwind(|| search(bits, most)).unwrap_or_default()
}

fn search(bits: &Bits, most: usize) -> Vec<(Triple, Option<Located>)> {
    let Some(image) = matrix(bits) else { return Vec::new() };
    let mut patterns = FindFinderPatterns(&image, false, 1);
    let mut sets = GenerateFinderPatternSets(&mut patterns);
    sets.truncate(most);
    for set in tilted(&patterns) {
        if !sets.contains(&set) {
            sets.push(set);
        }
    }
    sets.iter().map(|set| (triple(set), sample(&image, set))).collect()
}

fn triple(set: &FinderPatternSet) -> Triple {
    let parts = [set.tl, set.tr, set.bl];
    Triple { middles: parts.map(|part| (part.p.x, part.p.y)), widths: parts.map(width) }
}

fn sample(image: &BitMatrix, set: &FinderPatternSet) -> Option<Located> {
    let sampled = SampleQR(image, set).ok()?;
    let modules = sampled.getBits();
    let side = modules.width();
    let corners: Vec<Point> = sampled.getPoints().iter().map(|point| (point.x, point.y)).collect();
    let bits = (0..side).flat_map(|y| (0..side).map(move |x| modules.get(x, y))).collect();
    Some(Located { corners: corners.try_into().ok()?, side: usize::try_from(side).ok()?, bits })
}

#[expect(clippy::cast_precision_loss, reason = "pixels of a frame below 2^14")]
fn width(pattern: ConcentricPattern) -> f32 {
    pattern.size as f32
}

/// Sets whose finders differ more in size than the detector believes: a code seen at a steep angle.
fn tilted(patterns: &[ConcentricPattern]) -> Vec<FinderPatternSet> {
    let patterns = patterns.get(..patterns.len().min(MOST_TILTED)).unwrap_or(patterns);
    let mut sets = Vec::new();
    for (first, &a) in patterns.iter().enumerate() {
        for (second, &b) in patterns.iter().enumerate().skip(first.saturating_add(1)) {
            for &c in patterns.iter().skip(second.saturating_add(1)) {
                sets.extend([(a, b, c), (b, c, a), (c, a, b)].into_iter().filter_map(corner));
            }
        }
    }
    sets.sort_by(|a, b| a.0.total_cmp(&b.0));
    sets.into_iter().take(MOST_TILTED).map(|(_, set)| set).collect()
}

/// The set whose top left is the first pattern, and how far it is from a square seen straight.
#[expect(clippy::float_arithmetic, reason = "pixels of a frame below 2^14")]
fn corner(
    (tl, one, other): (ConcentricPattern, ConcentricPattern, ConcentricPattern),
) -> Option<(f32, FinderPatternSet)> {
    let away = |end: ConcentricPattern| (end.p.x - tl.p.x, end.p.y - tl.p.y);
    let (a, b) = (away(one), away(other));
    let (long, wide) = (a.0.hypot(a.1), b.0.hypot(b.1));
    let widths = [tl, one, other].map(width);
    let (least, most) =
        (widths.iter().copied().fold(f32::MAX, f32::min), widths.iter().copied().fold(1.0, f32::max));
    // Fourteen modules lie between the middles of the smallest code's finders.
    if least < 1.0 || most > least * 5.0 || long < least * 1.5 || wide < least * 1.5 {
        return None;
    }
    let (cross, dot) = ((a.0 * b.1 - a.1 * b.0) / long / wide, (a.0 * b.0 + a.1 * b.1) / long / wide);
    // Lengths in modules are equal on the paper; the mean width at both ends of a side measures them.
    let (along, across) = (long / (widths[0] + width(one)), wide / (widths[0] + width(other)));
    let uneven = (along.max(across) / along.min(across)) - 1.0;
    if dot.abs() > 0.75 || uneven > 0.8 {
        return None;
    }
    let (tr, bl) = if cross > 0.0 { (one, other) } else { (other, one) };
    Some((dot.abs() + uneven, FinderPatternSet { bl, tl, tr }))
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
