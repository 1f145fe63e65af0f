//! Thirty-two bytes as words of BIP-39's English list: their 256 bits and eight that check them, eleven to a word.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The words could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Not twenty-four words.
    #[error("there must be 24 words, and {0} were given")]
    Count(usize),
    /// A word that is not on the list.
    #[error("word {0} is not on the list; check its spelling")]
    Unknown(usize),
    /// All words are on the list, but they do not belong together.
    #[error("these words do not belong together; check their order")]
    Checksum,
}

/// The list as one text, a blank between two words; build.rs packs it.
const LIST: &str = include_str!(concat!(env!("OUT_DIR"), "/words"));

/// The words, with blanks between them.
pub(crate) fn write(entropy: &[u8; 32]) -> Zeroizing<String> {
    // No word is longer than eight letters: the text never moves, and leaves no copy of itself behind.
    let mut text = Zeroizing::new(String::with_capacity(24 * 9));
    let (mut pending, mut bits) = (0_u32, 0_u32);
    for byte in entropy.iter().chain([&check(entropy)]) {
        pending = (pending & 0x3ff) << 8 | u32::from(*byte);
        bits = bits.saturating_add(8);
        if let Some(left) = bits.checked_sub(11) {
            bits = left;
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word(pending >> bits & 0x7ff));
        }
    }
    text
}

/// The bytes that 24 words of the list stand for.
pub(crate) fn read(words: &str) -> Result<Zeroizing<[u8; 32]>, WordsError> {
    let mut read = Zeroizing::new([0; 33]);
    let mut bytes = read.iter_mut();
    let (mut pending, mut bits) = (0_u32, 0_u32);
    for (before, word) in words.split(' ').enumerate() {
        let number = number(word).ok_or(WordsError::Unknown(before.saturating_add(1)))?;
        pending = (pending & 0x7f) << 11 | number;
        bits = bits.saturating_add(11);
        while let Some(left) = bits.checked_sub(8) {
            bits = left;
            let [.., byte] = (pending >> bits).to_be_bytes();
            bytes.next().map(|place| *place = byte).ok_or(WordsError::Checksum)?;
        }
    }
    let [entropy @ .., told] = &*read;
    if check(entropy) == *told { Ok(Zeroizing::new(*entropy)) } else { Err(WordsError::Checksum) }
}

fn word(number: u32) -> &'static str {
    usize::try_from(number).ok().and_then(|number| LIST.split(' ').nth(number)).unwrap_or_default()
}

fn number(word: &str) -> Option<u32> {
    LIST.split(' ').position(|listed| listed == word)?.try_into().ok()
}

fn check(entropy: &[u8; 32]) -> u8 {
    let [first, ..]: [u8; 32] = Sha256::digest(entropy).into();
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another's reading of the same standard, which had no part in this one but its list.
    #[test]
    fn words_are_those_of_the_standard_and_read_back() {
        let listed = bip39::Language::English.word_list();
        assert!(LIST.split(' ').eq(listed.iter().copied()) && listed.iter().all(|word| word.len() <= 8));
        for seed in 0..=255 {
            let entropy: [u8; 32] = Sha256::digest([seed]).into();
            let text = write(&entropy);
            assert_eq!(*text, bip39::Mnemonic::from_entropy(&entropy).unwrap().to_string());
            assert_eq!(read(&text).as_deref(), Ok(&entropy));
        }
        for entropy in [[0; 32], [0xff; 32]] {
            assert_eq!(*write(&entropy), bip39::Mnemonic::from_entropy(&entropy).unwrap().to_string());
        }
    }

    /// One word of 24 put in the place of another passes for right once in 256 times, as the standard has it.
    #[test]
    fn a_wrong_word_is_refused_where_the_standard_refuses_it() {
        let text = write(&[7; 32]);
        let mut taken = 0;
        for wrong in LIST.split(' ') {
            let (head, _) = text.rsplit_once(' ').unwrap();
            let changed = format!("{head} {wrong}");
            let theirs = bip39::Mnemonic::parse_normalized(&changed).is_ok();
            assert_eq!(read(&changed).is_ok(), theirs, "{wrong}");
            taken += u32::from(theirs);
        }
        assert_eq!(taken, 8);
    }
}
