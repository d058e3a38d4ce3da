//! A visit with a real browser, Chromium, which ChromeDriver drives.

use std::{net::SocketAddr, process::Stdio, time::Duration};

use fantoccini::{
    Client, ClientBuilder, Locator,
    error::CmdError,
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{Instant, sleep},
};
use url::{ParseError, Url};

use crate::{Failure, Result, failure::in_time, scratch::Scratch};

/// How Chromium is started.
const FLAGS: [&str; 10] = [
    "--headless",
    // Chromium refuses to start its sandbox for root, as whom containers and CI run, and needs for
    // it a namespace in the namespace of a capture, which not every system allows. The only pages
    // that this browser is sent to are those of the apps, on this machine.
    "--no-sandbox",
    "--disable-gpu",
    // No traffic of its own: it has no place in a visit, and nowhere to go in a namespace.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Where shared memory is small, as in containers, it uses files.
    "--disable-dev-shm-usage",
    // ChromeDriver then holds a pipe to it, and it ends with ChromeDriver however that ends.
    "--remote-debugging-pipe",
];

/// The state of a WebSocket that messages can be sent through (WebSockets standard, section 3.1).
pub const OPEN: u64 = 1;

/// The state of a WebSocket whose connection is closed.
pub const CLOSED: u64 = 3;

/// What the page's `time` element shows.
const SHOWN: &str = "return document.querySelector('time').textContent";

/// How long the browser may take for a command, its start included, before it counts as hung.
const LIMIT: Duration = Duration::from_secs(30);

/// How often the page is looked at while something is waited for.
const GLANCE: Duration = Duration::from_millis(20);

/// A browser with one window.
pub struct Browser {
    client: Client,
    driver: Child,
    // Last, so that it is removed when the programs that use it have ended.
    _scratch: Scratch,
}

impl Browser {
    /// Starts ChromeDriver and, with an empty profile, Chromium.
    ///
    /// # Errors
    ///
    /// If they do not start, for one because they are not installed.
    pub async fn open() -> Result<Self> {
        // ChromeDriver makes the profile anew for each browser, and both leave other files, all
        // in the directory for temporary files.
        let scratch = Scratch::new()?;
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", scratch.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::to("start chromedriver, of Debian's package chromium-driver"))?;
        let port = driver_port(&mut driver);
        let port = in_time(LIMIT, "chromedriver did not start", port).await?;
        let Value::Object(capabilities) = json!({
            "goog:chromeOptions": { "args": FLAGS },
            "goog:loggingPrefs": { "browser": "ALL" },
        }) else {
            unreachable!("the value is an object");
        };
        let client = connect(port, capabilities).await?;
        Ok(Self { client, driver, _scratch: scratch })
    }

    /// The names and versions of the browser and of its driver.
    pub fn version(&self) -> String {
        let capability = |name: &str, field: Option<&str>| {
            let value = self.client.capabilities().and_then(|all| all.get(name));
            let value = match field {
                Some(field) => value.and_then(|object| object.get(field)),
                None => value,
            };
            let text = value.and_then(Value::as_str).unwrap_or("of unknown version");
            text.split_whitespace().next().unwrap_or_default().to_owned()
        };
        format!(
            "Chromium {}, driven by ChromeDriver {}",
            capability("browserVersion", None),
            capability("chrome", Some("chromedriverVersion")),
        )
    }

    /// Opens the page `/` of `server`, and returns when it is loaded.
    ///
    /// # Errors
    ///
    /// If the browser cannot load it.
    pub async fn visit(&self, server: SocketAddr) -> Result<()> {
        let url = format!("http://{server}/");
        answer(&format!("open {url}"), self.client.goto(&url)).await
    }

    /// What the page's `time` element shows.
    ///
    /// # Errors
    ///
    /// If the page has none, or the browser is gone.
    pub async fn shown(&self) -> Result<String> {
        let shown = self.run(SHOWN).await?;
        Ok(shown.as_str().unwrap_or_default().to_owned())
    }

    /// Empties the `time` element, so that the next time to come is seen even if it is the same.
    ///
    /// # Errors
    ///
    /// If the page has none, or the browser is gone.
    pub async fn blank(&self) -> Result<()> {
        self.run("document.querySelector('time').textContent = ''").await.map(drop)
    }

    /// Clicks the page's own button, as the mouse does.
    ///
    /// # Errors
    ///
    /// If the page has none, or the browser is gone.
    pub async fn click(&self) -> Result<()> {
        let click = async { self.client.find(Locator::Css("button")).await?.click().await };
        answer("click the button of the page", click).await
    }

    /// Waits until what the `time` element shows is `wanted`, and returns it.
    ///
    /// # Errors
    ///
    /// If that takes `patience` or longer: a line with what it shows instead.
    pub async fn wait_until(
        &self,
        patience: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let shown = self.wait_for(SHOWN, patience, |shown| shown.as_str().is_some_and(&wanted));
        Ok(shown.await?.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the page shows a time, and returns it.
    ///
    /// # Errors
    ///
    /// If that takes `patience` or longer.
    pub async fn wait_for_time(&self, patience: Duration) -> Result<String> {
        self.wait_until(patience, is_time).await
    }

    /// Waits until wsapp's page has its WebSocket in `state`, one of the numbers that `readyState`
    /// has (WebSockets standard, section 3.1).
    ///
    /// # Errors
    ///
    /// If that takes `patience` or longer, or the page has no WebSocket.
    pub async fn wait_for_socket(&self, state: u64, patience: Duration) -> Result<()> {
        self.wait_for("return ws.readyState", patience, |now| *now == state).await.map(drop)
    }

    /// What drives the browser, for what has no name here.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Runs JavaScript in the page and returns its value.
    ///
    /// # Errors
    ///
    /// If it throws, or the browser is gone.
    pub async fn run(&self, script: &str) -> Result<Value> {
        answer("run a script in the page", self.client.execute(script, vec![])).await
    }

    /// Runs JavaScript in the page until its value is `wanted`, and returns the value.
    ///
    /// # Errors
    ///
    /// If that takes `patience` or longer: a line with the value instead.
    pub async fn wait_for(
        &self,
        script: &str,
        patience: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let deadline = Instant::now() + patience;
        loop {
            // While a page is loaded the script may fail, for want of the page's elements.
            match self.run(script).await {
                Ok(value) if wanted(&value) => return Ok(value),
                _ if Instant::now() < deadline => sleep(GLANCE).await,
                Ok(value) => {
                    return Err(Failure::new(format!("after {patience:?} the page has {value}")));
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// The messages that came to the browser's console since the last call.
    ///
    /// # Errors
    ///
    /// If the browser is gone.
    pub async fn console(&self) -> Result<Vec<String>> {
        let log = answer("read the console", self.client.issue_cmd(BrowserLog)).await?;
        let entries = log.as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(entries
            .iter()
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect())
    }

    /// Closes the window, as a person does, and returns when the browser has ended.
    ///
    /// The page is left in the ordinary way, so that a WebSocket sends its close frame.
    ///
    /// # Errors
    ///
    /// If the browser is gone already.
    pub async fn leave(mut self) -> Result<()> {
        // With its last window the browser ends, and ChromeDriver answers when it has.
        answer("close the window", self.client.close_window()).await?;
        self.driver.kill().await.map_err(Failure::to("stop chromedriver"))
    }
}

/// The browser's answer to the command to do `what`.
async fn answer<T>(
    what: &str,
    command: impl Future<Output = std::result::Result<T, CmdError>>,
) -> Result<T> {
    let answer = async { command.await.map_err(Failure::to(what)) };
    in_time(LIMIT, format_args!("the browser did not {what}"), answer).await
}

/// Whether `text` has the form of a time of day, `HH:MM:SS`.
pub fn is_time(text: &str) -> bool {
    text.len() == 8
        && text.bytes().enumerate().all(|(index, byte)| match index {
            2 | 5 => byte == b':',
            _ => byte.is_ascii_digit(),
        })
}

/// Reads from ChromeDriver's output the port that it chose.
async fn driver_port(driver: &mut Child) -> Result<u16> {
    let Some(stdout) = driver.stdout.take() else {
        return Err(Failure::new("chromedriver has no output"));
    };
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await.map_err(Failure::to("read from chromedriver"))? {
        let port = line
            .strip_prefix("ChromeDriver was started successfully on port ")
            .and_then(|rest| rest.trim_end_matches('.').parse().ok());
        if let Some(port) = port {
            // Nobody reads on; ChromeDriver has said all that it says there.
            return Ok(port);
        }
    }
    Err(Failure::new("chromedriver did not start: try it by hand, chromedriver --port=0"))
}

async fn connect(port: u16, capabilities: Capabilities) -> Result<Client> {
    let url = format!("http://127.0.0.1:{port}");
    let mut builder = ClientBuilder::new(HttpConnector::new());
    let started = async {
        builder.capabilities(capabilities).connect(&url).await.map_err(|error| {
            let reason = error.to_string();
            if reason.contains("cannot find Chrome binary") {
                Failure::new("not installed: chromium; on Debian: sudo apt-get install chromium")
            } else {
                Failure::to("start Chromium")(reason)
            }
        })
    };
    in_time(LIMIT, "Chromium did not start", started).await
}

/// ChromeDriver's command for the browser's console.
#[derive(Debug)]
struct BrowserLog;

impl WebDriverCompatibleCommand for BrowserLog {
    fn endpoint(
        &self,
        base_url: &Url,
        session_id: Option<&str>,
    ) -> std::result::Result<Url, ParseError> {
        base_url.join(&format!("session/{}/se/log", session_id.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}
