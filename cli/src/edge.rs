//! The edge of the program: the only file that asks the machine for the time and for random bytes.
#![expect(clippy::disallowed_methods, reason = "an edge lends the core what the core may not take by itself")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hazel_core::key::Entropy;
use hazel_core::tally::Date;
use hazel_core::wallet::Clock;

/// The clock of this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Date {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

/// Random bytes from the system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // Keys made of anything else could be guessed. Nothing was signed yet, so stopping loses nothing.
            std::process::abort();
        }
    }
}

/// How long something takes on this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn passed(self) -> Duration {
        self.0.elapsed()
    }
}
