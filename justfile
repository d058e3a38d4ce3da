# List the recipes.
[private]
default:
    @just --list --unsorted

# Run an app, as in `just run wsapp` or `just run sseapp 10`; stop it with Ctrl-C.
[no-exit-message]
run app *args:
    cargo run -p {{app}} -- {{args}}

# Show how the code of two apps differs, word by word, as in `just diff webapp ajaxapp`.
[no-exit-message]
diff one other:
    #!/bin/sh
    for app in '{{ one }}' '{{ other }}'; do
        case $app in
        tcpapp | webapp | ajaxapp | sseapp | wsapp) ;;
        *)
            echo "there is no app '$app': choose two of tcpapp, webapp, ajaxapp, sseapp, wsapp" >&2
            exit 1
            ;;
        esac
    done
    git --no-pager diff --no-index --word-diff=color \
        'crates/{{ one }}/src/main.rs' 'crates/{{ other }}/src/main.rs' || [ $? = 1 ]

# Run the tests. They need nothing but Rust.
test:
    cargo test

# Visit an app, `gap` seconds from update to update, and record the visit as pcap/APP.pcap.
[no-exit-message]
capture app gap='10' *options:
    @crates/tools/visitor/check.sh capture '{{ app }}' {{ gap }} {{ options }}
    @cargo build -p visitor
    @cargo build -p {{ app }}
    @'{{ env('CARGO_TARGET_DIR', 'target') }}/debug/visitor' capture {{ app }} {{ gap }} {{ options }}

# Record a visit to each app, as in `just capture-all` or, quickly, `just capture-all 1`.
[no-exit-message]
capture-all gap='10' *options: (capture 'tcpapp' gap options) (capture 'webapp' gap options) (capture 'ajaxapp' gap options) (capture 'sseapp' gap options) (capture 'wsapp' gap options)

# Record your own visit to an app as pcap/by-hand/APP.pcap.
[no-exit-message]
capture-by-hand app interval='10' *options:
    @crates/tools/visitor/check.sh capture-by-hand '{{ app }}' {{ interval }} {{ options }}
    @cargo build -p visitor
    @cargo build -p {{ app }}
    @'{{ env('CARGO_TARGET_DIR', 'target') }}/debug/visitor' capture-by-hand {{ app }} {{ interval }} {{ options }}

# Show what travels, in your browser, while you visit an app in another tab; Ctrl-C ends it.
[no-exit-message]
watch app interval='10' *options:
    @crates/tools/visitor/check.sh watch '{{ app }}' {{ interval }} {{ options }}
    @cargo build -p visitor
    @cargo build -p watch
    @cargo build -p {{ app }}
    @'{{ env('CARGO_TARGET_DIR', 'target') }}/debug/visitor' watch {{ app }} {{ interval }} {{ options }}

# Print the captures as text beside them: pcap/APP.txt.
[no-exit-message]
parse *files:
    @crates/tools/visitor/parse.sh {{files}}

# Put what the captures say into the README, draw its chart, and write the page of the captures.
[no-exit-message]
readme:
    cargo run -q -p readme

# Take the picture of that page, with Chromium.
[no-exit-message]
picture: readme
    @crates/tools/readme/picture.sh

# Test the pages in a real browser, and a short capture of each app.
test-browser:
    cargo build -p tcpapp -p webapp -p ajaxapp -p sseapp -p wsapp -p payloads -p watch
    cargo test -p visitor

# Measure what an update costs the server of an app, or of each app (Linux, about two minutes).
[no-exit-message]
bench *app:
    cargo run --quiet --release -p bench -- {{app}}

# Measure how fast `payloads` reads a capture of 1 GiB, beside tshark where it is installed.
bench-payloads:
    cargo bench -p payloads --bench speed

# It needs tcpdump, and a network namespace (Linux), in which an ordinary user may capture too.
# Measure how long a message takes to appear in `payloads show -` behind tcpdump.
bench-latency:
    #!/usr/bin/env bash
    set -euo pipefail
    cargo bench -p payloads --bench latency --no-run
    if [ "$(id -u)" = 0 ]; then unshare="unshare -n"; else unshare="unshare -cn --keep-caps"; fi
    $unshare sh -c 'ip link set lo up && cargo bench --offline -p payloads --bench latency'

# Check `payloads` against tshark, and against what other tools make of the captures.
check-with-tools:
    crates/tools/payloads/check-with-tools.sh pcap/*.pcap crates/tools/payloads/tests/captures/*.pcap* \
        crates/tools/payloads/tests/captures/foreign/*.pcap
    crates/tools/payloads/check-headers.py pcap/*.pcap crates/tools/payloads/tests/captures/*.pcap*

# There are five targets, one after the other. It needs a nightly compiler.
# Look for input that `payloads` cannot take, for so many seconds for each target.
fuzz seconds="60":
    #!/usr/bin/env bash
    set -euo pipefail
    if ! cargo fuzz --version > /dev/null 2>&1; then
        echo "cargo-fuzz is missing: cargo install cargo-fuzz" >&2
        exit 1
    fi
    cd crates/tools/payloads
    for target in capture segments pieces headers unpack; do
        mkdir -p fuzz/corpus/$target
        seeds=tests/inputs/$target
        if [ $target = capture ]; then seeds="$seeds tests/captures"; fi
        nice cargo +nightly fuzz run -s none $target fuzz/corpus/$target $seeds -- \
            -max_total_time={{ seconds }} -max_len=4096 -timeout=5 -rss_limit_mb=512 \
            -print_final_stats=1
    done

# It needs cargo-mutants, and some 10 s for each change of the code that it tries.
# Look for changes that no test sees, as in `just mutants src/tcp/stream.rs --shard 0/5`.
mutants *files:
    #!/usr/bin/env bash
    set -euo pipefail
    if ! cargo mutants --version > /dev/null 2>&1; then
        echo "cargo-mutants is missing: cargo install --locked cargo-mutants" >&2
        exit 1
    fi
    options=()
    for word in {{ files }}; do
        case $word in
        src/*) options+=(--file "crates/tools/payloads/$word") ;;
        *) options+=("$word") ;;
        esac
    done
    # Optimized a little, for a change is built in a moment and the tests are run in a third of the
    # time. A shard takes one change of every few, rather than those of a few places.
    CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=false \
        cargo mutants --package payloads --sharding round-robin "${options[@]}"

# Check the format, the lints, the modules and the documentation, with warnings as errors.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    # `testing` is for tests alone, where a panic is how a failure is told.
    cargo clippy --workspace --exclude testing --lib --bins -- -D warnings -D clippy::unwrap_used -D clippy::expect_used
    # No module uses one that uses it.
    cargo test -q -p testing --test rooms
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

# Do all that continuous integration does; installs what is missing.
ci:
    .ci/run
