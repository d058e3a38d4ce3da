//! A short capture of each app, made and read as a user makes and reads it: what one update costs
//! is what the committed captures say.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

mod processes;
use processes::{leaves_nothing, running_with, scratch};

/// Captures a visit to `app` with a gap of a second, and checks what one update costs.
#[track_caller]
fn check(app: &str, packets: u64, server_bytes: u64) {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("capture-of-{app}"));
    // What an earlier run left there is not to be taken for this one's.
    let _ = fs::remove_dir_all(&dir);
    let made = Command::new(env!("CARGO_BIN_EXE_visitor"))
        .args(["capture", app, "1", "--dir"])
        .arg(&dir)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let name = format!("{app}.pcap");
    is_of_two_hosts(&dir.join(&name));
    let stats = stats(&dir.join(&name));
    let update = &stats["update"];
    assert_eq!(update["figures"]["total_packets"], packets, "{stats:#}");
    assert_eq!(update["server"]["app_bytes"], server_bytes, "{stats:#}");
    // The visit has three updates, and one alone, of a fresh connection, may cost more.
    assert!(update["seen"].as_u64().unwrap() >= 2, "{stats:#}");
    let readme = fs::read_to_string(dir.join("README.md")).unwrap();
    assert!(readme.contains(&format!("`just capture {app} 1`")), "{readme}");
}

/// Checks that each packet went from the client's host to the server's or back, whole and with the
/// checksums that a network would carry, as tcpdump reads it.
#[track_caller]
fn is_of_two_hosts(capture: &Path) {
    let output = Command::new("tcpdump")
        .args(["-nn", "-e", "-vv", "-r"])
        .arg(capture)
        .env("TZ", "UTC")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() >= 2 * 8, "{text}");
    // What the Ethernet and IP headers say, and, in a line of its own, TCP's.
    for packet in lines.chunks(2) {
        let ends = [
            ["02:00:00:00:00:01 > 02:00:00:00:00:02", "192.0.2.1.", "> 192.0.2.2.8000: "],
            ["02:00:00:00:00:02 > 02:00:00:00:00:01", "192.0.2.2.8000 ", "> 192.0.2.1."],
        ];
        let is_between = |[ethernet, from, to]: [&str; 3]| {
            packet[0].contains(ethernet)
                && packet[1].trim_start().starts_with(from)
                && packet[1].contains(to)
        };
        assert!(ends.into_iter().any(is_between), "{packet:#?}");
        assert!(packet[1].contains("(correct)"), "{packet:#?}");
        assert!(!packet[0].contains("bad cksum"), "{packet:#?}");
    }
}

/// What `payloads stats --json` says of the capture.
fn stats(capture: &Path) -> Value {
    let payloads = PathBuf::from(env!("CARGO_BIN_EXE_visitor")).with_file_name("payloads");
    let output = Command::new(payloads)
        .args(["stats", "--json"])
        .arg(capture)
        .output()
        .expect("payloads is not built yet: cargo build -p payloads");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut captures: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    captures.remove(0)
}

#[test]
fn tcpapp_takes_three_packets_with_10_bytes_of_the_server() {
    check("tcpapp", 3, 10);
}

#[test]
fn webapp_takes_three_packets_with_552_bytes_of_the_server() {
    check("webapp", 3, 552);
}

#[test]
fn ajaxapp_takes_three_packets_with_128_bytes_of_the_server() {
    check("ajaxapp", 3, 128);
}

#[test]
fn sseapp_takes_two_packets_with_34_bytes_of_the_server() {
    check("sseapp", 2, 34);
}

#[test]
fn wsapp_takes_three_packets_with_22_bytes_of_the_server() {
    check("wsapp", 3, 22);
}

#[test]
fn a_port_that_is_taken_has_to_be_freed() {
    // In a network of the test's own, where nothing else has the port.
    let script = "ip link set lo up && { nc -l 127.0.0.1 8000 & } && listener=$! && \
                  until grep -q ':1F40 .* 0A ' /proc/net/tcp; do sleep 0.05; done && \
                  \"$0\" capture tcpapp 1 --here; status=$?; kill $listener; exit $status";
    let made = Command::new("timeout")
        .args(["20", "unshare", "-cn", "--keep-caps", "sh", "-c", script])
        .arg(env!("CARGO_BIN_EXE_visitor"))
        .output()
        .unwrap();
    assert_eq!(made.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&made.stderr),
        "port 8000 is taken: stop what listens on it\n"
    );
}

#[test]
fn nothing_is_written_when_tcpdump_cannot_record() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-tcpdump");
    let _ = fs::remove_dir_all(&scratch);
    fs::create_dir_all(&scratch).unwrap();
    std::os::unix::fs::symlink("/bin/false", scratch.join("tcpdump")).unwrap();
    let mut path = scratch.clone().into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let dir = scratch.join("pcap");
    let made = Command::new(env!("CARGO_BIN_EXE_visitor"))
        .args(["capture", "tcpapp", "1", "--dir"])
        .arg(&dir)
        .env("PATH", path)
        .output()
        .unwrap();
    assert_eq!(made.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&made.stderr), "tcpdump did not start: \n");
    assert!(!dir.exists());
}

/// Starts a long visit to `app`, sends `signal` to the visitor in the middle of it, and checks that
/// nothing is left of all that it has started and made.
#[track_caller]
fn stop(app: &str, signal: &str, status: Option<i32>) {
    let scratch = scratch(&format!("visit-{signal}"));
    let mut visitor = Command::new(env!("CARGO_BIN_EXE_visitor"))
        .args(["capture", app, "3600", "--dir"])
        .arg(scratch.join("pcap"))
        .env("TMPDIR", &scratch)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The first time has come.
    let mut line = String::new();
    BufReader::new(visitor.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains(" s  "), "{line}");
    assert!(running_with(&scratch) > 2);
    testing::signal(&visitor, signal);
    leaves_nothing(&mut visitor, &scratch, status);
}

#[test]
fn a_visit_that_is_stopped_leaves_nothing() {
    stop("wsapp", "TERM", Some(128 + 15));
    stop("wsapp", "HUP", Some(128 + 1));
    // Nobody can listen to this one.
    stop("wsapp", "KILL", None);
}
