#!/usr/bin/env bash
# How long a screen's data takes from Kotlin and from Swift on 100,000 chits (HAZEL_CHITS=20000 for a quick look), beside the same calls
# from Rust. A bench: nothing here fails because it is slow. Takes what .ci/run kotlin and .ci/run swift have left behind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source .ci/lib.sh

chits=${HAZEL_CHITS:-100000}
built=$(realpath "$target")/release
wallet=$(realpath "$target")/ci/timings
cargo build --release -p hazel-lab --lib --example timings
if [ ! -e "$wallet/$chits" ]; then
    # Grown where a sync costs nothing, read where wallets are.
    growing=$(mktemp -d -p "$([ -d /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")")
    trap 'rm -rf "$growing"' EXIT
    "$built/examples/timings" grow "$growing" "$chits"
    rm -rf "$wallet"
    mkdir -p "$wallet"
    cp "$growing"/ben.hazel* "$wallet/"
    touch "$wallet/$chits"
fi
"$built/examples/timings" read "$wallet"

(cd android && mvn -B -q "-Dmaven.repo.local=$cache/maven" "-Dhazel.libraries=$built" \
    "-Dhazel.bindings=$(dirname "$built")/bindings/kotlin" "-Dhazel.timings=$wallet" \
    -pl wallet test -Dtest=Timings -Dsurefire.useFile=false | grep '^Kotlin:')

source .ci/debian.sh
folders=("$cache"/swift-trixie-*)
[ -e "${folders[0]}/.made" ] || { printf 'Swift: not run, .ci/run swift makes its folder\n'; exit; }
place=$(dirname "$built")/ci/swift
mkdir -p "$place/release"
cp "$built/libhazel_lab.so" "$place/release/"
rm -rf "$place/timings"
cp -r "$wallet" "$place/timings"
inside "${folders[0]}" "$PWD" "$place" env HOME=/tmp PATH=/usr/bin:/bin LD_LIBRARY_PATH=/out/release \
    swift run -c release --package-path /src/ios/Wallet --scratch-path /out/build-release --disable-sandbox \
    -Xlinker -L/out/release timings /out/timings 2>/dev/null | grep '^Swift:'
