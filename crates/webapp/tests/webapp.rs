//! webapp as its clients see it: the binary, a socket, bytes.

use testing::{Response, Server, VISIT, masked, on_the_wire};

const APP: &str = env!("CARGO_BIN_EXE_webapp");

/// What the browser of the document sends when its button is clicked.
const RELOAD: &str = "GET / HTTP/1.1\r\n\
    Host: 172.105.253.239:8000\r\n\
    User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8\r\n\
    Accept-Language: en-US,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate\r\n\
    Connection: keep-alive\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    Cache-Control: max-age=0\r\n\
    \r\n";

/// The answer of the document, with its clock at zero.
const ANSWER: &str = r#"HTTP/1.1 200 OK
Content-Type: text/html; charset=utf-8
Content-Length: 435
Date: Sun, 06 Jun 2021 09:36:17 GMT

<!DOCTYPE html>
<html lang="en">
<head>
<title>Server Time</title>
<style>
body {background: beige; font-size: 2em; text-align: center}
button {font-size: 0.75em}
time {color: green}
</style>
</head>
<body>
<p>Server time: <time>00:00:00</time></p>
<button id="button">Refresh page</button>
<script>
const button = document.getElementById('button')
button.onclick = function () {
  window.location.reload()
}
</script>
</body>
</html>
"#;

#[test]
fn answers_the_documents_requests_with_the_documents_bytes() {
    let server = Server::start(APP);
    let mut client = server.connect();
    let answer = on_the_wire(ANSWER);
    for request in [VISIT, RELOAD, RELOAD, RELOAD] {
        client.send(request);
        let response = client.receive(answer.len());
        assert_eq!(Response::parse(&response).masked(), Response::parse(&answer).masked());
    }
    client.finish();
    assert_eq!(client.rest(), b"");
}

#[test]
fn an_update_takes_923_bytes_552_of_them_from_the_server() {
    let server = Server::start(APP);
    let mut client = server.connect();
    client.send(RELOAD);
    let response = client.receive(552);
    assert!(masked(&response).ends_with(b"</html>\n"));
    client.finish();
    assert_eq!(client.rest(), b"");
    assert_eq!(RELOAD.len() + response.len(), 923);
}

#[test]
fn is_an_http_app() {
    let page = "b1a6a724e3972942476188499167ff5109fa48fc9b570df85f1bb6ef66c12530";
    testing::is_an_http_app(APP, 435, page);
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
        let page = String::from_utf8(server.exchange(VISIT).body).unwrap();
        let time = page.split_once("<time>").unwrap().1;
        time[..8].to_owned()
    });
}

#[test]
fn a_clients_fault_is_that_clients_alone() {
    let stages = [&VISIT.as_bytes()[..40], VISIT.as_bytes()];
    testing::faults_leave_no_trace(APP, &stages, |server| {
        assert_eq!(server.exchange(VISIT).code(), 200);
    });
}

#[test]
fn a_console_that_nobody_reads_stops_nothing() {
    testing::an_unread_console_stops_nothing(APP, |server| {
        assert_eq!(server.exchange(VISIT).code(), 200);
    });
}
