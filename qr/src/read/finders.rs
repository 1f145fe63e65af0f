//! The detector with the widest reach, over black and white that is shared with the others.

use rxing::common::cpp_essentials::ConcentricPattern;
use rxing::common::{BitMatrix, DetectorRXingResult as _};
use rxing::qrcode::cpp_port::detector::{FinderPatternSet, GenerateFinderPatternSets, SampleQR};

use super::decode::decode;
use super::rectify::Point;
use super::rows;
use super::segments::Content;

/// Sets of finders that are sampled in one picture.
const MOST_SETS: usize = 12;
/// Finders that are combined freely, and sets of them that are kept.
const MOST_TILTED: usize = 8;

/// A code that was located: its corners from the top left clockwise, and its modules as they were sampled.
pub(super) struct Located {
    pub(super) corners: [Point; 4],
    pub(super) modules: BitMatrix,
}

/// Three finders that may belong to one code: top left, top right, bottom left.
#[derive(Clone, Copy)]
pub(super) struct Triple {
    pub(super) middles: [Point; 3],
    /// Their widths in pixels, which tell how far away each is.
    pub(super) widths: [f32; 3],
}

/// What was read in one picture, and what else may be there.
#[derive(Default)]
pub(super) struct Found {
    pub(super) read: Vec<(Content, [Point; 4], Triple)>,
    /// Best first, with what is known of it.
    pub(super) unread: Vec<(Triple, Option<Located>)>,
}

/// Every code that plain sampling reads, and the plausible places beside them. Finders of codes in `known` are not
/// looked at again.
pub(super) fn search(image: &BitMatrix, known: &[Triple]) -> Found {
    // The detector indexes without asking; what it makes of a frame nobody has seen must not end the wallet.
    std::panic::catch_unwind(|| look(image, known)).unwrap_or_default()
}

fn look(image: &BitMatrix, known: &[Triple]) -> Found {
    let mut patterns = rows::finders(image);
    patterns.retain(|pattern| !known.iter().any(|known| known.has(pattern)));
    let mut sets = GenerateFinderPatternSets(&mut patterns);
    sets.truncate(MOST_SETS);
    for set in tilted(&patterns) {
        if !sets.contains(&set) {
            sets.push(set);
        }
    }
    let mut found = Found::default();
    for set in &sets {
        // A finder belongs to one code only.
        let parts = [set.tl, set.tr, set.bl];
        if found.read.iter().any(|(.., known)| parts.iter().any(|part| known.has(part))) {
            continue;
        }
        let located = sample(image, set);
        match located.as_ref().and_then(|it| Some((decode(&it.modules)?, it.corners))) {
            Some((content, corners)) => found.read.push((content, corners, triple(set))),
            None => found.unread.push((triple(set), located)),
        }
    }
    found
}

impl Triple {
    /// The same in a picture that is so many times larger.
    #[expect(clippy::float_arithmetic, reason = "pixels of a frame below 2^14")]
    pub(super) fn times(self, factor: f32) -> Self {
        Self {
            middles: self.middles.map(|(x, y)| (x * factor, y * factor)),
            widths: self.widths.map(|width| width * factor),
        }
    }

    /// Whether one of these finders is one of the other's.
    #[expect(clippy::float_arithmetic, reason = "pixels of a frame below 2^14")]
    pub(super) fn shares(&self, other: &Self) -> bool {
        let near = |(a, width): (Point, f32), b: Point| (a.0 - b.0).hypot(a.1 - b.1) < width * 0.5;
        let mut all = self.middles.into_iter().zip(self.widths);
        all.any(|own| other.middles.into_iter().any(|middle| near(own, middle)))
    }

    /// Whether a pattern is one of these finders.
    #[expect(clippy::float_arithmetic, reason = "pixels of a frame below 2^14")]
    fn has(&self, pattern: &ConcentricPattern) -> bool {
        let near = |((x, y), width): (Point, f32)| (x - pattern.p.x).hypot(y - pattern.p.y) < width * 0.5;
        self.middles.into_iter().zip(self.widths).any(near)
    }
}

fn triple(set: &FinderPatternSet) -> Triple {
    let parts = [set.tl, set.tr, set.bl];
    Triple { middles: parts.map(|part| (part.p.x, part.p.y)), widths: parts.map(width) }
}

fn sample(image: &BitMatrix, set: &FinderPatternSet) -> Option<Located> {
    let sampled = SampleQR(image, set).ok()?;
    let corners: Vec<Point> = sampled.getPoints().iter().map(|point| (point.x, point.y)).collect();
    Some(Located { corners: corners.try_into().ok()?, modules: sampled.getBits().clone() })
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

#[cfg(test)]
mod tests {
    use rxing::common::BitMatrix;

    use super::{MOST_SETS, MOST_TILTED, look};

    /// Thousands of finders could be combined in billions of ways.
    #[test]
    fn a_picture_full_of_finders_is_looked_at_in_a_few_places() {
        let mut image = BitMatrix::new(900, 900).unwrap();
        for y in 0..900_u32 {
            for x in 0..900_u32 {
                let ring = (x % 9).abs_diff(4).max((y % 9).abs_diff(4));
                if matches!(ring, 3 | 0 | 1) {
                    image.set(x, y);
                }
            }
        }
        let found = look(&image, &[]);
        assert_eq!(found.read.len(), 0);
        assert!((1..=MOST_SETS + MOST_TILTED).contains(&found.unread.len()), "{}", found.unread.len());
    }
}
