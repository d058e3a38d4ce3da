//! How fast the page that shows captures opens, and answers keys.
//!
//! This is in a file of its own, so that no other test runs beside it.

use fantoccini::key::Key;
use payloads::report::page;
use serde_json::{Value, json};

use window::{PATIENCE, Window, lines};

mod window;

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
    // A page from disk is in the browser's own memory of files by the second time.
    let mut opened = f64::INFINITY;
    for _ in 0..3 {
        window.browser.client().refresh().await.unwrap();
        let time = window
            .run(
                "const [page] = performance.getEntriesByType('navigation');
                return page.loadEventEnd - page.startTime",
            )
            .await;
        opened = opened.min(time.as_f64().unwrap());
    }
    assert!(opened < 2000.0, "opened in {opened} ms");
    let count = "return document.querySelectorAll('[data-packet]').length";
    assert_eq!(window.run(count).await, page::PACKET_LIMIT);
    let said = window.run("return document.querySelector('#the-left-out').textContent").await;
    assert!(said.as_str().unwrap().contains("more are in the file"), "{said}");
    // From the key to the picture that shows it, measured in the page. What else the machine does may
    // delay one of them, so the best of some rounds counts for each.
    window
        .run(
            "window.times = [];
            addEventListener('keydown', ({ timeStamp }) => requestAnimationFrame(() => {
                const { port1, port2 } = new MessageChannel();
                port1.onmessage = () => times.push(performance.now() - timeStamp);
                port2.postMessage(null);
            }), { capture: true })",
        )
        .await;
    let packets = [Key::Down, Key::PageDown, Key::Up, Key::End, Key::Home, Key::PageDown];
    let bytes = [Key::Right, Key::Right, Key::Down, Key::Escape];
    let keys: Vec<char> = packets
        .into_iter()
        .chain(bytes)
        .map(char::from)
        .chain(['c'])
        .chain(packets.map(char::from))
        .chain(['p', Key::Home.into()])
        .collect();
    let mut best = vec![f64::INFINITY; keys.len()];
    for _ in 0..4 {
        for (key, best) in keys.iter().zip(&mut best) {
            window.run("times.length = 0").await;
            window.press(*key, false).await;
            let time =
                window.browser.wait_for("return times", PATIENCE, |times| times[0].is_number());
            *best = best.min(time.await.unwrap()[0].as_f64().unwrap());
        }
    }
    println!("opened in {opened:.0} ms; keys in ms: {best:.0?}");
    assert!(best.iter().all(|time| *time < 100.0), "in ms: {best:?}");
    window.asked_nobody().await;
    window.leave().await;
}
