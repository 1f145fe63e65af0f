# the core knows no network, the relay knows no ledger, and the bridge stays a façade

# crates PACKAGE OPTION...: the distinct names of the crates in a package's tree.
crates() {
    local package=$1 tree
    shift
    tree=$(cargo tree --locked --prefix none --format '{p}' -p "$package" "$@")
    awk '{ print $1 }' <<<"$tree" | sort -u
}

# code FOLDER: lines of Rust in a folder, without comments, empty lines and the tests at the end of a file.
code() { find "$1" -name '*.rs' -exec awk '/^#\[cfg\(test\)\]/ { nextfile } !/^[ \t]*(\/\/|$)/' {} + | wc -l; }

step() {
    local names found name core bridge share
    # Every feature and every target: an optional network is still a network.
    names=$(crates hazel-core -e normal --all-features --target all)
    grep -qx hazel-core <<<"$names"
    if found=$(grep -E '^(tokio|snow|libp2p)([-_].*)?$' <<<"$names"); then
        note "hazel-core depends on" $found
        for name in $found; do cargo tree --locked -p hazel-core -e normal --all-features --target all -i "$name"; done
        return 1
    fi
    note "hazel-core: $(wc -l <<<"$names") crates, none of tokio, snow, libp2p"

    names=$(crates hazel-sync)
    grep -qx hazel-sync <<<"$names"
    if grep -qx hazel-core <<<"$names"; then
        note "hazel-sync depends on hazel-core"
        cargo tree --locked -p hazel-sync -i hazel-core
        return 1
    fi
    note "hazel-sync: $(wc -l <<<"$names") crates, hazel-core is not among them"

    core=$(code core/src) bridge=$(code ffi/src)
    share=$((bridge * 1000 / core))
    note "the bridge: $bridge lines of code, $((share / 10)).$((share % 10)) % of the core's $core"
    [ "$((bridge * 4))" -le "$core" ] || { note "the bridge is more than a quarter of the core"; return 1; }
}
