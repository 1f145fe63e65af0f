//! Chits: what somebody pledges or settles on a tally, signed with a key that is used once.

mod body;
mod note;

pub use body::{Body, DeviceAct, Variables};
pub(crate) use note::SEALED_MAX;
pub use note::{MEMO_MAX, Note, PledgePlace, REFERENCE_MAX};

use crate::canon::{Canon, Malformed, Reader, Writer};
use crate::digest::{Digest, Statement};
use crate::key::{PublicKey, SecretKey, Signature, SignatureError};
use crate::tally::{Date, SUITE, Side, TallyId, read_suite};

/// One device's chain of chits in one epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId {
    /// Whose device.
    pub side: Side,
    /// Which of that party's devices.
    pub device: u32,
    /// Which epoch of that device.
    pub epoch: u64,
}

impl Canon for ChainId {
    const WHAT: &'static str = "chain";

    fn write(&self, to: &mut Writer) {
        to.array(3).put(&self.side).uint(self.device.into()).uint(self.epoch);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 3)?;
        Ok(Self { side: from.take()?, device: from.uint32("device")?, epoch: from.uint("epoch")? })
    }
}

/// Which chit is meant: its place in its chain, and its hash to be sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChitRef {
    /// In which chain.
    pub chain: ChainId,
    /// At which number.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
}

impl Canon for ChitRef {
    const WHAT: &'static str = "chit reference";

    fn write(&self, to: &mut Writer) {
        to.array(3).put(&self.chain).uint(self.seq).put(&self.hash);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 3)?;
        Ok(Self { chain: from.take()?, seq: from.uint("sequence number")?, hash: from.take()? })
    }
}

/// What is signed. Its place in the tally's order is not part of it: moving a chit never needs a new signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chit {
    /// On which tally.
    pub tally: TallyId,
    /// In which chain.
    pub chain: ChainId,
    /// The how-manieth of the chain, from 1.
    pub seq: u64,
    /// The hash of the chain's previous chit; for the first, zeros.
    pub prev_own: Digest,
    /// The hash of the key that will sign the next one.
    pub next_key: Digest,
    /// When it was signed, by the signer's clock.
    pub date: Date,
    /// What it says.
    pub body: Body,
}

impl Chit {
    /// The hash by which it is known everywhere.
    #[must_use]
    pub fn hash(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }

    /// How others refer to it.
    #[must_use]
    pub fn reference(&self) -> ChitRef {
        ChitRef { chain: self.chain, seq: self.seq, hash: self.hash() }
    }

    /// Signs it.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> SignedChit {
        let signature = key.sign(Statement::Chit, &self.hash());
        SignedChit { chit: self, key: key.public(), signature }
    }
}

impl Canon for Chit {
    const WHAT: &'static str = "chit";

    fn write(&self, to: &mut Writer) {
        to.array(10).uint(SUITE).put(&self.tally).put(&self.chain.side);
        to.uint(self.chain.device.into()).uint(self.chain.epoch).uint(self.seq);
        to.put(&self.prev_own).put(&self.next_key).uint(self.date).put(&self.body);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.counted_after(Self::WHAT, 10, read_suite)?;
        let tally = from.take()?;
        let chain =
            ChainId { side: from.take()?, device: from.uint32("device")?, epoch: from.uint("epoch")? };
        let seq = from.uint("sequence number")?;
        if seq == 0 || seq >= 1 << 32 {
            return Err(Malformed::OutOfRange { what: "sequence number" });
        }
        let (prev_own, next_key) = (from.take()?, from.take()?);
        Ok(Self { tally, chain, seq, prev_own, next_key, date: from.uint("date")?, body: from.take()? })
    }
}

/// A chit with its signature, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedChit {
    /// What is signed.
    pub chit: Chit,
    /// The key that was promised by the chit before.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
}

impl SignedChit {
    /// Whether the signature holds under the key that comes with it. Whether that key may sign here is for the door to say.
    pub fn check_signature(&self) -> Result<(), SignatureError> {
        self.key.verify(Statement::Chit, &self.chit.hash(), &self.signature)
    }

    /// The short form for air and codes: what the tally and the chain imply is left out.
    #[must_use]
    pub fn brief(&self) -> BriefChit {
        BriefChit {
            date: self.chit.date,
            body: self.chit.body.clone(),
            next_key: self.chit.next_key,
            key: self.key,
            signature: self.signature,
        }
    }
}

impl Canon for SignedChit {
    const WHAT: &'static str = "signed chit";

    fn write(&self, to: &mut Writer) {
        to.array(4).uint(crate::canon::WIRE_VERSION).put(&self.chit).bytes(&self.key.0).put(&self.signature);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 4)?;
        // The key is decoded once, when the signature is verified; a weak one is refused there.
        Ok(Self { chit: from.take()?, key: PublicKey(from.fixed("chit key")?), signature: from.take()? })
    }
}

/// A chit without what its context implies. It becomes a [`SignedChit`] again before anything is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BriefChit {
    date: Date,
    body: Body,
    next_key: Digest,
    key: PublicKey,
    signature: Signature,
}

impl BriefChit {
    /// Puts back what the context implies.
    #[must_use]
    pub fn in_context(self, tally: TallyId, chain: ChainId, seq: u64, prev_own: Digest) -> SignedChit {
        let chit =
            Chit { tally, chain, seq, prev_own, next_key: self.next_key, date: self.date, body: self.body };
        SignedChit { chit, key: self.key, signature: self.signature }
    }
}

impl Canon for BriefChit {
    const WHAT: &'static str = "brief chit";

    fn write(&self, to: &mut Writer) {
        let fixed = [&self.next_key.0[..], &self.key.0, &self.signature.0].concat();
        to.array(3).uint(self.date).put(&self.body).bytes(&fixed);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 3)?;
        let (date, body) = (from.uint("date")?, from.take()?);
        let fixed: [u8; 128] = from.fixed("key, next key and signature")?;
        let short = |_| Malformed::Truncated { what: Self::WHAT };
        let (next_key, rest) = fixed.split_first_chunk::<32>().ok_or(()).map_err(short)?;
        let (key, signature) = rest.split_first_chunk::<32>().ok_or(()).map_err(short)?;
        let signature = <[u8; 64]>::try_from(signature).map_err(|_| short(()))?;
        Ok(Self {
            date,
            body,
            next_key: Digest(*next_key),
            key: PublicKey(*key),
            signature: Signature(signature),
        })
    }
}
