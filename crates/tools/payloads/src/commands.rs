//! What `payloads show` and `payloads stats` do.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, IsTerminal, Read, Write},
    path::Path,
};

use payloads::{
    input::ReadError,
    report::{
        escape::escaped,
        show::Style,
        stats::{self, Stats},
    },
};

use crate::{
    failure::{Failure, warn},
    live,
};

/// Prints the conversations of the capture called `name`, as it comes.
///
/// # Errors
///
/// If it cannot be read, or the output cannot be written.
pub fn show(name: &Path, style: Style, port: Option<u16>) -> Result<(), Failure> {
    let (input, shown) = open(name, "show")?;
    live::show(input, &shown, style, port)
}

/// Prints the figures of the captures called `names`.
///
/// # Errors
///
/// If one of them cannot be read, or the output cannot be written.
pub fn stats<'a>(
    names: impl Iterator<Item = &'a OsString>,
    json: bool,
    port: Option<u16>,
) -> Result<(), Failure> {
    let mut captures = Vec::new();
    let mut damaged = false;
    for name in names {
        let (input, shown) = open(Path::new(name), "stats")?;
        let stats =
            Stats::read(input, port).map_err(|error| Failure::Said(format!("{shown} {error}")))?;
        for line in stats.warnings() {
            warn(&format!("{shown}: {line}"));
        }
        if let Some(offset) = stats.damaged_at {
            damaged = true;
            warn(&format!("{shown} {}", ReadError::Damaged(offset)));
        }
        // A program that reads the JSON wants the name as it is.
        let as_it_is = json && name != "-";
        captures.push((if as_it_is { name.to_string_lossy().into_owned() } else { shown }, stats));
    }
    let named: Vec<stats::Named<'_>> =
        captures.iter().map(|(name, stats)| (name.as_str(), stats)).collect();
    let text = if json {
        let captures: Vec<_> = named.iter().map(|(name, stats)| stats.json(name)).collect();
        format!("{:#}\n", serde_json::Value::from(captures))
    } else {
        stats::tables(&named)
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    if damaged { Err(Failure::Warned) } else { Ok(()) }
}

/// The input called `name`, and what to call it in messages, where a name that is not text or not
/// fit for a terminal is escaped.
fn open(name: &Path, command: &str) -> Result<(Box<dyn Read + Send>, String), Failure> {
    if name == Path::new("-") {
        if io::stdin().is_terminal() {
            return Err(Failure::Said(format!(
                "standard input is a terminal: name a file, or pipe a capture in, as in sudo \
                 tcpdump -i lo --immediate-mode -U -w - port 8000 | payloads {command} -"
            )));
        }
        return Ok((Box::new(io::stdin()), "standard input".to_owned()));
    }
    let shown = escaped(&name.to_string_lossy());
    match File::open(name) {
        Ok(file) => Ok((Box::new(file), shown)),
        Err(error) => Err(Failure::Said(format!("{shown} cannot be opened: {error}"))),
    }
}
