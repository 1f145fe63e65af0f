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
