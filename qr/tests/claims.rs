//! What a code claims reserves nothing: a process that reads every huge claim grows by less than one of them asks for.
//!
//! One test alone in its program, since it is the whole process that is measured.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod checksum;
mod forge;

use std::hint::black_box;
use std::ops::ControlFlow;

use checksum::crc;
use forge::{body, forged};
use hazel_qr::code::{Kind, Own};
use hazel_qr::file::{FileRefusal, frames};
use hazel_qr::luma::Luma;
use hazel_qr::scan::{self, Circumstances};

/// The most that the process may grow by. The smallest thing claimed below is four times that.
const MOST: u64 = 16 << 20;

/// What the system says of this process in bytes: `VmPeak`, the most address space that it ever had, or `VmSize`, what it
/// has; none where the system does not tell.
fn told(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? << 10)
}

fn reserved(bytes: u64) -> Vec<u8> {
    black_box(Vec::with_capacity(usize::try_from(bytes).unwrap()))
}

fn refused(content: &[u8]) {
    assert!(black_box(scan::bytes(content, &Circumstances::at(0))).is_err());
}

/// Parts with so many siblings, and so many bytes.
fn parts() {
    for (of, length) in [(u32::MAX, u32::MAX), (1 << 31, u32::MAX), (1, u32::MAX), (u32::MAX, 600)] {
        refused(forged([7; 16], &body(1, of, length, 0, &[0; 200])).as_bytes());
        refused(forged([7; 16], &body(u32::MAX, of, length, 0, &[0; 200])).as_bytes());
    }
}

/// Lists, bytes, texts and maps of four billion and of 2^63 things, alone and as the first elements of an object.
fn objects() {
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Verification) {
        for major in [0x40_u8, 0x60, 0x80, 0xa0] {
            for claim in
                [&[0x1a, 0xff, 0xff, 0xff, 0xff][..], &[0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]]
            {
                let huge = [&[major | claim[0]], &claim[1..]].concat();
                for count in 0..=13_u8 {
                    let begun = if count == 0 { vec![] } else { vec![0x80 | count, 1] };
                    let payload = [&begun[..], &huge, &[0; 40]].concat();
                    refused(&Own::new(kind, payload).unwrap().bytes());
                }
            }
        }
    }
}

/// Pictures whose headers say how large they are: more than any may be, and as much as a photo is, in few bytes.
fn pictures() {
    for side in [0xffff_u16, 5_700] {
        let side = side.to_be_bytes();
        let mut png = include_bytes!("../../tests/vectors/qr/alpha.png").to_vec();
        png[16..24].copy_from_slice(&[0, 0, side[0], side[1], 0, 0, side[0], side[1]]);
        let check = crc(&png[12..29]);
        png[29..33].copy_from_slice(&check.to_be_bytes());
        let mut gif = include_bytes!("../../tests/vectors/qr/grey.gif").to_vec();
        gif[6..10].copy_from_slice(&[side[1], side[0], side[1], side[0]]);
        let mut jpeg = include_bytes!("../../tests/vectors/qr/baseline.jpg").to_vec();
        let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[side[0], side[1], side[0], side[1]]);
        for file in [png, gif, jpeg] {
            let refused = frames(&file, &mut |_| ControlFlow::Continue(())).unwrap_err();
            assert!(matches!(refused, FileRefusal::Measures(..) | FileRefusal::Short(..)), "{refused}");
        }
    }
    for (width, height) in [(usize::MAX, 21), (1 << 14, 1 << 14), (1 << 20, 1 << 20)] {
        assert!(Luma::new(&[0; 441], width, height, width).is_err());
    }
}

#[test]
fn nothing_is_reserved_for_what_a_count_claims() {
    let (Some(peak), Some(size)) = (told("VmPeak"), told("VmSize")) else {
        return println!("SKIPPED: this system does not tell how much a process has reserved");
    };
    // What was given back before would hide as much again: it is taken once more and kept.
    let kept = reserved(peak - size + MOST);
    let before = told("VmPeak").unwrap();
    parts();
    objects();
    pictures();
    let grown = told("VmPeak").unwrap() - before;
    assert!(grown < MOST, "{grown} bytes were reserved");
    // And the measure itself sees what is reserved and never touched.
    drop(reserved(MOST * 4));
    assert!(told("VmPeak").unwrap() - before > MOST * 3);
    drop(kept);
}
