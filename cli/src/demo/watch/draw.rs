//! The picture: a phone on the left, a phone on the right, and the air between them, in any terminal of 80 × 24 or more.

use hazel_qr::picture::Picture;
use hazel_sync::Time;
use hazel_sync::carrier::memory::Side;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::between::Flight;
use super::phone::{Phone, Row};
use super::stage::Stage;
use crate::lettering::shorten;

/// The columns of a phone in the narrowest terminal: inside its edge the largest still code fits in dots.
const NARROW: u16 = 31;
/// Black ink on white paper, which no theme redefines.
const PAPER: Style = Style::new().fg(Color::Indexed(16)).bg(Color::Indexed(231));

/// How the watching goes, for the last line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) paused: bool,
    /// Stage milliseconds in a second of the one who watches.
    pub(super) speed: u64,
    pub(super) over: bool,
}

/// Draws the whole stage.
pub(super) fn draw(frame: &mut Frame<'_>, stage: &Stage, pace: Pace) {
    let rows = Layout::vertical([Constraint::Min(10), Constraint::Length(2), Constraint::Length(1)]);
    let [top, caption, keys] = rows.areas(frame.area());
    let wide = NARROW.max(top.width.saturating_sub(24).checked_div(3).unwrap_or(NARROW));
    let columns =
        Layout::horizontal([Constraint::Length(wide), Constraint::Min(8), Constraint::Length(wide)]);
    let [left, middle, right] = columns.areas(top);
    phone(frame, left, &stage.ana);
    phone(frame, right, &stage.ben);
    air(frame, middle, stage);
    let told = Paragraph::new(stage.caption.as_str()).wrap(ratatui::widgets::Wrap { trim: true }).bold();
    frame.render_widget(told, caption);
    frame.render_widget(Paragraph::new(last_line(pace)).dim(), keys);
}

fn last_line(pace: Pace) -> String {
    if pace.over {
        return " the end · q leaves".into();
    }
    let state = if pace.paused { "paused".into() } else { format!("{} ms a second", pace.speed) };
    format!(" c cut the link · space pause · + - speed · q leave · {state}")
}

fn phone(frame: &mut Frame<'_>, area: Rect, phone: &Phone) {
    let radio = if phone.linked { " ((·)) " } else { "" };
    let block = Block::bordered()
        .title(Line::from(format!(" {} ", phone.name)).bold())
        .title(Line::from(radio).right_aligned().cyan());
    let inside = block.inner(area);
    frame.render_widget(block, area);
    if let Some(code) = &phone.shown.code {
        return held_up(frame, inside, code);
    }
    let mut lines = vec![
        Line::from(vec!["balance ".dim(), phone.shown.balance.as_str().bold()]),
        Line::from(phone.shown.does.as_str()).cyan(),
        Line::default(),
    ];
    if let Some(seen) = phone.shown.camera {
        lines.extend(camera(inside.width, seen));
    }
    for row in &phone.shown.rows {
        lines.extend(payment(row, usize::from(inside.width)));
    }
    if !phone.shown.rows.is_empty() {
        lines.push(Line::default());
        lines.push(Line::from("signed received agreed final").dim());
    }
    frame.render_widget(Paragraph::new(lines), inside);
}

/// A payment, and under it how far it has come: one dot for each facet.
fn payment(row: &Row, width: usize) -> [Line<'static>; 2] {
    let word = row.word();
    let reached = ["signed", "received", "agreed", "final"].iter().position(|facet| *facet == word);
    let colour = [Color::Yellow, Color::Blue, Color::Magenta, Color::Green]
        .get(reached.unwrap_or(0))
        .copied()
        .unwrap_or(Color::Yellow);
    let dots: String = (0..4).map(|n| if Some(n) <= reached { '●' } else { '○' }).collect();
    let room = width.saturating_sub(row.units.len()).saturating_sub(1);
    let what = format!("{:room$} {}", shorten(&row.what, room), row.units);
    [Line::from(what), Line::from(vec![Span::from(dots).fg(colour), " ".into(), Span::from(word).fg(colour)])]
}

/// What a camera shows of the code it looks at: a line that sweeps down.
fn camera(width: u16, seen: u16) -> Vec<Line<'static>> {
    const LINES: u16 = 9;
    let at = seen.saturating_mul(LINES).checked_div(100).unwrap_or(0).min(LINES.saturating_sub(1));
    let width = usize::from(width.min(20));
    let line = |n: u16| match n.cmp(&at) {
        std::cmp::Ordering::Less => Line::from("▒".repeat(width)).dim(),
        std::cmp::Ordering::Equal => Line::from("━".repeat(width)).red(),
        std::cmp::Ordering::Greater => Line::from("·".repeat(width)).dim(),
    };
    let mut lines = vec![Line::from(format!("camera {seen:3} %")).dim()];
    lines.extend((0..LINES).map(line));
    lines
}

/// The code itself: two modules to a cell where there is room, so that a real camera can read it; eight in dots where not.
fn held_up(frame: &mut Frame<'_>, area: Rect, code: &Picture) {
    let roomy = code.outer_side() <= area.width && code.outer_side().div_ceil(2) <= area.height;
    let lines: Vec<Line<'static>> = if roomy {
        let text = code.terminal();
        let plain = |line: &str| line.replace("\u{1b}[38;5;16;48;5;231m", "").replace("\u{1b}[0m", "");
        text.lines().map(|line| Line::styled(plain(line), PAPER)).collect()
    } else {
        (0..code.side()).step_by(4).map(|row| Line::styled(dots(code, row), PAPER)).collect()
    };
    frame.render_widget(Paragraph::new(lines), area);
}

/// Four rows of modules in one row of braille dots.
fn dots(code: &Picture, row: u16) -> String {
    /// Which bit of a braille letter the dot at each place is, column by column.
    const BITS: [(u16, u16, u32); 8] = [
        (0, 0, 0x01),
        (0, 1, 0x02),
        (0, 2, 0x04),
        (1, 0, 0x08),
        (1, 1, 0x10),
        (1, 2, 0x20),
        (0, 3, 0x40),
        (1, 3, 0x80),
    ];
    let letter = |column: u16| {
        let dark = |(right, down, _): &&(u16, u16, u32)| {
            let (column, row) = (column.saturating_add(*right), row.saturating_add(*down));
            column < code.side() && row < code.side() && code.is_dark(column, row)
        };
        let bits = BITS.iter().filter(dark).fold(0x2800, |bits, (_, _, bit)| bits | bit);
        char::from_u32(bits).unwrap_or(' ')
    };
    (0..code.side()).step_by(2).map(letter).collect()
}

fn air(frame: &mut Frame<'_>, area: Rect, stage: &Stage) {
    let count = stage.between.count;
    let [head, lanes, foot] =
        Layout::vertical([Constraint::Length(2), Constraint::Min(1), Constraint::Length(3)]).areas(area);
    let link =
        if stage.linked { Line::from("━ linked ━").green() } else { Line::from("╌ no link ╌").dim() };
    let clock = Line::from(format!("{} ms", stage.now.0)).dim();
    frame.render_widget(Paragraph::new(vec![link.centered(), clock.centered()]), head);
    for flight in &stage.between.flights {
        fly(frame, lanes, flight, stage.now);
    }
    let lost = Line::from(format!("{} lost", count.lost));
    let counted = vec![
        Line::from(format!("{} packets", count.sent)).centered(),
        if count.lost > 0 { lost.red() } else { lost }.centered(),
        Line::from(format!("{} again", count.again)).centered(),
    ];
    frame.render_widget(Paragraph::new(counted), foot);
}

/// One packet where it is now.
fn fly(frame: &mut Frame<'_>, area: Rect, flight: &Flight, now: Time) {
    let gone = flight.is_gone(now);
    let text = match (gone, flight.from) {
        (true, _) => "✗".to_owned(),
        (false, Side::Left) => format!("{}▶", flight.what),
        (false, Side::Right) => format!("◀{}", flight.what),
    };
    let Ok(length) = u16::try_from(text.chars().count()) else { return };
    let free = u64::from(area.width.saturating_sub(length));
    let far = free.saturating_mul(flight.progress(now)).checked_div(1000).unwrap_or(0);
    let from_left = if flight.from == Side::Left { far } else { free.saturating_sub(far) };
    let lane = flight.lane.checked_rem(usize::from(area.height).max(1)).unwrap_or(0);
    let (Ok(x), Ok(y)) = (u16::try_from(from_left), u16::try_from(lane)) else { return };
    let place = Rect::new(area.x.saturating_add(x), area.y.saturating_add(y), length, 1);
    let style = match (flight.lost, flight.again, flight.what) {
        (true, _, _) => Style::new().red(),
        (_, true, _) => Style::new().yellow().bold(),
        (_, _, "ack") => Style::new().dim(),
        _ => Style::new().cyan(),
    };
    frame.render_widget(Paragraph::new(Line::styled(text, style)), place.intersection(area));
}

#[cfg(test)]
mod tests;
