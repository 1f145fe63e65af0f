//! Pictures out: one QR symbol and every form in which a wallet shows it.
//!
//! A picture is black on white whatever the screen around it looks like, and brings its own quiet zone of
//! four modules: inverted codes and codes without a margin are what cheap cameras fail on first.

mod png;
mod sheet;
mod svg;
mod terminal;

pub use self::sheet::Sheet;
pub use self::svg::Logo;

use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode, Version};

/// Modules of white around every picture.
pub const QUIET_ZONE: u16 = 4;

/// The largest version that a static code may have (57 × 57 modules).
pub const STATIC_VERSION: u8 = 10;

/// The largest version that a frame of an animated sequence may have (61 × 61 modules).
pub const FRAME_VERSION: u8 = 11;

/// How much damage a code survives, from 7 % to 30 % of its codewords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 7 %: for screens, where nothing scratches the code and fewer modules read faster.
    L,
    /// 15 %: for paper.
    M,
    /// 25 %: the least that a logo may stand on.
    Q,
    /// 30 %.
    H,
}

impl Level {
    /// The level for a code shown on a screen.
    pub const SCREEN: Self = Self::L;
    /// The level for a code that is printed.
    pub const PRINT: Self = Self::M;

    fn encoder(self) -> EcLevel {
        match self {
            Self::L => EcLevel::L,
            Self::M => EcLevel::M,
            Self::Q => EcLevel::Q,
            Self::H => EcLevel::H,
        }
    }
}

/// Why a picture was not drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureRefusal {
    /// The caller's payload does not fit the largest version allowed here.
    #[error("{bytes} bytes do not fit a code of version {most} at level {level:?}: send it in parts")]
    TooLong {
        /// Length of the payload.
        bytes: usize,
        /// The largest version allowed.
        most: u8,
        /// The level asked for.
        level: Level,
    },
    /// A logo hides modules, which levels L and M cannot spare.
    #[error("a logo needs level Q or higher, this code has level {0:?}")]
    LogoNeedsLevelQ(Level),
    /// The logo's bytes are not a PNG picture.
    #[error("the logo is not a PNG picture")]
    LogoNotPng,
    /// A side of the picture would be longer than any screen or printer needs.
    #[error("{0} pixels per module make a picture larger than any use for it")]
    TooLarge(u16),
    /// The encoder of the picture format failed.
    #[error("the picture could not be written: {0}")]
    Write(String),
}

/// One QR symbol, ready to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    side: u16,
    version: u8,
    level: Level,
    dark: Vec<bool>,
}

impl Picture {
    /// Draws a payload that stays on one static code, at version 10 or below.
    ///
    /// # Errors
    /// [`PictureRefusal::TooLong`] where the payload needs more: it belongs into [`crate::parts`].
    pub fn fixed(payload: impl AsRef<[u8]>, level: Level) -> Result<Self, PictureRefusal> {
        Self::within(payload, level, STATIC_VERSION)
    }

    /// Draws a payload with no version larger than `most`.
    ///
    /// # Errors
    /// [`PictureRefusal::TooLong`] where the payload needs a larger version.
    pub fn within(payload: impl AsRef<[u8]>, level: Level, most: u8) -> Result<Self, PictureRefusal> {
        let payload = payload.as_ref();
        let too_long = || PictureRefusal::TooLong { bytes: payload.len(), most, level };
        // No version holds more than 7,089 characters; the encoder need not be asked about a bomb.
        if payload.len() > 7_089 {
            return Err(too_long());
        }
        let code = match QrCode::with_error_correction_level(payload, level.encoder()) {
            Ok(code) => code,
            Err(QrError::DataTooLong) => return Err(too_long()),
            Err(other) => return Err(PictureRefusal::Write(other.to_string())),
        };
        let version = match code.version() {
            Version::Normal(n) | Version::Micro(n) => u8::try_from(n).unwrap_or(u8::MAX),
        };
        if version > most {
            return Err(too_long());
        }
        let side = u16::try_from(code.width()).unwrap_or(u16::MAX);
        let dark = code.into_colors().into_iter().map(|module| module == Color::Dark).collect();
        Ok(Self { side, version, level, dark })
    }

    /// The version that was chosen, 1 to 40.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.version
    }

    /// The level the code was made at.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Modules along one side, without the quiet zone.
    #[must_use]
    pub fn side(&self) -> u16 {
        self.side
    }

    /// Modules along one side, quiet zone included.
    #[must_use]
    pub fn outer_side(&self) -> u16 {
        self.side.saturating_add(QUIET_ZONE.saturating_mul(2))
    }

    /// The modules row by row, without the quiet zone: true is black. For a phone's canvas.
    #[must_use]
    pub fn modules(&self) -> &[bool] {
        &self.dark
    }

    /// Whether the module in this column and row is black; the quiet zone and all beyond are white.
    #[must_use]
    pub fn is_dark(&self, column: u16, row: u16) -> bool {
        let place =
            usize::from(row).saturating_mul(usize::from(self.side)).saturating_add(usize::from(column));
        column < self.side && self.dark.get(place).copied().unwrap_or(false)
    }

    /// [`is_dark`](Self::is_dark) counted from the outer corner of the quiet zone.
    pub(crate) fn is_dark_outside(&self, column: u16, row: u16) -> bool {
        match (column.checked_sub(QUIET_ZONE), row.checked_sub(QUIET_ZONE)) {
            (Some(column), Some(row)) => self.is_dark(column, row),
            _ => false,
        }
    }
}
