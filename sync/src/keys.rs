//! The long-lived keys that two devices meet by.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use x25519_dalek::StaticSecret;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A public key that forces a known shared secret, chosen by whoever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the public key is of low order")]
pub struct WeakKey;

/// A device's meeting key (X25519).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretKey {
    secret: [u8; 32],
    /// Computed once: a handshake asks for it several times.
    public: [u8; 32],
}

impl SecretKey {
    /// From 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        let public = x25519_dalek::PublicKey::from(&StaticSecret::from(bytes)).to_bytes();
        Self { secret: bytes, public }
    }

    /// What others may know.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.public)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.secret
    }

    /// The key that these two share for ever and nobody else can compute; beacons and resumed links use it.
    pub fn pairwise(&self, theirs: &PublicKey) -> Result<PairwiseKey, WeakKey> {
        let mut shared = agree(&self.secret, &theirs.0)?;
        let ours = self.public();
        let (low, high) = if ours.0 <= theirs.0 { (&ours, theirs) } else { (theirs, &ours) };
        let key = keyed_hash(&shared, &[b"hazel sync 1 pair", &low.0, &high.0]);
        shared.zeroize();
        Ok(PairwiseKey(key))
    }
}

impl core::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// The public half of a meeting key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey(pub [u8; 32]);

/// A secret of exactly two devices.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PairwiseKey([u8; 32]);

impl PairwiseKey {
    /// A key that both already hold, for instance derived from a shared secret elsewhere.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        keyed_hash(&self.0, parts)
    }
}

impl core::fmt::Debug for PairwiseKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PairwiseKey(..)")
    }
}

/// The bare agreement; refuses every point that would make the result predictable.
pub(crate) fn agree(secret: &[u8; 32], public: &[u8; 32]) -> Result<[u8; 32], WeakKey> {
    let shared = StaticSecret::from(*secret).diffie_hellman(&x25519_dalek::PublicKey::from(*public));
    if shared.was_contributory() { Ok(shared.to_bytes()) } else { Err(WeakKey) }
}

/// HMAC-SHA-256 over parts, each preceded by its length so that no two lists read the same.
pub(crate) fn keyed_hash(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = [0; 64];
    if let Some(start) = block.first_chunk_mut() {
        *start = *key;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    block.zeroize();
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Equality whose duration tells nothing.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Every point of low order on the curve and its twist, in each form a careless parser accepts.
    pub(crate) fn low_order_points() -> Vec<[u8; 32]> {
        let mut order_eight = [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
            0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
        ];
        let other_eight = [
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
            0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
        ];
        let field = |low: u8| {
            let mut bytes = [0xff; 32];
            bytes[0] = low;
            bytes[31] = 0x7f;
            bytes
        };
        let mut one = [0; 32];
        one[0] = 1;
        let mut points = vec![[0; 32], one, order_eight, other_eight, field(0xec), field(0xed), field(0xee)];
        order_eight[31] |= 0x80;
        points.push(order_eight);
        points
    }

    #[test]
    fn low_order_keys_are_refused() {
        let secret = SecretKey::new([0x42; 32]);
        for point in low_order_points() {
            assert_eq!(secret.pairwise(&PublicKey(point)).err(), Some(WeakKey), "{point:02x?}");
        }
    }

    #[test]
    fn a_pair_shares_one_key_and_no_other_pair_does() {
        let [a, b, c] = [1, 2, 3].map(|n| SecretKey::new([n; 32]));
        let key = |x: &SecretKey, y: &SecretKey| x.pairwise(&y.public()).unwrap().0;
        assert_eq!(key(&a, &b), key(&b, &a));
        assert_ne!(key(&a, &b), key(&a, &c));
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        assert_ne!(keyed_hash(&[0; 32], &[b"ab", b"c"]), keyed_hash(&[0; 32], &[b"a", b"bc"]));
    }

    #[test]
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", SecretKey::new([7; 32])), "SecretKey(..)");
    }
}
