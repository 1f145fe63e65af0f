//! What showing and scanning cost, as ratios within one run: the machine cancels out.

#![allow(missing_docs, reason = "criterion's macros write functions without")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench measures, prints and stops where something is wrong"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group};
use hazel_qr::code::{Kind, Own};
use hazel_qr::luma::Luma;
use hazel_qr::picture::{Level, Picture};
use hazel_qr::read;
use hazel_qr::scan::{self, Circumstances, MOST_TEXT};

/// Seconds for one call: the least mean of several batches, which is what is left when nobody disturbs.
fn seconds(mut work: impl FnMut()) -> f64 {
    (0..25)
        .map(|_| {
            let begun = Instant::now();
            (0..20).for_each(|_| work());
            begun.elapsed().as_secs_f64() / 20.0
        })
        .fold(f64::MAX, f64::min)
}

fn pledge() -> String {
    Own::new(Kind::Receipted, (0..250_u8).collect()).unwrap().picture_text()
}

/// Texts of the longest kind that is looked at, each with another reason to be refused.
fn hostile() -> Vec<(&'static str, String)> {
    let fill = |head: &str, piece: &str| {
        let mut text = head.to_owned();
        while text.len() + piece.len() < MOST_TEXT {
            text.push_str(piece);
        }
        text
    };
    vec![
        ("words", fill("", "words and words ")),
        ("base45 that ends wrongly", fill("HZ:", "ABC") + "a"),
        ("a part of junk", fill("HP:", "ABC")),
        ("deep JSON", fill("{\"pay\":", "[")),
        ("JSON of many fields", fill("{\"a\":0", ",\"b\":[1,2]")),
        ("a query of many pieces", fill("https://mychips.org/pay?chad=a:b", "&x=1")),
        ("a memo of many pieces", fill("https://mychips.org/pay?memo=a", "&b")),
        ("percent signs", fill("https://mychips.org/ticket?user=", "%41")),
        ("base64 of nothing", fill("https://mychips.org/ticket?ey", "AAAA")),
        ("an own link of junk", fill("https://a.example.org/#v1.", "AAAA")),
        ("a host without end", fill("https://", "a.")),
        ("a quoted text", fill("\"", "\\u0041") + "\""),
    ]
}

fn ratios() {
    let text = pledge();
    let own = seconds(|| _ = black_box(Picture::fixed(black_box(&text), Level::L)));
    let bare = seconds(|| {
        let code = qrcode::QrCode::with_error_correction_level(black_box(&text), qrcode::EcLevel::L).unwrap();
        black_box(code.into_colors());
    });
    println!("encode: {:.2} x the bare crate (goal 1.2)", own / bare);
    let around = Circumstances::at(1_800_000_000);
    let mut costs: Vec<(f64, &str)> = hostile()
        .into_iter()
        .map(|(name, text)| {
            let each = seconds(|| _ = black_box(scan::text(black_box(&text), &around)));
            (each * 1e6 * 1024.0 / text.len() as f64, name)
        })
        .collect();
    costs.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (cost, name) in &costs {
        println!("refuse {name}: {cost:.2} us/KiB");
    }
    println!("refuse, worst: {:.2} us/KiB (goal 20)", costs[0].0);
    println!("refuse, median: {:.2} us/KiB (goal 20)", costs[costs.len() / 2].0);
    let bomb = "[".repeat(4 << 20);
    println!(
        "refuse 4 MiB: {:.3} us in all",
        seconds(|| _ = black_box(scan::text(black_box(&bomb), &around))) * 1e6
    );
    let (side, luma) = Picture::fixed(&text, Level::L).unwrap().luma(7).unwrap();
    let side = side as usize;
    let frame = Luma::new(&luma, side, side, side).unwrap();
    let ours = seconds(|| assert_eq!(read::codes(&frame).len(), 1));
    let rqrr = seconds(|| {
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| luma[y * side + x]);
        assert!(image.detect_grids()[0].decode().is_ok());
    });
    println!("read a clear code: {:.2} x rqrr alone", ours / rqrr);
    let white = vec![255; luma.len()];
    let white = Luma::new(&white, side, side, side).unwrap();
    let nothing = seconds(|| assert!(read::codes(&white).is_empty()));
    println!("see that a white frame shows nothing: {:.2} x reading a clear code", nothing / ours);
    println!("rates and times beside zxing-cpp: the examples qr_rates and qr_photos of hazel-tests (goal 3)");
}

fn benches(bench: &mut Criterion) {
    let text = pledge();
    bench.bench_function("encode a pledge with receipt", |run| run.iter(|| Picture::fixed(&text, Level::L)));
    let around = Circumstances::at(1_800_000_000);
    bench.bench_function("scan a pledge with receipt", |run| run.iter(|| scan::text(&text, &around)));
    let link = "https://mychips.org/ticket?host=site.example.net&port=11025&user=p1000&token=f0adb07c8fc41089d41d12f1d06613b8";
    bench.bench_function("scan a ticket of the field", |run| run.iter(|| scan::text(link, &around)));
}

criterion_group! {
    name = all;
    config = Criterion::default().sample_size(30).measurement_time(Duration::from_secs(2));
    targets = benches
}

fn main() {
    ratios();
    all();
    Criterion::default().configure_from_args().final_summary();
}
