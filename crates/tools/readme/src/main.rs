//! Fills the README, and draws the chart, from the captures:
//!
//!     cargo run -p readme

use std::{fs, path::Path, process::ExitCode};

use readme::{Captures, Error, chart, filled};

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
    let (readme, pcap) = (top.join("README.md"), top.join("pcap"));
    let fault = |error| Error(format!("README.md: {error}"));
    let captures = Captures::read(&pcap)?;
    let text = fs::read_to_string(&readme).map_err(|error| fault(error.to_string()))?;
    let text = filled(&text, &captures).map_err(|error| fault(error.to_string()))?;
    fs::write(&readme, text).map_err(|error| fault(error.to_string()))?;
    let picture = pcap.join("update.svg");
    fs::write(&picture, chart(&captures)).map_err(|error| Error(format!("update.svg: {error}")))?;
    println!("filled README.md and drew pcap/update.svg, as the captures have it");
    Ok(())
}
