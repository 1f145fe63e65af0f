//! When a phone is lost.

use hazel_core::key::RecoveryWords;

use super::Wallet;
use crate::Answer;
use crate::records::{count, tally_of};

/// What a rehearsal found.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Rehearsal {
    /// How many tallies came back.
    pub tallies: u64,
    /// How many chits came back.
    pub chits: u64,
    /// When the backup was made.
    pub made: u64,
    /// How many chits were signed since: they would come back from the partners.
    pub newer: u64,
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
        self.read(|wallet| {
            let report = wallet.rehearse_restore(&words, &backup)?;
            let (tallies, chits) = (count(report.tallies), count(report.chits));
            Ok(Rehearsal { tallies, chits, made: report.made, newer: count(report.newer) })
        })
    }

    /// Everything on a tally for a partner who has lost its wallet and has nothing but its words.
    pub fn remind(&self, tally: &str) -> Answer<Vec<u8>> {
        let id = tally_of(tally)?;
        self.read(|wallet| Ok(wallet.remind(&id)?))
    }

    /// Takes back a tally from a partner's reminder, and answers which.
    pub fn rebuild(&self, reminder: Vec<u8>) -> Answer<String> {
        let tally = self.read(|wallet| Ok(wallet.rebuild(&reminder)?.tally.to_string()))?;
        self.cell.tell(&tally);
        Ok(tally)
    }

    /// Goes on with a restored tally although the partner cannot be met.
    pub fn go_on(&self, tally: &str) -> Answer<()> {
        let id = tally_of(tally)?;
        self.change(tally, |wallet| Ok(wallet.resume(&id)?))
    }

    /// Begins anew on a tally where this device may sign no longer, since a copy of it went on or another one was restored in its place.
    pub fn renew(&self, tally: &str) -> Answer<()> {
        let id = tally_of(tally)?;
        self.change(tally, |wallet| Ok(wallet.renew(&id)?))
    }
}
