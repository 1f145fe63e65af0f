//! An animated sequence as one file: GIF for what shows pictures anywhere, animated PNG for sharper tools.
//!
//! Under every code stands "x/y", because a person who cannot see how many frames there are gives up too early.

use std::borrow::Cow;

use crate::parts::{Frame, Sequence};
use crate::picture::{Picture, PictureRefusal};
use crate::refusal::Reason;

/// Digits and the stroke, three by five, rows from the top with three bits each.
const GLYPHS: [u16; 11] = [
    0b111_101_101_101_111,
    0b010_110_010_010_111,
    0b111_001_111_100_111,
    0b111_001_111_001_111,
    0b101_101_111_001_001,
    0b111_100_111_001_111,
    0b111_100_111_101_111,
    0b111_001_010_010_010,
    0b111_101_111_101_111,
    0b111_101_111_001_111,
    0b001_001_010_100_100,
];
/// Rows that the caption takes below the code, blank ones included.
const CAPTION: u16 = 8;

/// How a sequence is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Play {
    /// Pixels per module.
    pub scale: u16,
    /// Hundredths of a second that each frame stands; phones read ten frames a second at best.
    pub hundredths: u16,
}

impl Default for Play {
    fn default() -> Self {
        Self { scale: 5, hundredths: 20 }
    }
}

/// Why no file was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnimationRefusal {
    /// A frame could not be made.
    #[error(transparent)]
    Frame(#[from] Reason),
    /// A frame could not be drawn, or the file not be written.
    #[error(transparent)]
    Picture(#[from] PictureRefusal),
}

/// A looping GIF of one round: every fragment, and half as many mixtures for those that are missed.
///
/// # Errors
/// [`AnimationRefusal`] from the writers.
pub fn gif(sequence: &mut Sequence, play: Play) -> Result<Vec<u8>, AnimationRefusal> {
    let round = Round::of(sequence, play)?;
    let write = |error: gif::EncodingError| PictureRefusal::Write(error.to_string());
    let (width, height) = round.size(play)?;
    let mut file = Vec::new();
    let mut encoder =
        gif::Encoder::new(&mut file, width, height, &[0, 0, 0, 255, 255, 255]).map_err(write)?;
    encoder.set_repeat(gif::Repeat::Infinite).map_err(write)?;
    for pixels in round.frames(play) {
        let frame = gif::Frame {
            delay: play.hundredths,
            width,
            height,
            buffer: Cow::Owned(pixels),
            ..gif::Frame::default()
        };
        encoder.write_frame(&frame).map_err(write)?;
    }
    drop(encoder);
    Ok(file)
}

/// The same as animated PNG.
///
/// # Errors
/// [`AnimationRefusal`] from the writers.
pub fn png(sequence: &mut Sequence, play: Play) -> Result<Vec<u8>, AnimationRefusal> {
    let round = Round::of(sequence, play)?;
    let write = |error: png::EncodingError| PictureRefusal::Write(error.to_string());
    let (width, height) = round.size(play)?;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width.into(), height.into());
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let frames = u32::try_from(round.pictures.len()).unwrap_or(u32::MAX);
    encoder.set_animated(frames, 0).map_err(write)?;
    encoder.set_frame_delay(play.hundredths, 100).map_err(write)?;
    let mut writer = encoder.write_header().map_err(write)?;
    for mut pixels in round.frames(play) {
        pixels.iter_mut().for_each(|pixel| *pixel = pixel.saturating_mul(255));
        writer.write_image_data(&pixels).map_err(write)?;
    }
    writer.finish().map_err(write)?;
    Ok(file)
}

/// The frames of one round, all of the size of the largest.
struct Round {
    pictures: Vec<(Frame, Picture)>,
    side: u16,
}

impl Round {
    fn of(sequence: &mut Sequence, play: Play) -> Result<Self, AnimationRefusal> {
        let count = sequence.of().saturating_add(sequence.of() / 2).max(1);
        let mut pictures = Vec::new();
        for _ in 0..count {
            let frame = sequence.next_frame()?;
            let picture = frame.picture()?;
            pictures.push((frame, picture));
        }
        let side = pictures.iter().map(|(_, picture)| picture.outer_side()).max().unwrap_or(0);
        // Sixty-four pixels per module fill a wall of five thousand pixels; zero shows nothing.
        if play.scale == 0 || play.scale > 64 {
            return Err(PictureRefusal::TooLarge(play.scale).into());
        }
        Ok(Self { pictures, side })
    }

    fn size(&self, play: Play) -> Result<(u16, u16), PictureRefusal> {
        let sides =
            (self.side.checked_mul(play.scale), self.side.saturating_add(CAPTION).checked_mul(play.scale));
        match sides {
            (Some(width), Some(height)) => Ok((width, height)),
            _ => Err(PictureRefusal::TooLarge(play.scale)),
        }
    }

    /// Pixels of every frame: 0 black, 1 white.
    fn frames(&self, play: Play) -> impl Iterator<Item = Vec<u8>> {
        self.pictures.iter().map(move |(frame, picture)| self.pixels(frame, picture, play.scale))
    }

    fn pixels(&self, frame: &Frame, picture: &Picture, scale: u16) -> Vec<u8> {
        let caption = caption(frame.number, frame.of);
        let mut pixels = Vec::new();
        for row in 0..self.side.saturating_add(CAPTION) {
            let line: Vec<u8> = (0..self.side)
                .flat_map(|column| {
                    let dark = picture.is_dark_outside(column, row) || self.inked(&caption, column, row);
                    std::iter::repeat_n(u8::from(!dark), usize::from(scale))
                })
                .collect();
            (0..scale).for_each(|_| pixels.extend_from_slice(&line));
        }
        pixels
    }

    /// Whether a module of the caption is black; it stands under the quiet zone, from its left edge.
    fn inked(&self, caption: &[usize], column: u16, row: u16) -> bool {
        let (Some(across), Some(down)) =
            (column.checked_sub(4), row.checked_sub(self.side.saturating_add(1)))
        else {
            return false;
        };
        let glyph = caption.get(usize::from(across / 4)).and_then(|&glyph| GLYPHS.get(glyph));
        match (glyph, across % 4, down) {
            (Some(bits), across @ 0..3, 0..5) => {
                let place = 14_u16.saturating_sub(down.saturating_mul(3)).saturating_sub(across);
                bits >> place & 1 == 1
            }
            _ => false,
        }
    }
}

/// The places of "x/y" in [`GLYPHS`].
fn caption(number: u32, of: u32) -> Vec<usize> {
    let digit =
        |letter: char| letter.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).unwrap_or(10);
    format!("{number}/{of}").chars().map(digit).collect()
}
