# the bridge, seen from Swift: bindings, the package and the app's screens, their tests on Linux in a folder with a Swift compiler
step() {
    source .ci/debian.sh
    local folder status=0 libraries place
    debian_folder trixie swift swiftlang libc6-dev gcc g++ ca-certificates || status=$?
    if [ "$status" = 75 ]; then
        note "SWIFT NOT RUN: the compiler's folder cannot be made here; the end of the log says why"
        return
    fi
    [ "$status" = 0 ] || return "$status"
    bridge
    show ios/bindings.sh --built
    mkdir -p "$target/ci/swift/lib"
    libraries=$(realpath "$target")/debug
    place=$(realpath "$target")/ci/swift
    cp "$libraries"/libhazel_{lab,ffi}.so "$libraries/hazel" "$place/lib/"

    parse "$folder" "$place"
    tests "$folder" "$place" ios/Wallet build "the package"
    # With it the screens are compiled, against a stand-in for SwiftUI: a check against our own reading of Apple's documentation.
    tests "$folder" "$place" ios/App build-app "the app's screens"
    guide "$folder" "$place"
    note "SwiftUI, CoreBluetooth, Security and LocalAuthentication are stand-ins of our own here; nothing was compiled by Xcode"
}

# tests FOLDER PLACE PACKAGE SCRATCH WHAT: runs a package's tests in the folder.
tests() {
    local folder=$1 place=$2 package=$3 scratch=$4 what=$5 status=0 out closing
    out=$place.$scratch.out
    inside "$folder" "$PWD" "$place" env HOME=/tmp PATH=/usr/bin:/bin LD_LIBRARY_PATH=/out/lib \
        HAZEL_VECTORS=/src/tests/vectors HAZEL_PROGRAM=/out/lib/hazel \
        swift test --package-path "/src/$package" --scratch-path "/out/$scratch" --disable-sandbox --disable-swift-testing \
        -Xlinker -L/out/lib >"$out" 2>&1 || status=$?
    cat "$out"
    if [ "$status" != 0 ]; then
        note "swift test of $what ended with $status"
        return "$status"
    fi
    # XCTest's closing line; without one nothing ran, whatever the exit code says.
    closing=$(grep -E '^[[:space:]]*Executed [1-9][0-9]* tests' "$out" | tail -n 1) ||
        { note "swift test of $what ran nothing"; return 1; }
    note "Swift, $what: ${closing#"${closing%%[![:space:]]*}"}"
}

# guide FOLDER PLACE: docs/guides/ios.md, followed from an empty folder. Its first command has run already: there is no Rust in the folder.
guide() {
    local out=$2.guide.out
    rm -rf "$2/guide"
    docs/guides/follow docs/guides/ios.md "$2/guide" write
    sed -i '/ios\/bindings.sh/d' "$2/guide/commands"
    inside "$1" "$PWD" "$2" env HOME=/tmp PATH=/usr/bin:/bin HAZEL=/src LIBRARIES=/out/lib \
        sh -c 'cd /out/guide && sh -eu commands' >"$out" 2>&1 || { cat "$out"; note "the guide does not work"; return 1; }
    cat "$out"
    grep -qx 'Ben is owed 12.50' "$out" || { note "the guide's program said something else"; return 1; }
    note "docs/guides/ios.md: followed from an empty folder, $(grep -c '^```swift' docs/guides/ios.md) files of Swift"
}

# parse FOLDER PLACE: the grammar of every file, also of what only Apple's compiler goes into (the camera, UIKit).
parse() {
    local files
    mapfile -t files < <(cd ios && find App Wallet -name '*.swift' -not -path '*/.build/*' -not -path '*/Generated/*' | sort)
    inside "$1" "$PWD/ios" "$2" env HOME=/tmp PATH=/usr/bin:/bin swiftc -frontend -parse "${files[@]/#//src/}"
    note "Swift: the grammar of ${#files[@]} files is right; what lies under UIKit and AVFoundation is checked for nothing more"
}
