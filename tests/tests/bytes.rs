//! Any bytes: no decoder panics, whatever is read is written again as the same bytes, and nothing spoilt passes the door.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;

use hazel_core::admit::Refusal;
use hazel_core::canon::Canon;
use hazel_core::message::{Handover, Message};
use hazel_tests::decoders::{DECODERS, decoder};
use hazel_tests::door::{AtTheDoor, judge};
use hazel_tests::honest::Pair;
use hazel_tests::noise::Noise;
use hazel_tests::vectors::{Vectors, folder, hex, unhex};

/// How many spoilt byte strings are tried; `HAZEL_NOISE=10000000` for a night.
fn rounds() -> u64 {
    std::env::var("HAZEL_NOISE").ok().and_then(|it| it.parse().ok()).unwrap_or(100_000)
}

/// The first seed: another one is another night.
fn seed() -> u64 {
    std::env::var("HAZEL_SEED").ok().and_then(|it| it.parse().ok()).unwrap_or(1)
}

fn corpus() -> Vec<(String, Vec<u8>)> {
    let vectors = Vectors::read(&folder()).unwrap();
    vectors.accepted.into_iter().map(|it| (it.object, unhex(&it.bytes).unwrap())).collect()
}

/// What every reading of any bytes must fulfil; says whether they were read.
fn read(object: &str, bytes: &[u8]) -> bool {
    match decoder(object).unwrap()(bytes) {
        Ok(again) => {
            assert_eq!(hex(&again), hex(bytes), "{object}: read, and written otherwise");
            true
        }
        Err(error) => {
            let refusal = Refusal::from(error);
            assert!(!refusal.code().is_empty() && !refusal.to_string().is_empty());
            false
        }
    }
}

#[test]
fn no_bytes_panic_and_what_is_read_is_written_the_same() {
    let corpus = corpus();
    let mut codes = BTreeSet::new();
    let mut still_good = 0_u64;
    for round in 0..rounds() {
        // Each round has its own stream, so that one number is enough to see it again.
        let mut noise = Noise::new(seed().rotate_left(32) ^ round);
        let (object, bytes) = noise.pick(&corpus).unwrap().clone();
        let (_, other) = noise.pick(&corpus).unwrap();
        let spoilt = noise.spoil(&bytes, other);
        still_good += u64::from(read(&object, &spoilt) && spoilt != bytes);
        let (stranger, _) = noise.pick(&DECODERS).unwrap();
        read(stranger, &spoilt);
        if let Err(error) = decoder(&object).unwrap()(&spoilt) {
            codes.insert(Refusal::from(error).code());
        }
        if let Ok(Message::Chits(page)) = Message::from_bytes(&spoilt) {
            let count = page.chits.len();
            assert_eq!(page.unfold().len(), count);
        }
    }
    // Noise that never gets past the first byte, or never meets a refusal, would prove nothing.
    assert!(still_good > rounds() / 200, "only {still_good} spoilt objects could still be read");
    assert!(codes.len() == 10, "only these refusals were met: {codes:?}");
}

#[test]
fn nothing_spoilt_passes_the_door() {
    let vectors = Vectors::read(&folder()).unwrap();
    // A certificate may lose a word, a contract a signature and a proof its order, and still be honest: they are left out here.
    let alterable = ["certificate", "signed tally", "fork proof"];
    let honest = |it: &&AtTheDoor| matches!(it.admitted.as_deref(), Some("new" | "good" | "gap" | "fork"));
    let honest: Vec<_> = vectors.door.iter().filter(honest).collect();
    let honest: Vec<_> = honest.into_iter().filter(|it| !alterable.contains(&&*it.object)).collect();
    let mut judged = 0_u64;
    for round in 0..rounds() / 4 {
        let mut noise = Noise::new(seed().rotate_left(16) ^ round);
        let it = noise.pick(&honest).unwrap();
        let bytes = unhex(&it.bytes).unwrap();
        let spoilt = noise.spoil(&bytes, &bytes);
        if spoilt == bytes {
            continue;
        }
        let attempt = AtTheDoor { bytes: hex(&spoilt), ..(**it).clone() };
        let refusal = judge(&attempt, &vectors.grounds).unwrap();
        let code = match &refusal {
            Ok(how) => how,
            Err(refusal) => refusal.code(),
        };
        assert!(refusal.is_err(), "{} passed as {code}: {}", it.name, attempt.bytes);
        judged += u64::from(matches!(code, "bad_signature" | "other_tally" | "wrong_key" | "wrong_place"));
    }
    assert!(judged > rounds() / 400, "only {judged} spoilt objects could be read at all");
}

#[test]
fn a_spoilt_hand_over_stays_shut() {
    let pair = Pair::new();
    let (key, bytes) = (pair.key().unwrap(), pair.handover(true).unwrap().to_bytes());
    assert!(Handover::from_bytes(&bytes).unwrap().open(&key).is_ok());
    for bit in 0..bytes.len() * 8 {
        let mut spoilt = bytes.clone();
        spoilt[bit / 8] ^= 1 << (bit % 8);
        let Ok(handover) = Handover::from_bytes(&spoilt) else { continue };
        // The introduction is not sealed: another one leads to another key. The tag only finds the tally.
        let outside = (4..53).contains(&(bit / 8));
        assert!(outside || handover.open(&key).is_err(), "bit {bit}");
    }
}

/// A count or a length that is a lie costs no memory: the address space is looked at, so that even an untouched reservation shows.
#[cfg(target_os = "linux")]
#[test]
fn claims_reserve_nothing() {
    let held = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmSize:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let lies: Vec<_> =
        Vectors::read(&folder()).unwrap().refused.into_iter().filter(|it| it.class == "huge_count").collect();
    assert!(lies.len() > 100);
    let before = held();
    for it in &lies {
        assert!(!read(&it.object, &unhex(&it.bytes).unwrap()));
        // The other tests of this file run beside this one and need some room of their own: a claim of 4 GiB would stand out.
        assert!(held() < before + (1 << 20), "{} / {} reserved memory", it.object, it.name);
    }
}
