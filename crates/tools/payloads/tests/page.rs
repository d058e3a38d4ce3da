//! `payloads page`: one file with the lines of each capture.

mod writer;

use std::fs;

use serde_json::Value;
use writer::{ACK, CLIENT, Connection, SERVER, run};

/// A short talk with tcpapp.
fn talk() -> Vec<u8> {
    let mut tcp = Connection::v4();
    tcp.open().data(CLIENT, b"time\n").data(SERVER, b"09:31:45\n\n").ack(CLIENT);
    tcp.pcap()
}

/// The name and the lines of each capture that a page holds.
fn captures(page: &str) -> Vec<(&str, Vec<Value>)> {
    let blocks = page.split("<script type=\"application/x-ndjson\" data-name=\"").skip(1);
    blocks
        .map(|block| {
            let (name, block) = block.split_once("\">\n").unwrap();
            let (text, _) = block.split_once("</script>").unwrap();
            (name, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
        })
        .collect()
}

/// What `payloads` prints, and what it says besides; it has to end with exit status `code`.
#[track_caller]
fn printed(arguments: &[&str], input: &[u8], code: i32) -> (String, String) {
    let output = run(arguments, input);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    (String::from_utf8(output.stdout).unwrap(), said)
}

#[test]
fn a_page_holds_the_lines_of_each_capture() {
    let scratch = env!("CARGO_TARGET_TMPDIR");
    let files = ["one.pcap", "other.pcapng"].map(|name| format!("{scratch}/page-{name}"));
    let mut refused = Connection::v4();
    refused.send(CLIENT, writer::SYN, b"").send(SERVER, writer::RST | ACK, b"");
    fs::write(&files[0], talk()).unwrap();
    fs::write(&files[1], refused.pcap()).unwrap();
    let (page, said) = printed(&["page", &files[0], &files[1]], b"", 0);
    assert_eq!(said, "");
    let captures = captures(&page);
    let names: Vec<&str> = captures.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["page-one", "page-other"]);
    for ((_, lines), file) in captures.iter().zip(&files) {
        let (shown, _) = printed(&["show", "--json", file], b"", 0);
        let shown: Vec<Value> =
            shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(*lines, shown);
        assert_eq!(lines.last().unwrap()["kind"], "end");
    }
}

#[test]
fn standard_input_is_a_capture_too() {
    let (page, said) = printed(&["page", "-"], &talk(), 0);
    assert_eq!(said, "");
    assert_eq!(captures(&page)[0].0, "standard input");
}

#[test]
fn what_cannot_be_read_is_left_out_and_said() {
    let file = format!("{}/page-whole.pcap", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&file, talk()).unwrap();
    let (page, said) = printed(&["page", "nowhere.pcap", &file, "-"], b"no capture", 1);
    assert_eq!(captures(&page).len(), 1);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].starts_with("payloads: nowhere.pcap cannot be opened: "), "{said}");
    assert!(lines[1].starts_with("payloads: standard input is not a packet capture"), "{said}");

    let (page, said) = printed(&["page"], b"", 1);
    assert_eq!(page, "");
    assert_eq!(
        said,
        "payloads: no capture is named: name one or more, as in payloads page my.pcap > my.html\n"
    );

    let (page, said) = printed(&["page", "nowhere.pcap"], b"", 1);
    assert_eq!(page, "");
    assert_eq!(said.lines().count(), 1);
}

#[test]
fn a_capture_that_ends_early_is_shown_as_far_as_it_goes() {
    let whole = talk();
    // In the middle of the last packet, and with garbage in place of its header.
    let cut = &whole[..whole.len() - 10];
    let (page, said) = printed(&["page", "-"], cut, 0);
    assert!(said.contains("ends in the middle of a packet"), "{said}");
    assert_eq!(captures(&page)[0].1.last().unwrap()["why"], "cut");

    let mut damaged = whole.clone();
    damaged.extend([0xff; 64]);
    let (page, said) = printed(&["page", "-"], &damaged, 1);
    assert!(said.contains("standard input"), "{said}");
    let lines = &captures(&page)[0].1;
    assert_eq!(lines.last().unwrap()["why"], "damaged");
    assert!(lines.iter().any(|line| line["kind"] == "text"));
}
