//! From the modules of a code to its content: format, mask, order, blocks.

use qrcode::bits::Bits;
use qrcode::canvas::is_functional;
use qrcode::ec::construct_codewords;
use qrcode::{EcLevel, Version};

use super::correction::Field;
use super::segments::{Content, content};

/// The modules of one code, as somebody sees them: true is dark.
pub(super) struct Modules<'a> {
    pub(super) side: usize,
    /// By column and row.
    pub(super) is_dark: &'a dyn Fn(usize, usize) -> bool,
}

impl Modules<'_> {
    /// What the code holds; read mirrored too, since some are drawn so.
    pub(super) fn content(&self) -> Option<Content> {
        let mirrored = |x, y| (self.is_dark)(y, x);
        self.upright().or_else(|| Modules { side: self.side, is_dark: &mirrored }.upright())
    }

    fn upright(&self) -> Option<Content> {
        let number = self.side.checked_sub(17)? / 4;
        if !(1..=40).contains(&number) || self.side % 4 != 1 {
            return None;
        }
        let version = Version::Normal(i16::try_from(number).ok()?);
        let (level, mask) = self.format()?;
        content(&data(&self.codewords(version, number, mask)?, version, level)?, version)
    }

    /// How much may be damaged, and which mask lies over the data: fifteen bits, twice, of which three may be wrong.
    fn format(&self) -> Option<(EcLevel, u8)> {
        let far = |back: usize| self.side.saturating_sub(back);
        let beside = |bit: usize| match bit {
            0..=5 => (8, bit),
            6 | 7 => (8, bit.saturating_add(1)),
            8 => (7, 8),
            _ => (14_usize.saturating_sub(bit), 8),
        };
        let apart = |bit: usize| match bit {
            0..=7 => (far(bit.saturating_add(1)), 8),
            _ => (8, far(15_usize.saturating_sub(bit))),
        };
        let seen = |place: &dyn Fn(usize) -> (usize, usize)| {
            (0..15).rev().fold(0, |bits: u16, bit| {
                let (x, y) = place(bit);
                bits << 1 | u16::from((self.is_dark)(x, y))
            })
        };
        let (one, other) = (seen(&beside), seen(&apart));
        let wrong = |word: u16| (one ^ word).count_ones().min((other ^ word).count_ones());
        let found = (0..32_u8).min_by_key(|format| wrong(format_word(*format)))?;
        if wrong(format_word(found)) > 3 {
            return None;
        }
        let level = match found >> 3 {
            0 => EcLevel::M,
            1 => EcLevel::L,
            2 => EcLevel::H,
            _ => EcLevel::Q,
        };
        Some((level, found & 7))
    }

    /// The data without its mask, in the order in which it was drawn: up and down through pairs of columns, around what every code has.
    fn codewords(&self, version: Version, number: usize, mask: u8) -> Option<Vec<u8>> {
        let width = i16::try_from(self.side).ok()?;
        // Large codes say their version beside two finders, which the encoder's own list leaves out.
        let says_version = |x: usize, y: usize| {
            let far = self.side.saturating_sub(11);
            number >= 7 && (x < 6 && y >= far || y < 6 && x >= far)
        };
        let columns: Vec<usize> = (0..self.side).rev().filter(|column| *column != 6).collect();
        let (mut codewords, mut byte, mut bits) = (Vec::new(), 0_u8, 0_u8);
        for (turn, pair) in columns.chunks(2).enumerate() {
            for step in 0..self.side {
                let y = if turn % 2 == 0 { self.side.checked_sub(step)?.checked_sub(1)? } else { step };
                for &x in pair {
                    let (column, row) = (i16::try_from(x).ok()?, i16::try_from(y).ok()?);
                    if is_functional(version, width, column, row) || says_version(x, y) {
                        continue;
                    }
                    byte = byte << 1 | u8::from((self.is_dark)(x, y) != is_masked(mask, x, y));
                    bits = bits.saturating_add(1);
                    if bits == 8 {
                        codewords.push(byte);
                        (byte, bits) = (0, 0);
                    }
                }
            }
        }
        Some(codewords)
    }
}

/// The fifteen bits that say a format: five, ten that check them, and a pattern over it so that they are never all light.
fn format_word(format: u8) -> u16 {
    let data = u16::from(format) << 10;
    let check = (10..15_u16).rev().fold(data, |rest, bit| {
        if rest >> bit & 1 == 1 { rest ^ 0x537 << bit.saturating_sub(10) } else { rest }
    });
    (data | check) ^ 0x5412
}

fn is_masked(mask: u8, x: usize, y: usize) -> bool {
    let (product, sum) = (x.saturating_mul(y), x.saturating_add(y));
    let (two, three) = (product % 2, product % 3);
    match mask {
        0 => sum % 2 == 0,
        1 => y % 2 == 0,
        2 => x % 3 == 0,
        3 => sum % 3 == 0,
        4 => (y / 2).saturating_add(x / 3) % 2 == 0,
        5 => two == 0 && three == 0,
        6 => two.saturating_add(three) % 2 == 0,
        _ => (sum % 2).saturating_add(three) % 2 == 0,
    }
}

/// The blocks' data one after the other, each put right.
fn data(codewords: &[u8], version: Version, level: EcLevel) -> Option<Vec<u8>> {
    let length = Bits::new(version).max_len(level).ok()? / 8;
    // How a version is cut into blocks the encoder knows: the second byte of the first block comes after the first of every block.
    let mut probe = vec![0; length];
    *probe.get_mut(1)? = 1;
    let (order, checks) = construct_codewords(&probe, version, level).ok()?;
    let blocks = order.iter().position(|byte| *byte == 1)?;
    let (short, checks) = (length.checked_div(blocks)?, checks.len().checked_div(blocks)?);
    let first_long = blocks.checked_sub(length.checked_rem(blocks)?)?;

    let field = Field::new();
    let (given, checking) = codewords.split_at_checked(length)?;
    let mut data = Vec::with_capacity(length);
    for number in 0..blocks {
        let mut block: Vec<u8> = given.iter().skip(number).step_by(blocks).take(short).copied().collect();
        if let Some(late) = number.checked_sub(first_long) {
            block.push(*given.get(short.checked_mul(blocks)?.checked_add(late)?)?);
        }
        let own = block.len();
        block.extend(checking.iter().skip(number).step_by(blocks).take(checks));
        field.correct(&mut block, checks)?;
        data.extend(block.into_iter().take(own));
    }
    Some(data)
}
