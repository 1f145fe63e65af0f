#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| assert!(hazel_tests::fuzzing::run("air_said", bytes)));
