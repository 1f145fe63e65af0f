//! How text looks on a terminal: its styles, how wide it is, and what of it may be shown.

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar as _;

/// No line of ours is wider.
pub(crate) const WIDTH: usize = 80;

/// How a line looks on a terminal with colours.
pub(crate) const PLAIN: Style = Style::new();
pub(crate) const TITLE: Style = Style::new().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();

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

/// Lines no wider than that, broken between words where there are any.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
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
    fn wide_letters_count_twice() {
        assert_eq!(columns("茶"), 2);
        assert_eq!(shorten("茶茶茶茶", 5), "茶茶…");
        assert_eq!(shorten("tea", 3), "tea");
    }
}
