#!/usr/bin/env bash
# Makes the captures beside this script, in a network namespace of its own, so that port 8000 is
# free and nothing else is on the loopback interface. Run it from the top of the repository; it
# needs bash, curl, nc (Debian: netcat-openbsd), tcpdump and editcap (Debian: wireshark-common):
#
#     cargo build --workspace
#     unshare -cn --keep-caps crates/tools/payloads/tests/captures/make.sh
#
# As root, `unshare -n` is enough.
#
# APP.pcap is what tcpdump captures of each app on the loopback interface. The one of wsapp is also
# captured on all interfaces, with both kinds of cooked header (wsapp-cooked.pcap and
# wsapp-cooked2.pcap), and changed by editcap: to pcapng (wsapp.pcapng), to nanoseconds
# (wsapp-nanoseconds.pcap), to raw IP (wsapp-raw.pcap), and with each packet cut to 96 bytes
# (wsapp-cut.pcap).
set -eu
apps=$PWD/target/debug
captures=$(dirname "$0")
ip link set lo up

dumps=

# dump NAME OPTION...: begins to capture into NAME.pcap.
dump() {
    local file=$captures/$1.pcap
    shift
    tcpdump "$@" --immediate-mode -U -w - port 8000 2> /dev/null > "$file" &
    dumps="$dumps $!"
    # The file's header is there when tcpdump has begun to capture.
    until [ -s "$file" ]; do sleep 0.1; done
}

# capture APP CLIENT: captures what the function CLIENT says to APP.
capture() {
    "$apps/$1" > /dev/null &
    server=$!
    until nc -z localhost 8000; do sleep 0.1; done
    dump "$1" -i lo
    if [ "$1" = wsapp ]; then
        dump wsapp-cooked -i any -y LINUX_SLL
        dump wsapp-cooked2 -i any -y LINUX_SLL2
    fi
    sleep 0.5
    "$2"
    sleep 0.5
    kill -INT $dumps
    dumps=
    kill $server
    wait || true
}

tcp_client() {
    (sleep 1; for _ in 1 2 3; do echo time; sleep 1; done) | nc -N 127.0.0.1 8000 > /dev/null
}

web_client() {
    curl -s --rate 1/s -o /dev/null http://localhost:8000/ -o /dev/null http://localhost:8000/ \
        -o /dev/null http://localhost:8000/ -o /dev/null http://localhost:8000/
}

ajax_client() {
    curl -s --rate 1/s -o /dev/null http://localhost:8000/ -o /dev/null http://localhost:8000/time \
        -o /dev/null http://localhost:8000/time -o /dev/null http://localhost:8000/time
}

sse_client() {
    curl -s -m 3.5 -o /dev/null http://localhost:8000/ -o /dev/null http://localhost:8000/time || true
}

# The frames C1 to C4 of the original document, and its key.
ws_client() {
    curl -s -o /dev/null http://localhost:8000/
    exec 3<> /dev/tcp/127.0.0.1/8000
    printf '%s\r\n' 'GET /time HTTP/1.1' 'Host: localhost:8000' 'Upgrade: websocket' \
        'Connection: keep-alive, Upgrade' 'Sec-WebSocket-Version: 13' \
        'Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==' '' | cat >&3
    sleep 1
    printf '\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73' >&3
    sleep 1
    printf '\x81\x88\xa2\xf4\xf0\xd0\xc5\x91\x84\xfd\xd6\x9d\x9d\xb5' >&3
    sleep 1
    printf '\x81\x88\xa6\x91\x34\xfd\xc1\xf4\x40\xd0\xd2\xf8\x59\x98' >&3
    sleep 1
    printf '\x88\x82\x19\xdb\x13\x62\x1a\x32' >&3
    # Ends when the server has closed the connection.
    cat <&3 > /dev/null
    exec 3>&-
}

capture tcpapp tcp_client
capture webapp web_client
capture ajaxapp ajax_client
capture sseapp sse_client
capture wsapp ws_client

cd "$captures"
editcap -F pcapng wsapp.pcap wsapp.pcapng
editcap -F nsecpcap wsapp.pcap wsapp-nanoseconds.pcap
editcap -F pcap -T rawip -C 14 -L wsapp.pcap wsapp-raw.pcap
editcap -F pcap -s 96 wsapp.pcap wsapp-cut.pcap
