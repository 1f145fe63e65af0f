//! What a tally's chits add up to, in one order: balances, terms, devices, hosting, closing.
//!
//! A book is a pure fold. The halves of a tally keep two of it: one over the agreed order, equal on both sides, and one that goes
//! on over what is signed and not ordered yet.

use crate::canon::{Canon, Malformed, Reader, Writer};
use crate::chit::{Body, ChainId, Chit, DeviceAct, Variables};
use crate::key::PublicKey;
use crate::order::{Head, NodeSets};
use crate::tally::{Date, Grant, Halves, Side, Tally, Terms};
use crate::units::{AmountError, Units};

/// Why a chit does not count as it says. It stays in the order for ever; a flag says how it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// It counts.
    Clear,
    /// Beyond the limit the creditor granted.
    OverLimit,
    /// Signed by a device that may sign no longer, or on a chain that was forked.
    AfterRevoke,
    /// Within the limit, but beyond what this one device was handed.
    OverAllowance,
    /// The tally was closing or closed.
    AfterClose,
    /// The invoice was already paid.
    DuplicateInvoice,
    /// Was flagged, and the creditor has accepted it: it counts.
    Accepted,
    /// A setting whose precondition failed: it changes nothing.
    Ineffective,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Self; 8] = [
        Self::Clear,
        Self::OverLimit,
        Self::OverAllowance,
        Self::AfterRevoke,
        Self::AfterClose,
        Self::DuplicateInvoice,
        Self::Accepted,
        Self::Ineffective,
    ];

    /// Whether a pledge with this flag stays outside the terms until somebody acts.
    #[must_use]
    pub const fn is_outside(self) -> bool {
        matches!(
            self,
            Self::OverLimit
                | Self::OverAllowance
                | Self::AfterRevoke
                | Self::AfterClose
                | Self::DuplicateInvoice
        )
    }

    /// The number under which it is stored.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Clear => 0,
            Self::OverLimit => 1,
            Self::AfterRevoke => 2,
            Self::AfterClose => 3,
            Self::DuplicateInvoice => 4,
            Self::Accepted => 5,
            Self::Ineffective => 6,
            Self::OverAllowance => 7,
        }
    }

    /// The flag of that number.
    #[must_use]
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.code() == code)
    }

    /// The words on the screen.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Clear => "",
            Self::OverLimit => "over the limit",
            Self::OverAllowance => "over the device's allowance",
            Self::AfterRevoke => "signed by a revoked device",
            Self::AfterClose => "after closing",
            Self::DuplicateInvoice => "invoice already paid",
            Self::Accepted => "accepted",
            Self::Ineffective => "without effect",
        }
    }
}

/// What the fold must know from elsewhere about one chit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// For a pledge: its invoice was answered by a chit before this one.
    pub answered: bool,
    /// For an acceptance: the amount of the flagged pledge it names, if there is one that still waits.
    pub waiting: Option<Units>,
}

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

    /// Adds one chit to the order and says how it is taken.
    pub fn apply(&mut self, chit: &Chit, facts: Facts) -> Result<Flag, AmountError> {
        let flag = self.judge(chit, facts)?;
        self.head = self.head.then(&chit.hash());
        self.note_chain(chit, flag)?;
        match &chit.body {
            Body::Pledge { units, .. } => {
                let sums = if flag.is_outside() { &mut self.outside } else { &mut self.paid };
                let sum = sums.of_mut(chit.chain.side);
                *sum = sum.plus(*units)?;
            }
            _ if flag == Flag::Ineffective => {}
            body => self.settle(chit, body, facts)?,
        }
        Ok(flag)
    }

    fn judge(&self, chit: &Chit, facts: Facts) -> Result<Flag, AmountError> {
        let payer = chit.chain.side;
        let authorised = self.device(&chit.chain).is_some_and(Device::is_active)
            || matches!(chit.body, Body::Device(DeviceAct::Epoch { .. }));
        let Some(units) = chit.body.pledged() else {
            return Ok(if authorised && self.is_effective(chit, facts)? {
                Flag::Clear
            } else {
                Flag::Ineffective
            });
        };
        let balance = self.balance(payer)?;
        let after = balance.minus(units)?;
        let away_from_zero = units > balance.or_zero();
        Ok(if !authorised {
            Flag::AfterRevoke
        } else if self.phase == Phase::Closed
            || *self.sealed.of(payer)
            || (self.phase == Phase::Closing && away_from_zero)
        {
            Flag::AfterClose
        } else if facts.answered {
            Flag::DuplicateInvoice
        } else if after.negated() > self.limit_for(payer, chit.date) {
            Flag::OverLimit
        } else if units > self.device_room(&chit.chain, after.plus(units)?, chit.date)? {
            Flag::OverAllowance
        } else {
            Flag::Clear
        })
    }

    /// Whether a setting's precondition holds here.
    fn is_effective(&self, chit: &Chit, facts: Facts) -> Result<bool, AmountError> {
        let side = chit.chain.side;
        Ok(match &chit.body {
            Body::Accept { chit: named } => named.chain.side != side && facts.waiting.is_some(),
            Body::Terms { terms, from } => {
                // A chit that dates itself back cannot shorten the notice below what the partner has signed meanwhile.
                let date = chit.date.max(*self.latest.of(side.other()));
                let now = self.granted_by(side, date);
                let notice = date.saturating_add(u64::from(now.notice_days).saturating_mul(86_400));
                is_wider(terms, &now) || (*from >= notice && self.coming.of(side).len() < ANNOUNCED_MAX)
            }
            Body::Device(DeviceAct::Add(grant)) => {
                self.has_room(side)
                    && !self.devices.iter().any(|d| d.side == side && d.grant.device == grant.device)
            }
            Body::Device(DeviceAct::Revoke { device }) => {
                self.active(side).any(|d| d.grant.device == *device)
                    && self.active(side).any(|d| d.grant.device != *device)
            }
            Body::Device(DeviceAct::Epoch { grant, .. }) => {
                let mut same =
                    self.devices.iter().filter(|d| d.side == side && d.grant.device == grant.device);
                self.has_room(side) && same.all(|d| d.grant.epoch < grant.epoch)
            }
            Body::Device(DeviceAct::Hand { to, .. }) => {
                *to != chit.chain.device && self.active(side).any(|d| d.grant.device == *to)
            }
            Body::Nodes { epoch, nodes } => {
                self.node_epoch.of(side).checked_add(1) == Some(*epoch) && !nodes.is_empty()
            }
            Body::Close => self.phase == Phase::Open,
            Body::Seal(_) => {
                self.phase == Phase::Closing
                    && self.balance(side)? == Units::ZERO
                    && self.outside == Halves::default()
            }
            Body::Pledge { .. } | Body::Set(_) | Body::Call { .. } => true,
        })
    }

    fn note_chain(&mut self, chit: &Chit, flag: Flag) -> Result<(), AmountError> {
        let latest = self.latest.of_mut(chit.chain.side);
        *latest = chit.date.max(*latest);
        if let (Body::Device(DeviceAct::Epoch { grant, .. }), Flag::Clear) = (&chit.body, flag) {
            let same =
                |device: &&mut Device| device.side == chit.chain.side && device.grant.device == grant.device;
            self.devices.iter_mut().filter(same).for_each(|old| old.revoked = true);
            self.devices.push(Device::granted(chit.chain.side, *grant));
        }
        let chain = chit.chain;
        if let Some(device) = self.devices.iter_mut().find(|device| device.chain() == chain) {
            device.forked |= chit.seq <= device.seq;
            device.seq = device.seq.max(chit.seq);
            if let Some(units) = chit.body.pledged().filter(|_| !flag.is_outside()) {
                device.paid = device.paid.plus(units)?;
            }
        }
        Ok(())
    }

    fn has_room(&self, side: Side) -> bool {
        self.devices.iter().filter(|device| device.side == side).count() < DEVICES_MAX
    }

    fn settle(&mut self, chit: &Chit, body: &Body, facts: Facts) -> Result<(), AmountError> {
        let side = chit.chain.side;
        match body {
            Body::Accept { chit: named } => {
                let (payer, units) = (side.other(), facts.waiting.unwrap_or_default());
                if let Some(device) = self.devices.iter_mut().find(|device| device.chain() == named.chain) {
                    device.paid = device.paid.plus(units)?;
                }
                *self.outside.of_mut(payer) = self.outside.of(payer).minus(units)?;
                *self.paid.of_mut(payer) = self.paid.of(payer).plus(units)?;
            }
            Body::Set(variables) => *self.variables.of_mut(side) = *variables,
            Body::Terms { terms, from } => {
                let now = self.granted_by(side, chit.date.max(*self.latest.of(side.other())));
                if is_wider(terms, &now) {
                    *self.terms.of_mut(side) = *terms;
                    self.coming.of_mut(side).clear();
                } else {
                    self.coming.of_mut(side).push((*terms, *from));
                }
            }
            Body::Device(DeviceAct::Add(grant)) => self.devices.push(Device::granted(side, *grant)),
            Body::Device(DeviceAct::Revoke { device }) => {
                for old in self.devices.iter_mut().filter(|d| d.side == side && d.grant.device == *device) {
                    old.revoked = true;
                }
            }
            Body::Device(DeviceAct::Hand { to, units }) => {
                for device in self.devices.iter_mut().filter(|d| d.side == side && !d.revoked) {
                    if device.grant.device == *to {
                        device.handed = device.handed.plus(*units)?;
                    } else if device.grant.device == chit.chain.device {
                        device.handed = device.handed.minus(*units)?;
                    }
                }
            }
            Body::Nodes { epoch, nodes } => {
                *self.nodes.of_mut(side) = nodes.clone();
                *self.node_epoch.of_mut(side) = *epoch;
            }
            Body::Close => self.phase = Phase::Closing,
            Body::Seal(_) => {
                *self.sealed.of_mut(side) = true;
                if self.sealed.stock && self.sealed.foil {
                    self.phase = Phase::Closed;
                }
            }
            Body::Pledge { .. } | Body::Call { .. } | Body::Device(DeviceAct::Epoch { .. }) => {}
        }
        Ok(())
    }
}

/// Chains one party may have over the life of a tally: every restored phone begins another one.
const DEVICES_MAX: usize = 256;
/// Narrower terms one party may have announced.
const ANNOUNCED_MAX: usize = 16;

/// Terms that take nothing from the other side, and so need no notice.
fn is_wider(terms: &Terms, now: &Terms) -> bool {
    terms.limit >= now.limit && terms.notice_days >= now.notice_days
}

impl Device {
    const fn granted(side: Side, grant: Grant) -> Self {
        Self { side, grant, revoked: false, forked: false, seq: 0, handed: Units::ZERO, paid: Units::ZERO }
    }
}

/// Keys in a book were checked when they came in; here they are read as they stand.
fn stored_key(from: &mut Reader<'_>) -> Result<PublicKey, Malformed> {
    from.fixed(PublicKey::WHAT).map(PublicKey)
}

fn flag(from: &mut Reader<'_>) -> Result<bool, Malformed> {
    from.uint("yes or no").map(|number| number != 0)
}

impl Canon for Device {
    const WHAT: &'static str = "device in a book";

    fn write(&self, to: &mut Writer) {
        to.array(10)
            .put(&self.side)
            .uint(self.grant.device.into())
            .uint(self.grant.epoch)
            .put(&self.grant.first_key);
        to.put(&self.grant.device_key).uint(self.revoked.into()).uint(self.forked.into()).uint(self.seq);
        to.put(&self.handed).put(&self.paid);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 10)?;
        let side = from.take()?;
        let grant = Grant {
            device: from.uint32("device")?,
            epoch: from.uint("epoch")?,
            first_key: from.take()?,
            device_key: stored_key(from)?,
        };
        let (revoked, forked, seq) = (flag(from)?, flag(from)?, from.uint("sequence number")?);
        Ok(Self { side, grant, revoked, forked, seq, handed: from.take()?, paid: from.take()? })
    }
}

impl Canon for Book {
    const WHAT: &'static str = "book";

    fn write(&self, to: &mut Writer) {
        to.array(12).put(&self.head).put(&self.paid).put(&self.outside).put(&self.terms);
        to.array(2);
        for side in Side::BOTH {
            to.list(self.coming.of(side).len());
            for (terms, from) in self.coming.of(side) {
                to.array(2).put(terms).uint(*from);
            }
        }
        to.array(2).uint(self.latest.stock).uint(self.latest.foil);
        to.put(&self.variables).array(2).put_list(&self.nodes.stock).put_list(&self.nodes.foil);
        to.array(2).uint(self.node_epoch.stock).uint(self.node_epoch.foil).put_list(&self.devices);
        to.uint(match self.phase {
            Phase::Open => 0,
            Phase::Closing => 1,
            Phase::Closed => 2,
        });
        to.array(2).uint(self.sealed.stock.into()).uint(self.sealed.foil.into());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 12)?;
        let (head, paid, outside, terms) = (from.take()?, from.take()?, from.take()?, from.take()?);
        from.array("announced terms", 2)?;
        let mut coming = Halves::<Vec<(Terms, Date)>>::default();
        for side in Side::BOTH {
            for _ in 0..from.list("announced terms", ANNOUNCED_MAX as u64)? {
                from.array("announced terms", 2)?;
                coming.of_mut(side).push((from.take()?, from.uint("date of effect")?));
            }
        }
        from.array("latest dates", 2)?;
        let latest = Halves { stock: from.uint("latest date")?, foil: from.uint("latest date")? };
        let variables = from.take()?;
        from.array("nodes", 2)?;
        let mut nodes = NodeSets::default();
        for side in Side::BOTH {
            for _ in 0..from.list("nodes", 16)? {
                nodes.of_mut(side).push(stored_key(from)?);
            }
        }
        from.array("epochs of nodes", 2)?;
        let node_epoch = Halves { stock: from.uint("epoch of nodes")?, foil: from.uint("epoch of nodes")? };
        let devices = from.take_list("devices", 1024)?;
        let phase = match from.uint("phase")? {
            0 => Phase::Open,
            1 => Phase::Closing,
            2 => Phase::Closed,
            _ => return Err(Malformed::OutOfRange { what: "phase" }),
        };
        from.array("seals", 2)?;
        let sealed = Halves { stock: flag(from)?, foil: flag(from)? };
        Ok(Self {
            head,
            paid,
            outside,
            terms,
            coming,
            latest,
            variables,
            nodes,
            node_epoch,
            devices,
            phase,
            sealed,
        })
    }
}
