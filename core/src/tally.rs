//! The contract of two parties: what is signed by both before the first chit.

use std::fmt;

use crate::address::Address;
use crate::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use crate::digest::{Digest, Statement, from_hex, hex};
use crate::key::{PublicKey, SecretKey, Signature, SignatureError};
use crate::units::Units;

/// Ed25519, X25519, SHA-256, XChaCha20-Poly1305. The only suite so far; its number travels with every tally.
pub const SUITE: u64 = 1;
/// The longest name a party may give itself, in bytes.
pub const NAME_MAX: u64 = 64;
const DEVICES_MAX: u64 = 8;
const NODES_MAX: u64 = 16;

/// A name as it may be shown: no control characters, which could forge lines of a list or move a terminal's cursor.
pub(crate) fn read_name(from: &mut Reader<'_>) -> Result<String, Malformed> {
    let name = from.text("name", NAME_MAX)?;
    if name.chars().any(char::is_control) { Err(Malformed::OutOfRange { what: "name" }) } else { Ok(name) }
}

/// Seconds since 1970. Says when something was written; decides no outcome.
pub type Date = u64;

/// The name of a tally: random, chosen by whoever invites.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TallyId(pub [u8; 16]);

impl fmt::Display for TallyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for TallyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(self.0.first_chunk::<4>().unwrap_or(&[0; 4]), f)
    }
}

impl std::str::FromStr for TallyId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        from_hex(text).map(Self).ok_or(Malformed::WrongType { what: "tally id" })
    }
}

impl Canon for TallyId {
    const WHAT: &'static str = "tally id";

    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.fixed(Self::WHAT).map(Self)
    }
}

/// The two halves of a tally. Fixed when it is born; says nothing about who pays a given chit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The half that is usually held by the one who supplies.
    Stock,
    /// The half that is usually held by the one who is supplied; its nodes order the chits.
    Foil,
}

impl Side {
    /// Both halves.
    pub const BOTH: [Self; 2] = [Self::Stock, Self::Foil];

    /// The partner's half.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Stock => Self::Foil,
            Self::Foil => Self::Stock,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stock => "stock",
            Self::Foil => "foil",
        })
    }
}

impl Canon for Side {
    const WHAT: &'static str = "side";

    fn write(&self, to: &mut Writer) {
        to.uint(match self {
            Self::Stock => 0,
            Self::Foil => 1,
        });
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        match from.uint(Self::WHAT)? {
            0 => Ok(Self::Stock),
            1 => Ok(Self::Foil),
            _ => Err(Malformed::OutOfRange { what: Self::WHAT }),
        }
    }
}

/// Something for each half.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Halves<T> {
    /// The stock's.
    pub stock: T,
    /// The foil's.
    pub foil: T,
}

impl<T> Halves<T> {
    /// One half's.
    pub const fn of(&self, side: Side) -> &T {
        match side {
            Side::Stock => &self.stock,
            Side::Foil => &self.foil,
        }
    }

    /// One half's, to change.
    pub const fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Stock => &mut self.stock,
            Side::Foil => &mut self.foil,
        }
    }
}

impl<T: Canon> Canon for Halves<T> {
    const WHAT: &'static str = "two halves";

    fn write(&self, to: &mut Writer) {
        to.array(2).put(&self.stock).put(&self.foil);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 2)?;
        Ok(Self { stock: from.take()?, foil: from.take()? })
    }
}

/// The credit one party grants the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// How much the other may owe.
    pub limit: Units,
    /// Days of notice before a lowered limit or a call takes effect.
    pub notice_days: u32,
}

impl Canon for Terms {
    const WHAT: &'static str = "terms";

    fn write(&self, to: &mut Writer) {
        to.array(2).put(&self.limit).uint(self.notice_days.into());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 2)?;
        let limit: Units = from.take()?;
        let notice_days = from.uint32("days of notice")?;
        if limit < Units::ZERO || limit > Units::MAX || notice_days > 3650 {
            return Err(Malformed::OutOfRange { what: Self::WHAT });
        }
        Ok(Self { limit, notice_days })
    }
}

/// Leave for one device to sign chits, from one epoch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The device's number within its party.
    pub device: u32,
    /// The epoch of its chain.
    pub epoch: u64,
    /// The hash of the key that signs the chain's first chit.
    pub first_key: Digest,
    /// The key with which the device signs receipts, invoices and orders.
    pub device_key: PublicKey,
}

impl Canon for Grant {
    const WHAT: &'static str = "device grant";

    fn write(&self, to: &mut Writer) {
        to.array(4).uint(self.device.into()).uint(self.epoch).put(&self.first_key).put(&self.device_key);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 4)?;
        Ok(Self {
            device: from.uint32("device")?,
            epoch: from.uint("epoch")?,
            first_key: from.take()?,
            device_key: from.take()?,
        })
    }
}

/// Who a party is on this tally, and on nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyCert {
    /// Signs the contract and new epochs.
    pub party_key: PublicKey,
    /// Agrees the key that only the two parties know (X25519).
    pub agreement_key: [u8; 32],
    /// What the party wants to be called.
    pub name: String,
    /// Where a site can be reached, if there is one.
    pub address: Option<Address>,
    /// The devices that may sign from the beginning.
    pub grants: Vec<Grant>,
    /// The keys whose majority speaks for this half's order: the phone itself, a site, or a cluster.
    pub nodes: Vec<PublicKey>,
}

impl Canon for PartyCert {
    const WHAT: &'static str = "certificate of a party";

    fn write(&self, to: &mut Writer) {
        to.array(6).put(&self.party_key).bytes(&self.agreement_key).text(&self.name);
        to.put_option(self.address.as_ref()).put_list(&self.grants).put_list(&self.nodes);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 6)?;
        let it = Self {
            party_key: from.take()?,
            agreement_key: from.fixed("agreement key")?,
            name: read_name(from)?,
            address: from.take_option()?,
            grants: from.take_list("device grants", DEVICES_MAX)?,
            nodes: from.take_list("nodes", NODES_MAX)?,
        };
        if it.grants.is_empty() || it.nodes.is_empty() {
            return Err(Malformed::OutOfRange { what: Self::WHAT });
        }
        let mut seen: Vec<u32> = it.grants.iter().map(|g| g.device).collect();
        seen.sort_unstable();
        seen.dedup();
        let mut nodes = it.nodes.clone();
        nodes.sort_unstable();
        nodes.dedup();
        if seen.len() != it.grants.len() || nodes.len() != it.nodes.len() {
            return Err(Malformed::NotCanonical { what: Self::WHAT });
        }
        Ok(it)
    }
}

/// One half of the contract: who holds it and what credit that party grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Half {
    /// Who holds it.
    pub cert: PartyCert,
    /// The credit the holder grants the other.
    pub terms: Terms,
}

impl Canon for Half {
    const WHAT: &'static str = "half of a tally";

    fn write(&self, to: &mut Writer) {
        to.array(2).put(&self.cert).put(&self.terms);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 2)?;
        Ok(Self { cert: from.take()?, terms: from.take()? })
    }
}

/// The text of the contract: everything both sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Its name.
    pub id: TallyId,
    /// Which version of the negotiation this is; the highest that is fully signed governs.
    pub revision: u32,
    /// When this revision was written.
    pub date: Date,
    /// The hash of the contract's text.
    pub contract: Digest,
    /// What is counted.
    pub denomination: String,
    /// The two halves.
    pub halves: Halves<Half>,
}

impl Tally {
    /// The hash both parties sign, and the order of chits starts from.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }

    /// One party's half.
    #[must_use]
    pub const fn half(&self, side: Side) -> &Half {
        self.halves.of(side)
    }

    /// What differs from another version, in plain words; none if they are the same.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<&'static str> {
        let halves_differ =
            |what: fn(&Half, &Half) -> bool| Side::BOTH.iter().any(|s| what(self.half(*s), other.half(*s)));
        if self.id != other.id {
            Some("tally id")
        } else if self.revision != other.revision {
            Some("revision")
        } else if self.contract != other.contract {
            Some("contract")
        } else if self.denomination != other.denomination {
            Some("denomination")
        } else if halves_differ(|a, b| a.terms != b.terms) {
            Some("credit terms")
        } else if halves_differ(|a, b| a.cert != b.cert) {
            Some("keys or name of a party")
        } else if self.date != other.date {
            Some("date")
        } else {
            None
        }
    }
}

impl Canon for Tally {
    const WHAT: &'static str = "tally";

    fn write(&self, to: &mut Writer) {
        to.array(7).uint(SUITE).put(&self.id).uint(self.revision.into()).uint(self.date);
        to.put(&self.contract).text(&self.denomination).put(&self.halves);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.counted_after(Self::WHAT, 7, read_suite)?;
        let it = Self {
            id: from.take()?,
            revision: from.uint32("revision")?,
            date: from.uint("date")?,
            contract: from.take()?,
            denomination: from.text("denomination", 16)?,
            halves: from.take()?,
        };
        let (stock, foil) = (&it.halves.stock.cert, &it.halves.foil.cert);
        if stock.party_key == foil.party_key || stock.agreement_key == foil.agreement_key {
            return Err(Malformed::OutOfRange { what: "two parties with one key" });
        }
        Ok(it)
    }
}

/// The suite in front of a signed body.
pub(crate) fn read_suite(from: &mut Reader<'_>) -> Result<(), Malformed> {
    match from.uint("suite")? {
        SUITE => Ok(()),
        0 => Err(Malformed::OutOfRange { what: "suite" }),
        version => Err(Malformed::Newer { what: "suite", version }),
    }
}

/// A tally with the signatures it has so far: none is a draft, one an offer, two a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTally {
    /// What is signed.
    pub tally: Tally,
    /// Who has signed.
    pub signatures: Halves<Option<Signature>>,
}

impl SignedTally {
    /// Nobody has signed yet.
    #[must_use]
    pub const fn draft(tally: Tally) -> Self {
        Self { tally, signatures: Halves { stock: None, foil: None } }
    }

    /// Adds one party's signature.
    #[must_use]
    pub fn signed(mut self, side: Side, key: &SecretKey) -> Self {
        *self.signatures.of_mut(side) = Some(key.sign(Statement::Tally, &self.tally.digest()));
        self
    }

    /// Whether one party has signed. Says nothing about whether the signature holds.
    #[must_use]
    pub const fn has(&self, side: Side) -> bool {
        self.signatures.of(side).is_some()
    }

    /// Whether both have signed.
    #[must_use]
    pub const fn is_contract(&self) -> bool {
        self.has(Side::Stock) && self.has(Side::Foil)
    }

    /// Checks every signature that is there against the key in the same half.
    pub fn check_signatures(&self) -> Result<(), SignatureError> {
        let digest = self.tally.digest();
        for side in Side::BOTH {
            if let Some(signature) = self.signatures.of(side) {
                self.tally.half(side).cert.party_key.verify(Statement::Tally, &digest, signature)?;
            }
        }
        Ok(())
    }

    /// Which of two contracts governs: the highest revision, then the highest digest.
    #[must_use]
    pub fn governs_over(&self, other: &Self) -> bool {
        (self.tally.revision, self.tally.digest()) > (other.tally.revision, other.tally.digest())
    }
}

impl Canon for SignedTally {
    const WHAT: &'static str = "signed tally";

    fn write(&self, to: &mut Writer) {
        to.array(4).uint(WIRE_VERSION).put(&self.tally);
        to.put_option(self.signatures.stock.as_ref()).put_option(self.signatures.foil.as_ref());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 4)?;
        Ok(Self {
            tally: from.take()?,
            signatures: Halves { stock: from.take_option()?, foil: from.take_option()? },
        })
    }
}
