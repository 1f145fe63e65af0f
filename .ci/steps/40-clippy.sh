# clippy has nothing to say, also of what only a radio or PostgreSQL needs
step() { show cargo clippy --features "$everything" --all-targets -- -D warnings; }
