//! Thirty-two bytes as 24 words, and back: BIP-39 with its English list, and nothing else of it.
//!
//! The list is one text, not two thousand pieces of one: a library that a phone loads would have to find each of them a place.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::key::WordsError;

/// In the order of the alphabet.
const LIST: &str = include_str!("words.txt");
/// Bits that a word stands for.
const WORD: usize = 11;

/// The words that stand for these bytes, separated by spaces.
pub(crate) fn phrase(entropy: &[u8; 32]) -> Zeroizing<String> {
    let list: Vec<&str> = LIST.lines().collect();
    let bytes = entropy.iter().copied().chain([check(entropy)]);
    let bits: Zeroizing<Vec<bool>> =
        Zeroizing::new(bytes.flat_map(|byte| bits(usize::from(byte), 8)).collect());
    let words: Vec<&str> = bits.chunks(WORD).filter_map(|word| list.get(number(word)).copied()).collect();
    Zeroizing::new(words.join(" "))
}

/// The bytes that these words stand for. Words are in lower case and separated by one space.
pub(crate) fn entropy(phrase: &str) -> Result<[u8; 32], WordsError> {
    let list: Vec<&str> = LIST.lines().collect();
    let mut all = Zeroizing::new(Vec::with_capacity(264));
    for (place, word) in phrase.split(' ').enumerate() {
        let at = list.binary_search(&word).map_err(|_| WordsError::Unknown(place.saturating_add(1)))?;
        all.extend(bits(at, WORD));
    }
    let bytes: Zeroizing<Vec<u8>> =
        Zeroizing::new(all.chunks(8).map(|byte| u8::try_from(number(byte)).unwrap_or_default()).collect());
    match bytes.split_first_chunk::<32>() {
        Some((entropy, [sum])) if *sum == check(entropy) => Ok(*entropy),
        _ => Err(WordsError::Checksum),
    }
}

/// What the last word carries beside the last three bits.
fn check(entropy: &[u8; 32]) -> u8 {
    Sha256::digest(entropy).first().copied().unwrap_or_default()
}

/// The lowest `count` bits of a number, the highest of them first.
fn bits(number: usize, count: usize) -> impl Iterator<Item = bool> {
    (0..count).rev().map(move |place| {
        number.checked_shr(u32::try_from(place).unwrap_or(u32::MAX)).is_some_and(|it| it & 1 == 1)
    })
}

fn number(bits: &[bool]) -> usize {
    bits.iter().fold(0, |number, bit| number.wrapping_shl(1) | usize::from(*bit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    /// BIP-39's own examples of 256 bits.
    #[test]
    fn the_standards_examples_hold() {
        for (byte, again, last) in [
            (0x00, "abandon", "art"),
            (0x7f, "legal winner thank year wave sausage worth useful", "title"),
            (0x80, "letter advice cage absurd amount doctor acoustic avoid", "bless"),
            (0xff, "zoo", "vote"),
        ] {
            let mut words: Vec<&str> = again.split(' ').cycle().take(23).collect();
            words.push(last);
            let phrase = words.join(" ");
            assert_eq!(*super::phrase(&[byte; 32]), phrase);
            assert_eq!(entropy(&phrase), Ok([byte; 32]));
        }
    }

    #[test]
    fn the_list_is_the_standards() {
        let list: Vec<&str> = LIST.lines().collect();
        assert_eq!(list.len(), 2_048);
        assert!(list.is_sorted());
        let sum =
            crate::digest::from_hex::<32>("2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
        assert_eq!(sum.as_ref().map(|sum| &sum[..]), Some(&Sha256::digest(LIST)[..]));
    }

    #[test]
    fn every_bit_counts_in_both_directions() {
        for no in 0_u16..256 {
            let mut bytes = Digest::of(&no.to_be_bytes()).0;
            let words = phrase(&bytes);
            assert_eq!(entropy(&words), Ok(bytes));
            let place = usize::from(no) / 8;
            bytes[place] ^= 1 << (no % 8);
            assert_ne!(entropy(&words), Ok(bytes));
        }
        let swapped = "zoo abandon ".repeat(12);
        assert_eq!(entropy(swapped.trim()), Err(WordsError::Checksum));
        assert_eq!(entropy("zoo zooo"), Err(WordsError::Unknown(2)));
        assert_eq!(entropy("zoo"), Err(WordsError::Checksum));
    }
}
