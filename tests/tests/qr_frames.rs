//! Frames as phones deliver them, read back; and what Hazel itself shows, under the wear that it promises to bear.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    reason = "a test fails by panicking"
)]

use hazel_qr::luma::{Luma, Turn};
use hazel_qr::picture::{Level, Picture};
use hazel_qr::scan::{self, Circumstances, Qr};
use hazel_qr::{Reason, Recognised, Refusal, read};
use hazel_tests::frames::{self, Dice, Frame, Optics};

fn seen(frame: &Frame) -> Vec<read::Seen> {
    read::codes(&Luma::new(&frame.luma, frame.width, frame.height, frame.width).unwrap())
}

#[test]
fn hard_frames_are_read_at_the_rate_that_was_measured_and_never_wrongly() {
    let (mut read, mut count) = (0, 0);
    for frame in frames::hard(1, 1) {
        let found = seen(&frame);
        assert!(
            found.iter().all(|code| code.content == frame.text.as_bytes()),
            "{} v{}",
            frame.kind,
            frame.version
        );
        count += 1;
        read += usize::from(!found.is_empty());
    }
    assert_eq!(count, 36);
    assert!(read >= 28, "{read} of {count}");
}

/// Puts frames beside each other on white.
fn beside(frames: &[Frame]) -> (Vec<u8>, usize, usize) {
    let (width, height) = (frames.iter().map(|frame| frame.width).sum(), frames[0].height);
    let mut pixels = vec![255; width * height];
    let mut left = 0;
    for frame in frames {
        for row in 0..height {
            pixels[row * width + left..row * width + left + frame.width]
                .copy_from_slice(&frame.luma[row * frame.width..(row + 1) * frame.width]);
        }
        left += frame.width;
    }
    (pixels, width, height)
}

#[test]
fn several_codes_in_one_frame_are_all_returned_with_their_places() {
    let mut dice = Dice::new(3);
    let texts = ["HZ:FIRST CODE HERE", "just words", "third one of three in a row"];
    let drawn: Vec<Frame> = texts
        .iter()
        .map(|text| frames::frame(&mut dice, "row", text, (300, 400), Optics { fill: 0.6, ..Optics::CLEAR }))
        .collect();
    let (pixels, width, height) = beside(&drawn);
    let luma = Luma::new(&pixels, width, height, width).unwrap();
    let mut found = read::codes(&luma);
    found.sort_by_key(|code| code.corners[0].0);
    let contents: Vec<&str> = found.iter().map(|code| std::str::from_utf8(&code.content).unwrap()).collect();
    assert_eq!(contents, texts);
    for (place, code) in found.iter().enumerate() {
        let left = 300 * i32::try_from(place).unwrap();
        assert!(code.corners.iter().all(|(x, _)| (left..left + 300).contains(x)), "{:?}", code.corners);
    }
    let answers = scan::frame(&luma, &Circumstances::at(0)).unwrap();
    assert_eq!(answers.len(), 3);
    assert!(
        answers
            .iter()
            .any(|answer| matches!(answer, Err(refusal) if refusal.recognised == Recognised::HazelCode))
    );
}

#[test]
fn padding_between_rows_is_not_looked_at() {
    let mut dice = Dice::new(4);
    let frame =
        frames::frame(&mut dice, "stride", "padding is somebody else's memory", (320, 240), Optics::CLEAR);
    let mut padded = vec![0; 352 * 240];
    for (place, byte) in padded.iter_mut().enumerate() {
        *byte = (place * 7919 / 8) as u8;
    }
    for row in 0..240 {
        padded[row * 352..row * 352 + 320].copy_from_slice(&frame.luma[row * 320..(row + 1) * 320]);
    }
    let last = 352 * 239 + 320;
    let luma = Luma::new(&padded[..last], 320, 240, 352).unwrap();
    assert_eq!(read::codes(&luma), seen(&frame));
    assert_eq!(seen(&frame).len(), 1);
}

#[test]
fn places_are_given_on_the_upright_frame() {
    let mut dice = Dice::new(4);
    let upright = frames::frame(
        &mut dice,
        "turn",
        "which way is up",
        (320, 240),
        Optics { fill: 0.6, ..Optics::CLEAR },
    );
    let expected = seen(&upright)[0].corners;
    // The sensor lies on its side: what was above is to the left, so it has to be turned clockwise.
    let mut lying = vec![0; 320 * 240];
    for y in 0..240 {
        for x in 0..320 {
            lying[(319 - x) * 240 + y] = upright.luma[y * 320 + x];
        }
    }
    let luma = Luma::new(&lying, 240, 320, 240).unwrap().turned(Turn::Quarter);
    let found = read::codes(&luma);
    assert_eq!(found[0].content, b"which way is up");
    for (one, other) in expected.iter().zip(found[0].corners) {
        assert!(
            one.0.abs_diff(other.0) < 6 && one.1.abs_diff(other.1) < 6,
            "{expected:?} {:?}",
            found[0].corners
        );
    }
    let mut over = upright.luma;
    over.reverse();
    let luma = Luma::new(&over, 320, 240, 320).unwrap().turned(Turn::Half);
    for (one, other) in expected.iter().zip(read::codes(&luma)[0].corners) {
        assert!(one.0.abs_diff(other.0) < 6 && one.1.abs_diff(other.1) < 6);
    }
}

#[test]
fn white_on_black_is_read_too() {
    let mut dice = Dice::new(9);
    let mut frame = frames::frame(&mut dice, "dark", "shown in dark mode", (320, 240), Optics::CLEAR);
    frame.luma.iter_mut().for_each(|shade| *shade = 255 - *shade);
    assert_eq!(seen(&frame).first().map(|code| code.content.as_slice()), Some(&b"shown in dark mode"[..]));
}

#[test]
fn binary_content_arrives_byte_for_byte() {
    let bytes: Vec<u8> = [1, 8].into_iter().chain((0..32).map(|byte| (byte * 151 + 128) as u8)).collect();
    let picture = Picture::fixed(&bytes, Level::L).unwrap();
    let (side, luma) = picture.luma(6).unwrap();
    let luma = Luma::new(&luma, side as usize, side as usize, side as usize).unwrap();
    let answers = scan::frame(&luma, &Circumstances::at(0)).unwrap();
    assert_eq!(answers, [Ok(Qr::Verification(bytes[2..].try_into().unwrap()))]);
}

#[test]
fn frames_without_codes_and_frames_that_lie_are_refused() {
    let refused = |pixels: &[u8], width, height| {
        scan::frame(&Luma::new(pixels, width, height, width).unwrap(), &Circumstances::at(0)).unwrap_err()
    };
    let nothing = Refusal { recognised: Recognised::Frame, reason: Reason::NoCode };
    for shade in [0, 127, 255] {
        assert_eq!(refused(&vec![shade; 640 * 480], 640, 480), nothing);
    }
    for (width, height) in [(21, 21), (21, 4_000), (4_000, 21), (23, 22), (65, 64)] {
        let mut dice = Dice::new(width as u64);
        let noise: Vec<u8> = (0..width * height).map(|_| dice.roll() as u8).collect();
        assert_eq!(refused(&noise, width, height), nothing);
    }
    let pixels = [0; 1_000];
    for (width, height, stride) in [
        (0, 0, 0),
        (20, 21, 20),
        (30, 34, 30),
        (30, 30, 29),
        (21, usize::MAX, 21),
        (usize::MAX, 21, usize::MAX),
        (21, 22, usize::MAX),
    ] {
        assert_eq!(
            Luma::new(&pixels, width, height, stride).unwrap_err(),
            Reason::BadFrame,
            "{width} {height}"
        );
    }
}

#[test]
fn a_frame_full_of_finders_shows_nothing() {
    for module in [1, 2, 3] {
        let pitch = 9 * module;
        let shade = |x: usize, y: usize| {
            let (x, y) = (x % pitch / module, y % pitch / module);
            let ring = x.abs_diff(4).max(y.abs_diff(4));
            if matches!(ring, 3 | 0 | 1) { 0 } else { 255 }
        };
        let pixels: Vec<u8> = (0..720).flat_map(|y| (0..1280).map(move |x| shade(x, y))).collect();
        assert_eq!(read::codes(&Luma::new(&pixels, 1280, 720, 1280).unwrap()), []);
    }
}

#[test]
fn the_same_seed_draws_the_same_frame() {
    let digest = |seed| {
        frames::hard(seed, 1)
            .take(3)
            .flat_map(|frame| frame.luma)
            .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))
    };
    assert_eq!(digest(1), digest(1));
    assert_ne!(digest(1), digest(2));
}
