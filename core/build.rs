//! Packs the list of recovery words into one text. As two thousand texts, each with a place of its own, it would take a tenth of a
//! megabyte on every phone (docs/decisions/0424).

use std::path::Path;

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let place = std::env::var_os("OUT_DIR").ok_or_else(|| std::io::Error::other("Cargo names no OUT_DIR"))?;
    std::fs::write(Path::new(&place).join("words"), bip39::Language::English.word_list().join(" "))
}
