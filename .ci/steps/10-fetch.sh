# Cargo.lock is up to date, and everything it names can be had
step() {
    show cargo fetch --locked
    note "$(grep -c '^source = ' Cargo.lock) crates locked"
}
