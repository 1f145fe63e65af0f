//! A second ledger, written from the rules' page and not from the code: sets of what was really signed, and simple folds over it.
//!
//! It believes nothing that a wallet says about itself. Whatever a phone shows must be what these folds make of the same chits.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a second ledger that goes wrong should stop loudly"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use hazel_core::chit::{Body, ChainId, ChitRef, DeviceAct, SignedChit};
use hazel_core::digest::Digest;
use hazel_core::key::PublicKey;
use hazel_core::order::Endorsement;
use hazel_core::tally::{Date, Side, Tally};

/// A rule that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The number of the invariant on the rules' page; 0 for a defect that no number names.
    pub rule: u8,
    /// What was seen.
    pub seen: String,
}

impl Broken {
    /// This rule, for this reason.
    pub fn new(rule: u8, seen: impl Into<String>) -> Self {
        Self { rule, seen: seen.into() }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "I{}: {}", self.rule, self.seen)
    }
}

/// A chit with the hash it is known by.
pub type Named<'c> = (Digest, &'c SignedChit);

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

/// Everything that was really signed on one tally.
#[derive(Debug, Clone)]
pub struct Ledger {
    tally: Tally,
    signed: BTreeMap<Digest, SignedChit>,
    by_key: BTreeMap<[u8; 32], Digest>,
    words: BTreeMap<([u8; 32], u64, u64), Digest>,
    reach: BTreeMap<[u8; 32], u64>,
}

impl Ledger {
    /// The ledger of a contract on which nothing is signed.
    #[must_use]
    pub const fn new(tally: Tally) -> Self {
        Self {
            tally,
            signed: BTreeMap::new(),
            by_key: BTreeMap::new(),
            words: BTreeMap::new(),
            reach: BTreeMap::new(),
        }
    }

    /// Whether somebody really signed this.
    #[must_use]
    pub fn knows(&self, hash: &Digest) -> bool {
        self.signed.contains_key(hash)
    }

    /// How many chits were signed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.signed.len()
    }

    /// Whether nothing was signed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.signed.is_empty()
    }

    /// A chit was signed. I8: by the key that was promised for its place; I11: with a key that signed nothing else, unless its
    /// signer is one of those who lie.
    pub fn signs(&mut self, signed: &SignedChit, liar: bool) -> Result<(), Broken> {
        let (chit, hash) = (&signed.chit, signed.chit.hash());
        if self.signed.contains_key(&hash) {
            return Ok(());
        }
        if chit.tally != self.tally.id || signed.check_signature().is_err() {
            return Err(Broken::new(7, format!("{} holds no signature of its key", named(signed))));
        }
        if self.promised(signed) != Some(signed.key.digest()) {
            return Err(Broken::new(8, format!("{} is signed with a key nobody promised", named(signed))));
        }
        if let Some(other) = self.by_key.insert(signed.key.0, hash)
            && !liar
        {
            let other = self.signed.get(&other).map(named).unwrap_or_default();
            return Err(Broken::new(11, format!("one key signed {} and {other}", named(signed))));
        }
        self.signed.insert(hash, signed.clone());
        Ok(())
    }

    /// The hash of the key that may sign at this place.
    fn promised(&self, signed: &SignedChit) -> Option<Digest> {
        let chit = &signed.chit;
        if chit.seq > 1 {
            let before = self.signed.get(&chit.prev_own)?;
            let fits = before.chit.chain == chit.chain && before.chit.seq.checked_add(1) == Some(chit.seq);
            return fits.then_some(before.chit.next_key);
        }
        let leave = |device: u32, epoch: u64| device == chit.chain.device && epoch == chit.chain.epoch;
        if let Body::Device(DeviceAct::Epoch { grant, .. }) = &chit.body {
            return leave(grant.device, grant.epoch).then_some(grant.first_key);
        }
        let in_contract = self.tally.half(chit.chain.side).cert.grants.iter();
        let added = self.signed.values().filter(|other| other.chit.chain.side == chit.chain.side);
        let added = added.filter_map(|other| match &other.chit.body {
            Body::Device(DeviceAct::Add(grant)) => Some(grant),
            _ => None,
        });
        let own = |grant: &&hazel_core::tally::Grant| leave(grant.device, grant.epoch);
        let keys: Vec<Digest> = in_contract.chain(added).filter(own).map(|grant| grant.first_key).collect();
        keys.iter().find(|key| **key == signed.key.digest()).or(keys.first()).copied()
    }

    /// A node gave its word. I13: an honest one never says two things about one place of one view.
    pub fn endorses(&mut self, word: &Endorsement, liar: bool) -> Result<(), Broken> {
        if word.check_signature().is_err() {
            return Err(Broken::new(7, "an endorsement that its key did not sign left a phone"));
        }
        let head = &word.head;
        let reach = self.reach.entry(word.key.0).or_default();
        *reach = (*reach).max(head.index);
        match self.words.insert((word.key.0, head.view, head.index), head.hash) {
            Some(other) if other != head.hash && !liar => Err(Broken::new(
                13,
                format!("an honest node endorsed two orders at {} of view {}", head.index, head.view),
            )),
            _ => Ok(()),
        }
    }

    /// How far a node's words go.
    #[must_use]
    pub fn reach(&self, key: &PublicKey) -> u64 {
        self.reach.get(&key.0).copied().unwrap_or(0)
    }

    /// The nodes that speak for a half, or ever did.
    pub fn nodes(&self, side: Side) -> impl Iterator<Item = &PublicKey> {
        let moved = self.signed.values().filter(move |it| it.chit.chain.side == side);
        let moved = moved
            .filter_map(|it| if let Body::Nodes { nodes, .. } = &it.chit.body { Some(nodes) } else { None });
        self.tally.half(side).cert.nodes.iter().chain(moved.flatten())
    }

    /// Whether this very chit was really signed, and bears this hash.
    #[must_use]
    pub fn is_signed(&self, hash: &Digest, chit: &SignedChit) -> bool {
        self.signed.get(hash) == Some(chit)
    }

    /// What these chits add up to in this order: the first so many of them, and all.
    #[must_use]
    pub fn folds<const N: usize>(&self, order: &[Named<'_>], lengths: [usize; N]) -> ([Fold; N], Fold) {
        let mut fold = Fold::open(&self.tally);
        let mut parts = lengths.map(|_| fold.clone());
        for (at, (hash, signed)) in (1..).zip(order) {
            fold.add(*hash, signed);
            for (part, length) in parts.iter_mut().zip(lengths) {
                if at == length {
                    part.clone_from(&fold);
                }
            }
        }
        for (part, length) in parts.iter_mut().zip(lengths) {
            if length > order.len() {
                part.clone_from(&fold);
            }
        }
        (parts, fold)
    }
}

/// A chit as a story names it.
#[must_use]
pub fn named(signed: &SignedChit) -> String {
    let chit = &signed.chit;
    let chain = chit.chain;
    let amount = chit.body.pledged().map_or_else(String::new, |units| format!(" of {}", units.milli()));
    format!("{} {} of the {}'s device {}{amount}", chit.body.kind(), chit.seq, chain.side, chain.device)
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
    fn open(tally: &Tally) -> Self {
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

    fn add(&mut self, hash: Digest, signed: &SignedChit) {
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
                if wider || *from >= notice {
                    let from = if wider { 0 } else { *from };
                    let words = &mut self.credit[at(side)];
                    words.push(Credit { limit: terms.limit.milli(), notice_days: terms.notice_days, from });
                }
                wider || *from >= notice
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
        if found != *named || named.chain.side == side || !waits {
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
