//! The fuzzer's targets over their seeds and over spoilt seeds; and the fuzzer's crate has a target for each.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeSet;
use std::path::Path;

use hazel_tests::fuzzing::{TARGETS, run};
use hazel_tests::noise::Noise;
use hazel_tests::seeds::seeds;

/// Spoilt seeds of each target; reading pictures takes thousands of times longer than reading a chit.
fn rounds(name: &str) -> u64 {
    match name {
        "qr_frame" => 20,
        "qr_file" => 100,
        "two_wallets" => 12,
        // Three wallets are made for each.
        "air_said" => 60,
        _ => 500,
    }
}

#[test]
fn every_target_bears_its_seeds_and_spoilt_ones() {
    let seeds = seeds();
    for (number, (name, own)) in (0_u64..).zip(&seeds) {
        assert!(!own.is_empty(), "{name} begins with nothing");
        for seed in own {
            assert!(run(name, seed));
        }
        for round in 0..rounds(name) {
            let mut noise = Noise::new((number << 32) | round);
            let (_, others) = noise.pick(&seeds).unwrap();
            let (seed, other) = (noise.pick(own).unwrap().clone(), noise.pick(others).unwrap().clone());
            assert!(run(name, &noise.spoil(&seed, &other)));
        }
        assert!(run(name, &[]));
    }
    assert!(!run("no_such_target", &[]));
}

#[test]
fn the_fuzzers_crate_has_these_targets_and_no_others() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let known: BTreeSet<String> = TARGETS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(known.len(), TARGETS.len());
    let files: BTreeSet<String> = std::fs::read_dir(folder.join("fuzz_targets"))
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(files, known);
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for name in known {
        let file = format!("fuzz_targets/{name}.rs");
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"{file}\"")), "{name}");
        let target = std::fs::read_to_string(folder.join(file)).unwrap();
        assert!(target.contains(&format!("run(\"{name}\", bytes)")), "{name}");
    }
}
