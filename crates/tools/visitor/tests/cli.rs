//! What is said to a person who makes a mistake, or whose machine lacks something: one line, with
//! what to do, before anything is built or started.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The one line on standard error of a program that has failed and done nothing else.
#[track_caller]
fn complaint(output: Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(output.stdout, b"");
    let text = String::from_utf8(output.stderr).unwrap();
    let line = text.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{text}");
    line.to_owned()
}

fn visitor(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_visitor"));
    command.args(args);
    command
}

fn check(args: &[&str]) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("check.sh");
    let mut command = Command::new("/bin/sh");
    command.arg(script).args(args);
    command
}

/// A directory with programs of these names, each of which does what this shell command does.
fn programs(name: &str, programs: &[(&str, &str)]) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;

    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    for (program, does) in programs {
        let path = dir.join(program);
        fs::write(&path, format!("#!/bin/sh\n{does}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    dir
}

#[test]
fn a_mistake_in_the_command_is_named() {
    for (args, says) in [
        (&[][..], "'visitor' requires a subcommand but one was not provided"),
        (
            &["captur", "wsapp"],
            "unrecognized subcommand 'captur': some similar subcommands exist: \
             'capture-by-hand', 'capture'",
        ),
        (&["capture"], "the following required arguments were not provided: <APP>"),
        (
            &["capture", "webap"],
            "invalid value 'webap' for '<APP>': a similar value exists: 'webapp'",
        ),
        (
            &["capture", "wsapp", "--her"],
            "unexpected argument '--her' found: a similar argument exists: '--here'",
        ),
        (&["capture", "wsapp", "1", "2"], "unexpected argument '2' found"),
        (
            &["capture", "wsapp", "--dir"],
            "a value is required for '--dir <DIRECTORY>' but none was supplied",
        ),
    ] {
        assert_eq!(
            complaint(visitor(args).output().unwrap()),
            format!("{says}; all of it: cargo run -p visitor -- --help"),
            "{args:?}"
        );
    }
    for gap in ["0", "3601", "1.5", ""] {
        let line = complaint(visitor(&["capture", "wsapp", gap]).output().unwrap());
        let says = format!(
            "invalid value '{gap}' for '[GAP]': it is a whole number of seconds from 1 to 3600; "
        );
        assert!(line.starts_with(&says), "{line}");
    }
}

#[test]
fn help_is_no_mistake() {
    let output = visitor(&["capture", "--help"]).output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stderr, b"");
    assert!(String::from_utf8(output.stdout).unwrap().contains("[default: pcap]"));
}

#[test]
fn an_app_that_does_not_exist_is_named_before_anything_is_built() {
    for recipe in ["capture", "capture-by-hand", "watch"] {
        for app in ["foo", "common", "", "wsapp tcpapp", "*"] {
            assert_eq!(
                complaint(check(&[recipe, app, "10"]).output().unwrap()),
                format!(
                    "there is no app '{app}': \
                     choose one of tcpapp, webapp, ajaxapp, sseapp, wsapp"
                )
            );
        }
    }
}

#[test]
fn missing_programs_are_named_together_with_the_command_that_installs_them() {
    // Programs that the check uses itself, and no other but those that are in the system's
    // directories for root.
    let path = programs("no-tools", &[("id", "echo 1000"), ("uname", "echo Linux")]);
    for (args, says) in [
        (
            &["capture", "wsapp", "10", "--here"][..],
            "not installed: tcpdump, chromedriver; \
             on Debian: sudo apt-get install tcpdump chromium-driver",
        ),
        (
            &["capture", "tcpapp", "--sudo"],
            "not installed: tcpdump, sudo, nc; \
             on Debian and Ubuntu: sudo apt-get install tcpdump sudo netcat-openbsd",
        ),
        (
            &["capture-by-hand", "wsapp", "10", "--sudo"],
            "not installed: tcpdump, sudo; \
             on Debian and Ubuntu: sudo apt-get install tcpdump sudo",
        ),
    ] {
        assert_eq!(complaint(check(args).env("PATH", &path).output().unwrap()), says, "{args:?}");
    }
}

#[test]
fn where_no_network_can_be_made_it_says_what_to_type() {
    let tools = |name, user, system| {
        let (user, system) = (format!("echo {user}"), format!("echo {system}"));
        let refuse = "echo 'unshare: unshare failed: Operation not permitted' >&2; exit 1";
        let tools = [
            ("id", user.as_str()),
            ("uname", system.as_str()),
            ("unshare", refuse),
            ("head", "read -r line; echo \"$line\""),
            ("tcpdump", ""),
            ("sudo", ""),
            ("chromedriver", ""),
            ("nsenter", ""),
            ("ip", ""),
            ("ethtool", ""),
        ];
        programs(name, &tools)
    };
    for (name, user, system, says) in [
        (
            "no-namespaces",
            1000,
            "Linux",
            "no network of two hosts can be made here (unshare: unshare failed: Operation not \
             permitted); to record on the loopback interface: just capture wsapp 5 --sudo",
        ),
        (
            "no-namespaces-for-root",
            0,
            "Linux",
            "no network of two hosts can be made here (unshare: unshare failed: Operation not \
             permitted); to record on the loopback interface: just capture wsapp 5 --here",
        ),
        (
            "not-linux",
            501,
            "Darwin",
            "only Linux has network namespaces; \
             to record on the loopback interface: just capture wsapp 5 --sudo",
        ),
    ] {
        let path = tools(name, user, system);
        let output = check(&["capture", "wsapp", "5"]).env("PATH", &path).output().unwrap();
        assert_eq!(complaint(output), says);
        for network in ["--here", "--sudo"] {
            let output = check(&["capture", "wsapp", "5", network]).env("PATH", &path).output();
            assert!(output.unwrap().status.success(), "{name} {network}");
        }
    }
}
