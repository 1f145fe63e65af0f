# the documentation builds without a warning
step() {
    # With the features that clippy looked at: what the crates need was checked then, and is not checked again for the documentation.
    show env RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --features "$everything"
}
