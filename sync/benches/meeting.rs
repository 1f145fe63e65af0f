//! What a meeting costs beyond what it must: ratios to floors measured in the same run, and a table of bytes.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a bench prints, divides and looks at the clock"
)]

#[path = "../tests/world/mod.rs"]
mod world;

use criterion::{Criterion, criterion_group};
use hazel_sync::carrier::memory::{Pace, Weather};
use hazel_sync::frame::{Greeting, Packet, Piece};
use hazel_sync::session::*;
use hazel_sync::{SecretKey, Time};
use std::hint::black_box;
use std::time::Instant;
use world::{World, dialer_key, load, partner, setting, ticket, waiter_key};

/// The four agreements of KK on each side, bare: no handshake can do with less.
fn bare_agreements() {
    let (a, b) = (x25519_dalek::StaticSecret::from([1; 32]), x25519_dalek::StaticSecret::from([2; 32]));
    for _ in 0..2 {
        black_box(x25519_dalek::PublicKey::from(black_box(&a)));
    }
    let public = x25519_dalek::PublicKey::from(&b);
    for _ in 0..8 {
        black_box(a.diffie_hellman(black_box(&public)));
    }
}

/// Two sessions up to the point where each has proven the other, without a link's delay.
fn handshake() {
    let new = |role, secret: SecretKey, theirs: SecretKey, entropy| {
        Session::new(setting(role, partner(theirs.public())), &secret, &Entropy([entropy; 48])).unwrap()
    };
    let mut sides =
        [new(Role::Dialer, dialer_key(), waiter_key(), 1), new(Role::Waiter, waiter_key(), dialer_key(), 2)];
    sides[0].handle(Time(0), Input::LinkUp { mtu: 247, dialing: true }).unwrap();
    sides[1].handle(Time(0), Input::LinkUp { mtu: 247, dialing: false }).unwrap();
    let mut met = 0;
    for now in (0..).step_by(50) {
        for from in [0, 1] {
            sides[from].handle(Time(now), Input::Tick).unwrap();
            while let Some(output) = sides[from].poll() {
                match output {
                    Output::Packet(packet) => {
                        sides[1 - from].handle(Time(now), Input::Packet(&packet)).unwrap()
                    }
                    Output::Met(_) => met += 1,
                    _ => {}
                }
            }
        }
        if met == 2 {
            return;
        }
    }
}

/// Nanoseconds of the fastest of many runs: on a shared machine the rest is other people's work.
fn fastest(runs: usize, mut work: impl FnMut()) -> f64 {
    let once = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed().as_nanos() as f64
    };
    (0..runs).map(|_| once(&mut work)).fold(f64::INFINITY, f64::min)
}

fn handshake_ratio() {
    let floor = fastest(200, bare_agreements);
    let ours = fastest(200, handshake);
    println!("handshake KK, both sides: {:.0} us = {:.2} x its bare agreements", ours / 1e3, ours / floor);
}

/// A waiter whom somebody calls with a hint that was overheard and a first message that was made up; then the flood that follows it.
fn stranger(flood: &[Vec<u8>]) {
    let way = partner(dialer_key().public());
    let mut waiter = Session::new(setting(Role::Waiter, way), &waiter_key(), &Entropy([2; 48])).unwrap();
    waiter.handle(Time(0), Input::LinkUp { mtu: 247, dialing: false }).unwrap();
    for packet in flood {
        waiter.handle(Time(0), Input::Packet(packet)).unwrap();
        while let Some(output) = waiter.poll() {
            assert!(!matches!(output, Output::Met(_)), "a stranger was met");
        }
    }
}

/// What a waiter does in vain: its own key, two agreements, one seal that does not open.
fn bare_refusal() {
    let mine = x25519_dalek::StaticSecret::from([1; 32]);
    let theirs = x25519_dalek::PublicKey::from(&x25519_dalek::StaticSecret::from([2; 32]));
    black_box(x25519_dalek::PublicKey::from(black_box(&mine)));
    for _ in 0..2 {
        black_box(mine.diffie_hellman(black_box(&theirs)));
    }
}

/// What somebody can make a waiter do before it is proven that it is the partner.
fn before_proof() {
    let piece =
        |offset: u32, bytes: &[u8]| Packet::Flow { ack: None, piece: Some(Piece { offset, bytes }) }.write();
    let open = Packet::Open(Greeting { pattern: 3, hint: [0; 8] }).write();
    let forged = [open.clone(), piece(0, &[&[48][..], &[9; 48]].concat())];
    let floor = fastest(200, bare_refusal);
    let refused = fastest(200, || stranger(&forged));
    println!(
        "a forged first message refused: {:.0} us = {:.2} x its bare agreements",
        refused / 1e3,
        refused / floor
    );
    // A whole window in single bytes, each beyond a hole: the dearest packets there are. The handshake never gets its first byte.
    let dust = |last: u32| {
        let bytes = (1..last).step_by(2).map(|offset| piece(offset, &[7]));
        std::iter::once(open.clone()).chain(bytes).collect::<Vec<_>>()
    };
    let (none, all) = (dust(1), dust(16_384));
    let (quiet, flooded) = (fastest(50, || stranger(&none)), fastest(50, || stranger(&all)));
    println!(
        "{} packets of dust before any proof: {:.2} ms, {:.2} us each",
        all.len(),
        (flooded - quiet) / 1e6,
        (flooded - quiet) / 1e3 / all.len() as f64
    );
}

/// A radio at MTU 247, an event every 30 ms, four packets each way.
fn goodput() {
    let pace = Some(Pace { interval: 30, packets: 4 });
    for (name, way) in [("KK", 2), ("ticket", 0)] {
        let (left, right) = match way {
            0 => (ticket(), ticket()),
            _ => (partner(waiter_key().public()), partner(dialer_key().public())),
        };
        let bytes = 1_000 * 1_000;
        let loads = [load(1, &[40_000; 25]), vec![]];
        let mut world = World::meeting(left, right, 1, Weather { pace, ..Weather::default() }, loads);
        world.link(247, true);
        world.run(3_600_000);
        world.assert_in_sync("goodput");
        let link = 244.0 * 4.0 / 0.030;
        let whole = bytes as f64 / (world.now.0 as f64 / 1_000.0);
        println!(
            "goodput {name}, 1 MB at MTU 247, 30 ms, 4 packets: {whole:.0} B/s with handshake and farewell = {:.3} of the link; {:.3} of its bytes are payload",
            whole / link,
            bytes as f64 / world.bytes as f64
        );
    }
}

/// Bytes beyond entries, both directions, frames and seals included, handshake aside.
fn overhead() {
    println!(
        "entries of 200 B | all bytes | handshake | beyond entries and handshake | allowed (8 each + 120)"
    );
    let meet = |entries: usize| {
        let (left, right) = (partner(waiter_key().public()), partner(dialer_key().public()));
        // Pages of up to two hundred entries, as an exchange would make them.
        let pages: Vec<usize> =
            (0..entries.div_ceil(200)).map(|n| (entries - n * 200).min(200) * 200).collect();
        let loads = [load(1, &pages), vec![]];
        let mut world = World::meeting(left, right, 1, Weather { delay: 30, ..Weather::default() }, loads);
        world.link(247, true);
        world.run(3_600_000);
        world.assert_in_sync("overhead");
        (world.bytes, [world.left.packets.len(), world.right.packets.len()])
    };
    // Open, two Noise messages of KK with their length, and the heads of their packets.
    let handshake = 10 + (1 + 48) + (1 + 48) + 2 * 2;
    for entries in [0, 1, 10, 100, 1_000, 10_000] {
        let (bytes, packets) = meet(entries);
        let beyond = bytes - entries * 200 - handshake;
        println!(
            "{entries:16} | {bytes:9} | {handshake:9} | {beyond:28} | {:6}   packets {packets:?}",
            8 * entries + 120
        );
    }
}

fn sealing(c: &mut Criterion) {
    let mut group = c.benchmark_group("meeting");
    group.sample_size(20);
    group.bench_function("handshake KK, both sides", |b| b.iter(handshake));
    group.bench_function("its bare agreements", |b| b.iter(bare_agreements));
    group.bench_function("40 kB over memory, handshake included", |b| {
        b.iter(|| {
            let (left, right) = (partner(waiter_key().public()), partner(dialer_key().public()));
            let mut world = World::meeting(left, right, 1, Weather::default(), [load(1, &[40_000]), vec![]]);
            world.link(517, true);
            world.run(10_000);
            world.bytes
        });
    });
    group.finish();
}

criterion_group!(benches, sealing);

fn main() {
    handshake_ratio();
    before_proof();
    goodput();
    overhead();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
