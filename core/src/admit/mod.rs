//! The one door. Whatever arrives, by whatever road, is [`Unverified`] until [`admit`] has made a [`Verified`] of it; nothing else can,
//! and nothing else may change a ledger.

mod chits;
mod contracts;
mod documents;
mod nodes;
mod refusal;

pub use chits::{ChitAdmission, ChitGround, grant_digest, prove};
pub use contracts::{OfferAdmission, OfferGround, TicketGround};
pub use documents::{AnswerGround, DeviceGround};
pub use nodes::NodeGround;
pub use refusal::{Culprit, Refusal};

use crate::canon::{Canon, Malformed};
use crate::chit::SignedChit;
use crate::key::SecretKey;

/// Something that arrived. It can be looked at to find out whom it concerns, and that is all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified<T> {
    it: T,
    proven: bool,
}

impl<T: Canon> Unverified<T> {
    /// Reads bytes that arrived.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        T::from_bytes(bytes).map(Self::from)
    }
}

impl<T> Unverified<T> {
    /// What it claims to be.
    #[must_use]
    pub const fn claim(&self) -> &T {
        &self.it
    }
}

impl<T> From<T> for Unverified<T> {
    fn from(it: T) -> Self {
        Self { it, proven: false }
    }
}

/// Something that has passed the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// What it is.
    #[must_use]
    pub const fn it(&self) -> &T {
        &self.0
    }

    /// What it is, to keep.
    #[must_use]
    pub fn into_it(self) -> T {
        self.0
    }
}

impl Verified<SignedChit> {
    /// A chit that this very device has just signed with the key of its own chain.
    #[must_use]
    pub(crate) fn own(chit: crate::chit::Chit, key: &SecretKey) -> Self {
        Self(chit.sign(key))
    }
}

/// An object that can pass the door, and the ground on which it is judged.
pub trait Object: Sized {
    /// What must be known to judge it.
    type Ground<'g>;
    /// What it is when it has passed.
    type Admitted;

    /// Judges it. Only [`admit`] calls this.
    #[doc(hidden)]
    fn judge(claim: Unverified<Self>, ground: &Self::Ground<'_>) -> Result<Self::Admitted, Refusal>;
}

/// The one way in.
pub fn admit<T: Object>(claim: Unverified<T>, ground: &T::Ground<'_>) -> Result<T::Admitted, Refusal> {
    T::judge(claim, ground)
}
