//! One element of the ledger's encoding, cut at the strings that can be named or left out.

use hazel_core::digest::Digest;

/// Three bytes follow: how a known string begins. No letter in full holds this byte as the head of an element, nor the next.
pub(super) const NAME: u8 = 0xe0;
/// 96 bytes follow: what is left of 128 without the promise of the next key, which is a hash of the key in the next such string.
pub(super) const CHAINED: u8 = 0xe1;

const CHAINED_LEN: usize = 128;

/// A piece of an element.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// Goes over as it is.
    Raw(&'t [u8]),
    /// A byte string of 16, 32 or 128 bytes, without its head.
    String(&'t [u8]),
    /// Stands for a known string.
    Name(&'t [u8]),
    /// Stands for a string of 128 bytes.
    Chained(&'t [u8]),
}

/// The three things that end every chit of a page.
pub(super) struct Chained<'t> {
    promise: Option<&'t [u8]>,
    pub(super) key: &'t [u8],
    /// Key and signature.
    pub(super) rest: &'t [u8],
}

impl<'t> Chained<'t> {
    pub(super) fn read(string: &'t [u8]) -> Option<Self> {
        let (promise, rest) = string.split_at_checked(32).filter(|_| string.len() == CHAINED_LEN)?;
        Some(Self { promise: Some(promise), ..Self::short(rest)? })
    }

    pub(super) fn short(rest: &'t [u8]) -> Option<Self> {
        Some(Self { promise: None, key: rest.get(..32)?, rest })
    }

    pub(super) fn promises(&self, key: &[u8]) -> bool {
        self.promise == Some(Digest::of(key).0.as_slice())
    }
}

/// Writes a byte string of up to 255 bytes.
pub(super) fn put_string(out: &mut Vec<u8>, string: &[u8]) {
    match u8::try_from(string.len()) {
        Ok(len @ 0..24) => out.push(0x40 | len),
        Ok(len) => out.extend([0x58, len]),
        // Longer ones are never taken apart.
        Err(_) => {}
    }
    out.extend_from_slice(string);
}

/// Takes a whole element off the front; none if it does not end.
pub(super) fn element<'t>(input: &mut &'t [u8]) -> Option<Vec<Token<'t>>> {
    let (mut tokens, mut open) = (Vec::new(), 1_u64);
    while open > 0 {
        let (token, elements) = token(input)?;
        tokens.push(token);
        open = open.saturating_sub(1).checked_add(elements)?;
    }
    Some(tokens)
}

/// The next token, and how many elements belong inside it.
fn token<'t>(input: &mut &'t [u8]) -> Option<(Token<'t>, u64)> {
    let all = *input;
    let mut take = |len: usize| {
        let (taken, rest) = input.split_at_checked(len)?;
        *input = rest;
        Some(taken)
    };
    let &first = take(1)?.first()?;
    match first {
        NAME => return Some((Token::Name(take(super::NAME)?), 0)),
        CHAINED => return Some((Token::Chained(take(CHAINED_LEN.saturating_sub(32))?), 0)),
        _ => {}
    }
    let more = match first & 0x1f {
        0..24 => 0,
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let number = take(more)?.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let number = if more == 0 { u64::from(first & 0x1f) } else { number };
    let head = more.saturating_add(1);
    match (first >> 5, number) {
        (2, 16 | 32 | 128) => Some((Token::String(take(usize::try_from(number).ok()?)?), 0)),
        (2 | 3, _) => {
            let len = usize::try_from(number).ok()?;
            take(len)?;
            Some((Token::Raw(all.get(..head.checked_add(len)?)?), 0))
        }
        (0 | 1, _) => Some((Token::Raw(all.get(..head)?), 0)),
        (4, _) => Some((Token::Raw(all.get(..head)?), number)),
        (7, 22) if more == 0 => Some((Token::Raw(all.get(..head)?), 0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_cut_at_its_strings_and_written_again() {
        let mut bytes = vec![0x83, 1, 0x82, 0x50];
        bytes.extend([7; 16]);
        bytes.extend([0x61, b'a', 0x58, 32]);
        bytes.extend([8; 32]);
        bytes.push(9);
        let mut rest = bytes.as_slice();
        let tokens = element(&mut rest).unwrap();
        assert_eq!(rest, [9]);
        let mut back = Vec::new();
        for token in &tokens {
            match token {
                Token::Raw(raw) => back.extend_from_slice(raw),
                Token::String(string) => put_string(&mut back, string),
                Token::Name(_) | Token::Chained(_) => back.push(0xff),
            }
        }
        assert_eq!([back.as_slice(), rest].concat(), bytes);
    }

    #[test]
    fn what_does_not_end_is_none() {
        for bytes in [
            &[][..],
            &[0x82, 1],
            &[0x58, 32, 1],
            &[0x5f],
            &[0xa0],
            &[0xe0, 1, 2],
            &[0xe1; 96],
            &[0xe2],
            &[0x9b, 255, 255, 255, 255, 255, 255, 255, 255, 1],
        ] {
            assert_eq!(element(&mut &*bytes), None, "{bytes:02x?}");
        }
    }
}
