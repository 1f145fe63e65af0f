//! What a sealed record says: a list of items, byte by byte.

use super::fault::{Fault, Rule};
use super::transfer::MessageId;
use crate::frame::{Reader, put_number};

const WHOLE: u8 = 1;
const BEGIN: u8 = 2;
const MORE: u8 = 3;
const RECEIVED: u8 = 4;
const SETTLED: u8 = 5;
const HOLDS: u8 = 6;
const COMMIT: u8 = 7;
const REVEAL: u8 = 8;
const CONFIRMED: u8 = 9;
const BYE: u8 = 10;

/// One statement inside a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// A message that fits here.
    Whole(&'a [u8]),
    /// The first bytes of a long message, or those after what the peer already holds.
    Begin { id: MessageId, total: u32, offset: u32, bytes: &'a [u8] },
    /// The next bytes of it.
    More(&'a [u8]),
    /// How many messages of the peer have arrived whole since the session began.
    Received(u32),
    /// The application's digest after so many of the peer's messages.
    Settled { digest: [u8; 8], seen: u32 },
    /// The beginning of a long message kept from an earlier session.
    Holds { id: MessageId, have: u32 },
    /// The dialer binds itself to a number before it sees the waiter's.
    Commit([u8; 32]),
    /// The number.
    Reveal([u8; 16]),
    /// The user says that the codes are the same.
    Confirmed,
    /// The sender leaves.
    Bye(u8),
}

impl<'a> Item<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
        Ok(match reader.byte()? {
            WHOLE => Self::Whole(sized(reader)?),
            BEGIN => Self::Begin {
                id: MessageId(reader.array()?),
                total: reader.number()?,
                offset: reader.number()?,
                bytes: sized(reader)?,
            },
            MORE => Self::More(sized(reader)?),
            RECEIVED => Self::Received(reader.number()?),
            SETTLED => Self::Settled { digest: reader.array()?, seen: reader.number()? },
            HOLDS => Self::Holds { id: MessageId(reader.array()?), have: reader.number()? },
            COMMIT => Self::Commit(reader.array()?),
            REVEAL => Self::Reveal(reader.array()?),
            CONFIRMED => Self::Confirmed,
            BYE => Self::Bye(reader.byte()?),
            kind => return Err(Fault::Rule(Rule::Item(kind))),
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Whole(bytes) => {
                out.push(WHOLE);
                put_sized(out, bytes);
            }
            Self::Begin { id, total, offset, bytes } => {
                out.push(BEGIN);
                out.extend_from_slice(&id.0);
                put_number(out, *total);
                put_number(out, *offset);
                put_sized(out, bytes);
            }
            Self::More(bytes) => {
                out.push(MORE);
                put_sized(out, bytes);
            }
            Self::Received(count) => {
                out.push(RECEIVED);
                put_number(out, *count);
            }
            Self::Settled { digest, seen } => {
                out.push(SETTLED);
                out.extend_from_slice(digest);
                put_number(out, *seen);
            }
            Self::Holds { id, have } => {
                out.push(HOLDS);
                out.extend_from_slice(&id.0);
                put_number(out, *have);
            }
            Self::Commit(hash) => {
                out.push(COMMIT);
                out.extend_from_slice(hash);
            }
            Self::Reveal(number) => {
                out.push(REVEAL);
                out.extend_from_slice(number);
            }
            Self::Confirmed => out.push(CONFIRMED),
            Self::Bye(reason) => out.extend_from_slice(&[BYE, *reason]),
        }
    }
}

fn sized<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Fault> {
    let len = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
    Ok(reader.slice(len)?)
}

fn put_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FrameError;

    #[test]
    fn every_item_reads_back() {
        let id = MessageId([3; 16]);
        let items = [
            Item::Whole(b"chit"),
            Item::Begin { id, total: 40_000, offset: 300, bytes: b"abc" },
            Item::More(b""),
            Item::Received(200),
            Item::Settled { digest: [4; 8], seen: 9 },
            Item::Holds { id, have: 77 },
            Item::Commit([5; 32]),
            Item::Reveal([6; 16]),
            Item::Confirmed,
            Item::Bye(2),
        ];
        let mut bytes = Vec::new();
        items.iter().for_each(|item| item.write(&mut bytes));
        let mut reader = Reader(&bytes);
        let back: Vec<_> = items.iter().map(|_| Item::read(&mut reader).unwrap()).collect();
        assert_eq!((back.as_slice(), reader.end()), (items.as_slice(), Ok(())));
    }

    #[test]
    fn unknown_and_cut_items_are_named() {
        assert_eq!(Item::read(&mut Reader(&[11])), Err(Fault::Rule(Rule::Item(11))));
        assert_eq!(Item::read(&mut Reader(&[1, 5, 0])), Err(Fault::Frame(FrameError::Short)));
    }
}
