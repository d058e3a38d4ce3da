//! A short capture of each app, made and read as a user makes and reads it: what one update costs
//! is what the committed captures say.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

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
    let stats = stats(&dir.join(&name));
    let update = &stats["update"];
    assert_eq!(update["figures"]["total_packets"], packets, "{stats:#}");
    assert_eq!(update["server"]["app_bytes"], server_bytes, "{stats:#}");
    // The visit has three updates, and one alone, of a fresh connection, may cost more.
    assert!(update["seen"].as_u64().unwrap() >= 2, "{stats:#}");
    let readme = fs::read_to_string(dir.join("README.md")).unwrap();
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
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stopped-by-{signal}"));
    let _ = fs::remove_dir_all(&scratch);
    fs::create_dir_all(&scratch).unwrap();
    let mut visitor = Command::new(env!("CARGO_BIN_EXE_visitor"))
        .args(["capture", app, "3600", "--dir"])
        .arg(scratch.join("pcap"))
        // All that it starts have this in their environment, by which they are found.
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
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let ended = visitor.try_wait().unwrap();
        let running = running_with(&scratch);
        let files: Vec<_> = fs::read_dir(&scratch).unwrap().flatten().collect();
        if let Some(ended) = ended
            && running == 0
            && files.is_empty()
        {
            assert_eq!(ended.code(), status);
            return;
        }
        if Instant::now() > deadline {
            let _ = visitor.kill();
            panic!("{signal}: {ended:?}, {running} processes and {files:?} are left");
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// How many processes have `scratch` in their environment.
fn running_with(scratch: &Path) -> usize {
    let scratch = scratch.to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    // What is no process has no environment, and neither has one that has just ended.
    let environments = processes.filter_map(|entry| fs::read(entry.path().join("environ")).ok());
    environments.filter(|bytes| String::from_utf8_lossy(bytes).contains(scratch)).count()
}

#[test]
fn a_visit_that_is_stopped_leaves_nothing() {
    stop("wsapp", "TERM", Some(128 + 15));
    stop("wsapp", "HUP", Some(128 + 1));
    // Nobody can listen to this one.
    stop("wsapp", "KILL", None);
}
