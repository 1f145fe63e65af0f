# A folder that holds another Debian, for tools that this one does not carry. Sourced by the steps that need one.

# The mirror apt is set to use here; nothing in this project names one.
mirror() {
    apt-get indextargets --format '$(REPO_URI)' | grep -v security | sort -u | head -n 1
}

# debian_folder SUITE NAME PACKAGE...: makes the folder $folder once, with those packages installed, and leaves it alone
# afterwards. The packages and these lines are part of its name, so that a change makes a new one.
debian_folder() {
    local suite=$1 name=$2 building key
    shift 2
    key=$(printf '%s\n' "$suite" "$@" "$(declare -f debian_folder)" | sha256sum | cut -c 1-12)
    folder=$cache/$name-$suite-$key
    [ ! -e "$folder/.made" ] || return 0
    command -v debootstrap >/dev/null ||
        { apt-get -qq update && apt-get -qq install -y --no-install-recommends debootstrap; } || true
    command -v debootstrap >/dev/null || { printf 'debootstrap cannot be had here\n'; return 75; }
    building=$folder.building
    # What an interrupted run left; nothing is ever bound into a folder that is still being made.
    rm -rf "$building"
    mkdir -p "$cache"
    # Suites younger than this Debian have no script of their own: one of its neighbours serves.
    local script=/usr/share/debootstrap/scripts/$suite
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/trixie
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
    show debootstrap --variant=minbase "$suite" "$building" "$(mirror)" "$script" || return 75
    # A mirror that lags, or a machine whose clock is ahead: the packages are signed all the same.
    printf 'Acquire::Check-Valid-Until "false";\n' >"$building/etc/apt/apt.conf.d/90hazel"
    # A folder that is lost is made again: no need to wait for the disk after each package.
    printf 'force-unsafe-io\n' >"$building/etc/dpkg/dpkg.cfg.d/90hazel"
    # A package of another architecture (NAME:ARCHITECTURE) wants that one known first.
    show chroot "$building" env DEBIAN_FRONTEND=noninteractive \
        sh -c 'for package do case $package in *:*) dpkg --add-architecture "${package#*:}" ;; esac; done
            apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@" && apt-get clean' sh "$@" || return 75
    # Whom this machine trusts, and how it finds names, holds in there too.
    cp -L /etc/ssl/certs/ca-certificates.crt "$building/etc/ssl/certs/" || true
    cp -L /etc/resolv.conf "$building/etc/" || true
    touch "$building/.made"
    mv "$building" "$folder"
    note "made a folder with Debian $suite for $name in $SECONDS s: $(du -sh "$folder" | cut -f 1)"
}

# inside FOLDER SOURCE TARGET COMMAND...: runs the command in the folder with this tree read-write at /src, a place for
# what it builds at /out and, where it asks for it with CARGO_HOME, cargo's downloads at /cargo. Mounts are private: they end with it.
inside() {
    local folder=$1 source=$2 out=$3
    shift 3
    mkdir -p "$out" "$folder/src" "$folder/out" "$folder/cargo"
    unshare -m sh -euc '
        folder=$1 source=$2 out=$3 cargo=$4
        shift 4
        mount --make-rprivate /
        mount --bind "$source" "$folder/src"
        mount --bind "$out" "$folder/out"
        mount --bind "$cargo" "$folder/cargo"
        mount -t proc proc "$folder/proc"
        mount --rbind /dev "$folder/dev"
        exec chroot "$folder" "$@"
    ' sh "$folder" "$source" "$out" "${CARGO_HOME:-$HOME/.cargo}" "$@"
}
