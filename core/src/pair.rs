//! The secret that only the two parties of a tally share. It seals memos, references and hand-overs from everybody else.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use x25519_dalek::{PublicKey as AgreementPublic, StaticSecret};
use zeroize::ZeroizeOnDrop;

use crate::digest::Digest;
use crate::key::derive;
use crate::tally::TallyId;

/// The negotiated key of one tally.
#[derive(Clone, ZeroizeOnDrop)]
pub struct PairKey([u8; 32]);

/// What could not be agreed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// The partner's agreement key is a point with which anybody would agree the same secret.
    #[error("the partner's agreement key is weak")]
    WeakKey,
    /// Sealed for somebody else, or altered.
    #[error("the sealed text cannot be opened with this tally's key")]
    NotForUs,
}

impl PairKey {
    /// Agrees the key from one's own secret and the partner's public key.
    pub fn agree(tally: &TallyId, mine: &StaticSecret, theirs: &[u8; 32]) -> Result<Self, PairError> {
        let shared = mine.diffie_hellman(&AgreementPublic::from(*theirs));
        if !shared.was_contributory() {
            return Err(PairError::WeakKey);
        }
        Ok(Self(derive(shared.as_bytes(), b"hazel/v1/pair", &tally.0)))
    }

    /// The key kept in these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to keep, sealed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key for one purpose, such as recognising the partner's hand-overs.
    #[must_use]
    pub fn purpose(&self, label: &[u8]) -> [u8; 32] {
        derive(&self.0, b"hazel/v1/pair-purpose", label)
    }

    /// Seals a text at one place. Nothing but the sixteen bytes of the tag is added: the nonce is the hash of the place, and a place
    /// (a chit's position and date, an invoice's own nonce) is used once.
    #[must_use]
    pub fn seal(&self, place: &[u8], text: &[u8]) -> Vec<u8> {
        // Encryption fails only beyond 256 GiB.
        self.cipher().encrypt(&nonce(place), Payload { msg: text, aad: place }).unwrap_or_default()
    }

    /// Opens what was sealed at that place.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, PairError> {
        self.cipher()
            .decrypt(&nonce(place), Payload { msg: sealed, aad: place })
            .map_err(|_| PairError::NotForUs)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

fn nonce(place: &[u8]) -> XNonce {
    Digest::of_parts(&[b"hazel/v1/seal-place", place]).first::<24>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALLY: TallyId = TallyId([3; 16]);

    #[test]
    fn both_parties_agree_and_read_each_other() {
        let (mine, theirs) = (StaticSecret::from([1; 32]), StaticSecret::from([2; 32]));
        let public = |secret: &StaticSecret| AgreementPublic::from(secret).to_bytes();
        let one = PairKey::agree(&TALLY, &mine, &public(&theirs)).unwrap();
        let other = PairKey::agree(&TALLY, &theirs, &public(&mine)).unwrap();
        let sealed = one.seal(b"here", b"two coffees");
        assert_eq!(other.open(b"here", &sealed).unwrap(), b"two coffees");
        assert_eq!(other.open(b"there", &sealed), Err(PairError::NotForUs));
        assert_eq!(sealed.len(), 11 + 16);
    }

    #[test]
    fn a_point_of_low_order_agrees_nothing() {
        let refused = PairKey::agree(&TALLY, &StaticSecret::from([1; 32]), &[0; 32]);
        assert_eq!(refused.err(), Some(PairError::WeakKey));
    }
}
