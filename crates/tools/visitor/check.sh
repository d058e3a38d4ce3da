#!/bin/sh
# Says in one line what stands in the way of a recipe that records an app, before anything is built
# or started, and what to type instead.
#
# usage: check.sh RECIPE [APP] [ARGUMENT ...], as they stand after `just`
set -eu
# Where some tools are, which an ordinary user's own path may leave out.
PATH=$PATH:/usr/sbin:/sbin

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

recipe=$1
app=${2-}
typed="just $*"
case $app in
tcpapp | webapp | ajaxapp | sseapp | wsapp) ;;
*) fail "there is no app '$app': choose one of tcpapp, webapp, ajaxapp, sseapp, wsapp" ;;
esac

case ${3-} in
'' | --*) ;;
*[!0-9]*) fail "the gap is a whole number of seconds from 1 to 3600, not '$3'" ;;
esac

if [ "$(id -u)" = 0 ]; then here=--here; else here=--sudo; fi

# Where to record: between two hosts made for it, unless an option names this machine's own network.
network=private
for word; do
    case $word in
    --here | --sudo) network=${word#--} ;;
    esac
done
if [ $network = private ] && [ "$(uname -s)" != Linux ]; then
    fail "only Linux has network namespaces; to record on the loopback interface: $typed $here"
fi

# Programs, each with the package that brings it.
needed='tcpdump:tcpdump'
case $network in
private) needed="$needed unshare:util-linux nsenter:util-linux ip:iproute2 ethtool:ethtool" ;;
sudo) needed="$needed sudo:sudo" ;;
esac
systems='Debian and Ubuntu'
case $recipe:$app in
capture:tcpapp) needed="$needed nc:netcat-openbsd" ;;
capture:*)
    needed="$needed chromedriver:chromium-driver"
    # Ubuntu has no such package: there Chromium is a snap.
    command -v chromedriver >/dev/null || systems=Debian
    ;;
esac
programs=
packages=
for tool in $needed; do
    if ! command -v "${tool%:*}" >/dev/null; then
        programs="$programs, ${tool%:*}"
        case "$packages " in
        *" ${tool#*:} "*) ;;
        *) packages="$packages ${tool#*:}" ;;
        esac
    fi
done
if [ -n "$programs" ]; then
    fail "not installed: ${programs#, }; on $systems: sudo apt-get install$packages"
fi

if [ $network = private ] && ! why=$("${0%/*}/two-hosts.sh" true 2>&1); then
    why=$(printf '%s\n' "$why" | head -n 1)
    fail "no network of two hosts can be made here (${why:-for no reason given});" \
        "to record on the loopback interface: $typed $here"
fi
