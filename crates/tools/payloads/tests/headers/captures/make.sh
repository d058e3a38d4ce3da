#!/usr/bin/env bash
# Makes the captures beside this script: what Linux sends between two hosts, each a network namespace,
# by way of options that few programs use. Run it from the top of the repository, as root; it needs
# bash, ip, ethtool, tcpdump and python3:
#
#     unshare -n crates/tools/payloads/tests/headers/captures/make.sh
set -eu
captures=$(realpath "$(dirname "$0")")
folder=$(mktemp -d)
trap 'kill $peer; rm -r "$folder"' EXIT
ip link set lo up
unshare -n sleep infinity &
peer=$!
until [ "$(readlink "/proc/$peer/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
client() { nsenter -t "$peer" -n "$@"; }
both() { "$@" && client "$@"; }

ip link add eth0 address 02:00:00:00:00:02 type veth peer name eth0 address 02:00:00:00:00:01 netns "$peer"
both ip link set eth0 up
client ip link set lo up
ip addr add 192.0.2.2/24 dev eth0
client ip addr add 192.0.2.1/24 dev eth0
ip addr add 2001:db8::2/64 dev eth0 nodad
client ip addr add 2001:db8::1/64 dev eth0 nodad
ip link add vxlan0 address 02:00:00:00:01:02 type vxlan id 42 remote 192.0.2.1 dstport 4789 dev eth0
client ip link add vxlan0 address 02:00:00:00:01:01 type vxlan id 42 remote 192.0.2.2 dstport 4789 dev eth0
both ip link set vxlan0 up
ip addr add 198.51.100.2/24 dev vxlan0
client ip addr add 198.51.100.1/24 dev vxlan0
# What the kernel sends by itself at first is of no interest.
sleep 3

cat > "$folder/talk.py" << 'PYTHON'
"""talk.py server|client ADDRESS KIND: a line each way, and SIZE bytes where there is a size."""
import socket
import struct
import sys

role, address, kind = sys.argv[1:4]
size = int(sys.argv[4]) if len(sys.argv) > 4 else 0
family = socket.AF_INET6 if ":" in address else socket.AF_INET
protocol = 262 if kind == "multipath" else 0
sock = socket.socket(family, socket.SOCK_STREAM, protocol)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if kind == "service":
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0xB8)
    # Record route, with room for three addresses, and a router alert.
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([1, 7, 15, 4]) + bytes(12))
if kind == "extensions":
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, 0x28)
    # Options that only pad, and one that is unknown and may be passed over.
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_HOPOPTS, bytes([0, 0, 1, 4, 0, 0, 0, 0]))
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, bytes([0, 0, 0x1E, 2, 9, 9, 0, 0]))
if kind == "md5":
    peer = "192.0.2.1" if role == "server" else "192.0.2.2"
    key = struct.pack("=HH4s120xHH4x80s", socket.AF_INET, 0, socket.inet_aton(peer), 0, 3, b"key")
    sock.setsockopt(socket.IPPROTO_TCP, 14, key)
if kind == "timeout":
    sock.setsockopt(socket.IPPROTO_TCP, 18, 90_000)
if role == "server":
    if kind == "fast-open":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
    sock.bind((address, 8000))
    sock.listen()
    print("ready", flush=True)
    for _ in range(2 if kind == "fast-open" else 1):
        connection, _ = sock.accept()
        received = b""
        while not received.endswith(b"\n"):
            received += connection.recv(65536)
        connection.sendall(b"09:31:45\n")
        connection.recv(1)
        connection.close()
elif kind == "fast-open":
    # The first connection asks for a cookie, and the second one sends it with its data.
    sock.sendto(b"time\n", socket.MSG_FASTOPEN, (address, 8000))
    sock.recv(100)
    sock.close()
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.sendto(b"time\n", socket.MSG_FASTOPEN, (address, 8000))
    sock.recv(100)
    sock.close()
else:
    sock.connect((address, 8000))
    sock.sendall(b"x" * size + b"time\n")
    sock.recv(100)
    sock.close()
PYTHON

cat > "$folder/datagram.py" << 'PYTHON'
"""datagram.py ADDRESS PORT SIZE: sends a datagram."""
import socket
import sys

address, port, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
socket.socket(family, socket.SOCK_DGRAM).sendto(bytes(size), (address, port))
PYTHON

cat > "$folder/ping.py" << 'PYTHON'
"""ping.py ADDRESS: asks for an echo."""
import socket
import struct
import sys

address = sys.argv[1]
if ":" in address:
    # The kernel fills in the checksum.
    sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    message = struct.pack(">BBHHH", 128, 0, 0, 1, 1)
else:
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    message = struct.pack(">BBHHH", 8, 0, 0xFFFF - 0x0802, 1, 1)
sock.sendto(message, (address, 0))
PYTHON

# dump NAME INTERFACE OPTION...: begins to capture into NAME.pcap.
dump() {
    local file=$captures/$1.pcap interface=$2
    shift 2
    tcpdump -Z root -i "$interface" "$@" --immediate-mode -U -w "$file" 2> /dev/null &
    dumps="$dumps $!"
    until [ -s "$file" ]; do sleep 0.1; done
}

# finish: ends all captures.
finish() {
    sleep 0.5
    # shellcheck disable=SC2086 # They are several.
    kill -INT $dumps
    # shellcheck disable=SC2086
    wait $dumps || true
    dumps=
}

# talk ADDRESS KIND [SIZE]: a line each way.
talk() {
    rm -f "$folder/ready"
    python3 "$folder/talk.py" server "$@" > "$folder/ready" &
    local server=$!
    until [ -s "$folder/ready" ]; do sleep 0.1; done
    client python3 "$folder/talk.py" client "$@"
    wait "$server"
}

dumps=
# As a network card does it that computes checksums and cuts data into segments.
dump offload eth0 tcp
talk 192.0.2.2 plain 5000
finish
dump offload-ipv6 eth0 tcp
talk 2001:db8::2 plain 5000
finish

both ethtool -K eth0 tx off tso off gso off gro off > /dev/null
client ip neigh flush all
dump ipv4 eth0
talk 192.0.2.2 plain
finish
client ip neigh flush all
dump ipv6 eth0
talk 2001:db8::2 plain
finish
dump ping eth0
client python3 "$folder/ping.py" 192.0.2.2
client python3 "$folder/ping.py" 2001:db8::2
client python3 "$folder/datagram.py" 192.0.2.2 9 5
client python3 "$folder/datagram.py" 2001:db8::2 9 5
finish
dump fragments eth0 -s 200
client python3 "$folder/datagram.py" 192.0.2.2 9 4000
client python3 "$folder/datagram.py" 2001:db8::2 9 4000
finish
dump ip-options eth0 tcp
talk 192.0.2.2 service
finish
dump ipv6-extensions eth0
talk 2001:db8::2 extensions
finish
dump fast-open eth0 tcp
both sysctl -q net.ipv4.tcp_fastopen=3
talk 192.0.2.2 fast-open
finish
dump multipath eth0 tcp
talk 192.0.2.2 multipath
finish
dump md5 eth0 tcp
talk 192.0.2.2 md5
finish
both sysctl -q net.ipv4.tcp_ecn=1
dump ecn eth0 tcp
talk 192.0.2.2 plain
finish
both sysctl -q net.ipv4.tcp_ecn=2
both sysctl -q net.ipv4.tcp_timestamps=0 net.ipv4.tcp_window_scaling=0 net.ipv4.tcp_sack=0
dump no-options eth0 tcp
talk 192.0.2.2 plain
finish
both sysctl -q net.ipv4.tcp_timestamps=1 net.ipv4.tcp_window_scaling=1 net.ipv4.tcp_sack=1

# A virtual network over UDP: seen within and without at once on any interface.
client ip neigh flush all
dump vxlan eth0
dump vxlan-any any -y LINUX_SLL
dump vxlan-any2 any -y LINUX_SLL2
talk 198.51.100.2 plain
finish
# Frames too long for the network below it are cut into fragments.
both ip link set eth0 mtu 1300
both ethtool -K vxlan0 tx off tso off gso off gro off > /dev/null
dump vxlan-fragments eth0
talk 198.51.100.2 plain 4000
finish
