# the sources are formatted
step() { show cargo fmt --all --check; }
