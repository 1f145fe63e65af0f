//! Two people negotiate, and every course of it: offers cross, are changed, refused, agreed to twice, arrive late, again or never.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use hazel_core::digest::Digest;
use hazel_core::negotiation::{By, TallyEvent, TallyState};
use hazel_core::tally::Side;
use stateright::{Model, Property};

use super::Bug;
use super::memory::short;
use super::seat::{ACCEPTS, EDITS, Half, Known, OFFERS, REFUSES, Said, Seat, Version, governed};
use super::tales::Judged;
use crate::honest::Pair;

/// A negotiation: how often each may do what.
#[derive(Debug, Clone)]
pub struct Bargain {
    /// Its name.
    pub name: &'static str,
    /// How many versions each may offer.
    pub offers: u8,
    /// How often each may take the table back to change the terms.
    pub edits: u8,
    /// How often each may say no.
    pub refusals: u8,
    /// What is wrong on purpose.
    pub bug: Bug,
    /// What has been worked out of it so far.
    pub(super) known: Arc<Known>,
}

/// One state.
#[derive(Debug, Clone)]
pub struct Table {
    seats: [Arc<Seat>; 2],
    /// What the first has said, and what the second has.
    air: [Vec<Said>; 2],
    broken: Option<&'static str>,
    name: Digest,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Move {
    /// One of them signs a version of its own, each time with other terms.
    Offer(usize),
    /// One of them signs what lies on the table.
    Accept(usize),
    /// One of them takes the table back.
    Edit(usize),
    /// One of them says no.
    Refuse(usize),
    /// One of them hears what the other said as the how-manieth.
    Hear(usize, usize),
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Table {}

impl Hash for Table {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Judged for Table {
    fn broken(&self) -> Option<&'static str> {
        self.broken
    }
}

impl Model for Bargain {
    type State = Table;
    type Action = Move;

    fn init_states(&self) -> Vec<Table> {
        let draft = Arc::new(Pair::new().tally());
        let half = |side| Half {
            side,
            draft: Arc::clone(&draft),
            state: TallyState::CertsKnown,
            signed: Vec::new(),
            theirs: None,
            contract: None,
            offers: self.offers,
            edits: self.edits,
            refusals: self.refusals,
        };
        let seats = [half(Side::Stock), half(Side::Foil)].map(|half| self.known.seat(half));
        let mut table = Table { seats, air: [Vec::new(), Vec::new()], broken: None, name: Digest::default() };
        table.look(self);
        vec![table]
    }

    fn actions(&self, table: &Table, moves: &mut Vec<Move>) {
        for (at, seat) in table.seats.iter().enumerate() {
            let half = &seat.half;
            if half.offers > 0 && half.state.after(TallyEvent::Offer(By::Me)).is_ok() {
                moves.push(Move::Offer(at));
            }
            if half.state == TallyState::Offered(By::Partner) {
                moves.push(Move::Accept(at));
            }
            if half.edits > 0 && half.state.after(TallyEvent::Edit).is_ok() {
                moves.push(Move::Edit(at));
            }
            if half.refusals > 0 && half.state.after(TallyEvent::Refuse).is_ok() {
                moves.push(Move::Refuse(at));
            }
            moves.extend((0..table.air[1 - at].len()).map(|position| Move::Hear(at, position)));
        }
    }

    fn next_state(&self, last: &Table, step: Move) -> Option<Table> {
        let (at, deed, heard) = match step {
            Move::Offer(at) => (at, OFFERS, None),
            Move::Accept(at) => (at, ACCEPTS, None),
            Move::Edit(at) => (at, EDITS, None),
            Move::Refuse(at) => (at, REFUSES, None),
            Move::Hear(at, position) => {
                let heard = &last.air[1 - at][position];
                (at, heard.name(), Some(heard))
            }
        };
        let seat = &last.seats[at];
        let done = self.known.after.of(short(&seat.name), deed, || self.done(seat, step, heard))?;
        let mut table = last.clone();
        table.seats[at] = done.seat;
        table.air[at].extend(done.said);
        table.broken = table.broken.or(done.wrong);
        table.look(self);
        (table.name != last.name).then_some(table)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the rules hold", |_, table: &Table| table.broken.is_none()),
            Property::sometimes("both have a contract", |model: &Self, table: &Table| {
                model.bug != Bug::None || table.seats.iter().all(|seat| seat.half.contract.is_some())
            }),
        ]
    }
}

impl Table {
    fn look(&mut self, model: &Bargain) {
        self.broken = self.broken.or(self.wrong(model));
        let mut bytes = Vec::with_capacity(512);
        for (seat, air) in self.seats.iter().zip(&self.air) {
            bytes.extend(seat.name.0);
            for said in air {
                bytes.extend(said.name().to_le_bytes());
            }
            bytes.push(u8::try_from(air.len()).unwrap_or(u8::MAX));
        }
        bytes.extend(self.broken.unwrap_or_default().as_bytes());
        self.name = Digest::of(&bytes);
    }

    /// §5: whoever holds a contract has signed it, and once everything that both signed has been heard, in whatever order, both hold
    /// the same: the highest.
    fn wrong(&self, model: &Bargain) -> Option<&'static str> {
        if self.seats.iter().any(|seat| seat.bound) {
            return Some("I8: bound by what it did not sign");
        }
        let contracts: Vec<&Arc<Version>> = self
            .air
            .iter()
            .flatten()
            .filter_map(|said| match said {
                Said::Version(version) if version.signed.is_contract() => Some(version),
                _ => None,
            })
            .collect();
        let highest = contracts
            .iter()
            .copied()
            .reduce(|one, other| if model.known.governs(one, other) { one } else { other })?;
        let [one, other] = self.seats.each_ref().map(|seat| (seat.half.state, seat.half.contract.clone()));
        let heard = |(mut state, mut held): (TallyState, Option<Arc<Version>>), backwards: bool| {
            for at in 0..contracts.len() {
                let at = if backwards { contracts.len() - 1 - at } else { at };
                (state, held) = governed(state, held.as_ref(), contracts[at], model)?;
            }
            Ok::<_, &'static str>(
                state == TallyState::Open && held.is_some_and(|it| it.digest == highest.digest),
            )
        };
        match (heard(one, false), heard(other, true)) {
            (Err(wrong), _) | (_, Err(wrong)) => Some(wrong),
            (Ok(true), Ok(true)) => None,
            _ => Some("§5: two contracts, and not the highest governs"),
        }
    }
}
