//! Hashes, and what a signature is made over.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::canon::{Canon, Malformed, Reader, Writer};

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The hash of bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The hash of several parts of fixed length, one after the other.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The first `N` bytes, for names that need not be whole.
    #[must_use]
    pub fn first<const N: usize>(&self) -> [u8; N] {
        let mut short = [0; N];
        for (to, from) in short.iter_mut().zip(self.0) {
            *to = from;
        }
        short
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.first::<4>(), f)?;
        f.write_str("…")
    }
}

impl Canon for Digest {
    const WHAT: &'static str = "hash";

    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.fixed(Self::WHAT).map(Self)
    }
}

/// Writes bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Reads exactly `N` bytes of hexadecimal.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != N.checked_mul(2)? || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        let start = index.checked_mul(2)?;
        *byte = u8::from_str_radix(text.get(start..start.checked_add(2)?)?, 16).ok()?;
    }
    Some(bytes)
}

/// What kind of statement a signature makes. A signature of one kind never verifies as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statement {
    /// An entry on a tally.
    Chit,
    /// "This is the order I have seen."
    Endorsement,
    /// "This device holds that sub-chain up to here."
    Receipt,
    /// The contract of two parties.
    Tally,
    /// "Please open a tally with me", answering a ticket.
    Request,
    /// An asked payment.
    Invoice,
    /// "I will not pay this" or "I take this back".
    Answer,
    /// The grant of a new epoch by the party itself.
    Grant,
    /// The list of what a backup holds.
    Backup,
    /// "This half is mine", told to a site by one of its devices.
    Claim,
    /// "This has come in here": a site's word to the wallet that brought it.
    Confirmation,
}

impl Statement {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Chit => b"hazel/v1/chit\0",
            Self::Endorsement => b"hazel/v1/endorsement\0",
            Self::Receipt => b"hazel/v1/receipt\0",
            Self::Tally => b"hazel/v1/tally\0",
            Self::Request => b"hazel/v1/request\0",
            Self::Invoice => b"hazel/v1/invoice\0",
            Self::Answer => b"hazel/v1/answer\0",
            Self::Grant => b"hazel/v1/grant\0",
            Self::Backup => b"hazel/v1/backup\0",
            Self::Claim => b"hazel/v1/claim\0",
            Self::Confirmation => b"hazel/v1/confirmation\0",
        }
    }

    /// The bytes that are signed: the label of this kind, a zero byte, and the hash of the canonical body.
    #[must_use]
    pub fn about(self, body: &Digest) -> Vec<u8> {
        [self.label(), &body.0].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_reads_back() {
        let digest = Digest::of(b"hazel");
        assert_eq!(from_hex(&digest.to_string()), Some(digest.0));
        assert!(digest.to_string().starts_with(format!("{digest:?}").trim_end_matches('…')));
        assert_eq!(format!("{digest:?}").chars().count(), 9, "enough to tell two apart in a message");
        assert_eq!(from_hex::<32>("00"), None);
        assert_eq!(from_hex::<1>("+1"), None, "a sign is no digit");
    }

    #[test]
    fn no_label_is_the_beginning_of_another() {
        let all = [
            Statement::Chit,
            Statement::Endorsement,
            Statement::Receipt,
            Statement::Tally,
            Statement::Request,
            Statement::Invoice,
            Statement::Answer,
            Statement::Grant,
            Statement::Backup,
            Statement::Claim,
            Statement::Confirmation,
        ];
        for one in all {
            for other in all {
                assert!(one == other || !other.label().starts_with(one.label()), "{one:?} {other:?}");
            }
        }
    }
}
