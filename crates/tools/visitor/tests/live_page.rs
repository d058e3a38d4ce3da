//! The page of `watch` in a real browser: packets are drawn as they come.
//!
//! This is in a file of its own, so that no other test runs beside it.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use testing::{Server, TRAFFIC};
use window::{PATIENCE, Window};

mod window;

/// Notes for each packet when the picture with it was drawn, in milliseconds since 1970: a task that
/// is posted in the last moment before a picture runs after it.
const NOTE_TIMES: &str = "
    window.drawn = {};
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => {
        for (const packet of data) drawn[packet] ??= performance.timeOrigin + performance.now();
    };
    const known = new Set();
    new MutationObserver(() => {
        const packets = [...document.querySelectorAll('[data-packet]')];
        const fresh = packets.map(({ dataset }) => dataset.packet).filter((packet) => !known.has(packet));
        fresh.forEach((packet) => known.add(packet));
        if (fresh.length) requestAnimationFrame(() => port2.postMessage(fresh));
    }).observe(document.body, { childList: true, subtree: true });";

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64() * 1_000.0
}

#[tokio::test]
async fn a_packet_in_the_pipe_is_soon_drawn() {
    // `just test-browser` builds it beside this crate's own program.
    let watch = Path::new(env!("CARGO_BIN_EXE_visitor")).with_file_name("watch");
    assert!(watch.is_file(), "watch is not built yet: cargo build -p watch");
    let mut command = Command::new(watch);
    command.arg("-").env("WATCH_PORT", "0").stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut watch = Server::start_command(command);
    let mut input = watch.input();
    let window = Window::of(format!("http://localhost:{}/", watch.port())).await;
    window.run(NOTE_TIMES).await;
    input.write_all(&TRAFFIC.header).unwrap();
    let records = TRAFFIC.round(1);
    let all = records.len();
    let mut delays = Vec::new();
    for (packet, record) in (1..).zip(records) {
        let written = now();
        input.write_all(&record).unwrap();
        let drawn = format!("return window.drawn[{packet}]");
        let drawn = window.browser.wait_for(&drawn, PATIENCE, Value::is_number).await.unwrap();
        delays.push(drawn.as_f64().unwrap() - written);
    }
    delays.sort_by(f64::total_cmp);
    let (median, longest) = (delays[all / 2], delays[all - 1]);
    println!("drawn {median:.0} ms after it was written, at the latest {longest:.0} ms");
    // Other programs may be at work on this machine, and hold some of them up.
    assert!(delays[all / 4] < 100.0, "{delays:.0?}");

    drop(input);
    let says = "return document.querySelector('#the-state').textContent";
    let is_over = |said: &Value| said.as_str().is_some_and(|said| said.contains("is over"));
    window.browser.wait_for(says, PATIENCE, is_over).await.unwrap();
    let packet = json!({ "packet": all.to_string() });
    window.expect(packet.clone()).await;
    // It is over, and who comes now sees the same.
    window.browser.client().refresh().await.unwrap();
    window.browser.wait_for(says, PATIENCE, is_over).await.unwrap();
    window.expect(packet).await;
    window.leave().await;
}
