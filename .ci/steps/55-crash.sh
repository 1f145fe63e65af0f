# phones that die: the crash points by name, with processes killed for real
step() {
    local out=$target/ci/crash.out
    if ! command -v strace >/dev/null; then
        show apt-get install -y --no-install-recommends strace || note "strace cannot be installed"
    fi
    mkdir -p "$target/ci"
    show cargo test -p hazel-tests --test crash_points -- --nocapture 2>&1 | tee "$out"
    # A skipped crash is not a survived one. Where tracing is forbidden that must be seen.
    if grep -q '^SKIPPED' "$out"; then note "CRASHES NOT TRIED: $(grep -m1 '^SKIPPED' "$out")"; fi
}
