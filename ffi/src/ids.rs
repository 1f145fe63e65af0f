//! What an app keeps and hands back without looking inside: ids as text, amounts and sizes as whole numbers.

use hazel_core::canon::Canon as _;
use hazel_core::chit::ChitRef as ChitId;
use hazel_core::digest::Digest;
use hazel_core::errand::ErrandId;
use hazel_core::invoice::InvoiceId;
use hazel_core::tally::TallyId;
use hazel_core::units::Units;

use crate::trouble::HazelError;

/// How many there are of something.
pub(crate) type Count = usize;

uniffi::custom_type!(
    /// An amount in thousandths.
    Units, i64, { remote, lower: |units| units.milli(), try_lift: |milli| Ok(Units::new(milli)) }
);
uniffi::custom_type!(
    /// How many there are of something.
    Count, u64, { remote, lower: |count| count_of(count), try_lift: |count| Ok(usize::try_from(count).unwrap_or(usize::MAX)) }
);
uniffi::custom_type!(
    /// The id of a tally.
    TallyId, String, { remote, lower: |id| id.to_string(), try_lift: |id| known(id.parse().ok(), "id of a tally") }
);
uniffi::custom_type!(
    /// The id of an invoice.
    InvoiceId, String, { remote, lower: |id| id.to_string(), try_lift: |id| known(id.parse().ok(), "id of an invoice") }
);
uniffi::custom_type!(
    /// The id of an errand.
    ErrandId, String, { remote, lower: |id| id.to_string(), try_lift: |id| known(bytes_of(&id).map(ErrandId), "id of an errand") }
);
uniffi::custom_type!(
    /// The hash that names one version of a contract, or one order of chits.
    Digest, String, { remote, lower: |hash| hash.to_string(), try_lift: |id| known(bytes_of(&id).map(Digest), "version of an offer") }
);
uniffi::custom_type!(
    /// The id of a chit: its canonical bytes.
    ChitId, String, { remote, lower: |chit| text_of(&chit), try_lift: |id| known(chit_of(&id), "id of a chit") }
);

fn known<T>(it: Option<T>, what: &str) -> uniffi::Result<T> {
    it.ok_or_else(|| HazelError::usage("unknown", &format!("this is no {what}")).into())
}

/// Sizes are far below the bound.
pub(crate) fn count_of(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

fn text_of(chit: &ChitId) -> String {
    chit.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn chit_of(id: &str) -> Option<ChitId> {
    ChitId::from_bytes(&hex(id)?).ok()
}

fn bytes_of<const N: usize>(id: &str) -> Option<[u8; N]> {
    hex(id)?.try_into().ok()
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
