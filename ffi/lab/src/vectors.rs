//! The entry points that the vectors of `tests/vectors` are read through, so that every language hears the same answers.

use hazel_core::address::Address;
use hazel_core::admit::Refusal;
use hazel_core::canon::{Canon, Malformed};
use hazel_core::chit::{Body, BriefChit, ChainId, Chit, ChitRef, Note, SignedChit, Variables};
use hazel_core::digest::{Digest, Statement};
use hazel_core::invoice::{Answer, Invoice, InvoiceId, Line, Particulars, SignedAnswer, SignedInvoice};
use hazel_core::key::{PublicKey, Signature, SignatureError};
use hazel_core::message::{Handover, Have, Message, Page};
use hazel_core::order::{Certificate, Endorsement, ForkProof, Head, Links, Run, Seal};
use hazel_core::payment_code::{PledgeCode, ReceiptedCode};
use hazel_core::receipt::{Receipt, SignedReceipt};
use hazel_core::tally::{Grant, Half, Halves, PartyCert, Side, SignedTally, Tally, TallyId, Terms};
use hazel_core::ticket::{Request, SignedRequest, Ticket};
use hazel_core::units::Units;
use hazel_ffi::{Culprit, HazelError, Trouble};
use hazel_sync::{PublicKey as MeetingKey, SecretKey as MeetingSecret};

fn again<T: Canon>(bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    T::from_bytes(bytes).map(|it| it.to_bytes())
}

/// Reads an object as the wallet does and writes it again; `object` is its name in the vectors.
#[uniffi::export]
pub fn decode(object: &str, bytes: Vec<u8>) -> Result<Vec<u8>, HazelError> {
    macro_rules! by_name {
        ($($it:ty),* $(,)?) => {
            $(if object == <$it>::WHAT {
                return again::<$it>(&bytes).map_err(|malformed| Refusal::Malformed(malformed).into());
            })*
        };
    }
    by_name!(
        Address,
        Answer,
        Body,
        BriefChit,
        Certificate,
        ChainId,
        Chit,
        ChitRef,
        Digest,
        Endorsement,
        ForkProof,
        Grant,
        Half,
        Halves<Half>,
        Handover,
        Have,
        Head,
        Invoice,
        InvoiceId,
        Line,
        Links,
        Message,
        Note,
        Page,
        Particulars,
        PartyCert,
        PledgeCode,
        PublicKey,
        Receipt,
        ReceiptedCode,
        Request,
        Run,
        Seal,
        Side,
        Signature,
        SignedAnswer,
        SignedChit,
        SignedInvoice,
        SignedReceipt,
        SignedRequest,
        SignedTally,
        Tally,
        TallyId,
        Terms,
        Ticket,
        Units,
        Variables,
    );
    Err(no("unknown", "there is no such object"))
}

/// Reads an address that somebody typed, and writes it in full.
#[uniffi::export]
pub fn read_address(text: &str) -> Result<String, HazelError> {
    text.parse::<Address>()
        .map(|address| address.to_string())
        .map_err(|wrong| no("address", &wrong.to_string()))
}

/// Checks a signature over the digest of a chit's body as the wallet does.
#[uniffi::export]
pub fn check_signature(key: Vec<u8>, digest: Vec<u8>, signature: Vec<u8>) -> Result<(), HazelError> {
    let measure = || no("wrong_length", "a key has 32 bytes, a digest 32, a signature 64");
    let key = PublicKey(key.try_into().map_err(|_| measure())?);
    let digest = Digest(digest.try_into().map_err(|_| measure())?);
    let signature = Signature(signature.try_into().map_err(|_| measure())?);
    key.verify(Statement::Chit, &digest, &signature).map_err(|error| match error {
        SignatureError::WeakKey => no("weak_key", "the key is weak"),
        SignatureError::Wrong => no("bad_signature", "the signature does not hold"),
    })
}

/// Agrees on a meeting's key with this public one; refuses those with which anybody would agree the same.
#[uniffi::export]
pub fn agree_with(key: Vec<u8>) -> Result<(), HazelError> {
    let key = key.try_into().map_err(|_| no("wrong_length", "a key has 32 bytes"))?;
    match MeetingSecret::new([0x42; 32]).pairwise(&MeetingKey(key)) {
        Ok(_) => Ok(()),
        Err(_) => Err(no("weak_key", "the key is weak")),
    }
}

pub(crate) fn no(code: &str, detail: &str) -> HazelError {
    let (code, detail) = (code.to_owned(), detail.to_owned());
    HazelError::Refused {
        trouble: Trouble { code, culprit: Culprit::Partner, arguments: Vec::new(), detail },
    }
}
