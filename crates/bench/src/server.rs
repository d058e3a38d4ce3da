//! The servers under load: processes of their own, started as a user starts them.

use std::{
    env,
    error::Error,
    ffi::OsStr,
    io::{self, BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
};

use crate::{
    machine::{self, Cores},
    wire::App,
};

/// What answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The app itself.
    App,
    /// Bare hyper.
    Hyper,
    /// The least server that could answer.
    Floor,
}

impl Subject {
    /// The subjects to measure for `app`, the app itself first.
    pub fn of(app: App) -> &'static [Subject] {
        match app {
            App::Web | App::Ajax => &[Subject::App, Subject::Hyper, Subject::Floor],
            App::Tcp | App::Sse | App::Ws => &[Subject::App, Subject::Floor],
        }
    }

    /// The subject's name in a table for `app`.
    pub fn name(self, app: App) -> &'static str {
        match self {
            Subject::App => app.name(),
            Subject::Hyper => "bare hyper",
            Subject::Floor => "floor",
        }
    }
}

/// A running server. It is stopped when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts a server on its core and waits until it listens.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start(app: App, subject: Subject, cores: Cores) -> Result<Self, Box<dyn Error>> {
        let mut command = match subject {
            Subject::App => Command::new(binary(app)?),
            Subject::Hyper | Subject::Floor => Command::new(env::current_exe()?),
        };
        match subject {
            Subject::App => &mut command,
            Subject::Hyper => command.args(["--hyper", app.name()]),
            Subject::Floor => command.args(["--floor", app.name()]),
        };
        command.env("PORT", "0").stdin(Stdio::null()).stdout(Stdio::piped());
        // A process starts on the cores of the thread that starts it.
        machine::pin(cores.server)?;
        let child = command.spawn();
        machine::pin(cores.client)?;
        let mut child = child.map_err(|error| format!("cannot start {command:?}: {error}"))?;
        let stdout = child.stdout.take();
        let mut server = Self { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) };
        let mut console = BufReader::new(stdout.ok_or("a piped console is missing")?);
        let mut line = String::new();
        console.read_line(&mut line)?;
        let port = line.split(' ').find_map(|word| word.parse().ok());
        server.address.set_port(port.ok_or_else(|| {
            format!("{} said {line:?} instead of the port it listens on", subject.name(app))
        })?);
        // Somebody reads the console, as at a terminal, until the server ends.
        thread::spawn(move || io::copy(&mut console, &mut io::sink()));
        Ok(server)
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which is an error that its clients have met before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds the release binary of `app`, each app alone as its user does, since the features of a
/// dependency are those that the packages of one build ask for.
///
/// # Errors
///
/// If it does not build.
pub fn build(app: App) -> Result<(), Box<dyn Error>> {
    let cargo = env::var_os("CARGO");
    let mut command = Command::new(cargo.as_deref().unwrap_or(OsStr::new("cargo")));
    command.args(["build", "--quiet", "--release", "--package", app.name()]);
    command.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml")]);
    if command.status()?.success() {
        Ok(())
    } else {
        Err(format!("{} does not build", app.name()).into())
    }
}

/// The release binary of `app`: cargo puts it beside this program.
fn binary(app: App) -> Result<PathBuf, Box<dyn Error>> {
    Ok(env::current_exe()?.with_file_name(app.name()))
}
