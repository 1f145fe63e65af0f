#!/usr/bin/env bash
# Makes ios/Wallet/Hazel.xcframework, the binary that ios/Wallet/Package.swift takes on Apple's systems. Needs a Mac with Xcode and rustup:
# not run where this project is made.
#
#   ios/xcframework.sh           for apps
#   ios/xcframework.sh --lab     for their tests, with HAZEL_LAB=1 in the environment of Xcode: holds the bridge and the lab; never ship it
#
# Run it in a clone of this project. Afterwards ios/Wallet and ios/App build in Xcode.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

package=hazel-ffi library=hazel_ffi modules=(HazelBridge)
if [ "${1:-}" = --lab ]; then
    package=hazel-lab library=hazel_lab modules=(HazelBridge HazelLab)
fi
out=${CARGO_TARGET_DIR:-target}/xcframework
rm -rf "$out" ios/Wallet/Hazel.xcframework ios/Wallet/Generated
mkdir -p "$out/headers"

# The bindings are the same for every target; they are read from the library of this machine, with its symbols.
cargo build -p hazel-lab
cargo build -p hazel-bindgen
target/debug/hazel-bindgen generate --language swift --no-format --config ffi/bindings.toml \
    --out-dir "$out/bindings" target/debug/libhazel_lab.dylib
for module in HazelBridge HazelLab; do
    mkdir -p "ios/Wallet/Generated/$module"
    mv "$out/bindings/$module.swift" "ios/Wallet/Generated/$module/"
done
# The generator does not say where the lab's types of the bridge come from.
sed -i '' '1,/^import Foundation$/s/^import Foundation$/import Foundation\
import HazelBridge/' ios/Wallet/Generated/HazelLab/HazelLab.swift
# One map for the modules of one library.
for module in "${modules[@]}"; do
    mv "$out/bindings/${module}FFI.h" "$out/headers/"
    cat "$out/bindings/${module}FFI.modulemap" >>"$out/headers/module.modulemap"
done

targets=(aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios aarch64-apple-darwin)
rustup target add "${targets[@]}"
for target in "${targets[@]}"; do
    IPHONEOS_DEPLOYMENT_TARGET=16.0 MACOSX_DEPLOYMENT_TARGET=13.0 \
        cargo rustc --profile phone -p "$package" --lib --crate-type staticlib --target "$target"
done
built=${CARGO_TARGET_DIR:-target}
mkdir -p "$out/simulator"
lipo -create -output "$out/simulator/lib$library.a" \
    "$built/aarch64-apple-ios-sim/phone/lib$library.a" "$built/x86_64-apple-ios/phone/lib$library.a"
xcodebuild -create-xcframework -output ios/Wallet/Hazel.xcframework \
    -library "$built/aarch64-apple-ios/phone/lib$library.a" -headers "$out/headers" \
    -library "$out/simulator/lib$library.a" -headers "$out/headers" \
    -library "$built/aarch64-apple-darwin/phone/lib$library.a" -headers "$out/headers"
(cd ios/Wallet && zip -qry ../../"$out"/Hazel.xcframework.zip Hazel.xcframework)
# For a binaryTarget by address.
swift package compute-checksum "$out/Hazel.xcframework.zip"
