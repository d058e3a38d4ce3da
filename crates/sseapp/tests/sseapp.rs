//! sseapp as its clients see it: the binary, a socket, bytes.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use testing::{Client, Response, Server, VISIT, fails_to_start, masked, on_the_wire};

const APP: &str = env!("CARGO_BIN_EXE_sseapp");

/// What the browser of the document sends when the page opens the event stream.
const SUBSCRIBE: &str = "GET /time HTTP/1.1\r\n\
    Host: 172.105.253.239:8000\r\n\
    User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0\r\n\
    Accept: text/event-stream\r\n\
    Accept-Language: en-US,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate\r\n\
    Connection: keep-alive\r\n\
    Referer: http://172.105.253.239:8000/\r\n\
    Pragma: no-cache\r\n\
    Cache-Control: no-cache\r\n\
    \r\n";

/// The answers of the document, with their clocks at zero.
const PAGE: &str = r#"HTTP/1.1 200 OK
Content-Type: text/html; charset=utf-8
Content-Length: 569
Date: Thu, 10 Jun 2021 11:42:04 GMT

<!DOCTYPE html>
<html lang="en">
<head>
<title>Server Time (Server Sent Event)</title>
<style>
body {background: beige; font-size: 2em; text-align: center}
button {font-size: 0.75em}
time {color: green}
</style>
</head>
<body>
<p>Server time: <time id="time">00:00:00</time></p>
<script>
const time = document.getElementById('time')
var eventSource = new EventSource('/time');
eventSource.onmessage = function (event) {
  time.innerHTML = JSON.parse(event.data).time
};
eventSource.onerror = function (event) {
  time.innerHTML = '[error]'
};
</script>
</body>
</html>
"#;
const STREAM: &str = "HTTP/1.1 200 OK\n\
    Content-Type: text/event-stream; charset=utf-8\n\
    Date: Thu, 10 Jun 2021 11:42:14 GMT\n\
    Transfer-Encoding: chunked\n\
    \n";

/// An event as it goes over the wire. hyper writes the size of a chunk in capitals, the original
/// does not, and it makes no difference (RFC 9112 section 7.1).
const EVENT: &str = "1C\r\ndata: {\"time\": \"00:00:00\"}\n\n\r\n";

/// The checks that wait for the time of an event, all at once: the test runner has a thread for each
/// core, and would let them wait one after the other.
#[test]
fn events_come_when_they_should() {
    testing::at_once(&[
        ("document", answers_the_documents_requests_with_the_documents_bytes),
        ("update", an_update_takes_34_bytes),
        ("first event", the_first_event_comes_after_the_interval),
        ("schedules", each_client_has_its_own_schedule_and_none_waits_for_another),
        ("twenty clients", twenty_clients_get_an_event_a_second_each),
        #[cfg(unix)]
        ("missed tick", a_tick_missed_is_skipped_and_the_schedule_stays),
        ("clock", the_clock_is_that_of_the_zone),
        ("abandoned stream", a_stream_abandoned_in_mid_event_is_that_clients_alone),
    ]);
}

/// Opens the event stream and takes its head.
fn subscribe(server: &Server) -> Client {
    let mut client = server.connect();
    client.send(SUBSCRIBE);
    let head = client.receive_until(b"\r\n\r\n");
    assert_eq!(Response::parse(&head).masked(), Response::parse(&on_the_wire(STREAM)).masked());
    client
}

fn event(client: &mut Client) -> String {
    String::from_utf8(masked(&client.receive(EVENT.len()))).unwrap()
}

fn answers_the_documents_requests_with_the_documents_bytes() {
    let server = Server::start(APP);
    let page = server.exchange(VISIT);
    assert_eq!(page.masked(), Response::parse(&on_the_wire(PAGE)).masked());
    let mut client = subscribe(&server);
    for _ in 0..3 {
        assert_eq!(event(&mut client), EVENT);
    }
}

fn an_update_takes_34_bytes() {
    let server = Server::start(APP);
    let start = Instant::now();
    let mut client = subscribe(&server);
    for _ in 0..2 {
        assert_eq!(client.receive_until(b"\n\n\r\n").len(), 34);
    }
    assert!(start.elapsed() >= Duration::from_secs(2), "an event comes after each interval");
}

#[test]
fn the_head_comes_at_once() {
    let server = Server::start_with(APP, &["3600"], &[]);
    let mut client = subscribe(&server);
    assert!(client.is_silent_for(Duration::from_millis(1500)));
}

fn the_first_event_comes_after_the_interval() {
    let server = Server::start_with(APP, &["2"], &[]);
    let start = Instant::now();
    let mut client = subscribe(&server);
    assert_eq!(event(&mut client), EVENT);
    assert!(start.elapsed() >= Duration::from_secs(2));
}

fn each_client_has_its_own_schedule_and_none_waits_for_another() {
    let server = Server::start(APP);
    // Half an interval apart, so that a shared schedule would show.
    let mut first = subscribe(&server);
    sleep(Duration::from_millis(500));
    let start = Instant::now();
    let mut second = subscribe(&server);
    assert_eq!(event(&mut second), EVENT);
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(event(&mut first), EVENT);
}

fn twenty_clients_get_an_event_a_second_each() {
    let server = Server::start(APP);
    let start = Instant::now();
    let mut clients: Vec<_> = (0..20).map(|_| subscribe(&server)).collect();
    for seconds in 1..=3 {
        for client in &mut clients {
            assert_eq!(event(client), EVENT);
        }
        let elapsed = start.elapsed().as_secs_f64();
        // The n-th event of the last client comes n seconds after its own request. In a server
        // that let clients wait for each other each round would take twenty seconds.
        assert!(elapsed >= f64::from(seconds) && elapsed < f64::from(seconds) + 5.0, "{elapsed} s");
    }
}

/// Holds the server up for two intervals, so that it misses ticks. Counted from the request, the
/// client then gets the late event, and after it those of the schedule it always had.
#[cfg(unix)]
fn a_tick_missed_is_skipped_and_the_schedule_stays() {
    let server = Server::start(APP);
    let start = Instant::now();
    let mut client = subscribe(&server);
    assert_eq!(event(&mut client), EVENT);
    // Two ticks at least fall into the time that the server stands still.
    server.signal("STOP");
    sleep(Duration::from_millis(2200));
    server.signal("CONT");
    let times: Vec<f64> = (0..4)
        .map(|_| {
            assert_eq!(event(&mut client), EVENT);
            start.elapsed().as_secs_f64()
        })
        .collect();
    // With this one, as many events have come as seconds have passed, had none been skipped.
    for (time, count) in times.iter().zip(2..) {
        assert!(time.floor() > f64::from(count), "a missed tick was made up for: {times:?}");
    }
    // An event can be late on a busy machine, but not all of them by the half second of a schedule
    // that had moved.
    assert!(times[1..].iter().any(|time| time.fract() < 0.4), "the schedule moved: {times:?}");
}

#[test]
fn time_takes_get_and_head_alone() {
    let server = Server::start(APP);
    let mut client = server.connect();
    client.send("HEAD /time HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let head = Response::parse(&client.receive_until(b"\r\n\r\n"));
    assert_eq!(head.field("content-type"), Some("text/event-stream; charset=utf-8"));
    client.finish();
    assert_eq!(client.rest(), b"");
    let post = server.exchange("POST /time HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!((post.code(), post.field("allow")), (405, Some("GET,HEAD")));
}

#[test]
fn an_interval_is_a_whole_number_of_seconds_from_1_to_86400() {
    let bad: [&[&str]; 9] = [
        &["abc"],
        &["0"],
        &["-1"],
        &["1.5"],
        &[""],
        &["86401"],
        &["1", "2"],
        &["1", ""],
        &["18446744073709551617"],
    ];
    for args in bad {
        let error = fails_to_start(APP, args, &[]);
        assert!(error.contains("usage: sseapp [INTERVAL]"), "{args:?}: {error}");
    }
    for good in ["1", "10", "+10", "86400"] {
        Server::start_with(APP, &[good], &[]);
    }
}

#[test]
fn is_an_http_app() {
    let page = "46889f3ebe1e7a56cfd1b2e72916cea2f242e7e105b3346dd07065769bd65c5a";
    testing::is_an_http_app(APP, 569, page);
}

#[test]
fn start_errors_are_one_clear_line() {
    testing::start_errors(APP);
}

fn the_clock_is_that_of_the_zone() {
    testing::the_clock_follows_tz(APP, |server| {
        let mut client = subscribe(server);
        let event = String::from_utf8(client.receive(EVENT.len())).unwrap();
        event[20..28].to_owned()
    });
}

#[test]
fn a_clients_fault_is_that_clients_alone() {
    let stages = [&SUBSCRIBE.as_bytes()[..40], VISIT.as_bytes(), SUBSCRIBE.as_bytes()];
    testing::faults_leave_no_trace(APP, &stages, |server| {
        subscribe(server);
    });
}

fn a_stream_abandoned_in_mid_event_is_that_clients_alone() {
    let server = Server::start(APP);
    let mut watcher = subscribe(&server);
    for reset in [false, true] {
        let mut client = subscribe(&server);
        client.receive(10);
        if reset {
            client.reset()
        } else {
            drop(client)
        }
        assert_eq!(event(&mut watcher), EVENT);
    }
}

#[test]
fn a_console_that_nobody_reads_stops_nothing() {
    testing::an_unread_console_stops_nothing(APP, |server| {
        subscribe(server);
    });
}
