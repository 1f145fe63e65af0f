//! What a fuzzer begins with: honest bytes for every target, in a stable order.

use hazel_qr::code::{Kind, Own};
use hazel_qr::parts::Sequence;
use hazel_qr::picture::{Level, Picture};

use crate::examples::examples;
use crate::fuzzing::TARGETS;
use crate::fuzzing_air;
use crate::noise::Noise;
use crate::own_codes;

/// The seeds of each target.
#[must_use]
pub fn seeds() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    TARGETS.iter().map(|(name, what, _)| (*name, seeds_of(name, what))).collect()
}

fn seeds_of(name: &str, what: &str) -> Vec<Vec<u8>> {
    let mut noise = Noise::new(1);
    let owns: Vec<Own> = (0..12).filter_map(|_| own_codes::any(&mut noise)).collect();
    let texts = |list: &[&str]| list.iter().map(|text| text.as_bytes().to_vec()).collect();
    match name {
        "typed_address" => texts(&["chip://ana:U2F3W5@example.org:65430", "chip://U2F3W5"]),
        "two_wallets" => {
            (1..4_u8).map(|n| (0..15).map(|at: u8| at.wrapping_mul(n.wrapping_mul(37))).collect()).collect()
        }
        "typed_amount" => texts(&["12.50", "0,05", "-3", "9007199254740992"]),
        "qr_text" => owns.iter().map(|own| own.picture_text().into_bytes()).collect(),
        "qr_bytes" => owns.iter().map(Own::bytes).collect(),
        "qr_payload" => owns.iter().map(|own| own.payload().to_vec()).collect(),
        "qr_host" => {
            texts(&["site.example.org:65430", "[2606:4700::1111]:80", "10.0.0.1", "xn--mchips-5ya.org"])
        }
        "qr_link" => texts(&[
            "host=site.example.org&port=54320&user=p1001&token=ab12",
            "chad=ana:U2F3W5&units=5000&memo=bread%20&milk",
            "s=0011223344556677&i=00112233445566778899aabb&d=AAAA",
            "eyJpbnZpdGUiOnt9fQ",
        ]),
        "qr_record" => texts(&[
            r#"{"host":"site.example.org","port":54320,"user":"p1001","token":"ab12"}"#,
            r#"{"chad":{"cuid":"ana","agent":"U2F3W5"},"units":"5000","memo":"bread"}"#,
        ]),
        "qr_parts" => vec![sequence(&mut noise)],
        // Two halves of "words", whose bytes give 0x7d; the first of three; a whole of two that lies.
        "qr_shares" => texts(&["\0\0}wo\n\u{1}\0}rds\n\0\u{1}xabc\n\0\0aa\n\u{1}\0aa"]),
        "qr_frame" => vec![frame()],
        "qr_file" => {
            vec![Picture::fixed("HZ:Y50Z6S96O", Level::M).and_then(|it| it.png(1)).unwrap_or_default()]
        }
        air if what == "air" => fuzzing_air::seeds(air),
        _ => {
            let all = examples().unwrap_or_default().into_iter();
            all.filter(|it| it.node.name() == what).map(|it| it.bytes).collect()
        }
    }
}

/// Frames of one sequence, a line each.
fn sequence(noise: &mut Noise) -> Vec<u8> {
    let content = (0..900_u32).map(|_| noise.next().to_le_bytes().first().copied().unwrap_or_default());
    let mut lines = Vec::new();
    if let Some(mut sequence) =
        Own::new(Kind::Messages, content.collect()).ok().and_then(|own| Sequence::new(&own).ok())
    {
        for frame in (0..6).filter_map(|_| sequence.next_frame().ok()) {
            lines.extend(frame.text.bytes().skip(3).chain([b'\n']));
        }
    }
    lines
}

/// A small code at two pixels a module.
fn frame() -> Vec<u8> {
    let drawn = Picture::fixed("HZ:Y50Z6S96O", Level::L).and_then(|it| it.luma(2));
    let Ok((side, pixels)) = drawn else { return Vec::new() };
    u8::try_from(side).into_iter().chain(pixels).collect()
}
