//! The blocks of the README: tables, payloads, explanations, diagrams.

use std::fmt::Write;

use payloads::{
    decode::Unit,
    report::{
        stats::{self, Named},
        transcript::{self, Transcript},
    },
    tcp::Side,
};

use crate::{Capture, Captures, Error, diagram, values::usual};

/// An update in the captures of the Python original, from its own table: packets, application
/// packets, frame bytes, TCP bytes, application bytes.
const ORIGINAL: [(&str, [u64; 5]); 5] = [
    ("tcpapp", [3, 2, 213, 96, 15]),
    ("webapp", [5, 3, 1253, 160, 923]),
    ("ajaxapp", [5, 3, 745, 160, 415]),
    ("sseapp", [2, 1, 166, 64, 34]),
    ("wsapp", [3, 2, 234, 96, 36]),
];

/// How many clients the table of many clients is for.
const MANY: u64 = 1_000_000;

/// What an Ethernet frame takes on a link beside the bytes that a capture has of it: 8 of preamble
/// and start delimiter, 4 of check sequence, and a gap as long as 12 (IEEE 802.3 sections 3.1.1 and
/// 4.4.2).
const FRAME_OVERHEAD: u64 = 24;

/// The block called `name`, such as `table overall`.
pub fn block(name: &str, captures: &Captures) -> Result<String, Error> {
    let words: Vec<_> = name.split(' ').collect();
    match words.as_slice() {
        ["table", table] => self::table(table, captures),
        ["text", app] => captures.of(app).map(text),
        ["exchange", app, target, number] => {
            let number = number.parse().map_err(|_| Error(format!("{number:?} is no number")))?;
            captures.of(app)?.exchange(target, number).map(exchange)
        }
        ["frames", app] => Ok(fenced("", &captures.of(app)?.frames()?.hex_dump())),
        ["show", app, side, what, number] => {
            paragraph(&captures.of(app)?.shown, side, what, number)
        }
        ["explain", app, side, what, number] => {
            paragraph(&captures.of(app)?.explained, side, what, number)
        }
        ["json", app] => json(captures.of(app)?),
        ["packet", app, label] => packet(&captures.of(app)?.packets, label),
        ["decoded", app, side, "frame", number] => decoded(frame(captures, app, side, number)?),
        ["unmask", app, side, "frame", number] => unmask(frame(captures, app, side, number)?),
        ["program", app] => program(captures.of(app)?),
        ["accept", app] => accept(&captures.of(app)?.explained),
        ["diagram", app] => diagram::diagram(captures.of(app)?),
        _ => Err(Error(format!("there is no block called {name:?}"))),
    }
}

fn table(name: &str, captures: &Captures) -> Result<String, Error> {
    let links: Vec<_> = captures.all().iter().map(Capture::link).collect();
    let named: Vec<Named<'_>> = links
        .iter()
        .zip(captures.all())
        .map(|(link, capture)| (link.as_str(), &capture.stats))
        .collect();
    Ok(match name {
        "overall" => stats::overall_table(&named),
        // A cell such as "2 of 3" stays on one line.
        "update" => stats::update_table(&named).replace(" of ", "\u{a0}of\u{a0}"),
        "server" => stats::server_table(&named),
        "division" => stats::division_table(&named),
        "many" => many(captures),
        "original" => original(captures)?,
        _ => return Err(Error(format!("there is no table called {name:?}"))),
    })
}

/// What one update a second for each of many clients takes.
fn many(captures: &Captures) -> String {
    let mut table = String::from(
        "| App | Packets a second | Bits a second on the wire |\n| --- | ---: | ---: |\n",
    );
    for capture in captures.all() {
        let figures = usual(capture).figures;
        let packets = figures.total_packets * MANY / 1_000_000;
        let bytes = figures.frame_bytes + figures.total_packets * FRAME_OVERHEAD;
        let gigabits = (bytes * 8 * MANY) as f64 / 1e9;
        let _ = writeln!(table, "| {} | {packets} million | {gigabits:.2} Gbit |", capture.app);
    }
    table
}

/// An update of the original's captures beside one of these.
fn original(captures: &Captures) -> Result<String, Error> {
    let mut table = String::from(
        "| App | | Total Packets | App Packets | Frame Bytes | TCP Bytes | App Bytes |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for (app, original) in ORIGINAL {
        let ours = usual(captures.of(app)?).figures.cells();
        for (name, whose, cells) in [(app, "original", original), ("", "here", ours)] {
            let _ = write!(table, "| {name} | {whose} |");
            for cell in cells {
                let _ = write!(table, " {cell} |");
            }
            table.push('\n');
        }
    }
    Ok(table)
}

/// All that was said on the app's connections, as text.
fn text(capture: &Capture) -> String {
    let text: String = capture.conversations().map(Transcript::text).collect();
    fenced("", &text)
}

fn exchange(units: &[Unit]) -> String {
    fenced("http", &transcript::text(units))
}

/// The paragraph of what `payloads show` prints that is about the `number`th (from 1) `what`, such
/// as a `frame`, that `side` sent.
fn paragraph(shown: &str, side: &str, what: &str, number: &str) -> Result<String, Error> {
    let arrow = if self::side(side)? == Side::Client { "→" } else { "←" };
    let is_it = |paragraph: &&str| {
        let heading = paragraph.lines().next().unwrap_or_default();
        heading.split(' ').any(|word| word == arrow)
            && heading.split(", ").next().is_some_and(|heading| heading.ends_with(what))
    };
    let index = index(number)?;
    let paragraph = shown.split("\n\n").filter(is_it).nth(index);
    let paragraph = paragraph
        .ok_or_else(|| Error(format!("the {side}'s {what} {number} is not in what is shown")))?;
    Ok(fenced("", paragraph))
}

/// The packet that carries the unit with this label, and folded beneath it each of its bits, of
/// what `payloads show --packets --explain` prints.
fn packet(packets: &str, label: &str) -> Result<String, Error> {
    let parts = || {
        let number = packet_number(packets, label)?;
        beginning(packets, &format!("#{number}"))?.split_once("\n    │\n")
    };
    let (sums, bits) =
        parts().ok_or_else(|| Error(format!("no packet with {label:?} is in what is shown")))?;
    Ok(format!(
        "{}\n<details>\n<summary>Each bit of it</summary>\n\n{}\n</details>\n",
        fenced("", sums),
        fenced("", bits)
    ))
}

/// The paragraph that begins with `word`.
fn beginning<'a>(shown: &'a str, word: &str) -> Option<&'a str> {
    shown.split("\n\n").find(|paragraph| paragraph.split(' ').next() == Some(word))
}

/// The number of the packet that carries the unit with this label.
fn packet_number<'a>(packets: &'a str, label: &str) -> Option<&'a str> {
    let heading = beginning(packets, label)?.lines().next()?;
    heading.rsplit_once("in packet ").map(|(_, number)| number)
}

/// A command that asks `payloads show --json` for the client's frames, and what it prints.
fn json(capture: &Capture) -> Result<String, Error> {
    let mut text = format!(
        "$ cargo run -q -p payloads -- show --json pcap/{}.pcap |\n\
         >   jq -c 'select(.kind == \"frame\" and .side == \"client\") | \
         [.label, .spans[0][0], .payload]'\n",
        capture.app
    );
    for frame in capture.frames_of(Side::Client)? {
        let label = frame.label();
        let packet = packet_number(&capture.packets, &label)
            .ok_or_else(|| Error(format!("no packet with {label:?} is in what is shown")))?;
        let payload = frame.payload();
        let payload = match frame.frame.map(|header| header.opcode.name()) {
            Some("text") => format!("\"text\":{:?}", String::from_utf8_lossy(&payload)),
            _ => format!("\"hex\":{:?}", hex(&payload).replace(' ', "")),
        };
        let _ = writeln!(text, "[{label:?},{packet},{{{payload}}}]");
    }
    Ok(fenced("console", &text))
}

/// The `number`th WebSocket frame (from 1) that `side` sent.
fn frame<'a>(
    captures: &'a Captures,
    app: &str,
    side: &str,
    number: &str,
) -> Result<&'a Unit, Error> {
    let (side, index) = (self::side(side)?, index(number)?);
    let frame = captures.of(app)?.frames_of(side)?.nth(index);
    frame.ok_or_else(|| Error(format!("there is no frame {number} of that side")))
}

fn side(name: &str) -> Result<Side, Error> {
    match name {
        "client" => Ok(Side::Client),
        "server" => Ok(Side::Server),
        _ => Err(Error(format!("{name:?} is neither client nor server"))),
    }
}

/// What counts from 1, counted from 0.
fn index(number: &str) -> Result<usize, Error> {
    let number = number.parse().ok().and_then(|number: usize| number.checked_sub(1));
    number.ok_or_else(|| Error("a number that counts from 1 is needed".into()))
}

/// The bytes of a short frame, in sentences.
fn decoded(frame: &Unit) -> Result<String, Error> {
    let parts = || {
        let header = frame.frame.filter(|header| header.extended == 0 && header.reserved == 0)?;
        let [first, second, rest @ ..] = frame.bytes.as_slice() else { return None };
        let meaning = frame.frame_meaning()?;
        let (_, says) = meaning.split_once(": ")?;
        Some((header, *first, *second, rest, says.to_owned()))
    };
    let (header, first, second, rest, says) =
        parts().ok_or_else(|| Error("this frame is too long to be told in sentences".into()))?;
    let mut list = format!(
        "* `{first:02x}` is `{first:08b}` in binary. The first bit, FIN, {}; the last four, the \
         opcode, are {}: a {} frame.\n",
        if header.fin {
            "says that the message ends with this frame"
        } else {
            "is not set: the message goes on in another frame"
        },
        first & 0x0f,
        header.opcode.name(),
    );
    let len = header.payload_len;
    let bytes = if len == 1 { "byte" } else { "bytes" };
    let masked = if header.key.is_some() { "masked" } else { "not masked" };
    let _ = writeln!(
        list,
        "* `{second:02x}` is `{second:08b}`. The first bit, MASK, says that the payload is \
         {masked}; the other seven are its length, {len} {bytes}."
    );
    let payload = match masked_payload(frame) {
        Some((key, payload)) => {
            let _ = writeln!(list, "* `{}` is the masking key.", hex(&key));
            payload
        }
        None => rest,
    };
    let sent = hex(payload);
    let plain = frame.payload();
    // A close frame begins with its code (RFC 6455 section 5.5.1).
    let meaning = match says.split_once(" (") {
        Some((code, name)) if header.opcode.name() == "close" => {
            format!("the number {code}, which means {:?}", name.trim_end_matches(')'))
        }
        _ => format!("`{says}`"),
    };
    let _ = match header.key {
        Some(_) => writeln!(
            list,
            "* `{sent}` is the payload. Unmasked it is `{}`: {meaning}.",
            hex(&plain)
        ),
        None => writeln!(list, "* `{sent}` is the payload: {meaning}."),
    };
    Ok(list)
}

/// A program that unmasks the client's first text frame and its close frame.
fn program(capture: &Capture) -> Result<String, Error> {
    let masked = |name: &str| {
        let mut frames = capture.frames_of(Side::Client).ok()?;
        let frame = frames.find(|frame| frame.frame.is_some_and(|h| h.opcode.name() == name))?;
        let (key, payload) = masked_payload(frame)?;
        Some((array(&key), array(payload), frame.payload()))
    };
    let parts = || {
        let (text, close) = (masked("text")?, masked("close")?);
        let code = u16::from_be_bytes(*close.2.first_chunk()?);
        Some((text, close, code))
    };
    let (text, close, code) =
        parts().ok_or_else(|| Error("there is no text frame and close frame to unmask".into()))?;
    let program = format!(
        "fn unmask(key: [u8; 4], payload: &[u8]) -> Vec<u8> {{\n    \
             payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()\n\
         }}\n\n\
         fn main() {{\n    \
             let text = unmask(\n        {},\n        &{},\n    );\n    \
             println!(\"{{}}\", String::from_utf8_lossy(&text)); // {}\n    \
             let code = unmask({}, &{});\n    \
             println!(\"{{}}\", u16::from_be_bytes([code[0], code[1]])); // {code}\n\
         }}",
        text.0,
        text.1,
        String::from_utf8_lossy(&text.2),
        close.0,
        close.1,
    );
    Ok(fenced("rust", &program))
}

/// The key and the payload of a short masked frame, the payload as it was sent.
fn masked_payload(frame: &Unit) -> Option<([u8; 4], &[u8])> {
    let header = frame.frame.filter(|header| header.extended == 0)?;
    let key = header.key?;
    Some((key, frame.bytes.get(2 + key.len()..)?))
}

/// `bytes` as an array of Rust.
fn array(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:#04x}")).collect();
    format!("[{}]", bytes.join(", "))
}

/// `bytes` in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

/// A shell command that unmasks the first byte of a frame.
fn unmask(frame: &Unit) -> Result<String, Error> {
    let parts = || {
        let (key, payload) = masked_payload(frame)?;
        Some((*payload.first()?, key[0]))
    };
    let (byte, key) = parts().ok_or_else(|| Error("this frame has no masked payload".into()))?;
    let plain = byte ^ key;
    let command = format!("printf '%x\\n' $((0x{byte:02x} ^ 0x{key:02x}))");
    Ok(fenced("sh", &format!("{command}    # {plain:x}, which is {:?}", char::from(plain))))
}

/// The lines of what `payloads show --explain` prints that say how `Sec-WebSocket-Accept` follows
/// from the key.
fn accept(explained: &str) -> Result<String, Error> {
    let lines: Vec<_> = explained
        .lines()
        .skip_while(|line| !line.contains("│ accept "))
        .take_while(|line| !line.is_empty())
        // They stand alone here.
        .map(str::trim_start)
        .collect();
    if lines.is_empty() {
        return Err(Error("no Sec-WebSocket-Accept is explained".into()));
    }
    Ok(fenced("", &lines.join("\n")))
}

/// `text` as a fenced code block.
fn fenced(language: &str, text: &str) -> String {
    let text = text.trim_end_matches('\n');
    format!("```{language}\n{text}\n```\n")
}
