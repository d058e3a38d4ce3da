//! The ways in which a visit is told to stop before its end.

use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{Failure, Result};

/// The signals that ask this program to stop, which end it no longer by themselves.
pub struct Stop {
    /// Ctrl-C.
    interrupt: Signal,
    /// What `kill` sends.
    terminate: Signal,
    /// The terminal is closed.
    hangup: Signal,
}

impl Stop {
    /// Listens to the signals from now on.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(Failure::to("listen to signals"));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// Waits for one of them, and returns the exit status of a program that it has ended.
    pub async fn asked(&mut self) -> ExitCode {
        let kind = tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = self.hangup.recv() => SignalKind::hangup(),
        };
        ended_by(kind)
    }
}

/// The exit status of a program that was told to stop by the one that has started it.
pub fn terminated() -> ExitCode {
    ended_by(SignalKind::terminate())
}

/// The exit status by which a shell reports a program that a signal has ended.
fn ended_by(kind: SignalKind) -> ExitCode {
    u8::try_from(128 + kind.as_raw_value()).map_or(ExitCode::FAILURE, ExitCode::from)
}
