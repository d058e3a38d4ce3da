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
    http::{StatusCode, header::ALLOW},
    response::{Html, Response},
    routing::get,
};
use common::{StartError, formatted_time, page, print_line, spaced_json};
use serde_json::json;
use tokio::net::TcpListener;

/// The longest message and frame taken, in bytes, and the most that waits to be written.
const MESSAGE_LIMIT: usize = 4096;

/// How many bytes are read at once; each client costs this much memory.
const READ_SIZE: usize = 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let address = common::address()?;
    let listener =
        TcpListener::bind(address).await.map_err(|err| StartError::listen(address, err))?;
    print_line(&format!("Starting server on port {} ...", listener.local_addr()?.port()));
    axum::serve(listener, app()).await?;
    Ok(())
}

fn app() -> Router {
    // Only GET can open a WebSocket (RFC 6455 section 4.1). By itself axum would pass a HEAD request
    // on to the handler of GET.
    let refused = (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET")]);
    let time = get(server_time).head(refused.clone()).fallback(refused);
    Router::new().route("/", get(home)).route("/time", time)
}

async fn home() -> Html<String> {
    Html(page::WSAPP.replace("{time}", &formatted_time()))
}

async fn server_time(upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade
        .max_message_size(MESSAGE_LIMIT)
        .max_frame_size(MESSAGE_LIMIT)
        .read_buffer_size(READ_SIZE)
        // Nothing is held back, but pongs wait while a client does not read; this bounds them.
        .write_buffer_size(0)
        .max_write_buffer_size(MESSAGE_LIMIT);
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
