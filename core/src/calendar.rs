//! Days of the calendar as people read them. Everything is UTC, so that two machines show the same day.

use crate::tally::Date;

const DAY: u64 = 86_400;

/// "2026-11-21".
#[must_use]
pub fn day(date: Date) -> String {
    let (year, month, day) = civil(date / DAY);
    format!("{year:04}-{month:02}-{day:02}")
}

/// "2026-11-21 14:05".
#[must_use]
pub fn minute(date: Date) -> String {
    format!("{} {:02}:{:02}", day(date), (date % DAY) / 3600, (date % 3600) / 60)
}

/// "2026-11-21T14:05:09Z", for programs.
#[must_use]
pub fn stamp(date: Date) -> String {
    format!("{}T{:02}:{:02}:{:02}Z", day(date), (date % DAY) / 3600, (date % 3600) / 60, date % 60)
}

/// Year, month and day of a day counted from 1970-01-01. Counts in years that begin in March, so that the leap day is the last one.
#[must_use]
pub fn civil(days: u64) -> (u64, u64, u64) {
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days / 146_097, days % 146_097);
    let leaps = of_era.saturating_sub(of_era / 1_460).saturating_add(of_era / 36_524);
    let year_of_era = leaps.saturating_sub(of_era / 146_096) / 365;
    let before =
        year_of_era.saturating_mul(365).saturating_add(year_of_era / 4).saturating_sub(year_of_era / 100);
    let of_year = of_era.saturating_sub(before);
    let march_month = of_year.saturating_mul(5).saturating_add(2) / 153;
    let day = of_year.saturating_sub(march_month.saturating_mul(153).saturating_add(2) / 5).saturating_add(1);
    let month = if march_month < 10 { march_month.saturating_add(3) } else { march_month.saturating_sub(9) };
    let year = era.saturating_mul(400).saturating_add(year_of_era).saturating_add(u64::from(month <= 2));
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_the_days_of_the_calendar() {
        for (date, text) in [
            (0, "1970-01-01 00:00"),
            (951_782_400, "2000-02-29 00:00"),
            (1_760_000_000, "2025-10-09 08:53"),
            (4_107_542_399, "2100-02-28 23:59"),
            (4_107_542_400, "2100-03-01 00:00"),
        ] {
            assert_eq!(minute(date), text);
        }
        assert_eq!(stamp(1_760_000_009), "2025-10-09T08:53:29Z");
    }
}
