//! When a phone is lost.

use hazel_core::key::RecoveryWords;
use hazel_core::tally::TallyId;
pub use hazel_core::wallet::RehearsalReport as Rehearsal;

use super::Wallet;
use crate::Answer;
use crate::ids::Count;

/// What a rehearsal found.
#[uniffi::remote(Record)]
pub struct Rehearsal {
    /// How many tallies came back.
    pub tallies: Count,
    /// How many chits came back.
    pub chits: Count,
    /// When the backup was made.
    pub made: u64,
    /// How many chits were signed since: they would come back from the partners.
    pub newer: Count,
}

#[uniffi::export]
impl Wallet {
    /// A backup, sealed with the recovery words.
    pub fn backup(&self, words: &str) -> Answer<Vec<u8>> {
        let words = RecoveryWords::parse(words)?;
        self.read(|wallet| Ok(wallet.backup(&words)?))
    }

    /// Restores a backup into memory and compares it with this wallet, so that one knows before one needs it.
    pub fn rehearse(&self, words: &str, backup: Vec<u8>) -> Answer<Rehearsal> {
        let words = RecoveryWords::parse(words)?;
        self.read(|wallet| Ok(wallet.rehearse_restore(&words, &backup)?))
    }

    /// Everything on a tally for a partner who has lost its wallet and has nothing but its words.
    pub fn remind(&self, tally: TallyId) -> Answer<Vec<u8>> {
        self.read(|wallet| Ok(wallet.remind(&tally)?))
    }

    /// Takes back a tally from a partner's reminder, and answers which.
    pub fn rebuild(&self, reminder: Vec<u8>) -> Answer<TallyId> {
        let tally = self.read(|wallet| Ok(wallet.rebuild(&reminder)?.tally))?;
        self.cell.tell(tally);
        Ok(tally)
    }

    /// Goes on with a restored tally although the partner cannot be met.
    pub fn go_on(&self, tally: TallyId) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.resume(&tally)?))
    }

    /// Begins anew on a tally where this device may sign no longer, since a copy of it went on or another one was restored in its place.
    pub fn renew(&self, tally: TallyId) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.renew(&tally)?))
    }
}
