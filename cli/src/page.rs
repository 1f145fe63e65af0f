//! What a command shows: lines, tables and verbatim text, laid out for 80 columns.
//!
//! Names and memos come from other people. Whatever in them would steer a terminal is made harmless here, where all text passes.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar as _;

use crate::film::Still;
use crate::table::Table;

/// No line of ours is wider.
pub(crate) const WIDTH: usize = 80;

/// How a line looks on a terminal with colours.
pub(crate) const PLAIN: Style = Style::new();
pub(crate) const TITLE: Style = Style::new().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();

#[derive(Debug, Clone)]
enum Part {
    Line { style: Style, indent: usize, text: String },
    Verbatim(String),
    Table(Table),
}

/// Lines and tables, top to bottom.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page(Vec<Part>, Vec<Still>);

impl Page {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A line, broken where it is too long.
    pub(crate) fn say(&mut self, text: impl Into<String>) -> &mut Self {
        self.styled(PLAIN, text)
    }

    pub(crate) fn styled(&mut self, style: Style, text: impl Into<String>) -> &mut Self {
        self.0.push(Part::Line { style, indent: 0, text: text.into() });
        self
    }

    /// A line that belongs to the one above.
    pub(crate) fn under(&mut self, style: Style, text: impl Into<String>) -> &mut Self {
        self.0.push(Part::Line { style, indent: 3, text: text.into() });
        self
    }

    pub(crate) fn gap(&mut self) -> &mut Self {
        self.say("")
    }

    /// Text of our own making that must stay as it is: sealed letters, scripts, recovery words.
    pub(crate) fn verbatim(&mut self, text: impl Into<String>) -> &mut Self {
        self.0.push(Part::Verbatim(text.into()));
        self
    }

    /// Frames that are shown in turn, below everything else, where somebody looks; one after the other where not.
    pub(crate) fn film(&mut self, film: Vec<Still>) -> &mut Self {
        self.1 = film;
        self
    }

    /// The frames to be shown in turn.
    pub(crate) fn frames(&self) -> &[Still] {
        &self.1
    }

    pub(crate) fn table(&mut self, table: Table) -> &mut Self {
        self.0.push(Part::Table(table));
        self
    }

    pub(crate) fn render(&self) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Line { style, indent, text } => {
                    for line in wrap(&harmless(text), WIDTH.saturating_sub(*indent)) {
                        write_line(&mut out, *style, *indent, &line);
                    }
                }
                Part::Verbatim(text) => {
                    out.push_str(text);
                    if !text.ends_with('\n') {
                        out.push('\n');
                    }
                }
                Part::Table(table) => {
                    for (style, line) in table.lines(WIDTH) {
                        write_line(&mut out, style, 0, &line);
                    }
                }
            }
        }
        out
    }
}

fn write_line(out: &mut String, style: Style, indent: usize, line: &str) {
    if !line.is_empty() {
        let _ = write!(out, "{:indent$}{style}{line}{style:#}", "");
    }
    out.push('\n');
}

/// "1 entry", "2 entries".
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Text without anything that moves a cursor, changes colours or turns the writing direction.
pub(crate) fn harmless(text: &str) -> String {
    let steers = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|letter| if steers(letter) { ' ' } else { letter }).collect()
}

/// How many columns a text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(|letter| letter.width().unwrap_or(0)).sum()
}

/// The longest beginning of a text that fits, with an ellipsis if something is left out.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 1_usize;
    for letter in text.chars() {
        used = used.saturating_add(letter.width().unwrap_or(0));
        if used > width {
            break;
        }
        short.push(letter);
    }
    if width > 0 {
        short.push('…');
    }
    short
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let needed = columns(&line).saturating_add(columns(word)).saturating_add(1);
        if !line.is_empty() && needed > width {
            lines.push(std::mem::take(&mut line));
        }
        let mut word = word.to_owned();
        while columns(&word) > width {
            let piece: String = word.chars().take(width).collect();
            word = word.chars().skip(width).collect();
            lines.push(piece);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words() {
        let mut page = Page::new();
        page.say("word ".repeat(40)).under(PLAIN, "x".repeat(200));
        assert!(page.render().lines().all(|line| columns(line) <= WIDTH));
    }

    #[test]
    fn a_partner_cannot_steer_the_terminal() {
        let mut page = Page::new();
        page.say("Mallory\u{1b}[2J\u{7}\u{202e}");
        assert_eq!(page.render(), "Mallory [2J  \n");
    }

    #[test]
    fn wide_letters_count_twice() {
        assert_eq!(columns("茶"), 2);
        assert_eq!(shorten("茶茶茶茶", 5), "茶茶…");
        assert_eq!(shorten("tea", 3), "tea");
    }
}
