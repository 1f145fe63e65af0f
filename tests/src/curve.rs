//! What can be wrong with a point or a scalar, made by somebody who knows the curve better than the verifier hopes.
#![expect(clippy::arithmetic_side_effects, reason = "points and scalars do not overflow")]

use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::constants::{ED25519_BASEPOINT_TABLE, EIGHT_TORSION};
use curve25519_dalek::scalar::Scalar;
use hazel_core::digest::{Digest, Statement};
use hazel_core::key::{PublicKey, Signature};
use sha2::{Digest as _, Sha512};

/// The order of the group, little end first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A signature with its key, over the body named `body` of a chit.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// What was done, in words.
    pub name: String,
    /// The sort of trick.
    pub class: &'static str,
    /// The key.
    pub key: PublicKey,
    /// The body's hash.
    pub body: Digest,
    /// The signature.
    pub signature: Signature,
    /// How it must be met: none if it must hold.
    pub code: Option<&'static str>,
}

/// Keys with which anybody could sign, and keys that are none: each must be refused wherever a key is read.
#[must_use]
pub fn weak_keys() -> Vec<(String, [u8; 32])> {
    let mut keys = Vec::new();
    for (index, point) in EIGHT_TORSION.iter().enumerate() {
        keys.push((format!("point {index} of small order"), point.compress().to_bytes()));
    }
    for (name, low) in [("the identity", 1_u8), ("the point of order two", 0xec)] {
        let mut key = [if low == 1 { 0 } else { 0xff }; 32];
        key[0] = low;
        key[31] = if low == 1 { 0x80 } else { 0xff };
        keys.push((format!("{name} with a sign it cannot have"), key));
    }
    for extra in 0..19_u8 {
        for sign in [0, 0x80] {
            let mut key = [0xff; 32];
            key[0] = 0xed_u8.saturating_add(extra);
            key[31] = 0x7f | sign;
            keys.push((format!("y = p + {extra}, sign {}", sign >> 7), key));
        }
    }
    let mut found = 0_u8;
    for y in 2..=u8::MAX {
        let mut key = [0; 32];
        key[0] = y;
        let on_curve = curve25519_dalek::edwards::CompressedEdwardsY(key).decompress().is_some();
        if !on_curve && found < 6 {
            found = found.saturating_add(1);
            keys.push((format!("y = {y}, which is on no point"), key));
        }
    }
    keys
}

/// Points of X25519 with which everybody agrees the same secret.
#[must_use]
pub fn low_order_agreements() -> Vec<(String, [u8; 32])> {
    let mut all: Vec<(String, [u8; 32])> = Vec::new();
    for (index, point) in EIGHT_TORSION.iter().enumerate() {
        let bytes = point.to_montgomery().to_bytes();
        if !all.iter().any(|(_, known)| *known == bytes) {
            all.push((format!("the image of point {index} of small order"), bytes));
        }
    }
    for (name, low) in [("p", 0xed_u8), ("p + 1", 0xee)] {
        let mut bytes = [0xff; 32];
        bytes[0] = low;
        bytes[31] = 0x7f;
        all.push((name.to_owned(), bytes));
    }
    all
}

/// Whoever knows its scalar and may add to its points what no honest signer adds.
struct Signer {
    secret: Scalar,
    key_extra: EdwardsPoint,
}

impl Signer {
    fn key(&self) -> PublicKey {
        PublicKey((&self.secret * ED25519_BASEPOINT_TABLE + self.key_extra).compress().to_bytes())
    }

    fn sign(&self, nonce: &Scalar, nonce_extra: EdwardsPoint, body: &Digest) -> Signature {
        let point = (nonce * ED25519_BASEPOINT_TABLE + nonce_extra).compress().to_bytes();
        let scalar = nonce + self.challenge(&point, body) * self.secret;
        together(&point, scalar.as_bytes())
    }

    fn challenge(&self, point: &[u8; 32], body: &Digest) -> Scalar {
        let message = Statement::Chit.about(body);
        let hash = Sha512::new().chain_update(point).chain_update(self.key().0).chain_update(message);
        Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
    }
}

fn together(point: &[u8; 32], scalar: &[u8; 32]) -> Signature {
    let mut bytes = [0; 64];
    for (to, from) in bytes.iter_mut().zip(point.iter().chain(scalar)) {
        *to = *from;
    }
    Signature(bytes)
}

/// A number that looks random and never changes.
fn scalar(seed: u32) -> Scalar {
    let hash = Sha512::new().chain_update(b"hazel curve vectors").chain_update(seed.to_be_bytes());
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

fn small(index: usize) -> EdwardsPoint {
    EIGHT_TORSION.iter().copied().cycle().nth(index).unwrap_or_default()
}

/// Every trick.
#[must_use]
pub fn attempts() -> Vec<Attempt> {
    let mut all = Vec::new();
    let signer = |extra| Signer { secret: scalar(0), key_extra: small(extra) };
    let honest = signer(0);
    let body = Digest::of(b"body");
    let mut add = |class, name: String, key, body, signature, code| {
        all.push(Attempt { name, class, key, body, signature, code });
    };
    for seed in 1..=4 {
        let body = Digest::of(&[u8::try_from(seed).unwrap_or_default()]);
        let signature = honest.sign(&scalar(seed), small(0), &body);
        add("honest", format!("signature {seed}"), honest.key(), body, signature, None);
    }
    let good = honest.sign(&scalar(1), small(0), &body);
    for times in 1..=15 {
        let signature = Signature(past_the_order(&good.0, times));
        add(
            "scalar_beyond_order",
            format!("S + {times} L"),
            honest.key(),
            body,
            signature,
            Some("bad_signature"),
        );
    }
    for (name, scalar) in [("S = L", ORDER), ("S of ones", [0xff; 32])] {
        let signature = together(&[1; 32], &scalar);
        add("scalar_beyond_order", name.to_owned(), honest.key(), body, signature, Some("bad_signature"));
    }
    for index in 0..8 {
        // With R of small order and S = k a the equation holds up to a point of small order: only the strict rule refuses R itself.
        let point = small(index).compress().to_bytes();
        let answer = honest.challenge(&point, &body) * honest.secret;
        let signature = together(&point, answer.as_bytes());
        add(
            "small_order_r",
            format!("R is point {index}"),
            honest.key(),
            body,
            signature,
            Some("bad_signature"),
        );
    }
    for index in 1..8 {
        let signature = honest.sign(&scalar(2), small(index), &body);
        add(
            "mixed_order_r",
            format!("R with point {index}"),
            honest.key(),
            body,
            signature,
            Some("bad_signature"),
        );
        mixed_key(&signer(index), index, &mut add);
    }
    for (name, key) in weak_keys() {
        // S = 0 and R = identity hold under the identity key for a verifier that does not look.
        let mut identity = [0; 32];
        identity[0] = 1;
        let signature = together(&identity, &[0; 32]);
        add("weak_key", name, PublicKey(key), body, signature, Some("weak_key"));
    }
    for bit in [0, 7, 100, 255, 256, 300, 508, 511_usize] {
        let signature = Signature(flipped(&good.0, bit));
        add(
            "flipped_bit",
            format!("bit {bit} of the signature"),
            honest.key(),
            body,
            signature,
            Some("bad_signature"),
        );
    }
    all
}

/// A key with a small part: its signatures hold under the strict equation only where the challenge is a multiple of that part's order.
/// Every verifier must draw that line at the same place.
fn mixed_key(
    signer: &Signer,
    index: usize,
    add: &mut impl FnMut(&'static str, String, PublicKey, Digest, Signature, Option<&'static str>),
) {
    let (mut held, mut failed) = (false, false);
    for seed in 0..200_u32 {
        let body = Digest::of(&seed.to_be_bytes());
        let signature = signer.sign(&scalar(seed), small(0), &body);
        let challenge = signer.challenge(signature.0.first_chunk().unwrap_or(&[0; 32]), &body);
        let holds = challenge * signer.key_extra == small(0);
        let seen = if holds { &mut held } else { &mut failed };
        if !std::mem::replace(seen, true) {
            let (word, code) =
                if holds { ("dividing", None) } else { ("not dividing", Some("bad_signature")) };
            let name = format!("A with point {index}, {word} the challenge");
            add("mixed_order_key", name, signer.key(), body, signature, code);
        }
    }
}

/// The same signature with the order of the group added to its scalar so many times.
#[must_use]
pub fn past_the_order(signature: &[u8; 64], times: usize) -> [u8; 64] {
    let mut bytes = *signature;
    for _ in 0..times {
        let mut carry = 0_u16;
        for (byte, order) in bytes.iter_mut().skip(32).zip(ORDER) {
            let sum = u16::from(*byte).wrapping_add(u16::from(order)).wrapping_add(carry);
            let [low, high] = sum.to_le_bytes();
            (*byte, carry) = (low, u16::from(high));
        }
    }
    bytes
}

/// The same bytes with one bit the other way round.
#[must_use]
pub fn flipped<const N: usize>(bytes: &[u8; N], bit: usize) -> [u8; N] {
    let mut other = *bytes;
    if let Some(byte) = other.get_mut(bit / 8) {
        *byte ^= 1 << (bit % 8);
    }
    other
}
