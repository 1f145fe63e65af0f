#!/usr/bin/env bash
# Builds the bridge and the lab for this machine and puts the Swift that is generated of them where ios/Wallet/Package.swift looks for it.
# On Linux; on a Mac ios/xcframework.sh does more. The library is then in target/debug (libhazel_lab.so holds the bridge as well).
# `--built` takes the library and the generator that are there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

built=${CARGO_TARGET_DIR:-target}/debug generated=ios/Wallet/Generated
if [ "${1:-}" != --built ]; then
    # Not in one command with the generator: its features would be compiled into the library.
    cargo build -p hazel-ffi -p hazel-lab
    cargo build -p hazel-bindgen
fi
rm -rf "$generated"
"$built/hazel-bindgen" generate --language swift --no-format --config ffi/bindings.toml \
    --out-dir "$generated" "$built/libhazel_lab.so"
for name in HazelBridge HazelLab; do
    mkdir -p "$generated/$name" "$generated/${name}FFI"
    mv "$generated/$name.swift" "$generated/$name/"
    mv "$generated/${name}FFI.h" "$generated/${name}FFI/"
    mv "$generated/${name}FFI.modulemap" "$generated/${name}FFI/module.modulemap"
done
# The generator's Swift for the lab names types of the bridge's module, and does not say where they come from.
sed -i '0,/^import Foundation$/s//import Foundation\nimport HazelBridge/' "$generated/HazelLab/HazelLab.swift"
