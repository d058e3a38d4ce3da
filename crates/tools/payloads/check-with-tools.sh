#!/usr/bin/env bash
# Checks payloads against tshark, and against what other tools make of the same captures. Run it
# from the top of the repository:
#
#     crates/tools/payloads/check-with-tools.sh FILE...
#
# It needs tshark, editcap, mergecap, reordercap and text2pcap (Debian: tshark), tcpdump and python3.
#
# 1. The overall figures of each FILE are, to the byte, what tshark's fields frame.len, tcp.hdr_len
#    and tcp.len add up to.
# 2. The conversations of each FILE stay the same when tools write the file in other formats, with
#    other link-layer headers, with all packets twice, or out of order; and when packets are cut,
#    no byte gets lost in the sums.
# 3. Requests, responses, their content, WebSocket frames and messages of each FILE, and what is packed
#    of them, are as tshark has them, field by field: see compare-with-tshark.py.
#
# It ends with exit status 1 if something differs, if a tool is missing, or if there is no FILE.
set -euo pipefail
export LC_ALL=C

if [ $# -eq 0 ]; then
    echo "no capture to check: name the files" >&2
    exit 1
fi
for tool in tshark editcap mergecap reordercap text2pcap tcpdump python3; do
    if ! command -v "$tool" > /dev/null; then
        echo "$tool is missing: sudo apt-get install tshark tcpdump python3" >&2
        exit 1
    fi
done
cargo build --quiet -p payloads
payloads=${CARGO_TARGET_DIR:-target}/debug/payloads
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
checks=0
failed=0

# same WHAT EXPECTED ACTUAL: compares two texts.
same() {
    checks=$((checks + 1))
    if [ -z "$2" ] || [ "$2" != "$3" ]; then
        failed=$((failed + 1))
        echo "DIFFERS: $1"
        diff <(echo "$2") <(echo "$3") | head -6 || true
    fi
}

# Packets, packets with data, and the bytes of frames, TCP headers and TCP payloads, as tshark has
# them. The TCP headers inside of ICMP messages are not of packets. What was recorded again on another
# interface, by `-i any`, does not count.
by_tshark() {
    tshark -n -o ip.defragment:FALSE -o ipv6.defragment:FALSE -r "$1" \
        -Y 'tcp && !icmp && !icmpv6' -T fields -E separator=, -E occurrence=f -e frame.len -e tcp.hdr_len \
        -e tcp.len -e sll.ifindex -e ip.src -e ip.id -e tcp.seq_raw -e tcp.ack_raw -e tcp.flags 2> /dev/null |
        awk -F , '{
                packet = $3 FS $5 FS $6 FS $7 FS $8 FS $9
                if (packet in interface && interface[packet] != $4) next
                interface[packet] = $4
                packets++; apps += $3 > 0; frames += $1; headers += $2; bytes += $3
            }
            END { print packets + 0, apps + 0, frames + 0, headers + 0, bytes + 0 }'
}

# The same, as payloads has them.
by_payloads() {
    "$payloads" stats --json "$1" 2> /dev/null | tr -d ' ,"' | awk -F : '
        $1 == "overall" { inside = 1 }
        $1 == "}" { inside = 0 }
        inside { value[$1] = $2 }
        END { print value["total_packets"], value["app_packets"], value["frame_bytes"],
            value["tcp_bytes"], value["app_bytes"] }'
}

show() {
    "$payloads" show "$@" 2> /dev/null
}

# Leaves the times out of what show prints.
without_times() {
    sed -E '/^    /! s/  -?[0-9]+\.[0-9]{6} s  /  /'
}

# Leaves out what is said of bytes and packets that were sent again, the sums, and empty lines between
# messages.
without_repeats() {
    grep -v -E ' sent again| again \(SYN|^[0-9]+ connections?, [0-9]+ packets|^$' || true
}

# All application bytes that the sums at the end account for.
accounted() {
    show "$1" | sed -n -E 's/^([0-9]+) shown, ([0-9]+) sent again, ([0-9]+) cut off .*/\1+\2+\3/p' |
        tail -1 | { IFS=+ read -r shown again cut && echo $((shown + again + cut)); }
}

check() {
    local file=$1 made=$folder/made original
    original=$(show "$file")
    same "$file: figures by tshark and by payloads" "$(by_tshark "$file")" "$(by_payloads "$file")"

    for format in pcap pcapng nsecpcap modpcap; do
        editcap -F $format "$file" "$made" 2> /dev/null
        same "$file: as $format, by editcap" "$original" "$(show "$made")"
    done
    tcpdump --nano -r "$file" -w "$made" 2> /dev/null
    same "$file: with nanoseconds, by tcpdump" "$original" "$(show "$made")"
    same "$file: through a pipe" "$original" "$(tcpdump -r "$file" -U -w - 2> /dev/null | show -)"

    # Each packet twice: the second one is sent again, and says nothing new.
    mergecap -F pcap -w "$made" "$file" "$file"
    same "$file: each packet twice, by mergecap" \
        "$(without_repeats <<< "$original")" "$(show "$made" | without_repeats)"

    # Cut packets: the figures stay, and the sums account for what is cut.
    editcap -F pcap -s 80 "$file" "$made"
    same "$file: cut to 80 bytes, by editcap" "$(by_payloads "$file")" "$(by_payloads "$made")"
    same "$file: sums when cut to 80 bytes" "$(by_payloads "$made" | cut -d ' ' -f 5)" \
        "$(accounted "$made")"

    # The first half after the second, and then in order again.
    local packets half
    packets=$(tshark -n -r "$file" 2> /dev/null | wc -l)
    half=$((packets / 2))
    editcap -r -F pcap "$file" "$folder/first" "1-$half"
    editcap -r -F pcap "$file" "$folder/second" "$((half + 1))-$packets"
    mergecap -a -F pcap -w "$folder/shuffled" "$folder/second" "$folder/first"
    reordercap "$folder/shuffled" "$made" > /dev/null
    same "$file: out of order and back, by reordercap" "$original" "$(show "$made")"
    same "$file: sums when out of order" "$(by_payloads "$file" | cut -d ' ' -f 5)" \
        "$(accounted "$folder/shuffled")"

    # Other headers before the IP packet, where there is an Ethernet header to be taken off.
    if tcpdump -r "$file" -c 1 2>&1 | grep -q EN10MB; then
        editcap -F pcap -T rawip -C 14 -L "$file" "$folder/raw"
        same "$file: as raw IP, by editcap" "$original" "$(show "$folder/raw")"
        for link in 0:02000000 0:00000002 108:00000002; do
            tshark -n -r "$folder/raw" -x 2> /dev/null |
                awk -v family="${link#*:}" '
                    function print_packet() {
                        if (bytes) print "000000 " family bytes
                        bytes = ""
                    }
                    BEGIN { gsub(/../, "& ", family) }
                    /^[0-9a-f]+  / { bytes = bytes " " substr($0, 7, 47) }
                    /^$/ { print_packet() }
                    END { print_packet() }' |
                text2pcap -q -F pcap -l "${link%:*}" - "$made" 2> /dev/null
            same "$file: as link type $link, by text2pcap" "$(without_times <<< "$original")" \
                "$(show "$made" | without_times)"
        done
    fi
}

for file in "$@"; do
    if [ -f "$file" ]; then
        check "$file"
    else
        failed=$((failed + 1))
        echo "there is no capture $file"
    fi
done
echo "$checks checks of $# captures, $failed failed"
python3 "$(dirname "$0")/compare-with-tshark.py" "$payloads" "$@" || failed=$((failed + 1))
[ "$failed" = 0 ]
