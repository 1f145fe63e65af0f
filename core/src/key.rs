//! Keys: recovery words → party root → one key pair per tally → devices → per epoch a one-way chain of chit keys.
//!
//! Whoever has the words can prove to every partner who they are; whoever steals a phone finds only the key of the *next* chit.
//! Two partners cannot tell that they deal with one person: nothing here is shared between tallies.

pub use crate::words::WordsError;

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::canon::{Canon, Malformed, Reader, Writer};
use crate::digest::{Digest, Statement, hex};
use crate::words;

/// Where random bytes come from. An argument everywhere, so that a world in memory can be replayed.
pub trait Entropy: Send {
    /// Fills `bytes` with unpredictable ones.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// `N` fresh random bytes.
pub(crate) fn fresh<const N: usize>(entropy: &mut dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// The 24 words a person keeps on paper (BIP-39, English list).
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct RecoveryWords([u8; 32]);

impl RecoveryWords {
    /// New words.
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        Self(fresh(entropy))
    }

    /// The words, separated by spaces.
    #[must_use]
    pub fn phrase(&self) -> Zeroizing<String> {
        words::write(&self.0)
    }

    /// Reads words back, forgiving case and spacing.
    pub fn parse(phrase: &str) -> Result<Self, WordsError> {
        let phrase = Zeroizing::new(phrase.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase());
        let count = phrase.split(' ').filter(|word| !word.is_empty()).count();
        if count != 24 {
            return Err(WordsError::Count(count));
        }
        words::read(&phrase).map(|entropy| Self(*entropy))
    }

    /// The root that these words stand for.
    #[must_use]
    pub fn root(&self) -> PartyRoot {
        PartyRoot(derive(&self.0, b"hazel/v1/root", &[]))
    }
}

/// The secret from which a party's keys on every tally are derived.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PartyRoot([u8; 32]);

impl PartyRoot {
    /// The root kept in these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to keep, sealed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The party's signing key on one tally.
    #[must_use]
    pub fn party_key(&self, tally: &[u8; 16]) -> SecretKey {
        SecretKey::from_seed(&derive(&self.0, b"hazel/v1/party", tally))
    }

    /// The party's key agreement secret on one tally.
    #[must_use]
    pub fn agreement_key(&self, tally: &[u8; 16]) -> x25519_dalek::StaticSecret {
        x25519_dalek::StaticSecret::from(derive(&self.0, b"hazel/v1/agreement", tally))
    }

    /// The key with which the party's own phone speaks for its half, where no site does. A restored phone has it again; that is why
    /// a restored foil begins a new view before it orders anything.
    #[must_use]
    pub fn node_key(&self, tally: &[u8; 16]) -> SecretKey {
        SecretKey::from_seed(&derive(&self.0, b"hazel/v1/node", tally))
    }

    /// The key that signs the list of what a backup holds.
    #[must_use]
    pub fn backup_key(&self) -> SecretKey {
        SecretKey::from_seed(&derive(&self.0, b"hazel/v1/backup-key", &[]))
    }
}

/// HKDF-SHA256 with a label and a context.
pub(crate) fn derive(secret: &[u8], label: &[u8], context: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    // Expanding one block of output cannot fail: the bound is 255 blocks.
    let _ = Hkdf::<Sha256>::new(None, secret).expand_multi_info(&[label, context], &mut out);
    out
}

/// A signing key. Signing takes this type only: there is no way to sign with a public key that was handed in.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key of a seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The seed to keep, sealed.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// The same secret for agreeing keys (X25519), where its owner has no other that the partner knows.
    #[must_use]
    pub fn agreement(&self) -> x25519_dalek::StaticSecret {
        x25519_dalek::StaticSecret::from(self.0.to_scalar_bytes())
    }

    /// Signs a statement about a body.
    #[must_use]
    pub fn sign(&self, statement: Statement, body: &Digest) -> Signature {
        Signature(self.0.sign(&statement.about(body)).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {:?})", self.public())
    }
}

/// A signature did not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A public key that is no point of the curve, or one with which anybody could sign.
    #[error("the key is weak or no key at all")]
    WeakKey,
    /// The signature does not belong to this key and statement.
    #[error("the signature does not hold")]
    Wrong,
}

/// An Ed25519 public key as it travels. It is decoded and checked each time it verifies something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// The commitment that a forward chain makes to its next key.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// Refuses points that are none, points of small order and second spellings of a point.
    pub fn check(&self) -> Result<(), SignatureError> {
        self.decoded().map(|_| ())
    }

    /// Checks a signature strictly.
    pub fn verify(
        &self,
        statement: Statement,
        body: &Digest,
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.decoded()?.verify_strict(&statement.about(body), &signature).map_err(|_| SignatureError::Wrong)
    }

    /// The public half of [`SecretKey::agreement`].
    pub fn agreement(&self) -> Result<[u8; 32], SignatureError> {
        Ok(self.decoded()?.to_montgomery().to_bytes())
    }

    fn decoded(&self) -> Result<VerifyingKey, SignatureError> {
        // The library also reads a y-coordinate of p or more: one key would have two names, and a node could be counted twice.
        let [low, middle @ .., high] = self.0;
        if low >= 0xed && middle == [0xff; 30] && high & 0x7f == 0x7f {
            return Err(SignatureError::WeakKey);
        }
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| SignatureError::WeakKey)?;
        if key.is_weak() { Err(SignatureError::WeakKey) } else { Ok(key) }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(self.0.first_chunk::<4>().unwrap_or(&[0; 4]), f)?;
        f.write_str("…")
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl Canon for PublicKey {
    const WHAT: &'static str = "public key";

    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    /// A key inside a document is checked as it comes in, so that no document with a weak key gets into memory or onto the disk.
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let key = Self(from.fixed(Self::WHAT)?);
        if from.is_own() {
            return Ok(key);
        }
        key.check().map_err(|_| Malformed::WeakKey { what: Self::WHAT })?;
        Ok(key)
    }
}

/// An Ed25519 signature as it travels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(self.0.first_chunk::<4>().unwrap_or(&[0; 4]), f)?;
        f.write_str("…")
    }
}

impl Canon for Signature {
    const WHAT: &'static str = "signature";

    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.fixed(Self::WHAT).map(Self)
    }
}

/// One link of a forward chain: the seed of the key for the next chit. From it the later ones follow, the earlier ones never.
#[derive(Clone, ZeroizeOnDrop)]
pub struct ForwardSeed([u8; 32]);

impl ForwardSeed {
    /// The start of a new epoch.
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        Self(fresh(entropy))
    }

    /// The seed kept in these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to keep, sealed, until the next chit is signed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key that signs here.
    #[must_use]
    pub fn key(&self) -> SecretKey {
        SecretKey::from_seed(&derive(&self.0, b"hazel/v1/chit-key", &[]))
    }

    /// The seed of the chit after this one.
    #[must_use]
    pub fn next(&self) -> Self {
        Self(derive(&self.0, b"hazel/v1/next-seed", &[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u8);

    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                self.0 = self.0.wrapping_add(1);
                *byte = self.0;
            }
        }
    }

    #[test]
    fn two_who_know_each_others_signing_keys_agree_on_a_secret() {
        let [one, other] = [[1; 32], [2; 32]].map(|seed| SecretKey::from_seed(&seed));
        let agreed = |mine: &SecretKey, theirs: &SecretKey| {
            let theirs = theirs.public().agreement().unwrap();
            mine.agreement().diffie_hellman(&x25519_dalek::PublicKey::from(theirs)).to_bytes()
        };
        assert_eq!(agreed(&one, &other), agreed(&other, &one));
        assert_ne!(agreed(&one, &other), agreed(&one, &one), "the secret is of these two");
    }

    #[test]
    fn words_read_back_and_name_their_mistakes() {
        let words = RecoveryWords::generate(&mut Counting(0));
        let phrase = words.phrase();
        assert!(RecoveryWords::parse(&phrase.to_uppercase()).unwrap() == words);
        let mut list: Vec<_> = phrase.split(' ').collect();
        let refusal = |list: &[&str]| RecoveryWords::parse(&list.join("  ")).err();
        list.swap(0, 1);
        assert_eq!(refusal(&list), Some(WordsError::Checksum));
        list[4] = "hazelnutt";
        assert_eq!(refusal(&list), Some(WordsError::Unknown(5)));
        assert_eq!(refusal(&list[..23]), Some(WordsError::Count(23)));
    }

    #[test]
    fn a_signature_of_one_kind_never_verifies_as_another() {
        let key = SecretKey::from_seed(&[7; 32]);
        let body = Digest::of(b"body");
        let signature = key.sign(Statement::Chit, &body);
        assert_eq!(key.public().verify(Statement::Chit, &body, &signature), Ok(()));
        assert_eq!(key.public().verify(Statement::Receipt, &body, &signature), Err(SignatureError::Wrong));
    }

    #[test]
    fn the_identity_point_signs_nothing() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let anything = Signature([0; 64]);
        let refused = PublicKey(identity).verify(Statement::Chit, &Digest::of(b""), &anything);
        assert_eq!(refused, Err(SignatureError::WeakKey));
    }

    #[test]
    fn a_point_has_one_spelling() {
        // y = 4 is a point of the curve, and so would be y = p + 4.
        let (mut short, mut long) = ([0; 32], [0xff; 32]);
        (short[0], long[0], long[31]) = (4, 0xf1, 0x7f);
        assert_eq!(PublicKey(short).check(), Ok(()));
        assert_eq!(PublicKey(long).check(), Err(SignatureError::WeakKey));
        (short[31], long[31]) = (0x80, 0xff);
        assert_eq!(PublicKey(short).check(), Ok(()), "the point on the other side");
        assert_eq!(PublicKey(long).check(), Err(SignatureError::WeakKey));
        (long[0], long[31]) = (0xec, 0xff);
        assert_eq!(
            PublicKey(long).check(),
            Err(SignatureError::WeakKey),
            "p - 1 is spelt well, but of small order"
        );
    }

    #[test]
    fn tallies_of_one_party_share_no_key() {
        let root = RecoveryWords::generate(&mut Counting(9)).root();
        assert_ne!(root.party_key(&[1; 16]).public(), root.party_key(&[2; 16]).public());
        assert_eq!(root.party_key(&[1; 16]).public(), root.party_key(&[1; 16]).public());
    }
}
