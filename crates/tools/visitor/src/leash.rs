//! Ties a program to the one that has started it, so that it ends with it.
//!
//! The program's standard output is one end of a pair of sockets. What it prints comes out of the
//! other end; and when nothing can come from there any more, it is to stop: that is when it is told
//! to, and also when the one that has started it ends however it may.

use std::{
    future::pending,
    io::{self, Read},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    process::Stdio,
    thread,
};

use tokio::{
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    sync::oneshot,
};

use crate::{Failure, Result};

/// A pair of sockets: what is printed, what tells the program to stop once it is dropped, and the
/// standard output for the program.
///
/// # Errors
///
/// If the system has none.
pub fn leash() -> Result<(OwnedReadHalf, OwnedWriteHalf, Stdio)> {
    let pair = || {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let (printed, hold) = tokio::net::UnixStream::from_std(ours)?.into_split();
        Ok::<_, io::Error>((printed, hold, OwnedFd::from(theirs).into()))
    };
    pair().map_err(Failure::to("make a pair of sockets"))
}

/// The other side: this program, started with such a standard output.
pub struct Held {
    finished: oneshot::Receiver<()>,
    stopped: oneshot::Receiver<()>,
}

impl Held {
    /// Listens from now on.
    ///
    /// # Errors
    ///
    /// If this program has no standard output.
    pub fn listen() -> Result<Self> {
        let output = io::stdout().as_fd().try_clone_to_owned();
        let mut output = UnixStream::from(output.map_err(Failure::to("use standard output"))?);
        let (finish, finished) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        // A thread of its own, which the end of this program does not wait for.
        thread::spawn(move || {
            if matches!(output.read(&mut [0]), Ok(1..)) {
                // An error means that this has not been waited for.
                let _ = finish.send(());
                // What cannot be read is at its end, too.
                let _ = io::copy(&mut output, &mut io::sink());
            }
            stop.send(())
        });
        Ok(Self { finished, stopped })
    }

    /// The two things that it waits for: a byte, by which it is told to finish its work, and the
    /// end, by which it is told to stop.
    pub fn split(self) -> (impl Future<Output = ()>, impl Future<Output = ()>) {
        let finished = async {
            if self.finished.await.is_err() {
                // The end has come instead.
                pending().await
            }
        };
        let stopped = async {
            // An error means that the thread is gone, and with it the output.
            let _ = self.stopped.await;
        };
        (finished, stopped)
    }
}
