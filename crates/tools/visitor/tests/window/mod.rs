//! The page that shows captures, in a window of a real browser.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use fantoccini::{
    Locator,
    actions::{InputSource, KeyAction, KeyActions},
    key::Key,
    wd::WebDriverCompatibleCommand,
};
use http::Method;
use payloads::{
    input::Reader,
    report::{
        json::{End, Json},
        page::{self, Lines},
    },
};
use serde_json::{Value, json};
use url::{ParseError, Url};
use visitor::browser::Browser;

/// Longer than anything here takes, so that only what is broken takes it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The captures, in the order of the tabs.
pub const APPS: [&str; 5] = ["tcpapp", "webapp", "ajaxapp", "sseapp", "wsapp"];

/// What is chosen, in each view, and where the keys go.
pub const CHOSEN: &str = "
    const chosen = (selector, name) => document.querySelector(selector)?.dataset[name] ?? null;
    const { byte, field, packet } = document.activeElement.dataset;
    return {
        packet: chosen('[data-packet][aria-selected=\"true\"]', 'packet'),
        byte: chosen('[data-byte][aria-selected=\"true\"]', 'byte'),
        field: chosen('[data-field][aria-current=\"true\"]', 'field'),
        keys: byte ?? field ?? packet ?? null,
        address: location.hash,
    };";

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// The lines of a committed capture.
pub fn lines(app: &str) -> Vec<Value> {
    let capture = File::open(root().join(format!("pcap/{app}.pcap"))).unwrap();
    let mut reader = Reader::new(capture);
    let mut text = Vec::new();
    let mut json = Json::new(&mut text, app.to_owned(), None);
    while let Some(packet) = reader.next_packet().unwrap() {
        json.packet(&packet).unwrap();
    }
    json.finish(End::default()).unwrap();
    drop(json);
    let text = String::from_utf8(text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A page in a browser, from disk.
pub struct Window {
    /// The browser.
    pub browser: Browser,
    address: String,
}

impl Window {
    /// Opens the page of these captures in a window of 1280 by 720.
    pub async fn open(captures: &[(&str, Vec<Value>)]) -> Self {
        let captures: Vec<(String, Lines)> = captures
            .iter()
            .map(|(name, lines)| {
                let mut kept = Lines::new();
                lines.iter().for_each(|line| kept.push(&line.to_string()));
                ((*name).to_owned(), kept)
            })
            .collect();
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("capture-page-{number}.html"));
        fs::write(&path, page::page(&captures)).unwrap();
        Self::of(format!("file://{}", path.display())).await
    }

    /// Opens the page at an address.
    pub async fn of(address: String) -> Self {
        let window = Self { browser: Browser::open().await.unwrap(), address };
        window.resize(1280, 720).await;
        window.go("").await;
        window
    }

    /// Opens the page of the five captures.
    pub async fn of_the_apps() -> Self {
        Self::open(&APPS.map(|app| (app, lines(app)))).await
    }

    pub async fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Follows an address within the page, or opens it with none.
    pub async fn go(&self, place: &str) {
        self.browser.client().goto(&format!("{}{place}", self.address)).await.unwrap();
    }

    /// Tells the browser what the DevTools protocol has a name for.
    pub async fn devtools(&self, command: &'static str, parameters: Value) {
        self.browser.client().issue_cmd(Devtools(command, parameters)).await.unwrap();
    }

    pub async fn run(&self, script: &str) -> Value {
        self.browser.run(script).await.unwrap()
    }

    /// Presses a key, with Shift held down where `shift` is set.
    pub async fn press(&self, key: impl Into<char>, shift: bool) {
        let value = key.into();
        let mut keys = KeyActions::new("keyboard".to_owned());
        if shift {
            keys = keys.then(KeyAction::Down { value: Key::Shift.into() });
        }
        keys = keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        if shift {
            keys = keys.then(KeyAction::Up { value: Key::Shift.into() });
        }
        self.browser.client().perform_actions(keys).await.unwrap();
    }

    pub async fn click(&self, selector: &str) {
        let element = self.browser.client().find(Locator::Css(selector)).await.unwrap();
        element.click().await.unwrap();
    }

    /// Waits until all of `expected` is chosen.
    #[track_caller]
    pub fn expect(&self, expected: Value) -> impl Future<Output = ()> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let is_so = |chosen: &Value| {
                expected.as_object().unwrap().iter().all(|(name, value)| &chosen[name] == value)
            };
            if let Err(failure) = self.browser.wait_for(CHOSEN, PATIENCE, is_so).await {
                panic!("{caller}: not {expected}: {failure}");
            }
        }
    }

    /// Checks that the browser has asked for nothing but the page, and complained of nothing.
    pub async fn asked_nobody(&self) {
        let requests = self
            .run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
            .await;
        assert_eq!(requests, json!([]));
        assert_eq!(self.browser.console().await.unwrap(), [""; 0]);
    }

    pub async fn leave(self) {
        self.browser.leave().await.unwrap();
    }
}

/// A command of the DevTools protocol.
#[derive(Debug)]
struct Devtools(&'static str, Value);

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.0, "params": self.1 }).to_string()))
    }
}
