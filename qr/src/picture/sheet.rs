//! A printable card: the code on the left, what it asks for in words on the right.

use std::fmt::Write as _;

use super::svg::{escape, open};
use super::{Level, Picture, PictureRefusal};

/// Tenths of a millimetre: an A6 card lying on its side.
const WIDTH: u16 = 1_480;
const HEIGHT: u16 = 1_050;
/// Where the code stands and how long its side is.
const EDGE: u16 = 60;
const CODE_SIDE: u16 = 700;
/// Where the words begin, and how many characters of body size fit beside the code.
const WORDS: u16 = 800;
const LINE: usize = 28;
const MOST_LINES: usize = 12;

/// What stands beside the code on an invoice or a shop sticker.
#[derive(Clone, Copy, Debug)]
pub struct Sheet<'a> {
    /// Whom the money goes to, in large letters.
    pub title: &'a str,
    /// The amount with its unit, already formatted for the reader's language; none on a sticker.
    pub amount: Option<&'a str>,
    /// Further text; long paragraphs are broken into lines.
    pub text: &'a str,
}

impl Sheet<'_> {
    /// An SVG page of 148 × 105 mm, ready for a printer or a PDF.
    ///
    /// # Errors
    /// [`PictureRefusal::TooLong`] where the payload does not fit a static code at the print level.
    pub fn svg(&self, payload: impl AsRef<[u8]>) -> Result<String, PictureRefusal> {
        let code = Picture::fixed(payload, Level::PRINT)?;
        let mut page = open(WIDTH, HEIGHT, " width=\"148mm\" height=\"105mm\"");
        _ = write!(page, "<path fill=\"#fff\" d=\"M0 0h{WIDTH}v{HEIGHT}h-{WIDTH}z\"/>");
        // SVG takes a ratio of integers only as a decimal; thousandths are finer than any printer.
        let scale =
            u32::from(CODE_SIDE).saturating_mul(1_000).checked_div(code.outer_side().into()).unwrap_or(0);
        let (whole, thousandths) = (scale / 1_000, scale % 1_000);
        let place = format!(" transform=\"translate({EDGE} {EDGE}) scale({whole}.{thousandths:03})\"");
        code.draw(&mut page, &place);
        page.push_str("<g font-family=\"sans-serif\" fill=\"#000\">");
        self.words(&mut page);
        page.push_str("</g></svg>\n");
        Ok(page)
    }

    fn words(&self, page: &mut String) {
        let mut down = 140_u16;
        for line in broken(self.title, LINE * 2 / 3).iter().take(2) {
            row(page, down, 64, true, line);
            down = down.saturating_add(76);
        }
        if let Some(amount) = self.amount {
            down = down.saturating_add(20);
            row(page, down, 84, true, &shortened(amount, LINE * 2 / 3));
            down = down.saturating_add(90);
        }
        for line in broken(self.text, LINE).iter().take(MOST_LINES) {
            row(page, down, 42, false, line);
            down = down.saturating_add(54);
        }
    }
}

fn row(page: &mut String, down: u16, size: u16, bold: bool, line: &str) {
    let weight = if bold { " font-weight=\"bold\"" } else { "" };
    _ = write!(page, "<text x=\"{WORDS}\" y=\"{down}\" font-size=\"{size}\"{weight}>{}</text>", escape(line));
}

/// Lines of at most `most` characters, broken at spaces where there are any.
fn broken(text: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let word = shortened(word, most);
            let long = line.chars().count().saturating_add(word.chars().count()) >= most;
            if long && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        lines.push(line);
    }
    lines
}

/// An amount must never lose its last digits unseen: what is cut ends in an ellipsis.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
