//! What I would like to hold on a tally: for lifts, which go along when they suit both wishes.

use hazel_core::chit::Variables;
use hazel_core::units::Units;

use super::Wallet;
use crate::Answer;
use crate::records::tally_of;

/// What I would like to hold on a tally. Amounts in thousandths, rates in parts of a million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Wishes {
    /// The balance I would like to have.
    pub target: i64,
    /// The balance I will not go beyond.
    pub bound: i64,
    /// What I ask for moving away from the target.
    pub reward: i32,
    /// What I ask for moving back towards it.
    pub clutch: i32,
}

#[uniffi::export]
impl Wallet {
    /// My own wishes on a tally, as they stand.
    pub fn wishes(&self, tally: &str) -> Answer<Wishes> {
        let id = tally_of(tally)?;
        self.read(|wallet| {
            let Variables { target, bound, reward, clutch } = wallet.variables(&id)?;
            Ok(Wishes { target: target.milli(), bound: bound.milli(), reward, clutch })
        })
    }

    /// Sets my wishes on a tally: signs a chit that says so.
    pub fn set(&self, tally: &str, wishes: Wishes) -> Answer<()> {
        let id = tally_of(tally)?;
        let Wishes { target, bound, reward, clutch } = wishes;
        let variables = Variables { target: Units::new(target), bound: Units::new(bound), reward, clutch };
        self.change(tally, |wallet| Ok(wallet.set_variables(&id, variables).map(|_| ())?))
    }
}
