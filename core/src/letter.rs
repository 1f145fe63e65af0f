//! What one message of a meeting holds: messages for the partner as many as fit, or a part of one that is too long.
//!
//! A carrier with its own seal brings letters whole and in order; what a letter holds is taken in as one, or not at all.

use crate::canon::{Canon as _, Malformed, Reader, WIRE_VERSION, Writer};
use crate::message::{MESSAGES_MAX, Message, Spoilt};

/// The longest letter: what every carrier takes as one message.
pub const LETTER_MAX: usize = 48 * 1024;
/// The longest message that may come in parts: no partner makes this device hold more.
pub const PARTED_MAX: usize = 1 << 20;
/// Room for the heads of arrays, byte strings and numbers around what a letter holds.
const HEADS: usize = 32;
/// What a message may measure and still share a letter.
pub(crate) const ROOM: usize = LETTER_MAX - HEADS;

const WHAT: &str = "letter";

/// Packs messages into as few letters as their order allows.
#[must_use]
pub fn letters(messages: &[Message]) -> Vec<Vec<u8>> {
    let (mut letters, mut packed, mut size) = (Vec::new(), Vec::new(), 0_usize);
    for bytes in messages.iter().map(Message::to_bytes) {
        let grown = size.saturating_add(bytes.len());
        if !packed.is_empty() && (grown > ROOM || packed.len() >= MESSAGES_MAX) {
            letters.push(whole(&packed));
            (packed, size) = (Vec::new(), 0);
        }
        if bytes.len() > ROOM {
            letters.extend(parts(&bytes));
            continue;
        }
        size = size.saturating_add(bytes.len());
        packed.push(bytes);
    }
    if !packed.is_empty() {
        letters.push(whole(&packed));
    }
    letters
}

fn whole(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut to = Writer::with_capacity(1024);
    to.array(2).uint(WIRE_VERSION).list(messages.len());
    for message in messages {
        to.raw(message);
    }
    to.into_bytes()
}

fn parts(message: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    message.chunks(ROOM).enumerate().map(|(n, part)| {
        let mut to = Writer::with_capacity(LETTER_MAX);
        let offset = n.saturating_mul(ROOM);
        to.array(4).uint(WIRE_VERSION).uint(message.len() as u64).uint(offset as u64).bytes(part);
        to.into_bytes()
    })
}

/// Opens the letters of one meeting, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct Letterbox {
    total: usize,
    begun: Vec<u8>,
}

impl Letterbox {
    /// The messages of a letter; none while one of them is still coming in parts.
    pub fn open(&mut self, letter: &[u8]) -> Result<Vec<Result<Message, Spoilt>>, Malformed> {
        let mut from = Reader::new(letter);
        let elements = from.list(WHAT, 255)?;
        from.version(WHAT)?;
        match elements {
            2 if self.begun.is_empty() => self.read_whole(&mut from, letter),
            4 => self.read_part(&mut from, letter),
            2 => Err(Malformed::Truncated { what: "parted message" }),
            found => Err(Malformed::WrongLength { what: WHAT, wanted: 2, found }),
        }
    }

    fn read_whole(
        &self,
        from: &mut Reader<'_>,
        letter: &[u8],
    ) -> Result<Vec<Result<Message, Spoilt>>, Malformed> {
        let count = from.list("messages", MESSAGES_MAX as u64)?;
        let mut raw = Vec::new();
        for _ in 0..count {
            raw.push(from.element("message")?.to_vec());
        }
        from.end(WHAT)?;
        if whole(&raw) != letter {
            return Err(Malformed::NotCanonical { what: WHAT });
        }
        Ok(raw.into_iter().map(read).collect())
    }

    fn read_part(
        &mut self,
        from: &mut Reader<'_>,
        letter: &[u8],
    ) -> Result<Vec<Result<Message, Spoilt>>, Malformed> {
        let out_of_range = || Malformed::OutOfRange { what: "part of a message" };
        let number = |number: u64| usize::try_from(number).map_err(|_| out_of_range());
        let (total, offset) = (number(from.uint("length")?)?, number(from.uint("offset")?)?);
        let bytes = from.bytes("part of a message", LETTER_MAX as u64)?;
        from.end(WHAT)?;
        let end = offset.saturating_add(bytes.len());
        let follows = offset == self.begun.len() && (offset == 0 || total == self.total);
        if total > PARTED_MAX || bytes.is_empty() || end > total || !follows {
            return Err(out_of_range());
        }
        let mut again = Writer::with_capacity(letter.len());
        again.array(4).uint(WIRE_VERSION).uint(total as u64).uint(offset as u64).bytes(bytes);
        if again.into_bytes() != letter {
            return Err(Malformed::NotCanonical { what: WHAT });
        }
        self.total = total;
        self.begun.extend_from_slice(bytes);
        if end < total {
            return Ok(Vec::new());
        }
        Ok(vec![read(core::mem::take(&mut self.begun))])
    }
}

fn read(bytes: Vec<u8>) -> Result<Message, Spoilt> {
    Message::from_bytes(&bytes).map_err(|fault| Spoilt { fault, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::{Digest, Statement};
    use crate::key::SecretKey;
    use crate::order::{Endorsement, Head, Links, Run};
    use crate::tally::{Side, TallyId};

    const TALLY: TallyId = TallyId([3; 16]);

    fn refuse(n: u8) -> Message {
        Message::Refuse { tally: TALLY, version: Digest([n; 32]) }
    }

    fn links(runs: u32) -> Message {
        let head = Head { tally: TALLY, view: 0, index: 1, hash: Digest([1; 32]) };
        let key = SecretKey::from_seed(&[7; 32]);
        let signature = key.sign(Statement::Endorsement, &Digest::default());
        let chain = crate::chit::ChainId { side: Side::Stock, device: 1, epoch: 1 };
        let run = |n: u32| Run {
            view: 0,
            chain,
            first: u64::from(n).saturating_add(1),
            count: 1,
            last: Digest([2; 32]),
        };
        let endorsement = Endorsement { head, key: key.public(), signature };
        Message::Links(Links { after: 0, runs: (0..runs).map(run).collect(), endorsement })
    }

    /// A message of exactly that many bytes: runs of one length, some of which begin with a number that takes a byte more.
    fn sized(bytes: usize) -> Message {
        let with = |runs: u32, wide: usize| {
            let mut message = links(runs);
            if let Message::Links(links) = &mut message {
                let wide = |n: usize| if n < wide { 24 } else { 1 };
                links.runs.iter_mut().enumerate().for_each(|(n, run)| run.first = wide(n));
            }
            message
        };
        let size = |runs| with(runs, 0).to_bytes().len();
        let counts: Vec<u32> = (1..2_000).collect();
        let (fit, _) = counts.split_at(counts.partition_point(|runs| size(*runs) <= bytes));
        let most = *fit.last().unwrap();
        let message = with(most, bytes.saturating_sub(size(most)));
        assert_eq!(message.to_bytes().len(), bytes);
        message
    }

    fn carried(messages: &[Message]) -> (usize, Vec<Message>) {
        let mut letterbox = Letterbox::default();
        let letters = letters(messages);
        assert!(letters.iter().all(|letter| letter.len() <= LETTER_MAX));
        let opened = letters.iter().flat_map(|letter| letterbox.open(letter).unwrap());
        (letters.len(), opened.map(Result::unwrap).collect())
    }

    #[test]
    fn messages_share_letters_and_long_ones_come_in_parts() {
        let few = [refuse(1), refuse(2)];
        assert_eq!(carried(&few), (1, few.to_vec()));
        let many: Vec<_> = (0..=255).cycle().take(3_000).map(refuse).collect();
        let (count, back) = carried(&many);
        assert_eq!((count, back.len()), (4, many.len()));
        let long = [refuse(1), links(4_000), refuse(3)];
        let (count, back) = carried(&long);
        assert!(count > 5, "{count}");
        assert_eq!(back, long);
    }

    #[test]
    fn a_letter_is_filled_to_the_last_byte() {
        let one = sized(ROOM);
        assert_eq!(letters(std::slice::from_ref(&one)), [whole(&[one.to_bytes()])], "in one piece");
        let two = [sized(ROOM / 2), sized(ROOM - ROOM / 2)];
        assert_eq!(carried(&two), (1, two.to_vec()));
        let too_much = [sized(ROOM / 2), sized(ROOM - ROOM / 2 + 1)];
        assert_eq!(carried(&too_much), (2, too_much.to_vec()));
    }

    #[test]
    fn the_longest_message_comes_in_parts_and_no_longer_one() {
        let mut longest = parts(&[0; PARTED_MAX]);
        assert_eq!(Letterbox::default().open(&longest.next().unwrap()), Ok(Vec::new()));
        let mut longer = parts(&[0; PARTED_MAX + 1]);
        assert!(Letterbox::default().open(&longer.next().unwrap()).is_err());
    }

    #[test]
    fn parts_out_of_place_and_forms_that_are_not_ours_are_refused() {
        let all = letters(&[links(4_000)]);
        let mut letterbox = Letterbox::default();
        assert!(letterbox.open(&all[1]).is_err(), "no beginning");
        assert_eq!(letterbox.open(&all[0]).unwrap(), []);
        assert!(letterbox.open(&all[0]).is_err(), "a second beginning");
        assert!(letterbox.open(&letters(&[refuse(1)])[0]).is_err(), "in the middle");
        let mut claims = Writer::with_capacity(64);
        claims.array(4).uint(WIRE_VERSION).uint(1 << 40).uint(0).bytes(&[1]);
        assert!(Letterbox::default().open(&claims.into_bytes()).is_err());
        let mut wide = letters(&[refuse(1)])[0].clone();
        wide.splice(2..3, [0x98, 1]);
        assert!(matches!(Letterbox::default().open(&wide), Err(Malformed::NotCanonical { .. })), "{wide:?}");
        assert!(matches!(Letterbox::default().open(&[0x82, 2, 0x80]), Err(Malformed::Newer { .. })));
    }

    #[test]
    fn a_spoilt_message_costs_no_other() {
        let newer = [0x83, 1, 0x18, 200, 0];
        let letter = whole(&[refuse(1).to_bytes(), newer.to_vec(), refuse(2).to_bytes()]);
        let opened = Letterbox::default().open(&letter).unwrap();
        assert_eq!(opened.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    }
}
