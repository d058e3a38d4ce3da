//! The servers of the bench do not outlive it.

#![cfg(target_os = "linux")]

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

#[test]
fn a_server_ends_with_the_process_that_started_it() {
    // The shell stands for a bench that is killed while it waits for its server.
    let mut shell = Command::new("sh")
        .args(["-c", "\"$0\" --floor wsapp & wait", env!("CARGO_BIN_EXE_bench")])
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut console = BufReader::new(shell.stdout.take().unwrap());
    let mut line = String::new();
    console.read_line(&mut line).unwrap();
    assert!(line.starts_with("Listening on port "), "{line:?}");
    shell.kill().unwrap();
    shell.wait().unwrap();
    // The console ends when nobody has it open any more.
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(console.read_to_end(&mut Vec::new())));
    let end = end.recv_timeout(Duration::from_secs(10));
    // A server that did not end would be left behind, in the shell's process group.
    let group = Pid::from_raw(shell.id().try_into().unwrap());
    let _ = killpg(group, Signal::SIGKILL);
    assert!(matches!(end, Ok(Ok(0))), "the server is still there: {end:?}");
}
