//! Fills the documents, draws the chart, and writes the page, from the captures:
//!
//!     cargo run -p readme

use std::{fs, path::Path, process::ExitCode};

use readme::{Captures, DOCUMENTS, Error, PAGE, chart, filled, page};

/// The chart, by its path in the repository.
const CHART: &str = "pcap/update.svg";

fn main() -> ExitCode {
    match fill() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("readme: {error}");
            ExitCode::FAILURE
        }
    }
}

fn fill() -> Result<(), Error> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let captures = Captures::read(&top.join("pcap"))?;
    for document in DOCUMENTS {
        let fault = |error: &dyn std::fmt::Display| Error(format!("{document}: {error}"));
        let text = fs::read_to_string(top.join(document)).map_err(|error| fault(&error))?;
        let filled = filled(&text, &captures).map_err(|error| fault(&error))?;
        save(&top, document, &filled)?;
    }
    save(&top, CHART, &chart(&captures))?;
    save(&top, PAGE, &page(&captures))
}

/// Writes `text` into the file at `path` below `top`, unless that is in it, and says which it was.
fn save(top: &Path, path: &str, text: &str) -> Result<(), Error> {
    let file = top.join(path);
    if fs::read_to_string(&file).is_ok_and(|before| before == text) {
        println!("{path} is what the captures say");
        return Ok(());
    }
    fs::write(&file, text).map_err(|error| Error(format!("{path}: {error}")))?;
    println!("{path} is written anew from the captures");
    Ok(())
}
