# the store of big sites: the suite and the stories on a PostgreSQL that this step installs, starts and stops
step() {
    local bin status=0 scratch
    bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    if [ -z "$bin" ]; then
        show apt-get install -y --no-install-recommends postgresql || { show apt-get update && show apt-get install -y --no-install-recommends postgresql; } || true
        bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    fi
    if [ -z "$bin" ]; then
        note "POSTGRESQL NOT TRIED: it is not installed and cannot be"
        return
    fi
    # A cluster of its own on a unix socket: nothing that runs here already is touched. The server refuses to run as root.
    scratch=$(mktemp -d)
    local pg_ctl="$bin/pg_ctl -D $scratch/data -w -l $scratch/server.log -o \"-c listen_addresses='' -c unix_socket_directories=$scratch\""
    as_postgres() { if [ "$(id -u)" = 0 ]; then su postgres -s /bin/bash -c "$*"; else bash -c "$*"; fi; }
    if [ "$(id -u)" = 0 ]; then chown postgres "$scratch"; fi
    as_postgres "cd $scratch && $bin/initdb -D $scratch/data -U postgres -A trust --no-sync" >"$scratch.log" 2>&1 &&
        as_postgres "$pg_ctl start" >>"$scratch.log" 2>&1 || status=$?
    if [ "$status" != 0 ]; then
        cat "$scratch.log"
        return "$status"
    fi
    # A disk that is soon full, for one test; only root may make one.
    mkdir "$scratch/small"
    if mount -t tmpfs -o size=32m tmpfs "$scratch/small" 2>/dev/null; then
        chown postgres "$scratch/small"
        export HAZEL_POSTGRES_SMALL=$scratch/small
    else
        note "A FULL DISK UNDER POSTGRESQL NOT TRIED: no small disk can be made here"
    fi
    # Chosen with the tests of all crates, so that what they depend on is built as `cargo test` builds it, and once. The
    # program that kills sites is built along, for the test of hazel-tests of that name. With radios too, so that the step after next finds it built.
    HAZEL_POSTGRES="host=$scratch user=postgres" show cargo test --features "$everything" --test sites || status=$?
    # Two sites, killed twenty times while two wallets trade, the server restarted the hard way under them. By hand: 200.
    printf '#!/bin/bash\ncd %q\n%s -m immediate restart\n' "$scratch" "$pg_ctl" >"$scratch/restart"
    chmod 755 "$scratch/restart"
    local restart="$scratch/restart"
    if [ "$(id -u)" = 0 ]; then restart="su postgres -s /bin/bash $scratch/restart"; fi
    HAZEL_POSTGRES="host=$scratch user=postgres" HAZEL_POSTGRES_RESTART="$restart >/dev/null" \
        show "$target/debug/hazel-sites" "${HAZEL_KILLS:-20}" || status=$?
    as_postgres "$bin/pg_ctl -D $scratch/data -m immediate stop" >/dev/null 2>&1 || true
    if [ "${HAZEL_POSTGRES_SMALL:-}" ]; then umount "$scratch/small"; fi
    note "$("$bin/postgres" --version)"
    rm -rf "$scratch" "$scratch.log"
    return "$status"
}
