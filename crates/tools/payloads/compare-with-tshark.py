#!/usr/bin/env python3
"""Compares what payloads and tshark make of captures, field by field.

    compare-with-tshark.py PAYLOADS FILE...

PAYLOADS is the program. For each connection and side of each FILE it compares, in order,

- the heads of requests and responses: the first line's three parts and each field line;
- the content of each message, as it was sent and as it unpacks;
- WebSocket frames: FIN, RSV, opcode, mask and masking key, length, and the payload unmasked;
- WebSocket messages that were packed, as they unpack;
- all bytes that were sent, which the units of payloads are to hold, each of them once, in order.

Where tshark has it wrong, or cannot do it, EXCEPTIONS says so, one by one and why, and what is right.
An exception that is not needed is an error, as a difference is.

It needs nothing but Python 3.9 and tshark (4.0.17 is what the exceptions are of).
"""
import collections
import json
import pathlib
import subprocess
import sys

# Why something is not the same, and where: capture, number of the connection, side, and what. A
# number behind what says which of them, from 1; without it, it is about how many there are. With it
# stands what is right: a value, or another place where tshark has it.
CAPTURES = "crates/tools/payloads/tests/captures"
CODINGS = f"{CAPTURES}/foreign/curl-codings.pcap"
BR_AND_ZSTD = f"{CAPTURES}/foreign/curl-br-and-zstd.pcap"
DEFLATE = f"{CAPTURES}/foreign/node-ws-deflate.pcap"
WINDOWS = f"{CAPTURES}/foreign/node-ws-windows.pcap"
WEBSOCKETS = f"{CAPTURES}/foreign/python-websockets.pcap"
TUNNEL = f"{CAPTURES}/foreign/tunnel.pcap"
SSE = f"{CAPTURES}/foreign/nginx-sseapp.pcap"
EXCEPTIONS = {
    "tshark shows a response only once it is whole, and this one is not": {
        ("pcap/sseapp.pcap", 1, "server", "heads"): 2,
        ("pcap/sseapp.pcap", 1, "server", "content 2"): Ellipsis,
        (f"{CAPTURES}/sseapp.pcap", 1, "server", "heads"): 2,
        (f"{CAPTURES}/sseapp.pcap", 1, "server", "content 2"): Ellipsis,
        (SSE, 3, "server", "heads"): 1,
        # Behind nginx the same bytes are the whole of a response.
        (SSE, 3, "server", "content 1"): (SSE, 4, "server", "content 1"),
    },
    "tshark reads no frames behind a head that the capture cut": {
        (f"{CAPTURES}/wsapp-cut.pcap", 2, "client", "frames"): 4,
        (f"{CAPTURES}/wsapp-cut.pcap", 2, "server", "frames"): 4,
    },
    "tshark 4.0 does not unpack zstd": {
        (BR_AND_ZSTD, number, "server", "unpacked content 1"): (
            (BR_AND_ZSTD, 1, "server", "unpacked content 1")
        )
        for number in (2, 4)
    },
    "tshark does not unpack what was packed twice": {
        (file, number, "server", "unpacked content 1"): (file, 1, "server", "unpacked content 1")
        for file, number in [(BR_AND_ZSTD, 5), (CODINGS, 6)]
    },
    "tshark does not read what a proxy sends back through a tunnel, nor frames in it": {
        (TUNNEL, 1, "server", "heads"): 2,
        (TUNNEL, 1, "server", "content 2"): (TUNNEL, 2, "server", "content 1"),
        (TUNNEL, 3, "server", "heads"): 2,
        (TUNNEL, 3, "server", "frames"): 2,
        (TUNNEL, 3, "client", "frames"): 2,
    },
    "tshark knows a request only by its answer, or its port: here, the answer has no head": {
        (f"{CAPTURES}/foreign/curl-http-0.9.pcap", 1, "client", "heads"): 1,
    },
    "tshark knows no request without a version": {
        (f"{CAPTURES}/foreign/telnet-webapp.pcap", 2, "client", "heads"): 1,
    },
    "tshark 4.0 shows an empty packed message as the byte that it is packed in": {
        (file, 1, side, "unpacked message 5"): b""
        for file in (DEFLATE, WINDOWS)
        for side in ("client", "server")
    },
    "tshark 4.0 does not unpack a message that comes in several frames": {
        (DEFLATE, 1, "client", "unpacked message 8"): b"three fragments from the client",
        (DEFLATE, 1, "server", "unpacked message 6"): b"one of two",
        (WINDOWS, 1, "client", "unpacked message 8"): b"three fragments from the client",
        (WINDOWS, 1, "server", "unpacked message 6"): b"one of two",
        (WEBSOCKETS, 1, "client", "unpacked message 3"): b"a message in fragments",
    },
    "tshark 4.0 forgets the client's earlier messages where the server agreed to do without its own": {
        # The server sends each message back.
        (WINDOWS, 1, "client", f"unpacked message {number}"): (
            (WINDOWS, 1, "server", f"unpacked message {number}")
        )
        for number in (2, 4)
    },
}


def tshark(*arguments):
    command = ["tshark", "-n", *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout


class Side:
    """What one side of a connection sent."""

    def __init__(self):
        self.heads = []
        # By the number of its head: as it was sent, and as it unpacks.
        self.contents = {}
        self.unpacked = {}
        self.frames = []
        self.messages = []
        self.bytes = b""


def connection_key(one, other):
    return tuple(sorted([one, other]))


# --- tshark


class Layer(list):
    """A JSON object of tshark's, in which a name may stand several times."""

    def all(self, name):
        return [value for key, value in self if key == name]

    def first(self, name, default=None):
        return next(iter(self.all(name)), default)

    def deep(self, name):
        """The values of all that is called so, at any depth, in order."""
        found = []
        for key, value in self:
            if key == name:
                found.append(value)
            for part in value if isinstance(value, list) and not isinstance(value, Layer) else [value]:
                if isinstance(part, Layer):
                    found.extend(part.deep(name))
        return found


def raw(value):
    """The bytes of a field that is called NAME_raw: hexadecimal digits, place and length."""
    return bytes.fromhex(value[0])


def raws(values):
    """The same for several, which tshark puts into one list or into several fields."""
    found = []
    for value in values:
        found.extend(value if isinstance(value[0], list) else [value])
    return [raw(value) for value in found]


def by_tshark(file):
    """The sides by connection and address, as tshark has them."""
    layers = "ip ipv6 tcp http websocket data data-text-lines json"
    output = tshark("-r", file, "-Y", "http || websocket", "-T", "json", "-x", "-J", layers)
    connections = collections.defaultdict(lambda: collections.defaultdict(Side))
    for packet in json.loads(output or b"[]", object_pairs_hook=Layer):
        packet = packet.first("_source").first("layers")
        tcp = packet.first("tcp")
        source, _ = addresses(packet)
        side = connections[int(tcp.first("tcp.stream"))][source]
        for index, (name, layer) in enumerate(packet):
            if name == "http" and isinstance(layer, Layer):
                # The bytes of a head stand in the field before it.
                take_http(side, layer, packet[index - 1])
            elif name == "websocket" and isinstance(layer, Layer):
                take_frame(side, layer, packet[index + 1 :])
    fill_bytes(file, connections)
    return connections


def addresses(packet):
    ip = packet.first("ip")
    name = "ip"
    if ip is None:
        ip, name = packet.first("ipv6"), "ipv6"
    tcp = packet.first("tcp")
    return tuple(
        (ip.first(f"{name}.{end}"), int(tcp.first(f"tcp.{end}port"))) for end in ("src", "dst")
    )


def take_http(side, layer, before):
    request = raws(layer.deep("http.request.method_raw"))
    response = raws(layer.deep("http.response.version_raw"))
    if not request and not response:
        return
    kind = "request" if request else "response"
    if request:
        parts = [request, layer.deep("http.request.uri_raw"), layer.deep("http.request.version_raw")]
        parts = [request[0], *(raws(part)[0] if part else b"" for part in parts[1:])]
    else:
        code, phrase = layer.deep("http.response.code_raw"), layer.deep("http.response.phrase_raw")
        parts = [response[0], raws(code)[0], raws(phrase)[0] if phrase else b""]
    # Where the content is not unpacked, it stands there too.
    head, _, rest = raw(before[1]).partition(b"\r\n\r\n") if before[0] == "http_raw" else (b"", b"", b"")
    side.heads.append((kind, *parts, *head.split(b"\r\n")[1:]))
    number = len(side.heads) - 1
    chunks = raws(layer.deep("http.chunk_data_raw"))
    content = raws(layer.deep("http.file_data_raw"))
    packed = layer.deep("http.content_encoding_raw")
    if chunks:
        side.contents[number] = b"".join(chunks)
    elif content and not packed:
        side.contents[number] = content[0]
    elif rest and packed:
        side.contents[number] = rest
    if content and packed:
        side.unpacked[number] = content[0]


OPCODES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}


def take_frame(side, layer, after):
    number = lambda name: int(layer.first(name, "0"), 0)
    lengths = [layer.first(f"websocket.payload_length{of}") for of in ("_ext_64", "_ext_16", "")]
    length = next(int(length) for length in lengths if length is not None)
    key = raws(layer.all("websocket.masking_key_raw"))
    if key:
        masked = raws(layer.all("websocket.masked_payload_raw"))
        masked = masked[0] if masked else b""
        payload = bytes(byte ^ key[0][i % 4] for i, byte in enumerate(masked))
    else:
        payload = raws(layer.all("websocket.payload_raw"))
        payload = payload[0] if payload else b""
        # The last fragment's is the whole message.
        payload = payload[len(payload) - length :]
    opcode, fin, rsv = number("websocket.opcode"), number("websocket.fin"), number("websocket.rsv")
    side.frames.append((fin, rsv, opcode, key[0].hex() if key else None, length, payload))
    # A packed message is packed in its first frame (RFC 7692 section 6), and whole in its last.
    if opcode < 8:
        if opcode:
            side.is_packed = bool(rsv & 4)
        if fin and side.is_packed:
            unpacked = raws(layer.deep("websocket.payload.text_raw"))
            for name, value in after:
                if name == "websocket_raw":
                    break
                if name == "data" and isinstance(value, Layer):
                    unpacked = raws(value.all("data.data_raw"))
            side.messages.append(unpacked[0] if unpacked else b"")


def fill_bytes(file, connections):
    """Adds what each side sent, and connections without HTTP or WebSocket."""
    output = tshark("-r", file, "-T", "fields", "-e", "tcp.stream", "-Y", "tcp && !icmp && !icmpv6")
    for stream in sorted({int(line) for line in output.split()}):
        follow = tshark("-r", file, "-q", "-z", f"follow,tcp,raw,{stream}").decode().splitlines()
        nodes = [line.split(": ", 1)[1].rsplit(":", 1) for line in follow if line.startswith("Node ")]
        nodes = [(host, int(port)) for host, port in nodes]
        sides = connections[stream]
        for line in follow[follow.index(next(line for line in follow if "Node 1" in line)) + 1 : -1]:
            node = nodes[1] if line.startswith("\t") else nodes[0]
            sides[node].bytes += bytes.fromhex(line.strip())
        for node in nodes:
            sides[node].bytes += b""


# --- payloads


def bytes_of(thing):
    """The bytes of a thing that has `text`, or else `hex`."""
    return thing["text"].encode() if "text" in thing else bytes.fromhex(thing.get("hex", ""))


def address(text):
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


def by_payloads(program, file):
    """The sides by connection and address, as payloads has them."""
    output = subprocess.run(
        [program, "show", "--json", file], stdout=subprocess.PIPE, check=True
    ).stdout.decode()
    things = [json.loads(line) for line in output.splitlines()]
    ends = {}
    for thing in things:
        if thing["kind"] == "connection":
            ends[thing["connection"]] = {name: address(thing[name]) for name in ("client", "server")}
    connections = {number: {end: Side() for end in pair.values()} for number, pair in ends.items()}
    units = {}
    for thing in things:
        if "connection" not in thing or "side" not in thing:
            continue
        side = connections[thing["connection"]][ends[thing["connection"]][thing["side"]]]
        kind = thing["kind"]
        if "unit" in thing and kind not in ("recount",):
            take_unit(side, thing, units)
        elif kind == "message" and "unpacked" in thing:
            if any(units[number]["kind"] == "frame" for number in thing["units"]):
                side.messages.append(bytes_of(thing))
            else:
                side.unpacked[len(side.heads) - 1] = bytes_of(thing)
    for sides in connections.values():
        for side in sides.values():
            side.heads = [head_of(kind, text) for kind, text in side.heads]
            side.contents = {
                number: dechunked(content) if chunked else content
                for number, (chunked, content) in side.contents.items()
            }
            side.frames = [frame_of(frame) for frame in side.frames]
    return connections, ends


def take_unit(side, thing, units):
    data = bytes_of(thing)
    side.bytes += data
    kind = thing["kind"]
    goes_on = "continues" in thing
    units[thing["unit"]] = thing
    if kind in ("request", "response"):
        if goes_on:
            side.heads[-1] = (kind, side.heads[-1][1] + data)
        else:
            side.heads.append((kind, data))
    elif kind in ("content", "chunk"):
        number = len(side.heads) - 1
        before = side.contents.get(number, (None, b""))[1]
        side.contents[number] = (kind == "chunk", before + data)
    elif kind == "frame":
        if goes_on:
            side.frames[-1].append(thing)
        else:
            side.frames.append([thing])


def head_of(kind, text):
    lines = [line.rstrip(b"\r") for line in text.lstrip(b"\r\n").split(b"\n")]
    parts = lines[0].split(b" ", 2) + [b"", b""]
    return (kind, *parts[:3], *[line for line in lines[1:] if line])


def dechunked(data):
    """The content of chunks (RFC 9112 section 7.1), as far as they came."""
    content = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        size = int(size.split(b";")[0], 16)
        if size == 0:
            break
        content += data[:size]
        data = data[size + 2 :]
    return content


def frame_of(pieces):
    frame = pieces[0]
    header = bytes_of(frame)
    length = header[1] & 0x7F
    extended = {126: 2, 127: 8}.get(length, 0)
    if extended:
        length = int.from_bytes(header[2 : 2 + extended], "big")
    key = header[2 + extended : 6 + extended].hex() if frame["masked"] else None
    payload = b"".join(bytes_of(piece["payload"]) for piece in pieces if "payload" in piece)
    return (int(frame["fin"]), int(frame["rsv"]), int(frame["opcode"]), key, length, payload)


# --- both


class Comparison:
    def __init__(self):
        self.counts = collections.Counter()
        self.differences = 0
        # What tshark has, by its place, and the places of the exceptions that were needed.
        self.by_tshark = {}
        self.needed = set()
        self.by_reason = collections.Counter()

    def same(self, where, what, expected, actual):
        """Compares what tshark has with what payloads has, or where it has it wrong, what is right."""
        if expected == actual:
            return True
        place = (*where, what)
        for why, places in EXCEPTIONS.items():
            if place in places:
                self.needed.add(place)
                self.by_reason[why] += 1
                right = places[place]
                if isinstance(right, tuple):
                    right = self.by_tshark[right]
                if right in (actual, Ellipsis):
                    return False
                expected = right
        self.differences += 1
        print(f"DIFFERS: {', '.join(map(str, where))}: {what}")
        print(f"  expected: {shorten(expected)}")
        print(f"  payloads: {shorten(actual)}")
        return False

    def learn(self, where, side):
        """Keeps what tshark has of a side, for the exceptions that refer to it."""
        for what, number, value in [
            *(("content", number + 1, value) for number, value in side.contents.items()),
            *(("unpacked content", number + 1, value) for number, value in side.unpacked.items()),
            *(("unpacked message", number, value) for number, value in enumerate(side.messages, 1)),
        ]:
            self.by_tshark[(*where, f"{what} {number}")] = value

    def side(self, where, tshark, payloads):
        for head in self.listed(where, "head", tshark.heads, payloads.heads):
            self.counts[f"{head[0]}s"] += 1
            self.counts["field lines"] += len(head) - 4
        for what, name in (("content", "contents"), ("unpacked content", "unpacked")):
            one, other = getattr(tshark, name), getattr(payloads, name)
            for number in sorted(one.keys() | other.keys()):
                if what == "content" and number in tshark.unpacked and number not in one:
                    # Of packed content with a length tshark has no bytes as they were sent.
                    continue
                # payloads has no unit for no content.
                expected, actual = one.get(number, b""), other.get(number, b"")
                if self.same(where, f"{what} {number + 1}", expected, actual):
                    self.counts[f"{what}s"] += 1
        self.counts["frames"] += len(self.listed(where, "frame", tshark.frames, payloads.frames))
        messages = self.listed(where, "unpacked message", tshark.messages, payloads.messages)
        self.counts["unpacked messages"] += len(messages)
        if self.same(where, "bytes", tshark.bytes, payloads.bytes):
            self.counts["bytes"] += len(tshark.bytes)

    def listed(self, where, what, tshark, payloads):
        """The things that are the same in two lists of as many."""
        self.same(where, f"{what}s", len(tshark), len(payloads))
        pairs = enumerate(zip(tshark, payloads), 1)
        return [
            one for number, (one, other) in pairs if self.same(where, f"{what} {number}", one, other)
        ]


def shorten(value):
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}... ({len(value)})"


def main():
    program, *files = sys.argv[1:]
    comparison = Comparison()
    for file in files:
        name = str(pathlib.Path(file))
        expected = by_tshark(file)
        actual, ends = by_payloads(program, file)
        comparison.counts["captures"] += 1
        # Connections between the same ends follow each other in the same order in both.
        waiting = collections.defaultdict(list)
        for number, pair in sorted(ends.items()):
            waiting[connection_key(*pair.values())].append(number)
        for stream, sides in expected.items():
            for end, side in sides.items():
                roles = [role for pair in ends.values() for role, address in pair.items() if address == end]
                comparison.learn((name, stream + 1, *roles[:1]), side)
        for stream, sides in sorted(expected.items()):
            numbers = waiting[connection_key(*sides)]
            where = (name, stream + 1, "both sides")
            if not comparison.same(where, "connection", True, bool(numbers)):
                continue
            number = numbers.pop(0)
            comparison.counts["connections"] += 1
            for end in sides:
                role = next(role for role, address in ends[number].items() if address == end)
                comparison.side((name, stream + 1, role), sides[end], actual[number][end])
        left = sum(map(len, waiting.values()))
        comparison.same((name, 0, "both sides"), "further connections", 0, left)
    counts = comparison.counts
    names = [
        "captures", "connections", "requests", "responses", "field lines", "contents",
        "unpacked contents", "frames", "unpacked messages", "bytes",
    ]  # fmt: skip
    print("the same in tshark: " + ", ".join(f"{counts[name]:,} {name}" for name in names))
    compared = {str(pathlib.Path(file)) for file in files}
    places = {place for places in EXCEPTIONS.values() for place in places if place[0] in compared}
    for why, count in comparison.by_reason.items():
        print(f"{count} as it is right, not as in tshark: {why}")
    for place in sorted(places - comparison.needed):
        print(f"NO EXCEPTION IS NEEDED: {', '.join(map(str, place))}")
    print(f"{len(comparison.needed)} exceptions, {comparison.differences} differences")
    sys.exit(1 if comparison.differences or places - comparison.needed else 0)


main()
