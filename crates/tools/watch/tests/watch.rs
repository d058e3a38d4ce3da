//! watch as a browser and a terminal see it: the binary, a pipe, sockets, bytes.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use payloads::{
    input::Reader,
    report::{
        json::{End, Json},
        page,
    },
};
use serde_json::Value;
use testing::{Client, Response, Server, TRAFFIC, fails_to_start};

const WATCH: &str = env!("CARGO_BIN_EXE_watch");

/// As many packets as are kept.
const KEPT: usize = page::PACKET_LIMIT as usize;

/// How long a test waits for a fact before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts watch on a free port, with a pipe for its input and its errors.
fn watch(args: &[&str]) -> Server {
    let mut command = Command::new(WATCH);
    command.args(args).env("WATCH_PORT", "0").stdin(Stdio::piped()).stderr(Stdio::piped());
    Server::start_command(command)
}

/// One who takes the events.
struct Viewer {
    /// Ends the connection when it is dropped.
    client: Client,
    lines: BufReader<TcpStream>,
}

/// An event as it comes.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Event {
    id: String,
    line: String,
}

impl Event {
    fn json(&self) -> Value {
        serde_json::from_str(&self.line).unwrap()
    }

    fn kind(&self) -> String {
        self.json()["kind"].as_str().unwrap().to_owned()
    }
}

impl Viewer {
    fn new(server: &Server, last_seen: &str) -> Self {
        let mut client = server.connect();
        let port = server.port();
        // To a client of HTTP/1.0 the body comes as it is, and ends with the connection.
        client.send(format!("GET /events HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n{last_seen}\r\n"));
        let head = Response::parse(&client.receive_until(b"\r\n\r\n"));
        assert_eq!((head.code(), head.field("content-type")), (200, Some("text/event-stream")));
        let lines = BufReader::new(client.socket().try_clone().unwrap());
        Self { client, lines }
    }

    fn first(server: &Server) -> Self {
        Self::new(server, "")
    }

    fn again(server: &Server, last_seen: &Event) -> Self {
        Self::new(server, &format!("Last-Event-ID: {}\r\n", last_seen.id))
    }

    /// The next event, or `None` at the end.
    fn try_event(&mut self) -> Option<Event> {
        let mut text = String::new();
        while !text.ends_with("\n\n") {
            if self.lines.read_line(&mut text).unwrap() == 0 {
                assert_eq!(text, "", "an event in part");
                return None;
            }
        }
        let text = text.strip_suffix("\n\n").unwrap();
        let (id, data) = match text.split_once('\n') {
            Some((id, data)) => (id.strip_prefix("id: ").expect("an id"), data),
            None => ("", text),
        };
        let line = data.strip_prefix("data: ").expect("a line of data");
        Some(Event { id: id.to_owned(), line: line.to_owned() })
    }

    fn event(&mut self) -> Event {
        self.try_event().expect("the stream goes on")
    }

    /// The events up to the packet with this number.
    fn until_packet(&mut self, number: usize) -> Vec<Event> {
        let member = format!("\"packet\":{number},");
        let is_it = |event: &Event| {
            // Most need not be read for this.
            event.line.contains(&member)
                && event.json()["packet"] == number
                && event.kind() == "packet"
        };
        let mut events = Vec::new();
        while !events.last().is_some_and(is_it) {
            events.push(self.event());
        }
        events
    }

    /// The events up to the end of the stream.
    fn rest(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.try_event()).collect()
    }
}

/// A whole capture of so many rounds.
fn capture(rounds: u32) -> Vec<u8> {
    let records = (1..=rounds).flat_map(|round| TRAFFIC.round(round).concat());
    TRAFFIC.header.iter().copied().chain(records).collect()
}

/// The lines of a whole capture that comes through a pipe.
fn shown(capture: &[u8]) -> Vec<String> {
    shown_as("standard input", capture)
}

/// The lines of a whole capture of this name.
fn shown_as(name: &str, capture: &[u8]) -> Vec<String> {
    let mut text = Vec::new();
    let mut json = Json::new(&mut text, name.to_owned(), None);
    let mut reader = Reader::new(capture);
    while let Some(packet) = reader.next_packet().unwrap() {
        json.packet(&packet).unwrap();
    }
    json.finish(End::default()).unwrap();
    drop(json);
    String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
}

fn lines(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.line.as_str()).collect()
}

/// The answer to a request with this line and these fields.
fn answer(server: &Server, line: &str, fields: &str) -> Response {
    server.exchange(&format!("{line} HTTP/1.1\r\n{fields}\r\n"))
}

#[test]
fn each_event_is_a_line_of_show_with_its_number_and_all_viewers_get_the_same() {
    let mut server = watch(&["-"]);
    let mut input = server.input();
    let mut early = Viewer::first(&server);
    let capture = capture(1);
    input.write_all(&capture).unwrap();
    let seen = early.until_packet(TRAFFIC.packets());
    let mut late: Vec<_> = (0..20).map(|_| Viewer::first(&server)).collect();
    for viewer in &mut late {
        assert!(viewer.until_packet(TRAFFIC.packets()) == seen);
    }
    drop(input);
    let seen = [seen, early.rest()].concat();
    assert!(lines(&seen) == shown(&capture));
    let run = seen[0].id.strip_suffix("-1").unwrap();
    for (event, number) in seen.iter().zip(1..) {
        assert_eq!(event.id, format!("{run}-{number}"));
    }
    // Who comes when it is over gets all of it too.
    assert!(Viewer::first(&server).rest() == seen);
}

#[test]
fn an_event_stream_is_what_the_standard_says() {
    let server = watch(&["-"]);
    let mut client = server.connect();
    client.send(format!("GET /events HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", server.port()));
    let head = Response::parse(&client.receive_until(b"\r\n\r\n"));
    let fields: Vec<_> = head.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(head.status, "HTTP/1.1 200 OK");
    assert!(fields.contains(&("content-type", "text/event-stream")));
    assert!(fields.contains(&("cache-control", "no-store")));
    assert!(fields.contains(&("transfer-encoding", "chunked")));
    assert!(!fields.iter().any(|(name, _)| name.starts_with("access-control-")));
}

#[test]
fn a_viewer_that_comes_again_misses_nothing_and_gets_nothing_twice() {
    let mut server = watch(&["-"]);
    let mut input = server.input();
    input.write_all(&TRAFFIC.header).unwrap();
    let mut seen = Vec::new();
    let mut packets = 0;
    for record in TRAFFIC.round(1) {
        // Its connection breaks after each packet, and another comes before it is back.
        input.write_all(&record).unwrap();
        packets += 1;
        let mut viewer = match seen.last() {
            None => Viewer::first(&server),
            Some(last) => Viewer::again(&server, last),
        };
        seen.extend(viewer.until_packet(packets));
        if packets % 2 == 0 {
            viewer.client.reset();
        }
    }
    drop(input);
    seen.extend(Viewer::again(&server, seen.last().unwrap()).rest());
    assert!(lines(&seen) == shown(&capture(1)));
    // It is over, and the viewer has it all: a browser does not come again after this.
    let last = seen.last().unwrap();
    let fields = format!("Host: 127.0.0.1:{}\r\nLast-Event-ID: {}\r\n", server.port(), last.id);
    assert_eq!(answer(&server, "GET /events", &fields).code(), 204);
}

#[test]
fn ids_of_another_run_mean_nothing() {
    let mut servers = [watch(&["-"]), watch(&["-"])];
    let all = servers.each_mut().map(|server| {
        server.input().write_all(&capture(1)).unwrap();
        Viewer::first(server).rest()
    });
    assert!(lines(&all[0]) == lines(&all[1]));
    assert_ne!(all[0][0].id, all[1][0].id);
    assert!(Viewer::again(&servers[1], &all[0][20]).rest() == all[1]);
    let no_id = |id: &str| Event { id: id.to_owned(), line: String::new() };
    for id in ["", "x", "1", "-1", "18446744073709551616", "\u{fc}"] {
        assert!(Viewer::again(&servers[1], &no_id(id)).rest() == all[1], "{id:?}");
    }
}

/// How many rounds are more than is kept.
fn too_many_rounds() -> u32 {
    u32::try_from(KEPT / TRAFFIC.packets()).unwrap() + 3
}

#[test]
fn where_packets_are_gone_a_viewer_is_told_and_gets_what_the_others_need() {
    let mut server = watch(&["-"]);
    let mut input = server.input();
    input.write_all(&TRAFFIC.header).unwrap();
    let mut viewer = Viewer::first(&server);
    let mut early = Vec::new();
    let rounds = too_many_rounds();
    for round in 1..=rounds {
        input.write_all(&TRAFFIC.round(round).concat()).unwrap();
        early.extend(viewer.until_packet(TRAFFIC.packets() * round as usize));
    }
    drop(input);
    early.extend(viewer.rest());
    assert!(lines(&early) == shown(&capture(rounds)));
    let late = Viewer::first(&server).rest();
    // Who has seen no more than the first packets gets the same.
    assert!(Viewer::again(&server, &early[20]).rest() == late);

    let (told, kept) = late.split_at(late.iter().position(|event| !event.id.is_empty()).unwrap());
    let gone = told.last().unwrap().json();
    let total = TRAFFIC.packets() * rounds as usize;
    assert_eq!(gone, serde_json::json!({ "kind": "gone", "packet": total - KEPT + 1 }));
    assert_eq!(told[0], Event { id: String::new(), line: early[0].line.clone() });
    assert_eq!(told.iter().filter(|event| event.kind() == "capture").count(), 1);
    assert!(told.iter().all(|event| event.id.is_empty()));
    assert_eq!(kept[0].json()["packet"], total - KEPT + 1);
    assert!(kept.iter().all(|event| !event.id.is_empty()));
    assert_eq!(kept.iter().filter(|event| event.kind() == "packet").count(), KEPT);

    // All that the kept lines speak of has been told before, and no connection without need.
    let mut known = HashSet::new();
    let mut used = HashSet::new();
    for event in &late {
        let line = event.json();
        let kind = line["kind"].as_str().unwrap();
        let mut fields: Vec<&Value> = Vec::new();
        for (list, place) in [("fields", 1), ("parts", 2)] {
            fields.extend(line[list].as_array().into_iter().flatten().map(|field| &field[place]));
        }
        for term in fields {
            assert!(known.contains(&format!("term {term}")), "{term} in {line}");
        }
        match kind {
            "term" => assert!(known.insert(format!("term {}", line["term"]))),
            "connection" => assert!(known.insert(line["connection"].to_string())),
            _ if line["connection"].is_u64() => {
                let connection = line["connection"].to_string();
                assert!(known.contains(&connection), "{line}");
                used.insert(connection);
            }
            _ => {}
        }
    }
    for event in told.iter().filter(|event| event.kind() == "connection") {
        assert!(used.contains(&event.json()["connection"].to_string()), "{event:?}");
    }
}

/// Of three viewers two read all that comes, and one reads nothing.
#[test]
fn a_viewer_that_does_not_read_is_disconnected_and_slows_nobody() {
    let mut server = watch(&["-"]);
    let mut input = server.input();
    let idle = Viewer::first(&server);
    let mut viewers = [Viewer::first(&server), Viewer::first(&server)];
    input.write_all(&TRAFFIC.header).unwrap();
    let mut counts = [0; 2];
    let mut rounds = 0;
    // What the system's buffers hold of the connection comes on top of what is kept.
    let start = Instant::now();
    let error = loop {
        rounds += 1;
        input.write_all(&TRAFFIC.round(rounds).concat()).unwrap();
        for (viewer, count) in viewers.iter_mut().zip(&mut counts) {
            *count += viewer.until_packet(TRAFFIC.packets() * rounds as usize).len();
        }
        if let Some(error) = idle.client.socket().take_error().unwrap() {
            break error;
        }
        assert!(start.elapsed() < 3 * PATIENCE, "after {rounds} rounds");
    };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(rounds as usize * TRAFFIC.packets() > KEPT);
    // It comes again and is told what is gone, and the others have got every line.
    drop(input);
    let again = Viewer::first(&server).rest();
    assert!(again.iter().any(|event| event.kind() == "gone"));
    let all = shown(&capture(rounds));
    for (viewer, count) in viewers.iter_mut().zip(counts) {
        assert_eq!(count + viewer.rest().len(), all.len());
    }
}

#[test]
fn only_requests_for_its_own_name_are_answered() {
    let server = watch(&["-"]);
    let port = server.port();
    let get = |path: &str, host: &str| answer(&server, &format!("GET {path}"), host);
    for host in ["127.0.0.1", "localhost", "LocalHost"] {
        for path in ["/", "/events"] {
            assert_eq!(get(path, &format!("Host: {host}:{port}\r\n")).code(), 200, "{host} {path}");
        }
    }
    let other = port ^ 1;
    for host in [
        format!("rebound.example:{port}"),
        format!("127.0.0.1.rebound.example:{port}"),
        format!("127.0.0.2:{port}"),
        format!("[::1]:{port}"),
        format!("127.0.0.1:{other}"),
        "127.0.0.1".to_owned(),
        "localhost".to_owned(),
        String::new(),
    ] {
        for path in ["/", "/events", "/nothing"] {
            let response = get(path, &format!("Host: {host}\r\n"));
            assert_eq!(response.code(), 421, "{host} {path}");
            let names = format!("This server is 127.0.0.1:{port} or localhost:{port} alone.\n");
            assert_eq!(response.body, names.as_bytes());
        }
    }
    let own = format!("Host: 127.0.0.1:{port}\r\n");
    assert_eq!(get("http://rebound.example/", &own).code(), 421);
    assert_eq!(get(&format!("http://localhost:{port}/"), &own).code(), 200);
    for hosts in [String::new(), own.repeat(2)] {
        assert_eq!(get("/", &hosts).code(), 400, "{hosts:?}");
    }
}

#[test]
fn other_sites_pages_get_no_events() {
    let server = watch(&["-"]);
    let port = server.port();
    let get = |path: &str, field: &str| {
        answer(&server, &format!("GET {path}"), &format!("Host: localhost:{port}\r\n{field}\r\n"))
    };
    for field in [
        "Origin: http://other.example",
        "Origin: null",
        "Origin: http://localhost:8000",
        &format!("Origin: https://localhost:{port}"),
        "Sec-Fetch-Site: cross-site",
        // An app's page is another origin, though the same site.
        "Sec-Fetch-Site: same-site",
    ] {
        assert_eq!(get("/events", field).code(), 403, "{field}");
    }
    for field in [
        &format!("Origin: http://localhost:{port}"),
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Site: none",
    ] {
        assert_eq!(get("/events", field).code(), 200, "{field}");
    }
    // A link to the page may be anywhere; a frame around it may not.
    let page = get("/", "Sec-Fetch-Site: cross-site");
    assert_eq!(
        (page.code(), page.field("content-security-policy")),
        (200, Some("frame-ancestors 'none'"))
    );
}

#[test]
fn there_is_one_page_and_one_stream_and_both_take_get_alone() {
    let server = watch(&["-"]);
    let host = format!("Host: localhost:{}\r\nConnection: close\r\n", server.port());
    let page = answer(&server, "GET /", &host);
    assert_eq!(page.field("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(String::from_utf8(page.body).unwrap(), page::live());
    for path in ["/nothing", "/favicon.ico", "/events/", "/event", "//", "/%00"] {
        assert_eq!(answer(&server, &format!("GET {path}"), &host).code(), 404, "{path}");
    }
    for path in ["/", "/events"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
            let response = answer(&server, &format!("{method} {path}"), &host);
            assert_eq!(
                (response.code(), response.field("allow")),
                (405, Some("GET,HEAD")),
                "{method} {path}"
            );
        }
    }
}

#[test]
fn nobody_but_this_machine_can_connect() {
    let server = watch(&["-"]);
    assert!(TcpStream::connect(("127.0.0.2", server.port())).is_err());
}

#[test]
fn mistakes_are_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../pcap/wsapp.pcap");
    let error = fails_to_start(WATCH, &[capture], &[("WATCH_PORT", &port)]);
    assert!(error.starts_with(&format!("watch: port {port} is taken: ")), "{error}");
    assert!(error.contains("WATCH_PORT=8101"), "{error}");
    for bad in ["", "abc", "-1", "65536", "80.5", " 8000"] {
        let error = fails_to_start(WATCH, &[capture], &[("WATCH_PORT", bad)]);
        assert!(
            error.starts_with("watch: WATCH_PORT must be a whole number from 0 to 65535, not "),
            "{error}"
        );
    }
    for args in [&[][..], &["a", "b"], &["--help"], &["-x"], &[""]] {
        let error = fails_to_start(WATCH, args, &[]);
        assert!(
            error.starts_with("watch: ") && error.contains("usage: watch FILE"),
            "{args:?}: {error}"
        );
    }
    let error = fails_to_start(WATCH, &["no/such\n.pcap"], &[]);
    assert!(error.starts_with("watch: no/such\\n.pcap cannot be opened: "), "{error}");
}

#[test]
fn what_is_no_capture_ends_it_with_one_line() {
    for (input, error) in [
        (&b""[..], "is not a packet capture: it ends before its header does"),
        (
            b"GET / HTTP/1.1\r\n\r\nand more",
            "is not a packet capture: it begins neither as pcap nor as pcapng",
        ),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\0\0\0", "is compressed: unpack it with gunzip first"),
    ] {
        let mut server = watch(&["-"]);
        let mut viewer = Viewer::first(&server);
        server.input().write_all(input).unwrap();
        assert_eq!(viewer.rest().pop().unwrap().kind(), "end");
        let (code, said) = server.ending();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.starts_with(&format!("watch: standard input {error}")), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[cfg(unix)]
#[test]
fn when_the_pipe_ends_the_page_says_so_and_stays_until_ctrl_c() {
    let mut server = watch(&["-"]);
    let mut viewer = Viewer::first(&server);
    server.input().write_all(&capture(1)).unwrap();
    let end = viewer.rest().pop().unwrap().json();
    assert_eq!((&end["kind"], &end["why"]), (&"end".into(), &"over".into()));
    assert_eq!(Viewer::first(&server).rest().pop().unwrap().json(), end);
    server.signal("INT");
    let (code, said) = server.ending();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said, "watch: standard input is over; the page stays until Ctrl-C\n");
}

#[cfg(unix)]
#[test]
fn a_broken_capture_is_shown_until_where_it_broke() {
    let capture = capture(1);
    let mut damaged = capture.clone();
    damaged.extend([0xff; 64]);
    let at = capture.len();
    let cut = capture[..at - 5].to_vec();
    for (capture, why, line, exit) in [
        (
            damaged,
            "damaged",
            format!(
                "watch: standard input is damaged at byte {at}: the rest is left out; the page stays until Ctrl-C\n"
            ),
            1,
        ),
        (
            cut,
            "cut",
            "watch: standard input: ends in the middle of a packet, at byte ".to_owned(),
            0,
        ),
    ] {
        let mut server = watch(&["-"]);
        let mut viewer = Viewer::first(&server);
        server.input().write_all(&capture).unwrap();
        let seen = viewer.rest();
        assert_eq!(seen.last().unwrap().json()["why"], why);
        assert!(seen.len() > TRAFFIC.packets());
        server.signal("INT");
        let (code, said) = server.ending();
        assert_eq!(code, Some(exit), "{said}");
        assert!(said.contains(&line), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_capture_and_the_program() {
    let mut server = watch(&["-"]);
    let mut input = server.input();
    // One who reads, one who does not, for whom more waits than the system's buffers hold, and one
    // who asks for nothing.
    let mut viewer = Viewer::first(&server);
    let _idle = Viewer::first(&server);
    let _silent = server.connect();
    let rounds = too_many_rounds() - 5;
    input.write_all(&TRAFFIC.header).unwrap();
    for round in 1..=rounds {
        input.write_all(&TRAFFIC.round(round).concat()).unwrap();
        viewer.until_packet(TRAFFIC.packets() * round as usize);
    }
    server.signal("INT");
    // The pipe stays open, so the program does not wait for its end for long.
    assert_eq!(viewer.rest().pop().unwrap().kind(), "end");
    let (code, said) = server.ending();
    assert_eq!((code, said.as_str()), (Some(0), ""));
    drop(input);
}

/// A file that is removed with this.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(unix)]
#[test]
fn a_file_is_followed_as_it_grows() {
    let scratch = Scratch::new("growing.pcap");
    let mut file = File::create(&scratch.0).unwrap();
    let server = watch(&[scratch.0.to_str().unwrap()]);
    let mut viewer = Viewer::first(&server);
    file.write_all(&TRAFFIC.header).unwrap();
    let mut seen = Vec::new();
    for (number, record) in (1..).zip(TRAFFIC.round(1)) {
        // A writer's buffer may end in the middle of a packet.
        let (first, last) = record.split_at(record.len() / 2);
        file.write_all(first).unwrap();
        file.write_all(last).unwrap();
        seen.extend(viewer.until_packet(number));
    }
    server.signal("INT");
    seen.extend(viewer.rest());
    assert!(lines(&seen) == shown_as(scratch.0.to_str().unwrap(), &capture(1)));
    assert_eq!(server.ending(), (Some(0), String::new()));
}

#[cfg(unix)]
#[test]
fn a_file_that_is_begun_anew_is_over() {
    let scratch = Scratch::new("anew.pcap");
    fs::write(&scratch.0, capture(2)).unwrap();
    let server = watch(&[scratch.0.to_str().unwrap()]);
    let mut viewer = Viewer::first(&server);
    viewer.until_packet(2 * TRAFFIC.packets());
    fs::write(&scratch.0, capture(1)).unwrap();
    assert_eq!(viewer.rest().pop().unwrap().kind(), "end");
    server.signal("INT");
    let (code, said) = server.ending();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("anew.pcap cannot be read: it was begun anew"), "{said}");
}

/// A pipe without end: once as much is kept as may be, memory does not grow.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_bounded_however_long_the_capture() {
    let mut server = watch(&["-"]);
    let mut input = server.input();
    input.write_all(&TRAFFIC.header).unwrap();
    let mut viewer = Viewer::first(&server);
    let mut feed = |rounds: std::ops::RangeInclusive<u32>| {
        for round in rounds {
            input.write_all(&TRAFFIC.round(round).concat()).unwrap();
            viewer.until_packet(TRAFFIC.packets() * round as usize);
        }
    };
    let full = too_many_rounds();
    feed(1..=full);
    let before = server.resident_kib();
    feed(full + 1..=2 * full);
    let after = server.resident_kib();
    assert!(after < before + before / 4, "{before} KiB, then {after} KiB");
}
