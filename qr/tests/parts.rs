//! Sequences: any order, lost and doubled frames, mixed and altered parts, claims, other carriers, files.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]

mod forge;

use forge::{body, forged};
use hazel_qr::animate::{self, Play};
use hazel_qr::code::{Kind, MOST_PAYLOAD, Own};
use hazel_qr::parts::{Assembly, Part, Progress, Sequence, TransferId};
use hazel_qr::scan::{self, Circumstances, Qr};
use hazel_qr::{Reason, Recognised, Refusal};
use proptest::prelude::*;

fn own(length: usize, seed: u8) -> Own {
    let mut state = u32::from(seed) + 1;
    let payload = (0..length).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    Own::new(Kind::Messages, payload.collect()).unwrap()
}

fn part(text: &str) -> Result<Part, Refusal> {
    match scan::text(text, &Circumstances::at(0))? {
        Qr::Part(part) => Ok(part),
        other => panic!("{other:?}"),
    }
}

fn frames(own: &Own, count: usize) -> Vec<String> {
    let mut sequence = Sequence::new(own).unwrap();
    (0..count).map(|_| sequence.next_frame().unwrap().text).collect()
}

fn refuse(reason: Reason) -> Refusal {
    Refusal { recognised: Recognised::HazelPart, reason }
}

#[test]
fn plain_frames_in_order_end_with_the_last_and_say_how_far_they_are() {
    let own = own(2_000, 1);
    let mut sequence = Sequence::new(&own).unwrap();
    let of = sequence.of();
    assert_eq!(of, 8);
    let mut assembly = Assembly::new();
    assert_eq!((assembly.progress(), assembly.id()), (None, None));
    for number in 1..=of {
        let frame = sequence.next_frame().unwrap();
        assert_eq!((frame.number, frame.of), (number, of));
        let part = part(&frame.text).unwrap();
        assert_eq!(
            (part.number(), part.of(), part.length(), part.id()),
            (number, of, 2_002, TransferId::of(&own))
        );
        let whole = assembly.take(part).unwrap();
        if number < of {
            assert_eq!(whole, None);
            assert_eq!(assembly.progress(), Some(Progress { have: number, of }));
        } else {
            assert_eq!(whole.as_ref(), Some(&own));
        }
    }
}

#[test]
fn lost_doubled_and_shuffled_frames_still_make_the_whole() {
    for seed in 0..40_u8 {
        let own = own(300 + usize::from(seed) * 97, seed);
        let texts = frames(&own, 120);
        let mut state = u32::from(seed) * 7 + 1;
        let mut roll = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        let mut order: Vec<usize> = (0..texts.len()).collect();
        for place in (1..order.len()).rev() {
            order.swap(place, roll() as usize % (place + 1));
        }
        let mut assembly = Assembly::new();
        let mut found = None;
        for place in order {
            // Four of ten are lost, one of ten is seen twice.
            let times = match roll() % 10 {
                0..4 => 0,
                4 => 2,
                _ => 1,
            };
            for _ in 0..times {
                if let Some(whole) = assembly.take(part(&texts[place]).unwrap()).unwrap() {
                    found.get_or_insert(whole);
                }
            }
            if found.is_some() {
                break;
            }
        }
        assert_eq!(found, Some(own), "seed {seed}");
    }
}

#[test]
fn every_frame_is_a_version_eleven_code_or_smaller() {
    for length in [260, 1_000, 5_000, MOST_PAYLOAD] {
        let mut sequence = Sequence::new(&own(length, 3)).unwrap();
        for _ in 0..sequence.of() + 20 {
            let picture = sequence.next_frame().unwrap().picture().unwrap();
            assert!(picture.version() <= 11);
        }
    }
}

#[test]
fn parts_of_two_transfers_are_told_apart_and_do_no_harm() {
    let (one, two) = (own(900, 1), own(900, 2));
    let (mine, theirs) = (frames(&one, 4), frames(&two, 4));
    let mut assembly = Assembly::new();
    for (mine, theirs) in mine.iter().zip(&theirs).take(3) {
        assert_eq!(assembly.take(part(mine).unwrap()), Ok(None));
        assert_eq!(assembly.take(part(theirs).unwrap()), Err(refuse(Reason::OtherTransfer)));
    }
    assert_eq!(assembly.take(part(&mine[3]).unwrap()), Ok(Some(one)));
}

#[test]
fn an_altered_letter_is_noticed_in_its_own_frame() {
    let text = &frames(&own(900, 1), 1)[0];
    let mut noticed = 0;
    for place in 3..text.len() {
        let mut letters = text.clone().into_bytes();
        letters[place] = if letters[place] == b'0' { b'1' } else { b'0' };
        let refusal = part(std::str::from_utf8(&letters).unwrap()).unwrap_err();
        assert_eq!(refusal.recognised, Recognised::HazelPart);
        noticed += usize::from(refusal.reason == Reason::Altered);
    }
    assert!(noticed > text.len() / 2, "most alterations are valid base45 and found by the check");
}

#[test]
fn huge_and_impossible_claims_are_refused_from_one_frame() {
    let data = [0_u8; 200];
    for (of, length) in [(u32::MAX, u32::MAX), (600, 65_538), (3, 70_000), (u32::MAX, 600)] {
        let refusal = part(&forged([0; 16], &body(1, of, length, 0, &data))).unwrap_err();
        assert_eq!(refusal, refuse(Reason::HugeClaim { parts: of, bytes: length }));
    }
    for (number, of, length, data) in [
        (0, 3, 600, &data[..]),
        (1, 0, 600, &data[..]),
        (1, 4, 600, &data[..]),
        (1, 3, 0, &data[..]),
        (1, 3, 600, &[][..]),
        (1, 60, 600, &data[..10]),
    ] {
        let refusal = part(&forged([0; 16], &body(number, of, length, 0, data))).unwrap_err();
        assert_eq!(refusal, refuse(Reason::Malformed("part")), "{number} {of} {length}");
    }
    let long = [&[0x85][..], &[0x18, 1], &body(1, 3, 600, 0, &data)[2..]].concat();
    assert_eq!(part(&forged([0; 16], &long)).unwrap_err(), refuse(Reason::Encoding("CBOR of a part")));
    let longer = [&body(1, 3, 600, 0, &data)[..], &[0]].concat();
    assert_eq!(part(&forged([0; 16], &longer)).unwrap_err(), refuse(Reason::Encoding("CBOR of a part")));
    for (text, reason) in [
        ("HP:", Reason::Empty),
        ("HP:00", Reason::NoSuchVersion(0)),
        ("HP:20", Reason::NewerVersion(2)),
        ("HP:10", Reason::Length(1)),
        ("HP:a", Reason::Encoding("base45")),
    ] {
        assert_eq!(part(text).unwrap_err(), refuse(reason), "{text}");
    }
}

#[test]
fn a_forged_fragment_is_found_by_the_name_of_the_whole_and_all_starts_afresh() {
    let own = own(500, 9);
    let texts = frames(&own, 2);
    let honest = part(&texts[1]).unwrap();
    // The forger knows the name and even the checksum; only the content is not what was named.
    let forged = part(&forged(*TransferId::of(&own).as_bytes(), &body(1, 2, 502, 0, &[7; 251]))).unwrap();
    let mut assembly = Assembly::new();
    assert_eq!(assembly.take(forged), Ok(None));
    assert_eq!(assembly.take(honest.clone()), Err(refuse(Reason::Altered)), "the checksum differs");
    let mut assembly = Assembly::new();
    let checksum = 0x1234_5678;
    let lie = |number, fill| {
        let text =
            forge::forged(*TransferId::of(&own).as_bytes(), &body(number, 2, 502, checksum, &[fill; 251]));
        part(&text).unwrap()
    };
    assert_eq!(assembly.take(lie(1, 7)), Ok(None));
    assert_eq!(assembly.take(lie(2, 8)), Err(refuse(Reason::Altered)));
    assert_eq!(assembly.id(), None);
    assert_eq!(assembly.take(part(&texts[0]).unwrap()), Ok(None));
    assert_eq!(assembly.take(honest), Ok(Some(own)), "an honest sender is not locked out");
}

#[test]
fn junk_under_the_right_name_never_enters() {
    let own = own(1_000, 4);
    let mut assembly = Assembly::new();
    let mut sequence = Sequence::new(&own).unwrap();
    let plain: Vec<_> = (0..sequence.of()).map(|_| sequence.next_frame().unwrap().text).collect();
    let id = *TransferId::of(&own).as_bytes();
    let of = sequence.of();
    let first = sequence.next_frame().unwrap();
    assert!(assembly.take(part(&first.text).unwrap()).is_ok());
    for number in of + 2..of + 400 {
        let lie = part(&forged(id, &body(number, of, 1_002, 1, &[1; 251]))).unwrap();
        assert_eq!(assembly.take(lie), Err(refuse(Reason::Altered)));
    }
    let mut whole = None;
    for text in plain {
        whole = whole.or(assembly.take(part(&text).unwrap()).unwrap());
    }
    assert_eq!(whole, Some(own));
}

#[test]
fn another_carrier_can_end_what_pictures_began() {
    let (own, other) = (own(900, 1), own(900, 2));
    let mut assembly = Assembly::new();
    assert_eq!(assembly.finish_with(&own), Err(refuse(Reason::OtherTransfer)), "nothing was begun");
    assembly.take(part(&frames(&own, 1)[0]).unwrap()).unwrap();
    assert_eq!(assembly.finish_with(&other), Err(refuse(Reason::OtherTransfer)));
    assert_eq!(assembly.progress().map(|progress| progress.have), Some(1));
    assert_eq!(assembly.finish_with(&own), Ok(()));
    assert_eq!(assembly.id(), None);
}

fn read(side: (usize, usize), shade: impl Fn(usize, usize) -> u8) -> String {
    let mut frame = rqrr::PreparedImage::prepare_from_greyscale(side.0, side.1, shade);
    let (_, text) = frame.detect_grids().first().unwrap().decode().unwrap();
    text
}

#[test]
fn a_gif_and_an_animated_png_carry_the_whole() {
    let own = own(700, 5);
    let play = Play { scale: 4, hundredths: 20 };
    let file = animate::gif(&mut Sequence::new(&own).unwrap(), play).unwrap();
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::Indexed);
    let mut decoder = options.read_info(&file[..]).unwrap();
    let mut assembly = Assembly::new();
    let (mut whole, mut shown) = (None, 0);
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        shown += 1;
        assert_eq!(frame.delay, 20);
        let (wide, high) = (usize::from(frame.width), usize::from(frame.height));
        let text = read((wide, high), |x, y| frame.buffer[y * wide + x] * 255);
        let inked = (0..wide).filter(|x| frame.buffer[(high - 5 * 4) * wide + x] == 0).count();
        assert!(inked > 0, "x/y stands under the code");
        whole = whole.or(assembly.take(part(&text).unwrap()).unwrap());
    }
    assert_eq!((shown, whole.as_ref()), (4, Some(&own)), "three fragments and one mixture");

    let file = animate::png(&mut Sequence::new(&own).unwrap(), play).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().unwrap();
    assert_eq!(reader.info().animation_control().unwrap().num_frames, 4);
    let mut assembly = Assembly::new();
    let mut whole = None;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    for _ in 0..4 {
        let info = reader.next_frame(&mut pixels).unwrap();
        let (wide, high) = (info.width as usize, info.height as usize);
        let text = read((wide, high), |x, y| pixels[y * wide + x]);
        whole = whole.or(assembly.take(part(&text).unwrap()).unwrap());
    }
    assert_eq!(whole, Some(own));
    assert!(
        animate::gif(&mut Sequence::new(&self::own(700, 5)).unwrap(), Play { scale: 0, hundredths: 1 })
            .is_err()
    );
}

proptest! {
    #[test]
    fn any_frame_text_is_answered(text in "HP:[0-9A-Z $%*+./:-]{0,470}") {
        prop_assert!(part(&text).is_err());
    }

    #[test]
    fn any_claim_behind_a_right_check_is_bounded(
        (number, of, length, checksum) in (0_u32..2_000, 0_u32..600, 0_u32..70_000, any::<u32>()),
        data in proptest::collection::vec(any::<u8>(), 0..310),
        exact in any::<bool>(),
    ) {
        let of = if exact { length.div_ceil(data.len().max(1) as u32) } else { of };
        if let Ok(part) = part(&forged([3; 16], &body(number, of, length, checksum, &data))) {
            prop_assert!(part.of() <= 513 && part.length() <= 65_538 && part.number() > 0);
            prop_assert_eq!(part.length().div_ceil(data.len() as u32), part.of());
            // One part alone ends a transfer only where it is all of it, and then its name is wrong.
            let single = part.of() == 1;
            let answer = Assembly::new().take(part);
            prop_assert_eq!(answer, if single { Err(refuse(Reason::Altered)) } else { Ok(None) });
        }
    }
}
