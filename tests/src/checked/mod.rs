//! Every course of events of small stories, not some: the production rules of order on rows in memory, driven by `stateright`.
//!
//! A story has two or three phones, a handful of chits, letters that arrive in any order, twice or never, and at most one restore. In
//! each state that can be reached the rules by number hold. Beside each story stands one with a bug in it, which must be caught.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    reason = "a model that goes wrong should stop loudly"
)]

mod bargain;
pub mod desk;
pub mod phone;
mod tales;

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use hazel_core::book::Phase;
use hazel_core::chit::{Body, ChainId, DeviceAct};
use hazel_core::digest::Digest;
use hazel_core::invoice::InvoiceId;
use hazel_core::order::Endorsement;
use hazel_core::tally::{Grant, Side, SignedTally};
use hazel_core::units::Units;
use stateright::{Model, Property};

use crate::honest::Pair;
use phone::{Letter, Phone, first_seed};
pub use tales::{Explored, Tale, broken_stories, long_stories, stories};

/// What is wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// Nothing.
    None,
    /// The stock confirms whatever head it hears of.
    AnyHead,
    /// A restored phone goes on with the chain that it knew.
    ContinueChain,
    /// A restored foil opens no view.
    NoView,
    /// Nobody remembers which invoices were answered.
    ForgetAnswers,
    /// A phone takes for closed what is not ordered yet.
    CloseByTip,
    /// One party's word is taken for both.
    OneSide,
    /// The contract that was heard last governs.
    LastContract,
}

/// A story: who is there, and what may happen how often.
#[derive(Debug, Clone)]
pub struct Story {
    /// Its name.
    pub name: &'static str,
    /// The phones: half and device.
    pub phones: Vec<(Side, u32)>,
    /// How many chits each may sign.
    pub pays: Vec<u8>,
    /// How many letters may be written.
    pub letters: u8,
    /// Which phone may be lost and come back from an older memory.
    pub restores: Option<usize>,
    /// Whether all payments answer one invoice.
    pub one_invoice: bool,
    /// Whether either may close.
    pub closes: bool,
    /// What is wrong on purpose.
    pub bug: Bug,
}

/// One state.
#[derive(Debug, Clone)]
pub struct State {
    phones: Vec<Phone>,
    kept: Option<Box<Phone>>,
    restored: bool,
    pays: Vec<u8>,
    closes: bool,
    letters: u8,
    air: Vec<Arc<Letter>>,
    /// What each node has said of each place, for ever.
    said: BTreeMap<([u8; 32], u64, u64), Digest>,
    /// What each key has signed, for ever.
    signed: BTreeMap<Digest, Digest>,
    /// The longest order on which both halves were known to agree, and which phones were there.
    agreed: Vec<Digest>,
    broken: Option<&'static str>,
    name: Digest,
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for State {}

impl Hash for State {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// A phone signs a payment.
    Pay(usize),
    /// A phone asks to end the tally.
    Close(usize),
    /// A phone writes everything it knows into a letter.
    Write(usize),
    /// A phone hears the letter of that position; it may arrive again.
    Hear(usize, usize),
    /// A copy is made of the phone that may be lost.
    Keep,
    /// It is lost, and the copy comes back.
    Restore,
}

fn story_has_two_payers(story: &Story) -> bool {
    story.phones.iter().any(|(_, device)| *device == 2)
}

fn contract(story: &Story) -> Arc<SignedTally> {
    let pair = Pair::new();
    let mut tally = pair.tally();
    for side in Side::BOTH {
        let half = tally.halves.of_mut(side);
        half.terms.limit = Units::new(100);
        let devices = story.phones.iter().filter(|(of, _)| *of == side);
        half.cert.grants = devices
            .map(|(_, device)| {
                let first_key =
                    first_seed(ChainId { side, device: *device, epoch: 0 }).key().public().digest();
                let device_key = phone::person(side).device.public();
                Grant { device: *device, epoch: 0, first_key, device_key }
            })
            .collect();
    }
    let draft = SignedTally::draft(tally);
    Arc::new(draft.signed(Side::Stock, &pair.stock.party()).signed(Side::Foil, &pair.foil.party()))
}

impl Model for Story {
    type State = State;
    type Action = Act;

    fn init_states(&self) -> Vec<State> {
        let contract = contract(self);
        let phones = self.phones.iter().map(|(side, device)| Phone::new(&contract, *side, *device, self.bug));
        let mut state = State {
            phones: phones.collect(),
            kept: None,
            restored: false,
            pays: self.pays.clone(),
            closes: self.closes,
            letters: self.letters,
            air: Vec::new(),
            said: BTreeMap::new(),
            signed: BTreeMap::new(),
            agreed: Vec::new(),
            broken: None,
            name: Digest::default(),
        };
        if story_has_two_payers(self) {
            // Without some allowance handed on, nothing that a second device signs would ever count.
            let hand = DeviceAct::Hand { to: 2, units: Units::new(10) };
            state.phones[1].sign(Body::Device(hand));
        }
        // A copy of the very first moment is always there.
        state.kept = self.restores.map(|lost| Box::new(state.phones[lost].clone()));
        state.look(self);
        vec![state]
    }

    fn actions(&self, state: &State, acts: &mut Vec<Act>) {
        for (at, phone) in state.phones.iter().enumerate() {
            if state.pays[at] > 0 && !phone.standing.reconciling {
                acts.push(Act::Pay(at));
            }
            let open = phone.standing.tip.phase == Phase::Open && !phone.standing.reconciling;
            if state.closes && open {
                acts.push(Act::Close(at));
            }
            if state.letters > 0 {
                acts.push(Act::Write(at));
            }
            for (position, letter) in state.air.iter().enumerate() {
                if letter.from != at && self.phones[letter.from] != self.phones[at] {
                    acts.push(Act::Hear(at, position));
                }
            }
        }
        if let (Some(lost), false) = (self.restores, state.restored) {
            let phone = &state.phones[lost];
            let kept = state.kept.as_ref().map_or(0, |kept| kept.standing.arrivals);
            if phone.standing.arrivals > kept {
                acts.push(Act::Restore);
                acts.push(Act::Keep);
            }
        }
    }

    fn next_state(&self, last: &State, act: Act) -> Option<State> {
        let mut state = last.clone();
        match act {
            Act::Pay(at) => {
                state.pays[at] -= 1;
                let invoice = self.one_invoice.then_some(InvoiceId([7; 16]));
                // Whatever is signed again after a restore is another payment, so that a key used twice shows.
                let units = Units::new(1 + i64::from(state.restored && self.restores == Some(at)));
                state.signs(at, Body::Pledge { units, invoice, sealed: None });
            }
            Act::Close(at) => {
                state.closes = false;
                state.signs(at, Body::Close);
            }
            Act::Write(at) => {
                state.letters -= 1;
                state.phones[at].speak(self.bug);
                let letter = state.phones[at].letter(at);
                if state.air.iter().any(|old| old.digest == letter.digest) {
                    return None;
                }
                state.air.push(Arc::new(letter));
            }
            Act::Hear(at, position) => {
                let letter = Arc::clone(&state.air[position]);
                state.phones[at].hear(&letter, self.bug);
            }
            Act::Keep => {
                let lost = self.restores?;
                state.kept = Some(Box::new(state.phones[lost].clone()));
            }
            Act::Restore => {
                let lost = self.restores?;
                let mut phone = *state.kept.take()?;
                phone.restored(self.bug);
                state.phones[lost] = phone;
                state.restored = true;
            }
        }
        state.look(self);
        (state.name != last.name).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the rules hold", |_, state: &State| state.broken.is_none()),
            Property::sometimes("a payment becomes final on both halves", |story: &Self, state: &State| {
                let both = state.phones.iter().filter(|phone| phone.device == 1);
                story.bug != Bug::None || both.clone().all(|phone| phone.standing.final_index > 0)
            }),
        ]
    }
}

impl tales::Judged for State {
    fn broken(&self) -> Option<&'static str> {
        self.broken
    }
}

impl State {
    fn signs(&mut self, at: usize, body: Body) {
        self.phones[at].sign(body);
    }

    /// Looks at everything, and gives the state its name.
    fn look(&mut self, story: &Story) {
        self.broken = self.broken.or(self.wrong(story));
        self.name = self.named();
    }

    fn wrong(&mut self, story: &Story) -> Option<&'static str> {
        let mut wrong = None;
        for phone in &self.phones {
            for kept in phone.drawer.chits.values() {
                let (key, hash) = (kept.signed.key.digest(), kept.signed.chit.hash());
                if *self.signed.entry(key).or_insert(hash) != hash {
                    wrong = wrong.or(Some("I11: one key signed two chits"));
                }
            }
            let words = phone.drawer.words.values().chain(self.air.iter().flat_map(|letter| letter.words()));
            for word in words {
                let place = (word.key.0, word.head.view, word.head.index);
                if *self.said.entry(place).or_insert(word.head.hash) != word.head.hash {
                    wrong = wrong.or(Some("I13: a node stood for two orders"));
                }
            }
            wrong = wrong.or(judge(phone, story));
        }
        wrong.or(self.agreed_twice())
    }

    /// I2, I3: what both halves ever agreed on is the beginning of what anybody calls agreed.
    fn agreed_twice(&mut self) -> Option<&'static str> {
        for phone in &self.phones {
            let upto = usize::try_from(phone.standing.agreed).unwrap_or(usize::MAX);
            let hash =
                |place: &hazel_core::store::PlaceRow| phone.drawer.chits[&place.chit].signed.chit.hash();
            let own: Vec<Digest> = phone.drawer.places.iter().take(upto).map(hash).collect();
            if self.agreed.iter().zip(&own).any(|(one, other)| one != other) {
                return Some("I2, I3: two agreed orders");
            }
            if own.len() > self.agreed.len() {
                self.agreed = own;
            }
        }
        None
    }

    fn named(&self) -> Digest {
        let mut bytes = Vec::with_capacity(1024);
        for phone in self.phones.iter().chain(self.kept.as_deref().filter(|_| !self.restored)) {
            phone.name(&mut bytes);
        }
        bytes.extend(&self.pays);
        bytes.extend([self.letters, u8::from(self.restored), u8::from(self.closes)]);
        let mut air: Vec<_> = self.air.iter().map(|letter| letter.digest.0).collect();
        air.sort_unstable();
        bytes.extend(air.iter().flatten());
        for ((key, view, index), hash) in &self.said {
            bytes.extend(key.iter().take(4));
            bytes.extend(view.to_be_bytes());
            bytes.extend(index.to_be_bytes());
            bytes.extend(hash.0.iter().take(8));
        }
        bytes.extend(self.signed.values().flat_map(|hash| hash.0.into_iter().take(8)));
        bytes.extend(self.broken.unwrap_or_default().as_bytes());
        Digest::of(&bytes)
    }
}

/// What can be seen on one phone alone.
fn judge(phone: &Phone, story: &Story) -> Option<&'static str> {
    let (standing, places) = (&phone.standing, &phone.drawer.places);
    if standing.final_index > standing.agreed || standing.agreed > standing.book.head.index {
        return Some("I14: final, agreed and ordered are out of step");
    }
    let other = phone::node(phone.side.other()).public();
    let spoke = |index: u64| {
        let word = phone.drawer.words.get(&other.0)?;
        let place = places.get(usize::try_from(index.checked_sub(1)?).ok()?)?;
        let own = word.check_signature().is_ok();
        (own && word.head.index >= index && (word.head.index > index || word.head.hash == place.hash))
            .then_some(())
    };
    if standing.final_index > 0 && !standing.reconciling && spoke(standing.final_index).is_none() {
        return Some("I15: final without the other party's node");
    }
    // A stock that confirms has agreed with it, so that its own word always stands in its own order.
    let own = phone.drawer.words.get(&phone::node(phone.side).public().0);
    let held = |word: &Endorsement| {
        let at = usize::try_from(word.head.index.saturating_sub(1)).unwrap_or(usize::MAX);
        places.get(at).is_some_and(|place| place.hash == word.head.hash)
    };
    if phone.side == Side::Stock && !standing.reconciling && own.is_some_and(|word| !held(word)) {
        return Some("I2: a node stood for an order that it does not hold");
    }
    if story.one_invoice {
        let inside = phone.drawer.chits.values().filter(|kept| {
            kept.place > 0 && kept.signed.chit.body.pledged().is_some() && !kept.flag.is_outside()
        });
        if inside.count() > 1 {
            return Some("I21: one invoice was paid twice within terms");
        }
    }
    let book = &standing.book;
    if phone.closed && (book.phase != Phase::Closed || book.paid.stock != book.paid.foil) {
        return Some("I22: closed, and not at zero in the order");
    }
    None
}
