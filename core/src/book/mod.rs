//! What a tally's chits add up to, in one order: balances, terms, devices, hosting, closing.
//!
//! A book is a pure fold. The halves of a tally keep two of it: one over the agreed order, equal on both sides, and one that goes
//! on over what is signed and not ordered yet.

mod encoding;
mod flag;
mod fold;

pub use flag::{Facts, Flag};

use crate::canon::{Canon, Malformed, Reader};
use crate::chit::{ChainId, Variables};
use crate::order::{Head, NodeSets};
use crate::tally::{Date, Grant, Halves, Side, Tally, Terms};
use crate::units::{AmountError, Units};

/// Chains one party may have over the life of a tally: every restored phone begins another one.
const DEVICES_MAX: usize = 256;

/// Narrower terms one party may have announced.
const ANNOUNCED_MAX: usize = 16;

/// One chain of one device as the order knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Whose.
    pub side: Side,
    /// The leave to sign.
    pub grant: Grant,
    /// May sign no longer.
    pub revoked: bool,
    /// Two chits were signed at one place.
    pub forked: bool,
    /// The highest number seen.
    pub seq: u64,
    /// Allowance received from other devices less what was handed on.
    pub handed: Units,
    /// Pledged on this chain.
    pub paid: Units,
}

impl Device {
    /// The chain it signs.
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        ChainId { side: self.side, device: self.grant.device, epoch: self.grant.epoch }
    }

    /// Whether its chits count.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        !self.revoked && !self.forked
    }
}

impl Device {
    const fn granted(side: Side, grant: Grant) -> Self {
        Self { side, grant, revoked: false, forked: false, seq: 0, handed: Units::ZERO, paid: Units::ZERO }
    }
}

/// How far closing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Trading.
    Open,
    /// Only towards zero.
    Closing,
    /// Over.
    Closed,
}

/// The state of a tally after some chits in some order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    /// How many chits, and the hash over them.
    pub head: Head,
    /// Pledged by each side and counting.
    pub paid: Halves<Units>,
    /// Pledged by each side and waiting outside the terms.
    pub outside: Halves<Units>,
    /// The credit each side grants.
    pub terms: Halves<Terms>,
    /// Narrower credit that each side has announced, and from when, in the order of announcement.
    pub coming: Halves<Vec<(Terms, Date)>>,
    /// The latest date on each side's chits.
    pub latest: Halves<Date>,
    /// Each side's own trading variables.
    pub variables: Halves<Variables>,
    /// Who speaks for each side.
    pub nodes: NodeSets,
    /// How often that has changed.
    pub node_epoch: Halves<u64>,
    /// All devices' chains, in the order they came to be.
    pub devices: Vec<Device>,
    /// How far closing has come.
    pub phase: Phase,
    /// Who has sealed.
    pub sealed: Halves<bool>,
}

impl Book {
    /// The book of a contract on which nothing has happened.
    #[must_use]
    pub fn open(tally: &Tally, view: u64) -> Self {
        let mut devices = Vec::new();
        for side in Side::BOTH {
            devices.extend(tally.half(side).cert.grants.iter().map(|grant| Device::granted(side, *grant)));
        }
        let halves = &tally.halves;
        Self {
            head: Head::start(tally.id, view, tally.digest()),
            paid: Halves::default(),
            outside: Halves::default(),
            terms: Halves { stock: halves.stock.terms, foil: halves.foil.terms },
            coming: Halves::default(),
            latest: Halves::default(),
            variables: Halves::default(),
            nodes: Halves { stock: halves.stock.cert.nodes.clone(), foil: halves.foil.cert.nodes.clone() },
            node_epoch: Halves::default(),
            devices,
            phase: Phase::Open,
            sealed: Halves::default(),
        }
    }

    /// The head alone, out of a stored book.
    pub(crate) fn head_of(stored: &[u8]) -> Result<Head, Malformed> {
        let mut from = Reader::new(stored);
        from.list(Self::WHAT, 64)?;
        from.take()
    }

    /// What the other side owes `side`; negative if `side` owes.
    pub fn balance(&self, side: Side) -> Result<Units, AmountError> {
        self.paid.of(side.other()).minus(*self.paid.of(side))
    }

    /// The limit within which `payer` may owe, for a pledge of this date.
    #[must_use]
    pub fn limit_for(&self, payer: Side, date: Date) -> Units {
        self.granted_by(payer.other(), date).limit
    }

    /// The credit `side` grants for a pledge of this date: the newest announcement that is in effect by then, or what holds anyhow.
    #[must_use]
    pub fn granted_by(&self, side: Side, date: Date) -> Terms {
        let announced = self.coming.of(side).iter().rev().find(|(_, from)| date >= *from);
        announced.map_or(*self.terms.of(side), |(terms, _)| *terms)
    }

    /// A device's chain, if it has leave.
    #[must_use]
    pub fn device(&self, chain: &ChainId) -> Option<&Device> {
        self.devices.iter().find(|device| device.chain() == *chain)
    }

    /// The devices of one side whose chits count.
    pub fn active(&self, side: Side) -> impl Iterator<Item = &Device> {
        self.devices.iter().filter(move |device| device.side == side && device.is_active())
    }

    /// What a device that is not its party's first may still sign: what it was handed, less what it has pledged.
    pub fn allowance(&self, side: Side, device: u32) -> Result<Units, AmountError> {
        let mut left = Units::ZERO;
        for chain in self.devices.iter().filter(|d| d.side == side && d.grant.device == device) {
            left = left.plus(chain.handed)?.minus(chain.paid)?;
        }
        Ok(left.or_zero())
    }

    /// The device that holds what was not handed to others: the one with the lowest number.
    #[must_use]
    pub fn first_device(&self, side: Side) -> Option<u32> {
        self.active(side).map(|device| device.grant.device).min()
    }

    /// Allowance that is with a side's other devices than its first.
    pub fn handed_out(&self, side: Side) -> Result<Units, AmountError> {
        let first = self.first_device(side);
        let mut sum = Units::ZERO;
        for device in self.active(side).filter(|d| Some(d.grant.device) != first) {
            sum = sum.plus(self.allowance(side, device.grant.device)?)?;
        }
        Ok(sum)
    }

    /// What one device may pledge by itself: the first one what was not handed on, every other one what it was handed.
    fn device_room(&self, chain: &ChainId, balance: Units, date: Date) -> Result<Units, AmountError> {
        let headroom = self.limit_for(chain.side, date).plus(balance)?.or_zero();
        if self.first_device(chain.side) == Some(chain.device) {
            Ok(headroom.minus(self.handed_out(chain.side)?)?.or_zero())
        } else {
            Ok(headroom.min(self.allowance(chain.side, chain.device)?))
        }
    }
}
