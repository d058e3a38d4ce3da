//! The time in a web page: its button asks for it over a WebSocket.
//!
//! Run it in one terminal:
//!
//!     cargo run -p wsapp
//!
//! and open http://localhost:8000/ in a browser.

use axum::{
    Router,
    extract::ws::{Message, WebSocketUpgrade},
    response::{Html, Response},
    routing::get,
};
use common::{StartError, formatted_time, page, spaced_json};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    common::no_arguments()?;
    common::serve(app()).await
}

fn app() -> Router {
    Router::new().route("/", get(home)).route("/time", get(server_time))
}

async fn home() -> Html<String> {
    Html(page::WSAPP.replace("{time}", &formatted_time()))
}

async fn server_time(upgrade: WebSocketUpgrade) -> Response {
    // What a client may cost in memory, in bytes: the longest message and frame taken, what is read
    // at once, and the answers that wait for a client that does not read them.
    let upgrade = upgrade
        .max_message_size(4096)
        .max_frame_size(4096)
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_write_buffer_size(4096);
    upgrade.on_upgrade(async |mut ws| {
        // The loop ends with the connection, and with a client that breaks the protocol.
        while let Some(Ok(message)) = ws.recv().await {
            let answer = match message {
                Message::Text(text) if text == "get-time" => json!({ "time": formatted_time() }),
                Message::Text(_) | Message::Binary(_) => json!({ "error": "unknown command" }),
                // The library answers a ping or a close frame itself, with the next call of `recv`
                // (RFC 6455 sections 5.5.1 and 5.5.2).
                Message::Ping(_) | Message::Pong(_) | Message::Close(_) => continue,
            };
            if ws.send(Message::text(spaced_json(&answer))).await.is_err() {
                break;
            }
        }
    })
}
