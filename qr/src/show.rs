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
/// # Errors
/// [`Reason`] from the fragmenter, which no [`Own`] provokes.
pub fn show(own: &Own, level: Level) -> Result<Shown, Reason> {
    match Picture::fixed(own.picture_text(), level) {
        Ok(picture) => Ok(Shown::Still(picture)),
        Err(PictureRefusal::TooLong { .. }) => Sequence::new(own).map(Shown::Moving),
        Err(_) => Err(Reason::Encoding("QR code")),
    }
}
