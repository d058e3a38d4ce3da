#!/bin/sh
# Makes two hosts of this machine, a client and a server, joined by an Ethernet cable, and runs a
# command on the client. Only Linux can do so; an ordinary user may.
#
# usage: two-hosts.sh COMMAND [ARGUMENT ...]
#
#   client  eth0  192.0.2.1  02:00:00:00:00:01
#   server  eth0  192.0.2.2  02:00:00:00:00:02
#
# A host is a network namespace (network_namespaces(7)), and the cable a pair of virtual interfaces
# (veth(4)). The addresses are of those set aside for documentation (RFC 5737) and for local use
# (IEEE 802, section 8.4). The command finds the server as /proc/self/fd/9: what
# `nsenter --net=/proc/self/fd/9` starts runs there. With its last process all of it is gone.
set -eu
# Where the tools are, which an ordinary user's own path may leave out.
PATH=$PATH:/usr/sbin:/sbin

if [ "$(id -u)" = 0 ]; then
    # For root tcpdump gives its rights up and becomes the user tcpdump, who does not exist in a
    # namespace with a single user.
    flags=-n
else
    # The user keeps their own name, and gets the rights of root over the new networks alone.
    flags='-cn --keep-caps'
fi

# - No IPv6 addresses, which come up late, and no start before the cable is known to be plugged in: a
#   browser gives up its connections when its network changes.
# - Network cards compute checksums and cut data into segments. Here the kernel does both, before the
#   packets are recorded, so that they are what a cable would carry.
client='
set -e
connect() {
    $1 ip link set lo up
    $1 ip address add "$2" dev eth0
    $1 ip link set eth0 addrgenmode none up
    $1 ethtool -K eth0 tx off tso off gso off gro off >/dev/null
}
wait_for_cable() {
    tries=0
    until $1 ip link show eth0 | grep -q "state UP"; do
        tries=$((tries + 1))
        if [ $tries = 100 ]; then
            echo "eth0 does not come up" >&2
            exit 1
        fi
        sleep 0.05
    done
}
server=/proc/self/fd/9
ip link add eth0 address 02:00:00:00:00:01 type veth \
    peer name eth0 address 02:00:00:00:00:02 netns $server
connect "nsenter --net=$server" 192.0.2.2/24
connect "" 192.0.2.1/24
wait_for_cable "nsenter --net=$server"
wait_for_cable ""
exec "$@"
'
# shellcheck disable=SC2086,SC2016 # the flags are words, and the inner shell expands its arguments
exec unshare $flags sh -c '
exec 9</proc/self/ns/net
exec unshare -n sh -c "$@"
' sh "$client" two-hosts "$@"
