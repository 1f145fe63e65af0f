//! Picture files of other software, our own animations, and files that claim or break.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod checksum;

use std::ops::ControlFlow;

use checksum::crc;
use hazel_qr::animate::{self, Play};
use hazel_qr::code::{Kind, Own};
use hazel_qr::file::{FileRefusal, frames};
use hazel_qr::parts::{Assembly, Sequence};
use hazel_qr::picture::{Level, Picture};
use hazel_qr::read;
use hazel_qr::scan::{self, Circumstances, Qr};

const FILES: [(&str, &[u8]); 5] = [
    ("baseline.jpg", include_bytes!("../../tests/vectors/qr/baseline.jpg")),
    ("progressive.jpg", include_bytes!("../../tests/vectors/qr/progressive.jpg")),
    ("palette.png", include_bytes!("../../tests/vectors/qr/palette.png")),
    ("alpha.png", include_bytes!("../../tests/vectors/qr/alpha.png")),
    ("grey.gif", include_bytes!("../../tests/vectors/qr/grey.gif")),
];

fn scanned(file: &[u8]) -> Result<Vec<Vec<u8>>, FileRefusal> {
    let mut found = Vec::new();
    frames(file, &mut |frame| {
        found.extend(read::codes(frame).into_iter().map(|code| code.content));
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

#[test]
fn files_of_other_software_are_read() {
    let expected = b"HZ:Y50Z6S96O".to_vec();
    for (name, file) in FILES {
        assert_eq!(scanned(file), Ok(vec![expected.clone()]), "{name}");
    }
    let own = Picture::fixed("HZ:Y50Z6S96O", Level::M).unwrap().png(4).unwrap();
    assert_eq!(scanned(&own), Ok(vec![expected]));
}

#[test]
fn animations_are_assembled_and_stop_when_there_is_enough() {
    let own = Own::new(Kind::Messages, (0..1_200_u16).map(|byte| byte.to_le_bytes()[0]).collect()).unwrap();
    let play = Play { scale: 3, hundredths: 10 };
    let gif = animate::gif(&mut Sequence::new(&own).unwrap(), play).unwrap();
    let png = animate::png(&mut Sequence::new(&own).unwrap(), play).unwrap();
    for file in [gif, png] {
        let mut assembly = Assembly::new();
        let mut whole = None;
        let shown = frames(&file, &mut |frame| {
            for found in scan::frame(frame, &Circumstances::at(0)).into_iter().flatten().flatten() {
                if let Qr::Part(part) = found {
                    whole = assembly.take(part).unwrap();
                }
            }
            if whole.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(
            (shown, whole.as_ref()),
            (Ok(5), Some(&own)),
            "five fragments, and the mixtures are not needed"
        );
    }
}

#[test]
fn what_is_no_picture_or_claims_too_much_is_refused() {
    assert_eq!(scanned(b""), Err(FileRefusal::UnknownFormat));
    assert_eq!(scanned(b"BM a bitmap"), Err(FileRefusal::UnknownFormat));
    assert_eq!(scanned(&vec![0xff; (32 << 20) + 1]), Err(FileRefusal::TooLong((32 << 20) + 1)));
    // The measures stand in the header: 60,000 pixels each way, with its check made right.
    let mut png = FILES[2].1.to_vec();
    png[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let check = crc(&png[12..29]);
    png[29..33].copy_from_slice(&check.to_be_bytes());
    assert_eq!(scanned(&png), Err(FileRefusal::Measures(60_000, 60_000)));
    let mut gif = FILES[4].1.to_vec();
    gif[6..10].copy_from_slice(&[0xff; 4]);
    assert_eq!(scanned(&gif), Err(FileRefusal::Measures(65_535, 65_535)));
    let mut jpeg = FILES[0].1.to_vec();
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    assert_eq!(scanned(&jpeg), Err(FileRefusal::Measures(65_535, 65_535)));
    // A canvas that a photo might have, in a file that cannot fill it.
    gif[6..10].copy_from_slice(&[0x88, 0x13, 0x88, 0x13]);
    assert_eq!(scanned(&gif), Err(FileRefusal::Short(5_000, 5_000)));
}

#[test]
fn broken_files_are_answered_wherever_they_break() {
    for (name, file) in FILES {
        for cut in (0..file.len()).step_by(file.len() / 40 + 1) {
            _ = scanned(&file[..cut]);
            let mut bent = file.to_vec();
            bent[cut] ^= 0x55;
            if let Ok(found) = scanned(&bent) {
                assert!(found.len() <= 1, "{name} bent at {cut}");
            }
        }
    }
}
