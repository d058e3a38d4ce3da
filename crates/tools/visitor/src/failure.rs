//! What stops a visit, in one line.

use std::{fmt, result, time::Duration};

use tokio::time::timeout;

/// How long an answer may take, and whatever else takes a moment, before it counts as missing.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How late the word may be of what has ended several programs at once, this one among them.
pub const MOMENT: Duration = Duration::from_millis(300);

/// A result of this crate.
pub type Result<T> = result::Result<T, Failure>;

/// One line that says what is wrong and what to do.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// The failure that `line` describes.
    pub fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }

    /// For `map_err`: the failure of doing `what`, with the reason that the error gives.
    pub fn to<E: fmt::Display>(what: impl fmt::Display) -> impl FnOnce(E) -> Self {
        move |error| {
            // An error from elsewhere may have many lines; the first one says what it is.
            let reason = error.to_string();
            Self(format!("cannot {what}: {}", reason.lines().next().unwrap_or_default()))
        }
    }
}

/// What `work` returns, or the failure that `what` has not happened after `patience`.
///
/// # Errors
///
/// If `work` fails, or takes `patience` or longer.
pub async fn in_time<T>(
    patience: Duration,
    what: impl fmt::Display,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    timeout(patience, work)
        .await
        .unwrap_or_else(|_| Err(Failure::new(format!("{what} in {patience:?}"))))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}
