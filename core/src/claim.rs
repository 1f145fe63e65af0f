//! "This half is mine": how a site knows that whoever calls may see a half and bring chits for it.

use crate::admit::Refusal;
use crate::book::Book;
use crate::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use crate::digest::{Digest, Statement};
use crate::key::{PublicKey, SecretKey, Signature};
use crate::tally::{Side, Tally, TallyId};

/// What is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hosting {
    /// Which tally.
    pub tally: TallyId,
    /// Which half.
    pub side: Side,
    /// The node key of the site it is told to.
    pub site: PublicKey,
    /// The key of the channel on which it is told: on another channel it says nothing.
    pub user: [u8; 32],
}

impl Hosting {
    /// Signs it, with the party's key or the key of one of its devices.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> Claim {
        let signature = key.sign(Statement::Claim, &Digest::of(&self.to_bytes()));
        Claim { hosting: self, key: key.public(), signature }
    }
}

impl Canon for Hosting {
    const WHAT: &'static str = "hosting";

    fn write(&self, to: &mut Writer) {
        to.array(4).put(&self.tally).put(&self.side).put(&self.site).bytes(&self.user);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 4)?;
        Ok(Self {
            tally: from.take()?,
            side: from.take()?,
            site: from.take()?,
            user: from.fixed("user's key")?,
        })
    }
}

/// A signed claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// What is claimed.
    pub hosting: Hosting,
    /// Who signed: the party itself, or one of its devices.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
}

impl Claim {
    /// Whether it is signed by somebody who may claim that half, for this site, on this channel.
    pub fn check(&self, tally: &Tally, tip: &Book, site: &PublicKey, user: &[u8; 32]) -> Result<(), Refusal> {
        const WHAT: &str = "claim of a half";
        let hosting = &self.hosting;
        if hosting.tally != tally.id {
            return Err(Refusal::OtherTally { what: WHAT });
        }
        if hosting.site != *site || hosting.user != *user {
            return Err(Refusal::OutOfPlace { what: WHAT });
        }
        if !may_claim(tally, tip, hosting.side, &self.key) {
            return Err(Refusal::UnknownDevice { what: WHAT });
        }
        let body = Digest::of(&hosting.to_bytes());
        self.key
            .verify(Statement::Claim, &body, &self.signature)
            .map_err(|error| Refusal::Signature { what: WHAT, error })
    }
}

/// Whether a key belongs to the party that holds a half: its own, or that of a device that may still sign.
#[must_use]
pub fn may_claim(tally: &Tally, tip: &Book, side: Side, key: &PublicKey) -> bool {
    tally.half(side).cert.party_key == *key || tip.active(side).any(|device| device.grant.device_key == *key)
}

impl Canon for Claim {
    const WHAT: &'static str = "claim of a half";

    fn write(&self, to: &mut Writer) {
        to.array(4).uint(WIRE_VERSION).put(&self.hosting).put(&self.key).put(&self.signature);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 4)?;
        Ok(Self { hosting: from.take()?, key: from.take()?, signature: from.take()? })
    }
}
