//! The page that shows captures, in a real browser: what is drawn, what follows a selection, what is
//! asked of nobody.
//!
//! Each test opens a page from disk, made of the committed captures or of lines that it writes
//! itself.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener},
    sync::mpsc,
    thread,
};

use fantoccini::key::Key;
use payloads::report::page;
use serde_json::{Value, json};

use window::{APPS, PATIENCE, Window, lines, root};

mod window;

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
    let lines = lines("wsapp");
    let answer =
        lines.iter().find(|line| line["kind"] == "frame" && line["masked"] == false).unwrap();
    window.click(&format!("[data-units=\"{}\"] button", answer["unit"])).await;
    window.expect(json!({ "packet": answer["spans"][0][0].to_string() })).await;
    assert_eq!(window.run(said).await, answer["payload"]["text"]);
    window.asked_nobody().await;
    window.leave().await;
}

#[tokio::test]
async fn what_is_odd_about_a_line_stands_beside_its_meaning() {
    let mut lines = lines("webapp");
    let request = lines.iter_mut().find(|line| line["kind"] == "request").unwrap();
    let (packet, offset) = (request["spans"][0][0].clone(), request["spans"][0][1].clone());
    let odd = format!("LF alone ends it{EVIL}");
    request["parts"][0].as_array_mut().unwrap().push(json!(odd));
    let window = Window::open(&[("webapp", lines)]).await;
    window.go(&format!("#webapp/p{packet}/b{offset}")).await;
    let readout = "return document.querySelector('#the-readout .odd').textContent";
    let text = window.run(readout).await;
    let text = text.as_str().unwrap();
    assert!(text.starts_with("LF alone ends it</script>"), "{text}");
    // The next line is as it should be.
    window.click("[data-field=\"http.field\"]").await;
    let count = "return document.querySelectorAll('#the-readout .odd').length";
    assert_eq!(window.run(count).await, 0);
    assert_eq!(window.run("return document.evil ?? null").await, Value::Null);
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
    window.expect(json!({ "field": "websocket.fin", "keys": "websocket.fin" })).await;
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
            let over = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
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

/// A server with the page of a capture that is going on, and what is to be sent to it.
struct Live {
    port: u16,
    events: mpsc::Sender<Value>,
}

impl Live {
    /// Serves one viewer.
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (events, lines) = mpsc::channel::<Value>();
        thread::spawn(move || {
            let page = page::live();
            for client in listener.incoming() {
                let mut client = client.unwrap();
                let mut request = String::new();
                let mut reader = BufReader::new(client.try_clone().unwrap());
                reader.read_line(&mut request).unwrap();
                let mut field = String::new();
                while reader.read_line(&mut field).unwrap() > 2 {
                    field.clear();
                }
                if request.starts_with("GET / ") {
                    let len = page.len();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len}\r\n\r\n"
                    );
                    client.write_all(head.as_bytes()).unwrap();
                    client.write_all(page.as_bytes()).unwrap();
                } else if request.starts_with("GET /events ") {
                    client
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
                        .unwrap();
                    while let Ok(line) = lines.recv() {
                        // Once the capture is over, the page goes.
                        let _ = write!(client, "data: {line}\n\n");
                    }
                } else {
                    client
                        .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                        .unwrap();
                }
            }
        });
        Self { port, events }
    }

    fn send(&self, lines: &[Value]) {
        lines.iter().for_each(|line| self.events.send(line.clone()).unwrap());
    }
}

#[tokio::test]
async fn a_live_page_follows_until_someone_chooses() {
    let (packet, _) = masked_frame();
    let lines = lines("wsapp");
    let until = |number: u64| {
        let is_later =
            |line: &Value| line["kind"] == "packet" && line["packet"].as_u64() > Some(number);
        lines.iter().position(is_later).unwrap()
    };
    let live = Live::start();
    let window = Window::of(format!("http://127.0.0.1:{}/", live.port)).await;
    let says = |text: &'static str| {
        let is_said = move |said: &Value| said.as_str().is_some_and(|said| said.contains(text));
        window.browser.wait_for(
            "return document.querySelector('#the-state').textContent",
            PATIENCE,
            is_said,
        )
    };
    live.send(&lines[..until(10)]);
    window.expect(json!({ "packet": "10", "address": "#live" })).await;
    says("following the newest packet").await.unwrap();
    live.send(&lines[until(10)..until(packet)]);
    window.expect(json!({ "packet": packet.to_string() })).await;
    // Someone looks at another: the page stays there, and goes on drawing.
    window.click("[data-packet=\"4\"]").await;
    says("staying at packet 4").await.unwrap();
    live.send(&lines[until(packet)..until(packet + 2)]);
    let count = "return document.querySelectorAll('[data-packet]').length";
    window.browser.wait_for(count, PATIENCE, |count| *count == packet + 2).await.unwrap();
    window.expect(json!({ "packet": "4", "address": "#live/p4" })).await;
    window.click("#the-follow").await;
    window.expect(json!({ "packet": (packet + 2).to_string() })).await;
    says("following").await.unwrap();
    // What a viewer missed, and what is over.
    live.send(&[json!({ "kind": "gone", "packet": packet + 3 })]);
    live.send(&lines[until(packet + 2)..]);
    says("The capture is over").await.unwrap();
    let last = lines.iter().filter(|line| line["kind"] == "packet").count();
    window.expect(json!({ "packet": last.to_string() })).await;
    let requests = "return performance.getEntriesByType('resource').map((entry) => new URL(entry.name).pathname)";
    let requests = window.run(requests).await;
    let asked = requests.as_array().unwrap();
    assert!(asked.iter().all(|path| path == "/events" || path == "/favicon.ico"), "{requests}");
    window.leave().await;
}
