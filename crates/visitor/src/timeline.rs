//! The timeline of a visit.
//!
//! | after      | what happens                                                              |
//! | ---------- | ------------------------------------------------------------------------- |
//! | 0          | The client connects and gets the time.                                    |
//! | 1 gap      | It asks for the time again; sseapp sends it without being asked.          |
//! | 2 gaps     | The same.                                                                 |
//! | 3 gaps     | The same.                                                                 |
//! | 4 gaps     | The client is closed: netcat ended, the browser's window closed. With sseapp this is after 3.5 gaps already, before a fourth event. |

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::{Result, app::App, browser::Browser, netcat::Netcat};

/// How long an answer may take, and whatever else takes a moment, before it counts as missing.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How often the client gets the time after the first.
const UPDATES: u32 = 3;

/// Visits the server of `app` on `port` of this machine. Each step is printed as it happens, with
/// the seconds since the start.
///
/// Returns which client it was, with its version.
///
/// # Errors
///
/// If the client is not installed or does not start, or an answer does not come.
pub async fn play(app: App, port: u16, gap: Duration) -> Result<String> {
    match app {
        App::Tcpapp => play_netcat(port, gap).await,
        _ => play_browser(app, port, gap).await,
    }
}

async fn play_netcat(port: u16, gap: Duration) -> Result<String> {
    let version = Netcat::version();
    let start = Instant::now();
    let mut netcat = Netcat::connect(port)?;
    tell(start, &netcat.read_message().await?.replace('\n', " "));
    for update in 1..=UPDATES {
        sleep_until(start + update * gap).await;
        netcat.type_line("time").await?;
        tell(start, &netcat.read_message().await?);
    }
    sleep_until(start + (UPDATES + 1) * gap).await;
    netcat.leave().await?;
    tell(start, "netcat is closed");
    Ok(version)
}

async fn play_browser(app: App, port: u16, gap: Duration) -> Result<String> {
    let browser = Browser::open().await?;
    let version = browser.version();
    let start = Instant::now();
    browser.visit(port).await?;
    tell(start, &browser.wait_for_time(PATIENCE).await?);
    for update in 1..=UPDATES {
        browser.blank().await?;
        if app != App::Sseapp {
            sleep_until(start + update * gap).await;
            browser.click().await?;
        }
        tell(start, &browser.wait_for_time(gap + PATIENCE).await?);
    }
    let stay = if app == App::Sseapp { UPDATES * gap + gap / 2 } else { (UPDATES + 1) * gap };
    sleep_until(start + stay).await;
    browser.leave().await?;
    tell(start, "the window is closed");
    Ok(version)
}

fn tell(start: Instant, what: &str) {
    println!("{:6.2} s  {what}", start.elapsed().as_secs_f64());
}
