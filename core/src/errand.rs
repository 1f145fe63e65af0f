//! An errand: a sealed hand-over that a third person's phone carries until it meets the addressee.
//!
//! The carrier sees who gave it, a length and a day, and a tag that looks random. The tag is the hash of a claim that only the two partners can compute,
//! and only for the half that is meant: whoever shows the claim is given the errand, and nobody else can ask it away.

use std::fmt;

use crate::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use crate::digest::{Digest, hex};
use crate::message::Handover;
use crate::pair::PairKey;
use crate::tally::{Date, Side};

/// The longest errand: it goes over as one message of every carrier.
pub const ERRAND_MAX: usize = 32 * 1024;
/// The most errands that are shown in one meeting.
pub const SHOWN_MAX: usize = 64;
/// Room for what stands around the hand-over.
const HEADS: usize = 64;
/// How long an errand is carried at most, in seconds.
pub const LIFETIME_MAX: u64 = 30 * 24 * 3600;
/// How far the clock of whoever gives an errand may be ahead, in seconds.
const CLOCKS_APART: u64 = 24 * 3600;
/// What the hand-over in an errand may measure.
pub(crate) const INSIDE_MAX: usize = ERRAND_MAX - HEADS;

/// The name of an errand: the beginning of the hash of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErrandId(pub [u8; 16]);

impl fmt::Display for ErrandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

/// A hand-over with what its carrier must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// Carried until then. Nobody vouches for it: it binds the carrier only.
    pub expires: Date,
    tag: [u8; 16],
    handover: Handover,
}

/// What a carrier shows of an errand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    nonce: [u8; 24],
    tag: [u8; 16],
}

/// What shows that an errand is for whoever says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim([u8; 16]);

impl Claim {
    fn of(key: &PairKey, addressee: Side, nonce: &[u8; 24]) -> Self {
        let side = [u8::from(addressee == Side::Foil)];
        Self(Digest::of_parts(&[&key.purpose(b"errand"), &side, nonce]).first())
    }

    /// The tag of the errand that it claims.
    #[must_use]
    pub fn tag(&self) -> [u8; 16] {
        Digest::of_parts(&[b"hazel/v1/errand-tag", &self.0]).first()
    }
}

impl Errand {
    /// Addresses a hand-over, sealed with that key, to the holder of that half.
    #[must_use]
    pub fn new(handover: Handover, key: &PairKey, addressee: Side, expires: Date) -> Self {
        let tag = Claim::of(key, addressee, handover.nonce()).tag();
        Self { expires, tag, handover }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> ErrandId {
        ErrandId(Digest::of(&self.to_bytes()).first())
    }

    /// What is in it.
    #[must_use]
    pub const fn handover(&self) -> &Handover {
        &self.handover
    }

    /// Why nobody would carry it now, whoever gives it.
    #[must_use]
    pub fn unfit(&self, now: Date) -> Option<Verdict> {
        if self.to_bytes().len() > ERRAND_MAX {
            Some(Verdict::TooLong)
        } else if self.expires < now {
            Some(Verdict::Expired)
        } else if self.expires > now.saturating_add(LIFETIME_MAX).saturating_add(CLOCKS_APART) {
            Some(Verdict::TooFarAhead)
        } else {
            None
        }
    }

    /// What may be seen of it.
    #[must_use]
    pub const fn shown(&self) -> Shown {
        Shown { nonce: *self.handover.nonce(), tag: self.tag }
    }

    /// Whether that claim is its addressee's.
    #[must_use]
    pub fn is_claimed_by(&self, claim: &Claim) -> bool {
        claim.tag() == self.tag
    }
}

impl Shown {
    /// The tag.
    #[must_use]
    pub const fn tag(&self) -> &[u8; 16] {
        &self.tag
    }

    /// The claim to it, if it is for the holder of that half.
    #[must_use]
    pub fn claim(&self, key: &PairKey, mine: Side) -> Option<Claim> {
        Some(Claim::of(key, mine, &self.nonce)).filter(|claim| claim.tag() == self.tag)
    }
}

impl Canon for Errand {
    const WHAT: &'static str = "errand";

    fn write(&self, to: &mut Writer) {
        to.array(4).uint(WIRE_VERSION).uint(self.expires).bytes(&self.tag).put(&self.handover);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 4)?;
        Ok(Self { expires: from.uint("end of an errand")?, tag: from.fixed("tag")?, handover: from.take()? })
    }
}

impl Canon for Shown {
    const WHAT: &'static str = "shown errand";

    fn write(&self, to: &mut Writer) {
        to.array(2).bytes(&self.nonce).bytes(&self.tag);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 2)?;
        Ok(Self { nonce: from.fixed("nonce")?, tag: from.fixed("tag")? })
    }
}

impl Canon for Claim {
    const WHAT: &'static str = "claim to an errand";

    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self(from.fixed(Self::WHAT)?))
    }
}

/// What becomes of an errand that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Its addressee has it.
    Arrived,
    /// It is carried, and safe on the carrier's disk.
    Carried,
    /// This phone carries nothing for others.
    NotCarrying,
    /// This phone carries all that it can.
    Full,
    /// This phone carries all that it does for whoever gave this.
    FullForGiver,
    /// Longer than an errand may be.
    TooLong,
    /// Its time is over.
    Expired,
    /// It wants to be carried for longer than anybody does.
    TooFarAhead,
    /// It is for this phone, and cannot be opened: it was altered on its way.
    Spoilt,
}

impl Verdict {
    const ALL: [Self; 9] = [
        Self::Arrived,
        Self::Carried,
        Self::NotCarrying,
        Self::Full,
        Self::FullForGiver,
        Self::TooLong,
        Self::Expired,
        Self::TooFarAhead,
        Self::Spoilt,
    ];

    /// A stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Carried => "carried",
            Self::NotCarrying => "not_carrying",
            Self::Full => "full",
            Self::FullForGiver => "full_for_giver",
            Self::TooLong => "too_long",
            Self::Expired => "expired",
            Self::TooFarAhead => "too_far_ahead",
            Self::Spoilt => "spoilt",
        }
    }

    /// The verdict of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }

    fn number(self) -> u64 {
        Self::ALL.iter().position(|other| *other == self).unwrap_or_default() as u64
    }
}

/// What two phones say to each other about errands. A letter is a list of two or four, this one of three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrandMessage {
    /// This is carried for others.
    Shown(Vec<Shown>),
    /// These are mine: hand them over.
    Claimed(Vec<Claim>),
    /// An errand: for its addressee, or to be carried.
    Handed(Box<Errand>),
    /// What became of one.
    Answered {
        /// Which.
        id: ErrandId,
        /// What.
        verdict: Verdict,
    },
}

impl ErrandMessage {
    /// Whether these bytes are meant to be one, and no letter.
    #[must_use]
    pub fn is_meant_by(bytes: &[u8]) -> bool {
        bytes.first() == Some(&0x83)
    }
}

impl Canon for ErrandMessage {
    const WHAT: &'static str = "message about errands";

    fn write(&self, to: &mut Writer) {
        to.array(3).uint(WIRE_VERSION);
        match self {
            Self::Shown(shown) => to.uint(0).put_list(shown),
            Self::Claimed(claims) => to.uint(1).put_list(claims),
            Self::Handed(errand) => to.uint(2).put(&**errand),
            Self::Answered { id, verdict } => to.uint(3).array(2).bytes(&id.0).uint(verdict.number()),
        };
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 3)?;
        Ok(match from.uint("kind of message about errands")? {
            0 => Self::Shown(from.take_list("shown errands", SHOWN_MAX as u64)?),
            1 => Self::Claimed(from.take_list("claims to errands", SHOWN_MAX as u64)?),
            2 => Self::Handed(Box::new(from.take()?)),
            3 => {
                from.array("answer about an errand", 2)?;
                let id = ErrandId(from.fixed("name of an errand")?);
                let number = from.uint("verdict on an errand")?;
                let verdict = usize::try_from(number).ok().and_then(|number| Verdict::ALL.get(number));
                let newer = Malformed::Newer { what: "verdict on an errand", version: number };
                Self::Answered { id, verdict: *verdict.ok_or(newer)? }
            }
            version => return Err(Malformed::Newer { what: "kind of message about errands", version }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::TallyId;

    fn key(n: u8) -> PairKey {
        PairKey::from_bytes([n; 32])
    }

    fn errand(n: u8) -> Errand {
        let refusal = crate::message::Message::Refuse { tally: TallyId([1; 16]), version: Digest([2; 32]) };
        Errand::new(
            Handover::seal_with(&[refusal], &key(1), None, [n; 24]),
            &key(1),
            Side::Foil,
            1_800_000_000,
        )
    }

    #[test]
    fn an_errand_is_called_by_its_whole_name() {
        assert_eq!(ErrandId([0xab; 16]).to_string(), "ab".repeat(16));
    }

    #[test]
    fn only_the_addressee_can_claim_it() {
        let (errand, another) = (errand(7), errand(8));
        let claim = errand.shown().claim(&key(1), Side::Foil).unwrap();
        assert!(errand.is_claimed_by(&claim));
        assert_eq!((claim.tag(), *errand.shown().tag()), (errand.tag, errand.tag));
        assert_eq!(errand.shown().claim(&key(1), Side::Stock), None, "not whoever gave it");
        assert_eq!(errand.shown().claim(&key(2), Side::Foil), None, "nor a stranger");
        assert!(!errand.is_claimed_by(&Claim(errand.tag)), "what is shown is no claim");
        assert_ne!(errand.shown(), another.shown(), "two for one partner do not look alike");
    }

    /// The tag is on the wire: another Hazel must find the same one.
    #[test]
    fn a_tag_is_made_of_the_half_that_is_meant() {
        for (side, byte) in [(Side::Stock, 0), (Side::Foil, 1)] {
            let errand = Errand::new(sealed(10), &key(1), side, 1_800_000_000);
            let claim: [u8; 16] =
                Digest::of_parts(&[&key(1).purpose(b"errand"), &[byte], errand.handover.nonce()]).first();
            assert_eq!(errand.tag, Digest::of_parts(&[b"hazel/v1/errand-tag", &claim]).first::<16>());
        }
    }

    /// A hand-over of so many bytes, in which nothing can be read.
    fn sealed(length: usize) -> Handover {
        let mut to = Writer::with_capacity(length);
        to.array(5).uint(WIRE_VERSION).null().bytes(&[0; 16]).bytes(&[7; 24]).bytes(&vec![0; length]);
        Handover::from_bytes(&to.into_bytes()).unwrap()
    }

    #[test]
    fn what_is_carried_is_short_enough_and_neither_too_old_nor_too_far_ahead() {
        let (now, far) = (1_800_000_000, 1_800_000_000 + LIFETIME_MAX + CLOCKS_APART);
        let ends = [
            (now - 1, Some(Verdict::Expired)),
            (now, None),
            (far, None),
            (far + 1, Some(Verdict::TooFarAhead)),
        ];
        for (expires, verdict) in ends {
            assert_eq!(Errand::new(sealed(10), &key(1), Side::Foil, expires).unfit(now), verdict);
        }
        let of_length = |length| Errand::new(sealed(length), &key(1), Side::Foil, now);
        let heads = of_length(ERRAND_MAX / 2).to_bytes().len() - ERRAND_MAX / 2;
        assert_eq!(of_length(ERRAND_MAX - heads).unfit(now), None);
        assert_eq!(of_length(ERRAND_MAX - heads + 1).unfit(now), Some(Verdict::TooLong));
    }

    #[test]
    fn every_message_has_one_spelling() {
        let errand = errand(7);
        let claim = errand.shown().claim(&key(1), Side::Foil).unwrap();
        let mut messages = vec![
            ErrandMessage::Shown(vec![errand.shown()]),
            ErrandMessage::Claimed(vec![claim]),
            ErrandMessage::Handed(Box::new(errand.clone())),
        ];
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::named(verdict.name()), Some(verdict));
            messages.push(ErrandMessage::Answered { id: errand.id(), verdict });
        }
        for message in messages {
            let bytes = message.to_bytes();
            assert!(ErrandMessage::is_meant_by(&bytes) && !ErrandMessage::is_meant_by(&bytes[1..]));
            assert_eq!(ErrandMessage::from_bytes(&bytes), Ok(message));
            let mut longer = bytes.clone();
            longer.push(0);
            assert!(ErrandMessage::from_bytes(&longer).is_err());
        }
        let newer = ErrandMessage::from_bytes(&[0x83, 1, 9, 0]);
        assert!(matches!(newer, Err(Malformed::Newer { .. })), "{newer:?}");
    }
}
