//! A capture in the browser, as it is being made: the server sends each line of
//! `payloads show --json` as an event.
//!
//! Run it in one terminal, on what tcpdump captures or on a file that grows:
//!
//!     sudo tcpdump -i lo --immediate-mode -U -w - port 8000 | cargo run -p watch -- -
//!     cargo run -p watch -- my.pcap
//!
//! and open http://127.0.0.1:8100/ in a browser, or watch the events from another terminal:
//!
//!     curl -vN http://127.0.0.1:8100/events

use std::{
    convert::Infallible,
    io::{self, Write},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode},
    middleware::from_fn_with_state,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use futures_util::{FutureExt, stream::unfold};
use payloads::report::page;
use tokio::{sync::oneshot, time::timeout};

use capture::Capture;
use connection::Connection;
use guard::Names;
use viewers::Lines;

mod capture;
mod connection;
mod guard;
mod history;
mod line;
mod start;
mod viewers;

/// How long the viewers may take, once the program is to end, to take the rest.
const LAST_WAIT: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    watch().await.unwrap_or_else(|line| {
        start::say(&line);
        ExitCode::FAILURE
    })
}

async fn watch() -> Result<ExitCode, String> {
    let lines = Lines::default();
    let capture = Capture::open(Path::new(&start::file()?), lines.clone())?;
    let listener = start::listen().await?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    // Where nobody reads this console, the page is still there.
    let _ = writeln!(io::stdout(), "Watching on http://127.0.0.1:{port}/ ...");

    let (stop, stopped) = oneshot::channel::<()>();
    let app = app(lines, port).into_make_service_with_connect_info::<Connection>();
    let server = axum::serve(listener, app).with_graceful_shutdown(stopped.map(drop));
    let server = tokio::spawn(server.into_future());
    let status = capture.until_ctrl_c().await;
    drop(stop);
    // Word of the end is still to reach the viewers.
    let _ = timeout(LAST_WAIT, server).await;
    Ok(status)
}

fn app(lines: Lines, port: u16) -> Router {
    let names = Names::new(port);
    let events = get(events).layer(from_fn_with_state(names.clone(), guard::same_origin));
    Router::new()
        .route("/", get(home))
        .route("/events", events)
        .layer(from_fn_with_state(names, guard::own_name))
        .with_state(lines)
}

async fn home() -> impl IntoResponse {
    // What else the page may do, it says itself; that nobody may put it in a frame, it cannot (CSP
    // Level 3, section 3.3).
    ([("Content-Security-Policy", "frame-ancestors 'none'")], Html(page::live()))
}

async fn events(
    State(lines): State<Lines>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
) -> Response {
    // A browser whose connection broke says which event it saw last (HTML standard, section 9.2.4).
    let last_seen = headers.get("Last-Event-ID").and_then(|id| id.to_str().ok());
    let Some(viewer) = lines.viewer(last_seen, move || connection.break_off()) else {
        // It has seen all there will be, and is not to come again (section 9.2.3).
        return StatusCode::NO_CONTENT.into_response();
    };
    let event_stream = unfold(viewer, async |mut viewer| {
        let events = viewer.events().await?;
        Some((Ok::<_, Infallible>(events), viewer))
    });
    let fields = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")];
    (fields, Body::from_stream(event_stream)).into_response()
}
