//! The capture: the thread that reads it, and what ends it.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
    pin::pin,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use payloads::{
    live::{END_WAIT, Input, Live, Outcome},
    report::json::Json,
};
use tokio::{select, signal::ctrl_c, sync::oneshot, time::timeout};

use crate::{start::say, viewers::Lines};

/// How often a file is looked at for more.
const POLL: Duration = Duration::from_millis(10);

/// A capture that is being read.
pub struct Capture {
    name: String,
    lines: Lines,
    live: Live<Json<Lines>>,
    /// How the reading ended, once it has.
    outcome: oneshot::Receiver<io::Result<Outcome>>,
    /// Whether a file is to grow no more.
    stopped: Arc<AtomicBool>,
}

impl Capture {
    /// Reads the capture called `name` in a thread of its own, and adds its lines to `lines`.
    ///
    /// # Errors
    ///
    /// What to say, in one line, if it cannot be opened.
    pub fn open(name: &Path, lines: Lines) -> Result<Self, String> {
        let (input, shown) = Input::open(name, "watch")?;
        // In a line of JSON it has its name as it is.
        let as_it_is = if name == Path::new("-") {
            shown.clone()
        } else {
            name.to_string_lossy().into_owned()
        };
        let live = Live::new(Json::new(lines.clone(), as_it_is, None));
        let stopped = Arc::new(AtomicBool::new(false));
        let (sender, outcome) = oneshot::channel();
        let capture =
            Self { name: shown, lines, live: live.clone(), outcome, stopped: stopped.clone() };
        thread::spawn(move || {
            let outcome = match input {
                Input::File(file) => live.read(Growing { file, stopped }),
                input => live.read(input),
            };
            // Where nobody waits for it any more, it was stopped.
            let _ = sender.send(outcome);
        });
        Ok(capture)
    }

    /// Waits for Ctrl-C, which ends the capture too, or, where there is nothing to show, for the end of
    /// the capture alone: the exit status.
    pub async fn until_ctrl_c(mut self) -> ExitCode {
        let mut interrupt = pin!(ctrl_c());
        let outcome = select! {
            biased;
            _ = &mut interrupt => None,
            outcome = self.end() => Some(outcome),
        };
        let interrupted = outcome.is_none();
        let outcome = match outcome {
            Some(outcome) => outcome,
            None => self.stop().await,
        };
        let stays = !interrupted && !self.lines.is_empty();
        let name = &self.name;
        for line in &outcome.warnings {
            say(&format!("{name}: {line}"));
        }
        match (&outcome.error, stays) {
            (Some(error), true) => say(&format!("{name} {error}; the page stays until Ctrl-C")),
            (Some(error), false) => say(&format!("{name} {error}")),
            (None, true) => say(&format!("{name} is over; the page stays until Ctrl-C")),
            (None, false) => {}
        }
        if !stays {
            // Those who wait for a capture that does not come are told that it is over.
            let _ = self.live.end();
        }
        self.lines.end();
        if stays {
            let _ = interrupt.await;
        }
        if outcome.error.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    /// Waits until the input ends.
    async fn end(&mut self) -> Outcome {
        // Neither fails: lines are kept in memory, and the thread sends before it ends.
        (&mut self.outcome).await.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// Ends the capture, if its input does not end by itself in a moment.
    async fn stop(&mut self) -> Outcome {
        self.stopped.store(true, Ordering::Relaxed);
        match timeout(END_WAIT, self.end()).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome { warnings: self.live.end().unwrap_or_default(), error: None },
        }
    }
}

/// A file that others write to: where it ends is only how far they are.
struct Growing {
    file: File,
    stopped: Arc<AtomicBool>,
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.file.read(buffer)?;
            let file = self.file.metadata()?;
            // A pipe may have a name, and ends when its writers do.
            if count > 0 || !file.is_file() || self.stopped.load(Ordering::Relaxed) {
                return Ok(count);
            }
            if self.file.stream_position()? > file.len() {
                return Err(io::Error::other("it was begun anew: start watch again"));
            }
            thread::sleep(POLL);
        }
    }
}
