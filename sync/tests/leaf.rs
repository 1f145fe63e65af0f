//! This crate is a leaf: it knows nothing of money, and nothing of an async runtime unless asked for the radio.

/// The names under `[dependencies]`, with whether each is optional.
fn dependencies() -> Vec<(String, bool)> {
    let manifest = include_str!("../Cargo.toml");
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with("[dev-dependencies]"));
    let named = lines.filter(|line| line.contains('=') && !line.starts_with('['));
    named
        .map(|line| {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            (name.to_owned(), line.contains("optional = true"))
        })
        .collect()
}

#[test]
fn it_knows_no_other_crate_of_the_house() {
    let found = dependencies();
    assert!(found.iter().any(|(name, _)| name == "snow"), "{found:?}");
    assert!(!found.iter().any(|(name, _)| name.starts_with("hazel")), "{found:?}");
}

#[test]
fn the_radio_and_its_runtime_are_optional() {
    let found = dependencies();
    for radio in ["tokio", "bluer", "btleplug", "dbus", "futures-util", "uuid"] {
        assert!(found.contains(&(radio.to_owned(), true)), "{radio}: {found:?}");
    }
    let manifest = include_str!("../Cargo.toml");
    assert!(!manifest.contains("\ndefault = "), "the feature set by default is empty");
}
