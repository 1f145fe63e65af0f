//! What a chit says.

use crate::canon::{Canon, Malformed, Reader, Writer};
use crate::invoice::InvoiceId;
use crate::key::{PublicKey, Signature};
use crate::order::Seal;
use crate::tally::{Date, Grant, Terms};
use crate::units::Units;

use super::{ChitRef, SEALED_MAX};

const NODES_MAX: u64 = 16;

/// Kinds 16 to 19 are kept for lifts: promise, insure, undertake, resolve. They read as "made by a newer Hazel" until then.
const KIND_DEVICE: u64 = 5;

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
