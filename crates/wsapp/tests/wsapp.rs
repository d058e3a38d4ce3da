//! wsapp as its clients see it: the binary, a socket, bytes.

use futures_util::{SinkExt, StreamExt};
use testing::{Client, Response, Server, VISIT, masked, on_the_wire};
use tokio_tungstenite::{
    client_async,
    tungstenite::{
        Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

const APP: &str = env!("CARGO_BIN_EXE_wsapp");

/// What the browser of the document sends when the page opens the WebSocket.
const HANDSHAKE: &str = "GET /time HTTP/1.1\r\n\
    Host: 172.105.253.239:8000\r\n\
    User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0\r\n\
    Accept: */*\r\n\
    Accept-Language: en-US,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Origin: http://172.105.253.239:8000\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\
    Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n\
    Connection: keep-alive, Upgrade\r\n\
    Pragma: no-cache\r\n\
    Cache-Control: no-cache\r\n\
    Upgrade: websocket\r\n\
    \r\n";

/// The answers of the document, with their clocks at zero. hyper adds a `Date` to the second.
const PAGE: &str = r#"HTTP/1.1 200 OK
Content-Type: text/html; charset=utf-8
Content-Length: 719
Date: Sun, 06 Jun 2021 09:43:28 GMT

<!DOCTYPE html>
<html lang="en">
<head>
<title>Server Time (WebSocket)</title>
<style>
body {background: beige; font-size: 2em; text-align: center}
button {font-size: 0.75em}
time {color: green}
</style>
</head>
<body>
<p>Server time: <time id="time">00:00:00</time></p>
<button id="button">Refresh via WebSocket</button>
<script>
const button = document.getElementById('button')
const time = document.getElementById('time')
const ws = new WebSocket('ws://' + window.location.host + '/time')
button.onclick = function () {
  ws.send('get-time')
}
ws.onmessage = function (event) {
  time.innerHTML = JSON.parse(event.data).time
}
ws.onerror = function (event) {
  time.innerHTML = '[error]'
}
</script>
</body>
</html>
"#;
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\n\
    Upgrade: websocket\n\
    Connection: Upgrade\n\
    Sec-WebSocket-Accept: jvz8rJ0yJN/A4J0kiZQLiifpQO8=\n\
    Date: Sun, 06 Jun 2021 09:43:28 GMT\n\
    \n";

/// The frames of the document, as its client sent them.
const C1: &[u8] = b"\x81\x88\x36\x0d\x29\x16\x51\x68\x5d\x3b\x42\x64\x44\x73";
const C2: &[u8] = b"\x81\x88\xa2\xf4\xf0\xd0\xc5\x91\x84\xfd\xd6\x9d\x9d\xb5";
const C3: &[u8] = b"\x81\x88\xa6\x91\x34\xfd\xc1\xf4\x40\xd0\xd2\xf8\x59\x98";
const C4: &[u8] = b"\x88\x82\x19\xdb\x13\x62\x1a\x32";

/// The frames that answer them, with their clocks at zero.
const TIME: &[u8] = b"\x81\x14{\"time\": \"00:00:00\"}";
const UNKNOWN: &[u8] = b"\x81\x1c{\"error\": \"unknown command\"}";
const GOING_AWAY: &[u8] = b"\x88\x02\x03\xe9";

/// Opens a WebSocket and takes the head of the answer.
fn open(server: &Server) -> Client {
    let mut client = server.connect();
    client.send(HANDSHAKE);
    let head = client.receive_until(b"\r\n\r\n");
    assert_eq!(Response::parse(&head).masked(), Response::parse(&on_the_wire(SWITCH)).masked());
    client
}

/// A masked frame whose first byte is `first` (RFC 6455 section 5.2).
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=65_535 => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(key);
    frame.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ key[at % 4]));
    frame
}

#[test]
fn answers_the_documents_bytes_with_the_documents_bytes() {
    let server = Server::start(APP);
    let page = server.exchange(VISIT);
    assert_eq!(page.masked(), Response::parse(&on_the_wire(PAGE)).masked());
    let mut client = open(&server);
    for request in [C1, C2, C3] {
        client.send(request);
        assert_eq!(masked(&client.receive(TIME.len())), TIME);
    }
    client.send(C4);
    assert_eq!(client.rest(), GOING_AWAY);
}

#[test]
fn an_update_takes_36_bytes_22_of_them_from_the_server() {
    let server = Server::start(APP);
    let mut client = open(&server);
    client.send(C1);
    let answer = client.receive_until(b"}");
    assert_eq!((answer.len(), C1.len() + answer.len()), (22, 36));
    client.send(C4);
    assert_eq!(client.rest(), GOING_AWAY);
}

#[test]
fn other_messages_get_an_error() {
    let server = Server::start(APP);
    let mut client = open(&server);
    for (first, payload) in [
        (0x81, b"get-time ".as_slice()),
        (0x81, b"GET-TIME"),
        (0x81, b""),
        (0x81, "\u{1f550}".as_bytes()),
        (0x81, &[b'x'; 4096]),
        (0x82, b"get-time"),
        (0x82, b""),
        (0x82, &[0xff; 200]),
    ] {
        client.send(frame(first, payload));
        assert_eq!(client.receive(UNKNOWN.len()), UNKNOWN, "{payload:?}");
    }
}

#[test]
fn a_ping_gets_a_pong_with_its_payload_and_a_pong_gets_nothing() {
    let server = Server::start(APP);
    let mut client = open(&server);
    client.send(frame(0x8a, b"unasked"));
    for payload in [b"".as_slice(), b"are you there?", &[b'p'; 125]] {
        client.send(frame(0x89, payload));
        let pong = [&[0x8a, payload.len() as u8], payload].concat();
        assert_eq!(client.receive(pong.len()), pong);
    }
}

#[test]
fn fragments_with_a_ping_between_are_one_message() {
    let server = Server::start(APP);
    let mut client = open(&server);
    client.send(frame(0x01, b"get"));
    client.send(frame(0x00, b""));
    client.send(frame(0x89, b"!"));
    assert_eq!(client.receive(3), b"\x8a\x01!");
    client.send(frame(0x80, b"-time"));
    assert_eq!(masked(&client.receive(TIME.len())), TIME);
}

#[test]
fn bytes_may_come_one_by_one_or_all_at_once() {
    let server = Server::start(APP);
    let mut client = open(&server);
    for byte in C1 {
        client.send([*byte]);
    }
    assert_eq!(masked(&client.receive(TIME.len())), TIME);
    client.send([C1, C2, C3, C4].concat());
    assert_eq!(masked(&client.rest()), [TIME, TIME, TIME, GOING_AWAY].concat());
}

#[test]
fn a_valid_close_is_echoed_and_then_the_connection_closed() {
    let server = Server::start(APP);
    let close = |code: u16, reason: &str| [&code.to_be_bytes(), reason.as_bytes()].concat();
    let mut payloads: Vec<_> = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 4999]
        .map(|code| close(code, ""))
        .into();
    payloads.extend([vec![], close(1000, "so long"), close(4000, &"r".repeat(123))]);
    for payload in payloads {
        let mut client = open(&server);
        client.send(frame(0x88, &payload));
        let echo = [&[0x88, payload.len() as u8], payload.as_slice()].concat();
        assert_eq!(client.rest(), echo, "{payload:?}");
    }
}

#[test]
fn a_close_that_may_not_be_sent_ends_the_connection() {
    let server = Server::start(APP);
    for payload in [
        &[3][..],
        &[0, 0],
        &[3, 0xe7],
        &[3, 0xec],
        &[3, 0xed],
        &[3, 0xee],
        &[3, 0xf7],
        &[3, 0xe8, 0xff],
    ] {
        let mut client = open(&server);
        client.send(frame(0x88, payload));
        let answer = client.rest_until_gone();
        // A close frame with code 1002, or nothing (RFC 6455 section 7.4).
        assert!(
            answer.is_empty() || answer.get(2..4) == Some(&[3, 0xea]),
            "{payload:?}: {answer:?}"
        );
    }
    open(&server);
}

#[test]
fn a_broken_frame_ends_the_connection_and_no_other() {
    let server = Server::start(APP);
    let mut bystander = open(&server);
    let broken: [(&str, Vec<u8>); 12] = [
        ("unmasked", b"\x81\x08get-time".to_vec()),
        ("reserved bit 1, which permessage-deflate would use", frame(0xc1, b"get-time")),
        ("reserved bit 2", frame(0xa1, b"get-time")),
        ("reserved bit 3", frame(0x91, b"get-time")),
        ("reserved opcode", frame(0x83, b"get-time")),
        ("reserved control opcode", frame(0x8b, b"")),
        ("invalid UTF-8", frame(0x81, b"get-time\xff")),
        ("a fragment of a ping", frame(0x09, b"")),
        ("a ping over 125 bytes", frame(0x89, &[b'p'; 126])),
        ("a continuation of nothing", frame(0x80, b"get-time")),
        ("a frame over 4096 bytes", frame(0x81, &[b'x'; 4097])),
        ("a message over 4096 bytes", [frame(0x01, &[b'x'; 4096]), frame(0x80, b"x")].concat()),
    ];
    for (fault, bytes) in broken {
        let mut client = open(&server);
        client.try_send(bytes);
        let answer = client.rest_until_gone();
        assert!(answer.is_empty() || answer[0] == 0x88, "{fault}: {answer:?}");
        bystander.send(C1);
        assert_eq!(masked(&bystander.receive(TIME.len())), TIME, "{fault}");
    }
}

/// An independent client, of the same library that the server uses but of its other half.
#[tokio::test]
async fn an_independent_client_agrees() {
    let server = Server::start(APP);
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    let url = format!("ws://127.0.0.1:{}/time", server.port());
    let (mut ws, response) = client_async(url, stream).await.unwrap();
    assert_eq!(response.status(), 101);
    assert!(!response.headers().contains_key("sec-websocket-extensions"));
    assert!(!response.headers().contains_key("sec-websocket-protocol"));

    let unknown = Message::text(r#"{"error": "unknown command"}"#);
    ws.send(Message::text("get-time")).await.unwrap();
    let time = ws.next().await.unwrap().unwrap().into_text().unwrap();
    assert_eq!(masked(time.as_bytes()), br#"{"time": "00:00:00"}"#);
    ws.send(Message::text("what?")).await.unwrap();
    assert_eq!(ws.next().await.unwrap().unwrap(), unknown);
    ws.send(Message::binary(b"get-time".as_slice())).await.unwrap();
    assert_eq!(ws.next().await.unwrap().unwrap(), unknown);
    ws.send(Message::Ping("anyone?".into())).await.unwrap();
    assert_eq!(ws.next().await.unwrap().unwrap(), Message::Pong("anyone?".into()));
    let close = CloseFrame { code: CloseCode::Library(4321), reason: "enough".into() };
    ws.send(Message::Close(Some(close.clone()))).await.unwrap();
    assert_eq!(ws.next().await.unwrap().unwrap(), Message::Close(Some(close)));
    assert!(ws.next().await.is_none());
}

#[test]
fn time_takes_an_upgrade_alone() {
    let server = Server::start(APP);
    for line in [
        "Connection: keep-alive, Upgrade\r\n",
        "Upgrade: websocket\r\n",
        "Sec-WebSocket-Version: 13\r\n",
        "Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n",
    ] {
        let code = server.exchange(&HANDSHAKE.replace(line, "")).code();
        assert!((400..500).contains(&code), "without {line:?}: {code}");
    }
    let code = server.exchange(&HANDSHAKE.replace("Version: 13", "Version: 12")).code();
    assert!((400..500).contains(&code), "{code}");
    for method in ["POST", "PUT", "OPTIONS", "HEAD"] {
        let mut client = server.connect();
        client.send(HANDSHAKE.replace("GET", method));
        let code = Response::parse(&client.receive_until(b"\r\n\r\n")).code();
        assert!((400..500).contains(&code), "{method}: {code}");
    }
}

#[test]
fn is_an_http_app() {
    let page = "dcf9a2ef8e8ce64d238369b3b785867bf0ec6a5e63f70aeebe18813626918f42";
    testing::is_an_http_app(APP, 719, page);
}

#[test]
fn start_errors_are_one_clear_line() {
    testing::start_errors(APP);
    let error = testing::fails_to_start(APP, &["9000"], &[]);
    assert!(error.contains("takes no arguments"), "{error}");
}

#[test]
fn the_clock_is_that_of_the_zone() {
    testing::the_clock_follows_tz(APP, |server| {
        let mut client = open(server);
        client.send(C1);
        let answer = String::from_utf8(client.receive(TIME.len())[2..].to_vec()).unwrap();
        answer[10..18].to_owned()
    });
}

/// Gets the time over a WebSocket of its own.
fn answers(server: &Server) {
    let mut client = open(server);
    client.send(C1);
    assert_eq!(masked(&client.receive(TIME.len())), TIME);
}

#[test]
fn a_clients_fault_is_that_clients_alone() {
    let handshake = HANDSHAKE.as_bytes();
    let upgraded = [handshake, C1].concat();
    let stages = [
        &handshake[..40],
        VISIT.as_bytes(),
        handshake,
        &upgraded,
        &upgraded[..upgraded.len() - 3],
        &[&upgraded, C4].concat(),
    ];
    testing::faults_leave_no_trace(APP, &stages, answers);
}

#[cfg(target_os = "linux")]
#[test]
fn frames_of_16_mib_and_unread_pongs_take_no_memory() {
    let server = Server::start(APP);
    answers(&server);
    let before = server.resident_kib();

    let announcement = [b"\x82\xff".as_slice(), &(16_u64 << 20).to_be_bytes(), &[0; 4]].concat();
    let megabyte = vec![b'x'; 1 << 20];
    let mut clients: Vec<_> = (0..20).map(|_| open(&server)).collect();
    for client in &mut clients {
        client.try_send(&announcement);
        for _ in 0..15 {
            client.try_send(&megabyte);
        }
    }
    answers(&server);
    server.has_let_go_of_memory(before, "twenty frames of 16 MiB but for the last MiB");
    for client in &mut clients {
        client.try_send(&megabyte);
    }
    answers(&server);
    server.has_let_go_of_memory(before, "twenty frames of 16 MiB");
    drop(clients);

    // A client that pings and never reads makes pongs wait; the server keeps only so many. It may
    // also stop reading, so what cannot be sent within a second is not.
    let mut client = open(&server);
    client.socket().set_write_timeout(Some(std::time::Duration::from_secs(1))).unwrap();
    let pings = frame(0x89, &[b'p'; 125]).repeat(1 << 13);
    for _ in 0..16 {
        client.try_send(&pings);
    }
    answers(&server);
    server.has_let_go_of_memory(before, "16 MiB of pings whose pongs nobody reads");
}

#[test]
fn a_console_that_nobody_reads_stops_nothing() {
    testing::an_unread_console_stops_nothing(APP, answers);
}
