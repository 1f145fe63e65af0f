//! What one party hands to the other: messages, and the sealed hand-over that carries them over any road.

use crate::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use crate::chit::{BriefChit, ChainId, SignedChit};
use crate::digest::Digest;
use crate::invoice::{InvoiceId, SignedAnswer, SignedInvoice};
use crate::key::{Entropy, derive, fresh};
use crate::order::{Certificate, Endorsement, ForkProof, Links};
use crate::pair::{PairError, PairKey};
use crate::receipt::SignedReceipt;
use crate::tally::{SignedTally, TallyId};
use crate::ticket::SignedRequest;

/// The most chits in one page.
pub const PAGE_MAX: usize = 1000;
/// The most messages in one hand-over.
pub const MESSAGES_MAX: usize = 4096;

/// The longest hand-over that is taken in: nobody makes this device hold more. A reminder, which its reader has asked for, may be longer.
pub const HANDOVER_MAX: usize = 1 << 20;

/// A stretch of one chain, in short form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// On which tally.
    pub tally: TallyId,
    /// Of which chain.
    pub chain: ChainId,
    /// The number of the first.
    pub first: u64,
    /// The hash of the chit before the first; zeros before the chain's beginning.
    pub before: Digest,
    /// The chits, without gaps.
    pub chits: Vec<BriefChit>,
}

impl Page {
    /// A page of chits that follow each other in one chain; none if there are none.
    #[must_use]
    pub fn of(chits: &[SignedChit]) -> Option<Self> {
        let first = &chits.first()?.chit;
        Some(Self {
            tally: first.tally,
            chain: first.chain,
            first: first.seq,
            before: first.prev_own,
            chits: chits.iter().map(SignedChit::brief).collect(),
        })
    }

    /// Chits in as few pages as they go into without changing their order. Those of a forked chain's branches never share one: a page says
    /// only of its first chit what it follows.
    pub fn all_of(chits: &[SignedChit]) -> impl Iterator<Item = Self> {
        let follows = |a: &SignedChit, b: &SignedChit| {
            a.chit.chain == b.chit.chain
                && a.chit.seq.checked_add(1) == Some(b.chit.seq)
                && a.chit.hash() == b.chit.prev_own
        };
        chits.chunk_by(follows).flat_map(|run| run.chunks(PAGE_MAX)).filter_map(Self::of)
    }

    /// The chits as they were signed.
    #[must_use]
    pub fn unfold(self) -> Vec<SignedChit> {
        let (mut before, mut seq) = (self.before, self.first);
        let mut whole = Vec::with_capacity(self.chits.len());
        for brief in self.chits {
            let chit = brief.in_context(self.tally, self.chain, seq, before);
            before = chit.chit.hash();
            seq = seq.saturating_add(1);
            whole.push(chit);
        }
        whole
    }
}

impl Canon for Page {
    const WHAT: &'static str = "page of chits";

    fn write(&self, to: &mut Writer) {
        to.array(5)
            .put(&self.tally)
            .put(&self.chain)
            .uint(self.first)
            .put(&self.before)
            .put_list(&self.chits);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 5)?;
        let it = Self {
            tally: from.take()?,
            chain: from.take()?,
            first: from.uint("sequence number")?,
            before: from.take()?,
            chits: from.take_list("chits", PAGE_MAX as u64)?,
        };
        let end = it.first.checked_add(it.chits.len() as u64);
        if it.first == 0 || it.chits.is_empty() || end.is_none_or(|end| end > 1 << 32) {
            return Err(Malformed::OutOfRange { what: "sequence number" });
        }
        Ok(it)
    }
}

/// How far somebody's memory of a tally goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Have {
    /// Which tally.
    pub tally: TallyId,
    /// The hash of the contract it rests on; zeros if there is none.
    pub contract: Digest,
    /// The highest number held of each chain without a gap, with the hash there.
    pub chains: Vec<(ChainId, u64, Digest)>,
    /// The view and index of the order.
    pub view: u64,
    /// How many chits are in the order.
    pub index: u64,
    /// The hash over the order.
    pub hash: Digest,
    /// How far both halves are known to agree.
    pub agreed: u64,
    /// The invoices that are open here. One that was withdrawn or replaced is named twice: a stronger word may still come.
    pub invoices: Vec<InvoiceId>,
    /// The sender was restored and may not sign before it has a summary in return.
    pub restored: bool,
}

impl Canon for Have {
    const WHAT: &'static str = "summary of what is held";

    fn write(&self, to: &mut Writer) {
        to.array(9).put(&self.tally).put(&self.contract).list(self.chains.len());
        for (chain, seq, hash) in &self.chains {
            to.array(3).put(chain).uint(*seq).put(hash);
        }
        to.uint(self.view)
            .uint(self.index)
            .put(&self.hash)
            .uint(self.agreed)
            .put_list(&self.invoices)
            .uint(self.restored.into());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 9)?;
        let (tally, contract) = (from.take()?, from.take()?);
        let count = from.list("held chains", 1024)?;
        let mut chains = Vec::new();
        for _ in 0..count {
            from.array("held chain", 3)?;
            chains.push((from.take()?, from.uint("sequence number")?, from.take()?));
        }
        let (view, index, hash) = (from.uint("view")?, from.uint("index")?, from.take()?);
        let (agreed, invoices) = (from.uint("agreed index")?, from.take_list("waiting invoices", 256)?);
        let restored = match from.uint("restored")? {
            0 => false,
            1 => true,
            _ => return Err(Malformed::OutOfRange { what: "restored" }),
        };
        Ok(Self { tally, contract, chains, view, index, hash, agreed, invoices, restored })
    }
}

/// One message. Everything in it is unverified until it has passed the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// The answer to a ticket.
    Request(Box<SignedRequest>),
    /// A version of the contract with one signature or both.
    Offer(Box<SignedTally>),
    /// The version with this hash is not wanted.
    Refuse {
        /// Which tally.
        tally: TallyId,
        /// Which version.
        version: Digest,
    },
    /// Chits.
    Chits(Page),
    /// How the order goes on.
    Links(Links),
    /// A node's word for a head.
    Endorsement(Endorsement),
    /// What the partner's device holds.
    Receipt(SignedReceipt),
    /// A payment is asked for.
    Invoice(SignedInvoice),
    /// An asked payment is refused or taken back.
    Answer(SignedAnswer),
    /// How far the sender's memory goes.
    Have(Have),
    /// Everything up to here is final.
    Certificate(Certificate),
    /// Somebody has signed two things that cannot both be.
    Proof(ForkProof),
}

impl Canon for Message {
    const WHAT: &'static str = "message";

    fn write(&self, to: &mut Writer) {
        to.array(3).uint(WIRE_VERSION);
        match self {
            Self::Request(it) => to.uint(0).put(&**it),
            Self::Offer(it) => to.uint(1).put(&**it),
            Self::Refuse { tally, version } => to.uint(2).array(2).put(tally).put(version),
            Self::Chits(it) => to.uint(3).put(it),
            Self::Links(it) => to.uint(4).put(it),
            Self::Endorsement(it) => to.uint(5).put(it),
            Self::Receipt(it) => to.uint(6).put(it),
            Self::Invoice(it) => to.uint(7).put(it),
            Self::Answer(it) => to.uint(8).put(it),
            Self::Have(it) => to.uint(9).put(it),
            Self::Certificate(it) => to.uint(10).put(it),
            Self::Proof(it) => to.uint(11).put(it),
        };
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 3)?;
        Ok(match from.uint("kind of message")? {
            0 => Self::Request(Box::new(from.take()?)),
            1 => Self::Offer(Box::new(from.take()?)),
            2 => {
                from.array("refusal", 2)?;
                Self::Refuse { tally: from.take()?, version: from.take()? }
            }
            3 => Self::Chits(from.take()?),
            4 => Self::Links(from.take()?),
            5 => Self::Endorsement(from.take()?),
            6 => Self::Receipt(from.take()?),
            7 => Self::Invoice(from.take()?),
            8 => Self::Answer(from.take()?),
            9 => Self::Have(from.take()?),
            10 => Self::Certificate(from.take()?),
            11 => Self::Proof(from.take()?),
            version => return Err(Malformed::Newer { what: "kind of message", version }),
        })
    }
}

/// Messages for one partner, sealed with the key that only the two know. A stranger sees random bytes and a length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The asker's agreement key, in the hand-over that answers a ticket: the inviter does not know it yet.
    introduction: Option<[u8; 32]>,
    /// Lets the partner find the tally, and nobody else.
    tag: [u8; 16],
    nonce: [u8; 24],
    sealed: Vec<u8>,
}

/// By this a device knows its own hand-overs again when somebody throws them back. To everybody else their nonces look like any other.
pub struct Mark([u8; 32]);

impl Mark {
    /// Of a device's own secret.
    #[must_use]
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// A fresh nonce of this device: half of it random, half a keyed hash of that half.
    pub fn nonce(&self, entropy: &mut dyn Entropy) -> [u8; 24] {
        let random: [u8; 12] = fresh(entropy);
        let mut nonce = [0; 24];
        let (first, second) = nonce.split_at_mut(12);
        first.copy_from_slice(&random);
        second.copy_from_slice(&self.of(&random));
        nonce
    }

    /// Whether this device made that nonce.
    fn is_on(&self, nonce: &[u8; 24]) -> bool {
        let (random, mark) = nonce.split_at(12);
        self.of(random) == mark
    }

    fn of(&self, random: &[u8]) -> [u8; 12] {
        Digest(derive(&self.0, b"hazel/v1/own-hand-over", random)).first()
    }
}

impl Handover {
    /// Seals messages.
    #[must_use]
    pub fn seal(
        messages: &[Message],
        key: &PairKey,
        introduction: Option<[u8; 32]>,
        entropy: &mut dyn Entropy,
    ) -> Self {
        Self::seal_with(messages, key, introduction, fresh(entropy))
    }

    /// Seals messages with a nonce that was never used with this key.
    #[must_use]
    pub fn seal_with(
        messages: &[Message],
        key: &PairKey,
        introduction: Option<[u8; 32]>,
        nonce: [u8; 24],
    ) -> Self {
        let mut plain = Writer::with_capacity(1024);
        plain.put_list(messages);
        let sealed = key.seal(&place(&nonce), &plain.into_bytes());
        Self { introduction, tag: tag(key, &nonce), nonce, sealed }
    }

    /// The asker's agreement key, if this answers a ticket.
    #[must_use]
    pub const fn introduction(&self) -> Option<&[u8; 32]> {
        self.introduction.as_ref()
    }

    pub(crate) const fn nonce(&self) -> &[u8; 24] {
        &self.nonce
    }

    /// Whether the device with this mark has made it.
    #[must_use]
    pub fn is_echo_to(&self, mark: &Mark) -> bool {
        mark.is_on(&self.nonce)
    }

    /// Whether this was sealed with that key.
    #[must_use]
    pub fn is_for(&self, key: &PairKey) -> bool {
        tag(key, &self.nonce) == self.tag
    }

    /// Opens it. A message that cannot be read spoils only itself: one made by a newer Hazel must not cost the others.
    pub fn open(&self, key: &PairKey) -> Result<Vec<Result<Message, Spoilt>>, OpenError> {
        let plain = key.open(&place(&self.nonce), &self.sealed)?;
        let mut reader = Reader::new(&plain);
        let count = reader.list("messages", MESSAGES_MAX as u64)?;
        let mut messages = Vec::new();
        for _ in 0..count {
            let bytes = reader.element("message")?;
            messages
                .push(Message::from_bytes(bytes).map_err(|fault| Spoilt { fault, bytes: bytes.to_vec() }));
        }
        reader.end("messages")?;
        Ok(messages)
    }
}

/// A message inside a hand-over that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoilt {
    /// Why.
    pub fault: Malformed,
    /// Its bytes, to keep aside if a newer Hazel made them.
    pub bytes: Vec<u8>,
}

/// A hand-over that could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It was sealed for another tally or altered.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// What was sealed in it is no list of messages.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

fn tag(key: &PairKey, nonce: &[u8; 24]) -> [u8; 16] {
    Digest::of_parts(&[&key.purpose(b"handover"), nonce]).first()
}

fn place(nonce: &[u8; 24]) -> Vec<u8> {
    [&b"handover"[..], nonce].concat()
}

impl Canon for Handover {
    const WHAT: &'static str = "hand-over";

    fn write(&self, to: &mut Writer) {
        to.array(5).uint(WIRE_VERSION);
        match &self.introduction {
            Some(key) => to.bytes(key),
            None => to.null(),
        };
        to.bytes(&self.tag).bytes(&self.nonce).bytes(&self.sealed);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 5)?;
        let introduction =
            if from.is_null("introduction")? { None } else { Some(from.fixed("introduction")?) };
        Ok(Self {
            introduction,
            tag: from.fixed("tag")?,
            nonce: from.fixed("nonce")?,
            sealed: from.bytes("sealed messages", 1 << 26)?.to_vec(),
        })
    }
}
