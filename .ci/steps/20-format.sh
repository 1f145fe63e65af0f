# the sources are formatted
step() {
    show cargo fmt --all --check
    # Packages outside the house's tree.
    local manifest
    for manifest in tests/peers/Cargo.toml tests/switches/Cargo.toml tests/fuzz/Cargo.toml; do
        show cargo fmt --manifest-path "$manifest" --check
    done
}
