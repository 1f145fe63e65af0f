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

    /// White for black: some software shows its codes so in dark mode.
    pub(super) fn inverted(&self) -> Grey<'static> {
        let pixels = self.pixels.iter().map(|shade| u8::MAX.wrapping_sub(*shade)).collect();
        Grey { width: self.width, height: self.height, pixels: Cow::Owned(pixels), shrink: self.shrink }
    }

    /// Of the same size: every pixel the mean of nine, for noise that a smaller picture would lose modules over.
    pub(super) fn smoothed(&self) -> Grey<'static> {
        let mut pixels = Vec::with_capacity(self.pixels.len());
        let rows: Vec<&[u8]> = self.rows().collect();
        for (y, middle) in rows.iter().enumerate() {
            let above = y.checked_sub(1).and_then(|y| rows.get(y)).unwrap_or(middle);
            let below = rows.get(y.saturating_add(1)).unwrap_or(middle);
            let three = above.iter().zip(middle.iter()).zip(below.iter());
            let columns: Vec<u16> =
                three.map(|((a, b), c)| [*a, *b, *c].into_iter().map(u16::from).sum()).collect();
            let (first, last) = (columns.first().copied().unwrap_or(0), columns.last().copied().unwrap_or(0));
            pixels.push(u8::try_from(first / 3).unwrap_or(255));
            for window in columns.windows(3) {
                let sum: u16 = window.iter().sum();
                pixels.push(u8::try_from(sum / 9).unwrap_or(255));
            }
            pixels.push(u8::try_from(last / 3).unwrap_or(255));
        }
        Grey { width: self.width, height: self.height, pixels: Cow::Owned(pixels), shrink: self.shrink }
    }
}

fn mean(four: [u8; 4]) -> u8 {
    let sum: u16 = four.into_iter().map(u16::from).sum();
    u8::try_from(sum / 4).unwrap_or(255)
}
