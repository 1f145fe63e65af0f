//! The fold itself: one chit more, judged where it stands.

use crate::chit::{Body, Chit, DeviceAct};
use crate::tally::{Date, Halves, Side, Terms};
use crate::units::{AmountError, Units};

use super::{ANNOUNCED_MAX, Book, DEVICES_MAX, Device, Facts, Flag, Phase};

impl Book {
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
            // A closed tally stays at zero, whatever is still found to wait on it.
            Body::Accept { chit: named } => {
                self.phase != Phase::Closed && named.chain.side != side && facts.waiting.is_some()
            }
            Body::Terms { terms, from } => {
                // A chit that dates itself back cannot shorten the notice below what the partner has signed meanwhile.
                let date = chit.date.max(*self.latest.of(side.other()));
                let now = self.granted_by(side, date);
                let notice = date.saturating_add(u64::from(now.notice_days).saturating_mul(86_400));
                self.has_room_for(side, terms, date) && (is_wider(terms, &now) || *from >= notice)
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

    /// Whether credit that `side` grants on this date can have an effect: what takes nothing away always, what is narrower only while
    /// not too much is announced already.
    #[must_use]
    pub fn has_room_for(&self, side: Side, terms: &Terms, date: Date) -> bool {
        is_wider(terms, &self.granted_by(side, date)) || self.coming.of(side).len() < ANNOUNCED_MAX
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

/// Terms that take nothing from the other side, and so need no notice.
fn is_wider(terms: &Terms, now: &Terms) -> bool {
    terms.limit >= now.limit && terms.notice_days >= now.notice_days
}
