//! Proof of submission: a site's signed word that what a wallet brought has come in, made after it was written down.
//!
//! A request is a letter that brings chits; it is named by its own bytes, so the same facts are the same request for ever. What comes in
//! within the same ten seconds of a site's clock is one batch.

use hazel_core::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use hazel_core::chit::ChainId;
use hazel_core::digest::{Digest, Statement};
use hazel_core::key::{PublicKey, SecretKey, Signature};
use hazel_core::message::Message;
use hazel_core::tally::{Date, Side, TallyId};

use crate::letter::{Body, Letter};
use crate::peer::SiteKey;

/// The name of a request: the beginning of the hash of its letter.
pub type RequestId = [u8; 16];

/// How many seconds of a site's clock are one batch.
const BATCH_SECONDS: u64 = 10;
/// The most chains in one confirmation.
const CHAINS_MAX: u64 = 1024;
/// The most nodes that one names.
const NODES_MAX: u64 = 64;

/// The batch that is open at a date.
#[must_use]
pub const fn batch_at(date: Date) -> u64 {
    date / BATCH_SECONDS
}

/// The name of the request that a letter is; none if it brings no chit.
#[must_use]
pub fn request_of(letter: &Letter) -> Option<RequestId> {
    let Body::Messages { ask: true, messages } = &letter.body else { return None };
    let brings = messages.iter().any(|message| matches!(message, Message::Chits(_)));
    brings.then(|| Digest::of(&letter.to_bytes()).first())
}

/// What is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// On which tally.
    pub tally: TallyId,
    /// Which half.
    pub half: Side,
    /// The letter that brought it.
    pub request: RequestId,
    /// The batch it entered.
    pub batch: u64,
    /// The nodes that speak for the half.
    pub active: Vec<SiteKey>,
    /// How far each chain is held there that the letter was about.
    pub chains: Vec<(ChainId, u64, Digest)>,
}

impl Submission {
    /// Signs it with the site's key.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> Confirmation {
        let signature = key.sign(Statement::Confirmation, &Digest::of(&self.to_bytes()));
        Confirmation { submission: self, site: key.public(), signature }
    }

    /// Whether it covers every chit that a letter brought.
    #[must_use]
    pub fn covers(&self, letter: &Letter) -> bool {
        let Body::Messages { messages, .. } = &letter.body else { return false };
        let held =
            |chain: &ChainId, last: u64| self.chains.iter().any(|(id, seq, _)| id == chain && *seq >= last);
        (letter.tally, letter.half) == (self.tally, self.half)
            && messages.iter().all(|message| match message {
                Message::Chits(page) => {
                    held(&page.chain, page.first.saturating_add(page.chits.len() as u64).saturating_sub(1))
                }
                _ => true,
            })
    }
}

/// A confirmation with the site's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// What is confirmed.
    pub submission: Submission,
    /// By which site.
    pub site: PublicKey,
    /// The signature.
    pub signature: Signature,
}

impl Confirmation {
    /// Whether this site signed it, for this letter.
    #[must_use]
    pub fn proves(&self, letter: &Letter, site: &SiteKey) -> bool {
        let body = Digest::of(&self.submission.to_bytes());
        self.site == *site
            && Some(self.submission.request) == request_of(letter)
            && self.submission.covers(letter)
            && self.site.verify(Statement::Confirmation, &body, &self.signature).is_ok()
    }
}

impl Canon for Submission {
    const WHAT: &'static str = "submission";

    fn write(&self, to: &mut Writer) {
        to.array(6)
            .put(&self.tally)
            .put(&self.half)
            .bytes(&self.request)
            .uint(self.batch)
            .put_list(&self.active)
            .list(self.chains.len());
        for (chain, seq, hash) in &self.chains {
            to.array(3).put(chain).uint(*seq).put(hash);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 6)?;
        let (tally, half) = (from.take()?, from.take()?);
        let (request, batch) = (from.fixed("name of a request")?, from.uint("batch")?);
        let (active, mut chains) = (from.take_list("nodes", NODES_MAX)?, Vec::new());
        for _ in 0..from.list("held chains", CHAINS_MAX)? {
            from.array("held chain", 3)?;
            chains.push((from.take()?, from.uint("sequence number")?, from.take()?));
        }
        Ok(Self { tally, half, request, batch, active, chains })
    }
}

impl Canon for Confirmation {
    const WHAT: &'static str = "confirmation";

    fn write(&self, to: &mut Writer) {
        to.array(4).uint(WIRE_VERSION).put(&self.submission).put(&self.site).put(&self.signature);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 4)?;
        Ok(Self { submission: from.take()?, site: from.take()?, signature: from.take()? })
    }
}
