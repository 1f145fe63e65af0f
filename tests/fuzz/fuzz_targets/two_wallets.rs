#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| assert!(hazel_tests::fuzzing::run("two_wallets", bytes)));
