#!/bin/sh
# Prints each capture as text, for readers without the tools: FILE.txt beside FILE.pcap, with the
# packets as tcpdump and tshark print them, each dump under the command that made it.
#
# usage: parse.sh [FILE.pcap ...], pcap/*.pcap if left out
set -eu

missing=
for program in tcpdump tshark; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
if [ -n "$missing" ]; then
    echo "not installed:$missing; on Debian and Ubuntu: sudo apt-get install$missing" >&2
    exit 1
fi
[ $# -gt 0 ] || set -- pcap/*.pcap
if [ ! -e "$1" ]; then
    echo "there is no $1: make one with: just capture-all" >&2
    exit 1
fi

# The same text for everyone: no names looked up, one time zone, nobody's own settings.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export TZ=UTC LC_ALL=C.UTF-8 WIRESHARK_CONFIG_DIR="$scratch"

# Prints a command and what it prints. What it says on standard error is of interest only when it
# fails: otherwise that is which file it reads, and that root runs it.
show() {
    printf '$ TZ=UTC %s\n' "$*"
    if ! "$@" 2>"$scratch/errors"; then
        cat "$scratch/errors" >&2
        exit 1
    fi
    echo
}

for capture; do
    text=${capture%.pcap}.txt
    (
        cd "$(dirname "$capture")"
        name=$(basename "$capture")
        # The list of packets; their payloads as ASCII; their bytes as hex and ASCII.
        show tcpdump -nn -r "$name"
        show tcpdump -nn -A -r "$name"
        show tcpdump -nn -X -r "$name"
        show tshark -n -r "$name"
        show tshark -n -x -r "$name"
    ) >"$scratch/text"
    cp "$scratch/text" "$text"
    echo "wrote $text"
done
