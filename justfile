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
    crates/payloads/check-with-tools.sh pcap/*.pcap crates/payloads/tests/captures/*.pcap*

# There are three targets, one after the other. It needs a nightly compiler.
# Look for input that `payloads` cannot take, for so many seconds for each target.
fuzz seconds="60":
    #!/usr/bin/env bash
    set -euo pipefail
    if ! cargo fuzz --version > /dev/null 2>&1; then
        echo "cargo-fuzz is missing: cargo install cargo-fuzz" >&2
        exit 1
    fi
    cd crates/payloads
    for target in capture segments pieces; do
        mkdir -p fuzz/corpus/$target
        seeds=tests/inputs/$target
        if [ $target = capture ]; then seeds="$seeds tests/captures"; fi
        nice cargo +nightly fuzz run -s none $target fuzz/corpus/$target $seeds -- \
            -max_total_time={{ seconds }} -max_len=4096 -timeout=5 -rss_limit_mb=512 \
            -print_final_stats=1
    done
