# two wallets meet over a real Bluetooth stack, in a VM
step() {
    local out=$target/ci/bluetooth.out status=0 missing=() tool
    for tool in qemu-system-x86_64:qemu-system-x86 cpio:cpio depmod:kmod; do
        command -v "${tool%%:*}" >/dev/null || missing+=("${tool##*:}")
    done
    if [ "${#missing[@]}" -gt 0 ]; then
        # Where that is not allowed, tests/ble/run says what is missing.
        { apt-get -qq update && apt-get -qq install -y --no-install-recommends "${missing[@]}"; } || true
    elif ! apt-cache show linux-image-amd64 >/dev/null 2>&1; then
        apt-get -qq update || true
    fi
    mkdir -p "$target/ci"
    tests/ble/run >"$out" 2>&1 || status=$?
    cat "$out"
    if [ "$status" = 75 ]; then
        note "BLUETOOTH $(grep -m 1 '^NOT RUN' "$out")"
        return
    fi
    [ "$status" = 0 ] || { note "the story over the air ended with $status"; return "$status"; }
    note "$(sed -n 's/^VM FAILED/the VM itself failed once/p' "$out")$(grep -c '^STORY ' "$out") scenes told over the air;$(sed -n 's/^STORY goodput:.*, ratio/ goodput of a bare loop/p' "$out" | tr '\n' ',')"
}
