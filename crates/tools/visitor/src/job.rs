//! What a recipe of the justfile asks for, and how it is done: on this machine's own network, or by
//! this program once more on the client of two new hosts.

use std::{
    ffi::OsString,
    future::{Future, pending},
    net::Ipv4Addr,
    path::{Path, PathBuf},
    pin::Pin,
    process::ExitCode,
    time::Duration,
};

use tokio::{io::stdout, net::TcpListener};

use crate::{
    Result,
    app::App,
    by_hand::{by_hand, enter_pressed},
    capture::capture,
    console::say,
    leash::Held,
    live::live,
    network::{self, Network, PORT},
    record::Visitor,
    stop::{Stop, terminated},
    timeline,
    viewer::Viewer,
};

/// What to do with an app.
pub enum Recipe {
    /// Record a visit, and write the capture into this directory.
    Capture(Visitor, PathBuf),
    /// Record for as long as someone watches, with this command or else with `watch`.
    Watch(Vec<OsString>),
}

/// A recipe, and what it takes.
pub struct Job {
    /// What to do.
    pub recipe: Recipe,
    /// With which app.
    pub app: App,
    /// The time from update to update, in seconds.
    pub gap: u64,
    /// On which network.
    pub network: Network,
    /// The port of this machine by which a person visits the app.
    pub port: u16,
}

impl Job {
    /// Does it, and returns the exit status. With `args` this program, started again, does what
    /// [`Self::run_entered`] does.
    ///
    /// # Errors
    ///
    /// If something is missing, fails, or is taken.
    pub async fn run(self, args: &[OsString]) -> Result<ExitCode> {
        let mut signals = Stop::listen()?;
        match &self.recipe {
            Recipe::Watch(command) => {
                // Before the viewer says that it is there to watch.
                let listener = self.listener()?;
                let (mut viewer, packets) = Viewer::start(command)?;
                let stop = async {
                    tokio::select! {
                        status = signals.asked() => status,
                        status = viewer.ended() => status,
                    }
                };
                let status = if self.network == Network::Private {
                    network::enter(args, listener)?.run(packets, pending(), stop).await
                } else {
                    live(self.app, self.gap, self.network, self.port, None, packets, stop).await
                };
                viewer.stop().await;
                status
            }
            Recipe::Capture(visitor, _) if self.network == Network::Private => {
                let finish = async {
                    match visitor {
                        Visitor::Script => pending().await,
                        Visitor::Person => enter_pressed().await,
                    }
                };
                network::enter(args, self.listener()?)?.run(stdout(), finish, signals.asked()).await
            }
            Recipe::Capture(visitor, dir) => {
                self.capture(*visitor, dir, self.port, None, enter_pressed(), signals.asked()).await
            }
        }
    }

    /// Where a person visits the app, if it is on a host of its own.
    fn listener(&self) -> Result<Option<std::net::TcpListener>> {
        let has_relay = self.is_for_person() && self.network == Network::Private;
        let address = (Ipv4Addr::LOCALHOST, self.port).into();
        has_relay.then(|| network::listen(address)).transpose()
    }

    /// Does what is to be done on the client's host, where this program now is.
    ///
    /// # Errors
    ///
    /// If something is missing or fails.
    pub async fn run_entered(self) -> Result<ExitCode> {
        let mut signals = Stop::listen()?;
        let (finished, stopped) = Held::listen()?.split();
        let stop = async {
            tokio::select! {
                status = signals.asked() => status,
                () = stopped => terminated(),
            }
        };
        let listener =
            if self.is_for_person() { Some(network::inherited_listener()?) } else { None };
        match &self.recipe {
            Recipe::Watch(_) => {
                live(self.app, self.gap, self.network, PORT, listener, stdout(), stop).await
            }
            Recipe::Capture(visitor, dir) => {
                let finished = async {
                    finished.await;
                    Ok(())
                };
                self.capture(*visitor, dir, PORT, listener, finished, stop).await
            }
        }
    }

    /// Whether a person visits the app, with a client on this machine's own network.
    fn is_for_person(&self) -> bool {
        !matches!(self.recipe, Recipe::Capture(Visitor::Script, _))
    }

    /// Records a visit to the app, where it listens on `port`, unless it is to `stop`.
    async fn capture(
        &self,
        visitor: Visitor,
        dir: &Path,
        port: u16,
        listener: Option<TcpListener>,
        finished: impl Future<Output = Result<()>>,
        stop: impl Future<Output = ExitCode>,
    ) -> Result<ExitCode> {
        let server = (self.network.server(), port).into();
        let gap = Duration::from_secs(self.gap);
        let visit: Pin<Box<dyn Future<Output = Result<String>>>> = match visitor {
            Visitor::Script => Box::pin(timeline::play(self.app, server, gap)),
            Visitor::Person => Box::pin(by_hand(self.app, server, listener, finished)),
        };
        // Where the visit is given up, what it has started stops with it.
        tokio::select! {
            done = capture(self.app, self.gap, dir, self.network, port, visitor, visit) => {
                done.map(|()| ExitCode::SUCCESS)
            }
            status = stop => {
                if visitor == Visitor::Person {
                    say("Nothing is kept of it: it is Enter that ends a recording.");
                }
                Ok(status)
            }
        }
    }
}
