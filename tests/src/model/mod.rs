//! A second ledger, written from the rules' page and not from the code: sets of what was really signed, and simple folds over it.
//!
//! It believes nothing that a wallet says about itself. Whatever a phone shows must be what these folds make of the same chits.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a second ledger that goes wrong should stop loudly"
)]

mod fold;

use std::collections::BTreeMap;
use std::fmt;

use hazel_core::chit::{Body, DeviceAct, SignedChit};
use hazel_core::digest::Digest;
use hazel_core::key::PublicKey;
use hazel_core::order::Endorsement;
use hazel_core::tally::{Side, Tally};

pub use fold::{Fold, Taken, is_outside};

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
