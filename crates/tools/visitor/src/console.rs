//! Lines on standard output.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Prints a line. Where nobody reads any more, there is nobody to tell.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}
