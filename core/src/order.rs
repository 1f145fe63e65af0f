//! The order of a tally's chits, and who has seen it: heads, endorsements, certificates, proofs of lying.
//!
//! The nodes of the foil *link* chits into an order, the stock's confirm it, and where majorities of both have endorsed one head,
//! everything up to it is final.

use crate::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use crate::chit::{ChainId, SignedChit};
use crate::digest::{Digest, Statement};
use crate::key::{PublicKey, SecretKey, Signature, SignatureError};
use crate::tally::{Halves, SUITE, Side, TallyId, read_suite};

/// An order up to some chit. One head speaks for the whole order below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// On which tally.
    pub tally: TallyId,
    /// In which view: a foil that lost its memory begins a new one.
    pub view: u64,
    /// How many chits are in the order.
    pub index: u64,
    /// The hash over all of them.
    pub hash: Digest,
}

impl Head {
    /// The head of an order without chits: the contract itself.
    #[must_use]
    pub const fn start(tally: TallyId, view: u64, contract: Digest) -> Self {
        Self { tally, view, index: 0, hash: contract }
    }

    /// The head after one more chit.
    #[must_use]
    pub fn then(&self, chit: &Digest) -> Self {
        let index = self.index.saturating_add(1);
        let hash = Digest::of_parts(&[
            b"hazel/v1/head",
            &self.tally.0,
            &self.view.to_be_bytes(),
            &index.to_be_bytes(),
            &self.hash.0,
            &chit.0,
        ]);
        Self { index, hash, ..*self }
    }

    /// Signs "this is the order I have seen".
    #[must_use]
    pub fn endorse(&self, key: &SecretKey) -> Endorsement {
        let signature = key.sign(Statement::Endorsement, &Digest::of(&self.to_bytes()));
        Endorsement { head: *self, key: key.public(), signature }
    }
}

impl Canon for Head {
    const WHAT: &'static str = "head";

    fn write(&self, to: &mut Writer) {
        to.array(5).uint(SUITE).put(&self.tally).uint(self.view).uint(self.index).put(&self.hash);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.counted_after(Self::WHAT, 5, read_suite)?;
        Ok(Self {
            tally: from.take()?,
            view: from.uint32("view")?.into(),
            index: from.uint32("index")?.into(),
            hash: from.take()?,
        })
    }
}

/// A node's word that it has seen an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endorsement {
    /// Which order.
    pub head: Head,
    /// Whose word.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
}

impl Endorsement {
    /// Whether the signature holds. Whether the key has a say here is for the door to decide.
    pub fn check_signature(&self) -> Result<(), SignatureError> {
        self.key.verify(Statement::Endorsement, &Digest::of(&self.head.to_bytes()), &self.signature)
    }
}

impl Canon for Endorsement {
    const WHAT: &'static str = "endorsement";

    fn write(&self, to: &mut Writer) {
        to.array(4).uint(WIRE_VERSION).put(&self.head).put(&self.key).put(&self.signature);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 4)?;
        Ok(Self { head: from.take()?, key: from.take()?, signature: from.take()? })
    }
}

/// The nodes that speak for each half.
pub type NodeSets = Halves<Vec<PublicKey>>;

/// How many of `count` nodes are a majority.
#[must_use]
pub const fn majority(count: usize) -> usize {
    (count / 2).saturating_add(1)
}

/// Which half a node speaks for. One key may speak for both, where one site hosts both.
#[must_use]
pub fn speaks_for(nodes: &NodeSets, key: &PublicKey, side: Side) -> bool {
    nodes.of(side).contains(key)
}

/// Enough endorsements of one head to make everything up to it final.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The head.
    pub head: Head,
    /// Who endorsed it.
    pub words: Vec<(PublicKey, Signature)>,
}

/// Endorsements that do not make a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// One node counted twice.
    #[error("the certificate counts one node twice")]
    Doubled,
    /// A node that speaks for neither party.
    #[error("the certificate counts a node of neither party")]
    Foreign,
    /// No majority of one party's nodes.
    #[error("the certificate lacks a majority of the {0}'s nodes")]
    TooFew(Side),
    /// A signature in it does not hold.
    #[error("a signature in the certificate does not hold")]
    Signature(#[from] SignatureError),
}

impl Certificate {
    /// A majority of each party's nodes, each counted once, each signature strict.
    pub fn check(&self, nodes: &NodeSets) -> Result<(), CertificateError> {
        let mut keys: Vec<_> = self.words.iter().map(|(key, _)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.len() != self.words.len() {
            return Err(CertificateError::Doubled);
        }
        for side in Side::BOTH {
            if keys.iter().filter(|key| speaks_for(nodes, key, side)).count() < majority(nodes.of(side).len())
            {
                return Err(CertificateError::TooFew(side));
            }
        }
        for (key, signature) in &self.words {
            if !Side::BOTH.iter().any(|side| speaks_for(nodes, key, *side)) {
                return Err(CertificateError::Foreign);
            }
            Endorsement { head: self.head, key: *key, signature: *signature }.check_signature()?;
        }
        Ok(())
    }
}

impl Canon for Certificate {
    const WHAT: &'static str = "certificate";

    fn write(&self, to: &mut Writer) {
        to.array(3).uint(WIRE_VERSION).put(&self.head).list(self.words.len());
        for (key, signature) in &self.words {
            to.array(2).put(key).put(signature);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 3)?;
        let head = from.take()?;
        let count = from.list("endorsements", 32)?;
        let mut words = Vec::new();
        for _ in 0..count {
            from.array("endorsement", 2)?;
            words.push((from.take()?, from.take()?));
        }
        Ok(Self { head, words })
    }
}

/// A stretch of one chain that follows in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// In which view it was linked.
    pub view: u64,
    /// Which chain.
    pub chain: ChainId,
    /// From which number.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// The hash of the last one: it names the branch where a chain was forked.
    pub last: Digest,
}

impl Canon for Run {
    const WHAT: &'static str = "run of chits";

    fn write(&self, to: &mut Writer) {
        to.array(5).uint(self.view).put(&self.chain).uint(self.first).uint(self.count).put(&self.last);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 5)?;
        let it = Self {
            view: from.uint32("view")?.into(),
            chain: from.take()?,
            first: from.uint("first of a run")?,
            count: from.uint("length of a run")?,
            last: from.take()?,
        };
        let end = it.first.checked_add(it.count).filter(|end| *end <= 1 << 32);
        if it.first == 0 || it.count == 0 || end.is_none() {
            return Err(Malformed::OutOfRange { what: Self::WHAT });
        }
        Ok(it)
    }
}

/// A run is at least forty bytes, so this bound lies beyond what a hand-over can carry; it only keeps a count from being absurd.
const RUNS_MAX: u64 = 1 << 21;

/// How the authority continues the order: behind `after` come these runs, and then the endorsed head is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The index after which the runs follow.
    pub after: u64,
    /// What follows, in order.
    pub runs: Vec<Run>,
    /// The authority's word for the head that is reached.
    pub endorsement: Endorsement,
}

impl Canon for Links {
    const WHAT: &'static str = "links";

    fn write(&self, to: &mut Writer) {
        to.array(3).uint(self.after).put_list(&self.runs).put(&self.endorsement);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 3)?;
        Ok(Self {
            after: from.uint("index")?,
            runs: from.take_list("runs", RUNS_MAX)?,
            endorsement: from.take()?,
        })
    }
}

/// One party's last word before a tally is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The head before the seal.
    pub head: Head,
    /// How far each of the party's own chains goes.
    pub chains: Vec<(ChainId, u64)>,
}

impl Canon for Seal {
    const WHAT: &'static str = "seal";

    fn write(&self, to: &mut Writer) {
        to.array(2).put(&self.head).list(self.chains.len());
        for (chain, seq) in &self.chains {
            to.array(2).put(chain).uint(*seq);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 2)?;
        let head = from.take()?;
        let count = from.list("sealed chains", 1024)?;
        let mut chains = Vec::new();
        for _ in 0..count {
            from.array("sealed chain", 2)?;
            chains.push((from.take()?, from.uint("sequence number")?));
        }
        Ok(Self { head, chains })
    }
}

/// Two statements by one key that cannot both be honest. A stranger can check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForkProof {
    /// Two chits at one place of one chain, signed with one key.
    Chits(Box<SignedChit>, Box<SignedChit>),
    /// Two orders of one length in one view.
    Orders(Box<Endorsement>, Box<Endorsement>),
}

/// Not a proof of anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForkError {
    /// The two are the same, or are not about the same place.
    #[error("the two statements do not contradict each other")]
    NoContradiction,
    /// One of them was not signed by that key.
    #[error("one of the two signatures does not hold")]
    Signature(#[from] SignatureError),
}

impl ForkProof {
    /// Whether it proves what it claims.
    pub fn check(&self) -> Result<(), ForkError> {
        match self {
            Self::Chits(one, other) => {
                let place = |c: &SignedChit| (c.chit.tally, c.chit.chain, c.chit.seq, c.key);
                if place(one) != place(other) || one.chit.hash() == other.chit.hash() {
                    return Err(ForkError::NoContradiction);
                }
                one.check_signature()?;
                other.check_signature()?;
            }
            Self::Orders(one, other) => {
                let place = |e: &Endorsement| (e.head.tally, e.head.view, e.head.index, e.key);
                if place(one) != place(other) || one.head.hash == other.head.hash {
                    return Err(ForkError::NoContradiction);
                }
                one.check_signature()?;
                other.check_signature()?;
            }
        }
        Ok(())
    }
}

impl Canon for ForkProof {
    const WHAT: &'static str = "fork proof";

    fn write(&self, to: &mut Writer) {
        match self {
            Self::Chits(one, other) => to.array(4).uint(WIRE_VERSION).uint(0).put(&**one).put(&**other),
            Self::Orders(one, other) => to.array(4).uint(WIRE_VERSION).uint(1).put(&**one).put(&**other),
        };
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 4)?;
        match from.uint("kind of proof")? {
            0 => Ok(Self::Chits(Box::new(from.take()?), Box::new(from.take()?))),
            1 => Ok(Self::Orders(Box::new(from.take()?), Box::new(from.take()?))),
            version => Err(Malformed::Newer { what: "kind of proof", version }),
        }
    }
}
