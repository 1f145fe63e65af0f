//! What a command shows: lines, tables and verbatim text, laid out for 80 columns.
//!
//! Names and memos come from other people. Whatever in them would steer a terminal is made harmless here, where all text passes.

use std::fmt::Write as _;

use anstyle::Style;

use crate::film::Still;
use crate::lettering::{PLAIN, WIDTH, harmless, wrap};
use crate::table::Table;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lettering::columns;

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
}
