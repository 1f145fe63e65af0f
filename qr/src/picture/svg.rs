//! A picture as SVG: one path, sharp at any size.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Level, Picture, PictureRefusal, QUIET_ZONE};

/// A small picture in the middle of a code.
#[derive(Clone, Copy, Debug)]
pub struct Logo<'a> {
    png: &'a [u8],
}

impl<'a> Logo<'a> {
    /// Takes the bytes of a PNG file.
    ///
    /// # Errors
    /// [`PictureRefusal::LogoNotPng`] where the bytes do not begin like one.
    pub fn png(png: &'a [u8]) -> Result<Self, PictureRefusal> {
        if png.starts_with(b"\x89PNG\r\n\x1a\n") { Ok(Self { png }) } else { Err(PictureRefusal::LogoNotPng) }
    }
}

impl Picture {
    /// The code as an SVG document, one unit per module.
    #[must_use]
    pub fn svg(&self) -> String {
        let side = self.outer_side();
        let mut text = open(side, side, "");
        self.draw(&mut text, "");
        text.push_str("</svg>\n");
        text
    }

    /// The same with a logo over the middle fifth, which hides one module in twenty-five.
    ///
    /// # Errors
    /// [`PictureRefusal::LogoNeedsLevelQ`] at levels L and M.
    pub fn svg_with_logo(&self, logo: Logo<'_>) -> Result<String, PictureRefusal> {
        if self.level < Level::Q {
            return Err(PictureRefusal::LogoNeedsLevelQ(self.level));
        }
        let side = self.outer_side();
        let (first, hidden) = self.logo_window();
        let corner = first.saturating_add(QUIET_ZONE);
        let mut text = open(side, side, "");
        self.draw(&mut text, "");
        let data = STANDARD.encode(logo.png);
        _ = writeln!(
            text,
            "<path fill=\"#fff\" d=\"M{corner} {corner}h{hidden}v{hidden}h-{hidden}z\"/>\
             <image x=\"{corner}\" y=\"{corner}\" width=\"{hidden}\" height=\"{hidden}\" \
             href=\"data:image/png;base64,{data}\"/></svg>"
        );
        Ok(text)
    }

    /// First column (and row) that a logo hides, and how many.
    pub(crate) fn logo_window(&self) -> (u16, u16) {
        let hidden = (self.side / 5) | 1;
        (self.side.saturating_sub(hidden) / 2, hidden)
    }

    /// White ground and black modules, inside whatever coordinate system is open.
    pub(super) fn draw(&self, text: &mut String, place: &str) {
        let side = self.outer_side();
        _ = write!(
            text,
            "<g{place} shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path fill=\"#000\" d=\""
        );
        for row in 0..self.side {
            let mut column = 0;
            while column < self.side {
                let run = self.dark_run(column, row);
                if run > 0 {
                    let (x, y) = (column.saturating_add(QUIET_ZONE), row.saturating_add(QUIET_ZONE));
                    _ = write!(text, "M{x} {y}h{run}v1h-{run}z");
                }
                column = column.saturating_add(run.max(1));
            }
        }
        text.push_str("\"/></g>");
    }

    fn dark_run(&self, column: u16, row: u16) -> u16 {
        let run = (column..self.side).take_while(|&x| self.is_dark(x, row)).count();
        u16::try_from(run).unwrap_or(u16::MAX)
    }
}

/// The opening tag: a view of `width` × `height` units.
pub(super) fn open(width: u16, height: u16, more: &str) -> String {
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\"{more}>")
}

/// Text as character data: markup escaped, control characters and unpaired directions left out.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Bidirectional overrides could make a printed amount read backwards.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => {}
            _ if letter.is_control() => safe.push(' '),
            _ => safe.push(letter),
        }
    }
    safe
}
