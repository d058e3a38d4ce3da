//! The time in a web page: its button asks for the time alone, with Ajax.
//!
//! Run it in one terminal:
//!
//!     cargo run -p ajaxapp
//!
//! and open http://localhost:8000/ in a browser, or ask for the time from another terminal:
//!
//!     curl -v http://localhost:8000/time

use axum::{
    Router,
    http::header::CONTENT_TYPE,
    response::{Html, IntoResponse},
    routing::get,
};
use common::{StartError, formatted_time, page, print_line};
use serde_json::json;
use tokio::net::TcpListener;

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
    Router::new().route("/", get(home)).route("/time", get(server_time))
}

async fn home() -> Html<String> {
    Html(page::AJAXAPP.replace("{time}", &formatted_time()))
}

async fn server_time() -> impl IntoResponse {
    let body = format!("{}\n", json!({ "time": formatted_time() }));
    ([(CONTENT_TYPE, "application/json")], body)
}
