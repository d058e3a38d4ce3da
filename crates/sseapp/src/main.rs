//! The time in a web page: the server sends it as an event, again and again.
//!
//! Run it in one terminal, with an event every second, or every ten:
//!
//!     cargo run -p sseapp
//!     cargo run -p sseapp 10
//!
//! and open http://localhost:8000/ in a browser, or watch the events from another terminal:
//!
//!     curl -vN http://localhost:8000/time

use std::{convert::Infallible, env, time::Duration};

use axum::{
    Router,
    body::Body,
    response::{Html, IntoResponse},
    routing::get,
};
use common::{StartError, formatted_time, page, spaced_json};
use futures_util::stream::unfold;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let interval = interval()?;
    common::serve(app(interval)).await
}

/// The time from event to event, from the command line.
fn interval() -> Result<Duration, StartError> {
    let mut args = env::args_os().skip(1);
    let seconds = args.next().map_or(Some(1), |arg| arg.to_str()?.parse().ok());
    match (seconds, args.next()) {
        (Some(seconds @ 1..=86_400), None) => Ok(Duration::from_secs(seconds)),
        _ => Err(StartError::new(
            "usage: sseapp [INTERVAL], with INTERVAL a whole number of seconds from 1 to 86400; \
             the port is set as in PORT=8001",
        )),
    }
}

fn app(interval: Duration) -> Router {
    Router::new().route("/", get(home)).route("/time", get(move || stream(interval)))
}

async fn home() -> Html<String> {
    Html(page::SSEAPP.replace("{time}", &formatted_time()))
}

async fn stream(interval: Duration) -> impl IntoResponse {
    // Each client has its own schedule, counted from its request. A tick for which the server
    // comes too late, as when it was suspended, is skipped, and the schedule stays.
    let mut ticks = interval_at(Instant::now() + interval, interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let event_stream = unfold(ticks, async |mut ticks| {
        ticks.tick().await;
        // The field `data` and then an empty line, which ends the event (HTML standard, section
        // 9.2.6). axum's own `Sse` would add a `Cache-Control` header that this service does not
        // send.
        let event = format!("data: {}\n\n", spaced_json(&json!({ "time": formatted_time() })));
        Some((Ok::<_, Infallible>(event), ticks))
    });
    ([("Content-Type", "text/event-stream; charset=utf-8")], Body::from_stream(event_stream))
}
