//! The timeline of a visit.
//!
//! | after      | what happens                                                              |
//! | ---------- | ------------------------------------------------------------------------- |
//! | 0          | The client connects and gets the time.                                    |
//! | 1 gap      | It asks for the time again; sseapp sends it without being asked.          |
//! | 2 gaps     | The same.                                                                 |
//! | 3 gaps     | The same.                                                                 |
//! | 4 gaps     | The client is closed: netcat ended, the browser's window closed. With sseapp this is after 3.5 gaps already, before a fourth event. |

use std::{net::SocketAddr, time::Duration};

use tokio::time::{Instant, sleep_until};

use crate::{
    Result,
    app::App,
    browser::{Browser, OPEN},
    console::say,
    failure::PATIENCE,
    netcat::Netcat,
};

/// How long nothing happens after an answer, at the least: more than the half second of silence by
/// which updates are told apart.
const REST: Duration = Duration::from_millis(600);

/// How often the client gets the time after the first.
const UPDATES: u32 = 3;

/// Visits `server`, where `app` listens. Each step is printed as it happens, with
/// the seconds since the start.
///
/// Returns which client it was, with its version.
///
/// # Errors
///
/// If the client is not installed or does not start, or an answer does not come.
pub async fn play(app: App, server: SocketAddr, gap: Duration) -> Result<String> {
    match app {
        App::Tcpapp => play_netcat(server, gap).await,
        _ => play_browser(app, server, gap).await,
    }
}

async fn play_netcat(server: SocketAddr, gap: Duration) -> Result<String> {
    let version = Netcat::version();
    let mut clock = Clock::start();
    let mut netcat = Netcat::connect(server)?;
    clock.tell(&netcat.read_message().await?.replace('\n', " "));
    for update in 1..=UPDATES {
        clock.wait_until(update * gap).await;
        netcat.type_line("time").await?;
        clock.tell(&netcat.read_message().await?);
    }
    clock.wait_until((UPDATES + 1) * gap).await;
    netcat.leave().await?;
    clock.tell("netcat is closed");
    Ok(version)
}

async fn play_browser(app: App, server: SocketAddr, gap: Duration) -> Result<String> {
    let browser = Browser::open().await?;
    let version = browser.version();
    let mut clock = Clock::start();
    browser.visit(server).await?;
    clock.tell(&browser.wait_for_time(PATIENCE).await?);
    if app == App::Wsapp {
        // The page shows a time before that, but its button is of no use.
        browser.wait_for_socket(OPEN, PATIENCE).await?;
    }
    for update in 1..=UPDATES {
        browser.blank().await?;
        if app != App::Sseapp {
            clock.wait_until(update * gap).await;
            browser.click().await?;
        }
        clock.tell(&browser.wait_for_time(gap + PATIENCE).await?);
    }
    let stay = if app == App::Sseapp { UPDATES * gap + gap / 2 } else { (UPDATES + 1) * gap };
    clock.wait_until(stay).await;
    browser.leave().await?;
    clock.tell("the window is closed");
    Ok(version)
}

/// The time since the start of a visit.
struct Clock {
    start: Instant,
    /// When the last thing happened.
    last: Instant,
}

impl Clock {
    fn start() -> Self {
        let now = Instant::now();
        Self { start: now, last: now }
    }

    /// Waits until `time` has gone by since the start.
    ///
    /// Where the last answer came late, as on a busy machine, this is later: it is the silences
    /// between the updates that tell them apart in a capture.
    async fn wait_until(&self, time: Duration) {
        sleep_until((self.start + time).max(self.last + REST)).await;
    }

    /// Prints what happened just now.
    fn tell(&mut self, what: &str) {
        self.last = Instant::now();
        say(format_args!("{:6.2} s  {what}", self.start.elapsed().as_secs_f64()));
    }
}
