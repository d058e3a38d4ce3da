//! How an app starts: the address it listens on, and what it says when it cannot.

use std::{
    env,
    ffi::OsStr,
    fmt,
    io::{self, ErrorKind},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

/// The port of the examples, unless the environment variable `PORT` names another.
const DEFAULT_PORT: u16 = 8000;

/// The address to listen on: all IPv4 interfaces of this machine, port 8000 or the one that the
/// environment variable `PORT` names. `PORT=0` lets the system choose a free port.
///
/// # Errors
///
/// If `PORT` is set and is not a whole number from 0 to 65535.
pub fn address() -> Result<SocketAddr, StartError> {
    let port = match env::var_os("PORT") {
        Some(value) => parse_port(&value)?,
        None => DEFAULT_PORT,
    };
    Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
}

fn parse_port(value: &OsStr) -> Result<u16, StartError> {
    value.to_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
        StartError::new(format!(
            "PORT must be a whole number from 0 to 65535, not {value:?}: \
             set it as in PORT=8001, or leave it unset for {DEFAULT_PORT}"
        ))
    })
}

/// Checks that the command line has no arguments, for the apps that take none.
///
/// # Errors
///
/// If it has one.
pub fn no_arguments() -> Result<(), StartError> {
    let mut args = env::args_os();
    let program = args.next().unwrap_or_default();
    if args.next().is_none() {
        return Ok(());
    }
    let app = Path::new(&program).file_stem().unwrap_or_default().display();
    Err(StartError::new(format!("{app} takes no arguments: the port is set as in PORT=8001")))
}

/// Listens on [`address`], says so on standard output, and serves the web app `app` from then on.
///
/// # Errors
///
/// If the address cannot be had.
#[cfg(feature = "web")]
pub async fn serve(app: axum::Router) -> Result<(), StartError> {
    let address = address()?;
    let listener =
        tokio::net::TcpListener::bind(address).await.map_err(StartError::listen(address))?;
    crate::print_line!("Starting server on port {} ...", listener.local_addr()?.port());
    axum::serve(listener, app).await?;
    Ok(())
}

/// Why an app cannot start: one line that says what is wrong and what to do.
///
/// An error that `main` returns is printed by Rust in its `Debug` form, so that form is the line.
pub struct StartError(String);

impl StartError {
    /// The error that `line` describes.
    pub fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }

    /// What makes an error of listening on `address` such an error.
    pub fn listen(address: SocketAddr) -> impl Fn(io::Error) -> Self {
        let port = address.port();
        move |error| match error.kind() {
            ErrorKind::AddrInUse => Self(format!(
                "port {port} is taken: stop the other example that listens on it, \
                 or choose another port as in PORT=8001"
            )),
            _ => Self(format!(
                "cannot listen on port {port}: {error}: choose another port as in PORT=8001"
            )),
        }
    }
}

impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_whole_number_of_16_bits() {
        for (value, port) in [("0", 0), ("8001", 8001), ("65535", 65535)] {
            assert_eq!(parse_port(OsStr::new(value)).unwrap(), port);
        }
        for value in ["", " ", "abc", "-1", "80.5", "65536", "8001 "] {
            let error = parse_port(OsStr::new(value)).unwrap_err();
            assert!(format!("{error:?}").contains("PORT must be a whole number"), "{value:?}");
        }
    }
}
