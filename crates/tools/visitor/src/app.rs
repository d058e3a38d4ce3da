//! The five apps, as programs to start.

use std::{fmt, process::Stdio, str::FromStr};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Child,
    time::timeout,
};

use crate::{
    Failure, Result,
    failure::{PATIENCE, in_time},
    network::Network,
    tools::built,
};

/// One of the five apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it all")]
pub enum App {
    Tcpapp,
    Webapp,
    Ajaxapp,
    Sseapp,
    Wsapp,
}

impl App {
    /// All five, in the order of the document.
    pub const ALL: [App; 5] = [App::Tcpapp, App::Webapp, App::Ajaxapp, App::Sseapp, App::Wsapp];

    /// The name of its program.
    pub fn name(self) -> &'static str {
        match self {
            App::Tcpapp => "tcpapp",
            App::Webapp => "webapp",
            App::Ajaxapp => "ajaxapp",
            App::Sseapp => "sseapp",
            App::Wsapp => "wsapp",
        }
    }
}

impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for App {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self> {
        App::ALL.into_iter().find(|app| app.name() == name).ok_or_else(|| {
            let names = App::ALL.map(App::name).join(", ");
            Failure::new(format!("there is no app {name:?}: choose one of {names}"))
        })
    }
}

/// An app that runs; it stops when this is dropped.
pub struct Server {
    process: Child,
    port: u16,
}

impl Server {
    /// Starts `app` on the server's host of `network`, on `port` (0 for a free one), and waits until
    /// it listens. `interval` is sseapp's time from event to event, in seconds; the other apps take
    /// none.
    ///
    /// # Errors
    ///
    /// If the app is not built, or does not start: its own line, which says why, if it has one.
    pub async fn start(app: App, interval: u64, network: Network, port: u16) -> Result<Self> {
        let mut command = network.on_server(built(app.name())?);
        if app == App::Sseapp {
            command.arg(interval.to_string());
        }
        let mut process = command
            .env("PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::to(format_args!("start {app}")))?;
        let mut said = String::new();
        if let Some(stdout) = process.stdout.take() {
            // The pipe closes after this line; the apps go on when nobody reads what they print.
            let mut stdout = BufReader::new(stdout);
            let read = async {
                let read = stdout.read_line(&mut said).await;
                read.map_err(Failure::to(format_args!("read what {app} prints")))
            };
            in_time(PATIENCE, format_args!("{app} did not start"), read).await?;
        }
        let port = said.split_whitespace().find_map(|word| word.parse().ok());
        if let Some(port) = port {
            return Ok(Self { process, port });
        }
        let mut why = String::new();
        if let Some(mut stderr) = process.stderr.take() {
            // Whatever can be read says more than the error of reading it.
            let _ = timeout(PATIENCE, stderr.read_to_string(&mut why)).await;
        }
        let why = why.lines().next().unwrap_or("it ended at once");
        Err(Failure::new(format!("{app} did not start: {}", why.trim_start_matches("Error: "))))
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until it ends by itself, which it does not do as long as all is well.
    pub async fn ended(&mut self) -> Failure {
        // An error means that there is no such process any more.
        let _ = self.process.wait().await;
        Failure::new("the app has ended")
    }

    /// Stops it, and returns when it is gone.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub async fn stop(mut self) -> Result<()> {
        self.process.kill().await.map_err(Failure::to("stop the app"))
    }
}
