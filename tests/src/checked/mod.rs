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
pub mod courses;
pub mod desk;
mod memory;
mod moment;
pub mod phone;
mod seat;
mod tales;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use hazel_core::book::Phase;
use hazel_core::chit::{Body, ChainId, DeviceAct};
use hazel_core::digest::Digest;
use hazel_core::invoice::InvoiceId;
use hazel_core::tally::{Grant, Side, SignedTally};
use hazel_core::units::Units;
use stateright::{Model, Property};

use crate::honest::Pair;
use memory::{Name, short};
use moment::{History, Known, Moment};
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
    /// What has been worked out of it so far.
    known: Arc<Known>,
}

/// The names of what phones do by themselves.
const PAYS: Name = 1;
const PAYS_AGAIN: Name = 2;
const CLOSES: Name = 3;
const COMES_BACK: Name = 4;

/// One state.
#[derive(Debug, Clone)]
pub struct State {
    phones: Vec<Arc<Moment>>,
    kept: Option<Arc<Moment>>,
    restored: bool,
    pays: Vec<u8>,
    closes: bool,
    letters: u8,
    air: Vec<Arc<Letter>>,
    history: Arc<History>,
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
        let mut phones: Vec<Phone> = phones.collect();
        if story_has_two_payers(self) {
            // Without some allowance handed on, nothing that a second device signs would ever count.
            let hand = DeviceAct::Hand { to: 2, units: Units::new(10) };
            phones[1].sign(Body::Device(hand));
        }
        let phones: Vec<_> =
            phones.into_iter().map(|phone| self.known.moment(phone, self.one_invoice)).collect();
        let mut state = State {
            // A copy of the very first moment is always there.
            kept: self.restores.map(|lost| Arc::clone(&phones[lost])),
            phones: phones.clone(),
            restored: false,
            pays: self.pays.clone(),
            closes: self.closes,
            letters: self.letters,
            air: Vec::new(),
            history: Arc::default(),
            broken: None,
            name: Digest::default(),
        };
        for (at, moment) in phones.into_iter().enumerate() {
            state.take(at, moment);
        }
        state.name = state.named();
        vec![state]
    }

    fn actions(&self, state: &State, acts: &mut Vec<Act>) {
        for (at, moment) in state.phones.iter().enumerate() {
            let phone = &moment.phone;
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
            let phone = &state.phones[lost].phone;
            let kept = state.kept.as_ref().map_or(0, |kept| kept.phone.standing.arrivals);
            if phone.standing.arrivals > kept {
                acts.push(Act::Restore);
                acts.push(Act::Keep);
            }
        }
    }

    fn next_state(&self, last: &State, act: Act) -> Option<State> {
        let after = |at: usize, deed: Name, act: &dyn Fn(&mut Phone)| {
            self.known.after(&last.phones[at], deed, self.one_invoice, act)
        };
        let mut state;
        match act {
            Act::Pay(at) => {
                // The first phone has asked; whoever pays it pays its invoice.
                let asked = self.one_invoice && self.phones[at].0 != self.phones[0].0;
                let invoice = asked.then_some(InvoiceId([7; 16]));
                // Whatever is signed again after a restore is another payment, so that a key used twice shows.
                let again = last.restored && self.restores == Some(at);
                let (units, deed) = if again { (Units::new(2), PAYS_AGAIN) } else { (Units::new(1), PAYS) };
                let pledge = Body::Pledge { units, invoice, sealed: None };
                let next = after(at, deed, &|phone| {
                    phone.sign(pledge.clone());
                });
                state = last.clone();
                state.pays[at] -= 1;
                state.take(at, next);
            }
            Act::Close(at) => {
                let next = after(at, CLOSES, &|phone| {
                    phone.sign(Body::Close);
                });
                state = last.clone();
                state.closes = false;
                state.take(at, next);
            }
            Act::Write(at) => {
                let (next, letter) = self.known.letter(&last.phones[at], self.one_invoice, |phone| {
                    phone.speak(self.bug);
                    phone.letter(at)
                });
                if last.air.iter().any(|old| old.digest == letter.digest) {
                    return None;
                }
                state = last.clone();
                state.letters -= 1;
                // Whatever words are in the letter, the phone that wrote it has them.
                state.take(at, next);
                state.air.push(letter);
            }
            Act::Hear(at, position) => {
                let letter = &last.air[position];
                let next = after(at, short(&letter.digest), &|phone| phone.hear(letter, self.bug));
                if next.name == last.phones[at].name {
                    return None;
                }
                state = last.clone();
                state.take(at, next);
            }
            Act::Keep => {
                state = last.clone();
                state.kept = Some(Arc::clone(&last.phones[self.restores?]));
            }
            Act::Restore => {
                let lost = self.restores?;
                let kept = last.kept.as_ref()?;
                let next =
                    self.known.after(kept, COMES_BACK, self.one_invoice, |phone| phone.restored(self.bug));
                state = last.clone();
                state.kept = None;
                state.restored = true;
                state.take(lost, next);
            }
        }
        state.name = state.named();
        (state.name != last.name).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the rules hold", |_, state: &State| state.broken.is_none()),
            Property::sometimes("a payment becomes final on both halves", |story: &Self, state: &State| {
                let both = state.phones.iter().map(|moment| &moment.phone).filter(|phone| phone.device == 1);
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
    /// A phone stands there from now on. What it has said is looked at together with all that was ever said.
    fn take(&mut self, at: usize, moment: Arc<Moment>) {
        let mut wrong = moment.wrong;
        if !self.history.knows(&moment) {
            let (history, contradiction) = self.history.with(&moment);
            wrong = wrong.or(contradiction);
            self.history = Arc::new(history);
        }
        self.phones[at] = moment;
        if self.phones.iter().any(|moment| self.history.contradicts(moment)) {
            wrong = wrong.or(Some("I2, I3: two agreed orders"));
        }
        self.broken = self.broken.or(wrong);
    }

    fn named(&self) -> Digest {
        let mut bytes = Vec::with_capacity(512);
        for moment in self.phones.iter().chain(self.kept.as_ref().filter(|_| !self.restored)) {
            bytes.extend(moment.name.to_le_bytes());
        }
        bytes.extend(&self.pays);
        bytes.extend([self.letters, u8::from(self.restored), u8::from(self.closes)]);
        let mut air: Vec<_> = self.air.iter().map(|letter| letter.digest.0).collect();
        air.sort_unstable();
        bytes.extend(air.iter().flatten());
        bytes.extend(self.history.name.0);
        bytes.extend(self.broken.unwrap_or_default().as_bytes());
        Digest::of(&bytes)
    }
}
