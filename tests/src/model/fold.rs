//! What a list of chits adds up to, in the order in which it is given, and how each of them is to be taken.

use std::collections::{BTreeMap, BTreeSet};

use hazel_core::chit::{Body, ChainId, ChitRef, DeviceAct, SignedChit};
use hazel_core::digest::Digest;
use hazel_core::tally::{Date, Side, Tally};

/// How many narrower terms may stand side by side.
const ANNOUNCED_MAX: usize = 16;

/// How a chit must be taken, in the model's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    /// It counts.
    Counts,
    /// Beyond the limit the creditor signed.
    OverLimit,
    /// Within the limit, beyond what its device was handed.
    OverAllowance,
    /// Its device had no leave.
    NoLeave,
    /// The tally was ending.
    TooLate,
    /// Its invoice was answered before.
    Again,
    /// Was outside the terms, and the creditor has signed that it counts.
    Accepted,
    /// A setting that changes nothing.
    Nothing,
}

/// One chain as the fold sees it.
#[derive(Debug, Clone)]
struct Leave {
    chain: ChainId,
    gone: bool,
    forked: bool,
    seq: u64,
    handed: i64,
    paid: i64,
}

/// Credit that one side grants from a date on.
#[derive(Debug, Clone, Copy)]
struct Credit {
    limit: i64,
    notice_days: u32,
    from: Date,
}

/// What a list of chits adds up to.
#[derive(Debug, Clone)]
pub struct Fold {
    /// How each chit is taken, after everything that came later; and what the foil owed after it.
    pub rows: Vec<(Digest, Taken, i64)>,
    paid: [i64; 2],
    outside: [i64; 2],
    credit: [Vec<Credit>; 2],
    leaves: Vec<Leave>,
    answered: Vec<(Side, [u8; 16])>,
    latest: [Date; 2],
    amounts: BTreeMap<Digest, (usize, ChitRef, i64)>,
    closing: bool,
    sealed: [bool; 2],
    /// How often each half has moved to other nodes.
    moves: [u64; 2],
}

const fn at(side: Side) -> usize {
    match side {
        Side::Stock => 0,
        Side::Foil => 1,
    }
}

impl Fold {
    pub(super) fn open(tally: &Tally) -> Self {
        let credit = |side: Side| {
            let terms = tally.half(side).terms;
            vec![Credit { limit: terms.limit.milli(), notice_days: terms.notice_days, from: 0 }]
        };
        let mut leaves = Vec::new();
        for side in Side::BOTH {
            for grant in &tally.half(side).cert.grants {
                let chain = ChainId { side, device: grant.device, epoch: grant.epoch };
                leaves.push(Leave { chain, gone: false, forked: false, seq: 0, handed: 0, paid: 0 });
            }
        }
        Self {
            rows: Vec::new(),
            paid: [0; 2],
            outside: [0; 2],
            credit: [credit(Side::Stock), credit(Side::Foil)],
            leaves,
            answered: Vec::new(),
            latest: [0; 2],
            amounts: BTreeMap::new(),
            closing: false,
            sealed: [false; 2],
            moves: [0; 2],
        }
    }

    /// What the other side owes `side`; negative if `side` owes.
    #[must_use]
    pub fn balance(&self, side: Side) -> i64 {
        self.paid[at(side.other())] - self.paid[at(side)]
    }

    /// What `side` has pledged and the other has not accepted.
    #[must_use]
    pub const fn outside(&self, side: Side) -> i64 {
        self.outside[at(side)]
    }

    /// Whether both have sealed.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.sealed[0] && self.sealed[1]
    }

    /// How many of a side's devices may sign.
    #[must_use]
    pub fn active(&self, side: Side) -> usize {
        self.leaves.iter().filter(|leave| leave.chain.side == side && !leave.gone).count()
    }

    /// The limit that `side` grants for a pledge of this date.
    #[must_use]
    pub fn limit(&self, side: Side, date: Date) -> i64 {
        self.granted(side, date).limit
    }

    /// The credit that `side` grants for a pledge of this date: the last word among those that were in force.
    fn granted(&self, side: Side, date: Date) -> Credit {
        let words = &self.credit[at(side)];
        words.iter().rev().find(|credit| credit.from <= date).copied().unwrap_or(words[0])
    }

    pub(super) fn add(&mut self, hash: Digest, signed: &SignedChit) {
        let chit = &signed.chit;
        let side = chit.chain.side;
        let leave = self.leaves.iter().find(|leave| leave.chain == chit.chain);
        let may = leave.is_some_and(|leave| !leave.gone && !leave.forked);
        let taken = match &chit.body {
            Body::Pledge { units, invoice, .. } => {
                let taken = self.pledge(chit.chain, chit.date, may, units.milli(), invoice.map(|id| id.0));
                let named = ChitRef { chain: chit.chain, seq: chit.seq, hash };
                self.amounts.insert(hash, (self.rows.len(), named, units.milli()));
                taken
            }
            Body::Device(DeviceAct::Epoch { .. }) => self.settle(signed),
            _ if may => self.settle(signed),
            _ => Taken::Nothing,
        };
        if let Some(leave) = self.leaves.iter_mut().find(|leave| leave.chain == chit.chain) {
            leave.forked |= chit.seq <= leave.seq;
            leave.seq = leave.seq.max(chit.seq);
        }
        self.latest[at(side)] = self.latest[at(side)].max(chit.date);
        self.rows.push((hash, taken, self.paid[1] - self.paid[0]));
    }

    fn pledge(
        &mut self,
        chain: ChainId,
        date: Date,
        may: bool,
        units: i64,
        invoice: Option<[u8; 16]>,
    ) -> Taken {
        let side = chain.side;
        let (before, after) = (self.balance(side), self.balance(side) - units);
        let again = invoice.is_some_and(|id| self.answered.contains(&(side, id)));
        self.answered.extend(invoice.map(|id| (side, id)));
        let taken = if !may {
            Taken::NoLeave
        } else if self.is_closed() || self.sealed[at(side)] || (self.closing && units > before.max(0)) {
            Taken::TooLate
        } else if again {
            Taken::Again
        } else if -after > self.granted(side.other(), date).limit {
            Taken::OverLimit
        } else if units > self.room_of(chain, date) {
            Taken::OverAllowance
        } else {
            Taken::Counts
        };
        if taken == Taken::Counts {
            self.spend(chain, units);
        }
        let sum = if taken == Taken::Counts { &mut self.paid } else { &mut self.outside };
        sum[at(side)] += units;
        taken
    }

    fn spend(&mut self, chain: ChainId, units: i64) {
        if let Some(leave) = self.leaves.iter_mut().find(|leave| leave.chain == chain) {
            leave.paid += units;
        }
    }

    /// What a device was handed and has not spent, over all its chains.
    #[must_use]
    pub fn allowance(&self, side: Side, device: u32) -> i64 {
        let own = self.leaves.iter().filter(|l| l.chain.side == side && l.chain.device == device);
        own.map(|leave| leave.handed - leave.paid).sum::<i64>().max(0)
    }

    /// What one device may pledge by itself: the first what was not handed to the others, each other what it was handed.
    fn room_of(&self, chain: ChainId, date: Date) -> i64 {
        let side = chain.side;
        let headroom = (self.granted(side.other(), date).limit + self.balance(side)).max(0);
        let active = self.leaves.iter().filter(|l| l.chain.side == side && !l.gone && !l.forked);
        let devices: BTreeSet<u32> = active.map(|leave| leave.chain.device).collect();
        if devices.first() == Some(&chain.device) {
            let others = devices.iter().skip(1).map(|device| self.allowance(side, *device));
            (headroom - others.sum::<i64>()).max(0)
        } else {
            headroom.min(self.allowance(side, chain.device))
        }
    }

    /// A setting: it counts if its precondition holds at this place of the order.
    fn settle(&mut self, signed: &SignedChit) -> Taken {
        let chit = &signed.chit;
        let side = chit.chain.side;
        let effective = match &chit.body {
            Body::Accept { chit: named } => self.accept(side, named),
            Body::Terms { terms, from } => {
                // Whoever dates a chit back cannot thereby shorten the notice.
                let date = chit.date.max(self.latest[at(side.other())]);
                let now = self.granted(side, date);
                let wider = terms.limit.milli() >= now.limit && terms.notice_days >= now.notice_days;
                let notice = date.saturating_add(u64::from(now.notice_days) * 86_400);
                let words = &mut self.credit[at(side)];
                // Beside what holds anyhow.
                let announced = words.iter().rev().take_while(|word| word.from > 0).count();
                let effective = wider || (*from >= notice && announced < ANNOUNCED_MAX);
                if effective {
                    let from = if wider { 0 } else { *from };
                    words.push(Credit { limit: terms.limit.milli(), notice_days: terms.notice_days, from });
                }
                effective
            }
            Body::Device(act) => self.devices(side, chit.chain.device, act),
            Body::Close => !std::mem::replace(&mut self.closing, true),
            Body::Seal(_) => {
                let level =
                    self.closing && !self.is_closed() && self.balance(side) == 0 && self.outside == [0; 2];
                self.sealed[at(side)] |= level;
                level
            }
            Body::Set(_) | Body::Call { .. } | Body::Pledge { .. } => true,
            Body::Nodes { epoch, nodes } => {
                let next = *epoch == self.moves[at(side)] + 1 && !nodes.is_empty();
                self.moves[at(side)] += u64::from(next);
                next
            }
        };
        if effective { Taken::Counts } else { Taken::Nothing }
    }

    fn accept(&mut self, side: Side, named: &ChitRef) -> bool {
        let Some((row, found, units)) = self.amounts.get(&named.hash).copied() else { return false };
        let waits = self.rows.get(row).is_some_and(|(_, taken, _)| is_outside(*taken));
        if found != *named || named.chain.side == side || !waits || self.is_closed() {
            return false;
        }
        self.rows[row].1 = Taken::Accepted;
        self.outside[at(side.other())] -= units;
        self.paid[at(side.other())] += units;
        self.spend(named.chain, units);
        true
    }

    fn hand(&mut self, side: Side, from: u32, to: u32, units: i64) {
        for leave in self.leaves.iter_mut().filter(|l| l.chain.side == side && !l.gone) {
            if leave.chain.device == to {
                leave.handed += units;
            } else if leave.chain.device == from {
                leave.handed -= units;
            }
        }
    }

    fn devices(&mut self, side: Side, by: u32, act: &DeviceAct) -> bool {
        let of_side = |leave: &&Leave| leave.chain.side == side;
        let active = |device: u32| {
            self.leaves.iter().filter(of_side).any(|l| l.chain.device == device && !l.gone && !l.forked)
        };
        let known =
            |device: u32| self.leaves.iter().filter(of_side).filter(move |l| l.chain.device == device);
        let effective = match act {
            DeviceAct::Add(grant) => known(grant.device).next().is_none(),
            DeviceAct::Epoch { grant, .. } => known(grant.device).all(|l| l.chain.epoch < grant.epoch),
            DeviceAct::Revoke { device } => {
                let others = self
                    .leaves
                    .iter()
                    .filter(of_side)
                    .any(|l| l.chain.device != *device && !l.gone && !l.forked);
                active(*device) && others
            }
            DeviceAct::Hand { to, .. } => *to != by && active(*to),
        };
        let mut end = |device: u32| {
            for leave in self.leaves.iter_mut().filter(|l| l.chain.side == side && l.chain.device == device) {
                leave.gone = true;
            }
        };
        match act {
            DeviceAct::Revoke { device } if effective => end(*device),
            DeviceAct::Epoch { grant, .. } if effective => end(grant.device),
            DeviceAct::Hand { to, units } if effective => self.hand(side, by, *to, units.milli()),
            _ => {}
        }
        let new = match act {
            DeviceAct::Add(grant) if effective => Some((grant, false)),
            DeviceAct::Epoch { grant, .. } => Some((grant, !effective)),
            _ => None,
        };
        if let Some((grant, gone)) = new {
            let chain = ChainId { side, device: grant.device, epoch: grant.epoch };
            self.leaves.push(Leave { chain, gone, forked: false, seq: 0, handed: 0, paid: 0 });
        }
        effective
    }
}

/// Whether a pledge taken so waits outside the terms.
#[must_use]
pub const fn is_outside(taken: Taken) -> bool {
    matches!(taken, Taken::OverLimit | Taken::OverAllowance | Taken::NoLeave | Taken::TooLate | Taken::Again)
}
