//! The blocks of the README: tables, payloads, explanations, diagrams.

use std::fmt::Write;

use payloads::{
    decode::{Part, Unit, UnitKind},
    report::{
        stats::{self, Named},
        transcript::{self, Transcript},
    },
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
        ["show", app, label, what] => paragraph(&captures.of(app)?.shown, label, what),
        ["explain", app, label, what] => paragraph(&captures.of(app)?.explained, label, what),
        ["unmask", app, label] => unmask(captures.of(app)?, label),
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
        "update" => stats::update_table(&named),
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
        let gigabits = (figures.frame_bytes * 8 * MANY) as f64 / 1e9;
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

/// The paragraph of what `payloads show` prints that is about the unit with this label, such as
/// `C1`, which is a `what`, such as a `frame`.
fn paragraph(shown: &str, label: &str, what: &str) -> Result<String, Error> {
    let is_it = |paragraph: &&str| {
        let heading = paragraph.lines().next().unwrap_or_default();
        heading.split(' ').next() == Some(label)
            && heading.split(", ").next().is_some_and(|heading| heading.ends_with(what))
    };
    let paragraph = shown.split("\n\n").find(is_it);
    let paragraph = paragraph.ok_or_else(|| Error(format!("no {what} is called {label}")))?;
    Ok(fenced("", paragraph))
}

/// A shell command that unmasks the first byte of the frame with this label.
fn unmask(capture: &Capture, label: &str) -> Result<String, Error> {
    let frame = capture.frames()?.unit(UnitKind::Frame, label);
    let parts = frame.and_then(|frame| {
        let key = frame.frame?.key?;
        let (_, payload) = frame.parts().find(|(part, _)| *part == Part::Payload)?;
        Some((payload.first()?, key[0]))
    });
    let (byte, key) = parts.ok_or_else(|| Error(format!("no masked frame is called {label}")))?;
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
