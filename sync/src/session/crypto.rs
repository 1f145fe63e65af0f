//! The primitives under Noise: the same crates that the rest of the workspace already trusts.

use crate::keys::{SecretKey, agree, same};
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit, Tag};
use sha2::{Digest, Sha256};
use snow::Error;
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::CryptoResolver;
use snow::types::{Cipher, Dh, Hash, Random};
use x25519_dalek::StaticSecret;
use zeroize::Zeroize;

/// Hands Noise its primitives and one ephemeral secret, given from outside.
pub(crate) struct Primitives {
    pub(crate) ephemeral: [u8; 32],
    /// The long-lived key, so that its public half is not computed again.
    pub(crate) known: SecretKey,
}

impl CryptoResolver for Primitives {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Once(Some(self.ephemeral))))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        matches!(choice, DHChoice::Curve25519).then(|| Box::new(Pair::new(self.known.clone())) as Box<dyn Dh>)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        matches!(choice, HashChoice::SHA256).then(|| Box::new(Sha(Sha256::new())) as Box<dyn Hash>)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        matches!(choice, CipherChoice::ChaChaPoly).then(|| Box::new(Seal(None)) as Box<dyn Cipher>)
    }
}

impl Drop for Primitives {
    fn drop(&mut self) {
        self.ephemeral.zeroize();
    }
}

/// Randomness for one ephemeral key: gives its bytes once and then nothing more.
struct Once(Option<[u8; 32]>);

impl Random for Once {
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Error> {
        let mut bytes = self.0.take().ok_or(Error::Rng)?;
        let filled = bytes.get(..out.len()).map(|given| out.copy_from_slice(given)).ok_or(Error::Rng);
        bytes.zeroize();
        filled
    }
}

struct Pair {
    known: SecretKey,
    secret: [u8; 32],
    public: [u8; 32],
}

impl Pair {
    fn new(known: SecretKey) -> Self {
        Self { known, secret: [0; 32], public: [0; 32] }
    }
}

impl Dh for Pair {
    fn name(&self) -> &'static str {
        "25519"
    }

    fn pub_len(&self) -> usize {
        32
    }

    fn priv_len(&self) -> usize {
        32
    }

    fn set(&mut self, secret: &[u8]) {
        if let Ok(secret) = <[u8; 32]>::try_from(secret) {
            self.secret = secret;
            self.public = if same(&secret, self.known.bytes()) {
                self.known.public().0
            } else {
                x25519_dalek::PublicKey::from(&StaticSecret::from(secret)).to_bytes()
            };
        }
    }

    fn generate(&mut self, random: &mut dyn Random) -> Result<(), Error> {
        let mut secret = [0; 32];
        random.try_fill_bytes(&mut secret)?;
        self.set(&secret);
        secret.zeroize();
        Ok(())
    }

    fn pubkey(&self) -> &[u8] {
        &self.public
    }

    fn privkey(&self) -> &[u8] {
        &self.secret
    }

    fn dh(&self, theirs: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let theirs = theirs.first_chunk::<32>().ok_or(Error::Dh)?;
        let mut shared = agree(&self.secret, theirs).map_err(|_| Error::Dh)?;
        let space = out.get_mut(..32).ok_or(Error::Dh)?;
        space.copy_from_slice(&shared);
        shared.zeroize();
        Ok(())
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

struct Sha(Sha256);

impl Hash for Sha {
    fn name(&self) -> &'static str {
        "SHA256"
    }

    fn block_len(&self) -> usize {
        64
    }

    fn hash_len(&self) -> usize {
        32
    }

    fn reset(&mut self) {
        self.0 = Sha256::new();
    }

    fn input(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn result(&mut self, out: &mut [u8]) {
        if let Some(space) = out.get_mut(..32) {
            space.copy_from_slice(&self.0.finalize_reset());
        }
    }
}

struct Seal(Option<ChaCha20Poly1305>);

fn nonce(number: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    if let Some(low) = nonce.last_chunk_mut::<8>() {
        *low = number.to_le_bytes();
    }
    nonce
}

impl Cipher for Seal {
    fn name(&self) -> &'static str {
        "ChaChaPoly"
    }

    fn set(&mut self, key: &[u8; 32]) {
        self.0 = Some(ChaCha20Poly1305::new(&(*key).into()));
    }

    /// Zero bytes written means that it could not be sealed; [`super::noise`] treats that as the failure it is.
    fn encrypt(&self, number: u64, bound: &[u8], plain: &[u8], out: &mut [u8]) -> usize {
        let mut seal = || {
            let cipher = self.0.as_ref()?;
            let (body, rest) = out.split_at_mut_checked(plain.len())?;
            let tag_space = rest.first_chunk_mut::<16>()?;
            let buffer = InOutBuf::new(plain, body).ok()?;
            let tag = cipher.encrypt_inout_detached(&nonce(number).into(), bound, buffer).ok()?;
            tag_space.copy_from_slice(&tag);
            plain.len().checked_add(16)
        };
        seal().unwrap_or(0)
    }

    fn decrypt(&self, number: u64, bound: &[u8], sealed: &[u8], out: &mut [u8]) -> Result<usize, Error> {
        let cipher = self.0.as_ref().ok_or(Error::Decrypt)?;
        let (body, tag) = sealed.split_last_chunk::<16>().ok_or(Error::Decrypt)?;
        let space = out.get_mut(..body.len()).ok_or(Error::Decrypt)?;
        let buffer = InOutBuf::new(body, space).map_err(|_| Error::Decrypt)?;
        cipher
            .decrypt_inout_detached(&nonce(number).into(), bound, buffer, &Tag::from(*tag))
            .map_err(|_| Error::Decrypt)?;
        Ok(body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ephemeral_secret_is_used_once() {
        let mut once = Once(Some([5; 32]));
        let mut out = [0; 32];
        assert!(once.try_fill_bytes(&mut out).is_ok());
        assert_eq!(once.try_fill_bytes(&mut out), Err(Error::Rng));
    }

    #[test]
    fn a_cipher_without_a_key_seals_nothing() {
        let mut out = [0; 32];
        assert_eq!(Seal(None).encrypt(0, &[], b"x", &mut out), 0);
        assert_eq!(Seal(None).decrypt(0, &[], &[0; 17], &mut out), Err(Error::Decrypt));
    }

    #[test]
    fn only_the_chosen_suite_is_offered() {
        let primitives = Primitives { ephemeral: [0; 32], known: SecretKey::new([1; 32]) };
        assert!(primitives.resolve_cipher(&CipherChoice::AESGCM).is_none());
        assert!(primitives.resolve_hash(&HashChoice::Blake2s).is_none());
        assert!(primitives.resolve_dh(&DHChoice::Curve448).is_none());
    }
}
