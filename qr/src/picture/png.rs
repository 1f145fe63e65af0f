//! A picture as PNG and as plain luma pixels.

use super::{Picture, PictureRefusal};

/// The longest side in pixels: a poster at 600 dots per inch, and 33 MB of luma at most.
const LONGEST_SIDE: u32 = 5_760;

impl Picture {
    /// One-bit greyscale PNG with `scale` pixels per module, quiet zone included.
    ///
    /// # Errors
    /// [`PictureRefusal::TooLarge`] beyond any use, [`PictureRefusal::Write`] if the encoder fails.
    pub fn png(&self, scale: u16) -> Result<Vec<u8>, PictureRefusal> {
        let (side, luma) = self.luma(scale)?;
        let rows = usize::try_from(side).unwrap_or(usize::MAX);
        let packed: Vec<u8> = luma.chunks(rows.max(1)).flat_map(|row| row.chunks(8).map(pack)).collect();
        let mut file = Vec::new();
        let mut encoder = ::png::Encoder::new(&mut file, side, side);
        encoder.set_color(::png::ColorType::Grayscale);
        encoder.set_depth(::png::BitDepth::One);
        let write = |error: ::png::EncodingError| PictureRefusal::Write(error.to_string());
        let mut writer = encoder.write_header().map_err(write)?;
        writer.write_image_data(&packed).map_err(write)?;
        writer.finish().map_err(write)?;
        Ok(file)
    }

    /// The side in pixels and one byte per pixel, 0 black and 255 white, quiet zone included.
    ///
    /// # Errors
    /// [`PictureRefusal::TooLarge`] where the side would exceed any use for it, or is zero.
    pub fn luma(&self, scale: u16) -> Result<(u32, Vec<u8>), PictureRefusal> {
        let side = u32::from(self.outer_side()).saturating_mul(u32::from(scale));
        if side == 0 || side > LONGEST_SIDE {
            return Err(PictureRefusal::TooLarge(scale));
        }
        let mut pixels = Vec::new();
        for row in 0..self.outer_side() {
            let line: Vec<u8> = (0..self.outer_side())
                .flat_map(|column| {
                    let shade = if self.is_dark_outside(column, row) { 0 } else { 255 };
                    std::iter::repeat_n(shade, usize::from(scale))
                })
                .collect();
            for _ in 0..scale {
                pixels.extend_from_slice(&line);
            }
        }
        Ok((side, pixels))
    }
}

/// Eight pixels or the rest of a row into one byte, leftmost pixel in the highest bit.
fn pack(pixels: &[u8]) -> u8 {
    (0_u8..8).fold(0, |byte, place| {
        let white = pixels.get(usize::from(place)).is_some_and(|&shade| shade > 127);
        (byte << 1) | u8::from(white)
    })
}
