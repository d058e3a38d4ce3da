//! tcpapp as its clients see it: the binary, a socket, bytes.

use std::{io::Write, thread, time::Duration};

use testing::{Client, Server, masked};

const APP: &str = env!("CARGO_BIN_EXE_tcpapp");

/// What the server sends by itself, with its clock at zero.
const GREETING: &[u8] = b"Hello!\nServer time: 00:00:00\n\n";

/// The answer to `time`, with its clock at zero.
const TIME: &[u8] = b"00:00:00\n\n";

const GOOD_BYE: &[u8] = b"Good bye!\n\n";

/// Connects and takes the greeting.
fn connect(server: &Server) -> Client {
    let mut client = server.connect();
    assert_eq!(masked(&client.receive(GREETING.len())), GREETING);
    client
}

/// Checks that the server answers a client from greeting to good bye.
fn answers(server: &Server) {
    let mut client = connect(server);
    client.send("time\nbye\n");
    assert_eq!(masked(&client.rest()), [TIME, GOOD_BYE].concat());
}

#[test]
fn answers_the_documents_bytes_with_the_documents_bytes() {
    let server = Server::start(APP);
    let mut client = connect(&server);
    for _ in 0..3 {
        client.send("time\n");
        assert_eq!(masked(&client.receive(TIME.len())), TIME);
    }
    client.send("bye\n");
    assert_eq!(client.rest(), GOOD_BYE);
}

#[test]
fn an_update_takes_15_bytes_10_of_them_from_the_server() {
    let server = Server::start(APP);
    let mut client = connect(&server);
    client.send("time\n");
    let answer = client.receive_until(b"\n\n");
    assert_eq!((answer.len(), "time\n".len() + answer.len()), (10, 15));
    client.finish();
    assert_eq!(client.rest(), b"");
}

#[test]
fn another_line_comes_back_as_it_was() {
    let server = Server::start(APP);
    let mut client = connect(&server);
    for line in [
        b"foo\n".as_slice(),
        b"\n",
        b"\r\n",
        b"Time\n",
        b"time \n",
        b" time\n",
        b"time\r\r\n",
        b"bye!\n",
        b"\xff\x00\x1b[31m\n",
    ] {
        client.send(line);
        let answer = [b"I do not understand: ", line, b"\n"].concat();
        assert_eq!(client.receive(answer.len()), answer);
    }
}

#[test]
fn a_line_ends_a_message_and_a_segment_does_not() {
    let server = Server::start(APP);
    let mut client = connect(&server);
    client.send("ti");
    assert!(client.is_silent_for(Duration::from_millis(200)));
    client.send("me\n");
    assert_eq!(masked(&client.receive(TIME.len())), TIME);
    client.send("time\ntime\n");
    assert_eq!(masked(&client.receive(2 * TIME.len())), [TIME, TIME].concat());
}

#[test]
fn a_carriage_return_may_precede_the_line_feed() {
    let server = Server::start(APP);
    let mut client = connect(&server);
    client.send("time\r\nbye\r\n");
    assert_eq!(masked(&client.rest()), [TIME, GOOD_BYE].concat());
}

#[test]
fn the_last_line_may_lack_its_end() {
    let server = Server::start(APP);
    for (line, answer) in [
        ("", b"".as_slice()),
        ("time", TIME),
        ("bye", GOOD_BYE),
        ("foo", b"I do not understand: foo\n"),
        ("time\nfoo", b"00:00:00\n\nI do not understand: foo\n"),
    ] {
        let mut client = connect(&server);
        client.send(line);
        client.finish();
        assert_eq!(masked(&client.rest()), answer, "{line:?}");
    }
}

#[test]
fn a_long_line_is_answered_in_pieces_of_1024_bytes() {
    let server = Server::start(APP);
    let unknown = |piece: &str| format!("I do not understand: {piece}\n");
    let x = "x".repeat(1024);
    for (line, answer) in [
        (format!("{}\n", "x".repeat(1023)), unknown(&format!("{}\n", "x".repeat(1023)))),
        (format!("{x}\n"), unknown(&x) + &unknown("\n")),
        (format!("{x}{x}yz\n"), unknown(&x) + &unknown(&x) + &unknown("yz\n")),
    ] {
        let mut client = connect(&server);
        client.send(line);
        assert_eq!(client.receive(answer.len()), answer.as_bytes());
        client.finish();
        assert_eq!(client.rest(), b"");
    }
}

#[test]
fn clients_are_served_one_after_the_other() {
    let server = Server::start(APP);
    let first = connect(&server);
    let mut second = server.connect();
    second.send("time\n");
    assert!(second.is_silent_for(Duration::from_millis(300)));
    drop(first);
    let expected = [GREETING, TIME].concat();
    assert_eq!(masked(&second.receive(expected.len())), expected);
}

#[test]
fn the_console_tells_what_happens() {
    let server = Server::start(APP);
    let mut client = connect(&server);
    let address = client.socket().local_addr().unwrap();
    client.send(b"time\n\xe9\"\\\r\n");
    client.finish();
    client.rest();
    assert_eq!(server.line(), format!("Accepted connection from {address}"));
    assert_eq!(server.line(), r#"Received from client: b"time\n""#);
    assert_eq!(server.line(), r#"Received from client: b"\xe9\"\\\r\n""#);
    assert_eq!(server.line(), format!("Closed connection from {address}"));

    let client = connect(&server);
    let address = client.socket().local_addr().unwrap();
    client.reset();
    assert_eq!(server.line(), format!("Accepted connection from {address}"));
    let line = server.line();
    assert!(line.starts_with(&format!("Lost connection from {address}: ")), "{line}");
}

#[test]
fn can_be_started_again_at_once_after_it_closed_a_connection_first() {
    let server = Server::start(APP);
    answers(&server);
    let port = server.port().to_string();
    drop(server);
    let server = Server::start_with(APP, &[], &[("PORT", &port)]);
    answers(&server);
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
        let greeting = server.connect().receive(GREETING.len());
        String::from_utf8(greeting[20..28].to_vec()).unwrap()
    });
}

#[test]
fn a_clients_fault_is_that_clients_alone() {
    let stages = [b"ti".as_slice(), b"time\n", b"foo\n", b"bye\n", b"bye\ntime\n"];
    testing::faults_leave_no_trace(APP, &stages, answers);
}

#[test]
fn a_console_that_nobody_reads_stops_nothing_and_fills_no_memory() {
    testing::an_unread_console_stops_nothing(APP, |server| {
        let mut client = connect(server);
        #[cfg(target_os = "linux")]
        let before = server.resident_kib();
        // Some 2 MB of lines, more than a pipe holds and than may wait for it.
        let line = format!("{}\n", "x".repeat(1000));
        let answer = format!("I do not understand: {line}\n");
        // All in one go: an answer to each line alone would wait for acknowledgements.
        let mut sending = client.socket().try_clone().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| sending.write_all(line.repeat(2000).as_bytes()).unwrap());
            assert_eq!(client.receive(2000 * answer.len()), answer.repeat(2000).as_bytes());
        });
        #[cfg(target_os = "linux")]
        server.has_let_go_of_memory(before, "lines that nobody reads");
    });
}
