//! The signing key that the existing app exports under a passphrase, so that nobody has to leave a key behind.
//!
//! PBKDF2-HMAC-SHA256 with 10,000 rounds and an 8-byte salt gives the key of an AES-256-GCM box with a 12-byte
//! nonce, whose content is the private key as JSON. Weak by today's measure: Hazel reads it and writes its own form.

use aes_gcm::aead::Aead as _;
use aes_gcm::{Aes256Gcm, KeyInit as _};
use serde::Deserialize;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::fields::bytes_of_base64;
use super::query::{Query, hex};
use super::{HOST, encoded};
use crate::refusal::Reason;

const ROUNDS: u32 = 10_000;
const SALT: usize = 8;
const NONCE: usize = 12;
const TAG: usize = 16;
/// A private key as JSON has about 430 bytes.
const LONGEST_BOX: usize = 4_096;

/// An exported signing key, still sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedKey {
    salt: [u8; SALT],
    nonce: [u8; NONCE],
    sealed: Vec<u8>,
}

/// Why a sealed key was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// The passphrase is not the one it was exported with, or the export was damaged: the box cannot tell which.
    #[error("the passphrase is wrong or the exported key is damaged")]
    Passphrase,
    /// The box opened, and what lies in it is not a private P-521 key.
    #[error("the content is not a private P-521 signing key")]
    NotAKey,
}

/// A private key as the JSON Web Key text that was exported, to be treated as opaque: the text with all its
/// members is what other sites have hashed.
pub struct OpenedKey(Zeroizing<String>);

impl OpenedKey {
    /// The JSON text.
    #[must_use]
    pub fn jwk(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for OpenedKey {
    fn fmt(&self, form: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        form.write_str("OpenedKey(secret)")
    }
}

impl SealedKey {
    /// Opens the key. Takes as long as 10,000 rounds of PBKDF2: not for a thread that draws.
    ///
    /// # Errors
    /// [`KeyRefusal`], with no more said than the box itself reveals.
    pub fn open(&self, passphrase: &str) -> Result<OpenedKey, KeyRefusal> {
        let mut key = Zeroizing::new([0_u8; 32]);
        pbkdf2::pbkdf2_hmac::<Sha256>(passphrase.as_bytes(), &self.salt, ROUNDS, key.as_mut());
        let cipher = Aes256Gcm::new_from_slice(key.as_ref()).map_err(|_| KeyRefusal::Passphrase)?;
        let content = cipher.decrypt(&self.nonce.into(), self.sealed.as_slice());
        let content = Zeroizing::new(content.map_err(|_| KeyRefusal::Passphrase)?);
        let text = std::str::from_utf8(&content).map_err(|_| KeyRefusal::NotAKey)?;
        if is_private_key(text) {
            Ok(OpenedKey(Zeroizing::new(text.to_owned())))
        } else {
            Err(KeyRefusal::NotAKey)
        }
    }

    /// The link as the existing app writes it.
    #[must_use]
    pub fn link(&self) -> String {
        use base64::Engine as _;
        let sealed = base64::engine::general_purpose::STANDARD.encode(&self.sealed);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        format!("https://{HOST}/signkey?s={}&i={}&d={}", hex(&self.salt), hex(&self.nonce), encoded(&sealed))
    }
}

fn is_private_key(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Jwk<'a> {
        kty: &'a str,
        crv: &'a str,
        x: &'a str,
        y: &'a str,
        d: &'a str,
    }
    let number =
        |text: &str| text.len() == 88 && bytes_of_base64(text).is_some_and(|bytes| bytes.len() == 66);
    serde_json::from_str::<Jwk<'_>>(text).is_ok_and(|key| {
        key.kty == "EC" && key.crv == "P-521" && [key.x, key.y, key.d].into_iter().all(number)
    })
}

/// A sealed key's fields as they came.
#[derive(Debug, Deserialize)]
pub(super) struct Fields {
    s: Option<String>,
    i: Option<String>,
    d: Option<String>,
}

impl Fields {
    pub(super) fn read(self) -> Result<SealedKey, Reason> {
        let salt = from_hex(&self.s.ok_or(Reason::Missing("s"))?).ok_or(Reason::Malformed("s"))?;
        let nonce = from_hex(&self.i.ok_or(Reason::Missing("i"))?).ok_or(Reason::Malformed("i"))?;
        let sealed = self.d.ok_or(Reason::Missing("d"))?;
        let sealed = bytes_of_base64(&sealed).filter(|sealed| (TAG..=LONGEST_BOX).contains(&sealed.len()));
        Ok(SealedKey { salt, nonce, sealed: sealed.ok_or(Reason::Malformed("d"))? })
    }
}

pub(super) fn from_query(query: &Query<'_>) -> Result<Fields, Reason> {
    Ok(Fields { s: query.text("s"), i: query.text("i"), d: query.text("d") })
}

/// Exactly `N` bytes of hexadecimal.
fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes: Option<Vec<u8>> = text
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some((hex(*high)? << 4) | hex(*low)?),
            _ => None,
        })
        .collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::is_private_key;

    const KEY: &str = include_str!("../../../tests/vectors/mychips/signkey_export.json");

    proptest! {
        /// Whoever knows the passphrase may have sealed anything.
        #[test]
        fn any_opened_box_is_answered(text in "\\PC{0,300}", cut in 0_usize..600, letter in any::<char>()) {
            prop_assert!(!is_private_key(&text));
            let sample: serde_json::Value = serde_json::from_str(KEY).unwrap_or_default();
            let key = sample["jwk"].as_str().unwrap_or_default();
            prop_assert!(is_private_key(key));
            if let Some((head, tail)) = key.split_at_checked(cut) {
                _ = is_private_key(&format!("{head}{letter}{tail}"));
                prop_assert!(tail.is_empty() || !is_private_key(head));
            }
        }
    }
}
