//! How long to wait before the next attempt: twice as long each time, up to a bound, spread at random so that a thousand
//! wallets that lost one site do not come back in the same moment. No clock, no randomness of its own.

/// The waiting times, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    least: u64,
    most: u64,
    failures: u32,
}

impl Backoff {
    /// Waits at least and at most so long.
    #[must_use]
    pub const fn new(least: u64, most: u64) -> Self {
        Self { least, most, failures: 0 }
    }

    /// An attempt failed: how long to wait, drawn with a random number between half and the whole of what is due.
    pub fn failed(&mut self, random: u64) -> u64 {
        let doubled = self.least.saturating_mul(1_u64.checked_shl(self.failures).unwrap_or(u64::MAX));
        let due = doubled.min(self.most);
        self.failures = self.failures.saturating_add(1);
        let half = due / 2;
        half.saturating_add(random.checked_rem(due.saturating_sub(half).saturating_add(1)).unwrap_or(0))
    }

    /// An attempt went well.
    pub fn worked(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_bound_and_never_leave_it() {
        for random in [0, 1, 12_345, u64::MAX] {
            let mut backoff = Backoff::new(500, 300_000);
            for attempt in 0..100_u32 {
                let due = (500_u64 << attempt.min(20)).min(300_000);
                let wait = backoff.failed(random);
                assert!((due / 2..=due).contains(&wait), "attempt {attempt}: {wait} of {due}");
            }
            backoff.worked();
            assert!(backoff.failed(random) <= 500);
        }
    }

    #[test]
    fn an_hour_without_a_site_wakes_a_phone_fewer_than_forty_times() {
        let (mut backoff, mut passed, mut woken) = (Backoff::new(500, 300_000), 0, 0);
        while passed < 3_600_000 {
            passed += backoff.failed(0);
            woken += 1;
        }
        assert!(woken < 40, "{woken}");
    }
}
