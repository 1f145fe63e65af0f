//! From four corners to modules: a perspective that is fitted to what every code of a size must show, and
//! brightness measured in the middle of each module.
//!
//! A detector that works on black and white has thrown away what blur leaves of a module. Here the corners are
//! moved until finders and timing lines stand where they must, and the modules are sharpened against their
//! neighbours, in the grid where blur has one width, before they become bits.

#![expect(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "projective geometry on coordinates below 2^14 and grids below 178, far from any edge of f32 or i32"
)]

use rxing::common::BitMatrix;

use super::finders::Located;
use super::grey::Grey;

/// A place in the frame.
pub(super) type Point = (f32, f32);

/// Column, row and whether the module is dark in every code of this size.
type Known = Vec<(f32, f32, f32)>;

/// The modules of a code, read as brightness.
pub(super) struct Modules {
    side: usize,
    shades: Vec<f32>,
}

impl Modules {
    /// Bits after taking away `sharpness` of what neighbours have spilled, against the mean of the surroundings.
    pub(super) fn bits(&self, sharpness: f32) -> Option<BitMatrix> {
        let side = self.side;
        let at = |x: usize, y: usize| self.shades.get(y * side + x).copied().unwrap_or(255.0);
        let mut sharp = Vec::with_capacity(side * side);
        for y in 0..side {
            for x in 0..side {
                let mut sum = 0.0;
                let mut count = 0.0;
                for (near_x, near_y) in
                    [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)]
                {
                    // Beyond the edge lies the quiet zone.
                    sum += if near_x < side && near_y < side { at(near_x, near_y) } else { self.white() };
                    count += 1.0;
                }
                let own = at(x, y);
                sharp.push(own + sharpness * (own - sum / count));
            }
        }
        let threshold = surroundings(&sharp, side);
        let mut bits = BitMatrix::with_single_dimension(u32::try_from(side).ok()?).ok()?;
        for (place, (shade, threshold)) in sharp.iter().zip(&threshold).enumerate() {
            if shade < threshold {
                bits.set((place % side) as u32, (place / side) as u32);
            }
        }
        Some(bits)
    }

    fn white(&self) -> f32 {
        self.shades.iter().copied().fold(0.0, f32::max)
    }
}

/// Between black and white for every module: half the middle of the extremes, half the mean, of the eleven by eleven
/// modules around it. First along the rows, then across them.
fn surroundings(shades: &[f32], side: usize) -> Vec<f32> {
    let window = |middle: usize| middle.saturating_sub(5)..(middle + 6).min(side);
    let mut rows: Vec<(f32, f32, f32)> = Vec::with_capacity(shades.len());
    for row in shades.chunks(side) {
        for x in 0..side {
            let near = row.get(window(x)).unwrap_or(&[]);
            let low = near.iter().copied().fold(f32::MAX, f32::min);
            let high = near.iter().copied().fold(f32::MIN, f32::max);
            rows.push((low, high, near.iter().sum::<f32>() / near.len().max(1) as f32));
        }
    }
    let mut thresholds = Vec::with_capacity(shades.len());
    for y in 0..side {
        for x in 0..side {
            let (mut low, mut high, mut sum, mut count) = (f32::MAX, f32::MIN, 0.0, 0.0);
            for &(least, most, mean) in window(y).filter_map(|row| rows.get(row * side + x)) {
                low = low.min(least);
                high = high.max(most);
                sum += mean;
                count += 1.0;
            }
            thresholds.push((low + high) * 0.25 + sum / count * 0.5);
        }
    }
    thresholds
}

/// The perspective from modules to pixels.
#[derive(Clone, Copy, Debug)]
struct View([f32; 8]);

impl View {
    /// From the corners of a square of `side` modules, clockwise from the top left.
    fn of(corners: [Point; 4], side: f32) -> Option<Self> {
        let [(x0, y0), (x1, y1), (x2, y2), (x3, y3)] = corners;
        let (dx3, dy3) = (x0 - x1 + x2 - x3, y0 - y1 + y2 - y3);
        let (dx1, dx2, dy1, dy2) = (x1 - x2, x3 - x2, y1 - y2, y3 - y2);
        let whole = dx1 * dy2 - dx2 * dy1;
        if whole.abs() < 1.0 {
            return None;
        }
        let (g, h) = ((dx3 * dy2 - dx2 * dy3) / whole, (dx1 * dy3 - dx3 * dy1) / whole);
        let (a, b) = (x1 - x0 + g * x1, x3 - x0 + h * x3);
        let (d, e) = (y1 - y0 + g * y1, y3 - y0 + h * y3);
        Some(Self([a / side, b / side, x0, d / side, e / side, y0, g / side, h / side]))
    }

    fn place(&self, column: f32, row: f32) -> Point {
        let [a, b, c, d, e, f, g, h] = self.0;
        let depth = g * column + h * row + 1.0;
        ((a * column + b * row + c) / depth, (d * column + e * row + f) / depth)
    }
}

/// The square between the middles of the finders, whose fourth corner is where a fourth finder would be.
///
/// From the top left clockwise. Three of its corners are what detectors know best.
#[derive(Clone, Copy, Debug)]
pub(super) struct Square {
    corners: [Point; 4],
    side: usize,
}

/// From the edge of a code to the middle of a finder.
const INSET: f32 = 3.5;

impl Square {
    /// From the outer corners of a code.
    pub(super) fn of_located(found: &Located) -> Option<Self> {
        let side = found.modules.width() as usize;
        let view = View::of(found.corners, side as f32)?;
        let far = side as f32 - INSET;
        let places = [(INSET, INSET), (far, INSET), (far, far), (INSET, far)];
        Some(Self { corners: places.map(|(x, y)| view.place(x, y)), side })
    }

    /// From three finders: the fourth corner is searched where the known modules show most.
    ///
    /// Areas shrink with the third power of distance, so the widths of the finders tell how the plane is tilted
    /// and where the search begins.
    pub(super) fn of_finders(
        grey: &Grey<'_>,
        middles: [Point; 3],
        widths: [f32; 3],
        side: usize,
    ) -> Option<(Self, f32)> {
        let [top_left, top_right, bottom_left] = middles;
        let known = lines(side);
        let span = (side - 7) as f32;
        let [near, right_depth, down_depth] = widths.map(|width| width.max(1.0).powf(-2.0 / 3.0));
        let depth = (right_depth + down_depth - near).max(near * 0.2);
        let fourth = |a: f32, b: f32, c: f32| (right_depth * b + down_depth * c - near * a) / depth;
        let begin =
            (fourth(top_left.0, top_right.0, bottom_left.0), fourth(top_left.1, top_right.1, bottom_left.1));
        let right = ((begin.0 - bottom_left.0) / span, (begin.1 - bottom_left.1) / span);
        let down = ((begin.0 - top_right.0) / span, (begin.1 - top_right.1) / span);
        let mut best: Option<(Self, f32)> = None;
        // A twelfth of the side covers what widths in whole pixels leave open; one and a half modules are less
        // than the width of a finder's ring.
        let reach = ((span / 12.0) as i32 + 2).min(7);
        for across in -reach..=reach {
            for along in -reach..=reach {
                let (across, along) = (across as f32 * 1.5, along as f32 * 1.5);
                let corner = (
                    begin.0 + across * right.0 + along * down.0,
                    begin.1 + across * right.1 + along * down.1,
                );
                let square = Self { corners: [top_left, top_right, corner, bottom_left], side };
                if let Some(score) = square.glance(grey, &known)
                    && best.is_none_or(|(_, most)| score > most)
                {
                    best = Some((square, score));
                }
            }
        }
        best
    }

    fn view(&self) -> Option<View> {
        View::of(self.corners, self.side as f32 - 2.0 * INSET)
    }

    /// The same in a picture that is so many times smaller.
    pub(super) fn divided(mut self, factor: f32) -> Self {
        self.corners = self.corners.map(|(x, y)| (x / factor, y / factor));
        self
    }

    /// The same in a picture that is so many times larger.
    pub(super) fn times(self, factor: f32) -> Self {
        self.divided(1.0 / factor)
    }

    /// The outer corners of the code.
    pub(super) fn outer(&self) -> [Point; 4] {
        let (near, far) = (-INSET, self.side as f32 - INSET);
        let places = [(near, near), (far, near), (far, far), (near, far)];
        self.view().map_or(self.corners, |view| places.map(|(x, y)| view.place(x, y)))
    }

    /// The mean difference of known white and known black.
    fn score(&self, grey: &Grey<'_>, known: &Known) -> Option<f32> {
        let view = self.view()?;
        let sum: f32 =
            known.iter().map(|&(x, y, sign)| shade(grey, view.place(x - INSET, y - INSET)) * sign).sum();
        Some(sum / known.len() as f32)
    }

    /// The same from the nearest pixels, for a search that looks at hundreds of places.
    fn glance(&self, grey: &Grey<'_>, known: &Known) -> Option<f32> {
        let view = self.view()?;
        let mut sum = 0.0;
        for &(column, row, sign) in known {
            let (x, y) = view.place(column - INSET, row - INSET);
            sum += f32::from(grey.at(x as usize, y as usize)) * sign;
        }
        Some(sum / known.len() as f32)
    }

    /// Moves the corners, one at a time and ever less, while the known modules show more of what they must.
    pub(super) fn fitted(mut self, grey: &Grey<'_>) -> Option<Self> {
        let known = known(self.side);
        let [(x0, y0), (x1, y1), ..] = self.corners;
        let module = (x1 - x0).hypot(y1 - y0) / (self.side - 7) as f32;
        for step in [1.0_f32, 0.5, 0.25, 0.12] {
            // Between pixels only where a step is less than one.
            let look = |square: &Self| {
                if step * module > 1.0 { square.glance(grey, &known) } else { square.score(grey, &known) }
            };
            let mut most = look(&self)?;
            for _ in 0..4 {
                let before = most;
                for corner in 0..4 {
                    for ways in [[(1.0, 0.0), (-1.0, 0.0)], [(0.0, 1.0), (0.0, -1.0)]] {
                        // Where one way was better the way back is not.
                        let better = ways.into_iter().find_map(|(x, y)| {
                            let mut moved = self;
                            let place = moved.corners.get_mut(corner)?;
                            *place = (place.0 + x * step * module, place.1 + y * step * module);
                            look(&moved).filter(|found| *found > most).map(|found| (moved, found))
                        });
                        (self, most) = better.unwrap_or((self, most));
                    }
                }
                if most <= before {
                    break;
                }
            }
        }
        Some(self)
    }

    /// The modules under the square, as brightness.
    pub(super) fn modules(&self, grey: &Grey<'_>) -> Option<Modules> {
        let view = self.view()?;
        let side = self.side;
        let mut shades = Vec::with_capacity(side * side);
        for row in 0..side {
            for column in 0..side {
                let (x, y) = (column as f32 + 0.5 - INSET, row as f32 + 0.5 - INSET);
                // Five points of the module's middle: noise is averaged, neighbours are not touched.
                let sum: f32 = [(0.0, 0.0), (-0.2, 0.0), (0.2, 0.0), (0.0, -0.2), (0.0, 0.2)]
                    .into_iter()
                    .map(|(across, down)| shade(grey, view.place(x + across, y + down)))
                    .sum();
                shades.push(sum / 5.0);
            }
        }
        Some(Modules { side, shades })
    }
}

/// The sizes that a code with these finders may have, likeliest first.
pub(super) fn likely_sides([top_left, top_right, bottom_left]: [Point; 3], widths: [f32; 3]) -> Vec<usize> {
    let span = |a: Point, b: Point, from: f32, to: f32| {
        (a.0 - b.0).hypot(a.1 - b.1) * 7.0 / (from * to).sqrt().max(3.5)
    };
    let across = span(top_left, top_right, widths[0], widths[1]);
    let along = span(top_left, bottom_left, widths[0], widths[2]);
    let version = (((across + along) / 2.0 + 7.0 - 17.0) / 4.0).round() as i32;
    [0, 1, -1]
        .into_iter()
        .map(|off| version + off)
        .filter(|version| (1..=40).contains(version))
        .map(|version| version as usize * 4 + 17)
        .collect()
}

/// What every code of this size shows: finders with their white rings, and [`lines`].
fn known(side: usize) -> Known {
    let mut known = lines(side);
    let far = side as i32 - 7;
    for (left, top) in [(0, 0), (far, 0), (0, far)] {
        for row in -1..=7_i32 {
            for column in -1..=7_i32 {
                let ring = (column - 3).abs().max((row - 3).abs());
                push(&mut known, left + column, top + row, matches!(ring, 3 | 0 | 1));
            }
        }
    }
    known
}

/// The timing lines, and the alignment pattern nearest to the corner without a finder.
fn lines(side: usize) -> Known {
    let mut known = Vec::new();
    for along in 8..side as i32 - 8 {
        push(&mut known, along, 6, along % 2 == 0);
        push(&mut known, 6, along, along % 2 == 0);
    }
    if side > 21 {
        let middle = side as i32 - 7;
        // It counts twice: nothing else holds the fourth corner.
        for _ in 0..2 {
            for row in -2..=2_i32 {
                for column in -2..=2_i32 {
                    push(&mut known, middle + column, middle + row, column.abs().max(row.abs()) != 1);
                }
            }
        }
    }
    known
}

fn push(known: &mut Known, column: i32, row: i32, dark: bool) {
    known.push((column as f32 + 0.5, row as f32 + 0.5, if dark { -1.0 } else { 1.0 }));
}

/// Brightness between pixels.
fn shade(grey: &Grey<'_>, (x, y): Point) -> f32 {
    let (x, y) = (x.clamp(0.0, grey.width as f32 - 1.001), y.clamp(0.0, grey.height as f32 - 1.001));
    let (column, row) = (x as usize, y as usize);
    let (right, down) = (x - column as f32, y - row as f32);
    let at = |x, y| f32::from(grey.at(x, y));
    let upper = at(column, row) * (1.0 - right) + at(column + 1, row) * right;
    let lower = at(column, row + 1) * (1.0 - right) + at(column + 1, row + 1) * right;
    upper * (1.0 - down) + lower * down
}
