# Visit an app, `gap` seconds from update to update, and record the visit as pcap/APP.pcap.
capture app gap='10' *options:
    @cargo build -p visitor -p tcpapp -p webapp -p ajaxapp -p sseapp -p wsapp
    @cargo run -q -p visitor -- capture {{app}} {{gap}} {{options}}

# Record a visit to each app, as in `just capture-all` or, quickly, `just capture-all 1`.
capture-all gap='10' *options: (capture 'tcpapp' gap options) (capture 'webapp' gap options) (capture 'ajaxapp' gap options) (capture 'sseapp' gap options) (capture 'wsapp' gap options)

# Record your own visit to an app as pcap/by-hand/APP.pcap; sudo lets tcpdump do so.
capture-by-hand app interval='10': (capture app interval '--by-hand --dir pcap/by-hand')

# Print the captures as text beside them: pcap/APP.txt.
parse *files:
    @crates/visitor/parse.sh {{files}}

# Test the pages in a real browser, and a short capture of each app.
test-browser:
    cargo build --workspace --bins
    cargo test -p visitor
