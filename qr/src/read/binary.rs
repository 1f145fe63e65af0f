//! Black and white: the one step that all detectors share.

use rxing::common::{BitArray, BitMatrix};

use super::grey::Grey;

/// The side of the cells that share one threshold, in pixels.
const CELL: usize = 4;
/// The widest half window in cells; beyond it shadows would no longer move the threshold.
const FARTHEST: usize = 30;

/// What stands out from its neighbourhood.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// What is darker, as codes are printed.
    Dark,
    /// What is brighter: some software shows its codes so in dark mode.
    Light,
}

/// How one stage looks at its picture.
#[derive(Clone, Copy)]
pub(super) struct Stage {
    /// What is looked for.
    pub(super) ink: Ink,
    /// The half window as a share of the shorter side.
    pub(super) share: usize,
    /// By how much of 256 parts ink differs from its surroundings.
    pub(super) margin: u8,
}

/// Set where a pixel is ink: where it differs from its neighbourhood by more than the margin.
///
/// The neighbourhood is a square window with the given share of the shorter side, so a shadow across the frame moves
/// the threshold with it. It is measured for cells of four by four pixels: a window is wider than that, and a sum
/// for every pixel would cost more than everything else here. The cells may be those of the picture before it was
/// smoothed, which moves no sum by more than a cell's edge.
pub(super) fn local(grey: &Grey<'_>, cells: &Cells, stage: Stage) -> Option<BitMatrix> {
    let (width, height) = (u32::try_from(grey.width).ok()?, u32::try_from(grey.height).ok()?);
    let mut image = BitMatrix::new(width, height).ok()?;
    let reach = grey.width.min(grey.height).checked_div(stage.share).unwrap_or(8);
    let reach = (reach.saturating_add(CELL / 2) / CELL).clamp(1, FARTHEST);
    let mut thresholds = Thresholds::new(cells, reach, stage.ink, stage.margin);
    let mut wide = vec![0_u8; cells.across.saturating_mul(CELL)];
    let mut row = BitArray::with_size(grey.width);
    for (y, shades) in (0..height).zip(grey.rows()) {
        if y % 4 == 0 {
            let narrow = thresholds.next()?;
            wide.as_chunks_mut::<CELL>()
                .0
                .iter_mut()
                .zip(narrow)
                .for_each(|(wide, &one)| *wide = [one; CELL]);
        }
        for (place, (shades, thresholds)) in shades.chunks(WORD).zip(wide.chunks(WORD)).enumerate() {
            let word = match stage.ink {
                Ink::Dark => packed(shades, thresholds, |shade, threshold| shade < threshold),
                Ink::Light => packed(shades, thresholds, |shade, threshold| shade > threshold),
            };
            row.setBulk(place.saturating_mul(WORD), word);
        }
        image.setRow(y, &row);
    }
    Some(image)
}

/// Bits in a word of the matrix.
const WORD: usize = usize::BITS as usize;

/// A bit for every shade that is ink by its threshold, the first in the lowest place.
#[inline]
fn packed(shades: &[u8], thresholds: &[u8], is_ink: impl Fn(u8, u8) -> bool) -> usize {
    let mut ink = [0_u8; WORD];
    for (ink, (&shade, &threshold)) in ink.iter_mut().zip(shades.iter().zip(thresholds)) {
        *ink = u8::from(is_ink(shade, threshold));
    }
    let mut word = 0;
    for (eight, place) in ink.as_chunks::<8>().0.iter().zip((0..WORD).step_by(8)) {
        // One product gathers the lowest bits of eight bytes in the highest byte.
        let byte = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word |= usize::try_from(byte).unwrap_or(0) << place;
    }
    word
}

/// The sums of the shades of every cell. The last ones of a row or column have fewer pixels.
pub(super) struct Cells {
    across: usize,
    sums: Vec<u32>,
    width: usize,
    height: usize,
}

impl Cells {
    pub(super) fn of(grey: &Grey<'_>) -> Self {
        let across = grey.width.div_ceil(CELL);
        let mut sums = Vec::with_capacity(across.saturating_mul(grey.height.div_ceil(CELL)));
        let mut columns = vec![0_u16; grey.width];
        let mut rows = grey.rows().peekable();
        while rows.peek().is_some() {
            columns.fill(0);
            for row in rows.by_ref().take(CELL) {
                columns
                    .iter_mut()
                    .zip(row)
                    .for_each(|(sum, &shade)| *sum = sum.wrapping_add(u16::from(shade)));
            }
            sums.extend(columns.chunks(CELL).map(|cell| cell.iter().copied().map(u32::from).sum::<u32>()));
        }
        Self { across, sums, width: grey.width, height: grey.height }
    }

    fn rows(&self) -> impl Iterator<Item = &[u32]> {
        self.sums.chunks(self.across.max(1))
    }
}

/// The thresholds of one row of cells after the other, from sums that roll along.
struct Thresholds<'c> {
    rows: Vec<&'c [u32]>,
    reach: usize,
    /// What is added to every threshold.
    lift: u64,
    next: usize,
    columns: Vec<u32>,
    running: Vec<u32>,
    /// For every cell, what is kept of 256 parts over the pixels that its window is wide, in 2^-32.
    shares: Vec<u64>,
    height: usize,
    thresholds: Vec<u8>,
}

impl<'c> Thresholds<'c> {
    fn new(cells: &'c Cells, reach: usize, ink: Ink, margin: u8) -> Self {
        let rows: Vec<&[u32]> = cells.rows().collect();
        let mut columns = vec![0_u32; cells.across];
        rows.iter().take(reach).for_each(|row| add(&mut columns, row));
        let margin = u64::from(margin);
        // A negative keeps the same part of its distance to white: as it was, and lifted by the margin.
        let lift = if ink == Ink::Light { margin } else { 0 };
        let keep = 256_u64.saturating_sub(margin) << 24;
        let share = |place| keep.checked_div(span(place, reach, cells.width)).unwrap_or(0);
        let shares = (0..cells.across).map(share).collect();
        let (running, thresholds) = (Vec::with_capacity(cells.across), vec![0; cells.across]);
        Self { rows, reach, lift, next: 0, columns, running, shares, height: cells.height, thresholds }
    }

    fn next(&mut self) -> Option<&[u8]> {
        let (place, reach) = (self.next, self.reach);
        self.next = place.saturating_add(1);
        if let Some(entering) = self.rows.get(place.saturating_add(reach)) {
            add(&mut self.columns, entering);
        }
        if let Some(leaving) = place.checked_sub(reach.saturating_add(1)).and_then(|it| self.rows.get(it)) {
            self.columns.iter_mut().zip(*leaving).for_each(|(sum, &cell)| *sum = sum.wrapping_sub(cell));
        }
        self.running.clear();
        self.running.push(0);
        let mut sum = 0_u32;
        self.running.extend(self.columns.iter().map(|column| {
            sum = sum.wrapping_add(*column);
            sum
        }));
        let last = self.columns.len();
        let tall = span(place, reach, self.height);
        // Divisions would be most of the work: there is one for every row, and products for every cell.
        let tall_share = (1_u64 << 24).checked_div(tall).unwrap_or(0);
        for (across, (threshold, &share)) in self.thresholds.iter_mut().zip(&self.shares).enumerate() {
            let end = across.saturating_add(reach).saturating_add(1).min(last);
            let (start, end) = (self.running.get(across.saturating_sub(reach))?, self.running.get(end)?);
            // Sums wrap, their difference does not: a window has less than 2^16 pixels.
            let sum = u64::from(end.wrapping_sub(*start));
            let kept = (sum.wrapping_mul(share) >> 24).wrapping_mul(tall_share) >> 32;
            *threshold = u8::try_from(kept.saturating_add(self.lift)).unwrap_or(u8::MAX);
        }
        Some(&self.thresholds)
    }
}

fn add(columns: &mut [u32], row: &[u32]) {
    columns.iter_mut().zip(row).for_each(|(sum, &cell)| *sum = sum.wrapping_add(cell));
}

/// Pixels that the window around a cell has in one direction.
fn span(place: usize, reach: usize, pixels: usize) -> u64 {
    let start = place.saturating_sub(reach).saturating_mul(CELL);
    let end = place.saturating_add(reach).saturating_add(1).saturating_mul(CELL).min(pixels);
    u64::try_from(end.saturating_sub(start)).unwrap_or(1)
}
