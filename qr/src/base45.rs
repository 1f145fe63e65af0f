//! Base45 (RFC 9285): bytes in the alphabet that a QR code packs into five and a half bits a letter.
//!
//! Strict both ways: a text decodes in exactly one way or not at all, so that equal codes are equal texts.

const LETTERS: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Three letters for two bytes, two letters for a last odd one.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(2).saturating_mul(3));
    for group in bytes.chunks(2) {
        let mut value = group.iter().fold(0_u32, |value, &byte| (value << 8) | u32::from(byte));
        for _ in 0..=group.len() {
            text.push(letter(value % 45));
            value /= 45;
        }
    }
    text
}

/// The bytes, or none where the text is not what [`encode`] would have written.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len().div_ceil(3).saturating_mul(2));
    for group in text.as_bytes().chunks(3) {
        let value = group.iter().rev().try_fold(0_u32, |value, &letter| {
            let digit = LETTERS.iter().position(|&known| known == letter)?;
            value.checked_mul(45)?.checked_add(u32::try_from(digit).ok()?)
        })?;
        match group.len() {
            3 => bytes.extend_from_slice(&u16::try_from(value).ok()?.to_be_bytes()),
            2 => bytes.push(u8::try_from(value).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}

fn letter(digit: u32) -> char {
    let place = usize::try_from(digit).unwrap_or(usize::MAX);
    LETTERS.get(place).map_or('0', |&letter| char::from(letter))
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn the_examples_of_the_standard() {
        for (bytes, text) in [
            (&b"AB"[..], "BB8"),
            (b"Hello!!", "%69 VD92EX0"),
            (b"base-45", "UJCLQE7W581"),
            (b"ietf!", "QED8WEX0"),
            (b"", ""),
        ] {
            assert_eq!((encode(bytes).as_str(), decode(text).as_deref()), (text, Some(bytes)));
        }
    }

    #[test]
    fn what_no_encoder_writes_is_refused() {
        for text in [":::", "GGW0", "A", "ab8", "BB8A", "::", "BB8é", "G W0"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn every_pair_of_bytes_comes_back() {
        for value in 0..=u16::MAX {
            let bytes = value.to_be_bytes();
            assert_eq!(decode(&encode(&bytes)).as_deref(), Some(&bytes[..]));
        }
    }
}
