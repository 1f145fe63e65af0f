//! What only the two parties can read of a pledge.

use crate::canon::{Canon, Malformed, Reader, Writer};
use crate::pair::{PairError, PairKey};
use crate::tally::{Date, TallyId};
use crate::units::Units;

use super::{Body, ChainId, Chit};

/// The longest memo, in bytes.
pub const MEMO_MAX: usize = 240;

/// The longest reference, in bytes.
pub const REFERENCE_MAX: usize = 64;

pub(crate) const SEALED_MAX: u64 = 340;

/// What the two parties alone can read of a pledge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Note {
    /// What it was for.
    pub memo: String,
    /// The payer's or payee's own reference.
    pub reference: String,
}

impl Note {
    /// Whether there is nothing to read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.memo.is_empty() && self.reference.is_empty()
    }

    /// Seals it for a pledge at this place.
    #[must_use]
    pub fn seal(&self, key: &PairKey, place: &PledgePlace) -> Option<Vec<u8>> {
        (!self.is_empty()).then(|| key.seal(&place.bytes(), &self.to_bytes()))
    }

    /// Opens the note of a pledge; a pledge without one has an empty note.
    pub fn open(key: &PairKey, chit: &Chit) -> Result<Self, PairError> {
        match &chit.body {
            Body::Pledge { units, sealed: Some(sealed), .. } => {
                let place = PledgePlace {
                    tally: chit.tally,
                    chain: chit.chain,
                    seq: chit.seq,
                    date: chit.date,
                    units: *units,
                };
                Self::from_bytes(&key.open(&place.bytes(), sealed)?).map_err(|_| PairError::NotForUs)
            }
            _ => Ok(Self::default()),
        }
    }
}

impl Canon for Note {
    const WHAT: &'static str = "note";

    fn write(&self, to: &mut Writer) {
        to.array(2).text(&self.memo).text(&self.reference);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 2)?;
        Ok(Self {
            memo: from.text("memo", MEMO_MAX as u64)?,
            reference: from.text("reference", REFERENCE_MAX as u64)?,
        })
    }
}

/// Where a note is sealed: a place no other note ever has.
#[derive(Debug, Clone, Copy)]
pub struct PledgePlace {
    /// On which tally.
    pub tally: TallyId,
    /// In which chain.
    pub chain: ChainId,
    /// At which number.
    pub seq: u64,
    /// When.
    pub date: Date,
    /// For how much.
    pub units: Units,
}

impl PledgePlace {
    fn bytes(&self) -> Vec<u8> {
        let mut to = Writer::with_capacity(64);
        to.array(5).put(&self.tally).put(&self.chain).uint(self.seq).uint(self.date).put(&self.units);
        to.into_bytes()
    }
}
