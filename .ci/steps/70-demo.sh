# the demonstration runs to its end
step() {
    local out=$target/ci/demo.out
    if ! has_package hazel-cli; then
        note "hazel-cli does not exist yet: no demonstration"
        return
    fi
    mkdir -p "$target/ci"
    cargo run --release -p hazel-cli -- demo >"$out" || {
        cat "$out"
        return 1
    }
    cat "$out"
    note "exit 0, $(wc -l <"$out") lines printed"
}
