//! Who guards the secrets: a key store lent by the phone (or a passphrase on a desktop) wraps one key; that key seals every secret in
//! the database.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::canon::Writer;
use crate::key::{Entropy, derive, fresh};

/// Why a key store did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyStoreError {
    /// The person said no.
    #[error("cancelled")]
    Cancelled,
    /// Too many wrong tries; the system asks to wait.
    #[error("locked after too many tries; wait and try again")]
    LockedOut,
    /// The phone has no screen lock or fingerprint that could guard anything.
    #[error("this device has no screen lock set up")]
    NotEnrolled,
    /// The key is gone for good, for instance after a new fingerprint. Restore from the recovery words.
    #[error("the key that guards this wallet was lost; restore it from the recovery words")]
    Invalidated,
    /// The passphrase is not the one.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// The wrapped key is no wrapped key.
    #[error("the wrapped key is damaged")]
    Damaged,
    /// Wrapped by a newer Hazel.
    #[error("the key was wrapped by a newer Hazel; update to open this wallet")]
    Newer,
}

/// Wraps one key. Lent by the platform; hardware keys never leave it.
pub trait KeyStore: Send {
    /// Wraps a secret.
    fn wrap(&self, secret: &[u8; 32], entropy: &mut dyn Entropy) -> Result<Vec<u8>, KeyStoreError>;

    /// Unwraps it again. May ask the person to show that they are present.
    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyStoreError>;
}

const PASSPHRASE: u8 = 1;
const KEY: u8 = 2;

/// A passphrase, through Argon2id (64 MiB, three passes).
#[derive(ZeroizeOnDrop)]
pub struct Passphrase(String);

impl Passphrase {
    /// This passphrase.
    #[must_use]
    pub fn new(passphrase: &str) -> Self {
        Self(passphrase.to_owned())
    }
}

impl KeyStore for Passphrase {
    fn wrap(&self, secret: &[u8; 32], entropy: &mut dyn Entropy) -> Result<Vec<u8>, KeyStoreError> {
        let salt: [u8; 16] = fresh(entropy);
        let nonce: [u8; 24] = fresh(entropy);
        let sealed = seal(&*stretch(&self.0, &salt)?, &nonce, &[PASSPHRASE], secret);
        Ok([&[PASSPHRASE][..], &salt, &nonce, &sealed].concat())
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyStoreError> {
        let rest = kind(wrapped, PASSPHRASE)?;
        let (salt, rest) = rest.split_first_chunk::<16>().ok_or(KeyStoreError::Damaged)?;
        let (nonce, sealed) = rest.split_first_chunk::<24>().ok_or(KeyStoreError::Damaged)?;
        if sealed.len() != 48 {
            return Err(KeyStoreError::Damaged);
        }
        open(&*stretch(&self.0, salt)?, nonce, &[PASSPHRASE], sealed).ok_or(KeyStoreError::WrongPassphrase)
    }
}

/// A bare key: from a file that only its owner may read, or from a phone's own key store.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct BareKey([u8; 32]);

impl BareKey {
    /// This key.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }
}

impl KeyStore for BareKey {
    fn wrap(&self, secret: &[u8; 32], entropy: &mut dyn Entropy) -> Result<Vec<u8>, KeyStoreError> {
        let nonce: [u8; 24] = fresh(entropy);
        Ok([&[KEY][..], &nonce, &seal(&self.0, &nonce, &[KEY], secret)].concat())
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyStoreError> {
        let (nonce, sealed) = kind(wrapped, KEY)?.split_first_chunk::<24>().ok_or(KeyStoreError::Damaged)?;
        open(&self.0, nonce, &[KEY], sealed).ok_or(KeyStoreError::Invalidated)
    }
}

fn kind(wrapped: &[u8], wanted: u8) -> Result<&[u8], KeyStoreError> {
    match wrapped.split_first() {
        Some((kind, rest)) if *kind == wanted => Ok(rest),
        // The other kind of ours: this wallet is guarded by something else than what was offered.
        Some((&(PASSPHRASE | KEY), _)) => Err(KeyStoreError::WrongPassphrase),
        Some((0, _)) | None => Err(KeyStoreError::Damaged),
        Some(_) => Err(KeyStoreError::Newer),
    }
}

/// Turns words into a key, slowly on purpose.
pub(crate) fn stretch(passphrase: &str, salt: &[u8; 16]) -> Result<Zeroizing<[u8; 32]>, KeyStoreError> {
    let mut key = Zeroizing::new([0; 32]);
    let params = Params::new(64 * 1024, 3, 1, Some(32)).map_err(|_| KeyStoreError::Damaged)?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut_slice())
        .map_err(|_| KeyStoreError::Damaged)?;
    Ok(key)
}

pub(crate) fn seal(key: &[u8; 32], nonce: &[u8; 24], aad: &[u8], plain: &[u8]) -> Vec<u8> {
    // Encryption fails only beyond 256 GiB.
    XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(*nonce), Payload { msg: plain, aad })
        .unwrap_or_default()
}

pub(crate) fn open_bytes(
    key: &[u8; 32],
    nonce: &[u8; 24],
    aad: &[u8],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad })
        .ok()
        .map(Zeroizing::new)
}

fn open(key: &[u8; 32], nonce: &[u8; 24], aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let plain = open_bytes(key, nonce, aad, sealed)?;
    <[u8; 32]>::try_from(plain.as_slice()).ok().map(Zeroizing::new)
}

/// The key under which this database's secrets are sealed, while the wallet is open.
#[derive(ZeroizeOnDrop)]
pub struct Vault {
    key: [u8; 32],
    #[zeroize(skip)]
    database: [u8; 16],
}

/// The form of sealed records. It is part of what is authenticated, so that a record of one form never opens as another.
const SEAL_FORM: u64 = 1;

impl Vault {
    /// The vault of one database.
    #[must_use]
    pub const fn new(key: [u8; 32], database: [u8; 16]) -> Self {
        Self { key, database }
    }

    /// Seals a secret for one row of one table.
    pub fn seal(&self, table: &str, row: i64, secret: &[u8; 32], entropy: &mut dyn Entropy) -> Vec<u8> {
        let nonce: [u8; 24] = fresh(entropy);
        [&nonce[..], &seal(&self.key, &nonce, &self.place(table, row), secret)].concat()
    }

    /// Opens the secret of that row; none if it was moved, altered or sealed under another key.
    #[must_use]
    pub fn open(&self, table: &str, row: i64, sealed: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
        open(&self.key, nonce, &self.place(table, row), sealed)
    }

    /// A secret of this database for one purpose, that no other database has.
    #[must_use]
    pub fn purpose(&self, label: &[u8]) -> [u8; 32] {
        derive(&self.key, label, &self.database)
    }

    fn place(&self, table: &str, row: i64) -> Vec<u8> {
        let mut to = Writer::with_capacity(64);
        to.array(4).uint(SEAL_FORM).bytes(&self.database).text(table).int(row);
        to.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;

    impl Entropy for Zeros {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn wrong_passphrase_damage_and_a_newer_version_are_three_things() {
        let store = Passphrase::new("three sticks");
        let wrapped = store.wrap(&[7; 32], &mut Zeros).unwrap();
        assert_eq!(*store.unwrap(&wrapped).unwrap(), [7; 32]);
        let other = Passphrase::new("two sticks");
        assert_eq!(other.unwrap(&wrapped), Err(KeyStoreError::WrongPassphrase));
        assert_eq!(store.unwrap(&wrapped[..40]), Err(KeyStoreError::Damaged));
        assert_eq!(store.unwrap(&[9; 89]), Err(KeyStoreError::Newer));
    }

    /// What guards a file today must open it tomorrow. The key was made by the reference implementation of Argon2, with 64 MiB and three passes.
    #[test]
    fn a_passphrase_is_stretched_to_the_same_key_for_ever() {
        let key = stretch("three sticks", &[0; 16]).unwrap();
        let reference = "6568da1c8f50234f482135fde4403eaa496378de90f477b53f2f0fe3dee63c07";
        assert_eq!(crate::digest::Digest(*key).to_string(), reference);
    }

    #[test]
    fn a_sealed_record_opens_in_its_own_row_only() {
        let vault = Vault::new([1; 32], [2; 16]);
        let sealed = vault.seal("chain", 4, &[9; 32], &mut Zeros);
        assert_eq!(vault.open("chain", 4, &sealed).map(|s| *s), Some([9; 32]));
        assert!(vault.open("chain", 5, &sealed).is_none());
        assert!(vault.open("tally", 4, &sealed).is_none());
        assert!(Vault::new([1; 32], [3; 16]).open("chain", 4, &sealed).is_none());
    }
}
