//! What is odd in how a connection goes is named, and hides nothing of what is said in it.

mod writer;

use payloads::{
    report::{stats::Stats, transcript},
    tcp::{Ending, Side},
};
use writer::{ACK, CLIENT, Connection, FIN, Frame, Link, Packet, RST, SERVER, SYN, v4};

/// Where the TCP header begins in the frames of these captures.
const TCP: usize = 14 + 20;

const REQUEST: &[u8] = b"GET /now HTTP/1.1\r\nHost: b.example\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnoon";

/// One between two addresses that no other test uses.
fn connection() -> Connection {
    Connection::new(v4(71, 41_000), v4(72, 8000)).sequences(70_000, 800_000)
}

/// A packet that is not what the connection would send next.
fn odd(
    tcp: &mut Connection,
    side: usize,
    flags: u8,
    sequence: u32,
    acknowledgment: u32,
    payload: &[u8],
) {
    let mut other = tcp.clone();
    other.send(side, flags, payload);
    tcp.time = other.time;
    let packet = other.packets.pop().unwrap();
    tcp.packets.push(Packet { sequence, acknowledgment, ..packet });
}

/// A request and its answer, both acknowledged.
fn exchange(tcp: &mut Connection) {
    tcp.data(CLIENT, REQUEST).ack(SERVER).data(SERVER, RESPONSE).ack(CLIENT);
}

/// How an [`exchange`] is shown, as the first of its connection.
const EXCHANGE: [&str; 10] = [
    "→ request, 38 bytes",
    "│ GET /now HTTP/1.1",
    "│ Host: b.example",
    "│",
    "← response, 38 bytes",
    "│ HTTP/1.1 200 OK",
    "│ Content-Length: 4",
    "│",
    "← content, 4 bytes",
    "│ noon",
];

/// The lines that `payloads show -` prints, without times, labels and empty lines.
fn lines(capture: &[u8]) -> Vec<String> {
    let shown = writer::shown(capture);
    shown.lines().filter(|line| !line.is_empty()).map(without_time).collect()
}

fn without_time(line: &str) -> String {
    if let Some(text) = line.strip_prefix("    │") {
        return format!("│{text}");
    }
    let Some((head, what)) = line.split_once(" s  ") else {
        return line.to_owned();
    };
    let mut words = head.split_whitespace();
    let (label, arrow) = (words.next().unwrap(), words.next().unwrap());
    let is_time = arrow.parse::<f64>().is_ok();
    match (is_time, label.len()) {
        (true, _) => format!("{label} {what}"),
        // A note is of a side.
        (false, 1) => format!("{label} {arrow} {what}"),
        // What is said has a label, which is no matter of TCP.
        (false, _) => format!("{arrow} {what}"),
    }
}

/// What stands between the line that begins the first connection and the sums.
#[track_caller]
fn assert_shown(packets: &[Packet], expected: &[&[&str]]) {
    assert_shown_of(&writer::pcap(packets), expected);
}

#[track_caller]
fn assert_shown_of(capture: &[u8], expected: &[&[&str]]) {
    let lines = lines(capture);
    let end = lines.iter().position(|line| line.ends_with("of application data:")).unwrap();
    let found: Vec<&str> = lines[1..end].iter().map(String::as_str).collect();
    assert_eq!(found, expected.concat());
}

/// The last lines, with the sums.
fn sums(packets: &[Packet]) -> String {
    let lines = lines(&writer::pcap(packets));
    let end = lines.iter().position(|line| line.ends_with("of application data:")).unwrap();
    lines[end..].join("\n")
}

fn frames(packets: &[Packet]) -> Vec<Frame> {
    writer::frames(packets, Link::Ethernet)
}

fn capture_of(frames: &[Frame]) -> Vec<u8> {
    writer::pcap_of(frames, 1, false, false, u32::MAX)
}

/// Sets the window in the TCP header of a frame.
fn set_window(frame: &mut Frame, window: u16) {
    frame.1[TCP + 14..TCP + 16].copy_from_slice(&window.to_be_bytes());
}

#[test]
fn the_syn_ack_that_the_client_acknowledges_counts() {
    let asks = "C → the client asks for the connection again (SYN)";
    let other = "S ← the server takes the connection again, with another first number (SYN, ACK): \
                 the one that the client acknowledges counts";
    // The second one.
    let mut tcp = connection();
    tcp.send(CLIENT, SYN, b"");
    let syn = tcp.packets[0].clone();
    odd(&mut tcp, SERVER, SYN | ACK, 3_000_000_000, 70_001, b"");
    tcp.packets.push(syn);
    tcp.send(SERVER, SYN | ACK, b"").ack(CLIENT);
    exchange(&mut tcp);
    assert_shown(&tcp.packets, &[&[asks, other], &EXCHANGE]);
    assert!(sums(&tcp.packets).contains("\n80 shown, 0 sent again, 0 cut off"));
    // Its acknowledgment is not in the capture, but what follows is.
    let mut packets = tcp.packets.clone();
    packets.retain(|packet| packet.source.port == 8000 || packet.flags == SYN);
    let gap = "C → gap: 38 bytes not in the capture";
    assert_shown(&packets, &[&[asks, other, gap], &EXCHANGE[4..]]);

    // The first one, though another server answers too.
    let mut tcp = connection();
    tcp.send(CLIENT, SYN, b"").send(SERVER, SYN | ACK, b"");
    odd(&mut tcp, SERVER, SYN | ACK, 44, 70_001, b"");
    tcp.ack(CLIENT);
    exchange(&mut tcp);
    assert_shown(&tcp.packets, &[&[other], &EXCHANGE]);

    // The third one of four.
    let mut tcp = connection();
    tcp.send(CLIENT, SYN, b"");
    odd(&mut tcp, SERVER, SYN | ACK, 1_000_000, 70_001, b"");
    odd(&mut tcp, SERVER, SYN | ACK, 2_000_000, 70_001, b"");
    tcp.send(SERVER, SYN | ACK, b"");
    odd(&mut tcp, SERVER, SYN | ACK, 4_000_000, 70_001, b"");
    tcp.ack(CLIENT);
    exchange(&mut tcp);
    assert_shown(&tcp.packets, &[&[other; 3], &EXCHANGE]);

    // One that comes when another has been acknowledged moves nothing, whatever its number.
    for sequence in [1_000_000, 800_043] {
        let mut tcp = connection();
        tcp.open();
        exchange(&mut tcp);
        odd(&mut tcp, SERVER, SYN | ACK, sequence, 70_039, b"");
        tcp.data(SERVER, b"bye\n").ack(CLIENT);
        let bye = [other, "← bytes that do not fit, 4 bytes", "│ bye"];
        assert_shown(&tcp.packets, &[&EXCHANGE, &bye]);
    }

    // The client's acknowledgment is enough, and one of none of them decides nothing.
    let mut tcp = connection();
    tcp.send(CLIENT, SYN, b"");
    odd(&mut tcp, SERVER, SYN | ACK, 3_000_000_000, 70_001, b"");
    tcp.send(SERVER, SYN | ACK, b"");
    odd(&mut tcp, CLIENT, ACK, 70_001, 3_000_000_000, b"");
    let neither = tcp.clone();
    tcp.ack(CLIENT).data(CLIENT, REQUEST);
    assert_shown(&tcp.packets, &[&[other], &EXCHANGE[..4]]);
    let mut tcp = neither;
    exchange(&mut tcp);
    assert_shown(&tcp.packets, &[&[other], &EXCHANGE]);
}

#[test]
fn a_syn_or_syn_ack_may_be_sent_again() {
    let mut tcp = connection();
    tcp.open();
    let (syn, syn_ack) = (tcp.packets[0].clone(), tcp.packets[1].clone());
    tcp.packets.splice(1..1, [syn.clone(), syn]);
    tcp.packets.insert(4, syn_ack);
    exchange(&mut tcp);
    let again = "C → the client asks for the connection again (SYN)";
    let taken = "S ← the server takes the connection again (SYN, ACK)";
    assert_shown(&tcp.packets, &[&[again, again, taken], &EXCHANGE]);
}

const CHALLENGE: &str = "S ← the server still has an old connection of these ports, and goes on \
                         with that (challenge ACK)";
const ENDS_OLD: &str = "C → the client has no such connection: this ends the old one (RST)";
const ASKS_AGAIN: &str = "C → the client asks for the connection again (SYN)";

#[test]
fn an_old_connection_of_the_same_ports_moves_nothing_in_the_new_one() {
    // As when a client's machine restarts.
    let mut tcp = connection();
    tcp.send(CLIENT, SYN, b"");
    let syn = tcp.packets[0].clone();
    odd(&mut tcp, SERVER, ACK, 2_222_222_222, 1_111_111_111, b"");
    odd(&mut tcp, CLIENT, RST, 1_111_111_111, 0, b"");
    let time = tcp.wait(1_000).time;
    tcp.packets.push(Packet { time, ..syn });
    tcp.send(SERVER, SYN | ACK, b"").ack(CLIENT);
    exchange(&mut tcp);
    tcp.close(CLIENT);
    let fins = [
        "C → the client has nothing more to send (FIN)",
        "S ← the server has nothing more to send (FIN)",
    ];
    assert_shown(&tcp.packets, &[&[CHALLENGE, ENDS_OLD, ASKS_AGAIN], &EXCHANGE, &fins]);
    assert!(sums(&tcp.packets).starts_with("1 connection, "));

    // The challenge may come shortly before what was sent, too.
    let mut tcp = connection();
    tcp.send(CLIENT, SYN, b"");
    odd(&mut tcp, SERVER, ACK, 799_000, 70_000, b"");
    odd(&mut tcp, CLIENT, RST, 70_000, 0, b"");
    tcp.send(SERVER, SYN | ACK, b"").ack(CLIENT);
    exchange(&mut tcp);
    assert_shown(&tcp.packets, &[&[CHALLENGE, ENDS_OLD], &EXCHANGE]);

    // An RST that answers nothing.
    let mut tcp = connection();
    tcp.send(CLIENT, SYN, b"");
    odd(&mut tcp, CLIENT, RST, 60_001, 0, b"");
    tcp.send(SERVER, SYN | ACK, b"").ack(CLIENT);
    exchange(&mut tcp);
    let ignored =
        "C → an RST that the server does not accept: its number is 10000 before the one expected";
    assert_shown(&tcp.packets, &[&[ignored], &EXCHANGE]);

    // The answer to another SYN, delayed on the way (RFC 9293 section 3.5, figure 9).
    let mut tcp = connection();
    tcp.send(CLIENT, SYN, b"");
    odd(&mut tcp, SERVER, SYN | ACK, 300, 90_001, b"");
    odd(&mut tcp, CLIENT, RST, 90_001, 0, b"");
    tcp.send(SERVER, SYN | ACK, b"").ack(CLIENT);
    exchange(&mut tcp);
    assert!(sums(&tcp.packets).contains("\n80 shown, 0 sent again, 0 cut off"));
    assert_shown(&tcp.packets, &[&[CHALLENGE, ENDS_OLD], &EXCHANGE]);
}

/// The server still has it, and it is in the capture.
#[test]
fn an_old_connection_ends_when_the_new_one_asks() {
    let mut old = connection();
    old.open();
    exchange(&mut old);
    let mut new = connection().sequences(1_500_000_000, 2_500_000_000);
    new.time = old.time;
    new.send(CLIENT, SYN, b"");
    let syn = new.packets[0].clone();
    new.packets.insert(0, Packet { time: new.time - 50, ..syn });
    let mut packets = old.packets.clone();
    packets.push(new.packets.remove(0));
    old.time = new.time;
    old.packets.clear();
    old.ack(SERVER).send(CLIENT, RST, b"");
    packets.append(&mut old.packets);
    new.send(SERVER, SYN | ACK, b"").ack(CLIENT).data(CLIENT, b"hour?\n").data(SERVER, b"ten\n");
    packets.append(&mut new.packets);
    let of = |number: u8, line: &str| format!("{} connection {number}: {}", &line[..5], &line[6..]);
    let lines = lines(&writer::pcap(&packets));
    let second = "client 192.0.2.71:41000 asks server 192.0.2.72:8000 for a connection";
    assert_eq!(
        lines[11..lines.len() - 2],
        [
            format!("───── connection 2: {second}"),
            of(1, CHALLENGE),
            "───── connection 1: broken off by the client (RST)".to_owned(),
            of(2, ASKS_AGAIN),
            "→ connection 2: text, 6 bytes".to_owned(),
            "│ hour?".to_owned(),
            "← connection 2: text, 4 bytes".to_owned(),
            "│ ten".to_owned(),
        ]
    );
}

/// Anybody can send a SYN: what goes on is the conversation.
#[test]
fn a_syn_that_is_not_answered_ends_nothing() {
    let mut tcp = connection();
    tcp.open();
    exchange(&mut tcp);
    odd(&mut tcp, CLIENT, SYN, 1_500_000_000, 0, b"");
    tcp.ack(SERVER);
    tcp.data(CLIENT, REQUEST).data(SERVER, RESPONSE).ack(CLIENT).close(CLIENT);
    let found = transcript::read(tcp.pcap().as_slice(), None).unwrap();
    let units: Vec<usize> = found.iter().map(|transcript| transcript.units.len()).collect();
    let endings: Vec<_> = found.iter().map(|transcript| transcript.ending).collect();
    assert_eq!(units, [6, 0]);
    assert_eq!(endings, [Some(Ending::Closed), Some(Ending::Unanswered(1))]);
    assert_eq!((found[0].missing, found[0].sent_again), (0, 0));
    let said = writer::shown(&tcp.pcap());
    assert_eq!(said.matches("challenge ACK").count(), 1, "{said}");
}

/// What an old connection says is shown as another one, also where it began before the capture.
#[test]
fn what_an_old_connection_says_is_not_lost() {
    let mut tcp = connection();
    tcp.send(CLIENT, SYN, b"");
    let mut old = tcp.clone().sequences(900_000_000, 700_000_000);
    old.packets.clear();
    old.data(SERVER, b"old news\n").data(SERVER, b"more of it\n");
    tcp.packets.append(&mut old.packets);
    tcp.time = old.time;
    tcp.send(SERVER, SYN | ACK, b"").ack(CLIENT);
    exchange(&mut tcp);
    let found = transcript::read(tcp.pcap().as_slice(), None).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].units.len(), found[0].missing), (3, 0));
    assert_eq!(found[1].text(), "old news\nmore of it\n");
    assert!(found[1].connection.midway && !found[0].connection.midway);
    assert_eq!(found[1].connection.client, v4(71, 41_000));
    assert_eq!(found[1].ending, Some(Ending::Replaced));
}

/// How a connection ends of which the end was not captured, when its ports are used again.
#[test]
fn a_connection_whose_ports_are_used_again_has_ended() {
    let mut first = connection();
    first.open();
    exchange(&mut first);
    let mut second = connection().sequences(1_500_000_000, 2_500_000_000);
    second.time = first.time;
    second.open();
    exchange(&mut second);
    let packets = [first.packets, second.packets].concat();
    let shown = lines(&writer::pcap(&packets));
    let replaced = "───── connection 1: its ports are those of a new connection now; its end is \
                    not in the capture";
    assert!(shown.iter().any(|line| line == replaced), "{shown:#?}");
    let found = transcript::read(writer::pcap(&packets).as_slice(), None).unwrap();
    let endings: Vec<_> = found.iter().map(|transcript| transcript.ending).collect();
    assert_eq!(endings, [Some(Ending::Replaced), None]);

    // A SYN, ACK alone tells too, and at once.
    let packets = [&packets[..7], &packets[8..]].concat();
    let shown = lines(&writer::pcap(&packets));
    let replaced = replaced.replace("connection 1: ", "");
    let at = shown.iter().position(|line| *line == replaced).unwrap();
    assert!(shown[at + 1].starts_with("───── connection 2: client "), "{shown:#?}");
    let found = transcript::read(writer::pcap(&packets).as_slice(), None).unwrap();
    let endings: Vec<_> = found.iter().map(|transcript| transcript.ending).collect();
    assert_eq!(endings, [Some(Ending::Replaced), None]);
    assert_eq!(found[1].units.len(), 3);
}

#[test]
fn an_rst_outside_the_window_ends_nothing() {
    // The window is 65,535 bytes, and is not multiplied: no SYN says so.
    for (off, accepted) in [
        (0_i32, true),
        (65_535, true),
        (65_536, false),
        (300_000_000, false),
        (-1, false),
        (-2_000_000_000, false),
    ] {
        let mut tcp = connection();
        tcp.open().data(CLIENT, REQUEST).ack(SERVER).data(SERVER, &RESPONSE[..40]).ack(CLIENT);
        let next: u32 = 800_001 + 40;
        odd(&mut tcp, SERVER, RST, next.wrapping_add_signed(off), 0, b"");
        let which = if off < 0 { "before" } else { "after" };
        let line = format!(
            "S ← an RST that the client does not accept: its number is {} {which} the one expected",
            off.unsigned_abs()
        );
        if accepted {
            let ending = [
                "← content (not complete), 2 bytes",
                "│ no",
                "───── broken off by the server (RST)",
            ];
            assert_shown(&tcp.packets, &[&EXCHANGE[..8], &ending]);
        } else {
            tcp.data(SERVER, &RESPONSE[40..]).ack(CLIENT);
            assert_shown(&tcp.packets, &[&EXCHANGE[..8], &[line.as_str()], &EXCHANGE[8..]]);
        }
    }
    // With a window that is multiplied by 8, as both SYNs say.
    for (off, accepted) in [(8 * 65_535, true), (8 * 65_535 + 1, false)] {
        for (both, speaks) in [(true, true), (true, false), (false, true)] {
            let mut tcp = connection();
            tcp.open();
            if speaks {
                tcp.data(SERVER, b"hello\n").ack(CLIENT);
            }
            let next = tcp.packets.last().unwrap().acknowledgment;
            odd(&mut tcp, SERVER, RST, next + off, 0, b"");
            let mut frames = frames(&tcp.packets);
            for frame in &mut frames[..if both { 2 } else { 1 }] {
                frame.1[TCP + 20..TCP + 23].copy_from_slice(&[3, 3, 3]);
            }
            let found = transcript::read(capture_of(&frames).as_slice(), None).unwrap();
            let ending = (accepted && both).then_some(Ending::Reset(Side::Server));
            assert_eq!(found[0].ending, ending, "{off} {both} {speaks}");
        }
    }
    // Where the SYNs were not captured, the window may be multiplied by 16,384.
    for (off, accepted) in [(65_535 << 14, true), ((65_535 << 14) + 1, false)] {
        let mut tcp = connection();
        tcp.open().data(SERVER, b"hello\n").ack(CLIENT);
        odd(&mut tcp, SERVER, RST, 800_007 + off, 0, b"");
        // Nor were they where only the first of their options are there.
        let cut = writer::pcap_of(&frames(&tcp.packets), 1, false, false, TCP as u32 + 24);
        for capture in [writer::pcap(&tcp.packets[2..]), cut] {
            let found = transcript::read(capture.as_slice(), None).unwrap();
            let ending = accepted.then_some(Ending::Reset(Side::Server));
            assert_eq!(found[0].ending, ending, "{off}");
        }
    }
    // After its end, an RST is not worth a word.
    let mut tcp = connection();
    tcp.open().close(CLIENT);
    odd(&mut tcp, SERVER, RST, 5, 0, b"");
    assert!(!writer::shown(&tcp.pcap()).contains("RST"));
}

#[test]
fn bytes_sent_again_are_compared() {
    let again = |sequence: u32, payload: &[u8]| {
        let mut tcp = connection();
        tcp.open().data(CLIENT, b"red green\n").data(CLIENT, b"blue\n").ack(SERVER);
        odd(&mut tcp, CLIENT, ACK, sequence, 800_001, payload);
        tcp.data(SERVER, b"seen\n").ack(CLIENT);
        assert!(sums(&tcp.packets).contains("\n20 shown, "));
        let lines = lines(&tcp.pcap());
        let text = ["→ text, 10 bytes", "│ red green", "→ text, 5 bytes", "│ blue"];
        assert_eq!(lines[1..5], text);
        lines[5].clone()
    };
    assert_eq!(again(70_001, b"red green\n"), "C → 10 bytes sent again");
    assert_eq!(again(70_005, b"green\nbl"), "C → 8 bytes sent again");
    assert_eq!(
        again(70_001, b"RED green\n"),
        "C → 10 bytes sent again, but otherwise: bytes 1 to 3 were \"red\" before, and \"RED\" now"
    );
    assert_eq!(
        again(70_005, b"grey?\nbl"),
        "C → 8 bytes sent again, but otherwise: bytes 8 to 9 were \"en\" before, and \"y?\" now"
    );
    // Across segments, and with a byte between that is the same.
    assert_eq!(
        again(70_008, b"EN\nBlue\n"),
        "C → 8 bytes sent again, but otherwise: bytes 8 to 11 were \"en\\nb\" before, and \
         \"EN\\nB\" now"
    );
    assert_eq!(again(70_011, b"b"), "C → 1 byte sent again");
    assert_eq!(
        again(70_012, b"L"),
        "C → 1 byte sent again, but otherwise: byte 12 was \"l\" before, and \"L\" now"
    );

    // Of long ones, the beginning is quoted.
    let mut tcp = connection();
    tcp.open().data(SERVER, &[b'a'; 40]).ack(CLIENT);
    odd(&mut tcp, SERVER, ACK, 800_001, 70_001, &[b'b'; 40]);
    let line = "S ← 40 bytes sent again, but otherwise: bytes 1 to 40 were \"aaaaaaaaaaaaaaaa…\" \
                before, and \"bbbbbbbbbbbbbbbb…\" now";
    assert_eq!(lines(&tcp.pcap())[3], line);

    // Also where the first ones still wait for others.
    let mut tcp = connection();
    tcp.open();
    odd(&mut tcp, CLIENT, ACK, 70_005, 800_001, b"two\n");
    odd(&mut tcp, CLIENT, ACK, 70_003, 800_001, b"e\nTWO\nmore\n");
    tcp.data(CLIENT, b"one\n");
    let otherwise =
        "C → 4 bytes sent again, but otherwise: bytes 5 to 7 were \"two\" before, and \"TWO\" now";
    let shown = lines(&tcp.pcap());
    assert!(shown.iter().any(|line| line == otherwise), "{shown:#?}");
    assert!(shown.iter().any(|line| line == "C → 2 bytes sent again"), "{shown:#?}");
    let found = &transcript::read(tcp.pcap().as_slice(), None).unwrap()[0];
    assert_eq!((found.text().as_str(), found.sent_again), ("one\ntwo\nmore\n", 6));
}

/// The memory for it is bounded, and what is forgotten is not called other bytes.
#[test]
fn bytes_sent_long_ago_are_not_compared() {
    let mut tcp = connection();
    tcp.open().data(SERVER, b"first\n");
    for _ in 0..300 {
        tcp.data(SERVER, &[b'x'; 1_000]);
    }
    tcp.ack(CLIENT);
    odd(&mut tcp, SERVER, ACK, 800_001, 70_001, b"FIRST\n");
    let shown = writer::shown(&tcp.pcap());
    assert!(shown.contains("  6 bytes sent again\n"), "{shown}");
}

#[test]
fn a_keep_alive_is_no_data() {
    let (with_byte, without) = (
        "C → keep-alive: is the server still there? (1 byte that is no data)",
        "C → keep-alive: is the server still there?",
    );
    // Before anything was said, and after it.
    let mut tcp = connection();
    tcp.open();
    odd(&mut tcp, CLIENT, ACK, 70_000, 800_001, b"\0");
    tcp.ack(SERVER);
    exchange(&mut tcp);
    odd(&mut tcp, CLIENT, ACK, 70_038, 800_043, b"");
    tcp.ack(SERVER);
    odd(&mut tcp, CLIENT, ACK, 70_038, 800_043, b"?");
    tcp.ack(SERVER);
    assert_shown(&tcp.packets, &[&[with_byte], &EXCHANGE, &[without, with_byte]]);
    assert!(sums(&tcp.packets).ends_with(
        "\n80 shown, 0 sent again, 0 cut off by the snap length, 2 no data, but of keep-alives and \
         window probes"
    ));
    // In the middle of a connection, and from the server.
    let mut tcp = connection();
    tcp.data(SERVER, b"tick\n").ack(CLIENT);
    odd(&mut tcp, SERVER, ACK, 800_004, 70_000, b"\n");
    tcp.ack(CLIENT).data(SERVER, b"tock\n");
    let alive = "S ← keep-alive: is the client still there? (1 byte that is no data)";
    let text = ["← text, 5 bytes", "│ tick", alive, "← text, 5 bytes", "│ tock"];
    assert_shown(&tcp.packets, &[&text]);
    // It is one only where all was acknowledged; else the byte is sent again.
    let mut tcp = connection();
    tcp.open().data(CLIENT, b"y").data(CLIENT, b"\n");
    odd(&mut tcp, CLIENT, ACK, 70_002, 800_001, b"\n");
    tcp.ack(SERVER);
    let again = "C → 1 byte sent again";
    let text = ["→ text, 1 byte", "│ y", "→ text, 1 byte", "│", again];
    assert_shown(&tcp.packets, &[&text]);
    // Two bytes are none.
    let mut tcp = connection();
    tcp.open().data(CLIENT, b"yes\n").ack(SERVER);
    odd(&mut tcp, CLIENT, ACK, 70_004, 800_001, b"\n!");
    tcp.ack(SERVER);
    let again = "C → 1 byte sent again";
    assert_shown(&tcp.packets, &[&["→ text, 4 bytes", "│ yes", again, "→ text, 1 byte", "│ !"]]);
}

#[test]
fn the_bytes_of_a_keep_alive_have_a_column_of_their_own() {
    let mut tcp = connection();
    tcp.open();
    for _ in 0..3 {
        tcp.wait(1_000).data(SERVER, b"09:31:45\n").ack(CLIENT);
        let next = tcp.packets.last().unwrap().acknowledgment;
        odd(&mut tcp, SERVER, ACK, next - 1, 70_001, b"\0");
        tcp.ack(CLIENT);
    }
    let output = writer::run(&["stats", "-"], &tcp.pcap());
    let tables = String::from_utf8(output.stdout).unwrap();
    let columns = "| From   | App Bytes | Time | Framing | HTTP Head | Content | No Data |";
    assert!(tables.contains(columns), "{tables}");
    let cells = "| server |        10 |    8 |       1 |         0 |       0 |       1 |";
    assert!(tables.contains(cells), "{tables}");
    let output = writer::run(&["stats", "--json", "-"], &tcp.pcap());
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json[0]["update"]["server"]["no_data"], 1);
    assert_eq!(json[0]["update"]["server"]["undecided"], 0);
}

#[test]
fn a_side_that_takes_no_more_is_asked_for_room() {
    let mut tcp = connection();
    tcp.open().data(SERVER, b"full ").ack(CLIENT);
    let full = tcp.packets.len() - 1;
    // Linux asks without a byte, others with the next one.
    odd(&mut tcp, SERVER, ACK, 800_005, 70_001, b"");
    tcp.ack(CLIENT);
    odd(&mut tcp, SERVER, ACK, 800_005, 70_001, b" ");
    tcp.ack(CLIENT);
    odd(&mut tcp, SERVER, ACK, 800_006, 70_001, b"n");
    tcp.ack(CLIENT);
    // It was not taken: the same once more.
    odd(&mut tcp, SERVER, ACK, 800_006, 70_001, b"n");
    tcp.ack(CLIENT);
    let still_full = tcp.packets.len();
    tcp.ack(CLIENT).data(SERVER, b"now\n").ack(CLIENT);
    let mut frames = frames(&tcp.packets);
    for (packet, frame) in tcp.packets.iter().zip(&mut frames).take(still_full).skip(full) {
        if packet.source.port != 8000 {
            set_window(frame, 0);
        }
    }
    let probe = "S ← window probe: does the client take bytes again?";
    assert_shown_of(
        &capture_of(&frames),
        &[&[
            "← text, 5 bytes",
            "│ full",
            "C → the client takes no more bytes for now (its window is 0)",
            probe,
            &format!("{probe} (1 byte that is no data)"),
            probe,
            "← text, 1 byte",
            "│ n",
            &format!("{probe} (1 byte that is no data)"),
            "C → the client takes bytes again (its window is open)",
            "S ← 1 byte sent again",
            "← text, 3 bytes",
            "│ ow",
        ]],
    );
    // A window that was not captured is not 0, and one after the end does not matter.
    for snap_len in [u32::MAX, 14 + 20 + 14] {
        let mut tcp = connection();
        tcp.open().close(SERVER).ack(CLIENT);
        let mut frames = writer::frames(&tcp.packets, Link::Ethernet);
        let last = frames.len() - 1;
        set_window(&mut frames[last], 0);
        let capture = writer::pcap_of(&frames, 1, false, false, snap_len);
        assert!(!writer::shown(&capture).contains("window"));
    }
}

/// RFC 9293 section 3.5.3: no standard says what they are, but they are no part of the stream.
#[test]
fn bytes_that_come_with_an_rst_are_no_content() {
    // The longest of all, so that nothing else is cut.
    let why = "died of a question that nobody had ever asked it before".repeat(2);
    for cut in [0, 3] {
        let mut tcp = connection();
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
        tcp.open().data(CLIENT, REQUEST).ack(SERVER).data(SERVER, head).data(SERVER, b"half ");
        tcp.ack(CLIENT).send(SERVER, RST | ACK, why.as_bytes());
        let frames = writer::frames(&tcp.packets, Link::Ethernet);
        let snap_len = frames.last().unwrap().1.len() - cut;
        let snap_len = u32::try_from(snap_len).unwrap();
        let lines = lines(&writer::pcap_of(&frames, 1, false, false, snap_len));
        let text = format!("│ {}", &why[..why.len() - cut]);
        let end = [
            "← content (not complete), 5 bytes",
            "│ half",
            &format!("S ← {} bytes with the RST of the server, which may say why", why.len()),
            &text,
            "───── broken off by the server (RST)",
        ];
        let at = lines.iter().position(|line| *line == end[0]).unwrap();
        assert_eq!(lines[at..at + end.len()], end);
        let sums = format!(
            "{} shown, 0 sent again, {cut} cut off by the snap length",
            REQUEST.len() + head.len() + 5 + why.len() - cut
        );
        assert_eq!(lines[at + end.len() + 1..], [sums]);
    }
}

#[test]
fn a_fin_has_its_own_time_whenever_it_is_reached() {
    let mut tcp = connection();
    tcp.open().data(SERVER, b"one\n").ack(CLIENT).lose(SERVER, 4);
    tcp.wait(1_000).send(SERVER, FIN | ACK, b"");
    let fin = tcp.packets.last().unwrap().time - tcp.packets[0].time;
    tcp.wait(1_000).ack(CLIENT);
    let text = writer::shown(&tcp.pcap());
    let line = format!("S   ←  {}.{:06} s  the server has", fin / 1_000_000, fin % 1_000_000);
    assert!(text.contains(&line), "{line}\n{text}");
}

/// What one side says keeps its order, also where some of it waits for what it answers.
#[test]
fn nothing_overtakes_what_waits() {
    let mut tcp = connection();
    tcp.open().data(CLIENT, b"much\n").ack(SERVER);
    odd(&mut tcp, SERVER, ACK, 800_001, 70_001, b"");
    tcp.packets.swap(3, 4);
    tcp.packets.swap(4, 5);
    let mut frames = frames(&tcp.packets);
    set_window(&mut frames[3], 0);
    let full = "S ← the server takes no more bytes for now (its window is 0)";
    let open = "S ← the server takes bytes again (its window is open)";
    assert_shown_of(&capture_of(&frames), &[&["→ text, 5 bytes", "│ much", full, open]]);
}

#[test]
fn a_connection_may_be_refused_or_not_answered() {
    let mut tcp = connection();
    tcp.send(CLIENT, SYN, b"");
    odd(&mut tcp, SERVER, RST | ACK, 0, 70_001, b"");
    let refused = "───── refused by the server (RST): no SYN, ACK came";
    assert_shown(&tcp.packets, &[&[refused]]);
    let opened = "───── client 192.0.2.71:41000 asks server 192.0.2.72:8000 for a connection";
    assert_eq!(lines(&tcp.pcap())[0], opened);
    // As Windows does: it asks again, and again.
    let twice = [&tcp.packets[..], &tcp.packets[..]].concat();
    assert_shown(&twice, &[&[refused, ASKS_AGAIN, refused]]);
    // Until somebody listens.
    let mut later = tcp.clone();
    later.packets.push(later.packets[0].clone());
    later.send(SERVER, SYN | ACK, b"").ack(CLIENT);
    exchange(&mut later);
    assert_shown(&later.packets, &[&[refused, ASKS_AGAIN], &EXCHANGE]);

    // An RST that acknowledges nothing, or something else, refuses nothing.
    for (flags, acknowledgment, why) in [
        (RST, 0, "it does not acknowledge its SYN"),
        (RST | ACK, 70_000, "it does not acknowledge its SYN"),
    ] {
        let mut tcp = connection();
        tcp.send(CLIENT, SYN, b"");
        odd(&mut tcp, SERVER, flags, 9, acknowledgment, b"");
        tcp.send(SERVER, SYN | ACK, b"").ack(CLIENT);
        exchange(&mut tcp);
        let line = format!("S ← an RST that the client does not accept: {why}");
        assert_shown(&tcp.packets, &[&[line.as_str()], &EXCHANGE]);
    }

    // Nobody is there.
    let mut tcp = connection();
    tcp.send(CLIENT, SYN, b"");
    let none = "───── not answered: no SYN, ACK came";
    assert_shown(&tcp.packets, &[&[none]]);
    let three = vec![tcp.packets[0].clone(); 3];
    let thrice = "───── not answered: the client asked 3 times, and no SYN, ACK came";
    assert_shown(&three, &[&[ASKS_AGAIN, ASKS_AGAIN, thrice]]);
    // The client gives up, and tries again with another number.
    let mut next = connection().sequences(4_000_000_000, 5);
    next.time = tcp.time;
    next.open();
    let found = transcript::read(writer::pcap(&[three, next.packets].concat()).as_slice(), None);
    let endings: Vec<_> = found.unwrap().iter().map(|transcript| transcript.ending).collect();
    assert_eq!(endings, [Some(Ending::Unanswered(3)), None]);
    // The client itself breaks it off.
    odd(&mut tcp, CLIENT, RST, 70_001, 0, b"");
    assert_shown(&tcp.packets, &[&["───── broken off by the client (RST)"]]);
}

/// The frames of a Linux cooked capture v2, each recorded on these interfaces one after the other.
fn on_interfaces(packets: &[Packet], interfaces: &[u8], apart: u64) -> Vec<Frame> {
    let mut all = Vec::new();
    for (time, frame) in writer::frames(packets, Link::Cooked2) {
        for (index, interface) in interfaces.iter().enumerate() {
            let mut frame = frame.clone();
            frame[7] = *interface;
            // A router decreases the hop limit and computes the checksum anew.
            frame[20 + 8] -= u8::try_from(index).unwrap();
            frame[20 + 10] = *interface;
            all.push((time + apart * index as u64, frame));
        }
    }
    all.sort_by_key(|frame| frame.0);
    all
}

#[test]
fn a_packet_recorded_on_two_interfaces_is_one() {
    let mut tcp = connection();
    tcp.open();
    exchange(&mut tcp);
    tcp.wait(1_000);
    exchange(&mut tcp);
    tcp.close(SERVER);
    let once =
        writer::pcap_of(&writer::frames(&tcp.packets, Link::Cooked2), 276, false, false, 999);
    let cooked = |frames: &[Frame]| writer::pcap_of(frames, 276, false, false, 999);
    let two = cooked(&on_interfaces(&tcp.packets, &[1, 2], 30));
    let three = cooked(&on_interfaces(&tcp.packets, &[4, 9, 3], 5));
    let left_out = |count: usize| {
        format!(
            "payloads: standard input: {count} packets left out: recorded twice, on one interface after the other\n"
        )
    };
    for (capture, extra) in [(&two, tcp.packets.len()), (&three, 2 * tcp.packets.len())] {
        for command in ["show", "stats"] {
            let (one, output) =
                (writer::run(&[command, "-"], &once), writer::run(&[command, "-"], capture));
            assert_eq!(
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&one.stdout)
            );
            let others = String::from_utf8_lossy(&one.stderr);
            assert_eq!(String::from_utf8_lossy(&output.stderr), left_out(extra) + &others);
        }
        let (one, all) =
            (Stats::read(once.as_slice(), None), Stats::read(capture.as_slice(), None));
        let (one, all) = (one.unwrap(), all.unwrap());
        assert_eq!(one.usual, all.usual);
        assert_eq!(one.left_out.recorded_twice, 0);
        assert_eq!(all.left_out.recorded_twice, extra as u64);
        let json = all.json("-");
        assert_eq!(json["left_out"]["recorded_twice"], extra);
        let found = transcript::read(capture.as_slice(), None).unwrap();
        assert_eq!(found[0].packets.len(), tcp.packets.len());
    }

    // The same interface twice is what was sent again.
    let again = cooked(&on_interfaces(&tcp.packets, &[1, 1], 30));
    assert_eq!(Stats::read(again.as_slice(), None).unwrap().left_out.recorded_twice, 0);
    assert!(writer::shown(&again).contains("  38 bytes sent again\n"));
    // 100 ms apart it is one packet, and later it is another one.
    for (apart, count) in [(100_000, 1), (100_001, 0)] {
        let frames = on_interfaces(&tcp.packets[3..4], &[1, 2], apart);
        let stats = Stats::read(cooked(&frames).as_slice(), None).unwrap();
        assert_eq!(stats.left_out.recorded_twice, count, "{apart}");
    }
}

/// The older cooked header has no number of the interface, but the direction.
#[test]
fn a_packet_that_comes_in_and_goes_out_is_one() {
    let mut tcp = connection();
    tcp.open();
    exchange(&mut tcp);
    let mut frames = Vec::new();
    for (time, frame) in writer::frames(&tcp.packets, Link::Cooked) {
        let mut out = frame.clone();
        out[1] = 4;
        frames.extend([(time, frame), (time + 20, out)]);
    }
    let capture = writer::pcap_of(&frames, 113, false, false, u32::MAX);
    let stats = Stats::read(capture.as_slice(), None).unwrap();
    assert_eq!(stats.left_out.recorded_twice, tcp.packets.len() as u64);
    assert_eq!(stats.overall.app_bytes, 80);
}

/// pcapng files number the interfaces, as with `dumpcap -i eth0 -i docker0`.
#[test]
fn a_packet_of_two_interfaces_of_a_pcapng_file_is_one() {
    let mut tcp = Connection::new(v6(1, 41_000), v6(2, 8000)).sequences(70_000, 800_000);
    tcp.open();
    exchange(&mut tcp);
    let frames = writer::frames(&tcp.packets, Link::Ethernet);
    let file = writer::pcapng_of(&frames, 1, false, 6);
    let expected = Stats::read(file.as_slice(), None).unwrap();
    // On the second interface it may be in the frame of a virtual network, or in another packet.
    let tunneled = frames.iter().map(|(time, frame)| {
        let mut outer = vec![2; 12];
        outer.extend([8, 0, 0x45, 0]);
        outer.extend(u16::try_from(20 + frame.len() - 14).unwrap().to_be_bytes());
        outer.extend([0, 7, 0, 0, 64, 41, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
        outer.extend(&frame[14..]);
        (*time, outer)
    });
    let tunneled: Vec<Frame> = tunneled.collect();
    for others in [&frames, &writer::frames(&tcp.packets, Link::Vlan), &tunneled] {
        let others = writer::pcapng_of(others, 1, false, 6);
        let mut both = Vec::new();
        let mut rest = blocks(&others).into_iter().filter(|block| block[0] == 6);
        for block in blocks(&file) {
            both.extend(&block);
            match block[0] {
                // The second interface is described as the first one.
                1 => both.extend(&block),
                6 => {
                    let mut other = rest.next().unwrap();
                    other[8] = 1;
                    both.extend(other);
                }
                _ => {}
            }
        }
        let stats = Stats::read(both.as_slice(), None).unwrap();
        assert_eq!(stats.left_out.recorded_twice, tcp.packets.len() as u64);
        assert_eq!(stats.overall, expected.overall);
    }
}

/// The blocks of a pcapng file.
fn blocks(mut file: &[u8]) -> Vec<Vec<u8>> {
    let mut blocks = Vec::new();
    while !file.is_empty() {
        let len = u32::from_le_bytes(file[4..8].try_into().unwrap());
        let (block, rest) = file.split_at(len as usize);
        blocks.push(block.to_vec());
        file = rest;
    }
    blocks
}

fn v6(last: u8, port: u16) -> payloads::input::Endpoint {
    let address = std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last.into());
    payloads::input::Endpoint { address: address.into(), port }
}

#[test]
fn several_packets_may_be_captured_before_the_one_that_they_answer() {
    // The request in two segments, each acknowledged, then the answer.
    let long = [b"GET /a HTTP/1.1\r\nX: ".as_slice(), &[b'y'; 1_500], b"\r\n\r\n"].concat();
    let mut tcp = connection();
    tcp.open();
    let first = tcp.packets.len();
    tcp.data(CLIENT, &long[..1_460]).ack(SERVER).data(CLIENT, &long[1_460..]).ack(SERVER);
    tcp.data(SERVER, RESPONSE).ack(CLIENT).data(CLIENT, REQUEST).ack(SERVER);
    tcp.data(SERVER, RESPONSE).ack(CLIENT);
    let expected: Vec<_> = transcript::read(tcp.pcap().as_slice(), None).unwrap()[0]
        .units
        .iter()
        .map(|unit| (unit.side, unit.kind, unit.number, unit.bytes.clone()))
        .collect();
    assert_eq!(expected.len(), 6);
    // Each order in which one side's packets of the exchange, or of both, come before the other's.
    let orders: [&[usize]; 6] = [
        // Both acknowledgments before the request.
        &[1, 3, 0, 2, 4, 5, 6, 7, 8, 9],
        // The answer too.
        &[1, 3, 4, 0, 2, 5, 6, 7, 8, 9],
        // And what the client says to that.
        &[1, 3, 4, 5, 0, 2, 6, 7, 8, 9],
        // All of the server's packets, then all of the client's.
        &[1, 3, 4, 7, 8, 0, 2, 5, 6, 9],
        // In the middle of it.
        &[0, 1, 3, 4, 2, 5, 7, 8, 6, 9],
        // The client's last acknowledgments first.
        &[9, 5, 0, 1, 2, 3, 4, 6, 7, 8],
    ];
    for order in orders {
        let mut packets = tcp.packets[..first].to_vec();
        packets.extend(order.iter().map(|index| tcp.packets[first + index].clone()));
        let found = &transcript::read(writer::pcap(&packets).as_slice(), None).unwrap();
        assert_eq!(found.len(), 1, "{order:?}");
        let units: Vec<_> = found[0]
            .units
            .iter()
            .map(|unit| (unit.side, unit.kind, unit.number, unit.bytes.clone()))
            .collect();
        assert_eq!(units, expected, "{order:?}");
        assert_eq!((found[0].missing, found[0].sent_again), (0, 0), "{order:?}");
        let stats = Stats::read(writer::pcap(&packets).as_slice(), None).unwrap();
        assert_eq!(stats.overall.app_bytes, long.len() as u64 + 38 + 2 * 42, "{order:?}");
    }
}

/// What waits for bytes that never come is shown after 100 ms, with the gap before it.
#[test]
fn what_acknowledges_lost_bytes_waits_only_so_long() {
    let mut tcp = connection();
    tcp.open().lose(CLIENT, 30).ack(SERVER).data(SERVER, b"answer\n").ack(CLIENT);
    let gap = "C → gap: 30 bytes not in the capture";
    let answer = ["← text, 7 bytes", "│ answer"];
    assert_shown(&tcp.packets, &[&[gap], &answer]);
    assert!(sums(&tcp.packets).ends_with("and 30 bytes missing in gaps"));
    // More than that wait.
    let mut many = connection();
    many.open().lose(CLIENT, 30);
    for _ in 0..100 {
        many.data(SERVER, b"x");
    }
    let found = &transcript::read(many.pcap().as_slice(), None).unwrap()[0];
    assert_eq!((found.units.len(), found.missing), (100, 30));
    let text = writer::shown(&many.pcap());
    let time = text.lines().find(|line| line.contains("gap: 30 bytes")).unwrap();
    assert!(time.contains(" 0.000300 s "), "{time}");

    // 100 ms later it comes too late for its place, if something was said meanwhile.
    for (wait, late) in [(99_000, false), (101_000, true)] {
        let mut tcp = connection();
        tcp.open().data(CLIENT, b"ask\n").data(SERVER, b"answer\n").ack(CLIENT);
        let mut asks = tcp.packets.remove(3);
        asks.time += wait;
        tcp.packets.push(asks);
        let text = writer::shown(&tcp.pcap());
        assert_eq!(text.contains("4 bytes from before, captured late"), late, "{text}");
        assert_eq!(text.find("│ ask") > text.find("│ answer"), late, "{text}");
    }
}

#[test]
fn an_acknowledgment_of_what_was_never_sent_moves_nothing() {
    let never =
        |bytes: &str| format!("S ← the server acknowledges {bytes} that the client had not sent");
    // Beyond what the window allows, and within it; the client goes on where it was.
    for (beyond, wait) in [(2_000_000, 0), (500, 150), (1_000_000_000, 200)] {
        let mut tcp = connection();
        tcp.open();
        odd(&mut tcp, SERVER, ACK, 800_001, 70_001 + beyond, b"");
        tcp.wait(wait);
        exchange(&mut tcp);
        let line = never(&format!("{beyond} bytes"));
        assert_shown(&tcp.packets, &[&[line.as_str()], &EXCHANGE]);
        assert!(!sums(&tcp.packets).contains("missing"));
    }
    // The server itself says less afterwards.
    let mut tcp = connection();
    tcp.open();
    odd(&mut tcp, SERVER, ACK, 800_001, 70_501, b"");
    tcp.wait(150).ack(SERVER).data(SERVER, b"hello\n");
    let hello = ["← text, 6 bytes", "│ hello"];
    assert_shown(&tcp.packets, &[&[never("500 bytes").as_str()], &hello]);
    // An answer that acknowledges it is shown all the same.
    let mut tcp = connection();
    tcp.open().data(CLIENT, REQUEST);
    odd(&mut tcp, SERVER, ACK, 800_001, 200_000_000, RESPONSE);
    tcp.lose(SERVER, 42).wait(150).ack(CLIENT);
    let line = never("199929961 bytes");
    assert_shown(&tcp.packets, &[&EXCHANGE, &[line.as_str()]]);
    // Nothing comes after a FIN.
    let mut tcp = connection();
    tcp.open().send(CLIENT, FIN | ACK, b"");
    odd(&mut tcp, SERVER, ACK, 800_001, 70_012, b"");
    tcp.ack(SERVER).data(SERVER, b"bye\n");
    let text = ["C → the client has nothing more to send (FIN)", &never("10 bytes")];
    assert_shown(&tcp.packets, &[&text, &["← text, 4 bytes", "│ bye"]]);
    // At the end, what was within the window may be missing, and what was not is not. A byte beyond
    // it may be that of a window probe.
    let gap = |bytes: u32| format!("C → gap: {bytes} bytes not in the capture");
    for (beyond, line) in [
        (60_000, gap(60_000)),
        (65_536, gap(65_536)),
        (65_537, never("65537 bytes")),
        (70_000, never("70000 bytes")),
    ] {
        let mut tcp = connection();
        tcp.open();
        // The last acknowledgment counts.
        odd(&mut tcp, SERVER, ACK, 800_001, 70_001 + beyond - 500, b"");
        odd(&mut tcp, SERVER, ACK, 800_001, 70_001 + beyond, b"");
        assert_shown(&tcp.packets, &[&[line.as_str()]]);
    }
    // Nothing is told by bytes from before that are sent again, but by those that follow them.
    for (sequence, again, lines) in [
        (70_001, &b"ask\n"[..], &["C → 4 bytes sent again", &gap(500)][..]),
        (
            70_002,
            b"sk\nnow\n",
            &[&never("500 bytes"), "C → 3 bytes sent again", "→ text, 4 bytes", "│ now"],
        ),
    ] {
        let mut tcp = connection();
        tcp.open().data(CLIENT, b"ask\n").ack(SERVER);
        odd(&mut tcp, SERVER, ACK, 800_001, 70_505, b"");
        tcp.wait(150);
        odd(&mut tcp, CLIENT, ACK, sequence, 800_001, again);
        assert_shown(&tcp.packets, &[&["→ text, 4 bytes", "│ ask"], lines]);
    }
    // Within 100 ms, the bytes may have been captured late, unless a FIN tells.
    for (after, line) in [(100_000, gap(500)), (100_100, never("500 bytes"))] {
        let mut tcp = connection();
        tcp.open();
        odd(&mut tcp, SERVER, ACK, 800_001, 70_501, b"");
        tcp.time += after - 100;
        tcp.ack(SERVER);
        assert_shown(&tcp.packets, &[&[line.as_str()]]);
    }
    let mut tcp = connection();
    tcp.open();
    odd(&mut tcp, SERVER, ACK, 800_001, 70_501, b"");
    tcp.time += 100_000 - 100;
    tcp.send(CLIENT, FIN | ACK, b"").data(SERVER, b"bye\n");
    let fin = "C → the client has nothing more to send (FIN)";
    assert_shown(&tcp.packets, &[&[&never("500 bytes"), fin, "← text, 4 bytes", "│ bye"]]);
    // Bytes that are captured late are not called unsent.
    let mut tcp = connection();
    tcp.open().data(CLIENT, b"ask\n").ack(SERVER).ack(SERVER).ack(SERVER);
    let asks = tcp.packets.remove(3);
    tcp.packets.push(asks);
    assert_shown(&tcp.packets, &[&["→ text, 4 bytes", "│ ask"]]);
    // Nor is a single one called a FIN.
    let mut tcp = connection();
    tcp.open().data(CLIENT, b"ask").data(CLIENT, b"\n").ack(SERVER);
    tcp.packets.swap(4, 5);
    let text = ["→ text, 3 bytes", "│ ask", "→ text, 1 byte", "│"];
    assert_shown(&tcp.packets, &[&text]);
}

/// Where the capture lost more than a window, the sender's next packet shows that it was sent.
#[test]
fn what_was_sent_and_lost_is_a_gap_however_long() {
    let mut tcp = connection();
    tcp.open().lose(CLIENT, 3_000_000).ack(SERVER);
    tcp.wait(150).data(CLIENT, b"the end\n").ack(SERVER);
    let gap = "C → gap: 3000000 bytes not in the capture";
    assert_shown(&tcp.packets, &[&[gap], &["→ text, 8 bytes", "│ the end"]]);
    // The sender's acknowledgment is enough.
    let mut tcp = connection();
    tcp.open().lose(CLIENT, 3_000_000).ack(SERVER);
    tcp.wait(150).ack(CLIENT).data(SERVER, b"thanks\n");
    assert_shown(&tcp.packets, &[&[gap], &["← text, 7 bytes", "│ thanks"]]);
    // The sender's packet first.
    let mut tcp = connection();
    tcp.open().lose(CLIENT, 3_000_000).data(CLIENT, b"the end\n").ack(SERVER);
    assert_shown(&tcp.packets, &[&[gap], &["→ text, 8 bytes", "│ the end"]]);
}

#[test]
fn what_is_outside_the_window_is_not_what_is_said() {
    // Data and a FIN that somebody else may have sent.
    let mut tcp = connection();
    tcp.open();
    odd(&mut tcp, SERVER, FIN | ACK, 2_000_000_000, 70_001, b"forged\n");
    exchange(&mut tcp);
    tcp.close(CLIENT);
    let fin = "S ← a FIN that the client does not accept: its number is 1999200006 after the one \
               expected";
    let fins = [
        "C → the client has nothing more to send (FIN)",
        "S ← 7 bytes outside the window, which the client does not take",
        "│ forged",
        "S ← the server has nothing more to send (FIN)",
    ];
    let shown = lines(&tcp.pcap());
    assert_eq!(shown[1], fin);
    assert_eq!(shown[2..12], EXCHANGE);
    let mut found: Vec<&str> = shown[12..16].iter().map(String::as_str).collect();
    found.sort_unstable();
    let mut expected = fins.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(sums(&tcp.packets).ends_with("\n87 shown, 0 sent again, 0 cut off by the snap length"));
    // Before the first byte.
    let mut tcp = connection();
    tcp.open();
    odd(&mut tcp, SERVER, ACK, 799_990, 70_001, b"forged\n");
    exchange(&mut tcp);
    let outside = "S ← 7 bytes outside the window, which the client does not take";
    assert_shown(&tcp.packets, &[&[outside, "│ forged"], &EXCHANGE]);
    // The SYN that says where the first byte is was captured after them, and with them came more.
    let mut tcp = connection();
    tcp.open();
    let first = tcp.packets[0].clone();
    let payload = b"forged\nask\n".to_vec();
    let acknowledgment = 800_001;
    tcp.packets
        .insert(0, Packet { sequence: 69_994, acknowledgment, flags: ACK, payload, ..first });
    let late = "C → the SYN of the client, captured late";
    let outside = "C → 7 bytes outside the window, which the server does not take";
    let server = "S ← the SYN of the server, captured late";
    assert_shown(&tcp.packets, &[&[late, outside, "│ forged", "→ text, 4 bytes", "│ ask", server]]);
    // A FIN from before.
    let mut tcp = connection();
    tcp.open();
    exchange(&mut tcp);
    odd(&mut tcp, SERVER, FIN | ACK, 800_010, 70_039, b"");
    tcp.data(CLIENT, b"GET / HTTP/1.0\r\n\r\n");
    let fin = "S ← a FIN that the client does not accept: its number is 33 before the one expected";
    let request = ["→ request, 18 bytes", "│ GET / HTTP/1.0", "│"];
    assert_shown(&tcp.packets, &[&EXCHANGE, &[fin], &request]);
}

#[test]
fn a_syn_captured_last_begins_no_other_connection() {
    let mut tcp = connection();
    tcp.open();
    exchange(&mut tcp);
    tcp.close(CLIENT);
    let fins = [
        "C → the client has nothing more to send (FIN)",
        "S ← the server has nothing more to send (FIN)",
    ];
    let (syn, syn_ack) =
        ("C → the SYN of the client, captured late", "S ← the SYN of the server, captured late");
    let late = |order: &[usize]| {
        let mut packets = tcp.packets[2..].to_vec();
        packets.extend(order.iter().map(|index| tcp.packets[*index].clone()));
        packets
    };
    // The SYN alone, the SYN, ACK alone, and both.
    let mut packets = late(&[0]);
    packets.insert(0, tcp.packets[1].clone());
    assert_shown(&packets, &[&EXCHANGE, &fins, &[syn]]);
    let mut packets = late(&[1]);
    packets.insert(0, tcp.packets[0].clone());
    assert_shown(&packets, &[&EXCHANGE, &fins, &[syn_ack]]);
    assert_shown(&late(&[0, 1]), &[&EXCHANGE, &fins, &[syn, syn_ack]]);
    assert_shown(&late(&[1, 0]), &[&EXCHANGE, &fins, &[syn_ack, syn]]);
    for packets in [late(&[0]), late(&[1]), late(&[1, 0])] {
        let found = transcript::read(writer::pcap(&packets).as_slice(), None).unwrap();
        assert_eq!(found.len(), 1);
        assert!(!found[0].connection.midway);
        assert_eq!(found[0].missing, 0);
    }
    // Before the end, too.
    let mut packets = tcp.packets[1..6].to_vec();
    packets.push(tcp.packets[0].clone());
    packets.extend_from_slice(&tcp.packets[6..]);
    assert_shown(&packets, &[&EXCHANGE[..10], &[syn], &fins][..]);

    // It says which byte is the first: none comes before it, but those after it may come late.
    for first in [3, 5] {
        let mut tcp = connection();
        tcp.open().data(CLIENT, b"one\n").ack(SERVER).data(CLIENT, b"two\n").ack(SERVER);
        let (one, asks) = (tcp.packets[3].clone(), tcp.packets[0].clone());
        tcp.packets.drain(..first);
        tcp.packets.push(asks);
        odd(&mut tcp, CLIENT, ACK, 69_990, 800_001, b"forged\n");
        tcp.packets.push(one);
        let last = &lines(&tcp.pcap())[if first == 3 { 5 } else { 3 }..];
        let outside = "C → 7 bytes outside the window, which the server does not take";
        assert_eq!(last[..3], [syn, outside, "│ forged"]);
        let one = ["C → 4 bytes sent again", "C → 4 bytes from before, captured late"];
        assert_eq!(last[3], one[usize::from(first == 5)]);
    }

    // The SYN of another connection begins one.
    for sequence in [70_001, 70_000 + (1 << 20), 69_000_u32.wrapping_sub(1 << 20)] {
        let mut packets = tcp.packets[1..].to_vec();
        packets.push(Packet { sequence, ..tcp.packets[0].clone() });
        let found = transcript::read(writer::pcap(&packets).as_slice(), None).unwrap();
        assert_eq!(found.len(), 2, "{sequence}");
    }
}

#[test]
fn the_side_that_sends_a_request_is_the_client() {
    // The client has the lower port, and the server's is no known one.
    let ends = || Connection::new(v4(81, 20_000), v4(82, 55_555)).sequences(5, 6);
    let opened = "───── client 192.0.2.81:20000 and server 192.0.2.82:55555, connected before the \
                  capture began";
    let turned =
        "───── as it turns out, the client is 192.0.2.81:20000, the server 192.0.2.82:55555";
    let mut tcp = ends();
    exchange(&mut tcp);
    assert_eq!(lines(&tcp.pcap())[0], opened);
    assert_shown(&tcp.packets, &[&EXCHANGE]);
    // The answer is the first that was captured.
    assert_eq!(lines(&writer::pcap(&tcp.packets[2..]))[0], opened);
    assert_shown(&tcp.packets[2..], &[&EXCHANGE[4..]]);
    // Nothing but an acknowledgment came before.
    let mut late = ends();
    late.ack(SERVER);
    exchange(&mut late);
    assert_shown(&late.packets, &[&[turned], &EXCHANGE]);
    // The end of another answer came before.
    let mut late = ends();
    late.data(SERVER, b"...</html>\n").ack(CLIENT);
    exchange(&mut late);
    let shown = lines(&late.pcap());
    assert_eq!(shown[1..4], ["→ text, 11 bytes", "│ ...</html>", turned]);
    assert_eq!(shown[4], "→ request, 38 bytes");
    let found = &transcript::read(late.pcap().as_slice(), None).unwrap()[0];
    assert_eq!(found.connection.client, v4(81, 20_000));
    let sides: Vec<Side> = found.units.iter().map(|unit| unit.side).collect();
    assert_eq!(sides, [Side::Server, Side::Client, Side::Server, Side::Server]);
    let sides: Vec<Side> = found.packets.iter().map(|packet| packet.side).collect();
    let (client, server) = (Side::Client, Side::Server);
    assert_eq!(sides, [server, client, client, server, server, client]);
    let stats = Stats::read(late.pcap().as_slice(), None).unwrap();
    assert_eq!(stats.connections, 1);

    // Whoever runs it knows better, and so does a SYN.
    let output = writer::run(&["show", "--port", "20000", "-"], &late.pcap());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("server 192.0.2.81:20000") && !text.contains("as it turns out"),
        "{text}"
    );
    let mut tcp = ends();
    tcp.open().data(SERVER, REQUEST);
    assert_eq!(lines(&tcp.pcap())[1], "← text, 38 bytes");
    // A SYN that was captured late tells too.
    let mut tcp = ends();
    tcp.open().data(SERVER, b"hello\n").ack(CLIENT);
    for first in [0, 1] {
        let mut packets = tcp.packets[2..].to_vec();
        packets.push(tcp.packets[first].clone());
        let found = &transcript::read(writer::pcap(&packets).as_slice(), None).unwrap()[0];
        assert_eq!(found.connection.client, v4(81, 20_000), "{first}");
        assert!(!found.connection.midway);
        assert_eq!(found.units[0].side, Side::Server);
        assert!(lines(&writer::pcap(&packets)).iter().any(|line| line == turned));
    }
}

/// Bytes are charged to the update that they came in, also where nothing says that they are next.
#[test]
fn one_direction_alone_has_its_updates() {
    let mut tcp = connection();
    for _ in 0..4 {
        tcp.wait(2_000).data(SERVER, b"21:15:00\n").data(SERVER, b"noon\n");
    }
    let usual = Stats::read(tcp.pcap().as_slice(), None).unwrap().usual.unwrap();
    assert_eq!((usual.seen, usual.of), (3, 3));
    let output = writer::run(&["stats", "-"], &tcp.pcap());
    let tables = String::from_utf8(output.stdout).unwrap();
    let cells = "| server |        14 |    8 |       2 |         0 |       4 |";
    assert!(tables.contains(cells), "{tables}");
    // What waits for bytes that are captured later, too.
    let mut tcp = connection();
    tcp.open();
    for _ in 0..3 {
        tcp.wait(2_000).lose(CLIENT, 5).data(SERVER, b"21:15:00\n").ack(CLIENT);
    }
    let usual = Stats::read(tcp.pcap().as_slice(), None).unwrap().usual.unwrap();
    assert_eq!(usual.seen, 3);
    let division = usual.update.division(Side::Server);
    assert_eq!((division.total, division.undecided()), (9, 0));
}

/// With `--explain`, the section of RFC 9293 stands beside what is odd.
#[test]
fn what_is_odd_has_its_section() {
    let mut tcp = connection();
    tcp.open().data(CLIENT, b"yes\n").ack(SERVER);
    odd(&mut tcp, CLIENT, ACK, 70_004, 800_001, b"");
    let output = writer::run(&["show", "--explain", "-"], &tcp.pcap());
    let text = String::from_utf8(output.stdout).unwrap();
    let line = "keep-alive: is the server still there? (RFC 9293 section 3.8.4)\n";
    assert!(text.contains(line), "{text}");
}
