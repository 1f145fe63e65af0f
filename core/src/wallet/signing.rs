//! Signing one chit: the only place where a forward key is used, and the order in which that happens.
//!
//! Inside one transaction: unseal the seed, sign, put the chit on its chain, replace the seed by the next one. When the transaction
//! is on the disk the used key is gone; if it is not, the key was never used.

use crate::admit::Verified;
use crate::book::{Book, Device, Flag};
use crate::chit::{Body, Chit, SignedChit};
use crate::intake::{End, append};
use crate::key::{ForwardSeed, SecretKey};
use crate::store::{ChainRow, Shelf, Standing, StoreError};
use crate::tally::TallyId;

use super::{CannotPay, Hands, Result, SEED, Wallet, WalletError, secret};

/// The key of the next chit of one chain, kept in memory because it was computed anyway when the last chit committed to it.
///
/// Nothing of it is only here: the seed from which it follows is on the disk, sealed. Whoever takes it up compares it with what the
/// chain promised, so that a key made ready for another chit is never used.
pub struct Ready {
    chain: i64,
    seq: u64,
    seed: ForwardSeed,
    key: SecretKey,
    /// The key after that one, if there was leisure to compute it: the next chit must promise it.
    after: Option<(ForwardSeed, SecretKey)>,
}

impl Wallet {
    /// Computes ahead what the next payment on a tally will need. Nothing is signed and nothing is written; a wallet that never calls
    /// this pays all the same, only a little later. Worth calling when somebody opens the screen on which they pay, and after they paid.
    pub fn make_ready(&mut self, tally: &TallyId) -> Result<()> {
        self.study(|shelf, hands| {
            let front = shelf.purse(tally)?.ok_or(WalletError::Unknown { what: "tally" })?.front;
            let Some(chain) = front.and_then(|front| front.chain).filter(|chain| chain.seed.is_some()) else {
                return Ok(());
            };
            let mut ready = take_ready(hands, &chain)?;
            let after = ready.after.take().unwrap_or_else(|| following(&ready.seed));
            *hands.ready = Some(Ready { after: Some(after), ..ready });
            Ok(())
        })
    }
}

fn following(seed: &ForwardSeed) -> (ForwardSeed, SecretKey) {
    let next = seed.next();
    let key = next.key();
    (next, key)
}

/// Signs a chit on this device's own chain.
pub(super) fn sign(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    tally: &TallyId,
    standing: &mut Standing,
    body: impl FnOnce(&ChainRow, u64) -> Body,
) -> Result<(SignedChit, Flag)> {
    if standing.reconciling {
        return Err(WalletError::Reconciling);
    }
    let chain = shelf.chain(standing.chain.ok_or(WalletError::Unknown { what: "chain of this device" })?)?;
    sign_on(shelf, hands, tally, End::of(standing), chain, body)
}

/// Whether this device's own chain may still be signed on: its seed is here, and the order knows the device as active.
pub(super) fn may_sign(own: &ChainRow, tip: &Book) -> bool {
    own.seed.is_some() && tip.device(&own.id).is_some_and(Device::is_active)
}

/// Signs a chit on a chain whose seed is here.
pub(super) fn sign_on(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    tally: &TallyId,
    end: End<'_>,
    mut chain: ChainRow,
    body: impl FnOnce(&ChainRow, u64) -> Body,
) -> Result<(SignedChit, Flag)> {
    if chain.seed.is_none() {
        return Err(CannotPay::Revoked.into());
    }
    let Ready { seed, key, after, .. } = take_ready(hands, &chain)?;
    if key.public().digest() != chain.next_key {
        return Err(StoreError::Corrupt { what: SEED }.into());
    }
    let seq = chain.seq.saturating_add(1);
    let (next_seed, next_key) = after.unwrap_or_else(|| following(&seed));
    let chit = Chit {
        tally: *tally,
        chain: chain.id,
        seq,
        prev_own: chain.hash,
        next_key: next_key.public().digest(),
        date: hands.now,
        body: body(&chain, seq),
    };
    let signed = Verified::own(chit, &key).into_it();
    chain.seed = Some(hands.vault.seal(SEED, chain.no, next_seed.as_bytes(), hands.entropy));
    let flag = append(shelf, end, &mut chain, &signed)?;
    shelf.put_chain(&chain)?;
    *hands.ready = Some(Ready {
        chain: chain.no,
        seq: seq.saturating_add(1),
        seed: next_seed,
        key: next_key,
        after: None,
    });
    Ok((signed, flag))
}

fn take_ready(hands: &mut Hands<'_>, chain: &ChainRow) -> Result<Ready> {
    let next = chain.seq.saturating_add(1);
    match hands.ready.take() {
        Some(ready) if ready.chain == chain.no && ready.seq == next => Ok(ready),
        _ => {
            let seed = ForwardSeed::from_bytes(*secret(hands.vault, SEED, chain.no, chain.seed.as_ref())?);
            let key = seed.key();
            Ok(Ready { chain: chain.no, seq: next, seed, key, after: None })
        }
    }
}
