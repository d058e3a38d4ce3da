#!/usr/bin/env bash
# Makes the captures in foreign/: what programs that are not of this project say to each other and to
# the apps. foreign/README.md says what is in them. Run it from the top of the repository:
#
#     cargo build --workspace
#     crates/tools/payloads/tests/captures/make-foreign.sh [NAME...]
#
# It needs bash, curl, nc, telnet, nginx, node with npm, python3 with venv, ip and ss (Debian: iproute2),
# tcpdump and unshare. It installs ws and eventsource from npm and websockets, brotli and zstandard
# from PyPI into a folder that it removes at the end, and then goes on in a network namespace of its
# own, where every port is free and nothing else is on the loopback interface. Given names, it makes
# these captures alone. foreign/versions.txt says which versions it used.
set -euo pipefail

if [ -z "${FOREIGN_FOLDER:-}" ]; then
    FOREIGN_FOLDER=$(mktemp -d)
    export FOREIGN_FOLDER
    trap 'rm -r "$FOREIGN_FOLDER"' EXIT
    npm install --silent --no-fund --no-audit --prefix "$FOREIGN_FOLDER" ws eventsource > /dev/null
    python3 -m venv "$FOREIGN_FOLDER/venv"
    "$FOREIGN_FOLDER/venv/bin/pip" install --quiet --disable-pip-version-check websockets brotli zstandard
    if [ "$(id -u)" = 0 ]; then unshare=(unshare -mn); else unshare=(unshare -cmn --keep-caps); fi
    "${unshare[@]}" "$0" "$@"
    exit
fi

apps=${CARGO_TARGET_DIR:-$PWD/target}/debug
captures=$(cd "$(dirname "$0")/foreign" && pwd)
dump=
export NODE_PATH=$FOREIGN_FOLDER/node_modules
PATH=$FOREIGN_FOLDER/venv/bin:$PATH:/usr/sbin:/sbin
ip link set lo up
cd "$FOREIGN_FOLDER"
wanted=("$@")
running=()

node=(node --no-warnings "$captures/node.mjs")
python=(python3 "$captures/python.py")

# begin COMMAND...: starts a server, whose first line says that it listens.
begin() {
    : > log
    "$@" > log 2>&1 &
    running+=($!)
    until [ -s log ]; do sleep 0.05; done
}

# record NAME [OPTION...]: begins to capture.
record() {
    capture=$captures/$1.pcap
    shift
    rm -f "$capture"
    tcpdump --immediate-mode -U -w - "${@:--ilo}" tcp 2> /dev/null > "$capture" &
    dump=$!
    # The file's header is there when tcpdump has begun to capture.
    until [ -s "$capture" ]; do sleep 0.05; done
}

# finish: ends the capture and the servers.
finish() {
    sleep 0.5
    if [ -n "$dump" ]; then kill -INT "$dump" && wait "$dump" || true; fi
    for server in "${running[@]}"; do kill "$server" 2> /dev/null || true; done
    wait "${running[@]}" 2> /dev/null || true
    running=()
    dump=
}
trap finish EXIT

# A request that curl makes, whose answer nobody needs; some are to fail.
ask() { curl --silent --show-error --max-time 5 "$@" > answer || true; }

nginx_before() {
    cat > nginx.conf << END
daemon off;
pid $PWD/nginx.pid;
error_log $PWD/nginx.log;
events {}
http {
    access_log off;
    gzip on;
    gzip_types text/plain text/html application/json;
    gzip_min_length 1;
    gzip_proxied any;
    map \$http_upgrade \$connection_upgrade { default upgrade; '' close; }
    server {
        listen 127.0.0.1:8080;
        location / {
            proxy_pass http://127.0.0.1:8000;
            proxy_http_version $1;
            proxy_buffering off;
            proxy_set_header Upgrade \$http_upgrade;
            proxy_set_header Connection \$connection_upgrade;
        }
    }
}
END
    nginx -c "$PWD/nginx.conf" -p "$PWD" > nginx.out 2>&1 &
    running+=($!)
    until nc -z 127.0.0.1 8080; do sleep 0.05; done
}

curl-codings() {
    begin "${node[@]}" packing_server
    record curl-codings
    ask http://localhost:8000/gzip http://localhost:8000/none
    for path in gzip deflate raw-deflate br gzip-twice; do
        ask --compressed http://localhost:8000/$path
    done
}

curl-br-and-zstd() {
    begin "${python[@]}" packing_server
    record curl-br-and-zstd
    for path in br zstd br-pieces zstd-pieces both; do ask --compressed http://localhost:8000/$path; done
}

curl-http-0.9() {
    record curl-http-0.9
    # A port each: nc cannot listen again for a minute where it closed a connection first.
    for option in http0.9:8009 http1.1:8011; do
        (printf 'a page without a status line\n'; sleep 0.3) | nc -N -l 127.0.0.1 "${option#*:}" > request &
        running+=($!)
        until ss -Hltn "sport = :${option#*:}" | grep -q .; do sleep 0.05; done
        ask "--${option%:*}" "http://localhost:${option#*:}/"
    done
}

curl-https-to-webapp() {
    begin "$apps/webapp"
    record curl-https-to-webapp
    ask https://localhost:8000/
    ask --http2-prior-knowledge http://localhost:8000/
    ask http://localhost:8000/
}

node-keep-alive() {
    begin "${node[@]}" keep_alive_server
    record node-keep-alive
    "${node[@]}" keep_alive_client
}

node-events() {
    begin "${node[@]}" event_server
    record node-events
    "${node[@]}" event_client > events
}

node-ws() {
    begin "${node[@]}" ws_server
    record node-ws
    "${node[@]}" ws_client
}

node-ws-deflate() {
    begin "${node[@]}" ws_deflate_server
    record node-ws-deflate
    "${node[@]}" ws_client
}

node-ws-windows() {
    begin "${node[@]}" ws_windows_server
    record node-ws-windows
    "${node[@]}" ws_windows_client
}

python-websockets() {
    begin "${python[@]}" websockets_server
    record python-websockets
    "${python[@]}" websockets_client
}

python-http-server() {
    mkdir -p site/folder
    printf 'hello\n' > site/hello.txt
    (cd site && exec python3 -u -m http.server --bind 127.0.0.1 8000 > ../log 2>&1) &
    running+=($!)
    until nc -z 127.0.0.1 8000; do sleep 0.05; done
    record python-http-server
    ask http://localhost:8000/hello.txt http://localhost:8000/missing.txt
    ask http://localhost:8000/folder
    ask http://localhost:8000/
    ask --head http://localhost:8000/hello.txt
    ask --data 'a form' http://localhost:8000/hello.txt
}

nginx-sseapp() {
    begin "$apps/sseapp"
    nginx_before 1.0
    record nginx-sseapp
    ask --compressed http://localhost:8080/
    ask --max-time 3.5 http://localhost:8080/time 2> /dev/null
}

nginx-wsapp() {
    begin "$apps/wsapp"
    nginx_before 1.1
    record nginx-wsapp
    SERVER_PORT=8080 "${node[@]}" time_client
}

nginx-gzip() {
    begin "$apps/ajaxapp"
    nginx_before 1.1
    record nginx-gzip
    ask --compressed http://localhost:8080/ http://localhost:8080/time
}

telnet-tcpapp() {
    begin "$apps/tcpapp"
    record telnet-tcpapp
    (sleep 0.3; echo time; sleep 0.3; echo what; sleep 0.3; echo bye; sleep 0.5) | telnet localhost 8000 > /dev/null 2>&1 || true
}

telnet-webapp() {
    begin "$apps/webapp"
    record telnet-webapp
    (sleep 0.3; echo 'GET / HTTP/1.1'; sleep 0.3; echo 'Host : localhost'; sleep 0.3; echo; sleep 0.5) | telnet localhost 8000 > /dev/null 2>&1 || true
    (sleep 0.3; echo 'GET /'; sleep 0.3; echo; sleep 0.5) | telnet localhost 8000 > /dev/null 2>&1 || true
    (sleep 0.3; echo 'GET / HTTP/1.0'; echo; sleep 0.5) | telnet localhost 8000 > /dev/null 2>&1 || true
}

tunnel() {
    begin "$apps/wsapp"
    begin "${node[@]}" tunnel_proxy
    record tunnel
    ask --proxytunnel --proxy http://localhost:3128 http://localhost:8000/
    "${node[@]}" tunnel_client
    ask --proxytunnel --proxy http://localhost:3128 http://localhost:1/
}

# there COMMAND...: runs it in the other network namespace, that of apart.
there() { nsenter --net="/proc/$other/ns/net" "$@"; }

# Makes another network namespace, behind the interfaces pair0 (here) and pair1 (there).
apart() {
    unshare -n sleep infinity &
    other=$!
    running+=($other)
    until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
    ip link add pair0 type veth peer name pair1
    ip link set pair1 netns "$other"
    ip link set pair0 up
    there ip link set pair1 up
}

# Each packet crosses two interfaces, a bridge and one of its ports.
any-bridge() {
    apart
    ip link add bridge0 type bridge
    ip link set pair0 master bridge0
    ip address add 192.0.2.1/24 dev bridge0
    ip link set bridge0 up
    there ip address add 192.0.2.2/24 dev pair1
    begin "$apps/ajaxapp"
    record any-bridge -iany
    there curl --silent http://192.0.2.1:8000/time http://192.0.2.1:8000/time > answer
    finish
    ip link delete bridge0
}

all=(curl-codings curl-br-and-zstd curl-http-0.9 curl-https-to-webapp node-keep-alive node-events node-ws
    node-ws-deflate node-ws-windows python-websockets python-http-server nginx-sseapp nginx-wsapp
    nginx-gzip telnet-tcpapp telnet-webapp tunnel any-bridge)
for name in "${wanted[@]:-${all[@]}}"; do
    "$name"
    finish
    echo "$name: $(stat -c %s "$captures/$name.pcap") bytes"
done

{
    curl --version | head -1 | cut -d ' ' -f 1,2
    echo "node $(node --version)"
    for package in ws eventsource; do
        echo "$package $(node -p "require('$NODE_PATH/$package/package.json').version")"
    done
    python3 --version
    pip list --format=freeze --disable-pip-version-check 2> /dev/null | grep -E '^(websockets|Brotli|brotli|zstandard)='
    nginx -v 2>&1
    dpkg-query --showformat '${Package} ${Version}\n' --show netcat-openbsd inetutils-telnet tcpdump 2> /dev/null
    uname -sr
} > "$captures/versions.txt"
