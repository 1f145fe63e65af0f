# the bridge, seen from Python: a wheel for this machine, docs/guides/python.md followed from an empty folder
step() {
    local folder=$target/ci/python
    if ! python3 -c 'import venv' 2>/dev/null || ! command -v strip >/dev/null; then
        note "PYTHON NOT RUN: no Python 3 with venv, or no binutils, here"
        return
    fi
    rm -rf "$folder"
    HAZEL=$PWD LIBRARIES=$(realpath "$target")/debug docs/guides/follow docs/guides/python.md "$folder" >"$target/ci/python.out" 2>&1 ||
        { cat "$target/ci/python.out"; note "the guide does not work"; return 1; }
    cat "$target/ci/python.out"
    tail -n 2 "$target/ci/python.out" | diff - <(printf 'Ben is owed 12.50\nover_limit YOU\n')
    note "docs/guides/python.md: followed from an empty folder; the wheel is $(stat -c %s "$folder"/*.whl) bytes, not built for size"
}
