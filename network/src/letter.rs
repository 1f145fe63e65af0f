//! What is said between a wallet and its site, and between two sites. The channel proves who speaks; every object inside is judged anew.
//!
//! A letter is about one half of one tally. Any letter may be lost, doubled or overtaken by another: what it says is true whenever it
//! arrives.

use hazel_core::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use hazel_core::claim::Claim;
use hazel_core::errand::ErrandMessage;
use hazel_core::key::PublicKey;
use hazel_core::message::{MESSAGES_MAX, Message};
use hazel_core::notes::Notes;
use hazel_core::tally::{Side, SignedTally, TallyId};

use crate::confirmation::Confirmation;

/// The most bytes of one letter. Whoever has more to say writes several.
pub const LETTER_MAX: usize = 1 << 20;
/// The most words about errands in one letter.
const ERRANDS_MAX: u64 = 256;
/// How many bytes of messages a letter is filled with: what is left of [`LETTER_MAX`] has room for one more page of chits.
const FILL: usize = 1 << 19;

/// Whoever is at the other end of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Correspondent {
    /// The wallet of a hosted user, by the key of its uplink.
    User([u8; 32]),
    /// Another site, by the node key that stands in the tally.
    Site(PublicKey),
}

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// About which tally.
    pub tally: TallyId,
    /// About which half: the one that the site keeps, or the one that the wallet holds.
    pub half: Side,
    /// What it says.
    pub body: Body,
}

/// What a letter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A wallet: "this half is mine, and this is its contract".
    Claim {
        /// The contract with both signatures.
        contract: Box<SignedTally>,
        /// Who says so.
        claim: Box<Claim>,
    },
    /// Chits, order, words, summaries.
    Messages {
        /// Whether the reader should answer a summary with its own if it has less.
        ask: bool,
        /// In the order in which they can be used.
        messages: Vec<Message>,
    },
    /// A site to a wallet: these were not let in.
    Refused(Vec<Refused>),
    /// How far the notes of the two parties are known: receipts, invoices, answers.
    Notes {
        /// Whether the reader should answer with its own.
        ask: bool,
        /// What is known.
        notes: Notes,
    },
    /// A site to a wallet: what you brought has come in, and this is its proof.
    Confirmed(Box<Confirmation>),
    /// Errands that are carried for others. They are about no half; the letter's is one that the two have to do with.
    Errands(Vec<ErrandMessage>),
}

/// One thing that was not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which message of the letter, from 0.
    pub message: u64,
    /// A stable name of the reason.
    pub code: String,
}

impl Letter {
    /// Takes in what another letter about the same half says, if both carry messages and there is room. One letter is one commit for its
    /// reader. Gives it back otherwise.
    pub fn join(&mut self, other: Self) -> Option<Self> {
        let fits = self.to_bytes().len().saturating_add(other.to_bytes().len()) <= FILL;
        match (&mut self.body, other.body) {
            (Body::Messages { ask, messages }, Body::Messages { ask: asks, messages: more })
                if fits
                    && (self.tally, self.half) == (other.tally, other.half)
                    && messages.len().saturating_add(more.len()) <= MESSAGES_MAX =>
            {
                *ask |= asks;
                messages.extend(more);
                None
            }
            (_, body) => Some(Self { tally: other.tally, half: other.half, body }),
        }
    }

    /// Letters that carry these messages, each within its bound.
    #[must_use]
    pub fn carrying(tally: TallyId, half: Side, ask: bool, messages: Vec<Message>) -> Vec<Self> {
        let body = |messages| Body::Messages { ask, messages };
        filled(messages, MESSAGES_MAX).into_iter().map(|it| Self { tally, half, body: body(it) }).collect()
    }

    /// Letters with these words about errands, each within its bound; one in any case, because each is answered.
    #[must_use]
    pub fn about_errands(tally: TallyId, half: Side, said: Vec<ErrandMessage>) -> Vec<Self> {
        let mut all = filled(said, usize::try_from(ERRANDS_MAX).unwrap_or(usize::MAX));
        if all.is_empty() {
            all.push(Vec::new());
        }
        all.into_iter().map(|said| Self { tally, half, body: Body::Errands(said) }).collect()
    }
}

/// What goes into one letter, and into the next.
fn filled<T: Canon>(items: Vec<T>, most: usize) -> Vec<Vec<T>> {
    let mut all: Vec<Vec<T>> = Vec::new();
    let mut bytes = 0_usize;
    for item in items {
        let size = item.to_bytes().len();
        match all.last_mut() {
            Some(last) if bytes.saturating_add(size) <= FILL && last.len() < most => {
                bytes = bytes.saturating_add(size);
                last.push(item);
            }
            _ => {
                bytes = size;
                all.push(vec![item]);
            }
        }
    }
    all
}

impl Canon for Letter {
    const WHAT: &'static str = "letter";

    fn write(&self, to: &mut Writer) {
        to.array(5).uint(WIRE_VERSION).put(&self.tally).put(&self.half);
        match &self.body {
            Body::Claim { contract, claim } => to.uint(0).array(2).put(&**contract).put(&**claim),
            Body::Messages { ask: false, messages } => to.uint(1).put_list(messages),
            Body::Messages { ask: true, messages } => to.uint(2).put_list(messages),
            Body::Refused(refused) => to.uint(3).put_list(refused),
            Body::Notes { ask: false, notes } => to.uint(4).put(notes),
            Body::Notes { ask: true, notes } => to.uint(5).put(notes),
            Body::Confirmed(confirmation) => to.uint(6).put(&**confirmation),
            Body::Errands(said) => to.uint(7).put_list(said),
        };
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 5)?;
        let (tally, half) = (from.take()?, from.take()?);
        let body = match from.uint("kind of letter")? {
            0 => {
                from.array("claim and contract", 2)?;
                Body::Claim { contract: Box::new(from.take()?), claim: Box::new(from.take()?) }
            }
            kind @ (1 | 2) => {
                let messages = from.take_list("messages", MESSAGES_MAX as u64)?;
                Body::Messages { ask: kind == 2, messages }
            }
            3 => Body::Refused(from.take_list("refusals", MESSAGES_MAX as u64)?),
            kind @ (4 | 5) => Body::Notes { ask: kind == 5, notes: from.take()? },
            6 => Body::Confirmed(Box::new(from.take()?)),
            7 => Body::Errands(from.take_list("words about errands", ERRANDS_MAX)?),
            version => return Err(Malformed::Newer { what: "kind of letter", version }),
        };
        Ok(Self { tally, half, body })
    }
}

impl Canon for Refused {
    const WHAT: &'static str = "refusal";

    fn write(&self, to: &mut Writer) {
        to.array(2).uint(self.message).text(&self.code);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 2)?;
        Ok(Self { message: from.uint("position")?, code: from.text("reason", 64)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hazel_core::digest::Digest;

    fn letter(half: Side, ask: bool, from: u8, count: u8) -> Letter {
        let tally = TallyId([1; 16]);
        let message = |at| Message::Refuse { tally, version: Digest([at; 32]) };
        let messages = (from..from.saturating_add(count)).map(message).collect();
        Letter { tally, half, body: Body::Messages { ask, messages } }
    }

    #[test]
    fn letters_about_one_half_become_one_in_their_order_and_a_question_stays_one() {
        let mut first = letter(Side::Stock, false, 0, 2);
        assert_eq!(first.join(letter(Side::Stock, true, 2, 3)), None);
        assert_eq!(first, letter(Side::Stock, true, 0, 5));
        let other = letter(Side::Foil, false, 0, 1);
        assert_eq!(first.join(other.clone()), Some(other), "about another half");
        let refused = Letter { body: Body::Refused(Vec::new()), ..letter(Side::Stock, false, 0, 1) };
        assert_eq!(first.join(refused.clone()), Some(refused), "another kind");
        assert_eq!(first, letter(Side::Stock, true, 0, 5));
    }

    #[test]
    fn what_does_not_fit_stays_a_letter_of_its_own() {
        let mut first = letter(Side::Stock, false, 0, 0);
        let many = letter(Side::Stock, false, 0, 255);
        let mut joined = 0;
        while first.join(many.clone()).is_none() {
            joined += 1;
            assert!(joined < 100, "a bound is missing");
        }
        let Body::Messages { messages, .. } = &first.body else { return };
        assert!(joined > 0 && messages.len() <= MESSAGES_MAX && first.to_bytes().len() <= LETTER_MAX);
    }
}
