//! A visit by the person at the terminal.

use std::{future::pending, io, net::SocketAddr, thread};

use tokio::{net::TcpListener, sync::oneshot};

use crate::{Failure, Result, app::App, console::say, relay::relay};

/// What a person types or opens to visit `app` at `address`.
pub fn invitation(app: App, address: SocketAddr) -> String {
    match app {
        App::Tcpapp => format!("in another terminal: nc {} {}", address.ip(), address.port()),
        _ => format!("in your browser: http://{address}/"),
    }
}

/// Lets a person visit `app` until they are `done`, at `server` itself or through a relay that
/// listens on this machine.
///
/// # Errors
///
/// If `done` fails.
pub async fn by_hand(
    app: App,
    server: SocketAddr,
    listener: Option<TcpListener>,
    done: impl Future<Output = Result<()>>,
) -> Result<String> {
    let (address, client) = match &listener {
        Some(listener) => (listener.local_addr(), "by hand, through a relay"),
        None => (Ok(server), "by hand"),
    };
    let address = address.map_err(Failure::to("find the relay's address"))?;
    say(format_args!("Visit {app} {}", invitation(app, address)));
    say("When you have closed it, press Enter here.");
    tokio::select! {
        done = done => done?,
        () = relayed(listener, server) => {}
    }
    Ok(client.to_owned())
}

/// Passes on what comes to `listener`, if there is one, and never ends.
pub async fn relayed(listener: Option<TcpListener>, server: SocketAddr) {
    match listener {
        Some(listener) => match relay(listener, server).await {},
        None => pending().await,
    }
}

/// Waits until Enter is pressed at the terminal.
///
/// # Errors
///
/// If the terminal cannot be read.
pub async fn enter_pressed() -> Result<()> {
    // A thread of its own, which the end of this program does not wait for: Ctrl-C ends the visit
    // without an Enter.
    let (pressed, press) = oneshot::channel();
    thread::spawn(move || pressed.send(io::stdin().read_line(&mut String::new())));
    let read = press.await.map_err(Failure::to("wait for Enter"))?;
    read.map(drop).map_err(Failure::to("read from the terminal"))
}
