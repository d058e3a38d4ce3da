//! The values that the README names within its sentences.

use payloads::{
    decode::Kind,
    report::stats::{Figures, Update},
    tcp::Side,
};

use crate::{Capture, Captures, Error};

/// The value called `name`, such as `wsapp update app-bytes`.
pub fn value(name: &str, captures: &Captures) -> Result<String, Error> {
    let unknown = || Error(format!("there is no value called {name:?}"));
    let words: Vec<_> = name.split(' ').collect();
    let [app, what, which @ ..] = words.as_slice() else {
        return Err(unknown());
    };
    let capture = captures.of(app)?;
    let update = usual(capture);
    let number = match (*what, which) {
        ("overall", [column]) => figure(&capture.stats.overall, column),
        ("update", [column]) => figure(&update.figures, column),
        ("server", [column]) if update.can_push => figure(&update.without_client, column),
        ("client", [kind]) => part(update, Side::Client, kind),
        ("from-server", [kind]) => part(update, Side::Server, kind),
        ("seen", []) => capture.stats.usual.as_ref().map(|usual| usual.seen),
        ("updates", []) => capture.stats.usual.as_ref().map(|usual| usual.of),
        ("connections", []) => Some(capture.stats.connections),
        ("request", [target, number]) => {
            let number = number.parse().map_err(|_| unknown())?;
            Some(capture.exchange(target, number)?[0].bytes.len() as u64)
        }
        _ => None,
    };
    number.map(|number| number.to_string()).ok_or_else(unknown)
}

/// The usual update of a capture; every capture here has one.
pub fn usual(capture: &Capture) -> Update {
    capture.stats.usual.map(|usual| usual.update).unwrap_or_default()
}

fn figure(figures: &Figures, column: &str) -> Option<u64> {
    Some(match column {
        "packets" => figures.total_packets,
        "app-packets" => figures.app_packets,
        "frame-bytes" => figures.frame_bytes,
        "tcp-bytes" => figures.tcp_bytes,
        "app-bytes" => figures.app_bytes,
        _ => return None,
    })
}

fn part(update: Update, side: Side, kind: &str) -> Option<u64> {
    let division = update.division(side);
    Some(match kind {
        "app-bytes" => division.total,
        "time" => division.of(Kind::Time),
        "framing" => division.of(Kind::Framing),
        "http-head" => division.of(Kind::HttpHead),
        "content" => division.of(Kind::Content),
        _ => return None,
    })
}
