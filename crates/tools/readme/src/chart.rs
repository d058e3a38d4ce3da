//! The chart of the bytes that an update takes, by technique and by kind.

use std::fmt::Write;

use payloads::{decode::Kind, tcp::Side};

use crate::{Captures, values::usual};

/// The size of the picture and of what is in it, in pixels.
const WIDTH: u64 = 840;
const LEFT: u64 = 90;
const BAR_WIDTH: u64 = 640;
const BAR_HEIGHT: u64 = 26;
const ROW: u64 = 46;
const TOP: u64 = 84;

/// The kinds of bytes, each with its name and its colour, told apart by those who see no red or
/// green too.
const KINDS: [(Kind, &str, &str); 4] = [
    (Kind::Time, "the time itself", "#d55e00"),
    (Kind::Framing, "framing", "#0072b2"),
    (Kind::HttpHead, "HTTP heads", "#999999"),
    (Kind::Content, "other content (page, command)", "#56b4e9"),
];

/// The chart as an SVG picture. It brings a background of its own, so that it can be read on light
/// and dark pages.
pub fn chart(captures: &Captures) -> String {
    let rows: Vec<(&str, [u64; 4])> = captures
        .all()
        .iter()
        .map(|capture| {
            let update = usual(capture);
            let bytes = KINDS.map(|(kind, ..)| {
                [Side::Client, Side::Server].map(|side| update.division(side).of(kind)).iter().sum()
            });
            (capture.app, bytes)
        })
        .collect();
    let largest = rows.iter().map(|(_, bytes)| bytes.iter().sum::<u64>()).max().unwrap_or(1).max(1);
    let height = TOP + ROW * rows.len() as u64 + 14;

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" font-family=\"sans-serif\" font-size=\"14\">\n\
         <title>Application bytes that one update takes</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#ffffff\" stroke=\"#d0d7de\"/>\n\
         <text x=\"20\" y=\"30\" font-size=\"17\" font-weight=\"bold\" fill=\"#1f2328\">\
         Application bytes that one update takes</text>\n"
    );
    let mut x = 20;
    for (_, name, color) in KINDS {
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"46\" width=\"14\" height=\"14\" fill=\"{color}\"/>\n\
             <text x=\"{}\" y=\"58\" fill=\"#1f2328\">{name}</text>",
            x + 20
        );
        x += 50 + 8 * name.len() as u64;
    }
    for ((app, bytes), index) in rows.iter().zip(0..) {
        let y = TOP + ROW * index;
        let baseline = y + 18;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{baseline}\" text-anchor=\"end\" font-weight=\"bold\" \
             fill=\"#1f2328\">{app}</text>",
            LEFT - 10
        );
        let mut x = LEFT as f64;
        for ((_, name, color), count) in KINDS.iter().zip(bytes) {
            let width = *count as f64 * BAR_WIDTH as f64 / largest as f64;
            if *count > 0 {
                let _ = writeln!(
                    svg,
                    "<rect x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR_HEIGHT}\" \
                     fill=\"{color}\"><title>{app}: {count} bytes, {name}</title></rect>"
                );
            }
            x += width;
        }
        let total: u64 = bytes.iter().sum();
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{baseline}\" fill=\"#1f2328\">{total}</text>",
            x + 8.0
        );
    }
    svg.push_str("</svg>\n");
    svg
}
