//! Every decoder of the core under the name that its errors use.

use hazel_core::address::Address;
use hazel_core::canon::{Canon, Malformed};
use hazel_core::chit::{Body, BriefChit, ChainId, Chit, ChitRef, Note, SignedChit, Variables};
use hazel_core::digest::Digest;
use hazel_core::invoice::{Answer, Invoice, InvoiceId, Line, Particulars, SignedAnswer, SignedInvoice};
use hazel_core::key::{PublicKey, Signature};
use hazel_core::message::{Handover, Have, Message, Page};
use hazel_core::order::{Certificate, Endorsement, ForkProof, Head, Links, Run, Seal};
use hazel_core::payment_code::{PledgeCode, ReceiptedCode};
use hazel_core::receipt::{Receipt, SignedReceipt};
use hazel_core::tally::{Grant, Half, Halves, PartyCert, Side, SignedTally, Tally, TallyId, Terms};
use hazel_core::ticket::{Request, SignedRequest, Ticket};
use hazel_core::units::Units;

/// Reads bytes and writes what was read.
pub type Decoder = fn(&[u8]) -> Result<Vec<u8>, Malformed>;

fn again<T: Canon>(bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    T::from_bytes(bytes).map(|it| it.to_bytes())
}

const fn entry<T: Canon>() -> (&'static str, Decoder) {
    (T::WHAT, again::<T>)
}

/// All of them.
pub const DECODERS: [(&str, Decoder); 47] = [
    entry::<Address>(),
    entry::<Answer>(),
    entry::<Body>(),
    entry::<BriefChit>(),
    entry::<Certificate>(),
    entry::<ChainId>(),
    entry::<Chit>(),
    entry::<ChitRef>(),
    entry::<Digest>(),
    entry::<Endorsement>(),
    entry::<ForkProof>(),
    entry::<Grant>(),
    entry::<Half>(),
    entry::<Halves<Half>>(),
    entry::<Handover>(),
    entry::<Have>(),
    entry::<Head>(),
    entry::<Invoice>(),
    entry::<InvoiceId>(),
    entry::<Line>(),
    entry::<Links>(),
    entry::<Message>(),
    entry::<Note>(),
    entry::<Page>(),
    entry::<Particulars>(),
    entry::<PartyCert>(),
    entry::<PledgeCode>(),
    entry::<PublicKey>(),
    entry::<Receipt>(),
    entry::<ReceiptedCode>(),
    entry::<Request>(),
    entry::<Run>(),
    entry::<Seal>(),
    entry::<Side>(),
    entry::<Signature>(),
    entry::<SignedAnswer>(),
    entry::<SignedChit>(),
    entry::<SignedInvoice>(),
    entry::<SignedReceipt>(),
    entry::<SignedRequest>(),
    entry::<SignedTally>(),
    entry::<Tally>(),
    entry::<TallyId>(),
    entry::<Terms>(),
    entry::<Ticket>(),
    entry::<Units>(),
    entry::<Variables>(),
];

/// The decoder of an object.
#[must_use]
pub fn decoder(object: &str) -> Option<Decoder> {
    DECODERS.iter().find(|(name, _)| *name == object).map(|(_, decoder)| *decoder)
}
