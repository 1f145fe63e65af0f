//! The platform's key store, as the core asks for it.

use std::sync::{Arc, Mutex, PoisonError};

use hazel_core::key::Entropy;
use hazel_core::keystore::KeyStoreError as CoreError;
use zeroize::Zeroizing;

use crate::trouble::{Culprit, HazelError, Trouble};

/// Why a key store did not do what it was asked. Each is answered differently on a screen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum KeyStoreError {
    /// The person said no. Ask again when they want to.
    #[error("cancelled")]
    Cancelled,
    /// Too many wrong tries; the system asks to wait.
    #[error("locked out")]
    LockedOut,
    /// No screen lock, face or finger that could guard anything.
    #[error("not enrolled")]
    NotEnrolled,
    /// The key is gone for good, for instance after a new finger was enrolled. Restore from the recovery words.
    #[error("permanently invalidated")]
    Invalidated,
    /// What was to be unwrapped is no wrapped key.
    #[error("damaged")]
    Damaged,
    /// The key store itself does not work.
    #[error("the key store failed: {reason}")]
    Failed {
        /// What the platform said, for a log.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for KeyStoreError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { reason: error.reason }
    }
}

/// Whether the key store could be asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum KeyStatus {
    /// There is a key, and it can be used.
    Ready,
    /// There is none yet; `wrap` makes it.
    Absent,
    /// The phone has nothing that could guard one.
    NotEnrolled,
    /// There was one, and it is gone for good.
    Invalidated,
}

/// Wraps one key under a key that never leaves the platform's hardware. Called on the caller's thread while a wallet is made or
/// opened, and at no other time; it may wait for the person.
#[uniffi::export(foreign)]
pub trait KeyStore: Send + Sync {
    /// Wraps 32 bytes.
    fn wrap(&self, secret: Vec<u8>) -> Result<Vec<u8>, KeyStoreError>;
    /// Unwraps them again.
    fn unwrap(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, KeyStoreError>;
    /// Destroys the key, and with it whatever it has wrapped.
    fn delete(&self) -> Result<(), KeyStoreError>;
    /// Whether it could be asked now. Never asks the person.
    fn status(&self) -> Result<KeyStatus, KeyStoreError>;
}

/// Lends the platform's key store to the core, and remembers what it said, which is more than the core can hear.
pub(crate) struct Guard {
    keys: Arc<dyn KeyStore>,
    said: Mutex<Option<KeyStoreError>>,
}

impl Guard {
    pub(crate) fn new(keys: Arc<dyn KeyStore>) -> Self {
        Self { keys, said: Mutex::new(None) }
    }

    /// What a verb of the core answered, or what the key store said if that is why.
    pub(crate) fn explain<T, E: Into<HazelError>>(&self, answer: Result<T, E>) -> Result<T, HazelError> {
        answer.map_err(|error| {
            let said = self.said.lock().unwrap_or_else(PoisonError::into_inner).take();
            said.map_or_else(|| error.into(), HazelError::from)
        })
    }

    fn heard(&self, error: KeyStoreError) -> CoreError {
        let told = match error {
            KeyStoreError::Cancelled => CoreError::Cancelled,
            KeyStoreError::LockedOut => CoreError::LockedOut,
            KeyStoreError::NotEnrolled => CoreError::NotEnrolled,
            KeyStoreError::Invalidated => CoreError::Invalidated,
            KeyStoreError::Damaged | KeyStoreError::Failed { .. } => CoreError::Damaged,
        };
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        told
    }
}

impl hazel_core::keystore::KeyStore for Guard {
    fn wrap(&self, secret: &[u8; 32], _: &mut dyn Entropy) -> Result<Vec<u8>, CoreError> {
        self.keys.wrap(secret.to_vec()).map_err(|error| self.heard(error))
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, CoreError> {
        let key = Zeroizing::new(self.keys.unwrap(wrapped.to_vec()).map_err(|error| self.heard(error))?);
        let whole = <[u8; 32]>::try_from(key.as_slice()).map(Zeroizing::new);
        whole.map_err(|_| {
            self.heard(KeyStoreError::Failed { reason: "unwrapped key of another length".into() })
        })
    }
}

impl From<KeyStoreError> for HazelError {
    fn from(error: KeyStoreError) -> Self {
        let (code, culprit) = match &error {
            KeyStoreError::Cancelled => ("cancelled", Culprit::You),
            KeyStoreError::LockedOut => ("locked_out", Culprit::You),
            KeyStoreError::NotEnrolled => ("not_enrolled", Culprit::You),
            KeyStoreError::Invalidated => ("invalidated", Culprit::Machine),
            KeyStoreError::Damaged => ("corrupt", Culprit::Machine),
            KeyStoreError::Failed { .. } => ("key_store_failed", Culprit::Machine),
        };
        Self::Locked { trouble: Trouble::new(code, culprit, &error) }
    }
}
