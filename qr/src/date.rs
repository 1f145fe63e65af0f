//! Dates as the existing sites write them, in seconds since 1970.

/// Reads `2026-11-20T14:21:55.000Z`, with a blank for the `T`, with or without fraction and zone.
///
/// PostgreSQL prints zones as `+00` or `+00:00`; a date without a zone is what a site's database holds, in UTC.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let (date, time) = text.split_once(['T', ' '])?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let zone_at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone_at)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let sound = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in(month, year)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && (1..=9).contains(&fraction.len())
        && fraction.bytes().all(|digit| digit.is_ascii_digit());
    if !sound {
        return None;
    }
    let local = days_before(year, month)
        .checked_add(day)?
        .checked_sub(1)?
        .checked_mul(86_400)?
        .checked_add(hour.checked_mul(3_600)?)?
        .checked_add(minute.checked_mul(60)?)?
        .checked_add(second)?;
    u64::try_from(local.checked_sub(offset(zone)?)?).ok()
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z") {
        return Some(0);
    }
    let (sign, rest) =
        zone.strip_prefix('+').map(|rest| (1, rest)).or_else(|| Some((-1, zone.strip_prefix('-')?)))?;
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "00"));
    let ([hours], [minutes]) = (numbers(hours, ':', [2])?, numbers(minutes, ':', [2])?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    hours.checked_mul(60)?.checked_add(minutes)?.checked_mul(60)?.checked_mul(sign)
}

fn numbers<const N: usize>(text: &str, mark: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut found = [0; N];
    let mut fields = text.split(mark);
    for (place, width) in found.iter_mut().zip(widths) {
        let field = fields.next()?;
        if field.len() != width || !field.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        *place = field.parse().ok()?;
    }
    fields.next().is_none().then_some(found)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the first of a month; the year was checked to have four digits.
fn days_before(year: i64, month: i64) -> i64 {
    let years = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum::<i64>();
    years.saturating_add((1..month).map(|month| days_in(month, year)).sum())
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn every_form_that_sites_print() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-20T14:21:55.000Z", 1_795_184_515),
            ("2026-11-20T14:21:55", 1_795_184_515),
            ("2026-11-20 14:21:55+00", 1_795_184_515),
            ("2026-11-20T15:21:55.1+01:00", 1_795_184_515),
            ("2026-11-20T10:51:55-03:30", 1_795_184_515),
            ("2024-02-29T00:00:00Z", 1_709_164_800),
            ("2000-03-01T00:00:00Z", 951_868_800),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "T",
            "2026-11-20",
            "2026-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2026-11-20T24:00:00Z",
            "2026-11-20T14:60:00Z",
            "2026-11-20T14:21:55.Z",
            "2026-11-20T14:21:55.1234567890Z",
            "2026-1-20T14:21:55Z",
            "2026-11-20T14:21:55+15:00",
            "2026-11-20T14:21:55Zulu",
            "99999-11-20T14:21:55Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+01:00",
            "2026-11-20T14:21:55é",
            "+026-11-20T14:21:55Z",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
