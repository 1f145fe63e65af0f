# clippy has nothing to say, also of what only a radio or PostgreSQL needs
step() { show cargo clippy --workspace --features hazel-tests/ble,hazel-cli/ble,hazel-tests/postgres,hazel-cli/postgres --all-targets -- -D warnings; }
