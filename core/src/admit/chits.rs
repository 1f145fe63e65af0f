//! Chits at the door.

use crate::canon::{WIRE_VERSION, Writer};
use crate::chit::{Body, ChainId, DeviceAct, SignedChit};
use crate::digest::{Digest, Statement};
use crate::key::{PublicKey, Signature};
use crate::order::ForkProof;
use crate::tally::{Grant, Side, TallyId};

use super::{Object, Refusal, Unverified, Verified};

/// Checks the signatures of many chits, on as many threads as are given. What does not hold stays unproven and is refused at the door.
pub fn prove(chits: &mut [Unverified<SignedChit>], threads: usize) {
    let share = chits.len().div_ceil(threads.max(1)).max(1);
    let check = |part: &mut [Unverified<SignedChit>]| {
        for chit in part {
            chit.proven = chit.it.check_signature().is_ok();
        }
    };
    if threads <= 1 {
        return check(chits);
    }
    std::thread::scope(|scope| {
        for part in chits.chunks_mut(share) {
            scope.spawn(move || check(part));
        }
    });
}

/// What must be known to judge a chit.
#[derive(Debug, Clone, Copy)]
pub struct ChitGround<'g> {
    /// The tally it must be on.
    pub tally: &'g TallyId,
    /// The party key of the half it claims.
    pub party_key: &'g PublicKey,
    /// The key promised for this place: by the chit before it, or by the device's grant for the first.
    pub promised: Option<Digest>,
    /// What is held at this very place already.
    pub here: &'g [SignedChit],
}

/// What the door says of a chit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChitAdmission {
    /// It goes on its chain.
    New(Verified<SignedChit>),
    /// It is held already.
    Known,
    /// Its signature holds, but what must come before it is not here yet.
    Gap,
    /// It goes on its chain beside another one: the signer has used one key twice.
    Fork(Verified<SignedChit>, Verified<ForkProof>),
}

impl Object for SignedChit {
    type Ground<'g> = ChitGround<'g>;
    type Admitted = ChitAdmission;

    fn judge(claim: Unverified<Self>, ground: &ChitGround<'_>) -> Result<ChitAdmission, Refusal> {
        const WHAT: &str = "chit";
        let Unverified { it, proven } = claim;
        if it.chit.tally != *ground.tally {
            return Err(Refusal::OtherTally { what: WHAT });
        }
        if ground.here.iter().any(|held| held.chit == it.chit) {
            return Ok(ChitAdmission::Known);
        }
        if (it.chit.seq == 1) != (it.chit.prev_own == Digest::default()) {
            return Err(Refusal::WrongPlace);
        }
        let promised = match &it.chit.body {
            Body::Device(DeviceAct::Epoch { grant, by_party }) => {
                let place = ChainId { device: grant.device, epoch: grant.epoch, ..it.chit.chain };
                if place != it.chit.chain || it.chit.seq != 1 {
                    return Err(Refusal::WrongPlace);
                }
                check_grant(ground.tally, it.chit.chain.side, grant, ground.party_key, by_party)?;
                Some(grant.first_key)
            }
            _ => ground.promised,
        };
        if promised.is_some_and(|promised| it.key.digest() != promised) {
            return Err(Refusal::WrongKey);
        }
        if !proven {
            it.check_signature().map_err(|error| Refusal::Signature { what: WHAT, error })?;
        }
        if promised.is_none() {
            return Ok(ChitAdmission::Gap);
        }
        // Another key at the same place means another branch of a chain that was forked before; one key twice is the fork itself.
        match ground.here.iter().find(|held| held.key == it.key) {
            None => Ok(ChitAdmission::New(Verified(it))),
            Some(held) => {
                let proof = ForkProof::Chits(Box::new(held.clone()), Box::new(it.clone()));
                proof.check()?;
                Ok(ChitAdmission::Fork(Verified(it), Verified(proof)))
            }
        }
    }
}

/// What a party signs when it opens a new epoch for one of its devices.
#[must_use]
pub fn grant_digest(tally: &TallyId, side: Side, grant: &Grant) -> Digest {
    let mut to = Writer::with_capacity(128);
    to.array(4).uint(WIRE_VERSION).put(tally).put(&side).put(grant);
    Digest::of(&to.into_bytes())
}

fn check_grant(
    tally: &TallyId,
    side: Side,
    grant: &Grant,
    party: &PublicKey,
    signature: &Signature,
) -> Result<(), Refusal> {
    party
        .verify(Statement::Grant, &grant_digest(tally, side, grant), signature)
        .map_err(|error| Refusal::Signature { what: "grant of a new epoch", error })
}
