//! What a verb works with inside its transaction: the secrets it may open, and the rows that must be there.

use zeroize::Zeroizing;

use super::error::Result;
use super::{Ready, WalletError};
use crate::key::{Entropy, PartyRoot, SecretKey};
use crate::keystore::Vault;
use crate::message::Mark;
use crate::negotiation::{OutOfPlace, TallyEvent};
use crate::pair::PairKey;
use crate::store::{Shelf, Standing, StoreError, TallyRow, WalletRow};
use crate::tally::{Date, TallyId};

pub(super) const ROOT: &str = "wallet.root";
pub(super) const PAIR: &str = "tally.pair";
pub(super) const DEVICE_KEY: &str = "tally.device_key";
pub(super) const SEED: &str = "chain.seed";

/// What a verb works with inside its transaction, beside the rows.
pub(super) struct Hands<'w> {
    pub(super) vault: &'w Vault,
    pub(super) root: Option<&'w PartyRoot>,
    pub(super) me: &'w WalletRow,
    pub(super) now: Date,
    pub(super) entropy: &'w mut dyn Entropy,
    pub(super) ready: &'w mut Option<Ready>,
}

impl Hands<'_> {
    /// By which this device knows its own hand-overs.
    pub(super) fn own_mark(&self) -> Mark {
        Mark::new(self.vault.purpose(b"hazel/v1/own-mark"))
    }

    pub(super) fn root(&self) -> Result<&PartyRoot> {
        self.root.ok_or(WalletError::NoRoot)
    }

    pub(super) fn pair_key(&self, shelf: &Shelf<'_>, no: i64) -> Result<PairKey> {
        let sealed = shelf.tally_secrets(no)?.pair;
        Ok(PairKey::from_bytes(*secret(self.vault, PAIR, no, sealed.as_ref())?))
    }

    pub(super) fn device_key(&self, shelf: &Shelf<'_>, no: i64) -> Result<SecretKey> {
        let sealed = shelf.tally_secrets(no)?.device_key;
        Ok(SecretKey::from_seed(&*secret(self.vault, DEVICE_KEY, no, sealed.as_ref())?))
    }
}

/// Opens a secret that must be there and whole.
pub(super) fn secret(
    vault: &Vault,
    place: &'static str,
    row: i64,
    sealed: Option<&Vec<u8>>,
) -> Result<Zeroizing<[u8; 32]>> {
    sealed
        .and_then(|sealed| vault.open(place, row, sealed))
        .ok_or(WalletError::Store(StoreError::Corrupt { what: place }))
}

pub(super) fn check_length(what: &'static str, text: &str, max: usize) -> Result<()> {
    if text.len() > max { Err(WalletError::TooLong { what, max }) } else { Ok(()) }
}

/// The short name of a tally that must be here.
pub(super) fn tally_no(shelf: &Shelf<'_>, id: &TallyId) -> Result<i64> {
    shelf.tally_no(id)?.ok_or(WalletError::Unknown { what: "tally" })
}

/// A tally that must be here.
pub(super) fn tally_row(shelf: &Shelf<'_>, id: &TallyId) -> Result<TallyRow> {
    Ok(shelf.tally(tally_no(shelf, id)?)?)
}

/// Where a tally stands; it must have a contract.
pub(super) fn standing(shelf: &Shelf<'_>, no: i64) -> Result<Standing> {
    match shelf.standing(no)? {
        Some(standing) => Ok(standing),
        None => {
            let (_, _, state, _) = shelf.tally_label(no)?;
            Err(OutOfPlace { state, event: TallyEvent::Close }.into())
        }
    }
}
