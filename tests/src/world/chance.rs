//! What a world takes from nowhere else: one source of chance, clocks that lie, bytes for keys, a guard without a lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use hazel_core::digest::Digest;
use hazel_core::key::{Entropy, RecoveryWords};
use hazel_core::keystore::BareKey;
use hazel_core::wallet::Clock;

/// Numbers that look random and are the same for the same seed.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The source of one seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number (SplitMix64).
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; zero if there is none.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw().checked_rem(bound).unwrap_or(0)
    }

    /// A small number below `bound`.
    pub fn pick(&mut self, bound: u8) -> u8 {
        u8::try_from(self.below(u64::from(bound))).unwrap_or(0)
    }

    /// Yes, in so many of a hundred cases.
    pub fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }
}

/// The one time of a world. Every phone reads it through a clock of its own.
#[derive(Debug, Clone)]
pub struct WorldTime(Arc<AtomicU64>);

const START: u64 = 1_760_000_000;

impl WorldTime {
    /// The beginning.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(START)))
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Default for WorldTime {
    fn default() -> Self {
        Self::new()
    }
}

/// A phone's clock: the world's time, so many seconds off, and perhaps running backwards.
#[derive(Debug, Clone)]
pub struct PhoneClock {
    world: WorldTime,
    off: Arc<AtomicI64>,
    pace: Arc<AtomicI64>,
}

impl PhoneClock {
    /// A clock that is right.
    #[must_use]
    pub fn new(world: &WorldTime) -> Self {
        Self { world: world.clone(), off: Arc::default(), pace: Arc::new(AtomicI64::new(1)) }
    }

    /// Sets how far it is off, and whether it runs backwards from now on.
    pub fn set(&self, off: i64, backwards: bool) {
        self.off.store(off, Ordering::Relaxed);
        self.pace.store(if backwards { -1 } else { 1 }, Ordering::Relaxed);
    }
}

impl Clock for PhoneClock {
    fn now(&self) -> u64 {
        let passed = i64::try_from(self.world.now().saturating_sub(START)).unwrap_or(i64::MAX);
        let passed = passed.saturating_mul(self.pace.load(Ordering::Relaxed));
        let off = self.off.load(Ordering::Relaxed).saturating_add(passed);
        START.saturating_add_signed(off)
    }
}

/// Bytes for keys and nonces: the same for the same seed, and never the same for two phones or for one phone opened twice.
pub struct Seeded(Digest);

impl Seeded {
    /// The bytes of one opening of one phone.
    #[must_use]
    pub fn new(seed: u64, serial: u64) -> Self {
        Self(Digest::of_parts(&[b"world", &seed.to_be_bytes(), &serial.to_be_bytes()]))
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            self.0 = Digest::of(&self.0.0);
            for (to, from) in part.iter_mut().zip(self.0.0) {
                *to = from;
            }
        }
    }
}

/// The recovery words of one person.
#[must_use]
pub fn words(seed: u64, person: usize) -> RecoveryWords {
    RecoveryWords::generate(&mut Seeded::new(seed, 1_000_000_u64.saturating_add(person as u64)))
}

/// A guard that asks nobody: what it guards against is not what the world is about.
#[must_use]
pub const fn guard() -> BareKey {
    BareKey::new([5; 32])
}
