# the core's tests hold on arm64 and on 32 bits
packages=(rustc cargo gcc libc6-dev ca-certificates qemu-user
    gcc-aarch64-linux-gnu libstd-rust-dev:arm64 libc6-dev:arm64
    gcc-i686-linux-gnu libstd-rust-dev:i386 libc6-dev:i386)

step() {
    source .ci/debian.sh
    local folder status=0
    debian_folder forky emulated "${packages[@]}" || status=$?
    if [ "$status" = 75 ]; then
        note "NOT RUN ON OTHER PROCESSORS: the compiler's folder cannot be made here; the end of the log says why"
        return
    fi
    tests_on "$folder" aarch64-unknown-linux-gnu aarch64-linux-gnu-gcc qemu-aarch64
    tests_on "$folder" i686-unknown-linux-gnu i686-linux-gnu-gcc qemu-i386
    note "the core's tests ran on arm64 and on 32-bit x86, emulated"
}

# tests_on FOLDER TARGET COMPILER EMULATOR
tests_on() {
    local folder=$1 target=$2 compiler=$3 emulator=$4 small capital
    small=$(tr - _ <<<"$target")
    capital=$(tr a-z- A-Z_ <<<"$target")
    inside "$folder" "$PWD" "$cache/emulated-built" env CARGO_HOME=/cargo CARGO_TARGET_DIR=/out HOME=/tmp PATH=/usr/bin:/bin \
        "CC_$small=$compiler" "CARGO_TARGET_${capital}_LINKER=$compiler" "CARGO_TARGET_${capital}_RUNNER=$emulator" \
        sh -euc 'cd /src && cargo test --locked --target "$1" -p hazel-core' sh "$target"
}
