//! `payloads show --packets`: each packet, and with `--explain` each bit of it.

mod writer;

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::Value;
use writer::{CLIENT, Connection, SERVER};

/// What the program prints of a capture.
fn run(arguments: &[&str], capture: &[u8]) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_payloads"))
        .args(arguments)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(capture).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// A visit to tcpapp, from the first SYN to TIME-WAIT.
fn visit() -> Vec<u8> {
    let mut tcp = Connection::v4();
    tcp.open().data(SERVER, b"Hello!\n").ack(CLIENT);
    tcp.wait(10_000).data(CLIENT, b"time\n").data(SERVER, b"09:31:45\n\n").ack(CLIENT);
    tcp.close(CLIENT);
    tcp.pcap()
}

#[test]
fn each_packet_says_what_it_does() {
    let text = run(&["show", "--packets"], &visit());
    let headings: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with(['#', 'T']))
        .map(|line| line.split_once(" s  ").unwrap().1)
        .collect();
    assert_eq!(
        headings,
        [
            "SYN: the client asks for a connection",
            "SYN, ACK: the server takes it",
            "ACK: the connection is open",
            "the server sends bytes 1–7",
            "text, 7 bytes, in packet 4",
            "ACK: the client has received packet 4",
            "the client sends bytes 1–5",
            "text, 5 bytes, in packet 6",
            "the server sends bytes 8–17, the answer to packet 6 after 100 µs, and acknowledges \
             packet 6",
            "text, 10 bytes, in packet 7",
            "ACK: the client has received packet 7",
            "FIN: the client has nothing more to send",
            "FIN: the server has nothing more to send",
            "ACK: closed on both sides; the client, which closed first, waits in TIME-WAIT, of \
             which nothing is sent (RFC 9293 section 3.3.2)",
        ]
    );
    assert!(text.starts_with(
        "#1  →  0.000000 s  SYN: the client asks for a connection\n    \
         │ 192.0.2.1:50000 → 192.0.2.2:8000\n    │ 78 bytes = 14 Ethernet + 20 IPv4 + 44 TCP\n\n"
    ));
    assert!(text.contains("\n    │ 76 bytes = 14 Ethernet + 20 IPv4 + 32 TCP + 10 payload\n"));
    // No paragraph is set off twice.
    assert!(!text.contains("\n\n\n"), "{text}");
    let sums = text.lines().last().unwrap();
    assert_eq!(sums, "22 shown, 0 sent again, 0 cut off by the snap length");
}

#[test]
fn each_field_has_a_line() {
    let capture = visit();
    let text = run(&["show", "--packets", "--explain"], &capture);
    let json = run(&["show", "--json"], &capture);
    let mut lines = text.lines();
    let mut fields = 0;
    for line in json.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["kind"] != "packet" {
            continue;
        }
        for field in line["fields"].as_array().unwrap() {
            let value = field[2].as_str().unwrap();
            let found = lines.find(|line| line.starts_with("    │ ") && line.contains(value));
            assert!(found.is_some(), "{field} is missing in\n{text}");
            fields += 1;
        }
    }
    assert!(fields > 300, "{fields}");
    for line in [
        "    │ data offset           1000....           8 × 4 = 32 bytes",
        "    │ SYN                   ......1.           set ",
        "    │ time to live          40                 64 ",
        "    │ time          09:31:45  the time itself",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn what_is_no_tcp_is_a_packet_too() {
    let arp =
        [&[0xff; 6][..], &[2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1], &[0; 20]].concat();
    let capture = writer::pcap_of(&[(0, arp)], 1, false, false, u32::MAX);
    let text = run(&["show", "--packets"], &capture);
    assert!(text.starts_with("#1  ─  0.000000 s  "), "{text}");
    assert!(text.lines().nth(1).unwrap().contains("42 bytes = 14 Ethernet + "), "{text}");
}
