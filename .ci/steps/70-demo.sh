# the demonstration runs to its end, by the command the README gives
step() {
    local out=$target/ci/demo.out status=0
    mkdir -p "$target/ci"
    # Without optimising across crates, which takes minutes and changes speed alone: here it is to run, not to be quick.
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=false cargo run --release -- demo >"$out" || status=$?
    cat "$out"
    note "exit $status, $(wc -l <"$out") lines printed"
    return "$status"
}
