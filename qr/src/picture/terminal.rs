//! A picture in a terminal: two modules per character cell.

use super::Picture;

/// Black ink on white paper in the 256-colour palette, whose entries 16 and 231 no theme redefines.
const PAPER: &str = "\u{1b}[38;5;16;48;5;231m";
const RESET: &str = "\u{1b}[0m";

impl Picture {
    /// Half-block text with explicit colours, so that a dark terminal shows black on white too.
    #[must_use]
    pub fn terminal(&self) -> String {
        let side = self.outer_side();
        let mut text = String::new();
        for upper in (0..side).step_by(2) {
            text.push_str(PAPER);
            for column in 0..side {
                let lower = self.is_dark_outside(column, upper.saturating_add(1));
                text.push(match (self.is_dark_outside(column, upper), lower) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push_str(RESET);
            text.push('\n');
        }
        text
    }
}
