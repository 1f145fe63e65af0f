# the tests pass, by the command the README gives, and the compiler warns of nothing
step() {
    local out=$target/ci/test.out status=0
    mkdir -p "$target/ci"
    show cargo test >"$out" 2>&1 || status=$?
    cat "$out"
    # Clippy looks at the house with all it can have; what is unused without that is seen here.
    ! grep -E '^warning: `hazel' "$out" || { note "the compiler warns"; return 1; }
    return "$status"
}
