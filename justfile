# Measures how fast `payloads` reads a capture of 1 GiB, beside tshark where it is installed.
bench-payloads:
    cargo bench -p payloads --bench speed

# Looks for input that payloads cannot take, for so many seconds for each of three targets. It needs
# cargo-fuzz (`cargo install cargo-fuzz`) and a nightly compiler (`rustup toolchain install nightly`).
fuzz seconds="60":
    #!/usr/bin/env bash
    set -euo pipefail
    cd crates/payloads
    for target in capture segments pieces; do
        mkdir -p fuzz/corpus/$target
        seeds=tests/inputs/$target
        if [ $target = capture ]; then seeds="$seeds tests/captures"; fi
        nice cargo +nightly fuzz run -s none $target fuzz/corpus/$target $seeds -- \
            -max_total_time={{ seconds }} -max_len=4096 -timeout=5 -rss_limit_mb=512 \
            -print_final_stats=1
    done
