//! Errands: what a partner must be told goes along with another one who will meet them.

use hazel_core::errand::{ErrandId, Verdict};
use hazel_core::wallet::{ErrandNews as CoreNews, ErrandView};

use super::Wallet;
use crate::Answer;
use crate::records::{count, errand_of, tally_of};
use crate::tidings::Tidings;

/// What a carrier says of an errand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ErrandVerdict {
    /// Whom it is for has it.
    Arrived,
    /// It is carried.
    Carried,
    /// This one carries nothing for others.
    NotCarrying,
    /// This one carries all that goes.
    Full,
    /// This one carries all that goes for the same giver.
    FullForGiver,
    /// It is too long to be carried.
    TooLong,
    /// Its time was over by the carrier's clock.
    Expired,
    /// It is too far ahead by the carrier's clock.
    TooFarAhead,
    /// It arrived spoilt.
    Spoilt,
}

/// An errand: one of mine that somebody carries or will, or another's that I carry, sealed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Errand {
    /// Its name.
    pub id: String,
    /// The tally with whoever carries it, or, of another's, with whoever gave it.
    pub with: String,
    /// The tally with whom it is for; nothing of another's errand, which only its giver knows.
    pub addressee: Option<String>,
    /// What the carrier has said of mine; nothing before the two have met.
    pub said: Option<ErrandVerdict>,
    /// Carried until then.
    pub expires: u64,
    /// How long it is.
    pub bytes: u64,
}

/// What a meeting did to errands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ErrandNews {
    /// What the partner says of one of mine.
    OfMine {
        /// Which.
        id: String,
        /// What.
        said: ErrandVerdict,
    },
    /// Whether one of the partner's is taken along.
    OfPartner {
        /// What was said to it.
        said: ErrandVerdict,
    },
    /// One that I carried was handed over.
    HandedOver {
        /// What was said to it.
        said: ErrandVerdict,
    },
    /// One that the partner carried was for me.
    ForMe {
        /// What it changed, on the tally with whom it is from.
        tidings: Tidings,
    },
}

#[uniffi::export]
impl Wallet {
    /// Whether this phone takes errands along for partners.
    pub fn carries_errands(&self) -> Answer<bool> {
        self.read(|wallet| Ok(wallet.carries_errands()?))
    }

    /// Says whether this phone takes errands along. Those that it has promised to carry it keeps.
    pub fn carry_errands(&self, carries: bool) -> Answer<()> {
        self.read(|wallet| Ok(wallet.carry_errands(carries)?))
    }

    /// Seals what the partner of one tally must be told, for the partner of another to carry `within` seconds; it is given when those two
    /// phones meet. Nothing if there is nothing to tell.
    pub fn give_errand(&self, to: &str, by: &str, within: u64) -> Answer<Option<Errand>> {
        let (addressee, carrier) = (tally_of(to)?, tally_of(by)?);
        self.change(by, |wallet| Ok(wallet.give_errand(&addressee, &carrier, within)?.as_ref().map(errand)))
    }

    /// Errands of mine, and those that I carry; none whose time is over.
    pub fn errands(&self) -> Answer<Vec<Errand>> {
        self.read(|wallet| Ok(wallet.errands()?.iter().map(errand).collect()))
    }

    /// Forgets an errand: mine is not given any more, another's is not carried any more.
    pub fn drop_errand(&self, id: &str) -> Answer<()> {
        let id = errand_of(id)?;
        self.read(|wallet| Ok(wallet.drop_errand(&id)?))
    }
}

fn errand(view: &ErrandView) -> Errand {
    Errand {
        id: view.id.to_string(),
        with: view.with.to_string(),
        addressee: view.addressee.map(|to| to.to_string()),
        said: view.said.map(Into::into),
        expires: view.expires,
        bytes: count(view.bytes),
    }
}

impl From<&CoreNews> for ErrandNews {
    fn from(news: &CoreNews) -> Self {
        match news {
            CoreNews::OfMine(id, said) => Self::OfMine { id: ErrandId::to_string(id), said: (*said).into() },
            CoreNews::OfPartner(_, said) => Self::OfPartner { said: (*said).into() },
            CoreNews::HandedOver(_, said) => Self::HandedOver { said: (*said).into() },
            CoreNews::ForMe(delivery) => Self::ForMe { tidings: delivery.into() },
        }
    }
}

impl From<Verdict> for ErrandVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Arrived => Self::Arrived,
            Verdict::Carried => Self::Carried,
            Verdict::NotCarrying => Self::NotCarrying,
            Verdict::Full => Self::Full,
            Verdict::FullForGiver => Self::FullForGiver,
            Verdict::TooLong => Self::TooLong,
            Verdict::Expired => Self::Expired,
            Verdict::TooFarAhead => Self::TooFarAhead,
            Verdict::Spoilt => Self::Spoilt,
        }
    }
}
