//! What is known beside a code.

use crate::host::Hosts;
use crate::refusal::Reason;

/// What the reader knows beside the code itself.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// Seconds since 1970.
    pub now: u64,
    /// Which hosts a ticket may name.
    pub hosts: Hosts,
    /// Whether this wallet has used a one-time token before.
    pub used: &'a dyn Fn(&[u8]) -> bool,
}

impl<'a> Circumstances<'a> {
    /// At this time, public hosts only, nothing used before.
    #[must_use]
    pub fn at(now: u64) -> Self {
        Self { now, hosts: Hosts::Public, used: &|_| false }
    }

    /// Refuses what is over or was used. The last second belongs to nobody.
    pub(crate) fn admit(&self, expires: Option<u64>, token: &[u8]) -> Result<(), Reason> {
        match expires {
            Some(ended) if ended <= self.now => Err(Reason::Expired { ended, now: self.now }),
            _ if (self.used)(token) => Err(Reason::Used),
            _ => Ok(()),
        }
    }
}

impl std::fmt::Debug for Circumstances<'_> {
    fn fmt(&self, form: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        form.debug_struct("Circumstances")
            .field("now", &self.now)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}
