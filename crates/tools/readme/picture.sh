#!/bin/sh
# Takes the picture of the page of captures, pcap/index.png, with Chromium: the first frame of wsapp's
# client, and which bit of it is FIN. Notes in pcap/index.sha256 which page it is of.
#
# usage: picture.sh
set -eu
cd "$(dirname "$0")/../../.."

for browser in chromium chromium-browser google-chrome ''; do
    if [ -z "$browser" ]; then
        echo "Chromium is missing; on Debian: sudo apt-get install chromium" >&2
        exit 1
    fi
    if command -v "$browser" >/dev/null; then break; fi
done

packet=$(cargo run -q -p payloads -- show --packets pcap/wsapp.pcap | sed -n 's/^C1 .* in packet //p')
# Its first byte comes after the headers of Ethernet, IPv4 and TCP.
byte=$((14 + 20 + 32))

profile=$(mktemp -d)
trap 'rm -r "$profile"' EXIT
# For root Chromium has no sandbox. It waits for the page by a clock of its own, which does not tick
# while the page is busy.
[ "$(id -u)" = 0 ] && set -- --no-sandbox
"$browser" --headless --disable-gpu --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --hide-scrollbars --virtual-time-budget=3000 \
    --user-data-dir="$profile" --window-size=1220,710 --force-device-scale-factor=0.9 --screenshot="$PWD/pcap/index.png" "$@" \
    "file://$PWD/pcap/index.html#wsapp/p$packet/b$byte" 2>/dev/null

cd pcap
# macOS has shasum instead.
if command -v sha256sum >/dev/null; then
    sha256sum index.html index.png >index.sha256
else
    shasum -a 256 index.html index.png >index.sha256
fi
echo 'pcap/index.png is taken anew'
