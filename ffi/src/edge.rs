//! Where the world comes in: time, lent by the platform or taken from the system, and random bytes.
#![expect(clippy::disallowed_methods, reason = "an edge lends the core what the core may not take by itself")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use hazel_core::key::Entropy;
use hazel_core::tally::Date;

use crate::HazelError;

/// A clock of the platform's, for tests and for phones that know better than their system.
#[uniffi::export(foreign)]
pub trait Clock: Send + Sync {
    /// Seconds since 1970.
    fn now(&self) -> Result<u64, HazelError>;
}

/// Asks the clock before a lock is taken, and hands the core the answer under it.
pub(crate) struct Clockwork {
    clock: Option<Arc<dyn Clock>>,
    told: AtomicU64,
}

impl Clockwork {
    pub(crate) fn new(clock: Option<Arc<dyn Clock>>) -> Result<Arc<Self>, HazelError> {
        let work = Self { clock, told: AtomicU64::new(0) };
        work.ask()?;
        Ok(Arc::new(work))
    }

    /// Looks at the clock. One that throws fails the call that wanted to know, and nothing was done.
    pub(crate) fn ask(&self) -> Result<u64, HazelError> {
        let now = match &self.clock {
            Some(clock) => clock.now()?,
            None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        };
        self.told.store(now, Ordering::Relaxed);
        Ok(now)
    }
}

/// The clockwork as the core holds it.
pub(crate) struct Told(pub(crate) Arc<Clockwork>);

impl hazel_core::wallet::Clock for Told {
    fn now(&self) -> Date {
        self.0.told.load(Ordering::Relaxed)
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
