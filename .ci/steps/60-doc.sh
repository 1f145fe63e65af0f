# the documentation builds without a warning
step() { show env RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --workspace; }
