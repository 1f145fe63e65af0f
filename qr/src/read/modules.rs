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
        0 => sum.is_multiple_of(2),
        1 => y.is_multiple_of(2),
        2 => x.is_multiple_of(3),
        3 => sum.is_multiple_of(3),
        4 => (y / 2).saturating_add(x / 3).is_multiple_of(2),
        5 => two == 0 && three == 0,
        6 => two.saturating_add(three) % 2 == 0,
        _ => (sum % 2).saturating_add(three) % 2 == 0,
    }
}

/// How the codewords of a version are cut.
struct Cut {
    /// Bytes of data.
    data: usize,
    /// Blocks of them; the later ones may be a byte longer.
    blocks: usize,
    /// Bytes that check each block.
    checks: usize,
}

impl Cut {
    /// The encoder knows: the second byte of the first block is drawn after the first of every block.
    fn of(version: Version, level: EcLevel) -> Option<Self> {
        let data = Bits::new(version).max_len(level).ok()? / 8;
        let mut probe = vec![0; data];
        *probe.get_mut(1)? = 1;
        let (order, checks) = construct_codewords(&probe, version, level).ok()?;
        let blocks = order.iter().position(|byte| *byte == 1)?;
        Some(Self { data, blocks, checks: checks.len().checked_div(blocks)? })
    }
}

/// The blocks' data one after the other, each put right.
fn data(codewords: &[u8], version: Version, level: EcLevel) -> Option<Vec<u8>> {
    let Cut { data: length, blocks, checks } = Cut::of(version, level)?;
    let short = length.checked_div(blocks)?;
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

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]
mod tests {
    use qrcode::{Color, QrCode};

    use super::*;

    /// Numbers that look like chance and are the same in every run.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % end
        }
    }

    /// What phones draw and what people print: digits, capitals, bytes, Japanese in Shift JIS, and all of them in one code.
    fn texts() -> [Vec<u8>; 5] {
        let japanese = vec![0x93, 0xfa, 0x96, 0x7b, 0xe4, 0xaa];
        let mixed = [b"1234567HAZEL $1.50 ", japanese.as_slice(), b"and bytes \xff\x00"].concat();
        [
            b"31415926535".to_vec(),
            b"HZ:Y50Z6S96O".to_vec(),
            b"https://example.org/#v1".to_vec(),
            japanese,
            mixed,
        ]
    }

    fn drawn(text: &[u8], version: i16, level: EcLevel) -> Option<(usize, Vec<bool>)> {
        let code = QrCode::with_version(text, Version::Normal(version), level).ok()?;
        Some((code.width(), code.to_colors().into_iter().map(|color| color == Color::Dark).collect()))
    }

    fn read(side: usize, dark: &[bool]) -> Option<Vec<u8>> {
        Modules { side, is_dark: &|x, y| dark[y * side + x] }.content().map(|content| content.bytes)
    }

    /// Another's reader, which had no part in this one.
    fn theirs(side: usize, dark: &[bool]) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        let grid = rqrr::Grid::new(rqrr::SimpleGrid::from_func(side, |x, y| dark[y * side + x]));
        grid.decode_to(&mut text).ok().map(|_| text)
    }

    const LEVELS: [EcLevel; 4] = [EcLevel::L, EcLevel::M, EcLevel::Q, EcLevel::H];

    #[test]
    fn every_version_at_every_level_is_read_with_as_much_damage_as_it_allows() {
        let (mut dice, mut codes) = (Dice(1), 0);
        for version in 1..=40 {
            for (level, text) in
                LEVELS.iter().zip(texts().iter().cycle().skip(usize::try_from(version).unwrap()))
            {
                let Some((side, mut dark)) = drawn(text, version, *level) else { continue };
                assert_eq!(read(side, &dark).as_ref(), Some(text), "version {version}");
                let mirrored: Vec<bool> =
                    (0..side * side).map(|at| dark[at % side * side + at / side]).collect();
                assert_eq!(read(side, &mirrored).as_ref(), Some(text), "version {version}, mirrored");
                // Wherever they fall, one block alone could bear them all; the format is left alone here.
                for _ in 0..Cut::of(Version::Normal(version), *level).unwrap().checks / 2 {
                    let (x, y) = (9 + dice.below(side - 17), 9 + dice.below(side - 17));
                    dark[y * side + x] ^= true;
                }
                assert_eq!(read(side, &dark).as_ref(), Some(text), "version {version}, worn");
                // The other looks for the last alignment patterns of this one version in the wrong place.
                if version != 21 {
                    assert_eq!(theirs(side, &dark).as_ref(), Some(text), "and so says another's reader");
                }
                codes += 1;
            }
        }
        assert!(codes > 150, "{codes}");
    }

    #[test]
    fn a_block_is_put_right_up_to_its_bound_and_given_up_beyond() {
        let (field, mut dice) = (Field::new(), Dice(2));
        for checks in [7, 10, 16, 22, 30] {
            for round in 0..200 {
                let data: Vec<u8> = (0..40).map(|_| dice.below(256) as u8).collect();
                let check = qrcode::ec::create_error_correction_code(&data, checks);
                let whole = [data, check].concat();
                let mut damaged = whole.clone();
                let wrong = if round % 4 == 3 { checks / 2 + 3 } else { dice.below(checks / 2 + 1) };
                let mut places = std::collections::BTreeSet::new();
                while places.len() < wrong {
                    places.insert(dice.below(whole.len()));
                }
                places.iter().for_each(|place| damaged[*place] ^= 1 + dice.below(255) as u8);
                let answer = field.correct(&mut damaged, checks);
                if wrong <= checks / 2 {
                    assert_eq!((answer, &damaged), (Some(()), &whole), "{checks} checks, {wrong} wrong");
                } else {
                    // Beyond the bound it may find another whole block, but never calls a broken one whole.
                    assert!(answer.is_none() || damaged != whole && is_whole(&damaged, checks));
                }
            }
        }
    }

    fn is_whole(block: &[u8], checks: usize) -> bool {
        let (data, check) = block.split_at(block.len() - checks);
        qrcode::ec::create_error_correction_code(data, checks) == check
    }

    #[test]
    fn three_wrong_modules_of_each_format_are_borne_and_noise_is_nothing() {
        let (side, mut worn) = drawn(b"HAZEL", 3, EcLevel::Q).unwrap();
        for (x, y) in [(8, 0), (8, 3), (8, 7)] {
            worn[y * side + x] ^= true;
        }
        assert_eq!(read(side, &worn).as_deref(), Some(b"HAZEL".as_slice()));
        // The second format alone is enough.
        for (x, y) in [(8, 1), (8, 2), (0, 8), (2, 8), (4, 8)] {
            worn[y * side + x] ^= true;
        }
        assert_eq!(read(side, &worn).as_deref(), Some(b"HAZEL".as_slice()));
        let mut dice = Dice(3);
        for side in [0, 16, 17, 20, 21, 22, 25, 57, 177, 181, 200] {
            let noise: Vec<bool> = (0..side * side).map(|_| dice.below(2) == 1).collect();
            assert_eq!(read(side, &noise), None, "{side}");
        }
    }

    /// What stands in no code that anybody draws: cut short, of a kind that does not exist, a group that is no number.
    #[test]
    fn segments_that_lie_are_refused() {
        let version = Version::Normal(1);
        let read = |bits: &str| {
            let bits: Vec<char> = bits.chars().filter(|bit| *bit != ' ').collect();
            let bytes: Vec<u8> = bits
                .chunks(8)
                .map(|byte| (0..8).fold(0, |sum, at| sum << 1 | u8::from(byte.get(at) == Some(&'1'))))
                .collect();
            content(&bytes, version).map(|content| (content.bytes, content.share))
        };
        let text = |text: &[u8]| Some((text.to_vec(), None));
        assert_eq!(read("0100 00000001 01000001 0000"), text(b"A"));
        assert_eq!(read("0100 00000000"), text(b""), "the end may be left out");
        assert_eq!(read("0111 00011010 0100 00000001 01000001 0000"), text(b"A"), "a character set");
        assert_eq!(read("0111 10000000 00000001 0100 00000001 01000001 0000"), text(b"A"), "a longer one");
        assert_eq!(read("0100 00000010 01000001"), None, "cut short");
        assert_eq!(read("0001 0000000011 1111101000 0000"), None, "a thousand is no group of three digits");
        assert_eq!(read("0001 0000000001 1010 0000"), None, "ten is no digit");
        assert_eq!(read("0010 000000010 11111101001 0000"), None, "no such pair of capitals");
        assert_eq!(read("0010 000000001 101101 0000"), None, "no such capital");
        assert_eq!(read("0101 0000"), None, "for machines in shops");
        assert_eq!(read("0111 11100000 0000"), None, "no such character set");
    }
}
