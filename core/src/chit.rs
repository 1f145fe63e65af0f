//! Chits: what somebody pledges or settles on a tally, signed with a key that is used once.

use crate::canon::{Canon, Malformed, Reader, Writer};
use crate::digest::{Digest, Statement};
use crate::invoice::InvoiceId;
use crate::key::{PublicKey, SecretKey, Signature, SignatureError};
use crate::order::Seal;
use crate::pair::{PairError, PairKey};
use crate::tally::{Date, Grant, SUITE, Side, TallyId, Terms, read_suite};
use crate::units::Units;

/// The longest memo, in bytes.
pub const MEMO_MAX: usize = 240;
/// The longest reference, in bytes.
pub const REFERENCE_MAX: usize = 64;
pub(crate) const SEALED_MAX: u64 = 340;
const NODES_MAX: u64 = 16;

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

/// A holder's own trading variables, used by lifts. Rates are in parts per million.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Variables {
    /// The balance the holder would like to have.
    pub target: Units,
    /// The balance the holder will not go beyond.
    pub bound: Units,
    /// What the holder asks for moving away from the target.
    pub reward: i32,
    /// What the holder asks for moving back towards it.
    pub clutch: i32,
}

impl Canon for Variables {
    const WHAT: &'static str = "trading variables";

    fn write(&self, to: &mut Writer) {
        to.array(4).put(&self.target).put(&self.bound).int(self.reward.into()).int(self.clutch.into());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 4)?;
        let (target, bound) = (from.take()?, from.take()?);
        let mut rate = |what| match i32::try_from(from.int(what)?) {
            Ok(rate) if (-1_000_000..=1_000_000).contains(&rate) => Ok(rate),
            _ => Err(Malformed::OutOfRange { what }),
        };
        Ok(Self { target, bound, reward: rate("reward")?, clutch: rate("clutch")? })
    }
}

/// What a device chit does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceAct {
    /// Another device may sign from now on.
    Add(Grant),
    /// A device may sign no longer. Works forward only.
    Revoke {
        /// Its number.
        device: u32,
    },
    /// The first chit of a new epoch, authorised by the party itself: after a restore.
    Epoch {
        /// The leave.
        grant: Grant,
        /// The party's signature over the leave and the tally.
        by_party: Signature,
    },
    /// Part of this device's allowance goes to another device.
    Hand {
        /// To whom.
        to: u32,
        /// How much.
        units: Units,
    },
}

/// What a chit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// "I owe you this."
    Pledge {
        /// How much.
        units: Units,
        /// The invoice it answers.
        invoice: Option<InvoiceId>,
        /// Memo and reference, for the two parties only.
        sealed: Option<Vec<u8>>,
    },
    /// My own trading variables.
    Set(Variables),
    /// The credit I grant from now on.
    Terms {
        /// The new terms.
        terms: Terms,
        /// From when, if they are narrower than before.
        from: Date,
    },
    /// "Please bring your debt down to this by then."
    Call {
        /// What may remain.
        down_to: Units,
        /// By when.
        by: Date,
    },
    /// I accept a pledge that went beyond the terms.
    Accept {
        /// Which.
        chit: ChitRef,
    },
    /// My devices.
    Device(DeviceAct),
    /// Who speaks for my half from now on.
    Nodes {
        /// Counts the changes; an endorsement by an older set is refused.
        epoch: u64,
        /// The keys.
        nodes: Vec<PublicKey>,
    },
    /// I want to end this tally.
    Close,
    /// I have nothing more to add.
    Seal(Seal),
}

/// Kinds 16 to 19 are kept for lifts: promise, insure, undertake, resolve. They read as "made by a newer Hazel" until then.
const KIND_DEVICE: u64 = 5;

impl Body {
    /// The amount, if it is a pledge.
    #[must_use]
    pub const fn pledged(&self) -> Option<Units> {
        match self {
            Self::Pledge { units, .. } => Some(*units),
            _ => None,
        }
    }

    /// One word for lists and exports.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Pledge { .. } => "payment",
            Self::Set(_) => "settings",
            Self::Terms { .. } => "credit terms",
            Self::Call { .. } => "call",
            Self::Accept { .. } => "acceptance",
            Self::Device(DeviceAct::Add(_)) => "device added",
            Self::Device(DeviceAct::Revoke { .. }) => "device revoked",
            Self::Device(DeviceAct::Epoch { .. }) => "device restored",
            Self::Device(DeviceAct::Hand { .. }) => "allowance moved",
            Self::Nodes { .. } => "hosting",
            Self::Close => "closing",
            Self::Seal(_) => "seal",
        }
    }
}

impl Canon for Body {
    const WHAT: &'static str = "chit body";

    fn write(&self, to: &mut Writer) {
        match self {
            Self::Pledge { units, invoice, sealed } => {
                to.array(4).uint(0).put(units).put_option(invoice.as_ref());
                match sealed {
                    Some(sealed) => to.bytes(sealed),
                    None => to.null(),
                }
            }
            Self::Set(variables) => to.array(2).uint(1).put(variables),
            Self::Terms { terms, from } => to.array(3).uint(2).put(terms).uint(*from),
            Self::Call { down_to, by } => to.array(3).uint(3).put(down_to).uint(*by),
            Self::Accept { chit } => to.array(2).uint(4).put(chit),
            Self::Device(DeviceAct::Add(grant)) => to.array(3).uint(KIND_DEVICE).uint(0).put(grant),
            Self::Device(DeviceAct::Revoke { device }) => {
                to.array(3).uint(KIND_DEVICE).uint(1).uint((*device).into())
            }
            Self::Device(DeviceAct::Epoch { grant, by_party }) => {
                to.array(4).uint(KIND_DEVICE).uint(2).put(grant).put(by_party)
            }
            Self::Device(DeviceAct::Hand { to: device, units }) => {
                to.array(4).uint(KIND_DEVICE).uint(3).uint((*device).into()).put(units)
            }
            Self::Nodes { epoch, nodes } => to.array(3).uint(6).uint(*epoch).put_list(nodes),
            Self::Close => to.array(1).uint(7),
            Self::Seal(seal) => to.array(2).uint(8).put(seal),
        };
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let found = from.list(Self::WHAT, 8)?;
        if found == 0 {
            return Err(Malformed::WrongLength { what: Self::WHAT, wanted: 1, found });
        }
        let kind = from.uint("kind of chit")?;
        let act = if kind == KIND_DEVICE { from.uint("kind of device act")? } else { 0 };
        let wanted = match (kind, act) {
            (0, _) | (KIND_DEVICE, 2 | 3) => 4,
            (2 | 3 | 6, _) | (KIND_DEVICE, 0 | 1) => 3,
            (1 | 4 | 8, _) => 2,
            (7, _) => 1,
            (KIND_DEVICE, version) => return Err(Malformed::Newer { what: "kind of device act", version }),
            (version, _) => return Err(Malformed::Newer { what: "kind of chit", version }),
        };
        if found != wanted {
            return Err(Malformed::WrongLength { what: Self::WHAT, wanted, found });
        }
        Ok(match (kind, act) {
            (0, _) => Self::Pledge {
                units: payable(from)?,
                invoice: from.take_option()?,
                sealed: match from.is_null("sealed memo")? {
                    true => None,
                    false => Some(from.bytes("sealed memo", SEALED_MAX)?.to_vec()),
                },
            },
            (1, _) => Self::Set(from.take()?),
            (2, _) => Self::Terms { terms: from.take()?, from: from.uint("date of effect")? },
            (3, _) => Self::Call { down_to: from.take()?, by: from.uint("date of the call")? },
            (4, _) => Self::Accept { chit: from.take()? },
            (KIND_DEVICE, 0) => Self::Device(DeviceAct::Add(from.take()?)),
            (KIND_DEVICE, 1) => Self::Device(DeviceAct::Revoke { device: from.uint32("device")? }),
            (KIND_DEVICE, 2) => {
                Self::Device(DeviceAct::Epoch { grant: from.take()?, by_party: from.take()? })
            }
            (KIND_DEVICE, _) => {
                Self::Device(DeviceAct::Hand { to: from.uint32("device")?, units: payable(from)? })
            }
            (6, _) => Self::Nodes {
                epoch: from.uint("epoch of nodes")?,
                nodes: some_nodes(from.take_list("nodes", NODES_MAX)?)?,
            },
            (7, _) => Self::Close,
            _ => Self::Seal(from.take()?),
        })
    }
}

/// Somebody must speak for a half, and nobody twice: otherwise no majority would ever be found.
fn some_nodes(nodes: Vec<PublicKey>) -> Result<Vec<PublicKey>, Malformed> {
    let mut seen = nodes.clone();
    seen.sort_unstable();
    seen.dedup();
    if nodes.is_empty() {
        Err(Malformed::OutOfRange { what: "nodes" })
    } else if seen.len() != nodes.len() {
        Err(Malformed::NotCanonical { what: "nodes" })
    } else {
        Ok(nodes)
    }
}

fn payable(from: &mut Reader<'_>) -> Result<Units, Malformed> {
    from.take::<Units>()?.payable().map_err(|_| Malformed::OutOfRange { what: "pledged amount" })
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

/// What the two parties alone can read of a pledge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Note {
    /// What it was for.
    pub memo: String,
    /// The payer's or payee's own reference.
    pub reference: String,
}

impl Note {
    /// Whether there is nothing to read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.memo.is_empty() && self.reference.is_empty()
    }

    /// Seals it for a pledge at this place.
    #[must_use]
    pub fn seal(&self, key: &PairKey, place: &PledgePlace) -> Option<Vec<u8>> {
        (!self.is_empty()).then(|| key.seal(&place.bytes(), &self.to_bytes()))
    }

    /// Opens the note of a pledge; a pledge without one has an empty note.
    pub fn open(key: &PairKey, chit: &Chit) -> Result<Self, PairError> {
        match &chit.body {
            Body::Pledge { units, sealed: Some(sealed), .. } => {
                let place = PledgePlace {
                    tally: chit.tally,
                    chain: chit.chain,
                    seq: chit.seq,
                    date: chit.date,
                    units: *units,
                };
                Self::from_bytes(&key.open(&place.bytes(), sealed)?).map_err(|_| PairError::NotForUs)
            }
            _ => Ok(Self::default()),
        }
    }
}

impl Canon for Note {
    const WHAT: &'static str = "note";

    fn write(&self, to: &mut Writer) {
        to.array(2).text(&self.memo).text(&self.reference);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 2)?;
        Ok(Self {
            memo: from.text("memo", MEMO_MAX as u64)?,
            reference: from.text("reference", REFERENCE_MAX as u64)?,
        })
    }
}

/// Where a note is sealed: a place no other note ever has.
#[derive(Debug, Clone, Copy)]
pub struct PledgePlace {
    /// On which tally.
    pub tally: TallyId,
    /// In which chain.
    pub chain: ChainId,
    /// At which number.
    pub seq: u64,
    /// When.
    pub date: Date,
    /// For how much.
    pub units: Units,
}

impl PledgePlace {
    fn bytes(&self) -> Vec<u8> {
        let mut to = Writer::with_capacity(64);
        to.array(5).put(&self.tally).put(&self.chain).uint(self.seq).uint(self.date).put(&self.units);
        to.into_bytes()
    }
}
