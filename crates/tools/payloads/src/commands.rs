//! What `payloads show`, `payloads page` and `payloads stats` do.

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    path::Path,
};

use payloads::{
    input::ReadError,
    live::{Input, Live, Report},
    report::{
        json::Json,
        page::{self, Reading},
        show::{Show, Style},
        show_packets::ShowPackets,
        stats::{self, Stats},
    },
};

use crate::{
    failure::{Failure, warn, warn_of},
    interrupt::end_on_interrupt,
};

/// Prints the conversations of the capture called `name`, or its `packets`, as it comes.
///
/// # Errors
///
/// If it cannot be read, or the output cannot be written.
pub fn show(name: &Path, style: Style, packets: bool, port: Option<u16>) -> Result<(), Failure> {
    let (input, shown) = Input::open(name, "payloads show").map_err(Failure::Said)?;
    if packets {
        live(ShowPackets::new(io::stdout(), style, port), input, &shown)
    } else {
        live(Show::new(io::stdout(), style, port), input, &shown)
    }
}

/// Prints the capture called `name` as lines of JSON, as it comes.
///
/// # Errors
///
/// If it cannot be read, or the output cannot be written.
pub fn show_json(name: &Path, port: Option<u16>) -> Result<(), Failure> {
    let (input, shown) = Input::open(name, "payloads show --json").map_err(Failure::Said)?;
    live(Json::new(io::stdout(), name_in_json(name, &shown), port), input, &shown)
}

/// What a capture is called in JSON: a program wants the name of a file as it is.
fn name_in_json(name: &Path, shown: &str) -> String {
    if name == Path::new("-") { shown.to_owned() } else { name.to_string_lossy().into_owned() }
}

/// Lets `report` tell of what comes from `input`, which messages call `shown`.
fn live(report: impl Report + 'static, input: Input, shown: &str) -> Result<(), Failure> {
    let live = Live::new(report);
    end_on_interrupt(&live, shown);
    let outcome = live.read(input)?;
    warn_of(&outcome.warnings, shown);
    match outcome.error {
        Some(error) => Err(Failure::Said(format!("{shown} {error}"))),
        None => Ok(()),
    }
}

/// Prints the page of the captures called `names`, leaving out those that cannot be read.
///
/// # Errors
///
/// If one of them cannot be read, or the output cannot be written.
pub fn page<'a>(
    names: impl Iterator<Item = &'a OsString>,
    port: Option<u16>,
) -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        let line =
            "a page is for a browser: write it to a file, as in payloads page my.pcap > my.html";
        return Err(Failure::Said(line.to_owned()));
    }
    let mut captures = Vec::new();
    let mut failed = false;
    for name in names {
        let name = Path::new(name);
        let read =
            Input::open(name, "payloads page").and_then(|(input, shown)| {
                match Reading::new(input, name_in_json(name, &shown), port) {
                    Ok(reading) => Ok((shown, reading)),
                    Err(error) => Err(format!("{shown} {error}")),
                }
            });
        let (shown, reading) = match read {
            Ok(read) => read,
            Err(line) => {
                failed = true;
                warn(&line);
                continue;
            }
        };
        warn_of(&reading.warnings, &shown);
        if let Some(error) = reading.error {
            failed = true;
            warn(&format!("{shown} {error}"));
        }
        captures.push((name_on_tab(name, &shown), reading.lines));
    }
    if captures.is_empty() {
        return Err(Failure::Warned);
    }
    let mut out = io::stdout().lock();
    out.write_all(page::page(&captures).as_bytes())?;
    out.flush()?;
    if failed { Err(Failure::Warned) } else { Ok(()) }
}

/// What a capture is called on its tab and in addresses: the file's name without its ending.
fn name_on_tab(name: &Path, shown: &str) -> String {
    match name.file_stem() {
        Some(stem) if name != Path::new("-") => stem.to_string_lossy().into_owned(),
        _ => shown.to_owned(),
    }
}

/// Prints the figures of the captures called `names`, leaving out those that cannot be read.
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
    let mut failed = false;
    for name in names {
        let read = Input::open(Path::new(name), "payloads stats").and_then(|(input, shown)| {
            match Stats::read(input, port) {
                Ok(stats) => Ok((shown, stats)),
                Err(error) => Err(format!("{shown} {error}")),
            }
        });
        let (shown, stats) = match read {
            Ok(read) => read,
            Err(line) => {
                failed = true;
                warn(&line);
                continue;
            }
        };
        warn_of(&stats.warnings(), &shown);
        if let Some(offset) = stats.damaged_at {
            failed = true;
            warn(&format!("{shown} {}", ReadError::Damaged(offset)));
        }
        // A table escapes it.
        captures.push((name_in_json(Path::new(name), &shown), stats));
    }
    if captures.is_empty() {
        return Err(Failure::Warned);
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
    if failed { Err(Failure::Warned) } else { Ok(()) }
}
