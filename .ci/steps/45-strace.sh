# what the crash tests need: a tracer that kills a process at a chosen system call
step() {
    if ! command -v strace >/dev/null; then
        show apt-get install -y --no-install-recommends strace || show apt-get update || true
        command -v strace >/dev/null || show apt-get install -y --no-install-recommends strace || true
    fi
    # A skipped crash is not a survived one: where tracing is forbidden, that must be seen.
    if strace -qq -o /dev/null true 2>/dev/null; then
        note "$(strace -V | head -n 1); crashes will be tried"
    else
        note "CRASHES NOT TRIED: no tracer here"
    fi
}
