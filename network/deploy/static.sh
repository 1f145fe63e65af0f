#!/usr/bin/env bash
# Builds `hazel` as one static program for Linux, with SQLite and PostgreSQL in it, and lays it into target/site-image for the
# Containerfile. It needs nothing of the machine it runs on, not even a C library. Wanted: rustup, and musl-gcc (Debian: musl-tools).
#   network/deploy/static.sh [x86_64-unknown-linux-musl]
set -euo pipefail
cd "$(dirname "$0")/../.."
triple=${1:-x86_64-unknown-linux-musl}
rustup target list --installed | grep -qx "$triple" || rustup target add "$triple"
cargo build --locked --release -p hazel-cli --features postgres --target "$triple"
image=target/site-image
rm -rf "$image"
mkdir -p "$image/site"
cp "${CARGO_TARGET_DIR:-target}/$triple/release/hazel" "$image/hazel"
strip --strip-debug "$image/hazel"
if ldd "$image/hazel" >/dev/null 2>&1 && ! ldd "$image/hazel" 2>&1 | grep -q 'statically linked'; then
    printf 'not static:\n' >&2
    ldd "$image/hazel" >&2
    exit 1
fi
printf '%s: %s bytes, static\n' "$image/hazel" "$(stat -c %s "$image/hazel")"
