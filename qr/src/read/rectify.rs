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
    clippy::cast_sign_loss,
    reason = "projective geometry on coordinates below 2^14 and grids below 178, far from any edge of f32 or i32"
)]

use super::grey::Grey;

/// A place in the frame.
pub(super) type Point = (f32, f32);

/// Column, row and whether the module is dark in every code of this size.
type Known = Vec<(f32, f32, f32)>;

/// The modules of a code, read as brightness.
pub(super) struct Modules {
    pub(super) side: usize,
    shades: Vec<f32>,
}

impl Modules {
    /// Bits after taking away `sharpness` of what neighbours have spilled, against the mean of the surroundings.
    pub(super) fn bits(&self, sharpness: f32) -> Vec<bool> {
        let side = self.side;
        let at = |x: usize, y: usize| self.shades.get(y * side + x).copied().unwrap_or(255.0);
        let mut sharp = Vec::with_capacity(side * side);
        for y in 0..side {
            for x in 0..side {
                let mut sum = 0.0;
                let mut count = 0.0;
                for (near_x, near_y) in [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)] {
                    // Beyond the edge lies the quiet zone.
                    sum += if near_x < side && near_y < side { at(near_x, near_y) } else { self.white() };
                    count += 1.0;
                }
                let own = at(x, y);
                sharp.push(own + sharpness * (own - sum / count));
            }
        }
        let reach = 5;
        let mut bits = Vec::with_capacity(side * side);
        for y in 0..side {
            for x in 0..side {
                let (left, right) = (x.saturating_sub(reach), (x + reach).min(side - 1));
                let (top, bottom) = (y.saturating_sub(reach), (y + reach).min(side - 1));
                let (mut low, mut high) = (f32::MAX, f32::MIN);
                let (mut sum, mut count) = (0.0, 0.0);
                for row in top..=bottom {
                    for &shade in sharp.get(row * side + left..=row * side + right).unwrap_or(&[]) {
                        low = low.min(shade);
                        high = high.max(shade);
                        sum += shade;
                        count += 1.0;
                    }
                }
                let threshold = (low + high) * 0.25 + sum / count * 0.5;
                bits.push(sharp.get(y * side + x).is_some_and(|&shade| shade < threshold));
            }
        }
        bits
    }

    fn white(&self) -> f32 {
        self.shades.iter().copied().fold(0.0, f32::max)
    }
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

/// Reads the modules of a code of `side` modules whose corners are about here.
pub(super) fn rectify(grey: &Grey<'_>, corners: [Point; 4], side: usize) -> Option<Modules> {
    let (fitted, _) = fit(grey, corners, side)?;
    modules(grey, fitted, side)
}

/// The modules under these corners, without moving them.
fn modules(grey: &Grey<'_>, corners: [Point; 4], side: usize) -> Option<Modules> {
    let view = View::of(corners, side as f32)?;
    let mut shades = Vec::with_capacity(side * side);
    for row in 0..side {
        for column in 0..side {
            let (x, y) = (column as f32 + 0.5, row as f32 + 0.5);
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

/// Moves the corners, one at a time and ever less, while the known modules show more of what they must.
///
/// Returns them with their score: the mean difference of known white and known black.
pub(super) fn fit(grey: &Grey<'_>, corners: [Point; 4], side: usize) -> Option<([Point; 4], f32)> {
    let known = known(side);
    let mut best = corners;
    let mut most = score(grey, &known, best, side)?;
    let across = ((best[1].0 - best[0].0).hypot(best[1].1 - best[0].1)) / side as f32;
    for step in [1.2_f32, 0.6, 0.3, 0.15] {
        for _ in 0..3 {
            let before = most;
            for corner in 0..4 {
                for (x, y) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
                    let mut moved = best;
                    if let Some(place) = moved.get_mut(corner) {
                        place.0 += x * step * across;
                        place.1 += y * step * across;
                    }
                    if let Some(found) = score(grey, &known, moved, side)
                        && found > most
                    {
                        (best, most) = (moved, found);
                    }
                }
            }
            if most <= before {
                break;
            }
        }
    }
    Some((best, most))
}

fn score(grey: &Grey<'_>, known: &Known, corners: [Point; 4], side: usize) -> Option<f32> {
    let view = View::of(corners, side as f32)?;
    let sum: f32 = known.iter().map(|&(x, y, sign)| shade(grey, view.place(x, y)) * sign).sum();
    Some(sum / known.len() as f32)
}

/// Finders with their white rings, timing lines, and the alignment pattern nearest to the free corner.
fn known(side: usize) -> Known {
    let mut known = Vec::new();
    let far = side as i32 - 7;
    for (left, top) in [(0, 0), (far, 0), (0, far)] {
        for row in -1..=7_i32 {
            for column in -1..=7_i32 {
                let ring = (column - 3).abs().max((row - 3).abs());
                let dark = matches!(ring, 3 | 0 | 1);
                push(&mut known, left + column, top + row, dark);
            }
        }
    }
    for along in 8..side as i32 - 8 {
        push(&mut known, along, 6, along % 2 == 0);
        push(&mut known, 6, along, along % 2 == 0);
    }
    if side > 21 {
        // It counts twice: nothing else holds the fourth corner.
        let middle = side as i32 - 7;
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
