# List the recipes.
[private]
default:
    @just --list --unsorted

# Run an app, as in `just run wsapp` or `just run sseapp 10`; stop it with Ctrl-C.
run app *args:
    cargo run -p {{app}} -- {{args}}

# Show how the code of two apps differs, word by word, as in `just diff webapp ajaxapp`.
diff one other:
    @git --no-pager diff --no-index --word-diff=color crates/{{one}}/src/main.rs crates/{{other}}/src/main.rs || true

# Run the tests. They need nothing but Rust.
test:
    cargo test

# Check the format, the lints and the documentation, with warnings as errors.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    # `testing` is for tests alone, where a panic is how a failure is told.
    cargo clippy --workspace --exclude testing --lib --bins -- -D warnings -D clippy::unwrap_used -D clippy::expect_used
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

# Do all that continuous integration does; installs what is missing.
ci:
    .ci/run
