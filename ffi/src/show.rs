//! From a code to what stands on the screen: one picture, or frames to be drawn one after the other.

use std::sync::{Arc, Mutex, PoisonError};

use hazel_qr::parts::Sequence;
use hazel_qr::picture::{Level, Picture, QUIET_ZONE};
use hazel_qr::show::{Shown, show};

use crate::Answer;
use crate::codes::{Code, unshowable};
use crate::trouble::{Culprit, HazelError, Trouble};

/// One picture: dark and light squares, to be drawn black on white in any mode, with the quiet zone around.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Modules {
    /// Squares along one side, without the quiet zone.
    pub side: u32,
    /// How many white squares belong around it.
    pub quiet: u32,
    /// Row by row: one byte a square, 1 for black.
    pub dark: Vec<u8>,
    /// The frame's number, from 1.
    pub frame: u32,
    /// How many frames there are; 1 for a still picture.
    pub of: u32,
}

enum Face {
    Still(Picture),
    Moving(Sequence),
}

/// What is shown for one code.
#[derive(uniffi::Object)]
pub struct Show {
    face: Mutex<Face>,
    frames: u32,
}

#[uniffi::export]
impl Show {
    /// Prepares a code for the screen. A long one moves by itself.
    #[uniffi::constructor]
    pub fn new(code: Vec<u8>) -> Answer<Arc<Self>> {
        let (face, frames) = match show(&Code::own(&code)?, Level::SCREEN).map_err(unshowable)? {
            Shown::Still(picture) => (Face::Still(picture), 1),
            Shown::Moving(sequence) => {
                let frames = sequence.of();
                (Face::Moving(sequence), frames)
            }
        };
        Ok(Arc::new(Self { face: Mutex::new(face), frames }))
    }

    /// How many frames there are; 1 for a still picture. Four a second are read by nearly every camera.
    pub fn frames(&self) -> Answer<u32> {
        Ok(self.frames)
    }

    /// The picture, or the next frame. A moving code never ends: beyond `of` come mixtures that fill what a reader missed.
    pub fn next(&self) -> Answer<Modules> {
        let mut face = self.face.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *face {
            Face::Still(picture) => Ok(modules(picture, 1, 1)),
            Face::Moving(sequence) => {
                let frame = sequence.next_frame().map_err(unshowable)?;
                let picture = frame.picture().map_err(undrawable)?;
                Ok(modules(&picture, frame.number, frame.of))
            }
        }
    }

    /// The picture, or the next frame, as an SVG document.
    pub fn svg(&self) -> Answer<String> {
        let mut face = self.face.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *face {
            Face::Still(picture) => Ok(picture.svg()),
            Face::Moving(sequence) => {
                let frame = sequence.next_frame().map_err(unshowable)?;
                Ok(frame.picture().map_err(undrawable)?.svg())
            }
        }
    }
}

fn undrawable(refusal: hazel_qr::picture::PictureRefusal) -> HazelError {
    HazelError::Defect { trouble: Trouble::new("no_picture", Culprit::Us, &refusal) }
}

fn modules(picture: &Picture, frame: u32, of: u32) -> Modules {
    Modules {
        side: picture.side().into(),
        quiet: QUIET_ZONE.into(),
        dark: picture.modules().iter().map(|dark| u8::from(*dark)).collect(),
        frame,
        of,
    }
}
