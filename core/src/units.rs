//! Amounts: whole milliCHIPs in an `i64`, checked. There is no other kind of money in Hazel.

use std::fmt;
use std::str::FromStr;

use crate::canon::{Canon, Malformed, Reader, Writer};

/// An amount in milliCHIPs. What its sign means is said where it is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Units(i64);

/// An amount that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Larger than any ledger holds.
    #[error("the amount is too large")]
    TooLarge,
    /// Zero or less where something is to be paid.
    #[error("the amount must be more than zero")]
    NotPositive,
    /// Not a number with at most three decimals.
    #[error("not an amount: write it like 12 or 12.50 (at most three decimals)")]
    NotANumber,
}

impl Units {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest single pledge and the largest limit: a thousand of them still add up in an `i64`.
    pub const MAX: Self = Self(i64::MAX / 1024);

    /// This many milliCHIPs.
    #[must_use]
    pub const fn new(milli: i64) -> Self {
        Self(milli)
    }

    /// The milliCHIPs.
    #[must_use]
    pub const fn milli(self) -> i64 {
        self.0
    }

    /// The sum, unless it leaves the range.
    pub fn plus(self, other: Self) -> Result<Self, AmountError> {
        self.0.checked_add(other.0).map(Self).ok_or(AmountError::TooLarge)
    }

    /// The difference, unless it leaves the range.
    pub fn minus(self, other: Self) -> Result<Self, AmountError> {
        self.0.checked_sub(other.0).map(Self).ok_or(AmountError::TooLarge)
    }

    /// The same amount with the other sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// This amount, or zero if it is negative.
    #[must_use]
    pub fn or_zero(self) -> Self {
        self.max(Self::ZERO)
    }

    /// An amount that can be pledged: more than zero, not above [`Units::MAX`].
    pub fn payable(self) -> Result<Self, AmountError> {
        if self <= Self::ZERO {
            Err(AmountError::NotPositive)
        } else if self > Self::MAX {
            Err(AmountError::TooLarge)
        } else {
            Ok(self)
        }
    }
}

impl fmt::Display for Units {
    /// Two decimals as people write prices, a third only where it is not zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        let (whole, milli) = (magnitude / 1000, magnitude % 1000);
        let text = if milli % 10 == 0 {
            format!("{sign}{whole}.{:02}", milli / 10)
        } else {
            format!("{sign}{whole}.{milli:03}")
        };
        f.pad(&text)
    }
}

impl FromStr for Units {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = match digits.split_once(['.', ',']) {
            Some((whole, decimals)) if !decimals.is_empty() => (whole, decimals),
            Some(_) => return Err(AmountError::NotANumber),
            None => (digits, ""),
        };
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || decimals.len() > 3 || !plain(whole) || !plain(decimals) {
            return Err(AmountError::NotANumber);
        }
        let whole: i64 = whole.parse().map_err(|_| AmountError::TooLarge)?;
        let milli: i64 = format!("{decimals:0<3}").parse().map_err(|_| AmountError::NotANumber)?;
        let sum = whole.checked_mul(1000).and_then(|w| w.checked_add(milli)).ok_or(AmountError::TooLarge)?;
        Ok(Self(if negative { sum.saturating_neg() } else { sum }))
    }
}

impl Canon for Units {
    const WHAT: &'static str = "amount";

    fn write(&self, to: &mut Writer) {
        to.int(self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.int(Self::WHAT).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_back_as_they_are_written() {
        for (text, milli) in [("0", 0), ("12", 12_000), ("12.5", 12_500), ("0,05", 50), ("-3.001", -3_001)] {
            assert_eq!(text.parse(), Ok(Units(milli)), "{text}");
        }
        assert_eq!(Units(12_500).to_string(), "12.50");
        assert_eq!(Units::ZERO.to_string(), "0.00");
        assert_eq!(Units(-3_001).to_string(), "-3.001");
        assert_eq!(Units(i64::MIN).to_string(), "-9223372036854775.808");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".", "1.", ".5", "1.2345", "1e3", "+1", "--1", "1 000", "١"] {
            assert_eq!(text.parse::<Units>(), Err(AmountError::NotANumber), "{text}");
        }
        assert_eq!("9223372036854775807".parse::<Units>(), Err(AmountError::TooLarge));
        assert_eq!(Units::ZERO.payable(), Err(AmountError::NotPositive));
        assert_eq!(Units::MAX.payable(), Ok(Units::MAX));
        assert_eq!(Units::MAX.plus(Units(1)).and_then(Units::payable), Err(AmountError::TooLarge));
        assert_eq!(Units(i64::MAX).plus(Units(1)), Err(AmountError::TooLarge));
    }
}
