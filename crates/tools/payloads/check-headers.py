#!/usr/bin/env python3
"""Compares what payloads says of headers with what tshark says, field by field.

Run it from the top of the repository, with captures of your own or none:

    crates/tools/payloads/check-headers.py [-v] [FILE...]

With -v it says how often each field was compared.

Besides these it takes the captures of real hosts in tests/headers/captures, one packet of each kind
from tests/inputs/headers, TCP options that it makes itself, and all of them cut to several lengths.

It needs tshark and editcap (Debian: tshark), and Python's own library. It ends with exit status 1 if a
value differs for a reason that is not listed in EXPLAINED, or if the fields of a packet do not add up
to its captured bits.
"""

import collections
import glob
import ipaddress
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.environ.get("CARGO_TARGET_DIR", "target")


def first(value):
    """The value itself, without what is said of it."""
    return value.split(" ")[0]


def number(value):
    """A number, however it is written, if there is one."""
    if value == "not used":
        return None
    return str(int(first(value), 0))


def flag(value):
    return {"set": "1", "not set": "0"}[value]


def length(value):
    """The bytes of "5 × 4 = 20 bytes", "500 bytes", or "3 × 8 = byte 24"."""
    return re.findall(r"\d+", value.split("=")[-1].split(",")[0])[0]


def status(value):
    """A checksum's status by tshark's numbers: 0 is wrong, 1 right, 2 not known, 3 not there."""
    for words, number in (("(right)", "1"), ("(wrong", "0"), ("(none)", "3")):
        if words in value:
            return number
    return "2"


def calculated(value):
    """What a checksum should be, where it could be checked."""
    if "(right)" in value:
        return number(value)
    return str(int(value.split("wrong: ")[1].split(" ")[0], 16)) if "(wrong: " in value else None


def relative(value):
    """A sequence number counted from the SYN, if that is known."""
    return first(value) if "on the wire" in value else None


def raw(value):
    return value.split("on the wire ")[1].rstrip(")") if "on the wire" in value else first(value)


def window(value):
    """The window in bytes, if its scale is known."""
    return None if "units" in value else length(value)


def unit(value):
    """The units of "3 × 8 = byte 24"."""
    return first(value)


def linux_type(value):
    """An EtherType, but not a number that Linux has in its place."""
    return number(value) if int(first(value), 16) >= 0x600 else None


# Each of our terms with tshark's field, or two that share its values, and what makes ours comparable.
FIELDS = [
    ("ethernet.destination", "eth.dst", first),
    ("ethernet.source", "eth.src", first),
    ("ethernet.type", "eth.type", number),
    ("vlan.priority", "ieee8021ad.priority vlan.priority", number),
    ("vlan.drop-eligible", "ieee8021ad.dei vlan.dei", flag),
    ("vlan.id", "ieee8021ad.id vlan.id", number),
    ("vlan.type", "vlan.etype", number),
    ("llc.destination", "llc.dsap.sap", lambda value: str(int(first(value), 16) >> 1)),
    ("llc.group", "llc.dsap.ig", flag),
    ("llc.source", "llc.ssap.sap", lambda value: str(int(first(value), 16) >> 1)),
    ("llc.response", "llc.ssap.cr", flag),
    ("snap.organization", "llc.oui", number),
    ("pppoe.version", "pppoe.version", number),
    ("pppoe.type", "pppoe.type", number),
    ("pppoe.code", "pppoe.code", number),
    ("pppoe.session", "pppoe.session_id", number),
    ("pppoe.length", "pppoe.payload_length", number),
    ("ppp.protocol", "ppp.protocol", number),
    ("mpls.label", "mpls.label", number),
    ("mpls.class", "mpls.exp", number),
    ("mpls.bottom", "mpls.bottom", flag),
    ("mpls.ttl", "mpls.ttl", number),
    ("pseudowire.sequence", "pweth.cw.sequence_number", number),
    ("loopback.family", "null.family", lambda value: number(value.split(",")[0])),
    ("cooked.packet-type", "sll.pkttype", number),
    ("cooked.hardware", "sll.hatype", number),
    ("cooked.address-length", "sll.halen", number),
    ("cooked.protocol", "sll.etype", linux_type),
    ("cooked.interface", "sll.ifindex", number),
    ("arp.hardware", "arp.hw.type", number),
    ("arp.protocol", "arp.proto.type", number),
    ("arp.hardware-length", "arp.hw.size", number),
    ("arp.protocol-length", "arp.proto.size", number),
    ("arp.operation", "arp.opcode", number),
    ("arp.sender-hardware", "arp.src.hw_mac", str),
    ("arp.sender-protocol", "arp.src.proto_ipv4", str),
    ("arp.target-hardware", "arp.dst.hw_mac", str),
    ("arp.target-protocol", "arp.dst.proto_ipv4", str),
    ("icmp.type", "icmp.type", number),
    ("icmp.code", "icmp.code", number),
    ("icmp.checksum", "icmp.checksum", number),
    ("icmp.checksum", "icmp.checksum.status", status),
    ("icmpv6.type", "icmpv6.type", number),
    ("icmpv6.code", "icmpv6.code", number),
    ("icmpv6.checksum", "icmpv6.checksum", number),
    ("icmpv6.checksum", "icmpv6.checksum.status", status),
    ("ipv4.header-length", "ip.hdr_len", length),
    ("ipv4.dscp", "ip.dsfield.dscp", number),
    ("ipv4.ecn", "ip.dsfield.ecn", number),
    ("ipv4.total-length", "ip.len", length),
    ("ipv4.identification", "ip.id", number),
    ("ipv4.reserved", "ip.flags.rb", flag),
    ("ipv4.dont-fragment", "ip.flags.df", flag),
    ("ipv4.more-fragments", "ip.flags.mf", flag),
    ("ipv4.fragment-offset", "ip.frag_offset", unit),
    ("ipv4.ttl", "ip.ttl", number),
    ("ipv4.protocol", "ip.proto", number),
    ("ipv4.checksum", "ip.checksum", number),
    ("ipv4.checksum", "ip.checksum.status", status),
    ("ipv4.checksum", "ip.checksum_calculated", calculated),
    ("ipv4.source", "ip.src", str),
    ("ipv4.destination", "ip.dst", str),
    ("ipv4.option.copied", "ip.opt.type.copy", flag),
    ("ipv4.option.class", "ip.opt.type.class", number),
    ("ipv4.option.number", "ip.opt.type.number", number),
    ("ipv4.option.length", "ip.opt.len", number),
    ("ipv6.dscp", "ipv6.tclass.dscp", number),
    ("ipv6.ecn", "ipv6.tclass.ecn", number),
    ("ipv6.flow-label", "ipv6.flow", number),
    ("ipv6.payload-length", "ipv6.plen", length),
    ("ipv6.next-header", "ipv6.nxt", number),
    ("ipv6.hop-limit", "ipv6.hlim", number),
    ("ipv6.source", "ipv6.src", str),
    ("ipv6.destination", "ipv6.dst", str),
    ("ipv6.option.action", "ipv6.opt.type.action", number),
    ("ipv6.option.change", "ipv6.opt.type.change", flag),
    ("ipv6.option.type", "ipv6.opt.type.rest", number),
    ("ipv6.option.length", "ipv6.opt.length", number),
    ("ipv6.routing.type", "ipv6.routing.type", number),
    ("ipv6.routing.segments-left", "ipv6.routing.segleft", number),
    ("ipv6.fragment.offset", "ipv6.fraghdr.offset", unit),
    ("ipv6.fragment.more", "ipv6.fraghdr.more", flag),
    ("ipv6.fragment.identification", "ipv6.fraghdr.ident", number),
    ("authentication.next-header", "ah.next_header", number),
    ("authentication.spi", "ah.spi", number),
    ("authentication.sequence", "ah.sequence", number),
    ("gre.checksum-present", "gre.flags.checksum", flag),
    ("gre.routing-present", "gre.flags.routing", flag),
    ("gre.key-present", "gre.flags.key", flag),
    ("gre.sequence-present", "gre.flags.sequence_number", flag),
    ("gre.strict-source-route", "gre.flags.strict_source_route", flag),
    ("gre.recursion", "gre.flags.recursion_control", number),
    ("gre.version", "gre.flags.version", number),
    ("gre.protocol", "gre.proto", number),
    ("gre.checksum", "gre.checksum", number),
    ("gre.checksum", "gre.checksum.status", status),
    ("gre.key", "gre.key", number),
    ("gre.length", "gre.key.payload_length", number),
    ("gre.call", "gre.key.call_id", number),
    ("gre.sequence", "gre.sequence_number", number),
    ("gre.acknowledgment", "gre.ack_number", number),
    ("erspan.vlan", "erspan.vlan", number),
    ("erspan.session", "erspan.spanid", number),
    ("erspan.index", "erspan.index", number),
    ("etherip.version", "etherip.ver", number),
    ("udp.source-port", "udp.srcport", number),
    ("udp.destination-port", "udp.dstport", number),
    ("udp.length", "udp.length", number),
    ("udp.checksum", "udp.checksum", number),
    ("udp.checksum", "udp.checksum.status", status),
    ("udp.checksum", "udp.checksum_calculated", calculated),
    ("vxlan.network", "vxlan.vni", number),
    ("geneve.network", "geneve.vni", number),
    ("geneve.protocol", "geneve.proto_type", number),
    ("geneve.critical", "geneve.flags.critical", flag),
    ("tcp.source-port", "tcp.srcport", number),
    ("tcp.destination-port", "tcp.dstport", number),
    ("tcp.sequence", "tcp.seq_raw", raw),
    ("tcp.sequence", "tcp.seq", relative),
    ("tcp.acknowledgment", "tcp.ack_raw", raw),
    ("tcp.acknowledgment", "tcp.ack", relative),
    ("tcp.data-offset", "tcp.hdr_len", length),
    ("tcp.reserved", "tcp.flags.res", number),
    ("tcp.ae", "tcp.flags.ae", flag),
    ("tcp.cwr", "tcp.flags.cwr", flag),
    ("tcp.ece", "tcp.flags.ece", flag),
    ("tcp.urg", "tcp.flags.urg", flag),
    ("tcp.ack", "tcp.flags.ack", flag),
    ("tcp.psh", "tcp.flags.push", flag),
    ("tcp.rst", "tcp.flags.reset", flag),
    ("tcp.syn", "tcp.flags.syn", flag),
    ("tcp.fin", "tcp.flags.fin", flag),
    ("tcp.window", "tcp.window_size_value", lambda value: re.match(r"\d+", value)[0]),
    ("tcp.window", "tcp.window_size", window),
    ("tcp.checksum", "tcp.checksum", number),
    ("tcp.checksum", "tcp.checksum.status", status),
    ("tcp.checksum", "tcp.checksum_calculated", calculated),
    ("tcp.urgent-pointer", "tcp.urgent_pointer", number),
    ("tcp.option.kind", "tcp.option_kind", number),
    ("tcp.option.length", "tcp.option_len", number),
    ("tcp.option.mss", "tcp.options.mss_val", number),
    ("tcp.option.window-scale", "tcp.options.wscale.shift", lambda value: re.match(r"\d+", value)[0]),
    ("tcp.option.sack-begin", "tcp.options.sack_le", first),
    ("tcp.option.sack-end", "tcp.options.sack_re", first),
    ("tcp.option.timestamp", "tcp.options.timestamp.tsval", number),
    ("tcp.option.timestamp-echo", "tcp.options.timestamp.tsecr", number),
    ("tcp.option.fast-open", "tcp.options.tfo.cookie", lambda value: value.replace(" ", "")),
    ("tcp.option.user-timeout", "tcp.options.user_to_val", number),
]

BOOLEANS = {"True": "1", "False": "0"}

TSHARK_OPTIONS = [
    "ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE",
    "ip.defragment:FALSE", "ipv6.defragment:FALSE", "ip.tso_support:TRUE",
    "tcp.relative_sequence_numbers:TRUE",
]


def tshark(file):
    """For each packet, the values of each field, from the outside in."""
    fields = ["tcp.len", "tcp.analysis.acks_frame"]
    fields += sorted({field for _, theirs, _ in FIELDS for field in theirs.split()})
    command = ["tshark", "-n", "-r", file, "-T", "fields", "-E", "occurrence=a",
               "-E", "aggregator=\x1e", "-E", "separator=\x1f"]
    # Nothing in the packet says that these labels carry frames, with and without a control word.
    command += ["-d", "mpls.label==100,pwethcw", "-d", "mpls.label==101,pwethnocw"]
    for option in TSHARK_OPTIONS:
        command += ["-o", option]
    for field in fields:
        command += ["-e", field]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    # Not splitlines, which takes the separators for ends of lines.
    for line in run.stdout.split("\n")[:-1]:
        yield {field: value.split("\x1e") if value else []
               for field, value in zip(fields, line.split("\x1f"))}


def payloads(file):
    """The lines of each packet."""
    program = os.path.join(TARGET, "debug", "payloads")
    run = subprocess.run([program, "show", "--json", file], capture_output=True, text=True, check=True)
    for line in run.stdout.split("\n")[:-1]:
        packet = json.loads(line)
        if packet["kind"] == "packet":
            yield packet


def plain(value):
    """tshark's value as ours is compared: numbers in decimal."""
    value = BOOLEANS.get(value, value)
    if re.fullmatch(r"0x[0-9a-fA-F]+", value):
        return str(int(value, 16))
    return value


class Comparison:
    def __init__(self):
        self.compared = collections.Counter()
        self.explained = collections.Counter()
        self.differences = []
        self.fragments = set()
        self.packets = 0
        self.bits = 0

    def file(self, file, name):
        ours, theirs = list(payloads(file)), list(tshark(file))
        if len(ours) != len(theirs):
            self.differences.append(f"{name}: {len(ours)} packets, tshark has {len(theirs)}")
            return
        # Those that hold the end of a packet that was cut into fragments.
        self.fragments = {packet["packet"] for packet in ours
                          if any(layer["layer"] == "fragment" for layer in packet["layers"])}
        for packet, other in zip(ours, theirs):
            self.packet(packet, other, name)

    def packet(self, packet, other, name):
        self.packets += 1
        bits = packet["captured"] * 8
        self.bits += bits
        for part in ("fields", "layers"):
            total = sum(entry[0] if part == "fields" else entry["bits"] for entry in packet[part])
            if total != bits:
                self.differences.append(
                    f"{name} packet {packet['packet']}: {part} add up to {total} of {bits} bits")
        values = collections.defaultdict(list)
        for _, term, value in packet["fields"]:
            values[term].append(value)
        for ours, theirs, convert in FIELDS:
            mine = values[ours]
            # What is not all there is no value.
            if any(value.startswith("only ") for value in mine):
                continue
            found = [plain(value) for field in theirs.split() for value in other[field]]
            converted = [convert(value) for value in mine]
            for index in range(max(len(converted), len(found))):
                a = converted[index] if index < len(converted) else "(nothing)"
                b = found[index] if index < len(found) else "(nothing)"
                if a is None:
                    continue
                self.compared[theirs] += 1
                if a == b:
                    continue
                value = mine[index] if index < len(mine) else a
                reason = explain(theirs, a, b, value, packet)
                if reason:
                    self.explained[reason] += 1
                else:
                    self.differences.append(
                        f"{name} packet {packet['packet']}: {theirs} is {b} for tshark and {value!r}"
                        f" here ({packet['what']})")
        if "connection" in packet:
            self.line(packet, other, name)

    def line(self, packet, other, name):
        """What the line says of the segment, the innermost one for tshark."""
        for ours, theirs in (("data", "tcp.len"), ("seq", "tcp.seq"), ("ack", "tcp.ack"),
                             ("acknowledges", "tcp.analysis.acks_frame")):
            mine = packet.get(ours)
            found = other[theirs][-1] if other[theirs] else None
            if ours == "acknowledges":
                # Of several packets that are acknowledged at once, tshark names the last.
                mine = mine[-1] if mine else None
            elif mine is None or found is None:
                # tshark has an acknowledgment number without ACK, and none of a header that was cut.
                continue
            self.compared[theirs] += 1
            if str(mine) == str(found):
                continue
            reason = explain(theirs, str(mine), str(found), "", packet)
            if theirs == "tcp.analysis.acks_frame" and mine in self.fragments:
                reason = "tshark is told not to put fragments together, so that it shows each"
            if reason:
                self.explained[reason] += 1
            else:
                self.differences.append(
                    f"{name} packet {packet['packet']}: {theirs} is {found} for tshark and {mine!r}"
                    f" here ({packet['what']})")


def explain(field, ours, theirs, value, packet):
    """Why two values may differ."""
    if theirs == "(nothing)" and packet["captured"] < packet["length"]:
        return "tshark shows none of a header that the capture cut off"
    names = [layer["layer"] for layer in packet["layers"]]
    if field == "vlan.etype" and "802.1ad tag" in names:
        return "tshark has no field for the type in an 802.1ad tag"
    if "MPLS" in names and packet["captured"] < packet["length"]:
        return "tshark guesses a frame in MPLS though its type was cut off"
    unknown = any(entry[1] == "ipv4.option.number" and "(" not in entry[2]
                  for entry in packet["fields"])
    if field.startswith("ip.opt.") and unknown:
        return "tshark does not take an IP option apart that it does not know"
    if field == "tcp.ack" and "RST" in packet.get("flags", []):
        return "the first number to be seen is not taken from an RST"
    if field.startswith("ipv6.opt.type") and theirs == "(nothing)" and "Pad1" in str(packet["fields"]):
        return "tshark does not take the type of Pad1 apart"
    if ours == "(nothing)" and names[-2:] in (["ICMP", "not read"], ["ICMPv6", "not read"]):
        return "the packet that an ICMP message quotes is not taken apart here"
    if field.endswith("checksum.status") and "the other fragments" in value:
        return "tshark sums up what is only a part of a packet"
    if field == "tcp.option_kind" and any(entry[1] == "malformed" for entry in packet["fields"]):
        return "tshark does not show an option whose length is not possible"
    if field == "tcp.option_kind" and theirs == "0" and ours == "(nothing)":
        return "tshark takes padding after the end of the options for options"
    if field == "tcp.options.tfo.cookie" and ours == "(nothing)":
        return "tshark has the same field for the fast open experiment"
    if field.endswith("checksum.status") and "left to the network card" in value:
        return "tshark calls wrong what is left to the network card"
    return None


# --- Captures


def pcap(path, link, frames):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link))
        for index, frame in enumerate(frames):
            out.write(struct.pack("<IIII", 1_700_000_000 + index, 0, len(frame), len(frame)))
            out.write(frame)


def kinds():
    """The packets of tests/inputs/headers: link types, each with its packets."""
    links = [1, 101, 276, 113, 0]
    found = collections.defaultdict(list)
    for path in sorted(glob.glob(os.path.join(HERE, "tests/inputs/headers/*"))):
        data = open(path, "rb").read()
        while len(data) > 3:
            how, size = data[0], int.from_bytes(data[1:3], "big")
            found[links[how & 7]].append(data[3:3 + size])
            data = data[3 + size:]
    return found


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return 0xFFFF - total


def ipv4(segment, source="192.0.2.1", destination="192.0.2.2", **change):
    header = bytearray(struct.pack(
        ">BBHHHBBH4s4s", 0x45, change.get("tos", 0), 20 + len(segment), change.get("id", 1),
        change.get("fragment", 0x4000), change.get("ttl", 64), 6, 0,
        ipaddress.ip_address(source).packed, ipaddress.ip_address(destination).packed))
    header[10:12] = struct.pack(">H", checksum(bytes(header)))
    return bytes(header) + segment


def tcp(flags, seq, ack, options=b"", data=b"", window=65535, ports=(50000, 8000), back=False):
    options += b"\0" * (-len(options) % 4)
    ends = [ipaddress.ip_address("192.0.2.1").packed, ipaddress.ip_address("192.0.2.2").packed]
    if back:
        ends, ports = ends[::-1], ports[::-1]
    segment = bytearray(struct.pack(
        ">HHIIBBHHH", *ports, seq, ack, (20 + len(options)) // 4 << 4, flags, window, 0, 0))
    segment += options + data
    pseudo = b"".join(ends) + struct.pack(">BBH", 0, 6, len(segment))
    segment[16:18] = struct.pack(">H", checksum(pseudo + bytes(segment)))
    addresses = [str(ipaddress.ip_address(end)) for end in ends]
    return ipv4(bytes(segment), *addresses)


def conversation(syn, syn_ack, rest=b"", back=None):
    """A short conversation whose SYNs have these options, and the other segments, there and back."""
    back_rest = rest if back is None else back
    return [
        tcp(2, 1000, 0, syn),
        tcp(18, 5000, 1001, syn_ack, back=True),
        tcp(16, 1001, 5001, rest, window=502),
        tcp(24, 1001, 5001, rest, b"time\n", window=502),
        tcp(16, 5001, 1006, back_rest, window=509, back=True),
        tcp(24, 5001, 1006, back_rest, b"09:31:45\n", window=509, back=True),
        tcp(17, 1006, 5010, rest, window=502),
        tcp(17, 5010, 1007, back_rest, window=509, back=True),
        tcp(16, 1007, 5011, rest, window=502),
    ]


def stamps(value, echo):
    return struct.pack(">BBII", 8, 10, value, echo)


NOP, MSS, SACK_OK = b"\1", struct.pack(">BBH", 2, 4, 1460), b"\4\2"


def scale(shift):
    return bytes([3, 3, shift])


def option_captures():
    """What several systems put into their SYNs, and options that are rare."""
    linux = MSS + SACK_OK + stamps(7, 0) + NOP + scale(7)
    stamped = NOP + NOP + stamps(9, 8)
    sack = NOP + NOP + struct.pack(">BBIIII", 5, 18, 1002, 1004, 1005, 1006)
    yield "options-linux", conversation(linux, linux, stamped)
    windows = MSS + NOP + scale(8) + NOP + NOP + SACK_OK
    yield "options-windows", conversation(windows, windows)
    mac = MSS + NOP + scale(6) + NOP + NOP + stamps(1, 0) + SACK_OK + b"\0\0"
    yield "options-macos", conversation(mac, linux, stamped)
    bsd = MSS + NOP + NOP + SACK_OK + NOP + scale(6) + NOP + NOP + stamps(1, 0)
    yield "options-openbsd", conversation(bsd, bsd, stamped)
    yield "options-none", conversation(b"", b"")
    yield "options-scale-one-way", conversation(linux, MSS)
    yield "options-scale-too-large", conversation(MSS + scale(15) + NOP, MSS + scale(3) + NOP)
    yield "options-sack", conversation(linux, linux, stamped, sack)
    yield "options-fast-open", conversation(b"\x22\2" + MSS, b"\x22\x0a" + bytes(range(8)) + NOP + NOP)
    experiment = struct.pack(">BBH", 254, 12, 0xF989) + bytes(range(8))
    yield "options-experiment", conversation(experiment, experiment)
    yield "options-user-timeout", conversation(struct.pack(">BBH", 28, 4, 0x8005), MSS)
    yield "options-md5", conversation(MSS, MSS, b"\x13\x12" + bytes(16) + NOP + NOP)
    yield "options-multipath", conversation(b"\x1e\x04\x00\x81" + MSS, MSS)
    yield "options-unknown", conversation(b"\xc8\4ab" + MSS, MSS)
    yield "options-malformed", conversation(MSS + b"\x03\x00\x07\x01", MSS, b"\x01\x01\x02\x09")
    yield "numbers-that-go-round", [
        tcp(2, 0xFFFFFFFE, 0, linux),
        tcp(18, 0xFFFFFFFF, 0xFFFFFFFF, linux, back=True),
        tcp(24, 0xFFFFFFFF, 0, b"", b"time\n"),
        tcp(24, 0, 4, b"", b"09:31:45\n", back=True),
    ]
    flags = [tcp(bits, 1001, 5001) for bits in (0, 0x29, 0xC2, 0x14, 0x04, 0xFF)]
    yield "flags", flags
    service = [ipv4(tcp(16, 1, 1)[20:], tos=tos, ttl=ttl, id=tos)
               for tos, ttl in ((0, 255), (0xB9, 1), (0x2A, 0), (0x9B, 64), (0xC0, 128))]
    yield "services", service


def captures(folder, files):
    """All captures to be compared: name and path."""
    for file in files:
        yield os.path.relpath(file), file
    for file in sorted(glob.glob(os.path.join(HERE, "tests/headers/captures/*.pcap*"))):
        yield os.path.basename(file), file
    made = []
    for link, frames in sorted(kinds().items()):
        path = os.path.join(folder, f"kinds-link-{link}.pcap")
        pcap(path, link, frames)
        made.append(path)
    for name, frames in option_captures():
        path = os.path.join(folder, f"{name}.pcap")
        pcap(path, 101, frames)
        made.append(path)
    for path in made:
        yield os.path.basename(path), path
    for path in made[:len(kinds())]:
        for snap in (30, 38, 47, 52, 60, 75, 100):
            cut = os.path.join(folder, f"{os.path.basename(path)}-{snap}")
            subprocess.run(["editcap", "-s", str(snap), path, cut], check=True)
            yield os.path.basename(cut), cut


def main():
    for tool in ("tshark", "editcap"):
        if subprocess.run(["which", tool], capture_output=True).returncode != 0:
            sys.exit(f"{tool} is missing: sudo apt-get install tshark")
    subprocess.run(["cargo", "build", "--quiet", "-p", "payloads"], check=True)
    comparison = Comparison()
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, path in captures(folder, [name for name in sys.argv[1:] if name != "-v"]):
            comparison.file(path, name)
            count += 1
    if "-v" in sys.argv[1:]:
        for field, times in sorted(comparison.compared.items()):
            print(f"{times:8} {field}")
    total = sum(comparison.compared.values())
    for reason, times in sorted(comparison.explained.items()):
        print(f"{times} differ because {reason}")
    for line in comparison.differences:
        print(f"DIFFERS: {line}")
    print(f"{count} captures, {comparison.packets} packets, all {comparison.bits} bits named; "
          f"{total} values of {len(comparison.compared)} fields compared, "
          f"{sum(comparison.explained.values())} differ for a known reason, "
          f"{len(comparison.differences)} for none")
    sys.exit(1 if comparison.differences else 0)


if __name__ == "__main__":
    main()
