# the benches still compile
step() {
    local all package
    all=$(packages | awk '$2 == "bench" { print $1 }')
    if [ -z "$all" ]; then
        note "no package has benches yet"
        return
    fi
    for package in $all; do show cargo bench -p "$package" --no-run; done
    note "compiled for" $all
}
