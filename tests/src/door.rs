//! What the door says: objects of the right form, before a ground on which they do or do not pass.

use hazel_core::admit::{
    AnswerGround, ChitAdmission, ChitGround, DeviceGround, NodeGround, Object, OfferAdmission, OfferGround,
    Refusal, TicketGround, Unverified, admit,
};
use hazel_core::canon::Canon;
use hazel_core::chit::SignedChit;
use hazel_core::digest::Digest;
use hazel_core::invoice::{SignedAnswer, SignedInvoice};
use hazel_core::key::PublicKey;
use hazel_core::order::{Certificate, Endorsement, ForkProof, NodeSets};
use hazel_core::receipt::SignedReceipt;
use hazel_core::tally::{Halves, PartyCert, Side, SignedTally, TallyId};
use hazel_core::ticket::{SignedRequest, Ticket};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::vectors::{hex, unhex};

/// What is known where the object arrives. Every object is given in its canonical bytes; what a judgement does not need is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ground {
    /// The tally it must be on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tally: Option<String>,
    /// The party key of the half that a chit claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party_key: Option<String>,
    /// The hash of the key promised for a chit's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promised: Option<String>,
    /// The chits held at that place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub here: Vec<String>,
    /// `stock` or `foil`: the half of whoever looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub my_side: Option<String>,
    /// The key of the device that is named, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_key: Option<String>,
    /// `stock` or `foil`: who asked for the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asker: Option<String>,
    /// The nodes of the stock.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stock_nodes: Vec<String>,
    /// The nodes of the foil.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foil_nodes: Vec<String>,
    /// The ticket that was shown or scanned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// The agreement key that came with the hand-over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement_key: Option<String>,
    /// The present time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<u64>,
    /// My own certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub my_cert: Option<String>,
    /// The versions of the contract that I have signed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub my_offers: Vec<String>,
    /// The partner's certificate, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
}

/// An object before the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtTheDoor {
    /// The sort of attempt.
    pub class: String,
    /// What was done.
    pub name: String,
    /// What it is.
    pub object: String,
    /// Its bytes.
    pub bytes: String,
    /// Where it arrives: the number of a line in `grounds.json`, from 0.
    pub ground: usize,
    /// As what it passes: `new`, `known`, `gap`, `fork`, `offer`, `contract` or `good`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub admitted: Option<String>,
    /// How it must be refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<Fault>,
}

/// The hexadecimal of an object.
#[must_use]
pub fn text(it: &impl Canon) -> String {
    hex(&it.to_bytes())
}

fn object<T: Canon>(text: &str) -> Option<T> {
    T::from_bytes(&unhex(text)?).ok()
}

fn objects<T: Canon>(texts: &[String]) -> Option<Vec<T>> {
    texts.iter().map(|text| object(text)).collect()
}

fn maybe<T: Canon>(text: Option<&String>) -> Option<Option<T>> {
    text.map_or(Some(None), |text| object(text).map(Some))
}

/// A key as a ground knows it: its 32 bytes, so that even a weak one can stand there.
fn key(text: &str) -> Option<PublicKey> {
    Some(PublicKey(unhex(text)?.try_into().ok()?))
}

fn side(name: Option<&String>) -> Option<Side> {
    Side::BOTH.into_iter().find(|side| name.is_some_and(|name| *name == side.to_string()))
}

impl Ground {
    fn device<'g>(&self, tally: &'g TallyId) -> Option<DeviceGround<'g>> {
        let device_key = match &self.device_key {
            Some(text) => Some(key(text)?),
            None => None,
        };
        Some(DeviceGround { tally, device_key })
    }

    fn nodes(&self) -> Option<NodeSets> {
        let keys = |list: &[String]| list.iter().map(|text| key(text)).collect::<Option<Vec<_>>>();
        Some(Halves { stock: keys(&self.stock_nodes)?, foil: keys(&self.foil_nodes)? })
    }

    fn tally(&self) -> Option<TallyId> {
        object(self.tally.as_ref()?)
    }
}

fn plainly<T: Object + Canon>(
    bytes: &[u8],
    ground: &T::Ground<'_>,
    good: fn(&T::Admitted) -> &'static str,
) -> Verdict {
    let admitted =
        Unverified::<T>::from_bytes(bytes).map_err(Refusal::from).and_then(|it| admit::<T>(it, ground))?;
    Ok(good(&admitted))
}

/// As what an object passed, or why it did not.
pub type Verdict = Result<&'static str, Refusal>;

/// Puts an object before the door on its ground; none if the vector itself cannot be read.
#[must_use]
pub fn judge(it: &AtTheDoor, grounds: &[Ground]) -> Option<Verdict> {
    let (bytes, ground) = (unhex(&it.bytes)?, grounds.get(it.ground)?);
    Some(match it.object.as_str() {
        SignedChit::WHAT => chit(&bytes, ground)?,
        SignedReceipt::WHAT => {
            plainly::<SignedReceipt>(&bytes, &ground.device(&ground.tally()?)?, |_| "good")
        }
        SignedInvoice::WHAT => {
            plainly::<SignedInvoice>(&bytes, &ground.device(&ground.tally()?)?, |_| "good")
        }
        SignedAnswer::WHAT => {
            let tally = ground.tally()?;
            let asker = side(ground.asker.as_ref())?;
            let ground = AnswerGround { device: ground.device(&tally)?, asker };
            plainly::<SignedAnswer>(&bytes, &ground, |_| "good")
        }
        Endorsement::WHAT => {
            let ground = NodeGround { tally: &ground.tally()?, nodes: &ground.nodes()? };
            plainly::<Endorsement>(&bytes, &ground, |_| "good")
        }
        Certificate::WHAT => {
            let ground = NodeGround { tally: &ground.tally()?, nodes: &ground.nodes()? };
            plainly::<Certificate>(&bytes, &ground, |_| "good")
        }
        ForkProof::WHAT => plainly::<ForkProof>(&bytes, &ground.tally()?, |_| "good"),
        SignedRequest::WHAT => request(&bytes, ground)?,
        SignedTally::WHAT => offer(&bytes, ground)?,
        _ => return None,
    })
}

fn chit(bytes: &[u8], ground: &Ground) -> Option<Verdict> {
    let (tally, here) = (ground.tally()?, objects(&ground.here)?);
    let party_key = key(ground.party_key.as_ref()?)?;
    let promised = match &ground.promised {
        Some(text) => Some(Digest(unhex(text)?.try_into().ok()?)),
        None => None,
    };
    let ground = ChitGround { tally: &tally, party_key: &party_key, promised, here: &here };
    Some(plainly::<SignedChit>(bytes, &ground, |admission| match admission {
        ChitAdmission::New(_) => "new",
        ChitAdmission::Known => "known",
        ChitAdmission::Gap => "gap",
        ChitAdmission::Fork(..) => "fork",
    }))
}

fn request(bytes: &[u8], ground: &Ground) -> Option<Verdict> {
    let ticket: Ticket = object(ground.ticket.as_ref()?)?;
    let agreement_key = unhex(ground.agreement_key.as_ref()?)?.try_into().ok()?;
    let ground = TicketGround { ticket: &ticket, agreement_key: &agreement_key, now: ground.now? };
    Some(plainly::<SignedRequest>(bytes, &ground, |_| "good"))
}

fn offer(bytes: &[u8], ground: &Ground) -> Option<Verdict> {
    let my_half: PartyCert = object(ground.my_cert.as_ref()?)?;
    let my_offers = objects(&ground.my_offers)?;
    let (scanned, partner) = (maybe(ground.ticket.as_ref())?, maybe(ground.partner.as_ref())?);
    let ground = OfferGround {
        my_side: side(ground.my_side.as_ref())?,
        my_half: &my_half,
        my_offers: &my_offers,
        scanned: scanned.as_ref(),
        partner: partner.as_ref(),
    };
    Some(plainly::<SignedTally>(bytes, &ground, |admission| match admission {
        OfferAdmission::Offer(_) => "offer",
        OfferAdmission::Contract(_) => "contract",
    }))
}
