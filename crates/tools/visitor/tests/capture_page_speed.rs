//! How fast the page that shows captures opens, and answers keys.
//!
//! This is in a file of its own, so that no other test runs beside it.

use fantoccini::key::Key;
use payloads::report::page;
use serde_json::{Value, json};

use window::{Window, lines};

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
