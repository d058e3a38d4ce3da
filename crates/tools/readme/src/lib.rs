//! Fills the README and the exercises with what the captures say.
//!
//! ```sh
//! cargo run -p readme
//! ```
//!
//! A figure, table, payload or diagram that comes from a capture is not written by hand. It stands
//! between comments that say where it comes from, and this crate puts it there:
//!
//! ```markdown
//! <!-- begin table overall -->
//!
//! | PCAP | ... |
//!
//! <!-- end -->
//!
//! An update takes <!-- = wsapp update app-bytes -->36<!-- /= --> bytes.
//! ```
//!
//! Its tests fail when a document is not what the captures say.

mod blocks;
mod captures;
mod chart;
mod diagram;
mod error;
mod page;
mod values;

pub use captures::{APPS, Capture, Captures};
pub use chart::chart;
pub use error::Error;
pub use page::{PAGE, PICTURE, digest, page};

/// The documents that are filled, by their paths in the repository.
pub const DOCUMENTS: [&str; 2] = ["README.md", "pcap/exercises.md"];

/// The beginning and the end of what opens a block; both it and [`END`] are lines of their own.
const BEGIN: (&str, &str) = ("<!-- begin ", " -->");
const END: &str = "<!-- end -->";

/// The beginning and the end of what opens a value within a line, and what closes it.
const VALUE: (&str, &str) = ("<!-- = ", " -->");
const END_VALUE: &str = "<!-- /= -->";

/// `document` with each of its blocks and values as the captures have them.
///
/// # Errors
///
/// If a comment asks for what is not there, or is not closed.
pub fn filled(document: &str, captures: &Captures) -> Result<String, Error> {
    let mut text = String::with_capacity(document.len());
    let mut lines = document.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let at = |error: Error| Error(format!("line {}: {error}", index + 1));
        let Some(name) = between(line, BEGIN) else {
            text.push_str(&with_values(line, captures).map_err(at)?);
            text.push('\n');
            continue;
        };
        if !lines.any(|(_, line)| line == END) {
            return Err(at(Error(format!("{line} is not closed by {END}"))));
        }
        let block = blocks::block(name, captures).map_err(at)?;
        text.push_str(&format!("{line}\n\n{}\n\n{END}\n", block.trim_end_matches('\n')));
    }
    Ok(text)
}

/// A line with each of its values as the captures have it.
fn with_values(line: &str, captures: &Captures) -> Result<String, Error> {
    // Markdown takes a line that begins with a comment for HTML (CommonMark section 4.6).
    if line.trim_start().starts_with(VALUE.0) {
        return Err(Error("a line may not begin with a value".into()));
    }
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(VALUE.0) {
        let (before, opened) = rest.split_at(start);
        let (name, after) = opened[VALUE.0.len()..]
            .split_once(VALUE.1)
            .ok_or_else(|| Error(format!("{opened} is not closed")))?;
        let (_, after) = after
            .split_once(END_VALUE)
            .ok_or_else(|| Error(format!("{name} is not closed by {END_VALUE}")))?;
        let value = values::value(name, captures)?;
        text.push_str(&format!("{before}{}{name}{}{value}{END_VALUE}", VALUE.0, VALUE.1));
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// What stands between the two parts of `marks`, if `line` is nothing else.
fn between<'a>(line: &'a str, marks: (&str, &str)) -> Option<&'a str> {
    line.strip_prefix(marks.0)?.strip_suffix(marks.1)
}
