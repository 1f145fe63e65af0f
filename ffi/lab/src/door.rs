//! What the wallet's one door says of objects of the right form, so that the vectors of `tests/vectors/door.json` are judged from every
//! language.

use hazel_core::admit::{
    AnswerGround, ChitAdmission, ChitGround, DeviceGround, NodeGround, Object, OfferAdmission, OfferGround,
    TicketGround, Unverified, admit,
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
use hazel_ffi::HazelError;

use crate::vectors::no;

/// What is known where an object arrives: a line of `tests/vectors/grounds.json`. What a judgement does not need is absent.
#[derive(Debug, Clone, uniffi::Record)]
#[allow(missing_docs, reason = "named as in the file, whose document says what each is")]
pub struct Ground {
    pub tally: Option<Vec<u8>>,
    pub party_key: Option<Vec<u8>>,
    pub promised: Option<Vec<u8>>,
    pub here: Vec<Vec<u8>>,
    pub my_side: Option<String>,
    pub device_key: Option<Vec<u8>>,
    pub asker: Option<String>,
    pub stock_nodes: Vec<Vec<u8>>,
    pub foil_nodes: Vec<Vec<u8>>,
    pub ticket: Option<Vec<u8>>,
    pub agreement_key: Option<Vec<u8>>,
    pub now: Option<u64>,
    pub my_cert: Option<Vec<u8>>,
    pub my_offers: Vec<Vec<u8>>,
    pub partner: Option<Vec<u8>>,
}

type Judged<T> = Result<T, HazelError>;

/// Brings an object to the door, where it finds that ground. Answers as what it passes: `new`, `known`, `gap`, `fork`, `offer`,
/// `contract` or `good`.
#[uniffi::export]
pub fn judge(object: &str, bytes: Vec<u8>, ground: Ground) -> Judged<String> {
    let passes = match object {
        SignedChit::WHAT => ground.chit(&bytes),
        SignedReceipt::WHAT => ground.by_device::<SignedReceipt>(&bytes),
        SignedInvoice::WHAT => ground.by_device::<SignedInvoice>(&bytes),
        SignedAnswer::WHAT => {
            let (tally, asker) = (ground.tally()?, side(ground.asker.as_ref())?);
            let ground = AnswerGround { device: ground.device(&tally)?, asker };
            through::<SignedAnswer>(&bytes, &ground).map(|_| "good")
        }
        Endorsement::WHAT => ground.by_nodes::<Endorsement>(&bytes),
        Certificate::WHAT => ground.by_nodes::<Certificate>(&bytes),
        ForkProof::WHAT => through::<ForkProof>(&bytes, &ground.tally()?).map(|_| "good"),
        SignedRequest::WHAT => ground.request(&bytes),
        SignedTally::WHAT => ground.offer(&bytes),
        _ => Err(no("unknown", "there is no such object")),
    };
    passes.map(str::to_owned)
}

fn through<T: Object + Canon>(bytes: &[u8], ground: &T::Ground<'_>) -> Judged<T::Admitted> {
    let unverified = Unverified::<T>::from_bytes(bytes).map_err(hazel_core::admit::Refusal::from)?;
    Ok(admit::<T>(unverified, ground)?)
}

impl Ground {
    fn tally(&self) -> Judged<TallyId> {
        known(self.tally.as_deref())
    }

    fn device<'g>(&self, tally: &'g TallyId) -> Judged<DeviceGround<'g>> {
        Ok(DeviceGround { tally, device_key: self.device_key.as_deref().map(key).transpose()? })
    }

    fn by_device<T>(&self, bytes: &[u8]) -> Judged<&'static str>
    where
        T: Canon + for<'g> Object<Ground<'g> = DeviceGround<'g>>,
    {
        through::<T>(bytes, &self.device(&self.tally()?)?).map(|_| "good")
    }

    fn by_nodes<T>(&self, bytes: &[u8]) -> Judged<&'static str>
    where
        T: Canon + for<'g> Object<Ground<'g> = NodeGround<'g>>,
    {
        let keys = |list: &[Vec<u8>]| list.iter().map(|bytes| key(bytes)).collect::<Judged<Vec<_>>>();
        let nodes: NodeSets = Halves { stock: keys(&self.stock_nodes)?, foil: keys(&self.foil_nodes)? };
        through::<T>(bytes, &NodeGround { tally: &self.tally()?, nodes: &nodes }).map(|_| "good")
    }

    fn chit(&self, bytes: &[u8]) -> Judged<&'static str> {
        let (tally, here) = (self.tally()?, all(&self.here)?);
        let party_key = key(self.party_key.as_deref().ok_or_else(missing)?)?;
        let promised = self
            .promised
            .clone()
            .map(|hash| hash.try_into().map(Digest).map_err(|_| missing()))
            .transpose()?;
        let ground = ChitGround { tally: &tally, party_key: &party_key, promised, here: &here };
        Ok(match through::<SignedChit>(bytes, &ground)? {
            ChitAdmission::New(_) => "new",
            ChitAdmission::Known => "known",
            ChitAdmission::Gap => "gap",
            ChitAdmission::Fork(..) => "fork",
        })
    }

    fn request(&self, bytes: &[u8]) -> Judged<&'static str> {
        let ticket: Ticket = known(self.ticket.as_deref())?;
        let agreement_key =
            self.agreement_key.clone().ok_or_else(missing)?.try_into().map_err(|_| missing())?;
        let now = self.now.ok_or_else(missing)?;
        let ground = TicketGround { ticket: &ticket, agreement_key: &agreement_key, now };
        through::<SignedRequest>(bytes, &ground).map(|_| "good")
    }

    fn offer(&self, bytes: &[u8]) -> Judged<&'static str> {
        let (my_half, my_offers): (PartyCert, _) = (known(self.my_cert.as_deref())?, all(&self.my_offers)?);
        let scanned = self.ticket.as_deref().map(read).transpose()?;
        let partner = self.partner.as_deref().map(read).transpose()?;
        let ground = OfferGround {
            my_side: side(self.my_side.as_ref())?,
            my_half: &my_half,
            my_offers: &my_offers,
            scanned: scanned.as_ref(),
            partner: partner.as_ref(),
        };
        Ok(match through::<SignedTally>(bytes, &ground)? {
            OfferAdmission::Offer(_) => "offer",
            OfferAdmission::Contract(_) => "contract",
        })
    }
}

fn read<T: Canon>(bytes: &[u8]) -> Judged<T> {
    T::from_bytes(bytes).map_err(|malformed| hazel_core::admit::Refusal::Malformed(malformed).into())
}

fn known<T: Canon>(bytes: Option<&[u8]>) -> Judged<T> {
    read(bytes.ok_or_else(missing)?)
}

fn all<T: Canon>(list: &[Vec<u8>]) -> Judged<Vec<T>> {
    list.iter().map(|bytes| read(bytes)).collect()
}

/// A key as a ground knows it: its 32 bytes, so that even a weak one can stand there.
fn key(bytes: &[u8]) -> Judged<PublicKey> {
    Ok(PublicKey(bytes.try_into().map_err(|_| missing())?))
}

fn side(name: Option<&String>) -> Judged<Side> {
    let named = Side::BOTH.into_iter().find(|side| name.is_some_and(|name| *name == side.to_string()));
    named.ok_or_else(missing)
}

fn missing() -> HazelError {
    no("no_ground", "the vector's ground lacks what this judgement needs")
}
