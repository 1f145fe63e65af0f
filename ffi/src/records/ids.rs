//! Names of things, as an app keeps them and hands them back.

use hazel_core::canon::Canon as _;
use hazel_core::chit::ChitRef;
use hazel_core::digest::Digest;
use hazel_core::errand::ErrandId;
use hazel_core::invoice::InvoiceId;
use hazel_core::tally::TallyId;

use crate::Answer;
use crate::trouble::HazelError;

/// Sizes are far below the bound.
pub(crate) fn count(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// A chit's id: its canonical bytes. An app keeps it and hands it back; it never looks inside.
pub(crate) fn chit_id(chit: &ChitRef) -> String {
    chit.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn chit_of(id: &str) -> Answer<ChitRef> {
    let bytes = hex(id).ok_or_else(|| HazelError::usage("unknown", "this is no id of a chit"))?;
    ChitRef::from_bytes(&bytes).map_err(|_| HazelError::usage("unknown", "this is no id of a chit"))
}

pub(crate) fn tally_of(id: &str) -> Answer<TallyId> {
    id.parse().map_err(|_| HazelError::usage("unknown", "this is no id of a tally"))
}

pub(crate) fn invoice_of(id: &str) -> Answer<InvoiceId> {
    id.parse().map_err(|_| HazelError::usage("unknown", "this is no id of an invoice"))
}

pub(crate) fn errand_of(id: &str) -> Answer<ErrandId> {
    let bytes = hex(id).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    bytes.map(ErrandId).ok_or_else(|| HazelError::usage("unknown", "this is no id of an errand"))
}

pub(crate) fn digest_of(id: &str) -> Answer<Digest> {
    let bytes = hex(id).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.map(Digest).ok_or_else(|| HazelError::usage("unknown", "this is no version of an offer"))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}
