//! Black and white: the one step that all detectors share.

use super::grey::Grey;

/// The widest half window; its sums of shades times 256 stay within 32 bits.
const FARTHEST: usize = 120;

/// One bit of every pixel; true is black.
pub(super) struct Bits {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) black: Vec<bool>,
}

impl Bits {
    /// A pixel is black where it is darker than its neighbourhood by more than `margin` of 256 parts.
    ///
    /// The neighbourhood is a square window with the given share of the shorter side, so a shadow across the
    /// frame moves the threshold with it. Sums roll from row to row and from pixel to pixel.
    pub(super) fn local(grey: &Grey<'_>, share: usize, margin: u32) -> Self {
        let (width, height) = (grey.width, grey.height);
        let reach = width.min(height).checked_div(share).unwrap_or(8).clamp(5, FARTHEST);
        let rows: Vec<&[u8]> = grey.rows().collect();
        let mut black = Vec::with_capacity(width.saturating_mul(height));
        let mut columns = vec![0_u32; width];
        let mut line = vec![0_u32; width.saturating_add(reach.saturating_mul(2)).saturating_add(1)];
        let spans = spans(width, reach);
        for row in rows.iter().take(reach) {
            add(&mut columns, row);
        }
        let mut held = u32::try_from(reach.min(height)).unwrap_or(0);
        for (y, row) in rows.iter().enumerate() {
            if let Some(entering) = rows.get(y.saturating_add(reach)) {
                add(&mut columns, entering);
                held = held.saturating_add(1);
            }
            if let Some(leaving) = y.checked_sub(reach.saturating_add(1)).and_then(|y| rows.get(y)) {
                take(&mut columns, leaving);
                held = held.saturating_sub(1);
            }
            roll(&columns, reach, &mut line);
            let ends = line.get(reach.saturating_mul(2).saturating_add(1)..).unwrap_or(&[]);
            let keep = 256_u32.saturating_sub(margin);
            black.extend(row.iter().zip(&spans).zip(ends.iter().zip(&line)).map(
                |((&shade, &span), (end, start))| {
                    let sum = end.wrapping_sub(*start).wrapping_mul(keep);
                    u32::from(shade).wrapping_mul(span.wrapping_mul(held)) < sum / 256
                },
            ));
        }
        Self { width, height, black }
    }
}

/// How many columns the window around every column has.
fn spans(width: usize, reach: usize) -> Vec<u32> {
    (0..width)
        .map(|x| {
            let right = x.saturating_add(reach).saturating_add(1).min(width);
            u32::try_from(right.saturating_sub(x.saturating_sub(reach))).unwrap_or(1)
        })
        .collect()
}

fn add(columns: &mut [u32], row: &[u8]) {
    columns.iter_mut().zip(row).for_each(|(sum, &shade)| *sum = sum.wrapping_add(u32::from(shade)));
}

fn take(columns: &mut [u32], row: &[u8]) {
    columns.iter_mut().zip(row).for_each(|(sum, &shade)| *sum = sum.wrapping_sub(u32::from(shade)));
}

/// Running sums of the columns, with as many equal ones before and after as a window reaches over the edge.
fn roll(columns: &[u32], reach: usize, line: &mut [u32]) {
    let mut sum = 0_u32;
    let mut places = line.iter_mut();
    for place in places.by_ref().take(reach.saturating_add(1)) {
        *place = 0;
    }
    for (place, column) in places.by_ref().zip(columns) {
        sum = sum.wrapping_add(*column);
        *place = sum;
    }
    places.for_each(|place| *place = sum);
}
