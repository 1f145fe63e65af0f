//! Words of nodes at the door, and proofs that need nobody's word.

use crate::order::{Certificate, Endorsement, ForkProof, NodeSets};
use crate::tally::{Side, TallyId};

use super::{Object, Refusal, Unverified, Verified};

/// What must be known to judge an endorsement or a certificate.
#[derive(Debug, Clone, Copy)]
pub struct NodeGround<'g> {
    /// The tally it must be on.
    pub tally: &'g TallyId,
    /// Who has a say.
    pub nodes: &'g NodeSets,
}

impl Object for Endorsement {
    type Ground<'g> = NodeGround<'g>;
    type Admitted = Verified<Self>;

    fn judge(claim: Unverified<Self>, ground: &NodeGround<'_>) -> Result<Verified<Self>, Refusal> {
        const WHAT: &str = "endorsement";
        let it = claim.it;
        if it.head.tally != *ground.tally {
            return Err(Refusal::OtherTally { what: WHAT });
        }
        if !Side::BOTH.iter().any(|side| ground.nodes.of(*side).contains(&it.key)) {
            return Err(Refusal::NotANode);
        }
        it.check_signature().map_err(|error| Refusal::Signature { what: WHAT, error })?;
        Ok(Verified(it))
    }
}

impl Object for Certificate {
    type Ground<'g> = NodeGround<'g>;
    type Admitted = Verified<Self>;

    fn judge(claim: Unverified<Self>, ground: &NodeGround<'_>) -> Result<Verified<Self>, Refusal> {
        if claim.it.head.tally != *ground.tally {
            return Err(Refusal::OtherTally { what: "certificate" });
        }
        claim.it.check(ground.nodes)?;
        Ok(Verified(claim.it))
    }
}

impl Object for ForkProof {
    type Ground<'g> = TallyId;
    type Admitted = Verified<Self>;

    fn judge(claim: Unverified<Self>, ground: &TallyId) -> Result<Verified<Self>, Refusal> {
        let tally = match &claim.it {
            Self::Chits(one, _) => one.chit.tally,
            Self::Orders(one, _) => one.head.tally,
        };
        if tally != *ground {
            return Err(Refusal::OtherTally { what: "fork proof" });
        }
        claim.it.check()?;
        Ok(Verified(claim.it))
    }
}
