//! Bytes gone wrong at random, but by somebody who knows what CBOR looks like. One seed, one story.

use crate::grammar::{head, long_head};

/// A stream of numbers that look random: the same for the same seed.
#[derive(Debug, Clone)]
pub struct Noise(u64);

/// Heads and values that decoders stumble over.
const STONES: [&[u8]; 20] = [
    &[0x00],
    &[0x20],
    &[0x80],
    &[0x9f],
    &[0x5f],
    &[0x7f],
    &[0xff],
    &[0xf6],
    &[0xf7],
    &[0xa1],
    &[0xc2],
    &[0xf9, 0x7e, 0x00],
    &[0x18, 0x00],
    &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x9a, 0x00, 0x00, 0x10, 0x00],
    &[0x61, 0xff],
    &[0x1c],
];

impl Noise {
    /// The stream of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number (SplitMix64).
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a bound; 0 if there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        self.next().checked_rem(bound).and_then(|it| usize::try_from(it).ok()).unwrap_or_default()
    }

    /// One of several.
    pub fn pick<'l, T>(&mut self, list: &'l [T]) -> Option<&'l T> {
        list.get(self.below(list.len()))
    }

    /// The same bytes with one to four things done to them; `other` is what pieces are taken from.
    pub fn spoil(&mut self, bytes: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            self.once(&mut bytes, other);
        }
        bytes
    }

    fn once(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let place = self.below(bytes.len());
        let end = place.saturating_add(self.below(40)).min(bytes.len());
        let stone = self.pick(&STONES).copied().unwrap_or_default();
        match self.below(9) {
            0 => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << (self.below(8) % 8);
                }
            }
            1 => bytes.truncate(place),
            2 => drop(bytes.drain(place..end)),
            3 => drop(bytes.splice(place..place, stone.iter().copied())),
            4 => drop(bytes.splice(place..end.min(place.saturating_add(stone.len())), stone.iter().copied())),
            5 => {
                let piece: Vec<u8> = bytes.get(place..end).unwrap_or_default().to_vec();
                bytes.splice(place..place, piece);
            }
            6 => {
                let from = self.below(other.len());
                let piece = other.iter().copied().skip(from).take(self.below(80));
                bytes.splice(place..end, piece);
            }
            7 => self.recount(bytes, place),
            _ => bytes.extend(stone),
        }
    }

    /// Takes the byte for a head and writes it with another number or in another width.
    fn recount(&mut self, bytes: &mut Vec<u8>, place: usize) {
        let Some(byte) = bytes.get(place).copied() else { return };
        let (major, number) = (byte >> 5, u64::from(byte & 31));
        let new = match self.below(4) {
            0 => head(major, number.saturating_add(1)),
            1 => head(major, number.saturating_sub(1)),
            2 => long_head(major, number, 1 << self.below(4)),
            _ => head(major, self.next()),
        };
        bytes.splice(place..place.saturating_add(1), new);
    }
}
