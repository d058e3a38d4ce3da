//! The page that shows captures, in a real browser: what is drawn, what follows a selection, what is
//! asked of nobody, and how fast.
//!
//! Each test opens a page from disk, made of the committed captures or of lines that it writes
//! itself.

use std::{
    collections::HashMap,
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
const PATIENCE: Duration = Duration::from_secs(30);

/// The captures, in the order of the tabs.
const APPS: [&str; 5] = ["tcpapp", "webapp", "ajaxapp", "sseapp", "wsapp"];

/// What is chosen, in each view, and where the keys go.
const CHOSEN: &str = "
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
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// The lines of a committed capture.
fn lines(app: &str) -> Vec<Value> {
    if let Some(dir) = std::env::var_os("MOCK") {
        let text = fs::read_to_string(Path::new(&dir).join(format!("{app}.ndjson"))).unwrap();
        return text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    }
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
struct Window {
    browser: Browser,
    address: String,
}

impl Window {
    /// Opens the page of these captures in a window of 1280 by 720.
    async fn open(captures: &[(&str, Vec<Value>)]) -> Self {
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
        let address = format!("file://{}", path.display());
        let window = Self { browser: Browser::open().await.unwrap(), address };
        window.resize(1280, 720).await;
        window.go("").await;
        window
    }

    /// Opens the page of the five captures.
    async fn of_the_apps() -> Self {
        Self::open(&APPS.map(|app| (app, lines(app)))).await
    }

    async fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Follows an address within the page, or opens it with none.
    async fn go(&self, place: &str) {
        self.browser.client().goto(&format!("{}{place}", self.address)).await.unwrap();
    }

    /// Tells the browser what the DevTools protocol has a name for.
    async fn devtools(&self, command: &'static str, parameters: Value) {
        self.browser.client().issue_cmd(Devtools(command, parameters)).await.unwrap();
    }

    async fn run(&self, script: &str) -> Value {
        self.browser.run(script).await.unwrap()
    }

    /// Presses a key, with Shift held down where `shift` is set.
    async fn press(&self, key: impl Into<char>, shift: bool) {
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

    async fn click(&self, selector: &str) {
        let element = self.browser.client().find(Locator::Css(selector)).await.unwrap();
        element.click().await.unwrap();
    }

    /// Waits until all of `expected` is chosen.
    #[track_caller]
    fn expect(&self, expected: Value) -> impl Future<Output = ()> + '_ {
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
    async fn asked_nobody(&self) {
        let requests = self
            .run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
            .await;
        assert_eq!(requests, json!([]));
        assert_eq!(self.browser.console().await.unwrap(), [""; 0]);
    }

    async fn leave(self) {
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

#[tokio::test]
async fn compare_shows_an_update_of_each_technique_to_scale() {
    let window = Window::of_the_apps().await;
    let rows = window
        .run(
            "return [...document.querySelectorAll('[data-capture]')].map((row) => ({
                name: row.dataset.capture,
                technique: row.querySelector('h2').textContent,
                total: row.querySelector('.total').textContent,
                blocks: [...row.querySelectorAll('.bar i')].map((block) =>
                    [block.dataset.of, block.getBoundingClientRect().width]),
            }))",
        )
        .await;
    let techniques = ["TCP socket", "Web page", "Ajax", "Server events", "WebSocket"];
    let mut scales = Vec::new();
    for ((row, app), technique) in rows.as_array().unwrap().iter().zip(APPS).zip(techniques) {
        assert_eq!(row["name"], app);
        assert_eq!(row["technique"], technique);
        let end = lines(app).pop().unwrap();
        let figures = &end["stats"]["update"]["figures"];
        let total: String =
            row["total"].as_str().unwrap().chars().filter(|letter| *letter != ',').collect();
        assert_eq!(
            total,
            format!("{} bytes{} packets", figures["frame_bytes"], figures["total_packets"]),
        );
        let blocks = row["blocks"].as_array().unwrap();
        let width = |of: &str| -> f64 {
            let of = blocks.iter().filter(|block| block[0] == of);
            of.map(|block| block[1].as_f64().unwrap()).sum()
        };
        let all: f64 = blocks.iter().map(|block| block[1].as_f64().unwrap()).sum();
        scales.push(all / figures["frame_bytes"].as_f64().unwrap());
        scales.push(width("time") / 8.0);
    }
    assert_eq!(scales.len(), 10, "{rows}");
    for scale in &scales {
        assert!((scale - scales[0]).abs() < 0.05 * scales[0], "{scales:?}");
    }
    let sentence = window.run("return document.querySelector('#the-sentence').textContent").await;
    let expected = "One update of the time, five ways, each byte to scale. The time itself is 8 bytes in each.";
    assert_eq!(sentence, expected);
    let fits = "return document.documentElement.scrollHeight <= 720";
    assert_eq!(window.run(fits).await, true, "all of it is on one screen");
    window.asked_nobody().await;
    window.leave().await;
}

/// The names of each byte of a packet, as the lines have them.
fn names(lines: &[Value], packet: &Value) -> Vec<String> {
    let terms: HashMap<&str, &str> = lines
        .iter()
        .filter(|line| line["kind"] == "term")
        .map(|line| (line["term"].as_str().unwrap(), line["name"].as_str().unwrap()))
        .collect();
    let number = |value: &Value| value.as_u64().unwrap() as usize;
    let mut names = vec![Vec::new(); number(&packet["captured"])];
    let mut at = 0;
    for field in packet["fields"].as_array().unwrap() {
        let end = at + number(&field[0]);
        for names in &mut names[at / 8..end.div_ceil(8)] {
            names.push(terms[field[1].as_str().unwrap()]);
        }
        at = end;
    }
    // Where a unit has the bytes, it says more of them than that they are payload.
    for unit in lines.iter().filter(|line| line["parts"].is_array()) {
        let mut start = 0;
        for span in unit["spans"].as_array().unwrap() {
            let (offset, len) = (number(&span[1]), number(&span[2]));
            if span[0] == packet["packet"] {
                names[offset..offset + len].iter_mut().for_each(Vec::clear);
                let mut at = 0;
                for part in unit["parts"].as_array().unwrap() {
                    let end = at + number(&part[0]);
                    for byte in (at / 8).max(start)..end.div_ceil(8).min(start + len) {
                        names[byte - start + offset].push(terms[part[2].as_str().unwrap()]);
                    }
                    at = end;
                }
            }
            start += len;
        }
    }
    names.into_iter().map(|names| names.join(", ")).collect()
}

#[tokio::test]
async fn each_byte_has_the_name_that_the_lines_give_it() {
    let window = Window::of_the_apps().await;
    let mut count = 0;
    for app in APPS {
        let lines = lines(app);
        for packet in lines.iter().filter(|line| line["kind"] == "packet") {
            let number = packet["packet"].as_u64().unwrap();
            window.go(&format!("#{app}/p{number}")).await;
            window.expect(json!({ "packet": number.to_string() })).await;
            let labels = "return [...document.querySelectorAll('[data-byte]')]
                .map((byte) => byte.getAttribute('aria-label'))";
            let hex = packet["hex"].as_str().unwrap();
            let expected: Vec<String> = names(&lines, packet)
                .iter()
                .enumerate()
                .map(|(byte, name)| {
                    format!("{}, byte {byte}, {name}", &hex[2 * byte..2 * byte + 2])
                })
                .collect();
            assert_eq!(window.run(labels).await, json!(expected), "{app}, packet {number}");
            count += expected.len();
        }
    }
    assert!(count > 10_000, "{count} bytes");
    window.asked_nobody().await;
    window.leave().await;
}

/// The first packet of wsapp that carries a masked text frame, and where the frame begins in it.
fn masked_frame() -> (u64, u64) {
    let lines = lines("wsapp");
    let frame =
        lines.iter().find(|line| line["kind"] == "frame" && line["masked"] == true).unwrap();
    (frame["spans"][0][0].as_u64().unwrap(), frame["spans"][0][1].as_u64().unwrap())
}

#[tokio::test]
async fn every_view_follows_the_mouse() {
    let (packet, frame) = masked_frame();
    let window = Window::of_the_apps().await;
    window.click("#the-tabs a:nth-child(6)").await;
    window.expect(json!({ "packet": "1", "address": "#wsapp/p1" })).await;
    window.click(&format!("[data-packet=\"{packet}\"]")).await;
    let chosen = json!({ "packet": packet.to_string(), "byte": null, "address": format!("#wsapp/p{packet}") });
    window.expect(chosen).await;
    // A byte of the payload, by the byte; then a field of two bits' place, by the field.
    window.click(&format!("[data-byte=\"{}\"]", frame + 7)).await;
    let payload = json!({
        "packet": packet.to_string(), "byte": (frame + 7).to_string(),
        "field": "websocket.payload", "address": format!("#wsapp/p{packet}/b{}", frame + 7),
    });
    window.expect(payload).await;
    window.click("[data-field=\"websocket.opcode\"]").await;
    let opcode = json!({ "byte": frame.to_string(), "field": "websocket.opcode", "address": format!("#wsapp/p{packet}/b{frame}.4") });
    window.expect(opcode).await;
    let readout = "return document.querySelector('#the-readout').textContent";
    let text = window.run(readout).await;
    let text = text.as_str().unwrap();
    assert!(text.contains("opcode") && text.contains("RFC 6455 section 5.2"), "{text}");
    // The conversation has the message, and choosing another chooses the packet that carried it.
    window.click("#the-to-talk").await;
    let said = "return document.querySelector('li:has([aria-current=\"true\"]) pre').textContent";
    assert_eq!(window.run(said).await, "get-time");
    window.click("li.server:has(pre .time):last-of-type button").await;
    let answer = window.run(said).await;
    assert!(answer.as_str().unwrap().contains("\"time\""), "{answer}");
    let chosen = window.run(CHOSEN).await;
    assert_ne!(chosen["packet"], packet.to_string(), "{chosen}");
    window.asked_nobody().await;
    window.leave().await;
}

#[tokio::test]
async fn every_view_follows_the_keys_alone() {
    let (packet, frame) = masked_frame();
    let window = Window::of_the_apps().await;
    let at = |byte: u64| json!({ "packet": packet.to_string(), "byte": byte.to_string(), "keys": byte.to_string() });
    window.press('6', false).await;
    window.expect(json!({ "packet": "1" })).await;
    for _ in 1..packet {
        window.press(Key::Down, false).await;
    }
    window.expect(json!({ "packet": packet.to_string(), "keys": packet.to_string() })).await;
    window.press(Key::Right, false).await;
    window.expect(at(frame)).await;
    window.press(Key::Right, false).await;
    window.expect(at(frame + 1)).await;
    window.press(Key::Left, false).await;
    window.press(Key::Up, false).await;
    window.expect(at(frame - 16)).await;
    window.press(Key::Down, false).await;
    window.press(Key::Right, true).await;
    let next = json!({ "byte": frame.to_string(), "field": "websocket.rsv", "address": format!("#wsapp/p{packet}/b{frame}.1") });
    window.expect(next).await;
    window.press(Key::Escape, false).await;
    window
        .expect(json!({ "packet": packet.to_string(), "byte": null, "keys": packet.to_string() }))
        .await;
    window.press(Key::Enter, false).await;
    window.expect(json!({ "field": "websocket.fin", "keys": frame.to_string() })).await;
    window.press(Key::Down, false).await;
    window.expect(json!({ "field": "websocket.rsv" })).await;
    window.press('c', false).await;
    window.press(Key::Down, false).await;
    let said =
        "return document.activeElement.closest('li')?.querySelector('pre').textContent ?? ''";
    let wanted = |text: &Value| text.as_str().is_some_and(|text| text.contains("\"time\""));
    window.browser.wait_for(said, PATIENCE, wanted).await.unwrap();
    window.press('p', false).await;
    window.press(Key::End, false).await;
    let last = lines("wsapp").iter().filter(|line| line["kind"] == "packet").count();
    window.expect(json!({ "packet": last.to_string(), "keys": last.to_string() })).await;
    window.press('?', false).await;
    assert_eq!(window.run("return document.querySelector('dialog').open").await, true);
    window.press(Key::Escape, false).await;
    assert_eq!(window.run("return document.querySelector('dialog').open").await, false);
    window.expect(json!({ "packet": last.to_string() })).await;
    window.leave().await;
}

#[tokio::test]
async fn an_address_restores_what_was_chosen() {
    let (packet, frame) = masked_frame();
    let window = Window::of_the_apps().await;
    for (place, field) in
        [(format!("b{}", frame + 1), "websocket.mask"), (format!("b{frame}.4"), "websocket.opcode")]
    {
        let address = format!("#wsapp/p{packet}/{place}");
        // In a document of its own, as who follows a link gets it.
        window.browser.client().goto("about:blank").await.unwrap();
        window.go(&address).await;
        window
            .expect(json!({ "packet": packet.to_string(), "field": field, "address": address }))
            .await;
    }
    window.go(&format!("#wsapp/p{packet}/b{frame}/conversation")).await;
    let said = "return document.querySelector('li:has([aria-current=\"true\"]) pre')?.textContent";
    window.browser.wait_for(said, PATIENCE, |text| *text == "get-time").await.unwrap();
    // What is no place in the page is no harm.
    for address in ["#nowhere/p1", "#wsapp/p999/b1", "#%E0%A4/p1", "#wsapp/p1/b99999"] {
        window.go(address).await;
    }
    assert_eq!(window.browser.console().await.unwrap(), [""; 0]);
    window.leave().await;
}

/// All that a page could take for markup, script, an address, or another direction of writing.
const EVIL: &str = "</script><script>document.evil = 1</script><img src=x onerror='document.evil = 1'>\
    \"'`&lt;javascript:document.evil=1 \u{202e}evil\u{202c}\u{2066}\u{200b}\u{feff}\u{1b}[31m\u{0}\u{7f}<!--";

/// Puts it into each text that a capture has a say in.
fn poison(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let keeps = ["kind", "term", "side", "hex", "group", "of", "why", "start"];
                if !keeps.contains(&name.as_str()) {
                    poison(value);
                }
            }
        }
        Value::Array(values) => match values.as_mut_slice() {
            // A field or a part: its value alone.
            [bits, .., value] if bits.is_number() && value.is_string() => poison(value),
            values => values.iter_mut().filter(|value| !value.is_string()).for_each(poison),
        },
        Value::String(text) => text.push_str(EVIL),
        _ => {}
    }
}

#[tokio::test]
async fn hostile_content_is_text() {
    let mut evil = lines("wsapp");
    evil.iter_mut().for_each(poison);
    let name = "<b>\"&amp;javascript:";
    let window = Window::open(&[(name, evil), ("other", lines("sseapp"))]).await;
    let last = lines("wsapp").iter().filter(|line| line["kind"] == "packet").count();
    window.click("#the-tabs a:nth-child(2)").await;
    for view in ['p', 'c'] {
        window.press(view, false).await;
        for _ in 0..last {
            window.press(Key::Down, false).await;
            window.press(Key::Right, false).await;
            window.press(Key::Escape, false).await;
        }
    }
    let found = window
        .run(
            "return {
                ran: document.evil ?? null,
                scripts: document.querySelectorAll('script').length,
                images: document.querySelectorAll('img, b b, iframe, [onerror]').length,
                links: [...document.querySelectorAll('a')].filter((a) => !a.getAttribute('href').startsWith('#')).length,
                unseen: /[\\u0000-\\u0008\\u000b-\\u001f\\u007f\\u200b\\u202a-\\u202e\\u2066-\\u2069\\ufeff]/.test(document.body.innerText),
                shown: document.body.innerText.includes('</script><script>'),
                tab: document.querySelector('#the-tabs a:nth-child(2)').textContent,
            }",
        )
        .await;
    let expected = json!({
        "ran": null, "scripts": 1, "images": 0, "links": 0, "unseen": false, "shown": true, "tab": name,
    });
    assert_eq!(found, expected);
    window.asked_nobody().await;
    window.leave().await;
}

/// The lines of a capture over and over, until there are `count` packets.
fn many(app: &str, count: u64) -> Vec<Value> {
    let lines = lines(app);
    let number = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count() as u64;
    let packets = number("packet");
    let units = lines.iter().filter(|line| line["unit"].is_number()).count() as u64;
    let connections = number("connection");
    let mut all = Vec::new();
    for round in 0..count.div_ceil(packets) {
        for line in &lines {
            let mut line = line.clone();
            let kind = line["kind"].as_str().unwrap_or_default();
            if kind == "end" || (round > 0 && matches!(kind, "capture" | "term")) {
                continue;
            }
            let add = |value: &mut Value, more: u64| {
                if let Some(number) = value.as_u64() {
                    *value = json!(number + more);
                }
            };
            add(&mut line["packet"], round * packets);
            add(&mut line["answers"], round * packets);
            add(&mut line["unit"], round * units);
            add(&mut line["connection"], round * connections);
            for (name, more) in [("acknowledges", packets), ("packets", packets), ("units", units)]
            {
                for value in line[name].as_array_mut().into_iter().flatten() {
                    add(value, round * more);
                }
            }
            for span in line["spans"].as_array_mut().into_iter().flatten() {
                add(&mut span[0], round * packets);
            }
            if let Some(time) = line["time"].as_f64() {
                line["time"] = json!(time + 60.0 * round as f64);
            }
            line.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            all.push(line);
        }
    }
    all
}

#[tokio::test]
async fn five_thousand_packets_are_drawn_in_time() {
    let window = Window::open(&[("many", many("wsapp", 5100))]).await;
    let opened = window
        .run(
            "const [page] = performance.getEntriesByType('navigation');
            return page.loadEventEnd - page.startTime",
        )
        .await;
    assert!(opened.as_f64().unwrap() < 2000.0, "opened in {opened} ms");
    let count = "return document.querySelectorAll('[data-packet]').length";
    assert_eq!(window.run(count).await, page::PACKET_LIMIT);
    let said = window.run("return document.querySelector('#the-left-out').textContent").await;
    assert!(said.as_str().unwrap().contains("more are in the file"), "{said}");
    // From the key to the picture, measured by the browser itself.
    window
        .run(
            "window.slow = [];
            new PerformanceObserver((list) => slow.push(...list.getEntries().map(({ duration }) => duration)))
                .observe({ type: 'event', durationThreshold: 16 });",
        )
        .await;
    let keys = [Key::Down, Key::PageDown, Key::End, Key::Home, Key::Right, Key::Down, Key::Escape];
    for round in 0..10 {
        for key in keys {
            window.press(key, round % 2 == 1 && matches!(key, Key::Right)).await;
        }
        window.press(if round % 2 == 0 { 'c' } else { 'p' }, false).await;
    }
    let slow = window.run("return slow.sort((one, other) => other - one).slice(0, 10)").await;
    let slowest = slow[0].as_f64().unwrap_or_default();
    assert!(slowest <= 104.0, "in steps of 8 ms: {slow}");
    window.asked_nobody().await;
    window.leave().await;
}

#[tokio::test]
async fn light_and_dark_follow_the_system() {
    let window = Window::of_the_apps().await;
    let ground = "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3)
        .reduce((sum, part) => sum + Number(part), 0)";
    for (scheme, is_light) in [("dark", false), ("light", true)] {
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        window.devtools("Emulation.setEmulatedMedia", feature).await;
        let sum = window.run(ground).await.as_f64().unwrap();
        assert_eq!(sum > 382.0, is_light, "{scheme}: {sum}");
    }
    window.leave().await;
}

#[tokio::test]
async fn nothing_is_lost_in_narrow_windows_and_at_twice_the_size() {
    let window = Window::of_the_apps().await;
    for (width, height) in [(640, 360), (390, 844), (320, 640)] {
        window.resize(width, height).await;
        for place in ["#compare", "#wsapp/p21", "#webapp/p4/conversation"] {
            window.go(place).await;
            let over = "return document.documentElement.scrollWidth - innerWidth";
            assert_eq!(window.run(over).await, 0, "{place} at {width} pixels");
        }
    }
    window.leave().await;
}

/// The accessibility checker axe-core, from npm.
fn axe() -> String {
    let path = root().join("target/axe/node_modules/axe-core/axe.min.js");
    fs::read_to_string(&path).unwrap_or_else(|_| {
        panic!("{} is missing: npm install --prefix target/axe axe-core", path.display())
    })
}

#[tokio::test]
async fn an_accessibility_checker_finds_nothing() {
    let (packet, frame) = masked_frame();
    let axe = axe();
    let window = Window::of_the_apps().await;
    let places = [
        "#compare".to_owned(),
        format!("#wsapp/p{packet}/b{frame}.4"),
        format!("#wsapp/p{packet}/b{}", frame + 7),
        format!("#wsapp/p{packet}/conversation"),
        "#webapp/p1/b40".to_owned(),
        "#sseapp".to_owned(),
    ];
    for scheme in ["light", "dark"] {
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        window.devtools("Emulation.setEmulatedMedia", feature).await;
        for (width, height) in [(1280, 720), (390, 844)] {
            window.resize(width, height).await;
            for place in &places {
                window.go(place).await;
                let check = "const done = arguments[arguments.length - 1];
                    axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
                        done(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])))";
                let client = window.browser.client();
                client.execute(&format!("{axe}; window.axe = axe"), vec![]).await.unwrap();
                let violations = client.execute_async(check, vec![]).await.unwrap();
                assert_eq!(violations, json!([]), "{place}, {scheme}, {width} pixels wide");
            }
        }
    }
    window.leave().await;
}
