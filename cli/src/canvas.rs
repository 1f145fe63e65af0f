//! Codes drawn: half-blocks on the terminal, or a PNG, an SVG, a moving picture in a new file.

use std::path::{Path, PathBuf};

use hazel_qr::animate::{self, AnimationRefusal, Play};
use hazel_qr::code::Own;
use hazel_qr::parts::Sequence;
use hazel_qr::payload::Payload;
use hazel_qr::picture::{Level, Picture, PictureRefusal};
use hazel_qr::show::{Shown, show};
use serde_json::{Value, json};

use crate::film::Still;
use crate::lettering::WARN;
use crate::page::Page;
use crate::parcel;
use crate::trouble::{Exit, Trouble, sentence};

/// Pixels per module in files: large enough for a screen and for paper.
const SCALE: u16 = 8;

/// Where a code is drawn.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Canvas {
    /// Draw the code into this new PNG file
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Draw the code into this new SVG file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Draw it as a moving picture: a GIF, or a PNG if the name ends so
    #[arg(long, value_name = "FILE")]
    animate: Option<PathBuf>,
}

impl Canvas {
    /// A canvas that is this PNG file.
    pub(crate) fn png(file: PathBuf) -> Self {
        Self { png: Some(file), ..Self::default() }
    }

    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.png, &self.svg, &self.animate].into_iter().flatten()
    }

    pub(crate) fn is_file(&self) -> bool {
        self.files().next().is_some()
    }

    /// Finds out before anything is signed that a file cannot be written because one is there already.
    pub(crate) fn must_be_free(&self) -> Result<(), Trouble> {
        match self.files().find(|path| path.exists()) {
            Some(path) => Err(Trouble::file(path, &std::io::ErrorKind::AlreadyExists.into())),
            None => Ok(()),
        }
    }

    /// Draws an object.
    pub(crate) fn draw_object<T: Payload>(&self, it: &T, page: &mut Page) -> Result<Value, Trouble> {
        self.draw(&Own::of(it).map_err(|reason| refused(&reason))?, page)
    }

    /// Draws an object that was just signed. It stays signed whatever becomes of its picture, so trouble is only told.
    pub(crate) fn draw_beside<T: Payload>(&self, it: &T, json: &mut Value, page: &mut Page) {
        let code = self.draw_object(it, page).unwrap_or_else(|trouble| {
            page.styled(WARN, &trouble.message).say(&trouble.advice);
            json!({ "error": trouble.to_json() })
        });
        if let Value::Object(json) = json {
            json.insert("code".into(), code);
        }
    }

    /// Draws a code. What does not fit a still one is drawn moving, if there is a file for that.
    pub(crate) fn draw(&self, own: &Own, page: &mut Page) -> Result<Value, Trouble> {
        let mut json = json!({ "kind": own.kind().to_string(), "text": own.picture_text() });
        let facts = match show(own, Level::SCREEN).map_err(|reason| refused(&reason))? {
            Shown::Still(picture) => self.still(&picture, page)?,
            Shown::Moving(sequence) if self.animate.is_some() => json!({ "frames": sequence.of() }),
            Shown::Moving(sequence) if self.is_file() => {
                return Err(Trouble::new(
                    Exit::Refused,
                    "moving",
                    format!("This needs a moving picture of {} frames.", sequence.of()),
                )
                .advise("Name a file for it with --animate."));
            }
            Shown::Moving(sequence) => filmed(sequence, page)?,
        };
        if let Some(path) = &self.animate {
            let mut sequence = Sequence::new(own).map_err(|reason| refused(&reason))?;
            let png = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png"));
            let draw = if png { animate::png } else { animate::gif };
            let file = draw(&mut sequence, Play::default()).map_err(|refusal| unmoved(&refusal))?;
            parcel::write(path, &file)?;
            page.say(format!("Moving, {} frames: {}", sequence.of(), path.display()));
        }
        if let (Value::Object(json), Value::Object(facts)) = (&mut json, facts) {
            json.extend(facts);
            let files = self.files().map(|path| path.display().to_string().into());
            json.insert("files".into(), Value::Array(files.collect()));
        }
        Ok(json)
    }

    /// Draws any text as one still code.
    pub(crate) fn draw_text(&self, text: &str, page: &mut Page) -> Result<Value, Trouble> {
        if self.animate.is_some() {
            return Err(Trouble::usage("Only what is Hazel's own can be drawn in parts."));
        }
        let picture = Picture::fixed(text, Level::SCREEN).map_err(|refusal| undrawn(&refusal))?;
        self.still(&picture, page)
    }

    fn still(&self, picture: &Picture, page: &mut Page) -> Result<Value, Trouble> {
        if let Some(path) = &self.png {
            let file = picture.png(SCALE).map_err(|refusal| undrawn(&refusal))?;
            written(path, &file, page)?;
        }
        if let Some(path) = &self.svg {
            written(path, picture.svg().as_bytes(), page)?;
        }
        if !self.is_file() {
            page.verbatim(picture.terminal());
        }
        Ok(json!({ "version": picture.version() }))
    }
}

/// Every fragment once and half as many mixtures, as in a moving file: a camera that misses some goes on with others.
fn filmed(mut sequence: Sequence, page: &mut Page) -> Result<Value, Trouble> {
    let of = sequence.of();
    let (mut film, mut texts) = (Vec::new(), Vec::new());
    for _ in 0..of.saturating_add(of.div_ceil(2)) {
        let frame = sequence.next_frame().map_err(|reason| refused(&reason))?;
        let picture = frame.picture().map_err(|refusal| undrawn(&refusal))?.terminal();
        let caption = match frame.number.checked_sub(of) {
            Some(mixture @ 1..) => format!("Mixture {mixture} of all {of} frames"),
            _ => format!("Frame {} of {of}", frame.number),
        };
        film.push(Still { picture, caption });
        texts.push(frame.text);
    }
    page.film(film);
    Ok(json!({ "frames": of, "texts": texts }))
}

fn written(path: &Path, file: &[u8], page: &mut Page) -> Result<(), Trouble> {
    parcel::write(path, file)?;
    page.say(format!("The code is in {}.", path.display()));
    Ok(())
}

fn refused(reason: &hazel_qr::Reason) -> Trouble {
    Trouble::new(Exit::Refused, "code", sentence(&reason.to_string()))
}

fn undrawn(refusal: &PictureRefusal) -> Trouble {
    Trouble::new(Exit::Refused, "picture", sentence(&refusal.to_string()))
}

fn unmoved(refusal: &AnimationRefusal) -> Trouble {
    Trouble::new(Exit::Refused, "picture", sentence(&refusal.to_string()))
}
