//! What this edge asks the machine for: the time and random bytes.
#![expect(clippy::disallowed_methods, reason = "an edge lends the core what the core may not take by itself")]

use std::time::{Instant, UNIX_EPOCH};

use hazel_core::tally::Date;
use hazel_sync::Time;

/// Milliseconds since this was made, and the date.
#[derive(Clone, Copy, Debug)]
pub struct SystemTime(Instant);

impl SystemTime {
    /// Begins to count.
    #[must_use]
    pub fn begin() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the beginning.
    #[must_use]
    pub fn now(&self) -> Time {
        Time(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Seconds since 1970, by this machine.
    #[must_use]
    pub fn date() -> Date {
        std::time::SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

impl SystemTime {
    /// Milliseconds since 1970, by this machine.
    #[must_use]
    pub fn date_in_milliseconds() -> u64 {
        let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Random bytes of the system.
#[derive(Clone, Copy, Debug)]
pub struct Seed;

impl Seed {
    /// `N` of them.
    #[must_use]
    pub fn fresh<const N: usize>() -> [u8; N] {
        let mut bytes = [0; N];
        if getrandom::fill(&mut bytes).is_err() {
            // Keys made of anything else could be guessed. What is durable stays so; stopping loses nothing.
            std::process::abort();
        }
        bytes
    }

    /// A random number.
    #[must_use]
    pub fn number() -> u64 {
        u64::from_be_bytes(Self::fresh())
    }
}
