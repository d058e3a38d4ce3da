//! The time in a web page: its button loads the whole page again.
//!
//! Run it in one terminal:
//!
//!     cargo run -p webapp
//!
//! and open http://localhost:8000/ in a browser, or fetch the page from another terminal:
//!
//!     curl -v http://localhost:8000/

use axum::{Router, response::Html, routing::get};
use common::{StartError, formatted_time, page};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    common::no_arguments()?;
    common::serve(app()).await
}

fn app() -> Router {
    Router::new().route("/", get(home))
}

async fn home() -> Html<String> {
    Html(page::WEBAPP.replace("{time}", &formatted_time()))
}
