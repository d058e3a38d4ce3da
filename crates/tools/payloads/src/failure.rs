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
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return ExitCode::SUCCESS;
            }
            Self::Output(error) => warn(&format!("cannot write: {error}")),
            Self::Said(line) => warn(&line),
            Self::Warned => {}
        }
        ExitCode::FAILURE
    }
}

/// Prints a line on standard error; where that is closed, there is nobody to tell.
pub fn warn(line: &str) {
    let _ = writeln!(io::stderr(), "payloads: {line}");
}
