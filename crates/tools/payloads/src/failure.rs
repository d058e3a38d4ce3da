//! How the program says that something went wrong.

use std::{
    io::{self, Write},
    process::ExitCode,
};

/// Why the program ends with exit status 1.
pub enum Failure {
    /// The output cannot be written.
    Output(io::Error),
    /// What this line says.
    Said(String),
    /// What was said already.
    Warned,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl Failure {
    /// The exit status, after what is left to say was said.
    pub fn exit(self) -> ExitCode {
        match self {
            // Whoever read the output has seen enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            failure => {
                failure.say();
                ExitCode::FAILURE
            }
        }
    }

    /// Says what is left to say.
    pub fn say(&self) {
        match self {
            Self::Output(error) => warn(&format!("cannot write: {error}")),
            Self::Said(line) => warn(line),
            Self::Warned => {}
        }
    }
}

/// Prints a line on standard error; where that is closed, there is nobody to tell.
pub fn warn(line: &str) {
    let _ = writeln!(io::stderr(), "payloads: {line}");
}

/// Prints what is to be said of the capture called `name`, in a line each.
pub fn warn_of(lines: &[String], name: &str) {
    for line in lines {
        warn(&format!("{name}: {line}"));
    }
}
