# the demonstration runs to its end, by the command the README gives
step() {
    local out=$target/ci/demo.out status=0
    mkdir -p "$target/ci"
    cargo run --release -- demo >"$out" || status=$?
    cat "$out"
    note "exit $status, $(wc -l <"$out") lines printed"
    return "$status"
}
