# Measures how fast `payloads` reads a capture of 1 GiB, beside tshark where it is installed.
bench-payloads:
    cargo bench -p payloads --bench speed
