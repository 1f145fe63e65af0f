//! One key of a site: it signs as the node that stands in the tally, and the dialog is held with the same key seen as X25519.

use ed25519_dalek::{SigningKey, VerifyingKey};
use hazel_sync::{PublicKey, SecretKey};

/// The key by which a site is known: the one that both parties signed into their tally.
pub type SiteKey = hazel_core::key::PublicKey;

/// The key to hold a dialog with, for a site of this key; none if the bytes are no key.
#[must_use]
pub fn dialog_key(site: &SiteKey) -> Option<PublicKey> {
    site.check().ok()?;
    let point = VerifyingKey::from_bytes(&site.0).ok()?;
    Some(PublicKey(point.to_montgomery().to_bytes()))
}

/// The secret that belongs to [`dialog_key`].
#[must_use]
pub fn dialog_secret(site: &hazel_core::key::SecretKey) -> SecretKey {
    SecretKey::new(SigningKey::from_bytes(&site.seed()).to_scalar_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_of_a_site_key_belong_together() {
        for seed in 0..32 {
            let secret = hazel_core::key::SecretKey::from_seed(&[seed; 32]);
            assert_eq!(dialog_key(&secret.public()), Some(dialog_secret(&secret).public()));
        }
    }

    #[test]
    fn what_is_no_key_is_none() {
        let mut one = [0; 32];
        one[0] = 1;
        assert_eq!(dialog_key(&hazel_core::key::PublicKey(one)), None, "the neutral point");
        assert_eq!(dialog_key(&hazel_core::key::PublicKey([0xff; 32])), None);
    }
}
