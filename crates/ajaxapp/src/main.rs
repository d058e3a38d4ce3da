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
    response::{Html, IntoResponse},
    routing::get,
};
use common::{StartError, formatted_time, page};
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
    Html(page::AJAXAPP.replace("{time}", &formatted_time()))
}

async fn server_time() -> impl IntoResponse {
    let body = format!("{}\n", json!({ "time": formatted_time() }));
    ([("Content-Type", "application/json")], body)
}
