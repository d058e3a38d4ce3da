//! A short capture of each app, made and read as a user makes and reads it: what one update costs
//! is what the committed captures say.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Captures a visit to `app` with a gap of a second, and checks what one update costs.
#[track_caller]
fn check(app: &str, packets: u64, server_bytes: u64) {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("capture-of-{app}"));
    let made = Command::new(env!("CARGO_BIN_EXE_visitor"))
        .args(["capture", app, "1", "--dir"])
        .arg(&dir)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let name = format!("{app}.pcap");
    let stats = stats(&dir.join(&name));
    let update = &stats["update"];
    assert_eq!(update["figures"]["total_packets"], packets, "{stats:#}");
    assert_eq!(update["server"]["app_bytes"], server_bytes, "{stats:#}");
    // The visit has three updates, and one alone, of a fresh connection, may cost more.
    assert!(update["seen"].as_u64().unwrap() >= 2, "{stats:#}");
    let readme = std::fs::read_to_string(dir.join("README.md")).unwrap();
    assert!(readme.contains(&format!("`just capture {app} 1`")), "{readme}");
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
fn nothing_is_written_when_tcpdump_cannot_record() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-tcpdump");
    let _ = std::fs::remove_dir_all(&scratch);
    std::fs::create_dir_all(&scratch).unwrap();
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
