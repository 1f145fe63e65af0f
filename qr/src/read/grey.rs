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
        let mut pixels = vec![0; self.pixels.len()];
        let rows: Vec<&[u8]> = self.rows().collect();
        let mut columns = vec![0_u16; self.width];
        for ((y, middle), out) in rows.iter().enumerate().zip(pixels.chunks_mut(self.width.max(1))) {
            let above = y.checked_sub(1).and_then(|y| rows.get(y)).unwrap_or(middle);
            let below = rows.get(y.saturating_add(1)).unwrap_or(middle);
            for (sum, ((a, b), c)) in columns.iter_mut().zip(above.iter().zip(*middle).zip(*below)) {
                *sum = u16::from(*a).wrapping_add(u16::from(*b)).wrapping_add(u16::from(*c));
            }
            // The first and the last have no neighbour on one side.
            for (pixel, sum) in out.iter_mut().zip(&columns).take(1) {
                *pixel = low(*sum / 3);
            }
            if let (Some(pixel), Some(sum)) = (out.last_mut(), columns.last()) {
                *pixel = low(*sum / 3);
            }
            let inner = out.iter_mut().skip(1);
            for (pixel, [a, b, c]) in inner.zip(columns.array_windows()) {
                *pixel = low(a.wrapping_add(*b).wrapping_add(*c) / 9);
            }
        }
        Grey { width: self.width, height: self.height, pixels: Cow::Owned(pixels), shrink: self.shrink }
    }
}

/// A mean of bytes is a byte: nine of them have a sum below 2^12.
const fn low(mean: u16) -> u8 {
    mean.to_le_bytes()[0]
}

fn mean(four: [u8; 4]) -> u8 {
    low(four.into_iter().map(u16::from).fold(0, u16::wrapping_add) / 4)
}
