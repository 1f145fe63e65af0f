//! Where finders stand: rows in which dark and light follow each other as 1:1:3:1:1, and what stands around them.
//!
//! Rows are cut at their edges, a word of pixels at a time: most rows of a frame have few, and they are all that this
//! step looks at.

use rxing::Point;
use rxing::common::BitMatrix;
use rxing::common::cpp_essentials::{ConcentricPattern, LocateConcentricPattern};

/// Dark, light, dark, light, dark: the middle of a finder.
const RINGS: [u16; 5] = [1, 1, 3, 1, 1];
/// Rows apart at least: a finder's middle is three modules high, and a module has a pixel.
const LEAST_STEP: u32 = 3;
/// Modules along the largest code that is expected to fill a quarter of the frame's height.
const MOST_MODULES: u32 = 97;

/// Every finder of a picture.
pub(super) fn finders(image: &BitMatrix) -> Vec<ConcentricPattern> {
    let step = (image.height().saturating_mul(3) / (4 * MOST_MODULES)).max(LEAST_STEP);
    let first = step.saturating_sub(1);
    let mut found: Vec<ConcentricPattern> = Vec::new();
    let mut edges = Vec::new();
    for y in (first..image.height()).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
        cut(image.getRow(y).getBitArray(), image.width(), &mut edges);
        let mut left = 0;
        while let Some(&[a, b, c, d, e, f, _]) = edges.get(left..).and_then(<[u32]>::first_chunk::<7>) {
            let runs = [(a, b), (b, c), (c, d), (d, e), (e, f)].map(|(from, to)| to.saturating_sub(from));
            if !is_finder(runs) {
                left = left.saturating_add(2);
                continue;
            }
            left = left.saturating_add(4);
            let middle = middle(c, d, y);
            if found.iter().any(|known| is_inside(known, middle)) {
                continue;
            }
            // Three times as wide, where a code is seen from the side.
            let range = i32::try_from(f.saturating_sub(a).saturating_mul(3)).unwrap_or(i32::MAX);
            found.extend(LocateConcentricPattern::<true, 5, 7>(image, &RINGS, middle, range));
        }
    }
    found
}

/// Where a row turns dark, then light, then dark and so on; the row's end closes it.
fn cut(row: &[usize], width: u32, edges: &mut Vec<u32>) {
    edges.clear();
    let (mut before, mut start) = (0, 0_u32);
    for &word in row {
        let mut turns = word ^ ((word << 1) | before);
        before = word >> (usize::BITS - 1);
        while turns != 0 {
            edges.push(start.saturating_add(turns.trailing_zeros()));
            turns &= turns.wrapping_sub(1);
        }
        start = start.saturating_add(usize::BITS);
    }
    while edges.last().is_some_and(|&last| last >= width) {
        edges.pop();
    }
    edges.push(width);
    // A bar that touches the end has no light behind it, unless of no width.
    if edges.len().is_multiple_of(2) {
        edges.push(width);
    }
}

/// The middle of the dark run from `left` to `right` in a row.
#[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "pixels of a frame below 2^14")]
fn middle(left: u32, right: u32, row: u32) -> Point {
    Point { x: left.saturating_add(right) as f32 / 2.0, y: row as f32 + 0.5 }
}

/// Whether a place lies within a finder that is known.
#[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "pixels of a frame below 2^14")]
fn is_inside(known: &ConcentricPattern, place: Point) -> bool {
    Point::distance(place, known.p) < known.size as f32 / 2.0
}

/// Whether five runs are as wide as a finder's, each within three quarters of a dark module or a third of a light one
/// and half a pixel; dark ones may be four times as wide as light ones or the other way round.
#[expect(clippy::arithmetic_side_effects, reason = "pixels of a frame below 2^14, times twenty at most")]
fn is_finder([a, b, c, d, e]: [u32; 5]) -> bool {
    if c < 3 || c < a.max(e).saturating_mul(2) || c < b.max(d) {
        return false;
    }
    let whole = |run: u32| i64::from(run);
    let (dark, light) = (whole(a) + whole(c) + whole(e), whole(b) + whole(d));
    let near_dark = |run: u32, modules: i64| (20 * whole(run) - 4 * modules * dark).abs() <= 3 * dark + 10;
    let near_light = |run: u32| (6 * whole(run) - 3 * light).abs() <= light + 3;
    dark <= 10 * light
        && 5 * light <= 8 * dark
        && 2 * dark + 5 * light >= 20
        && near_dark(a, 1)
        && near_dark(c, 3)
        && near_dark(e, 1)
        && near_light(b)
        && near_light(d)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

    use proptest::prelude::*;
    use rxing::common::BitMatrix;
    use rxing::qrcode::cpp_port::detector::FindFinderPatterns;

    use super::{cut, finders};

    #[test]
    fn rows_are_cut_at_every_edge_and_at_their_end() {
        let row = |text: &str| {
            let mut image = BitMatrix::new(u32::try_from(text.len()).unwrap(), 1).unwrap();
            for (x, letter) in (0..).zip(text.bytes()) {
                image.set_bool(x, 0, letter == b'#');
            }
            let mut edges = vec![7];
            cut(image.getRow(0).getBitArray(), image.width(), &mut edges);
            edges
        };
        assert_eq!(row("  ##  #"), [2, 4, 6, 7, 7]);
        assert_eq!(row("#   "), [0, 1, 4]);
        assert_eq!(row("    "), [4]);
        let long = format!("{}{}{}", " ".repeat(63), "#".repeat(66), " ".repeat(3));
        assert_eq!(row(&long), [63, 129, 132]);
        assert_eq!(row(&"#".repeat(128)), [0, 128, 128]);
    }

    proptest! {
        /// The detector's own search, which looks at every pixel, finds the same.
        #[test]
        fn finders_are_those_of_the_detector(
            width in 30_u32..200,
            blocks in proptest::collection::vec((1_u32..6, 0_u32..40, 0_u32..3, 0_u32..20), 1..6),
            noise in proptest::collection::vec((0_u32..200, 0_u32..120), 0..40),
        ) {
            let mut image = BitMatrix::new(width, 120).unwrap();
            let mut left = 0;
            for (module, gap, skew, top) in blocks {
                left += gap;
                for y in 0..module * 7 {
                    for x in 0..module * 7 + skew {
                        let ring = (x / module).min(6).abs_diff(3).max((y / module).abs_diff(3));
                        if matches!(ring, 3 | 0 | 1) && left + x < width && top + y < 120 {
                            image.set(left + x, top + y);
                        }
                    }
                }
                left += module * 9;
            }
            for (x, y) in noise {
                if x < width {
                    image.flip_coords(x, y);
                }
            }
            let expected = FindFinderPatterns(&image, false, 1);
            let places = |all: &[rxing::common::cpp_essentials::ConcentricPattern]| {
                all.iter().map(|one| (one.p.x.to_bits(), one.p.y.to_bits(), one.size)).collect::<Vec<_>>()
            };
            prop_assert_eq!(places(&finders(&image)), places(&expected));
        }
    }
}
