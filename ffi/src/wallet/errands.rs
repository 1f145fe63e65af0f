//! Errands: what a partner must be told goes along with another one who will meet them.

use hazel_core::errand::ErrandId;
pub use hazel_core::errand::Verdict as ErrandVerdict;
use hazel_core::tally::TallyId;
use hazel_core::wallet::ErrandNews as CoreNews;
pub use hazel_core::wallet::ErrandView as Errand;

use super::Wallet;
use crate::Answer;
use crate::ids::Count;
use crate::tidings::Tidings;

/// What a carrier says of an errand.
#[uniffi::remote(Enum)]
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
#[uniffi::remote(Record)]
pub struct Errand {
    /// Its name.
    pub id: ErrandId,
    /// The tally with whoever carries it, or, of another's, with whoever gave it.
    pub with: TallyId,
    /// The tally with whom it is for; nothing of another's errand, which only its giver knows.
    pub addressee: Option<TallyId>,
    /// What the carrier has said of mine; nothing before the two have met.
    pub said: Option<ErrandVerdict>,
    /// Carried until then.
    pub expires: u64,
    /// How long it is.
    pub bytes: Count,
}

/// What a meeting did to errands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[allow(missing_docs, reason = "what was said to it, or what it changed")]
pub enum ErrandNews {
    /// What the partner says of one of mine.
    OfMine { id: ErrandId, said: ErrandVerdict },
    /// Whether one of the partner's is taken along.
    OfPartner { said: ErrandVerdict },
    /// One that I carried was handed over.
    HandedOver { said: ErrandVerdict },
    /// One that the partner carried was for me; it is about the tally with whom it is from.
    ForMe { tidings: Tidings },
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
    pub fn give_errand(&self, to: TallyId, by: TallyId, within: u64) -> Answer<Option<Errand>> {
        self.change(by, |wallet| Ok(wallet.give_errand(&to, &by, within)?))
    }

    /// Errands of mine, and those that I carry; none whose time is over.
    pub fn errands(&self) -> Answer<Vec<Errand>> {
        self.read(|wallet| Ok(wallet.errands()?))
    }

    /// Forgets an errand: mine is not given any more, another's is not carried any more.
    pub fn drop_errand(&self, id: ErrandId) -> Answer<()> {
        self.read(|wallet| Ok(wallet.drop_errand(&id)?))
    }
}

impl From<&CoreNews> for ErrandNews {
    fn from(news: &CoreNews) -> Self {
        match news {
            CoreNews::OfMine(id, said) => Self::OfMine { id: *id, said: *said },
            CoreNews::OfPartner(_, said) => Self::OfPartner { said: *said },
            CoreNews::HandedOver(_, said) => Self::HandedOver { said: *said },
            CoreNews::ForMe(delivery) => Self::ForMe { tidings: delivery.into() },
        }
    }
}
