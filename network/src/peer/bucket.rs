//! How often an address may call: a bucket of tokens each, refilled with time. No clock of its own.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use hazel_sync::Time;

/// How much one address may do.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Calls in a row.
    pub burst: u32,
    /// Milliseconds until one more is allowed.
    pub refill: u64,
    /// Addresses remembered; beyond that newcomers share one bucket.
    pub addresses: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { burst: 20, refill: 500, addresses: 65_536 }
    }
}

#[derive(Clone, Copy)]
struct Bucket {
    left: u32,
    filled: Time,
}

/// One bucket for each address that called lately. An IPv6 network of 64 bits counts as one address: its owner has all of it.
pub struct Buckets {
    allowance: Allowance,
    each: BTreeMap<IpAddr, Bucket>,
    crowd: Bucket,
}

impl Buckets {
    /// Nobody has called yet.
    #[must_use]
    pub fn new(allowance: Allowance) -> Self {
        let crowd = Bucket { left: allowance.burst, filled: Time(0) };
        Self { allowance, each: BTreeMap::new(), crowd }
    }

    /// Takes so many tokens for this address; whether they were there.
    pub fn take(&mut self, address: IpAddr, tokens: u32, now: Time) -> bool {
        let (address, allowance) = (network(address), self.allowance);
        if self.each.len() >= allowance.addresses && !self.each.contains_key(&address) {
            self.each.retain(|_, bucket| bucket.refill(&allowance, now) < allowance.burst);
        }
        let bucket = if self.each.len() < allowance.addresses || self.each.contains_key(&address) {
            self.each.entry(address).or_insert(Bucket { left: allowance.burst, filled: now })
        } else {
            &mut self.crowd
        };
        bucket.refill(&allowance, now);
        match bucket.left.checked_sub(tokens) {
            Some(left) => {
                bucket.left = left;
                true
            }
            None => {
                bucket.left = 0;
                false
            }
        }
    }
}

impl Bucket {
    fn refill(&mut self, allowance: &Allowance, now: Time) -> u32 {
        let gained = now.since(self.filled).checked_div(allowance.refill).unwrap_or(u64::MAX);
        if gained > 0 {
            let gained_tokens = u32::try_from(gained).unwrap_or(u32::MAX);
            self.left = self.left.saturating_add(gained_tokens).min(allowance.burst);
            self.filled = self.filled.after(gained.saturating_mul(allowance.refill)).min(now);
        }
        self.left
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn small() -> Buckets {
        Buckets::new(Allowance { burst: 3, refill: 100, addresses: 2 })
    }

    #[test]
    fn a_burst_then_one_at_a_time() {
        let mut buckets = small();
        let taken = |buckets: &mut Buckets, at| (0..10).filter(|_| buckets.take(ONE, 1, Time(at))).count();
        assert_eq!(taken(&mut buckets, 1000), 3);
        assert_eq!(taken(&mut buckets, 1099), 0);
        assert_eq!(taken(&mut buckets, 1100), 1);
        assert_eq!(taken(&mut buckets, 99_999), 3, "never more than the burst");
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_and_breaks_nothing() {
        let mut buckets = small();
        assert!((0..3).all(|_| buckets.take(ONE, 1, Time(1000))));
        assert!(!buckets.take(ONE, 1, Time(0)));
        assert!(buckets.take(ONE, 1, Time(1100)));
    }

    #[test]
    fn the_table_is_bounded_and_newcomers_share_what_is_left() {
        let mut buckets = small();
        for n in 0..100 {
            buckets.take(IpAddr::from([192, 0, 2, n]), 1, Time(0));
        }
        assert_eq!(buckets.each.len(), 2);
        assert!(!buckets.take(IpAddr::from([198, 51, 100, 1]), 1, Time(0)), "the crowd has had its burst");
        assert!(buckets.take(IpAddr::from([198, 51, 100, 1]), 1, Time(1000)), "those at rest are forgotten");
    }

    #[test]
    fn a_whole_network_of_somebodys_counts_once() {
        let mut buckets = small();
        let called = (0..10_u16).filter(|n| {
            let address = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, *n));
            buckets.take(address, 1, Time(0))
        });
        assert_eq!(called.count(), 3);
        let mapped = IpAddr::V6(std::net::Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped());
        assert_eq!(network(mapped), ONE);
    }
}
