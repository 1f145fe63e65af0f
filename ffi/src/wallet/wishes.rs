//! What I would like to hold on a tally: for lifts, which go along when they suit both wishes.

pub use hazel_core::chit::Variables as Wishes;
use hazel_core::tally::TallyId;
use hazel_core::units::Units;

use super::Wallet;
use crate::Answer;

/// What I would like to hold on a tally. Amounts in thousandths, rates in parts of a million.
#[uniffi::remote(Record)]
pub struct Wishes {
    /// The balance I would like to have.
    pub target: Units,
    /// The balance I will not go beyond.
    pub bound: Units,
    /// What I ask for moving away from the target.
    pub reward: i32,
    /// What I ask for moving back towards it.
    pub clutch: i32,
}

#[uniffi::export]
impl Wallet {
    /// My own wishes on a tally, as they stand.
    pub fn wishes(&self, tally: TallyId) -> Answer<Wishes> {
        self.read(|wallet| Ok(wallet.variables(&tally)?))
    }

    /// Sets my wishes on a tally: signs a chit that says so.
    pub fn set(&self, tally: TallyId, wishes: Wishes) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.set_variables(&tally, wishes).map(|_| ())?))
    }
}
