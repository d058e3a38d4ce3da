//! The servers under load: processes of their own, started as a user starts them.

use std::{
    env,
    error::Error,
    ffi::OsStr,
    io::{self, BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    thread,
};

use nix::sys::{prctl, signal::Signal};

use crate::{
    floor,
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
    /// The subjects that can serve as `app` does, the app itself first. sseapp is alone: it sends
    /// its updates when the time has come, so that no client can ask a server for more of them.
    pub fn of(app: App) -> &'static [Subject] {
        match app {
            App::Tcp | App::Ws => &[Subject::App, Subject::Floor],
            App::Web | App::Ajax => &[Subject::App, Subject::Hyper, Subject::Floor],
            App::Sse => &[Subject::App],
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

    /// What makes this program the subject, on its command line before the name of an app.
    pub fn flag(self) -> &'static str {
        match self {
            Subject::App => "--app",
            Subject::Hyper => "--hyper",
            Subject::Floor => "--floor",
        }
    }
}

/// Makes this process the server that is `subject` for `app`, for as long as the process that
/// started it lives, however that ends. It returns only if it fails.
///
/// # Errors
///
/// If the server does not start, or meets an error.
pub fn become_server(subject: Subject, app: App) -> Result<(), Box<dyn Error>> {
    // This stays in force when the process becomes another program (PR_SET_PDEATHSIG(2const)).
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    match subject {
        Subject::App => {
            // Cargo puts the release binary of an app beside this program.
            let binary = env::current_exe()?.with_file_name(app.name());
            let error = Command::new(&binary).exec();
            Err(format!("cannot start {}: {error}", binary.display()).into())
        }
        Subject::Hyper => floor::run_hyper(app),
        Subject::Floor => floor::run_floor(app),
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
        let mut command = Command::new(env::current_exe()?);
        command.args([subject.flag(), app.name()]);
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
    command.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../../../Cargo.toml")]);
    if command.status()?.success() {
        Ok(())
    } else {
        Err(format!("{} does not build", app.name()).into())
    }
}

/// The compiler's name and version, of the toolchain that `build` uses.
///
/// # Errors
///
/// If it does not tell.
pub fn compiler() -> Result<String, Box<dyn Error>> {
    let rustc = env::var_os("RUSTC");
    let mut command = Command::new(rustc.as_deref().unwrap_or(OsStr::new("rustc")));
    let output = command.arg("--version").output();
    let output = output.map_err(|error| format!("cannot start {command:?}: {error}"))?;
    // What follows is the commit it was built from.
    let version = String::from_utf8(output.stdout)?;
    Ok(version.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}
