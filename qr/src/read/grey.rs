//! Brightness, as it came or made smaller.

use std::borrow::Cow;

use crate::luma::Luma;

/// A plane of brightness without padding.
pub(super) struct Grey<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    pixels: Cow<'a, [u8]>,
    /// How many times smaller than the frame it is.
    pub(super) shrink: usize,
}

impl<'a> Grey<'a> {
    pub(super) fn of(frame: &Luma<'a>) -> Self {
        Self { width: frame.width(), height: frame.height(), pixels: frame.tight(), shrink: 1 }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.pixels.chunks(self.width.max(1))
    }

    pub(super) fn at(&self, x: usize, y: usize) -> u8 {
        self.pixels.get(y.saturating_mul(self.width).saturating_add(x)).copied().unwrap_or(255)
    }

    /// Half as wide and high: every pixel the mean of four, which halves the noise.
    pub(super) fn halved(&self) -> Grey<'static> {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut pixels = Vec::with_capacity(width.saturating_mul(height));
        let mut rows = self.rows();
        while let (Some(upper), Some(lower)) = (rows.next(), rows.next()) {
            let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
            pixels.extend(pairs.map(|([a, b], [c, d])| mean([*a, *b, *c, *d])));
        }
        Grey { width, height, pixels: Cow::Owned(pixels), shrink: self.shrink.saturating_mul(2) }
    }

    /// Of the same size: every pixel the mean of nine, for noise that a smaller picture would lose modules over.
    pub(super) fn smoothed(&self) -> Grey<'static> {
        let mut pixels = Vec::with_capacity(self.pixels.len());
        let rows: Vec<&[u8]> = self.rows().collect();
        for (y, middle) in rows.iter().enumerate() {
            let above = y.checked_sub(1).and_then(|y| rows.get(y)).unwrap_or(middle);
            let below = rows.get(y.saturating_add(1)).unwrap_or(middle);
            for x in 0..middle.len() {
                let last = middle.len().saturating_sub(1);
                let (left, right) = (x.saturating_sub(1), x.saturating_add(1).min(last));
                let column = |x: usize| {
                    [above, middle, below].iter().map(|row| u32::from(row.get(x).copied().unwrap_or(0))).sum::<u32>()
                };
                let sum = column(left).saturating_add(column(x)).saturating_add(column(right));
                pixels.push(u8::try_from(sum / 9).unwrap_or(255));
            }
        }
        Grey { width: self.width, height: self.height, pixels: Cow::Owned(pixels), shrink: self.shrink }
    }
}

fn mean(four: [u8; 4]) -> u8 {
    let sum: u16 = four.into_iter().map(u16::from).sum();
    u8::try_from(sum / 4).unwrap_or(255)
}
