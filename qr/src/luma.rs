//! A camera frame as phones deliver it: bytes of brightness with a stride, lying on whichever side.

use std::borrow::Cow;

use crate::refusal::Reason;

/// No phone's preview is larger; a photo is scaled down before it comes here.
const MOST_PIXELS: usize = 64 << 20;
const LONGEST_SIDE: usize = 1 << 14;
/// A version-1 code with a pixel per module.
const LEAST_SIDE: usize = 21;

/// By how much the frame has to be turned clockwise to stand upright.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// It stands upright.
    #[default]
    None,
    /// A quarter.
    Quarter,
    /// Upside down.
    Half,
    /// Three quarters.
    ThreeQuarters,
}

/// A frame, borrowed: 0 is black.
#[derive(Clone, Copy, Debug)]
pub struct Luma<'a> {
    pixels: &'a [u8],
    width: usize,
    height: usize,
    stride: usize,
    turn: Turn,
}

impl<'a> Luma<'a> {
    /// Wraps a plane of brightness; `stride` is the distance of two rows in bytes.
    ///
    /// # Errors
    /// [`Reason::BadFrame`] where the measures do not fit the buffer, or no code fits the measures.
    pub fn new(pixels: &'a [u8], width: usize, height: usize, stride: usize) -> Result<Self, Reason> {
        let needed = stride.checked_mul(height.saturating_sub(1)).and_then(|rows| rows.checked_add(width));
        let sides = LEAST_SIDE..=LONGEST_SIDE;
        let fits = sides.contains(&width)
            && sides.contains(&height)
            && width <= stride
            && width.saturating_mul(height) <= MOST_PIXELS
            && needed.is_some_and(|needed| needed <= pixels.len());
        if fits {
            Ok(Self { pixels, width, height, stride, turn: Turn::None })
        } else {
            Err(Reason::BadFrame)
        }
    }

    /// The same frame, known to lie on its side. Codes are read however they lie: only places are turned.
    #[must_use]
    pub fn turned(self, turn: Turn) -> Self {
        Self { turn, ..self }
    }

    /// Pixels across, as the sensor has them.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels down, as the sensor has them.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// The rows without what lies between them.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &'a [u8]> {
        self.pixels.chunks(self.stride).take(self.height).filter_map(|row| row.get(..self.width))
    }

    /// The pixels without padding: borrowed where there is none.
    pub(crate) fn tight(&self) -> Cow<'a, [u8]> {
        match self.pixels.get(..self.width.saturating_mul(self.height)) {
            Some(pixels) if self.stride == self.width => Cow::Borrowed(pixels),
            _ => Cow::Owned(self.rows().flatten().copied().collect()),
        }
    }

    /// A place on the sensor as a place on the upright frame.
    pub(crate) fn upright(&self, (x, y): (i32, i32)) -> (i32, i32) {
        let last = |side: usize| i32::try_from(side).unwrap_or(i32::MAX).saturating_sub(1);
        let (right, bottom) = (last(self.width), last(self.height));
        match self.turn {
            Turn::None => (x, y),
            Turn::Quarter => (bottom.saturating_sub(y), x),
            Turn::Half => (right.saturating_sub(x), bottom.saturating_sub(y)),
            Turn::ThreeQuarters => (y, right.saturating_sub(x)),
        }
    }
}
