//! The pages in a real browser: what a person sees while the server is there, when it goes away,
//! and when it is back.
//!
//! Each test has a server and a browser of its own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use visitor::{
    app::{App, Server},
    browser::{Browser, CLOSED, OPEN, is_time},
    network::Network,
};

/// Longer than anything here takes, so that only what is broken takes it.
const PATIENCE: Duration = Duration::from_secs(30);

fn at(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// A browser at the page of `app`, which sends an event every `interval` seconds if it is sseapp.
/// The page shows a time.
async fn visit(app: App, interval: u64) -> (Server, Browser) {
    let server = Server::start(app, interval, Network::Here, 0).await.unwrap();
    let browser = Browser::open().await.unwrap();
    browser.visit(at(server.port())).await.unwrap();
    assert!(is_time(&browser.shown().await.unwrap()), "{app}'s page shows no time");
    (server, browser)
}

/// Starts `app` again on `port`, where its server stopped.
///
/// For a moment nobody had the port, and the system may have given it to another test: then this
/// waits for that test's end.
async fn start_again(app: App, interval: u64, port: u16) -> Server {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Server::start(app, interval, Network::Here, port).await {
            Ok(server) => return server,
            Err(failure) if Instant::now() > deadline => panic!("the port is lost: {failure}"),
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Clicks the button, and waits for the time that it gets.
async fn click_for_time(browser: &Browser) {
    browser.blank().await.unwrap();
    browser.click().await.unwrap();
    browser.wait_until(PATIENCE, is_time).await.unwrap();
}

/// A mark that lasts as long as the document: a page that was loaded again has it no more.
async fn mark(browser: &Browser) {
    browser.run("window.marked = true").await.unwrap();
}

async fn is_marked(browser: &Browser) -> bool {
    browser.run("return window.marked === true").await.unwrap() == json!(true)
}

/// What came to the console since the last look, without the one complaint that every page brings:
/// the browser asks for an icon by itself, and the apps have none.
async fn console(browser: &Browser) -> Vec<String> {
    let mut messages = browser.console().await.unwrap();
    messages.retain(|message| {
        !(message.contains("/favicon.ico - Failed to load resource")
            && message.contains("404 (Not Found)"))
    });
    messages
}

/// Checks that something came to the console, and that all of it ends in one of `expected`.
#[track_caller]
fn assert_all_are(messages: &[String], expected: &[&str]) {
    assert!(!messages.is_empty(), "the console is silent");
    for message in messages {
        assert!(expected.iter().any(|end| message.ends_with(end)), "on the console: {message}");
    }
}

#[tokio::test]
async fn webapp_loads_the_whole_page_again() {
    let (server, browser) = visit(App::Webapp, 1).await;
    let port = server.port();
    mark(&browser).await;
    click_for_time(&browser).await;
    assert!(!is_marked(&browser).await, "the page was not loaded again");
    assert_eq!(console(&browser).await, [""; 0]);

    server.stop().await.unwrap();
    // Whether the driver counts a page that cannot be loaded as a failed click is no matter here.
    let _ = browser.click().await;
    let is_error_page =
        |text: &Value| text.as_str().is_some_and(|text| text.contains("ERR_CONNECTION_REFUSED"));
    browser.wait_for("return document.body.innerText", PATIENCE, is_error_page).await.unwrap();
    assert_eq!(console(&browser).await, [""; 0]);

    let _server = start_again(App::Webapp, 1, port).await;
    browser.visit(at(port)).await.unwrap();
    click_for_time(&browser).await;
    assert_eq!(console(&browser).await, [""; 0]);
    browser.leave().await.unwrap();
}

#[tokio::test]
async fn ajaxapp_changes_the_time_in_the_page() {
    let (server, browser) = visit(App::Ajaxapp, 1).await;
    let port = server.port();
    mark(&browser).await;
    click_for_time(&browser).await;
    assert_eq!(console(&browser).await, [""; 0]);

    server.stop().await.unwrap();
    browser.click().await.unwrap();
    browser.wait_until(PATIENCE, |shown| shown == "[xhr error]").await.unwrap();
    assert_all_are(
        &console(&browser).await,
        &["/time - Failed to load resource: net::ERR_CONNECTION_REFUSED"],
    );

    // A click is a request of its own, so the next one finds the server that is back.
    let _server = start_again(App::Ajaxapp, 1, port).await;
    click_for_time(&browser).await;
    assert!(is_marked(&browser).await, "the page was loaded again");
    assert_eq!(console(&browser).await, [""; 0]);
    browser.leave().await.unwrap();
}

#[tokio::test]
async fn sseapp_changes_the_time_by_itself() {
    const INTERVAL: u64 = 2;
    let (server, browser) = visit(App::Sseapp, INTERVAL).await;
    let port = server.port();
    mark(&browser).await;
    let mut seconds = Vec::new();
    for _ in 0..3 {
        browser.blank().await.unwrap();
        let time = browser.wait_until(PATIENCE, is_time).await.unwrap();
        let parts = time.split(':').map(|part| part.parse::<u64>().unwrap());
        seconds.push(parts.fold(0, |sum, part| sum * 60 + part));
    }
    // The events may fall before and after the turn of a second, and of a day.
    let between = (seconds[2] + 86_400 - seconds[0]) % 86_400;
    assert!((2 * INTERVAL - 1..=2 * INTERVAL + 1).contains(&between), "two intervals: {between} s");
    assert_eq!(console(&browser).await, [""; 0]);

    server.stop().await.unwrap();
    browser.wait_until(PATIENCE, |shown| shown == "[error]").await.unwrap();
    // The browser tries again by itself: first in vain, then with success.
    let refused = "/time - Failed to load resource: net::ERR_CONNECTION_REFUSED";
    let mut messages = Vec::new();
    let tried = async {
        while !messages.iter().any(|message: &String| message.ends_with(refused)) {
            messages.extend(console(&browser).await);
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, tried).await.expect("the browser does not try again");
    assert_eq!(browser.shown().await.unwrap(), "[error]");
    let _server = start_again(App::Sseapp, INTERVAL, port).await;
    browser.wait_until(PATIENCE, is_time).await.unwrap();
    assert!(is_marked(&browser).await, "the page was loaded again");
    messages.extend(console(&browser).await);
    let ended = "/time - Failed to load resource: net::ERR_INCOMPLETE_CHUNKED_ENCODING";
    assert_all_are(&messages, &[ended, refused]);
    browser.leave().await.unwrap();
}

#[tokio::test]
async fn wsapp_changes_the_time_in_the_page() {
    let (server, browser) = visit(App::Wsapp, 1).await;
    let port = server.port();
    browser.wait_for_socket(OPEN, PATIENCE).await.unwrap();
    mark(&browser).await;
    click_for_time(&browser).await;
    let before = browser.shown().await.unwrap();
    assert_eq!(console(&browser).await, [""; 0]);

    // The page listens for no `close` event, so that it shows nothing of the server's absence.
    server.stop().await.unwrap();
    browser.wait_for_socket(CLOSED, PATIENCE).await.unwrap();
    assert_eq!(browser.shown().await.unwrap(), before);
    browser.click().await.unwrap();
    assert_eq!(browser.shown().await.unwrap(), before);
    let dead = "WebSocket is already in CLOSING or CLOSED state.";
    assert_all_are(&console(&browser).await, &[dead]);

    // Nor does it connect again when the server is back: its button stays dead.
    let _server = start_again(App::Wsapp, 1, port).await;
    browser.click().await.unwrap();
    assert_all_are(&console(&browser).await, &[dead]);
    assert_eq!(browser.shown().await.unwrap(), before);
    assert!(is_marked(&browser).await, "the page was loaded again");

    browser.visit(at(port)).await.unwrap();
    browser.wait_for_socket(OPEN, PATIENCE).await.unwrap();
    click_for_time(&browser).await;
    assert_eq!(console(&browser).await, [""; 0]);
    browser.leave().await.unwrap();
}
