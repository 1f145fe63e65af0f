//! Inviting somebody to a tally: a one-time, expiring ticket, and the request that answers it.

use crate::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use crate::digest::{Digest, Statement};
use crate::key::{SecretKey, Signature, SignatureError};
use crate::tally::{Date, PartyCert, SUITE, Side, TallyId, Terms, read_name, read_suite};

/// What an inviter shows. It names keys by commitment only; whoever scans it can begin an encrypted meeting and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The tally that would come of it.
    pub tally: TallyId,
    /// The half the inviter would hold.
    pub role: Side,
    /// The inviter's X25519 key for the first meeting.
    pub meeting_key: [u8; 32],
    /// The hash of the inviter's party key on this tally.
    pub party_commitment: Digest,
    /// Good once.
    pub nonce: [u8; 16],
    /// Until when.
    pub expires: Date,
    /// The credit the inviter would grant.
    pub terms: Terms,
    /// What the inviter is called, for the one who scans.
    pub name: String,
    /// Where the inviter's device or site may be found; empty for a meeting face to face.
    pub rendezvous: Vec<String>,
}

impl Canon for Ticket {
    const WHAT: &'static str = "ticket";

    fn write(&self, to: &mut Writer) {
        to.array(11).uint(WIRE_VERSION).uint(SUITE).put(&self.tally).put(&self.role).bytes(&self.meeting_key);
        to.put(&self.party_commitment)
            .bytes(&self.nonce)
            .uint(self.expires)
            .put(&self.terms)
            .text(&self.name);
        to.list(self.rendezvous.len());
        for place in &self.rendezvous {
            to.text(place);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 11)?;
        read_suite(from)?;
        let (tally, role) = (from.take()?, from.take()?);
        let (meeting_key, party_commitment) = (from.fixed("meeting key")?, from.take()?);
        let (nonce, expires) = (from.fixed("nonce")?, from.uint("expiry")?);
        let (terms, name) = (from.take()?, read_name(from)?);
        let count = from.list("places to meet", 4)?;
        let mut rendezvous = Vec::new();
        for _ in 0..count {
            rendezvous.push(from.text("place to meet", 128)?);
        }
        Ok(Self { tally, role, meeting_key, party_commitment, nonce, expires, terms, name, rendezvous })
    }
}

/// "Please open a tally with me": the answer to a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which tally the ticket named.
    pub tally: TallyId,
    /// The ticket's nonce.
    pub nonce: [u8; 16],
    /// Who asks.
    pub cert: PartyCert,
    /// The credit the asker would grant.
    pub terms: Terms,
}

impl Request {
    /// Signs it with the asker's party key.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> SignedRequest {
        let signature = key.sign(Statement::Request, &Digest::of(&self.to_bytes()));
        SignedRequest { request: self, signature }
    }
}

impl Canon for Request {
    const WHAT: &'static str = "tally request";

    fn write(&self, to: &mut Writer) {
        to.array(5).uint(SUITE).put(&self.tally).bytes(&self.nonce).put(&self.cert).put(&self.terms);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.counted_after(Self::WHAT, 5, read_suite)?;
        Ok(Self { tally: from.take()?, nonce: from.fixed("nonce")?, cert: from.take()?, terms: from.take()? })
    }
}

/// A request with the asker's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// What is asked.
    pub request: Request,
    /// The signature.
    pub signature: Signature,
}

impl SignedRequest {
    /// Whether the signature holds under the key it brings.
    pub fn check_signature(&self) -> Result<(), SignatureError> {
        let body = Digest::of(&self.request.to_bytes());
        self.request.cert.party_key.verify(Statement::Request, &body, &self.signature)
    }
}

impl Canon for SignedRequest {
    const WHAT: &'static str = "signed tally request";

    fn write(&self, to: &mut Writer) {
        to.array(3).uint(WIRE_VERSION).put(&self.request).put(&self.signature);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 3)?;
        Ok(Self { request: from.take()?, signature: from.take()? })
    }
}
