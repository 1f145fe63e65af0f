//! Two people negotiate, and every course of it: offers cross, are changed, refused, agreed to twice, arrive late, again or never. The
//! door and the table of states are production; what the wallet's `contract.rs` does with what they say is repeated here.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use hazel_core::admit::{OfferAdmission, OfferGround, Unverified, admit};
use hazel_core::digest::Digest;
use hazel_core::negotiation::{By, TallyEvent, TallyState};
use hazel_core::tally::{Side, SignedTally, Tally};
use hazel_core::units::Units;
use stateright::{Model, Property};

use super::Bug;
use super::phone::party;
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
}

/// What one of the two has on the table.
#[derive(Debug, Clone)]
struct Half {
    side: Side,
    /// The text before anybody changed anything in it.
    draft: Arc<Tally>,
    state: TallyState,
    /// Every version it has signed, the newest last.
    signed: Vec<Arc<SignedTally>>,
    theirs: Option<Arc<SignedTally>>,
    contract: Option<Arc<SignedTally>>,
    offers: u8,
    edits: u8,
    refusals: u8,
}

/// Something that was said, and may be heard at any time, again, or never.
#[derive(Debug, Clone)]
enum Said {
    Version(Arc<SignedTally>),
    No(Digest),
}

/// One state.
#[derive(Debug, Clone)]
pub struct Table {
    halves: [Half; 2],
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
        let halves = [half(Side::Stock), half(Side::Foil)];
        let mut table =
            Table { halves, air: [Vec::new(), Vec::new()], broken: None, name: Digest::default() };
        table.look(self.bug);
        vec![table]
    }

    fn actions(&self, table: &Table, moves: &mut Vec<Move>) {
        for (at, half) in table.halves.iter().enumerate() {
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
        let mut table = last.clone();
        match step {
            Move::Offer(at) => {
                let version = table.halves[at].offer()?;
                table.air[at].push(Said::Version(version));
            }
            Move::Accept(at) => {
                let version = table.halves[at].accept(self.bug)?;
                table.air[at].push(Said::Version(version));
            }
            Move::Edit(at) => {
                let half = &mut table.halves[at];
                half.edits -= 1;
                half.state = half.state.after(TallyEvent::Edit).ok()?;
            }
            Move::Refuse(at) => {
                let half = &mut table.halves[at];
                half.refusals -= 1;
                half.state = half.state.after(TallyEvent::Refuse).ok()?;
                let version = half.theirs.as_ref().map_or(Digest::default(), |it| it.tally.digest());
                table.air[at].push(Said::No(version));
            }
            Move::Hear(at, position) => {
                let said = table.air[1 - at][position].clone();
                if let Err(wrong) = table.halves[at].hear(&said, self.bug) {
                    table.broken = table.broken.or(Some(wrong));
                }
            }
        }
        table.look(self.bug);
        (table.name != last.name).then_some(table)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the rules hold", |_, table: &Table| table.broken.is_none()),
            Property::sometimes("both have a contract", |model: &Self, table: &Table| {
                model.bug != Bug::None || table.halves.iter().all(|half| half.contract.is_some())
            }),
        ]
    }
}

impl Half {
    /// The wallet's `offer`: one revision above everything that lies on the table.
    fn offer(&mut self) -> Option<Arc<SignedTally>> {
        self.offers -= 1;
        self.state = self.state.after(TallyEvent::Offer(By::Me)).ok()?;
        let revision = |it: Option<&Arc<SignedTally>>| it.map_or(0, |offer| offer.tally.revision);
        let mut tally = (*self.draft).clone();
        tally.revision = revision(self.signed.last()).max(revision(self.theirs.as_ref())) + 1;
        tally.halves.of_mut(self.side).terms.limit = Units::new(100 + i64::from(self.offers));
        let version = Arc::new(SignedTally::draft(tally).signed(self.side, party(self.side)));
        self.signed.push(Arc::clone(&version));
        Some(version)
    }

    /// The wallet's `accept`.
    fn accept(&mut self, bug: Bug) -> Option<Arc<SignedTally>> {
        let theirs = self.theirs.as_deref()?.clone();
        let contract = Arc::new(theirs.signed(self.side, party(self.side)));
        self.signed.push(Arc::clone(&contract));
        self.govern(&contract, bug).ok()?;
        Some(contract)
    }

    fn hear(&mut self, said: &Said, bug: Bug) -> Result<(), &'static str> {
        match said {
            Said::Version(version) => self.hear_version(version, bug),
            Said::No(version) => {
                self.hear_no(version);
                Ok(())
            }
        }
    }

    /// The wallet's `take_offer`.
    fn hear_version(&mut self, version: &Arc<SignedTally>, bug: Bug) -> Result<(), &'static str> {
        if self.contract.as_ref() == Some(version) || self.theirs.as_ref() == Some(version) {
            return Ok(());
        }
        let own: Vec<SignedTally> = self.signed.iter().map(|it| (**it).clone()).collect();
        let ground = OfferGround {
            my_side: self.side,
            my_half: &self.draft.half(self.side).cert,
            my_offers: &own,
            scanned: None,
            partner: Some(&self.draft.half(self.side.other()).cert),
        };
        match admit(Unverified::from((**version).clone()), &ground) {
            Ok(OfferAdmission::Contract(_)) => self.govern(version, bug),
            Ok(OfferAdmission::Offer(_)) => {
                let known = self.theirs.as_ref();
                if known.is_none_or(|held| !held.governs_over(version))
                    && let Ok(state) = self.state.after(TallyEvent::Offer(By::Partner))
                {
                    self.state = state;
                    self.theirs = Some(Arc::clone(version));
                }
                Ok(())
            }
            Err(_) => Err("I7: an honest version was refused at the door"),
        }
    }

    /// The wallet's `govern`.
    fn govern(&mut self, contract: &Arc<SignedTally>, bug: Bug) -> Result<(), &'static str> {
        self.state =
            self.state.after(TallyEvent::Accept).map_err(|_| "§5: two signatures are no contract")?;
        let held = self.contract.as_ref();
        if bug == Bug::LastContract || held.is_none_or(|held| !held.governs_over(contract)) {
            self.contract = Some(Arc::clone(contract));
        }
        Ok(())
    }

    /// The wallet's `take_refusal`: only of the newest version, and only while it waits for an answer.
    fn hear_no(&mut self, version: &Digest) {
        let mine = self.signed.last().is_some_and(|it| it.tally.digest() == *version);
        let asked = self.state == TallyState::CertsKnown && *version == Digest::default();
        if (mine && self.state == TallyState::Offered(By::Me)) || asked {
            self.state = self.state.after(TallyEvent::Refuse).unwrap_or(self.state);
        }
    }

    fn name(&self, to: &mut Vec<u8>) {
        to.extend(self.state.name().as_bytes());
        to.extend([0, self.offers, self.edits, self.refusals]);
        for version in self.signed.iter().chain(&self.theirs).chain(&self.contract) {
            named(version, to);
        }
        let parts = [self.signed.len(), usize::from(self.theirs.is_some())];
        to.extend(parts.map(|count| u8::try_from(count).unwrap_or(u8::MAX)));
    }
}

/// A version, and who has signed it.
fn named(version: &SignedTally, to: &mut Vec<u8>) {
    to.extend(version.tally.digest().0.iter().take(16));
    to.extend(Side::BOTH.map(|side| u8::from(version.has(side))));
}

impl Table {
    fn look(&mut self, bug: Bug) {
        self.broken = self.broken.or(self.wrong(bug));
        let mut bytes = Vec::with_capacity(512);
        for (half, air) in self.halves.iter().zip(&self.air) {
            half.name(&mut bytes);
            for said in air {
                match said {
                    Said::Version(version) => named(version, &mut bytes),
                    Said::No(version) => bytes.extend(version.0),
                }
            }
            bytes.push(u8::try_from(air.len()).unwrap_or(u8::MAX));
        }
        bytes.extend(self.broken.unwrap_or_default().as_bytes());
        self.name = Digest::of(&bytes);
    }

    /// §5: whoever holds a contract has signed it, and once everything that both signed has been heard, in whatever order, both hold
    /// the same: the highest.
    fn wrong(&self, bug: Bug) -> Option<&'static str> {
        for half in &self.halves {
            let Some(contract) = &half.contract else { continue };
            if !contract.is_contract() || !half.signed.iter().any(|own| own.tally == contract.tally) {
                return Some("I8: bound by what it did not sign");
            }
        }
        let contracts: Vec<&Arc<SignedTally>> = self
            .air
            .iter()
            .flatten()
            .filter_map(|said| match said {
                Said::Version(version) if version.is_contract() => Some(version),
                _ => None,
            })
            .collect();
        let highest = contracts
            .iter()
            .copied()
            .reduce(|one, other| if one.governs_over(other) { one } else { other })?;
        let [mut one, mut other] = self.halves.clone();
        for (first, last) in contracts.iter().zip(contracts.iter().rev()) {
            if let Err(wrong) = one.govern(first, bug).and_then(|()| other.govern(last, bug)) {
                return Some(wrong);
            }
        }
        let agree = [one, other].iter().all(|half| {
            half.state == TallyState::Open
                && half.contract.as_ref().is_some_and(|it| it.tally == highest.tally)
        });
        (!agree).then_some("§5: two contracts, and not the highest governs")
    }
}
