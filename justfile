# Measures what an update costs the server of APP, or of each app (Linux, about two minutes).
bench *APP:
    cargo run --quiet --release -p bench -- {{ APP }}
