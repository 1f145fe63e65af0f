//! From one own code to what stands on the screen: a still picture, or a moving one where it does not fit.

use crate::code::Own;
use crate::parts::Sequence;
use crate::picture::{Level, Picture, PictureRefusal};
use crate::refusal::Reason;

/// What stands on the screen.
#[derive(Debug)]
pub enum Shown {
    /// One code of version 10 or below.
    Still(Picture),
    /// Frames of version 11 or below, to be drawn one after the other.
    Moving(Sequence),
}

/// Chooses by length alone; nobody is asked, and nobody is shown a code that cheap cameras cannot read.
///
/// Base45 is what every reader hands on unharmed. Bytes as they are take a thirtieth less room: they are drawn where that
/// saves a moving picture, and then only scanners that hand on bytes can read the code.
///
/// # Errors
/// [`Reason`] from the fragmenter, which no [`Own`] provokes.
pub fn show(own: &Own, level: Level) -> Result<Shown, Reason> {
    for dress in [own.picture_text().into_bytes(), own.bytes()] {
        match Picture::fixed(dress, level) {
            Ok(picture) => return Ok(Shown::Still(picture)),
            Err(PictureRefusal::TooLong { .. }) => {}
            Err(_) => return Err(Reason::Encoding("QR code")),
        }
    }
    Sequence::new(own).map(Shown::Moving)
}
