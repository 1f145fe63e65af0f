# licences, duplicates and sources of the dependencies; advisories where their database can be fetched
deny_version=0.20.2
advisories_seconds=60

# Puts the path of that cargo-deny into $deny, building it once for each version.
find_deny() {
    local home=$cache/cargo-deny-$deny_version building
    deny=$(command -v cargo-deny || true)
    if [ -n "$deny" ] && [ "$("$deny" --version)" = "cargo-deny $deny_version" ]; then return; fi
    deny=$home/bin/cargo-deny
    if [ -x "$deny" ]; then return; fi
    mkdir -p "$cache"
    building=$(mktemp -d "$cache/building.XXXXXX")
    trap "rm -rf '$building'" EXIT
    # Without optimisation: its release profile links everything in one fat unit, and it runs for a second.
    show env -u CARGO_BUILD_TARGET -u RUSTFLAGS CARGO_PROFILE_DEV_DEBUG=false \
        cargo install cargo-deny --version "=$deny_version" --locked --debug \
        --root "$building/root" --target-dir "$building/target"
    mkdir -p "$home"
    cp -R "$building/root/." "$home/"
    rm -rf "$building"
    note "cargo-deny $deny_version built in $SECONDS s"
}

step() {
    local deny
    find_deny
    # A skip that no longer skips anything is a mistake too.
    show "$deny" --all-features check -D unmatched-skip -D unnecessary-skip licenses bans sources
    note "licences, duplicates and sources of $(grep -c '^source = ' Cargo.lock) crates in order"

    if ! show timeout "$advisories_seconds" "$deny" fetch db; then
        note "ADVISORIES NOT CHECKED: their database is out of reach"
        return
    fi
    show "$deny" --all-features --offline check advisories
    note "no advisories against them"
}
