//! What `payloads show` and `payloads stats` do.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::Path,
};

use payloads::{
    input::ReadError,
    live::{Input, Live},
    report::{
        show::{Show, Style},
        stats::{self, Stats},
    },
};

use crate::{
    failure::{Failure, warn, warn_of},
    interrupt::end_on_interrupt,
};

/// Prints the conversations of the capture called `name`, as it comes.
///
/// # Errors
///
/// If it cannot be read, or the output cannot be written.
pub fn show(name: &Path, style: Style, port: Option<u16>) -> Result<(), Failure> {
    let (input, shown) = Input::open(name, "payloads show").map_err(Failure::Said)?;
    let live = Live::new(Show::new(io::stdout(), style, port));
    end_on_interrupt(&live, &shown);
    let outcome = live.read(input)?;
    warn_of(&outcome.warnings, &shown);
    match outcome.error {
        Some(error) => Err(Failure::Said(format!("{shown} {error}"))),
        None => Ok(()),
    }
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
        let (input, shown) =
            Input::open(Path::new(name), "payloads stats").map_err(Failure::Said)?;
        let stats =
            Stats::read(input, port).map_err(|error| Failure::Said(format!("{shown} {error}")))?;
        warn_of(&stats.warnings(), &shown);
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
