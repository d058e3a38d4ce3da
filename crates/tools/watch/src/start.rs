//! How the program starts: what it reads, the address it listens on, and what it says when it cannot.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, ErrorKind, Write},
    net::Ipv4Addr,
};

use tokio::net::TcpListener;

/// The port, unless the environment variable `WATCH_PORT` names another.
const DEFAULT_PORT: u16 = 8100;

/// The capture to read, from the command line.
pub fn file() -> Result<OsString, String> {
    let mut args = env::args_os().skip(1);
    let is_name = |file: &OsStr| {
        let first = file.as_encoded_bytes().first();
        file == "-" || first.is_some_and(|byte| *byte != b'-')
    };
    match (args.next(), args.next()) {
        (Some(file), None) if is_name(&file) => Ok(file),
        _ => Err("usage: watch FILE, with - for standard input; \
                  the port is set as in WATCH_PORT=8101"
            .to_owned()),
    }
}

/// Listens on the loopback address alone: what is captured is for whoever sits at this machine.
pub async fn listen() -> Result<TcpListener, String> {
    let port = match env::var_os("WATCH_PORT") {
        Some(value) => value.to_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
            format!(
                "WATCH_PORT must be a whole number from 0 to 65535, not {value:?}: \
                 set it as in WATCH_PORT=8101, or leave it unset for {DEFAULT_PORT}"
            )
        })?,
        None => DEFAULT_PORT,
    };
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {port} is taken: stop the other program that listens on it, \
             or choose another port as in WATCH_PORT=8101"
        ),
        _ => format!(
            "cannot listen on port {port}: {error}: choose another port as in WATCH_PORT=8101"
        ),
    })
}

/// Prints a line on standard error; where that is closed, there is nobody to tell.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "watch: {line}");
}
