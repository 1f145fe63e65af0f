//! One of two who negotiate: what is on the table before them, what they do with it, and what they take in. The door, the table of
//! states and which of two contracts governs are production; what the wallet's `contract.rs` does with them is repeated here.

use std::sync::Arc;

use hazel_core::admit::{OfferAdmission, OfferGround, Unverified, admit};
use hazel_core::digest::Digest;
use hazel_core::negotiation::{By, TallyEvent, TallyState};
use hazel_core::tally::{Side, SignedTally, Tally};
use hazel_core::units::Units;

use super::Bug;
use super::bargain::{Bargain, Move};
use super::memory::{Memory, Name, short};
use super::phone::party;

/// What one of the two has on the table.
#[derive(Debug, Clone)]
pub(super) struct Half {
    pub(super) side: Side,
    /// The text before anybody changed anything in it.
    pub(super) draft: Arc<Tally>,
    pub(super) state: TallyState,
    /// Every version it has signed, the newest last.
    pub(super) signed: Vec<Arc<Version>>,
    pub(super) theirs: Option<Arc<Version>>,
    pub(super) contract: Option<Arc<Version>>,
    pub(super) offers: u8,
    pub(super) edits: u8,
    pub(super) refusals: u8,
}

/// One of the two at one moment, as states hold it.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) half: Half,
    pub(super) name: Digest,
    /// Whether it is bound by something that it has not signed.
    pub(super) bound: bool,
}

/// What has been worked out of one negotiation.
#[derive(Debug, Default)]
pub(super) struct Known {
    seats: Memory<Arc<Seat>>,
    pub(super) after: Memory<Option<Done>>,
    governed: Memory<bool>,
}

/// What comes of something that one of the two does.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) seat: Arc<Seat>,
    /// What is said by it.
    pub(super) said: Option<Said>,
    pub(super) wrong: Option<&'static str>,
}

impl Known {
    pub(super) fn seat(&self, half: Half) -> Arc<Seat> {
        let mut bytes = vec![u8::from(half.side == Side::Foil)];
        half.name(&mut bytes);
        let name = Digest::of(&bytes);
        self.seats.of(short(&name), 0, || {
            let unsigned =
                |contract: &Arc<Version>| !half.signed.iter().any(|own| own.digest == contract.digest);
            let bound = half.contract.as_ref().is_some_and(|it| !it.signed.is_contract() || unsigned(it));
            Arc::new(Seat { half, name, bound })
        })
    }

    /// The production rule of which of two governs, asked once of each two.
    pub(super) fn governs(&self, one: &Version, other: &Version) -> bool {
        self.governed.of(one.name, other.name, || one.signed.governs_over(&other.signed))
    }
}

/// A version, and what it is asked for in every state.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) signed: SignedTally,
    pub(super) digest: Digest,
    /// Its text, and who has signed it.
    name: Name,
}

impl Version {
    fn of(signed: SignedTally) -> Arc<Self> {
        let digest = signed.tally.digest();
        let by = Side::BOTH.map(|side| u8::from(signed.has(side)));
        let name = short(&Digest::of_parts(&[&digest.0, &by]));
        Arc::new(Self { signed, digest, name })
    }
}

/// Something that was said, and may be heard at any time, again, or never.
#[derive(Debug, Clone)]
pub(super) enum Said {
    Version(Arc<Version>),
    No(Digest),
}

impl Said {
    pub(super) fn name(&self) -> Name {
        match self {
            Self::Version(version) => version.name,
            // Whoever says no names a version as well, so that the two must not sound alike.
            Self::No(version) => !short(version),
        }
    }
}

/// The names of what one of the two does by itself.
pub(super) const OFFERS: Name = 1;
pub(super) const ACCEPTS: Name = 2;
pub(super) const EDITS: Name = 3;
pub(super) const REFUSES: Name = 4;

impl Bargain {
    /// What comes of one step, for the one who takes it.
    pub(super) fn done(&self, seat: &Seat, step: Move, heard: Option<&Said>) -> Option<Done> {
        let (mut half, mut said, mut wrong) = (seat.half.clone(), None, None);
        match (step, heard) {
            (Move::Offer(_), _) => said = Some(Said::Version(half.offer()?)),
            (Move::Accept(_), _) => said = Some(Said::Version(half.accept(self)?)),
            (Move::Edit(_), _) => {
                half.edits -= 1;
                half.state = half.state.after(TallyEvent::Edit).ok()?;
            }
            (Move::Refuse(_), _) => said = Some(half.refuse()?),
            (Move::Hear(..), Some(heard)) => wrong = half.hear(heard, self).err(),
            (Move::Hear(..), None) => return None,
        }
        Some(Done { seat: self.known.seat(half), said, wrong })
    }
}

impl Half {
    /// The wallet's `offer`: one revision above everything that lies on the table.
    fn offer(&mut self) -> Option<Arc<Version>> {
        self.offers -= 1;
        self.state = self.state.after(TallyEvent::Offer(By::Me)).ok()?;
        let revision = |it: Option<&Arc<Version>>| it.map_or(0, |offer| offer.signed.tally.revision);
        let mut tally = (*self.draft).clone();
        tally.revision = revision(self.signed.last()).max(revision(self.theirs.as_ref())) + 1;
        tally.halves.of_mut(self.side).terms.limit = Units::new(100 + i64::from(self.offers));
        let version = Version::of(SignedTally::draft(tally).signed(self.side, party(self.side)));
        self.signed.push(Arc::clone(&version));
        Some(version)
    }

    /// The wallet's `accept`.
    fn accept(&mut self, model: &Bargain) -> Option<Arc<Version>> {
        let theirs = self.theirs.as_ref()?.signed.clone();
        let contract = Version::of(theirs.signed(self.side, party(self.side)));
        self.signed.push(Arc::clone(&contract));
        self.govern(&contract, model).ok()?;
        Some(contract)
    }

    /// The wallet's `refuse`.
    fn refuse(&mut self) -> Option<Said> {
        self.refusals -= 1;
        self.state = self.state.after(TallyEvent::Refuse).ok()?;
        Some(Said::No(self.theirs.as_ref().map_or(Digest::default(), |it| it.digest)))
    }

    fn hear(&mut self, said: &Said, model: &Bargain) -> Result<(), &'static str> {
        match said {
            Said::Version(version) => self.hear_version(version, model),
            Said::No(version) => {
                self.hear_no(version);
                Ok(())
            }
        }
    }

    /// The wallet's `take_offer`.
    fn hear_version(&mut self, version: &Arc<Version>, model: &Bargain) -> Result<(), &'static str> {
        if self.contract.as_ref() == Some(version) || self.theirs.as_ref() == Some(version) {
            return Ok(());
        }
        let own: Vec<SignedTally> = self.signed.iter().map(|it| it.signed.clone()).collect();
        let ground = OfferGround {
            my_side: self.side,
            my_half: &self.draft.half(self.side).cert,
            my_offers: &own,
            scanned: None,
            partner: Some(&self.draft.half(self.side.other()).cert),
        };
        match admit(Unverified::from(version.signed.clone()), &ground) {
            Ok(OfferAdmission::Contract(_)) => self.govern(version, model),
            Ok(OfferAdmission::Offer(_)) => {
                let known = self.theirs.as_ref();
                if known.is_none_or(|held| !model.known.governs(held, version))
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
    fn govern(&mut self, contract: &Arc<Version>, model: &Bargain) -> Result<(), &'static str> {
        (self.state, self.contract) = governed(self.state, self.contract.as_ref(), contract, model)?;
        Ok(())
    }

    /// The wallet's `take_refusal`: only of the newest version, and only while it waits for an answer.
    fn hear_no(&mut self, version: &Digest) {
        let mine = self.signed.last().is_some_and(|it| it.digest == *version);
        let asked = self.state == TallyState::CertsKnown && *version == Digest::default();
        if (mine && self.state == TallyState::Offered(By::Me)) || asked {
            self.state = self.state.after(TallyEvent::Refuse).unwrap_or(self.state);
        }
    }

    fn name(&self, to: &mut Vec<u8>) {
        to.extend(self.state.name().as_bytes());
        to.extend([0, self.offers, self.edits, self.refusals]);
        for version in self.signed.iter().chain(&self.theirs).chain(&self.contract) {
            to.extend(version.name.to_le_bytes());
        }
        let parts = [self.signed.len(), usize::from(self.theirs.is_some())];
        to.extend(parts.map(|count| u8::try_from(count).unwrap_or(u8::MAX)));
    }
}

/// What is on the table, and what governs, once a contract has been seen.
pub(super) fn governed(
    state: TallyState,
    held: Option<&Arc<Version>>,
    contract: &Arc<Version>,
    model: &Bargain,
) -> Result<(TallyState, Option<Arc<Version>>), &'static str> {
    let state = state.after(TallyEvent::Accept).map_err(|_| "§5: two signatures are no contract")?;
    let stays =
        model.bug != Bug::LastContract && held.is_some_and(|held| model.known.governs(held, contract));
    Ok((state, if stays { held.cloned() } else { Some(Arc::clone(contract)) }))
}
