//! A pledge as one small picture: everything that its signature covers, except what the payee's own copy of the chain implies.
//!
//! The hash of the chit before is left out, so a code speaks only to somebody who holds that chit. With the payee's receipt beside it,
//! the receipt shrinks to a device and a signature: all else it says is said by the pledge.

use crate::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use crate::chit::{Body, ChainId, Chit, ChitRef, SEALED_MAX, SignedChit};
use crate::digest::Digest;
use crate::invoice::InvoiceId;
use crate::key::{PublicKey, Signature};
use crate::receipt::{Receipt, SignedReceipt};
use crate::tally::{Date, TallyId};
use crate::units::Units;

/// A signed pledge without the hash of the chit before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PledgeCode {
    /// On which tally.
    pub tally: TallyId,
    /// In which chain.
    pub chain: ChainId,
    /// At which number.
    pub seq: u64,
    /// When it was signed.
    pub date: Date,
    /// How much.
    pub units: Units,
    /// The invoice it answers.
    pub invoice: Option<InvoiceId>,
    /// Memo and reference, for the two parties only.
    pub sealed: Option<Vec<u8>>,
    /// The hash of the key that will sign the next chit.
    pub next_key: Digest,
    /// The key that was promised by the chit before.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
}

impl PledgeCode {
    /// The code of a pledge; none for any other chit.
    #[must_use]
    pub fn of(signed: &SignedChit) -> Option<Self> {
        let Chit { tally, chain, seq, next_key, date, ref body, .. } = signed.chit;
        let Body::Pledge { units, invoice, ref sealed } = *body else { return None };
        Some(Self {
            tally,
            chain,
            seq,
            date,
            units,
            invoice,
            sealed: sealed.clone(),
            next_key,
            key: signed.key,
            signature: signed.signature,
        })
    }

    /// The chit as it was signed, if `before` is the hash of the one before it. Only its signature tells.
    #[must_use]
    pub fn after(&self, before: Digest) -> SignedChit {
        let body = Body::Pledge { units: self.units, invoice: self.invoice, sealed: self.sealed.clone() };
        let chit = Chit {
            tally: self.tally,
            chain: self.chain,
            seq: self.seq,
            prev_own: before,
            next_key: self.next_key,
            date: self.date,
            body,
        };
        SignedChit { chit, key: self.key, signature: self.signature }
    }

    fn write_open(&self, to: &mut Writer) {
        to.uint(WIRE_VERSION).put(&self.tally).put(&self.chain.side).uint(self.chain.device.into());
        to.uint(self.chain.epoch).uint(self.seq).uint(self.date).put(&self.units);
        to.put_option(self.invoice.as_ref());
        match &self.sealed {
            Some(sealed) => to.bytes(sealed),
            None => to.null(),
        };
    }

    /// Everything behind the version and before the keys. These are filled in by whoever reads them.
    fn read_open(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let tally = from.take()?;
        let chain =
            ChainId { side: from.take()?, device: from.uint32("device")?, epoch: from.uint("epoch")? };
        let (seq, date) = (from.uint("sequence number")?, from.uint("date")?);
        if seq == 0 || seq >= 1 << 32 {
            return Err(Malformed::OutOfRange { what: "sequence number" });
        }
        let units = from.take::<Units>()?.payable();
        let units = units.map_err(|_| Malformed::OutOfRange { what: "pledged amount" })?;
        let invoice = from.take_option()?;
        let sealed = match from.is_null("sealed memo")? {
            true => None,
            false => Some(from.bytes("sealed memo", SEALED_MAX)?.to_vec()),
        };
        let (next_key, key, signature) = (Digest::default(), PublicKey([0; 32]), Signature([0; 64]));
        Ok(Self { tally, chain, seq, date, units, invoice, sealed, next_key, key, signature })
    }

    fn keys(&self) -> [&[u8]; 3] {
        [&self.next_key.0, &self.key.0, &self.signature.0]
    }

    fn with_keys(mut self, bytes: &[u8; 128]) -> Self {
        // The three parts are as long as the whole, so that nothing is left to be copied or missing.
        let parts = self.next_key.0.iter_mut().chain(&mut self.key.0).chain(&mut self.signature.0);
        for (to, from) in parts.zip(bytes) {
            *to = *from;
        }
        self
    }
}

impl Canon for PledgeCode {
    const WHAT: &'static str = "payment code";

    fn write(&self, to: &mut Writer) {
        to.array(11);
        self.write_open(to);
        to.bytes(&self.keys().concat());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 11)?;
        let open = Self::read_open(from)?;
        Ok(open.with_keys(&from.fixed("key, next key and signature")?))
    }
}

/// A pledge and the payee's receipt for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptedCode {
    /// The pledge.
    pub pledge: PledgeCode,
    /// Which of the payee's devices has received it.
    pub device: u32,
    /// In which epoch of that device.
    pub epoch: u64,
    /// That device's signature under the receipt.
    pub signature: Signature,
}

impl ReceiptedCode {
    /// The code of a pledge with its receipt; none where the two do not belong together.
    #[must_use]
    pub fn of(signed: &SignedChit, receipt: &SignedReceipt) -> Option<Self> {
        let by = receipt.receipt.by;
        let it = Self {
            pledge: PledgeCode::of(signed)?,
            device: by.device,
            epoch: by.epoch,
            signature: receipt.signature,
        };
        (it.receipt(&signed.chit.reference()) == *receipt).then_some(it)
    }

    /// The receipt as it was signed, if `pledge` is what it was signed for. Only its signature tells.
    #[must_use]
    pub fn receipt(&self, pledge: &ChitRef) -> SignedReceipt {
        let by = ChainId { side: self.pledge.chain.side.other(), device: self.device, epoch: self.epoch };
        let receipt =
            Receipt { tally: self.pledge.tally, by, chain: pledge.chain, seq: pledge.seq, hash: pledge.hash };
        SignedReceipt { receipt, signature: self.signature }
    }
}

impl Canon for ReceiptedCode {
    const WHAT: &'static str = "payment code with receipt";

    fn write(&self, to: &mut Writer) {
        to.array(13);
        self.pledge.write_open(to);
        let [next_key, key, signature] = self.pledge.keys();
        to.uint(self.device.into()).uint(self.epoch);
        to.bytes(&[next_key, key, signature, &self.signature.0].concat());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 13)?;
        let open = PledgeCode::read_open(from)?;
        let (device, epoch) = (from.uint32("device")?, from.uint("epoch")?);
        let bytes: [u8; 192] = from.fixed("key, next key and two signatures")?;
        let short = || Malformed::Truncated { what: Self::WHAT };
        let (keys, receipt) = bytes.split_first_chunk::<128>().ok_or_else(short)?;
        let signature = Signature(receipt.try_into().map_err(|_| short())?);
        Ok(Self { pledge: open.with_keys(keys), device, epoch, signature })
    }
}
