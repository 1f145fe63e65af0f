//! Black and white: the one step that all detectors share.

use super::grey::Grey;

/// One bit of every pixel; true is black.
pub(super) struct Bits {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) black: Vec<bool>,
}

impl Bits {
    pub(super) fn at(&self, x: usize, y: usize) -> bool {
        self.black.get(y.saturating_mul(self.width).saturating_add(x)).copied().unwrap_or(false)
    }

    /// A pixel is black where it is darker than its neighbourhood by more than `margin` of 256 parts.
    ///
    /// The neighbourhood is a square window with the given share of the shorter side, so a shadow across the
    /// frame moves the threshold with it.
    pub(super) fn local(grey: &Grey<'_>, share: usize, margin: u32) -> Self {
        let (width, height) = (grey.width, grey.height);
        let reach = width.min(height).checked_div(share).unwrap_or(8).max(5);
        let sums = Sums::of(grey);
        let mut black = Vec::with_capacity(width.saturating_mul(height));
        for (y, row) in grey.rows().enumerate() {
            let (top, bottom) = (y.saturating_sub(reach), y.saturating_add(reach).min(height.saturating_sub(1)));
            let window = sums.band(top, bottom.saturating_add(1));
            for (x, &shade) in row.iter().enumerate() {
                let left = x.saturating_sub(reach);
                let right = x.saturating_add(reach).saturating_add(1).min(width);
                let area = right.saturating_sub(left).saturating_mul(window.rows);
                let area = u64::try_from(area).unwrap_or(u64::MAX);
                let sum = u64::from(window.between(left, right)).saturating_mul(u64::from(256_u32.saturating_sub(margin)));
                black.push(u64::from(shade).saturating_mul(area) << 8 < sum);
            }
        }
        Self { width, height, black }
    }
}

/// Sums of all pixels above and to the left, so that any window's sum is four look-ups.
struct Sums {
    across: usize,
    sums: Vec<u32>,
}

/// The rows of one window: what lies above it and what lies above its end.
struct Band<'s> {
    above: &'s [u32],
    below: &'s [u32],
    rows: usize,
}

impl Sums {
    fn of(grey: &Grey<'_>) -> Self {
        let across = grey.width.saturating_add(1);
        let mut sums = vec![0_u32; across];
        sums.reserve(across.saturating_mul(grey.height));
        for row in grey.rows() {
            let start = sums.len().saturating_sub(across);
            let mut line = 0_u32;
            sums.push(0);
            for (x, &shade) in row.iter().enumerate() {
                line = line.wrapping_add(u32::from(shade));
                let above = sums.get(start.saturating_add(x).saturating_add(1)).copied().unwrap_or(0);
                // The differences that are taken are right even where the sums of a vast frame wrap.
                sums.push(above.wrapping_add(line));
            }
        }
        Self { across, sums }
    }

    fn band(&self, top: usize, end: usize) -> Band<'_> {
        let row = |y: usize| {
            let start = y.saturating_mul(self.across);
            self.sums.get(start..start.saturating_add(self.across)).unwrap_or(&[])
        };
        Band { above: row(top), below: row(end), rows: end.saturating_sub(top) }
    }
}

impl Band<'_> {
    fn between(&self, left: usize, right: usize) -> u32 {
        let at = |line: &[u32], x: usize| line.get(x).copied().unwrap_or(0);
        let below = at(self.below, right).wrapping_sub(at(self.below, left));
        below.wrapping_sub(at(self.above, right).wrapping_sub(at(self.above, left)))
    }
}
