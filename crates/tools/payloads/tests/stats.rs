//! The tables, on captures like those of the original document and on real ones.

mod writer;

use payloads::{
    decode::Kind,
    report::stats::{self, Figures, Stats},
    tcp::Side,
};
use writer::{ACK, CLIENT, Connection, FIN, SERVER, run};

fn stats(capture: &[u8]) -> Stats {
    Stats::read(capture, None).unwrap()
}

fn figures(cells: [u64; 5]) -> Figures {
    let [total_packets, app_packets, frame_bytes, tcp_bytes, app_bytes] = cells;
    Figures { total_packets, app_packets, frame_bytes, tcp_bytes, app_bytes }
}

/// `len` bytes that begin with `start`, as a head of that length or the like.
fn padded(start: &str, end: &str, len: usize) -> Vec<u8> {
    let padding = len - start.len() - end.len();
    [start.as_bytes(), &vec![b'x'; padding], end.as_bytes()].concat()
}

/// The requests of the original document, which are those of Firefox 89.
fn request(len: usize) -> Vec<u8> {
    padded("GET / HTTP/1.1\r\nUser-Agent: ", "\r\n\r\n", len)
}

/// A head of the original's servers.
fn response(kind: &str, length: usize) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Date: Sun, 06 Jun 2021 09:36:17 GMT\r\n\r\n"
    )
    .into_bytes()
}

fn page(len: usize) -> Vec<u8> {
    padded("<time>09:36:17</time>", "</html>\n", len)
}

/// The conversations behind the original's figures: connect, and three updates ten seconds apart.
fn original_tcpapp() -> Connection {
    let mut tcp = Connection::v4();
    tcp.open().data(SERVER, b"Hello!\nServer time: 09:31:35\n\n").ack(CLIENT);
    for time in ["09:31:45", "09:31:55", "09:32:05"] {
        tcp.wait(10_000).data(CLIENT, b"time\n");
        tcp.data(SERVER, format!("{time}\n\n").as_bytes()).ack(CLIENT);
    }
    tcp.wait(10_000);
    tcp.send(CLIENT, FIN | ACK, b"").send(SERVER, FIN | ACK, b"").ack(CLIENT).ack(SERVER);
    tcp
}

/// webapp and ajaxapp: a request, its acknowledgment, head and body in a packet each.
fn original_web(page_len: usize, updates: usize, kind: &str, content: &[u8]) -> Connection {
    let mut web = Connection::v4();
    web.open();
    for index in 0..4 {
        let (len, kind, content) = match index {
            0 => (345, "text/html; charset=utf-8", &page(page_len)[..]),
            _ => (updates, kind, content),
        };
        web.data(CLIENT, &request(len)).ack(SERVER);
        web.data(SERVER, &response(kind, content.len())).data(SERVER, content).ack(CLIENT);
        web.wait(10_000);
    }
    web.send(CLIENT, FIN | ACK, b"").send(SERVER, FIN | ACK, b"").ack(CLIENT).ack(SERVER);
    web
}

#[test]
fn tcpapp_of_the_original_document() {
    let stats = stats(&original_tcpapp().pcap());
    assert_eq!(stats.overall, figures([18, 7, 1283, 596, 75]));
    let usual = stats.usual.unwrap();
    assert_eq!(usual.update.figures, figures([3, 2, 213, 96, 15]));
    assert_eq!((usual.seen, usual.of), (3, 3));
    assert!(usual.update.can_push);
    assert_eq!(usual.update.without_client, figures([2, 1, 142, 64, 10]));
    let client = usual.update.division(Side::Client);
    let server = usual.update.division(Side::Server);
    assert_eq!(Kind::ALL.map(|kind| client.of(kind)), [0, 1, 0, 4]);
    assert_eq!(Kind::ALL.map(|kind| server.of(kind)), [8, 2, 0, 0]);
}

#[test]
fn webapp_of_the_original_document() {
    let content = page(435);
    let web = original_web(435, 371, "text/html; charset=utf-8", &content);
    let stats = stats(&web.pcap());
    assert_eq!(stats.overall, figures([27, 12, 5468, 884, 3666]));
    let usual = stats.usual.unwrap();
    assert_eq!(usual.update.figures, figures([5, 3, 1253, 160, 923]));
    assert_eq!((usual.seen, usual.of), (3, 3));
    assert!(!usual.update.can_push, "an answer to a request is no push");
    let server = usual.update.division(Side::Server);
    assert_eq!(Kind::ALL.map(|kind| server.of(kind)), [8, 0, 117, 427]);
    let client = usual.update.division(Side::Client);
    assert_eq!(Kind::ALL.map(|kind| client.of(kind)), [0, 0, 371, 0]);
}

#[test]
fn ajaxapp_of_the_original_document() {
    let json = b"{\"time\":\"08:04:23\"}\n";
    let stats = stats(&original_web(807, 287, "application/json", json).pcap());
    assert_eq!(stats.overall, figures([27, 12, 4316, 884, 2514]));
    let usual = stats.usual.unwrap();
    assert_eq!(usual.update.figures, figures([5, 3, 745, 160, 415]));
    assert!(!usual.update.can_push);
    let server = usual.update.division(Side::Server);
    assert_eq!(Kind::ALL.map(|kind| server.of(kind)), [8, 12, 108, 0]);
}

#[test]
fn sseapp_of_the_original_document() {
    let mut sse = Connection::v4();
    sse.open();
    sse.data(CLIENT, &request(345)).ack(SERVER);
    sse.data(SERVER, &response("text/html", 569)).data(SERVER, &page(569)).ack(CLIENT);
    sse.data(CLIENT, &request(352)).ack(SERVER);
    for (index, time) in ["11:42:14", "11:42:24", "11:42:34"].iter().enumerate() {
        sse.wait(10_000);
        if index == 0 {
            // The original's server held the head back until the first event.
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
            sse.data(SERVER, head).ack(CLIENT);
        }
        sse.data(SERVER, format!("1c\r\ndata: {{\"time\": \"{time}\"}}\n\n\r\n").as_bytes());
        sse.ack(CLIENT);
    }
    sse.wait(5_000).close(CLIENT);
    let usual = stats(&sse.pcap()).usual.unwrap();
    assert_eq!(usual.update.figures, figures([2, 1, 166, 64, 34]));
    assert_eq!((usual.seen, usual.of), (2, 3));
    assert!(usual.update.can_push);
    assert_eq!(usual.update.without_client, figures([2, 1, 166, 64, 34]));
    let server = usual.update.division(Side::Server);
    assert_eq!(Kind::ALL.map(|kind| server.of(kind)), [8, 26, 0, 0]);
}

const FRAMES: [[&[u8]; 2]; 3] = [
    [
        b"\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73",
        b"\x81\x14{\"time\": \"09:43:38\"}",
    ],
    [
        b"\x81\x88\xa2\xf4\xf0\xd0\xc5\x91\x84\xfd\xd6\x9d\x9d\xb5",
        b"\x81\x14{\"time\": \"09:43:48\"}",
    ],
    [
        b"\x81\x88\xa6\x91\x34\xfd\xc1\xf4\x40\xd0\xd2\xf8\x59\x98",
        b"\x81\x14{\"time\": \"09:43:58\"}",
    ],
];

#[test]
fn wsapp_of_the_original_document() {
    let mut page_connection = Connection::v4();
    page_connection.open().data(CLIENT, &request(345)).ack(SERVER);
    page_connection.data(SERVER, &response("text/html", 719)).data(SERVER, &page(719));
    page_connection.ack(CLIENT);
    let mut ws = Connection::new(writer::v4(1, 50_001), writer::v4(2, 8000));
    ws.time = page_connection.time;
    ws.open();
    ws.data(
        CLIENT,
        b"GET /time HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n\r\n",
    );
    ws.ack(SERVER);
    ws.data(
        SERVER,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: jvz8rJ0yJN/A4J0kiZQLiifpQO8=\r\n\r\n",
    );
    ws.ack(CLIENT);
    for [command, answer] in FRAMES {
        ws.wait(10_000).data(CLIENT, command).data(SERVER, answer).ack(CLIENT);
    }
    ws.wait(10_000).data(CLIENT, b"\x88\x82\x19\xdb\x13\x62\x1a\x32").data(SERVER, b"\x88\x00");
    ws.close(CLIENT);
    let packets = [page_connection.packets, ws.packets].concat();
    let stats = stats(&writer::pcap(&packets));
    // The document says 12, but its capture has 13.
    assert_eq!(stats.overall.app_packets, 13);
    let usual = stats.usual.unwrap();
    assert_eq!(usual.update.figures, figures([3, 2, 234, 96, 36]));
    assert_eq!((usual.seen, usual.of), (3, 3));
    assert_eq!(usual.update.without_client, figures([2, 1, 154, 64, 22]));
    let client = usual.update.division(Side::Client);
    let server = usual.update.division(Side::Server);
    assert_eq!(Kind::ALL.map(|kind| client.of(kind)), [0, 6, 0, 8]);
    assert_eq!(Kind::ALL.map(|kind| server.of(kind)), [8, 14, 0, 0]);
}

#[test]
fn the_latest_of_equally_frequent_updates_counts() {
    let mut tcp = Connection::v4();
    tcp.open().data(SERVER, b"Hello!\nServer time: 09:31:35\n\n").ack(CLIENT);
    for line in [&b"foo\n"[..], b"foo\n", b"time\n", b"time\n", b"x\n"] {
        tcp.wait(1_000).data(CLIENT, line).ack(SERVER);
    }
    let usual = stats(&tcp.pcap()).usual.unwrap();
    assert_eq!((usual.update.figures.app_bytes, usual.seen, usual.of), (5, 2, 5));
}

#[test]
fn an_update_is_what_half_a_second_of_silence_surrounds() {
    let mut tcp = Connection::v4();
    tcp.open();
    // 499.9 ms between packets is no silence, 500 ms is.
    tcp.wait(1_000).data(CLIENT, b"a\n");
    tcp.time += 499_800;
    tcp.data(CLIENT, b"bb\n");
    tcp.time += 499_900;
    tcp.data(CLIENT, b"ccc\n");
    let usual = stats(&tcp.pcap()).usual.unwrap();
    assert_eq!((usual.update.figures.app_bytes, usual.seen, usual.of), (4, 1, 2));
}

#[test]
fn without_updates_there_are_no_rows() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"time\n").close(CLIENT);
    let stats = stats(&tcp.pcap());
    assert!(stats.usual.is_none());
    let table = stats::update_table(&[("x.pcap", &stats)]);
    assert_eq!(table.lines().count(), 2, "{table}");
}

/// A head typed by hand arrives in several updates; each byte is counted where it arrives.
#[test]
fn the_kinds_add_up_however_bytes_arrive() {
    let mut tcp = Connection::v4();
    tcp.open();
    for line in [&b"GET / HTTP/1.1\r\n"[..], b"Host: a\r\n", b"\r\n"] {
        tcp.wait(1_000).data(CLIENT, line).ack(SERVER);
    }
    let division = stats(&tcp.pcap()).usual.unwrap().update.divisions[0];
    assert_eq!((division.of(Kind::HttpHead), division.undecided()), (2, 0));

    let mut lines = Connection::v4();
    lines.open();
    for piece in [&b"09:"[..], b"31:", b"45", b"\n\n"] {
        lines.wait(600).data(SERVER, piece).ack(CLIENT);
    }
    lines.wait(600).data(SERVER, b"09:31:4").data(SERVER, b"6\n\n").ack(CLIENT);
    lines.wait(600).data(SERVER, b"09:31:4").data(SERVER, b"6\n\n").ack(CLIENT);
    let division = stats(&lines.pcap()).usual.unwrap().update.divisions[1];
    assert_eq!(Kind::ALL.map(|kind| division.of(kind)), [8, 2, 0, 0]);
}

#[test]
fn real_captures_give_the_same_figures_as_tshark() {
    // tshark -r FILE -T fields -e frame.len -e tcp.hdr_len -e tcp.len, summed up.
    let expected = [
        ("tcpapp", [18, 7, 1279, 592, 75], [3, 2, 213, 96, 15], [8, 3, 0, 4]),
        ("webapp", [19, 8, 3790, 624, 2520], [3, 2, 828, 96, 630], [8, 0, 195, 427]),
        ("ajaxapp", [19, 8, 2902, 624, 1632], [3, 2, 408, 96, 210], [8, 12, 190, 0]),
        ("sseapp", [19, 7, 2350, 624, 1080], [2, 1, 166, 64, 34], [8, 26, 0, 0]),
        ("wsapp", [32, 12, 3513, 1056, 1369], [3, 2, 234, 96, 36], [8, 20, 0, 8]),
    ];
    for (app, overall, update, kinds) in expected {
        let path = format!("{}/tests/captures/{app}.pcap", env!("CARGO_MANIFEST_DIR"));
        let stats = stats(&std::fs::read(path).unwrap());
        assert_eq!(stats.overall, figures(overall), "{app}");
        let usual = stats.usual.unwrap();
        assert_eq!(usual.update.figures, figures(update), "{app}");
        let found = Kind::ALL.map(|kind| {
            usual.update.divisions.iter().map(|division| division.of(kind)).sum::<u64>()
        });
        assert_eq!(found, kinds, "{app}");
        assert_eq!(found.iter().sum::<u64>(), usual.update.figures.app_bytes, "{app}");
        assert_eq!(stats.warnings(), Vec::<String>::new(), "{app}");
    }
}

#[test]
fn tables_are_markdown_and_json_has_the_same_figures() {
    let capture = original_tcpapp().pcap();
    let output = run(&["stats", "-"], &capture);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "| PCAP           | Total Packets | App Packets | Frame Bytes | TCP Bytes | App Bytes |   Seen |",
        "| -------------- | ------------: | ----------: | ----------: | --------: | --------: | -----: |",
        "| standard input |             3 |           2 |         213 |        96 |        15 | 3 of 3 |",
        "| standard input |             2 |           1 |         142 |        64 |        10 |",
        "| standard input | client |         5 |    0 |       1 |         0 |       4 |",
        "| standard input | server |        10 |    8 |       2 |         0 |       0 |",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
    }
    let output = run(&["stats", "--json", "-"], &capture);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let capture = &json[0];
    assert_eq!(capture["overall"]["app_bytes"], 75);
    assert_eq!(capture["update"]["figures"]["frame_bytes"], 213);
    assert_eq!(capture["update"]["server_alone"]["tcp_bytes"], 64);
    assert_eq!(capture["update"]["server"]["time"], 8);
    assert_eq!(capture["update"]["seen"], 3);
}

#[test]
fn what_is_not_tcp_is_said() {
    let mut frames = writer::frames(&original_tcpapp().packets, writer::Link::Ethernet);
    let time = frames[0].0;
    frames.push((time, [&[2; 12][..], &[8, 6], &[0; 28]].concat()));
    let mut fragment = frames[3].clone();
    fragment.1[14 + 7] = 7;
    frames.push(fragment);
    let mut broken = frames[3].clone();
    broken.1.truncate(14 + 30);
    frames.push(broken);
    let capture = writer::pcap_of(&frames, 1, false, false, u32::MAX);
    let output = run(&["stats", "-"], &capture);
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "payloads: standard input: left out: 1 packet of ARP",
            "payloads: standard input: 1 packet left out: a fragment of an IP packet of which \
             others are missing",
            "payloads: standard input: 1 packet left out: with headers that are broken or cut off",
        ]
    );
}

/// A server whose bytes were cut off, or are of an unknown kind, does not show that it can.
#[test]
fn what_the_server_alone_can_send_takes_evidence() {
    let path = format!("{}/tests/captures/webapp.pcap", env!("CARGO_MANIFEST_DIR"));
    let whole = std::fs::read(path).unwrap();
    // As editcap -s 68 cuts it.
    let mut cut = whole[..24].to_vec();
    let mut rest = &whole[24..];
    while let Some((header, after)) = rest.split_first_chunk::<16>() {
        let len = u32::from_le_bytes(header[8..12].try_into().unwrap());
        cut.extend(&header[..8]);
        cut.extend(len.min(68).to_le_bytes());
        cut.extend(&header[12..]);
        cut.extend(&after[..len.min(68) as usize]);
        rest = &after[len as usize..];
    }
    assert!(cut.len() < whole.len());
    let stats = stats(&cut);
    let update = stats.usual.unwrap().update;
    assert_eq!(update.figures, figures([3, 2, 828, 96, 630]));
    assert!(!update.can_push);
    let table = stats::server_table(&[("webapp", &stats)]);
    assert_eq!(table.lines().count(), 2, "{table}");
    assert!(stats.json("webapp")["update"]["server_alone"].is_null());

    // The page in a packet of its own.
    let mut web = Connection::v4();
    web.open();
    for _ in 0..3 {
        web.wait(1_000).data(CLIENT, &request(300)).ack(SERVER);
        web.data(SERVER, &response("text/html", 427)).data(SERVER, &page(427)).ack(CLIENT);
    }
    let frames = writer::frames(&web.packets, writer::Link::Ethernet);
    for snap_len in 66..90 {
        let cut = writer::pcap_of(&frames, 1, false, false, snap_len);
        assert!(!self::stats(&cut).usual.unwrap().update.can_push, "{snap_len}");
    }

    // What ends a chunk is no event, if the last of that is missing.
    let mut sse = Connection::v4();
    sse.open().data(CLIENT, &request(300)).data(
        SERVER,
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
          Transfer-Encoding: chunked\r\n\r\n",
    );
    sse.wait(1_000).data(SERVER, b"9\r\ndata: a").lose(SERVER, 2).ack(CLIENT);
    let event = self::stats(&sse.pcap()).usual.unwrap().update;
    assert_eq!((event.figures.app_bytes, event.can_push), (10, true));
    sse.wait(1_000).data(SERVER, b"\r\n").ack(CLIENT);
    let end = self::stats(&sse.pcap()).usual.unwrap().update;
    assert_eq!((end.figures.app_bytes, end.can_push), (2, false));
}

/// The name of a file in JSON is not escaped for a terminal.
#[cfg(unix)]
#[test]
fn the_name_in_json_is_that_of_the_file() {
    let folder = std::env::temp_dir().join(format!("payloads-name-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("a\tb\u{202e}.pcap");
    std::fs::write(&path, original_tcpapp().pcap()).unwrap();
    let path = path.to_str().unwrap();
    let json = run(&["stats", "--json", path], b"");
    let tables = run(&["stats", path], b"");
    std::fs::remove_dir_all(folder).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json[0]["capture"], path);
    let tables = String::from_utf8(tables.stdout).unwrap();
    assert!(tables.contains(r"a\tb\u{202e}.pcap"), "{tables}");
}

/// As with `curl`, whose every request has a connection of its own.
#[test]
fn a_capture_without_an_update_says_what_one_is() {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"time\n").data(SERVER, b"09:31:45\n\n").ack(CLIENT);
    let said =
        |tcp: &Connection| String::from_utf8(run(&["stats", "-"], &tcp.pcap()).stderr).unwrap();
    let mut closed = tcp.clone();
    closed.close(CLIENT);
    assert_eq!(
        said(&closed),
        "payloads: standard input: has no update, which is what travels between two silences of half \
         a second while no connection begins or ends\n"
    );
    tcp.wait(10_000).data(CLIENT, b"time\n").data(SERVER, b"09:31:55\n\n").ack(CLIENT);
    assert_eq!(said(&tcp), "");
}
