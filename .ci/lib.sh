# What the steps share. Sourced by .ci/run and, in a fresh shell, before each step.

export CARGO_TERM_COLOR=never CARGO_TERM_PROGRESS_WHEN=never TERM=dumb
export CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0}
export CARGO_NET_RETRY=${CARGO_NET_RETRY:-5}
export GIT_TERMINAL_PROMPT=0

# One target directory for every step; the logs go there too.
target=${CARGO_TARGET_DIR:-target}

# Tools built for CI, outside the tree and one folder per version.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hazel-ci

# note TEXT...: a line for the summary and the final table.
note() { printf 'note: ci: %s\n' "$*"; }

# show COMMAND...: write the command to the log, then run it.
show() {
    printf '+ %s\n' "$*"
    "$@"
}

# Everything that can be built: radios and PostgreSQL too. One list, so that what two steps look at is compiled once.
everything=hazel-tests/ble,hazel-cli/ble,hazel-tests/postgres,hazel-cli/postgres

# bridge: what apps' tests load, in the target directory's folder debug: the libraries and the site that they visit, chosen with a test, so
# that all is built as `cargo test` builds it, and once; and the generator by itself, since what it needs would be compiled into the libraries.
# Clippy looks at the generator here: elsewhere it would be the one to have minutes of other people's code checked for five lines.
bridge() {
    show cargo build --lib --bins --test sites
    RUSTC_WORKSPACE_WRAPPER=$(clippy) show cargo build -p hazel-bindgen
}

# Where this toolchain has its clippy.
clippy() { printf '%s/bin/clippy-driver' "$(rustc --print sysroot)"; }
