//! The content of a code: segments of digits, capitals, bytes or Japanese, one after the other.

use qrcode::Version;
use qrcode::types::Mode;

use crate::append::Share;

/// What a code holds.
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    pub(super) share: Option<Share>,
}

/// Reads the segments; none where they are cut short, or of a kind that nobody draws.
pub(super) fn content(data: &[u8], version: Version) -> Option<Content> {
    let mut bits = Bits { data, at: 0 };
    let (mut bytes, mut share) = (Vec::new(), None);
    loop {
        match bits.take(4) {
            // The end may be left out where there is no room for it.
            None | Some(0) => return Some(Content { bytes, share }),
            Some(1) => digits(&mut bits, version, &mut bytes)?,
            Some(2) => capitals(&mut bits, version, &mut bytes)?,
            Some(3) => {
                let (index, last, parity) = (bits.take(4)?, bits.take(4)?, bits.take(8)?);
                share = Share::new(index, last.checked_add(1)?, parity);
            }
            Some(4) => {
                for _ in 0..bits.length(Mode::Byte, version)? {
                    bytes.push(bits.byte()?);
                }
            }
            // The bytes are taken as they are: what is meant by them is seen by whoever reads the text.
            Some(7) => skip_character_set(&mut bits)?,
            Some(8) => japanese(&mut bits, version, &mut bytes)?,
            Some(_) => return None,
        }
    }
}

fn digits(bits: &mut Bits<'_>, version: Version, to: &mut Vec<u8>) -> Option<()> {
    let mut left = bits.length(Mode::Numeric, version)?;
    while left > 0 {
        let (count, width) = match left {
            1 => (1, 4),
            2 => (2, 7),
            _ => (3, 10),
        };
        let group = format!("{:0count$}", bits.take(width)?);
        if group.len() != count {
            return None;
        }
        to.extend(group.bytes());
        left = left.saturating_sub(u32::try_from(count).ok()?);
    }
    Some(())
}

const CAPITALS: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

fn capitals(bits: &mut Bits<'_>, version: Version, to: &mut Vec<u8>) -> Option<()> {
    let letter = |place: u32| CAPITALS.get(usize::try_from(place).ok()?).copied();
    let length = bits.length(Mode::Alphanumeric, version)?;
    for _ in 0..length / 2 {
        let pair = bits.take(11)?;
        to.extend([letter(pair / 45)?, letter(pair % 45)?]);
    }
    if length % 2 == 1 {
        to.push(letter(bits.take(6)?)?);
    }
    Some(())
}

/// Two bytes a sign, in Shift JIS.
fn japanese(bits: &mut Bits<'_>, version: Version, to: &mut Vec<u8>) -> Option<()> {
    for _ in 0..bits.length(Mode::Kanji, version)? {
        let packed = bits.take(13)?;
        let sign = (packed / 0xc0).checked_mul(0x100)?.checked_add(packed % 0xc0)?;
        let sign = sign.checked_add(if sign < 0x1f00 { 0x8140 } else { 0xc140 })?;
        to.extend(u16::try_from(sign).ok()?.to_be_bytes());
    }
    Some(())
}

fn skip_character_set(bits: &mut Bits<'_>) -> Option<()> {
    let rest = match bits.take(8)? {
        0..0x80 => 0,
        0x80..0xc0 => 8,
        0xc0..0xe0 => 16,
        _ => return None,
    };
    bits.take(rest).map(drop)
}

struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// The next bits as a number; none where fewer are left.
    fn take(&mut self, count: usize) -> Option<u32> {
        (0..count).try_fold(0, |number: u32, _| {
            let byte = self.data.get(self.at / 8)?;
            let bit = byte >> 7_usize.saturating_sub(self.at % 8) & 1;
            self.at = self.at.saturating_add(1);
            number.checked_mul(2)?.checked_add(u32::from(bit))
        })
    }

    fn byte(&mut self) -> Option<u8> {
        u8::try_from(self.take(8)?).ok()
    }

    fn length(&mut self, mode: Mode, version: Version) -> Option<u32> {
        self.take(mode.length_bits_count(version))
    }
}
