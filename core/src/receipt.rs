//! "My device holds your chain up to here": what moves a chit from sent to held.

use crate::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use crate::chit::ChainId;
use crate::digest::{Digest, Statement};
use crate::key::{SecretKey, Signature};
use crate::tally::{SUITE, TallyId, read_suite};

/// A cumulative receipt for one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// On which tally.
    pub tally: TallyId,
    /// Which device has received.
    pub by: ChainId,
    /// Which chain it holds.
    pub chain: ChainId,
    /// Up to which number.
    pub seq: u64,
    /// The hash of the chit at that number.
    pub hash: Digest,
}

impl Receipt {
    /// Signs it with the device's key.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> SignedReceipt {
        let signature = key.sign(Statement::Receipt, &Digest::of(&self.to_bytes()));
        SignedReceipt { receipt: self, signature }
    }
}

impl Canon for Receipt {
    const WHAT: &'static str = "receipt";

    fn write(&self, to: &mut Writer) {
        to.array(6)
            .uint(SUITE)
            .put(&self.tally)
            .put(&self.by)
            .put(&self.chain)
            .uint(self.seq)
            .put(&self.hash);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.counted_after(Self::WHAT, 6, read_suite)?;
        Ok(Self {
            tally: from.take()?,
            by: from.take()?,
            chain: from.take()?,
            seq: from.uint("sequence number")?,
            hash: from.take()?,
        })
    }
}

/// A receipt with the device's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedReceipt {
    /// What is held.
    pub receipt: Receipt,
    /// The signature.
    pub signature: Signature,
}

impl Canon for SignedReceipt {
    const WHAT: &'static str = "signed receipt";

    fn write(&self, to: &mut Writer) {
        to.array(3).uint(WIRE_VERSION).put(&self.receipt).put(&self.signature);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 3)?;
        Ok(Self { receipt: from.take()?, signature: from.take()? })
    }
}
