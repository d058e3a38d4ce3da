//! ajaxapp as its clients see it: the binary, a socket, bytes.

use testing::{Response, Server, VISIT, masked, on_the_wire};

const APP: &str = env!("CARGO_BIN_EXE_ajaxapp");

/// What the browser of the document sends when its button is clicked.
const CLICK: &str = "GET /time HTTP/1.1\r\n\
    Host: 172.105.253.239:8000\r\n\
    User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0\r\n\
    Accept: */*\r\n\
    Accept-Language: en-US,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate\r\n\
    Connection: keep-alive\r\n\
    Referer: http://172.105.253.239:8000/\r\n\
    \r\n";

/// The answers of the document, with their clocks at zero.
const PAGE: &str = r#"HTTP/1.1 200 OK
Content-Type: text/html; charset=utf-8
Content-Length: 807
Date: Thu, 10 Jun 2021 08:04:13 GMT

<!DOCTYPE html>
<html lang="en">
<head>
<title>Server Time (Ajax)</title>
<style>
body {background: beige; font-size: 2em; text-align: center}
button {font-size: 0.75em}
time {color: green}
</style>
</head>
<body>
<p>Server time: <time id="time">00:00:00</time></p>
<button id="button">Refresh via Ajax</button>
<script>
const button = document.getElementById('button')
const time = document.getElementById('time')
button.onclick = function () {
  const xhr = new XMLHttpRequest()
  xhr.open('GET', '/time')
  xhr.responseType = 'json'
  xhr.onload = function () {
    if (xhr.status === 200) {
      time.innerHTML = xhr.response.time
    } else {
      time.innerHTML = '[load error]'
    }
  }
  xhr.onerror = function () {
    time.innerHTML = '[xhr error]'
  }
  xhr.send()
}
</script>
</body>
</html>
"#;
const TIME: &str = r#"HTTP/1.1 200 OK
Content-Type: application/json
Content-Length: 20
Date: Thu, 10 Jun 2021 08:04:23 GMT

{"time":"00:00:00"}
"#;

#[test]
fn answers_the_documents_requests_with_the_documents_bytes() {
    let server = Server::start(APP);
    let mut client = server.connect();
    for (request, answer) in [(VISIT, PAGE), (CLICK, TIME), (CLICK, TIME), (CLICK, TIME)] {
        let answer = on_the_wire(answer);
        client.send(request);
        let response = client.receive(answer.len());
        assert_eq!(Response::parse(&response).masked(), Response::parse(&answer).masked());
    }
    client.finish();
    assert_eq!(client.rest(), b"");
}

#[test]
fn an_update_takes_415_bytes_128_of_them_from_the_server() {
    let server = Server::start(APP);
    let mut client = server.connect();
    client.send(CLICK);
    let response = client.receive(128);
    assert!(masked(&response).ends_with(b"\r\n\r\n{\"time\":\"00:00:00\"}\n"));
    client.finish();
    assert_eq!(client.rest(), b"");
    assert_eq!(CLICK.len() + response.len(), 415);
}

#[test]
fn time_takes_get_and_head_alone() {
    let server = Server::start(APP);
    let mut client = server.connect();
    client.send("HEAD /time HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let head = client.receive_until(b"\r\n\r\n");
    client.finish();
    assert_eq!(client.rest(), b"");
    assert_eq!(Response::parse(&head).masked().fields, server.exchange(CLICK).masked().fields);
    let post = server.exchange("POST /time HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!((post.code(), post.field("allow")), (405, Some("GET,HEAD")));
}

#[test]
fn is_an_http_app() {
    let page = "b56a888e43c3a65fcb7218afd108fcf016790b2c6714277907fae11714f00746";
    testing::is_an_http_app(APP, 807, page);
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
        let body = String::from_utf8(server.exchange(CLICK).body).unwrap();
        body[9..17].to_owned()
    });
}

#[test]
fn a_clients_fault_is_that_clients_alone() {
    let stages = [&CLICK.as_bytes()[..40], VISIT.as_bytes(), CLICK.as_bytes()];
    testing::faults_leave_no_trace(APP, &stages, |server| {
        assert_eq!(server.exchange(CLICK).code(), 200);
    });
}

#[test]
fn a_console_that_nobody_reads_stops_nothing() {
    testing::an_unread_console_stops_nothing(APP, |server| {
        assert_eq!(server.exchange(CLICK).code(), 200);
    });
}
