//! A table that fits the page: every column as wide as it needs, and one that gives way.

use anstyle::Style;

use crate::lettering::{FAINT, PLAIN, columns, harmless, shorten};

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Left,
    /// For amounts.
    Right,
    /// Takes what the others leave, and is cut with an ellipsis.
    Giving,
}

/// Rows under headings.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    headings: Vec<(&'static str, Column)>,
    rows: Vec<(Style, Vec<String>)>,
}

const BETWEEN: usize = 2;
/// Below this nobody recognises a text.
const LEAST: usize = 6;

impl Table {
    pub(crate) fn new(headings: &[(&'static str, Column)]) -> Self {
        Self { headings: headings.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.styled(PLAIN, cells);
    }

    pub(crate) fn styled<const N: usize>(&mut self, style: Style, cells: [String; N]) {
        self.rows.push((style, cells.into_iter().map(|cell| harmless(&cell)).collect()));
    }

    /// The lines of the table, none wider than `width`.
    pub(crate) fn lines(&self, width: usize) -> Vec<(Style, String)> {
        let headings: Vec<String> = self.headings.iter().map(|(name, _)| (*name).to_owned()).collect();
        let widths = self.widths(&headings, width);
        let mut lines = vec![(FAINT, self.line(&headings, &widths))];
        lines.extend(self.rows.iter().map(|(style, cells)| (*style, self.line(cells, &widths))));
        lines
    }

    fn widths(&self, headings: &[String], width: usize) -> Vec<usize> {
        let all = || std::iter::once(headings).chain(self.rows.iter().map(|(_, cells)| cells.as_slice()));
        let mut widths: Vec<usize> = (0..headings.len())
            .map(|at| all().filter_map(|cells| cells.get(at)).map(|cell| columns(cell)).max().unwrap_or(0))
            .collect();
        let gaps = headings.len().saturating_sub(1).saturating_mul(BETWEEN);
        let mut excess = widths.iter().sum::<usize>().saturating_add(gaps).saturating_sub(width);
        // The giving column first, then the other texts; amounts are never cut, for half an amount is a wrong amount.
        for kind in [Column::Giving, Column::Left] {
            for (wide, _) in widths.iter_mut().zip(&self.headings).filter(|(_, (_, column))| *column == kind)
            {
                let given = excess.min(wide.saturating_sub(LEAST));
                *wide = wide.saturating_sub(given);
                excess = excess.saturating_sub(given);
            }
        }
        widths
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for ((cell, width), (_, column)) in cells.iter().zip(widths).zip(&self.headings) {
            let cell = if *column == Column::Right { cell.clone() } else { shorten(cell, *width) };
            let padding = " ".repeat(width.saturating_sub(columns(&cell)));
            if !line.is_empty() {
                line.push_str(&" ".repeat(BETWEEN));
            }
            if *column == Column::Right {
                line.push_str(&padding);
                line.push_str(&cell);
            } else {
                line.push_str(&cell);
                line.push_str(&padding);
            }
        }
        line.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_giving_column_gives_way_and_amounts_never_do() {
        let mut table =
            Table::new(&[("for", Column::Giving), ("amount", Column::Right), ("who", Column::Left)]);
        table.row(["a very long memo ".repeat(9), "-9007199254740.99".into(), "茶".repeat(40)]);
        let lines = table.lines(80);
        assert!(lines.iter().all(|(_, line)| columns(line) <= 80), "{lines:?}");
        assert!(lines.iter().any(|(_, line)| line.contains("-9007199254740.99")));
    }

    #[test]
    fn columns_stand_under_their_headings() {
        let mut table = Table::new(&[("name", Column::Left), ("amount", Column::Right)]);
        table.row(["Ana".into(), "1.00".into()]);
        let lines: Vec<String> = table.lines(80).into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, ["name  amount", "Ana     1.00"]);
    }
}
