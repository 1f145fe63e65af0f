//! Figures beside their floors, as a table and as JSON. Whole numbers only: a ratio is counted in hundredths.

use serde_json::{Value, json};

use crate::lettering::{BAD, FAINT, GOOD, PLAIN, TITLE};
use crate::page::Page;
use crate::screen::Answer;
use crate::table::{Column, Table};

/// What is aimed at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Aim {
    /// At least so many hundredths of the floor.
    AtLeast(u64),
    /// At most so many hundredths of the floor.
    AtMost(u64),
    /// At most this, absolutely.
    Below(u64),
    /// It is only told.
    None,
}

/// One line of the table.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) what: String,
    pub(super) ours: u64,
    pub(super) floor: Option<u64>,
    pub(super) unit: &'static str,
    pub(super) aim: Aim,
}

impl Figure {
    /// Our figure in hundredths of its floor.
    fn ratio(&self) -> Option<u64> {
        self.ours.saturating_mul(100).checked_div(self.floor?)
    }

    fn reached(&self) -> Option<bool> {
        match self.aim {
            Aim::AtLeast(least) => self.ratio().map(|ratio| ratio >= least),
            Aim::AtMost(most) => self.ratio().map(|ratio| ratio <= most),
            Aim::Below(most) => Some(self.ours <= most),
            Aim::None => None,
        }
    }

    fn aim(&self) -> String {
        match self.aim {
            Aim::AtLeast(least) => format!("≥ {} ×", hundredths(least)),
            Aim::AtMost(most) => format!("≤ {} ×", hundredths(most)),
            Aim::Below(most) => format!("≤ {most}"),
            Aim::None => String::new(),
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "what": self.what, "measured": self.ours, "unit": self.unit, "floor": self.floor,
            "ratio_hundredths": self.ratio(), "aim": self.aim(), "reached": self.reached(),
        })
    }
}

fn hundredths(ratio: u64) -> String {
    let (whole, rest) = (ratio.checked_div(100).unwrap_or(0), ratio.checked_rem(100).unwrap_or(0));
    format!("{whole}.{rest:02}")
}

/// All figures of a run.
#[derive(Debug, Default)]
pub(super) struct Board {
    figures: Vec<Figure>,
    notes: Vec<String>,
}

impl Board {
    /// Beside a floor.
    pub(super) fn beside(
        &mut self,
        what: impl Into<String>,
        ours: u64,
        floor: u64,
        unit: &'static str,
        aim: Aim,
    ) {
        self.figures.push(Figure { what: what.into(), ours, floor: Some(floor), unit, aim });
    }

    /// By itself.
    pub(super) fn alone(&mut self, what: impl Into<String>, ours: u64, unit: &'static str, aim: Aim) {
        self.figures.push(Figure { what: what.into(), ours, floor: None, unit, aim });
    }

    /// What must be known beside the figures.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    pub(super) fn answer(&self) -> Answer {
        let mut table = Table::new(&[
            ("what", Column::Giving),
            ("measured", Column::Right),
            ("floor", Column::Right),
            ("ratio", Column::Right),
            ("aim", Column::Right),
        ]);
        for figure in &self.figures {
            let style = match figure.reached() {
                Some(true) => GOOD,
                Some(false) => BAD,
                None => PLAIN,
            };
            let aim = match figure.reached() {
                Some(false) => format!("{} NOT", figure.aim()),
                _ => figure.aim(),
            };
            table.styled(
                style,
                [
                    figure.what.clone(),
                    format!("{} {}", figure.ours, figure.unit),
                    figure.floor.map_or(String::new(), |floor| floor.to_string()),
                    figure.ratio().map_or(String::new(), hundredths),
                    aim,
                ],
            );
        }
        let mut page = Page::new();
        page.styled(TITLE, "A site on this machine").table(table);
        for note in &self.notes {
            page.styled(FAINT, note.clone());
        }
        let figures: Vec<Value> = self.figures.iter().map(Figure::to_json).collect();
        Answer::new(json!({ "figures": figures, "notes": self.notes }), page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_held_against_its_aim() {
        let figure = |ours, floor, aim| Figure { what: "x".into(), ours, floor, unit: "a second", aim };
        let half = figure(300, Some(600), Aim::AtLeast(50));
        assert_eq!((half.ratio(), half.reached(), half.aim().as_str()), (Some(50), Some(true), "≥ 0.50 ×"));
        assert_eq!(figure(299, Some(600), Aim::AtLeast(50)).reached(), Some(false));
        assert_eq!(figure(721, Some(600), Aim::AtMost(120)).reached(), Some(true));
        assert_eq!(figure(4, None, Aim::Below(4)).reached(), Some(true));
        assert_eq!(figure(4, Some(0), Aim::AtLeast(1)).reached(), None, "without a floor nothing is claimed");
    }
}
