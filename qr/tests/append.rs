//! Texts in several codes, as other software draws them: joined, or refused with what is missing.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]

use hazel_qr::append::{Gathering, Share};
use hazel_qr::luma::Luma;
use hazel_qr::scan::{self, Circumstances, Foreign, ForeignSort, Qr};
use hazel_qr::{Reason, Recognised, Refusal, read};
use qrcode::canvas::Canvas;
use qrcode::{Color, EcLevel, Version, ec};

const MODULE: usize = 5;
const MODULES: usize = 25;
/// The quiet zone included.
const SIDE: usize = (MODULES + 8) * MODULE;

/// A version-2 code that says it is one of several.
fn drawn(share: Share, content: &[u8]) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut push =
        |value: u32, count: u32| bits.extend((0..count).rev().map(|place| value >> place & 1 == 1));
    push(0b0011, 4);
    push(u32::from(share.number) - 1, 4);
    push(u32::from(share.of) - 1, 4);
    push(u32::from(share.parity), 8);
    push(0b0100, 4);
    push(content.len() as u32, 8);
    content.iter().for_each(|byte| push(u32::from(*byte), 8));
    push(0, 4);
    let mut bytes: Vec<u8> =
        bits.chunks(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | u8::from(*bit))).collect();
    bytes.extend([0xec, 0x11].into_iter().cycle().take(34 - bytes.len()));
    let (data, check) = ec::construct_codewords(&bytes, Version::Normal(2), EcLevel::L).unwrap();
    let mut canvas = Canvas::new(Version::Normal(2), EcLevel::L);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &check);
    let modules = canvas.apply_best_mask().into_colors();
    let dark = |x: usize, y: usize| {
        (4..MODULES + 4).contains(&x)
            && (4..MODULES + 4).contains(&y)
            && modules[(y - 4) * MODULES + x - 4] == Color::Dark
    };
    (0..SIDE * SIDE)
        .map(|place| if dark(place % SIDE / MODULE, place / SIDE / MODULE) { 0 } else { 255 })
        .collect()
}

fn parity(text: &str) -> u8 {
    text.bytes().fold(0, |sum, byte| sum ^ byte)
}

/// Codes below each other in one picture.
fn scanned(codes: &[(Share, &str)]) -> Vec<Result<Qr, Refusal>> {
    let pixels: Vec<u8> =
        codes.iter().flat_map(|(share, content)| drawn(*share, content.as_bytes())).collect();
    let frame = Luma::new(&pixels, SIDE, SIDE * codes.len(), SIDE).unwrap();
    let told = |seen: Vec<read::Seen>| {
        let mut told: Vec<_> = seen.into_iter().map(|code| (code.share, code.content)).collect();
        told.sort();
        told
    };
    let seen = told(read::codes(&frame));
    assert_eq!(seen.len(), codes.len(), "every code is seen");
    assert_eq!(told(read::small_codes(&frame)), seen, "by the reader of phones too");
    scan::frame(&frame, &Circumstances::at(0)).unwrap()
}

fn share(number: u8, of: u8, text: &str) -> Share {
    Share { number, of, parity: parity(text) }
}

#[test]
fn a_text_in_three_codes_is_read_whole_in_whatever_order_they_lie() {
    let text = "One text, in three codes, in order.";
    let cut = |from: usize, to: usize| text.get(from..to).unwrap();
    let codes = [
        (share(3, 3, text), cut(24, text.len())),
        (share(1, 3, text), cut(0, 12)),
        (share(2, 3, text), cut(12, 24)),
    ];
    let words = Foreign { sort: ForeignSort::Words, text: text.to_owned() };
    assert_eq!(scanned(&codes), [Ok(Qr::Foreign(words))]);
    assert_eq!(
        scanned(&codes[..2]),
        [Err(Refusal { recognised: Recognised::Share, reason: Reason::OthersMissing { have: 2, of: 3 } })]
    );
}

#[test]
fn shares_that_lie_are_refused() {
    let altered = Refusal { recognised: Recognised::Share, reason: Reason::Altered };
    let mut gathering = Gathering::new();
    let (first, second) = (share(1, 2, "ab"), share(2, 2, "ab"));
    assert_eq!(gathering.take(first, b"a"), Ok(None));
    assert_eq!(gathering.take(first, b"a"), Ok(None), "seen twice");
    assert_eq!(gathering.missing().collect::<Vec<_>>(), [(1, 2)]);
    assert_eq!(gathering.take(first, b"x"), Err(altered.clone()), "another content at the same place");
    assert_eq!(gathering.missing().count(), 0, "it begins afresh");
    assert_eq!(gathering.take(second, b"c"), Ok(None));
    assert_eq!(gathering.take(first, b"a"), Err(altered), "the whole is not what its codes say");
    for other in 0..4 {
        assert_eq!(gathering.take(Share { number: 1, of: 2, parity: other }, b"a"), Ok(None));
    }
    let refused = gathering.take(Share { number: 1, of: 2, parity: 4 }, b"a").unwrap_err();
    assert_eq!(refused.reason, Reason::OtherTransfer);
}
