//! Texts that stand in several codes, two to sixteen, as other software draws them ("structured append").

use std::collections::BTreeMap;

use crate::refusal::{Reason, Recognised, Refusal};

/// Texts that are gathered at a time; a person shows one.
const MOST_TEXTS: usize = 4;

/// Which share of a text a code holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// Counted from 1.
    pub number: u8,
    /// How many codes there are.
    pub of: u8,
    /// The exclusive or of all bytes of the text, which every one of its codes carries.
    pub parity: u8,
}

impl Share {
    /// From what a decoder says; none where the code stands for itself.
    pub(crate) fn new(index: u32, count: u32, parity: u32) -> Option<Self> {
        let (index, of) = (u8::try_from(index).ok()?, u8::try_from(count).ok()?);
        let number = index.checked_add(1).filter(|number| (2..=16).contains(&of) && *number <= of)?;
        Some(Self { number, of, parity: parity.try_into().ok()? })
    }
}

/// Shares in any order and as often as they are seen, until a text is whole.
#[derive(Clone, Debug, Default)]
pub struct Gathering {
    texts: BTreeMap<(u8, u8), BTreeMap<u8, Vec<u8>>>,
}

impl Gathering {
    /// Nothing gathered yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one share in; returns the content when it was the last that was missing.
    ///
    /// # Errors
    /// [`Reason::Altered`] where two codes claim the same place with different content, or the whole is not what its
    /// codes say; that text begins afresh. [`Reason::OtherTransfer`] where too many texts were begun.
    pub fn take(&mut self, share: Share, content: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        let name = (share.of, share.parity);
        if !self.texts.contains_key(&name) && self.texts.len() >= MOST_TEXTS {
            return Err(refused(Reason::OtherTransfer));
        }
        let shares = self.texts.entry(name).or_default();
        let held = shares.entry(share.number).or_insert_with(|| content.to_vec());
        let same = held == content;
        if same && shares.len() < usize::from(share.of) {
            return Ok(None);
        }
        let whole: Vec<u8> =
            self.texts.remove(&name).into_iter().flatten().flat_map(|(_, bytes)| bytes).collect();
        if same && whole.iter().fold(0, |parity, byte| parity ^ byte) == share.parity {
            Ok(Some(whole))
        } else {
            Err(refused(Reason::Altered))
        }
    }

    /// Texts of which codes are missing: how many were seen, and how many there are.
    pub fn missing(&self) -> impl Iterator<Item = (u32, u32)> {
        self.texts
            .iter()
            .map(|((of, _), shares)| (u32::try_from(shares.len()).unwrap_or(u32::MAX), u32::from(*of)))
    }
}

fn refused(reason: Reason) -> Refusal {
    Refusal::new(Recognised::Share, reason)
}
