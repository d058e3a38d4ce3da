//! The program that shows the packets as they come.

use std::{
    ffi::OsString,
    io,
    process::{ExitCode, Stdio},
    time::Duration,
};

use tokio::{
    io::{copy, stdout},
    net::unix::OwnedWriteHalf,
    process::{Child, ChildStdin, Command},
    task::JoinHandle,
    time::timeout,
};

use crate::{Failure, Result, leash::leash, tools::built};

/// Runs a command until it ends by itself or the socket that is its standard output is closed. What
/// a shell starts in the background has no standard input, and the shell's may not end, hence the
/// numbers 3 and 4. Ctrl-C is for the command, which then ends as it sees fit.
const HOLD: &str = "trap '' INT; exec 3<&0 4<&1; \"$@\" <&3 3<&- 4<&- & program=$!; \
                    exec 3<&-; (read -r line <&4; kill $program) >/dev/null 2>&1 & holder=$!; \
                    wait $program; status=$?; kill $holder; exit $status";

/// How long it may take, once the packets have ended, to end by itself.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// A viewer that runs.
pub struct Viewer {
    process: Child,
    hold: OwnedWriteHalf,
    printed: JoinHandle<io::Result<u64>>,
}

impl Viewer {
    /// Starts `command`, or else `watch` of this workspace. Returns it with its standard input.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn start(command: &[OsString]) -> Result<(Self, ChildStdin)> {
        let watch;
        let command = if command.is_empty() {
            watch = [built("watch")?.into(), "-".into()];
            &watch
        } else {
            command
        };
        let (mut printed, hold, output) = leash()?;
        let mut process = Command::new("sh")
            .args(["-c", HOLD, "sh"])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(output)
            .spawn()
            .map_err(Failure::to("start the viewer"))?;
        let Some(input) = process.stdin.take() else {
            return Err(Failure::new("the viewer has no input"));
        };
        let printed = tokio::spawn(async move { copy(&mut printed, &mut stdout()).await });
        Ok((Self { process, hold, printed }, input))
    }

    /// Waits until it ends by itself, and returns how.
    pub async fn ended(&mut self) -> ExitCode {
        let code = self.process.wait().await.ok().and_then(|status| status.code());
        let code = code.and_then(|code| u8::try_from(code).ok());
        code.map_or(ExitCode::FAILURE, ExitCode::from)
    }

    /// Stops it, after its input has ended, and returns when it is gone.
    pub async fn stop(mut self) {
        if timeout(LAST_WAIT, self.process.wait()).await.is_err() {
            drop(self.hold);
            // An error means that it is gone already.
            let _ = self.process.wait().await;
        }
        // It is of no matter here whether anybody has read what it printed.
        let _ = timeout(LAST_WAIT, self.printed).await;
    }
}
