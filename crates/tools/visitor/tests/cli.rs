//! What the visitor says to a person who makes a mistake: one line, with what to do.

use std::process::Command;

/// What the visitor says on standard error, having done nothing else, when it is given `args` and
/// looks for programs in `path`.
#[track_caller]
fn complaint(args: &[&str], path: &str) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_visitor")).args(args).env("PATH", path).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    assert_eq!(output.stdout, b"", "{args:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    let line = text.strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{text}");
    line.to_owned()
}

#[test]
fn a_mistake_in_the_command_is_named() {
    let usage = "usage: visitor APP [GAP] [OPTIONS]; visitor --help says more";
    for args in [&[][..], &["--here"], &["wsapp", "1", "2"]] {
        assert_eq!(complaint(args, ""), usage, "{args:?}");
    }
    for (args, says) in [
        (&["app"][..], "there is no app \"app\": choose one of tcpapp, webapp, "),
        (&["wsapp", "0"], "GAP is a whole number of seconds from 1 to 3600, not \"0\""),
        (&["wsapp", "3601"], "GAP is a whole number of seconds from 1 to 3600, not "),
        (&["wsapp", "1.5"], "GAP is a whole number of seconds from 1 to 3600, not "),
        (&["wsapp", "--her"], "there is no option --her; usage: "),
        (&["wsapp", "--dir"], "--dir needs a directory"),
    ] {
        let line = complaint(args, "");
        assert!(line.starts_with(says), "{args:?}: {line}");
    }
}

#[test]
fn missing_programs_are_named_together_with_the_command_that_installs_them() {
    for (args, says) in [
        (
            &["wsapp", "--here"][..],
            "not installed: tcpdump, chromedriver; \
             on Debian: sudo apt-get install tcpdump chromium-driver",
        ),
        (
            &["tcpapp", "--sudo"],
            "not installed: tcpdump, sudo, nc; \
             on Debian and Ubuntu: sudo apt-get install tcpdump sudo netcat-openbsd",
        ),
    ] {
        assert_eq!(complaint(args, "/nonexistent"), says, "{args:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn where_no_network_can_be_made_it_says_what_to_type() {
    // Programs by the right names, all of which fail.
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-namespaces");
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    for name in ["tcpdump", "chromedriver", "ip", "id", "unshare"] {
        std::os::unix::fs::symlink("/bin/false", path.join(name)).unwrap();
    }
    assert_eq!(
        complaint(&["wsapp", "5"], path.to_str().unwrap()),
        "no private network can be made here (unshare failed); \
         to record on lo with sudo: just capture wsapp 5 --sudo"
    );
}
