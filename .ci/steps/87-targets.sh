# what phones embed is type-checked for Android and iOS
phones=(aarch64-linux-android armv7-linux-androideabi x86_64-linux-android aarch64-apple-ios aarch64-apple-ios-sim)
compilers=(rustc cargo rust-src clang llvm lld gcc libc6-dev ca-certificates)

step() {
    source .ci/debian.sh
    # The bridge, and with it everything it brings to a phone: core, codes, sessions.
    local folder status=0
    debian_folder forky targets "${compilers[@]}" || status=$?
    if [ "$status" = 75 ]; then
        note "TARGETS NOT CHECKED: the compiler's folder cannot be made here; the end of the log says why"
        return
    fi
    # C code (SQLite) is not what is checked here, and no linker runs: a stand-in writes empty objects.
    printf '%s\n' '#!/bin/sh' 'out=' 'for word do [ "$last" = -o ] && out=$word; last=$word; done' '[ -z "$out" ] || : >"$out"' \
        >"$folder/usr/local/bin/no-compiler"
    chmod +x "$folder/usr/local/bin/no-compiler"
    inside "$folder" "$PWD" "$cache/targets-built" env CARGO_HOME=/cargo CARGO_TARGET_DIR=/out RUSTC_BOOTSTRAP=1 \
        SDKROOT=/usr/local/share PATH=/usr/local/bin:/usr/bin:/bin HOME=/tmp \
        sh -euc '
            cd /src
            # All at once: one crate of one target at a time would leave a processor idle.
            targets=
            for target do
                targets="$targets --target $target"
                name=$(printf %s "$target" | tr - _)
                export "CC_$name=no-compiler" "AR_$name=no-compiler"
            done
            # Std is compiled, not checked, and five times: it runs nowhere, so it is not optimised.
            cargo check --locked --config "profile.dev.package.\"*\".opt-level=0" -Zbuild-std=std,panic_unwind $targets -p hazel-ffi
        ' sh "${phones[@]}"
    note "the bridge type-checks for ${phones[*]}"
}
