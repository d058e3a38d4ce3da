//! What every app promises, checked on the app's own binary.

use std::{net::TcpListener, path::Path, thread, time::SystemTime};

use crate::{Response, Server, fails_to_start, sha256};

/// A request for `path` that asks for the connection to be closed after the answer.
fn request(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

/// Checks what the four HTTP apps have in common: the page at `/` by its length and SHA-256, its
/// head to the field, `HEAD`, unknown paths, other methods, and requests that are none.
pub fn is_an_http_app(app: &str, page_length: usize, page_sha256: &str) {
    let server = Server::start(app);

    let get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let page = server.exchange(get).masked();
    assert_eq!(sha256(&page.body), page_sha256);
    let expected = format!(
        "HTTP/1.1 200 OK\r\n\
         Content-Type: text/html; charset=utf-8\r\n\
         Content-Length: {page_length}\r\n\
         Date: Sun, 06 Jun 2021 09:36:17 GMT\r\n\
         \r\n"
    );
    let expected = Response::parse(expected.as_bytes()).masked();
    assert_eq!((&page.status, &page.fields), (&expected.status, &expected.fields));

    let mut client = server.connect();
    client.send(request("HEAD", "/"));
    let head = Response::parse(&client.rest()).masked();
    let fields: Vec<_> = head.fields.into_iter().filter(|(name, _)| name != "connection").collect();
    assert_eq!((head.status, fields, head.body), (page.status, page.fields, Vec::new()));

    for path in ["/nothing", "/favicon.ico", "/time/", "//", "/%00", "/?a"] {
        let code = server.exchange(&request("GET", path)).code();
        assert_eq!(code, if path == "/?a" { 200 } else { 404 }, "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
        let response = server.exchange(&request(method, "/"));
        assert_eq!(response.code(), 405, "{method}");
        assert_eq!(response.field("allow"), Some("GET,HEAD"), "{method}");
    }
    for garbage in ["\x16\x03\x01\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n"] {
        assert_eq!(server.exchange(garbage).code(), 400, "{garbage:?}");
    }
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "Cookie: x\r\n".repeat(150));
    assert_eq!(server.exchange(&many).code(), 431);
    // The server may have closed the connection before all of this is sent.
    let huge = format!("GET / HTTP/1.1\r\nCookie: {}\r\n\r\n", "x".repeat(1 << 20));
    let mut client = server.connect();
    client.try_send(&huge);
    assert!(matches!(client.rest_until_gone().get(..12), None | Some(b"HTTP/1.1 431")));

    let mut client = server.connect();
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_eq!(client.rest_until_gone(), b"");

    assert_eq!(server.exchange(get).code(), 200);
}

/// Checks that a taken port, a bad `PORT` and arguments that the app does not take each end it with
/// one clear line.
pub fn start_errors(app: &str) {
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let error = fails_to_start(app, &[], &[("PORT", &port)]);
    assert!(error.contains(&format!("port {port} is taken")) && error.contains("PORT="), "{error}");
    for bad in ["", "abc", "-1", "65536", "80.5", " 8000"] {
        let error = fails_to_start(app, &[], &[("PORT", bad)]);
        assert!(error.contains("PORT must be a whole number from 0 to 65535"), "{error}");
    }
    let name = Path::new(app).file_stem().unwrap().to_str().unwrap();
    for args in [&["x"][..], &["9000", "9001"], &[""], &["--port=9000"]] {
        let error = fails_to_start(app, args, &[]);
        assert!(error.contains(name) && error.contains("PORT=8001"), "{args:?}: {error}");
    }
}

/// Checks that the clock, which `read` gets from a running app, is right, and that `TZ` moves it.
pub fn the_clock_follows_tz(app: &str, read: impl Fn(&Server) -> String) {
    // Zones given by their offset from UTC, whose sign POSIX counts westwards, need no zone files.
    for (zone, offset) in [("UTC0", 0), ("IST-5:30", 19_800), ("NST3:30", -12_600)] {
        let server = Server::start_with(app, &[], &[("TZ", zone)]);
        let before = seconds_since_1970();
        let time = read(&server);
        let passed = seconds_since_1970() - before;
        let parts: Vec<i64> = time.split(':').map(|part| part.parse().unwrap()).collect();
        assert!(parts[0] < 24 && parts[1] < 60 && parts[2] < 60, "{time}");
        let reading = parts[0] * 3600 + parts[1] * 60 + parts[2];
        let late = (reading - before - offset).rem_euclid(86_400);
        assert!(late <= passed, "{zone}: {time}, {late} s late, and {passed} s have passed");
    }
}

fn seconds_since_1970() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64
}

/// Breaks connections in every way and at every stage, and checks after each that the app answers
/// the next client, which `answers` tries, and has let go of the memory.
///
/// `stages` are what a client may have sent when it goes away.
pub fn faults_leave_no_trace(app: &str, stages: &[&[u8]], answers: impl Fn(&Server)) {
    let server = Server::start(app);
    answers(&server);
    #[cfg(target_os = "linux")]
    let before = server.resident_kib();
    let megabyte = vec![b'x'; 1 << 20];
    let garbage: Vec<u8> =
        (0..1 << 16).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let stages = [&[b"".as_slice()], stages, &[&megabyte, &garbage]].concat();
    for stage in stages {
        for fault in [
            "close",
            "reset",
            "half-close",
            "reset after half-close",
            "reset while the server sends",
        ] {
            let mut client = server.connect();
            client.try_send(stage);
            match fault {
                "close" => drop(client),
                "reset" => client.reset(),
                "half-close" => {
                    client.finish();
                    // Some of the servers go on sending to a client that only listens.
                    client.is_silent_for(std::time::Duration::from_millis(50));
                }
                "reset after half-close" => {
                    client.finish();
                    client.reset();
                }
                _ => {
                    client.is_silent_for(std::time::Duration::from_millis(50));
                    client.reset();
                }
            }
            answers(&server);
            #[cfg(target_os = "linux")]
            server.has_let_go_of_memory(before, &format!("{fault} after {} bytes", stage.len()));
        }
    }
}

/// Checks that an app whose console is closed, or whose console nobody reads, goes on serving,
/// which `answers` tries.
pub fn an_unread_console_stops_nothing(app: &str, answers: impl Fn(&Server)) {
    answers(&Server::start_closed(app));
    let mut unread = None;
    let server = Server::start_unread(app, |output| unread = Some(output));
    answers(&server);
    drop(unread);
    answers(&server);
}

/// Runs all of these checks at the same time, each on a thread that bears its name, and fails if one
/// of them does.
pub fn at_once(checks: &[(&str, fn())]) {
    let threads = checks.iter().map(|(name, check)| {
        let builder = thread::Builder::new().name((*name).to_owned());
        (*name, builder.spawn(*check).unwrap())
    });
    let threads: Vec<_> = threads.collect();
    let failed: Vec<_> = threads
        .into_iter()
        .filter_map(|(name, thread)| thread.join().is_err().then_some(name))
        .collect();
    assert!(failed.is_empty(), "failed: {failed:?}");
}
