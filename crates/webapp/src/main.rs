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
use common::{StartError, formatted_time, page, print_line};
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
    Router::new().route("/", get(home))
}

async fn home() -> Html<String> {
    Html(page::WEBAPP.replace("{time}", &formatted_time()))
}
