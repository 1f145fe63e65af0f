//! The way to a contract at the door: answers to a ticket, and versions of the tally.

use crate::tally::{Side, SignedTally, Tally};
use crate::ticket::{SignedRequest, Ticket};

use super::{Object, Refusal, Unverified, Verified};

/// What must be known to judge the answer to a ticket.
#[derive(Debug, Clone, Copy)]
pub struct TicketGround<'g> {
    /// The ticket that was shown.
    pub ticket: &'g Ticket,
    /// The key agreement that came with the hand-over.
    pub agreement_key: &'g [u8; 32],
    /// The present time.
    pub now: u64,
}

impl Object for SignedRequest {
    type Ground<'g> = TicketGround<'g>;
    type Admitted = Verified<Self>;

    fn judge(claim: Unverified<Self>, ground: &TicketGround<'_>) -> Result<Verified<Self>, Refusal> {
        let it = claim.it;
        let (request, ticket) = (&it.request, ground.ticket);
        if request.tally != ticket.tally {
            return Err(Refusal::OtherTally { what: "tally request" });
        }
        if request.nonce != ticket.nonce || ground.now > ticket.expires {
            return Err(Refusal::BadTicket);
        }
        if request.cert.agreement_key != *ground.agreement_key {
            return Err(Refusal::Altered { what: "agreement key" });
        }
        it.check_signature().map_err(|error| Refusal::Signature { what: "tally request", error })?;
        Ok(Verified(it))
    }
}

/// What must be known to judge a version of the contract.
#[derive(Debug, Clone, Copy)]
pub struct OfferGround<'g> {
    /// My half.
    pub my_side: Side,
    /// My own certificate, word for word.
    pub my_half: &'g crate::tally::PartyCert,
    /// The versions that I have signed, as I kept them.
    pub my_offers: &'g [SignedTally],
    /// The ticket that began it, if I was the one who scanned it.
    pub scanned: Option<&'g Ticket>,
    /// The partner's certificate, once it is known.
    pub partner: Option<&'g crate::tally::PartyCert>,
}

/// What the door says of a version of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfferAdmission {
    /// The partner has signed, I have not.
    Offer(Verified<SignedTally>),
    /// Both have signed, and it is what I signed.
    Contract(Verified<SignedTally>),
}

impl Object for SignedTally {
    type Ground<'g> = OfferGround<'g>;
    type Admitted = OfferAdmission;

    fn judge(claim: Unverified<Self>, ground: &OfferGround<'_>) -> Result<OfferAdmission, Refusal> {
        let it = claim.it;
        let (mine, theirs) = (it.tally.half(ground.my_side), it.tally.half(ground.my_side.other()));
        if !it.has(ground.my_side.other()) {
            return Err(Refusal::Unsigned);
        }
        if mine.cert != *ground.my_half {
            return Err(Refusal::Altered { what: "my own keys or name" });
        }
        if ground.partner.is_some_and(|known| {
            known.party_key != theirs.cert.party_key || known.agreement_key != theirs.cert.agreement_key
        }) {
            return Err(Refusal::Altered { what: "partner's keys" });
        }
        if let Some(ticket) = ground.scanned {
            let promised = ticket.party_commitment == theirs.cert.party_key.digest()
                && ticket.meeting_key == theirs.cert.agreement_key
                && ticket.role == ground.my_side.other();
            if !promised {
                return Err(Refusal::NotTheInviter);
            }
        }
        it.check_signatures().map_err(|error| Refusal::Signature { what: "tally", error })?;
        if !it.has(ground.my_side) {
            return Ok(OfferAdmission::Offer(Verified(it)));
        }
        let copy = ground.my_offers.iter().find(|copy| copy.tally == it.tally);
        match copy {
            Some(_) => Ok(OfferAdmission::Contract(Verified(it))),
            None => Err(Refusal::Altered { what: closest_difference(&it.tally, ground.my_offers) }),
        }
    }
}

/// What the version that came back has different from the one that is nearest to it.
fn closest_difference(found: &Tally, offers: &[SignedTally]) -> &'static str {
    offers
        .iter()
        .find(|copy| copy.tally.revision == found.revision)
        .and_then(|copy| copy.tally.difference(found))
        .unwrap_or("whole text")
}
