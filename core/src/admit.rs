//! The one door. Whatever arrives, by whatever road, is [`Unverified`] until [`admit`] has made a [`Verified`] of it; nothing else can,
//! and nothing else may change a ledger.

use crate::canon::{Canon, Malformed, WIRE_VERSION, Writer};
use crate::chit::{Body, ChainId, DeviceAct, SignedChit};
use crate::digest::{Digest, Statement};
use crate::invoice::{SignedAnswer, SignedInvoice, Verdict};
use crate::key::{PublicKey, SecretKey, Signature, SignatureError};
use crate::order::{Certificate, CertificateError, Endorsement, ForkError, ForkProof, NodeSets};
use crate::receipt::SignedReceipt;
use crate::tally::{Grant, Side, SignedTally, Tally, TallyId};
use crate::ticket::{SignedRequest, Ticket};

/// Something that arrived. It can be looked at to find out whom it concerns, and that is all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unverified<T> {
    it: T,
    proven: bool,
}

impl<T: Canon> Unverified<T> {
    /// Reads bytes that arrived.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        T::from_bytes(bytes).map(Self::from)
    }
}

impl<T> Unverified<T> {
    /// What it claims to be.
    #[must_use]
    pub const fn claim(&self) -> &T {
        &self.it
    }
}

impl<T> From<T> for Unverified<T> {
    fn from(it: T) -> Self {
        Self { it, proven: false }
    }
}

/// Something that has passed the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// What it is.
    #[must_use]
    pub const fn it(&self) -> &T {
        &self.0
    }

    /// What it is, to keep.
    #[must_use]
    pub fn into_it(self) -> T {
        self.0
    }
}

impl Verified<SignedChit> {
    /// A chit that this very device has just signed with the key of its own chain.
    #[must_use]
    pub(crate) fn own(chit: crate::chit::Chit, key: &SecretKey) -> Self {
        Self(chit.sign(key))
    }
}

/// Who is at fault when something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Culprit {
    /// Whoever made the bytes: they are no object of ours.
    Sender,
    /// The partner: it signed or claimed what it must not.
    Partner,
    /// Nobody: something came too early or too late.
    Nobody,
    /// This wallet: it is too old or not ready.
    Us,
}

/// Why something was refused. Nothing of it was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes are no object of ours.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It concerns another tally.
    #[error("{what}: belongs to another tally")]
    OtherTally {
        /// What was refused.
        what: &'static str,
    },
    /// It speaks for a half that the signer does not hold.
    #[error("{what}: signed for the wrong half of the tally")]
    WrongSide {
        /// What was refused.
        what: &'static str,
    },
    /// No such device has leave to sign.
    #[error("{what}: signed by a device that was never granted leave")]
    UnknownDevice {
        /// What was refused.
        what: &'static str,
    },
    /// A chit signed with another key than the one its chain has promised.
    #[error("the chit is not signed with the key that the one before it promised")]
    WrongKey,
    /// The first chit of a chain must have zeros before it, the first of a restored epoch its grant.
    #[error("the chit claims a place in its chain that it cannot have")]
    WrongPlace,
    /// A signature that does not hold, or a weak key.
    #[error("{what}: {error}")]
    Signature {
        /// What was refused.
        what: &'static str,
        /// What is wrong with it.
        error: SignatureError,
    },
    /// A node that has no say on this tally.
    #[error("the order is endorsed by a key that speaks for neither party")]
    NotANode,
    /// An order that contradicts what both have agreed, or what its own signer said before.
    #[error("the partner's order contradicts an earlier one at number {index}")]
    OrderRewritten {
        /// Where it departs.
        index: u64,
    },
    /// An order that names chits against their own sequence or that does not lead to its head.
    #[error("the partner's order does not lead to the head it claims")]
    WrongHead,
    /// An order of an older view.
    #[error("an order from before the partner's phone was restored; it no longer counts")]
    OldView,
    /// The contract that came back is not the one that was offered.
    #[error("the partner changed the {what} of the tally that was offered; it was not opened")]
    Altered {
        /// What differs.
        what: &'static str,
    },
    /// A contract or offer without the signature it needs.
    #[error("the offer lacks the partner's signature")]
    Unsigned,
    /// A ticket that is used up, expired or unknown.
    #[error("the ticket is not good (any more)")]
    BadTicket,
    /// The keys that came do not belong to the ticket that was scanned.
    #[error("the partner's key is not the one the ticket promised")]
    NotTheInviter,
    /// A certificate that proves nothing.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A proof that proves nothing.
    #[error(transparent)]
    Fork(#[from] ForkError),
    /// The partner has more parked than anybody needs.
    #[error("too much is waiting for missing chits; the partner must send those first")]
    TooMuchParked,
    /// An amount that leaves the range of the ledger.
    #[error("the amounts on this tally would leave the range that can be counted")]
    Overflow,
    /// Not possible where the tally stands.
    #[error("{what}: out of place in the present state of the tally")]
    OutOfPlace {
        /// What was refused.
        what: &'static str,
    },
}

impl Refusal {
    /// Whose fault it is.
    #[must_use]
    pub const fn culprit(&self) -> Culprit {
        match self {
            Self::Malformed(Malformed::Newer { .. }) => Culprit::Us,
            Self::Malformed(_) => Culprit::Sender,
            Self::OldView | Self::BadTicket | Self::OutOfPlace { .. } | Self::Overflow => Culprit::Nobody,
            _ => Culprit::Partner,
        }
    }

    /// A stable name, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(Malformed::Truncated { .. }) => "truncated",
            Self::Malformed(Malformed::Trailing { .. }) => "trailing",
            Self::Malformed(Malformed::WrongType { .. }) => "wrong_type",
            Self::Malformed(Malformed::WrongLength { .. }) => "wrong_length",
            Self::Malformed(Malformed::TooLong { .. }) => "too_long",
            Self::Malformed(Malformed::OutOfRange { .. }) => "out_of_range",
            Self::Malformed(Malformed::NotText { .. }) => "not_text",
            Self::Malformed(Malformed::NotCanonical { .. }) => "not_canonical",
            Self::Malformed(Malformed::Newer { .. }) => "newer",
            Self::Malformed(Malformed::WeakKey { .. }) => "weak_key",
            Self::OtherTally { .. } => "other_tally",
            Self::WrongSide { .. } => "wrong_side",
            Self::UnknownDevice { .. } => "unknown_device",
            Self::WrongKey => "wrong_key",
            Self::WrongPlace => "wrong_place",
            Self::Signature { error: SignatureError::WeakKey, .. } => "weak_key",
            Self::Signature { .. } => "bad_signature",
            Self::NotANode => "not_a_node",
            Self::OrderRewritten { .. } => "order_rewritten",
            Self::WrongHead => "wrong_head",
            Self::OldView => "old_view",
            Self::Altered { .. } => "altered",
            Self::Unsigned => "unsigned",
            Self::BadTicket => "bad_ticket",
            Self::NotTheInviter => "not_the_inviter",
            Self::Certificate(_) => "bad_certificate",
            Self::Fork(_) => "bad_proof",
            Self::TooMuchParked => "too_much_parked",
            Self::Overflow => "overflow",
            Self::OutOfPlace { .. } => "out_of_place",
        }
    }
}

/// An object that can pass the door, and the ground on which it is judged.
pub trait Object: Sized {
    /// What must be known to judge it.
    type Ground<'g>;
    /// What it is when it has passed.
    type Admitted;

    /// Judges it. Only [`admit`] calls this.
    #[doc(hidden)]
    fn judge(claim: Unverified<Self>, ground: &Self::Ground<'_>) -> Result<Self::Admitted, Refusal>;
}

/// The one way in.
pub fn admit<T: Object>(claim: Unverified<T>, ground: &T::Ground<'_>) -> Result<T::Admitted, Refusal> {
    T::judge(claim, ground)
}

/// Checks the signatures of many chits, on as many threads as are given. What does not hold stays unproven and is refused at the door.
pub fn prove(chits: &mut [Unverified<SignedChit>], threads: usize) {
    let share = chits.len().div_ceil(threads.max(1)).max(1);
    let check = |part: &mut [Unverified<SignedChit>]| {
        for chit in part {
            chit.proven = chit.it.check_signature().is_ok();
        }
    };
    if threads <= 1 {
        return check(chits);
    }
    std::thread::scope(|scope| {
        for part in chits.chunks_mut(share) {
            scope.spawn(move || check(part));
        }
    });
}

/// What must be known to judge a chit.
#[derive(Debug, Clone, Copy)]
pub struct ChitGround<'g> {
    /// The tally it must be on.
    pub tally: &'g TallyId,
    /// The party key of the half it claims.
    pub party_key: &'g PublicKey,
    /// The key promised for this place: by the chit before it, or by the device's grant for the first.
    pub promised: Option<Digest>,
    /// What is held at this very place already.
    pub here: &'g [SignedChit],
}

/// What the door says of a chit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChitAdmission {
    /// It goes on its chain.
    New(Verified<SignedChit>),
    /// It is held already.
    Known,
    /// Its signature holds, but what must come before it is not here yet.
    Gap,
    /// It goes on its chain beside another one: the signer has used one key twice.
    Fork(Verified<SignedChit>, Verified<ForkProof>),
}

impl Object for SignedChit {
    type Ground<'g> = ChitGround<'g>;
    type Admitted = ChitAdmission;

    fn judge(claim: Unverified<Self>, ground: &ChitGround<'_>) -> Result<ChitAdmission, Refusal> {
        const WHAT: &str = "chit";
        let Unverified { it, proven } = claim;
        if it.chit.tally != *ground.tally {
            return Err(Refusal::OtherTally { what: WHAT });
        }
        if ground.here.iter().any(|held| held.chit == it.chit) {
            return Ok(ChitAdmission::Known);
        }
        if (it.chit.seq == 1) != (it.chit.prev_own == Digest::default()) {
            return Err(Refusal::WrongPlace);
        }
        let promised = match &it.chit.body {
            Body::Device(DeviceAct::Epoch { grant, by_party }) => {
                let place = ChainId { device: grant.device, epoch: grant.epoch, ..it.chit.chain };
                if place != it.chit.chain || it.chit.seq != 1 {
                    return Err(Refusal::WrongPlace);
                }
                check_grant(ground.tally, it.chit.chain.side, grant, ground.party_key, by_party)?;
                Some(grant.first_key)
            }
            _ => ground.promised,
        };
        if promised.is_some_and(|promised| it.key.digest() != promised) {
            return Err(Refusal::WrongKey);
        }
        if !proven {
            it.check_signature().map_err(|error| Refusal::Signature { what: WHAT, error })?;
        }
        if promised.is_none() {
            return Ok(ChitAdmission::Gap);
        }
        // Another key at the same place means another branch of a chain that was forked before; one key twice is the fork itself.
        match ground.here.iter().find(|held| held.key == it.key) {
            None => Ok(ChitAdmission::New(Verified(it))),
            Some(held) => {
                let proof = ForkProof::Chits(Box::new(held.clone()), Box::new(it.clone()));
                proof.check()?;
                Ok(ChitAdmission::Fork(Verified(it), Verified(proof)))
            }
        }
    }
}

/// What a party signs when it opens a new epoch for one of its devices.
#[must_use]
pub fn grant_digest(tally: &TallyId, side: Side, grant: &Grant) -> Digest {
    let mut to = Writer::with_capacity(128);
    to.array(4).uint(WIRE_VERSION).put(tally).put(&side).put(grant);
    Digest::of(&to.into_bytes())
}

fn check_grant(
    tally: &TallyId,
    side: Side,
    grant: &Grant,
    party: &PublicKey,
    signature: &Signature,
) -> Result<(), Refusal> {
    party
        .verify(Statement::Grant, &grant_digest(tally, side, grant), signature)
        .map_err(|error| Refusal::Signature { what: "grant of a new epoch", error })
}

/// What must be known to judge a document of one device.
#[derive(Debug, Clone, Copy)]
pub struct DeviceGround<'g> {
    /// The tally it must be on.
    pub tally: &'g TallyId,
    /// The key of the device that claims to have signed it.
    pub device_key: Option<PublicKey>,
}

impl DeviceGround<'_> {
    fn check(
        &self,
        what: &'static str,
        tally: &TallyId,
        statement: Statement,
        body: &Digest,
        signature: &Signature,
    ) -> Result<(), Refusal> {
        if tally != self.tally {
            return Err(Refusal::OtherTally { what });
        }
        let key = self.device_key.ok_or(Refusal::UnknownDevice { what })?;
        key.verify(statement, body, signature).map_err(|error| Refusal::Signature { what, error })
    }
}

impl Object for SignedReceipt {
    type Ground<'g> = DeviceGround<'g>;
    type Admitted = Verified<Self>;

    fn judge(claim: Unverified<Self>, ground: &DeviceGround<'_>) -> Result<Verified<Self>, Refusal> {
        let it = claim.it;
        if it.receipt.by.side == it.receipt.chain.side {
            return Err(Refusal::WrongSide { what: "receipt" });
        }
        let body = Digest::of(&it.receipt.to_bytes());
        ground.check("receipt", &it.receipt.tally, Statement::Receipt, &body, &it.signature)?;
        Ok(Verified(it))
    }
}

impl Object for SignedInvoice {
    type Ground<'g> = DeviceGround<'g>;
    type Admitted = Verified<Self>;

    fn judge(claim: Unverified<Self>, ground: &DeviceGround<'_>) -> Result<Verified<Self>, Refusal> {
        let it = claim.it;
        let body = Digest::of(&it.invoice.to_bytes());
        ground.check("invoice", &it.invoice.tally, Statement::Invoice, &body, &it.signature)?;
        Ok(Verified(it))
    }
}

/// What must be known to judge an answer to an invoice.
#[derive(Debug, Clone, Copy)]
pub struct AnswerGround<'g> {
    /// The device that claims to have signed it.
    pub device: DeviceGround<'g>,
    /// Who asked for the payment.
    pub asker: Side,
}

impl Object for SignedAnswer {
    type Ground<'g> = AnswerGround<'g>;
    type Admitted = Verified<Self>;

    fn judge(claim: Unverified<Self>, ground: &AnswerGround<'_>) -> Result<Verified<Self>, Refusal> {
        let it = claim.it;
        let speaker = match it.answer.verdict {
            Verdict::Withdrawn => ground.asker,
            Verdict::Declined => ground.asker.other(),
        };
        if it.answer.by.side != speaker {
            return Err(Refusal::WrongSide { what: "answer to an invoice" });
        }
        let body = Digest::of(&it.answer.to_bytes());
        let what = "answer to an invoice";
        ground.device.check(what, &it.answer.tally, Statement::Answer, &body, &it.signature)?;
        Ok(Verified(it))
    }
}

/// What must be known to judge an endorsement or a certificate.
#[derive(Debug, Clone, Copy)]
pub struct NodeGround<'g> {
    /// The tally it must be on.
    pub tally: &'g TallyId,
    /// Who has a say.
    pub nodes: &'g NodeSets,
}

impl Object for Endorsement {
    type Ground<'g> = NodeGround<'g>;
    type Admitted = Verified<Self>;

    fn judge(claim: Unverified<Self>, ground: &NodeGround<'_>) -> Result<Verified<Self>, Refusal> {
        const WHAT: &str = "endorsement";
        let it = claim.it;
        if it.head.tally != *ground.tally {
            return Err(Refusal::OtherTally { what: WHAT });
        }
        if !Side::BOTH.iter().any(|side| ground.nodes.of(*side).contains(&it.key)) {
            return Err(Refusal::NotANode);
        }
        it.check_signature().map_err(|error| Refusal::Signature { what: WHAT, error })?;
        Ok(Verified(it))
    }
}

impl Object for Certificate {
    type Ground<'g> = NodeGround<'g>;
    type Admitted = Verified<Self>;

    fn judge(claim: Unverified<Self>, ground: &NodeGround<'_>) -> Result<Verified<Self>, Refusal> {
        if claim.it.head.tally != *ground.tally {
            return Err(Refusal::OtherTally { what: "certificate" });
        }
        claim.it.check(ground.nodes)?;
        Ok(Verified(claim.it))
    }
}

impl Object for ForkProof {
    type Ground<'g> = TallyId;
    type Admitted = Verified<Self>;

    fn judge(claim: Unverified<Self>, ground: &TallyId) -> Result<Verified<Self>, Refusal> {
        let tally = match &claim.it {
            Self::Chits(one, _) => one.chit.tally,
            Self::Orders(one, _) => one.head.tally,
        };
        if tally != *ground {
            return Err(Refusal::OtherTally { what: "fork proof" });
        }
        claim.it.check()?;
        Ok(Verified(claim.it))
    }
}

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
