//! Days and spans of time as people type them. Everything is UTC, so that two machines show the same day.

use hazel_core::calendar::civil;
pub(crate) use hazel_core::calendar::{day, minute, stamp};
use hazel_core::tally::Date;

use crate::trouble::Trouble;

const DAY: u64 = 86_400;

/// Reads a day, "2026-11-21": its first second.
pub(crate) fn parse_day(text: &str) -> Result<Date, Trouble> {
    let wrong = || Trouble::usage(format!("“{text}” is not a day.")).advise("Write it like 2026-11-21.");
    let mut parts = text.split('-');
    let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok()).ok_or_else(wrong);
    let (year, month, day) = (number()?, number()?, number()?);
    // The calendar only counts forward here, so the day is found by walking there: at most some hundred steps a century.
    let fits = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let near = year
        .saturating_sub(1970)
        .saturating_mul(365)
        .saturating_add(month.saturating_sub(1).saturating_mul(28));
    let found =
        fits.then(|| (near..near.saturating_add(2100)).find(|days| civil(*days) == (year, month, day)));
    found.flatten().map(|days| days.saturating_mul(DAY)).filter(|_| parts.next().is_none()).ok_or_else(wrong)
}

/// The last second of the day that begins here.
pub(crate) const fn last_second(day: Date) -> Date {
    day.saturating_add(DAY.saturating_sub(1))
}

/// Reads a span: "30m", "12h", "7d", "2w".
pub(crate) fn parse_span(text: &str) -> Result<u64, String> {
    let wrong = || format!("“{text}” is no span of time; write it like 30m, 12h, 7d or 2w");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => DAY,
        "w" => DAY.saturating_mul(7),
        _ => return Err(wrong()),
    };
    let count: u64 = number.parse().map_err(|_| wrong())?;
    Some(count)
        .filter(|count| *count > 0 && *count < 100_000)
        .map(|count| count.saturating_mul(seconds))
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_read_back() {
        for text in ["1970-01-01", "2000-02-29", "2026-11-21", "2099-12-31"] {
            assert_eq!(day(parse_day(text).unwrap()), text);
            assert_eq!(day(last_second(parse_day(text).unwrap())), text);
        }
        for text in ["2026-02-30", "2026-13-01", "yesterday", "2026-11", "2026-11-21-1", "1969-12-31"] {
            assert!(parse_day(text).is_err(), "{text}");
        }
    }

    #[test]
    fn spans_have_a_unit() {
        assert_eq!(parse_span("7d"), Ok(604_800));
        assert_eq!(parse_span("30m"), Ok(1_800));
        for text in ["", "7", "d", "0d", "-1d", "7y", "7é"] {
            assert!(parse_span(text).is_err(), "{text}");
        }
    }
}
