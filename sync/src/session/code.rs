//! The short code that two people compare where no camera can: twenty-four bits, as words and as pictures.
//!
//! Twenty-four bits are enough only because neither side can choose them. The dialer commits to a number before it sees
//! the waiter's, so somebody in the middle has one guess in sixteen million and cannot search for a match.

use super::fault::{Fault, Rule};
use super::words::{EMOJI, WORDS};
use crate::keys::{keyed_hash, same};

/// What both screens show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code([u8; 3]);

impl Code {
    /// Three words.
    pub fn words(&self) -> [&'static str; 3] {
        self.0.map(|byte| WORDS.get(usize::from(byte)).copied().unwrap_or_default())
    }

    /// The same as four pictures.
    pub fn emoji(&self) -> [&'static str; 4] {
        let [a, b, c] = self.0.map(u32::from);
        let bits = (a << 16) | (b << 8) | c;
        [18, 12, 6, 0].map(|shift| {
            let index = usize::try_from((bits >> shift) & 0x3f).unwrap_or_default();
            EMOJI.get(index).copied().unwrap_or_default()
        })
    }
}

/// How far the two have come with agreeing on a code and comparing it.
pub(super) struct Comparison {
    hash: [u8; 32],
    dialer: bool,
    ours: [u8; 16],
    commitment: Option<[u8; 32]>,
    revealed: bool,
    pub(super) we_agree: bool,
    pub(super) they_agree: bool,
}

/// What to say after an item was heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) reveal: Option<[u8; 16]>,
    pub(super) code: Option<Code>,
}

impl Comparison {
    pub(super) fn new(hash: [u8; 32], dialer: bool, ours: [u8; 16]) -> Self {
        Self { hash, dialer, ours, commitment: None, revealed: false, we_agree: false, they_agree: false }
    }

    /// The dialer's first word.
    pub(super) fn commitment(&self) -> Option<[u8; 32]> {
        self.dialer.then(|| commit(&self.hash, &self.ours))
    }

    pub(super) fn committed(&mut self, commitment: [u8; 32]) -> Result<Step, Fault> {
        if self.dialer || self.commitment.is_some() {
            return Err(Fault::Rule(Rule::OutOfTurn));
        }
        self.commitment = Some(commitment);
        Ok(Step { reveal: Some(self.ours), code: None })
    }

    pub(super) fn revealed(&mut self, theirs: [u8; 16]) -> Result<Step, Fault> {
        if self.revealed {
            return Err(Fault::Rule(Rule::OutOfTurn));
        }
        self.revealed = true;
        if self.dialer {
            let code = Some(code(&self.hash, &self.ours, &theirs));
            return Ok(Step { reveal: Some(self.ours), code });
        }
        let promised = self.commitment.ok_or(Fault::Rule(Rule::OutOfTurn))?;
        if !same(&promised, &commit(&self.hash, &theirs)) {
            return Err(Fault::Rule(Rule::BrokenCommitment));
        }
        Ok(Step { reveal: None, code: Some(code(&self.hash, &theirs, &self.ours)) })
    }

    pub(super) fn confirmed(&mut self) -> Result<(), Fault> {
        if !self.revealed || self.they_agree {
            return Err(Fault::Rule(Rule::OutOfTurn));
        }
        self.they_agree = true;
        Ok(())
    }

    /// Whether a code is on the screen and waits for the user.
    pub(super) fn waits_for_user(&self) -> bool {
        self.revealed && !self.we_agree
    }

    pub(super) fn agreed(&self) -> bool {
        self.we_agree && self.they_agree
    }
}

fn commit(hash: &[u8; 32], number: &[u8; 16]) -> [u8; 32] {
    keyed_hash(hash, &[b"hazel sync 1 commitment", number])
}

fn code(hash: &[u8; 32], dialer: &[u8; 16], waiter: &[u8; 16]) -> Code {
    let [a, b, c, ..] = keyed_hash(hash, &[b"hazel sync 1 code", dialer, waiter]);
    Code([a, b, c])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_word_and_picture_is_different() {
        assert_eq!(WORDS.iter().collect::<BTreeSet<_>>().len(), 256);
        assert_eq!(EMOJI.iter().collect::<BTreeSet<_>>().len(), 64);
        assert!(WORDS.iter().all(|word| (3..=8).contains(&word.len())));
    }

    #[test]
    fn words_and_pictures_show_all_bits() {
        let one = Code([0, 1, 2]);
        assert_eq!(one.words(), [WORDS[0], WORDS[1], WORDS[2]]);
        assert_eq!(Code([0xff, 0x0f, 0xc1]).emoji(), [EMOJI[63], EMOJI[48], EMOJI[63], EMOJI[1]]);
    }

    #[test]
    fn both_see_the_same_and_another_handshake_another() {
        let shown = |hash_a: [u8; 32], hash_b: [u8; 32]| {
            let (mut a, mut b) =
                (Comparison::new(hash_a, true, [1; 16]), Comparison::new(hash_b, false, [2; 16]));
            let answer = b.committed(a.commitment().unwrap()).unwrap().reveal.unwrap();
            let step = a.revealed(answer).unwrap();
            (step.code, b.revealed(step.reveal.unwrap()).map(|step| step.code))
        };
        let (left, right) = shown([9; 32], [9; 32]);
        assert_eq!(Ok(left), right);
        assert_eq!(shown([9; 32], [8; 32]).1, Err(Fault::Rule(Rule::BrokenCommitment)));
    }

    #[test]
    fn nobody_may_change_the_number_or_the_order() {
        let mut waiter = Comparison::new([0; 32], false, [2; 16]);
        assert_eq!(waiter.confirmed(), Err(Fault::Rule(Rule::OutOfTurn)));
        waiter.committed(commit(&[0; 32], &[1; 16])).unwrap();
        assert_eq!(waiter.committed([0; 32]), Err(Fault::Rule(Rule::OutOfTurn)));
        assert_eq!(waiter.revealed([3; 16]), Err(Fault::Rule(Rule::BrokenCommitment)));
    }
}
