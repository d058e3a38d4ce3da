//! A capture while it is being made: what has come is reported before more is waited for, and the
//! capture can be ended before its input is.
//!
//! This stands above [`report`](crate::report), and serves each report alike.

use std::{
    fs::File,
    io::{self, IsTerminal, Read, Stdin, Write},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use crate::{
    input::{Packet, ReadError, Reader},
    report::{
        escape::escaped,
        json::{End, Json},
        show::Show,
        show_packets::ShowPackets,
    },
    tcp::EARLY_WAIT,
};

/// How long a capture's end may take to come through the pipe after Ctrl-C, which reaches the program
/// at its other end too, before the capture is ended without it.
pub const END_WAIT: Duration = Duration::from_secs(1);

/// Where a capture comes from.
pub enum Input {
    /// Standard input.
    Standard(Stdin),
    /// A file.
    File(File),
}

impl Input {
    /// The input called `name`, which is standard input where that is `-`, and what to call it in
    /// messages, where a name that is not text or not fit for a terminal is escaped. `program` is
    /// what to call to have standard input read.
    ///
    /// # Errors
    ///
    /// What to say, in one line, if it cannot be opened or is a terminal.
    pub fn open(name: &Path, program: &str) -> Result<(Self, String), String> {
        if name == Path::new("-") {
            let input = io::stdin();
            if input.is_terminal() {
                return Err(format!(
                    "standard input is a terminal: name a file, or pipe a capture in, as in sudo \
                     tcpdump -i lo --immediate-mode -U -w - port 8000 | {program} -"
                ));
            }
            return Ok((Self::Standard(input), "standard input".to_owned()));
        }
        let shown = escaped(&name.to_string_lossy());
        match File::open(name) {
            Ok(file) => Ok((Self::File(file), shown)),
            Err(error) => Err(format!("{shown} cannot be opened: {error}")),
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Standard(input) => input.read(buffer),
            Self::File(input) => input.read(buffer),
        }
    }
}

/// What is made of a capture, packet by packet.
///
/// # Errors
///
/// Each of these fails if the output cannot be written.
pub trait Report: Send {
    /// Takes a packet. What it completes may wait in memory until [`flush`](Self::flush).
    fn packet(&mut self, packet: &Packet<'_>) -> io::Result<()>;
    /// Writes all that is complete.
    fn flush(&mut self) -> io::Result<()>;
    /// How many segments were taken, if one may wait for others that were captured the wrong way
    /// round.
    fn has_early(&mut self) -> Option<u64>;
    /// Nothing came for [`EARLY_WAIT`]: writes what waited for it.
    fn release_early(&mut self) -> io::Result<()>;
    /// The capture is over: writes what is left. A second call does nothing.
    fn finish(&mut self, end: End) -> io::Result<()>;
    /// What a reader should know of the packets, in a line each; `unsupported` of them were of an
    /// interface with a link type that is not supported.
    fn warnings(&mut self, unsupported: u64) -> Vec<String>;
}

/// What is to be said when a capture is over.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What a reader should know, in a line each.
    pub warnings: Vec<String>,
    /// Why the rest, or all of it, could not be read.
    pub error: Option<ReadError>,
}

/// A report of a capture that is being made.
pub struct Live<R> {
    report: Arc<Mutex<R>>,
    ended: Arc<AtomicBool>,
}

impl<R> Clone for Live<R> {
    fn clone(&self) -> Self {
        Self { report: Arc::clone(&self.report), ended: Arc::clone(&self.ended) }
    }
}

impl<R: Report + 'static> Live<R> {
    /// A `report` of nothing yet.
    pub fn new(report: R) -> Self {
        Self { report: Arc::new(Mutex::new(report)), ended: Arc::new(AtomicBool::new(false)) }
    }

    /// Reports what comes from `input` until its end, each time all of it before it waits for more.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn read(&self, input: impl Read) -> io::Result<Outcome> {
        let mut reader = Reader::new(input);
        let mut begun = false;
        let error = match self.read_packets(&mut reader, &mut begun) {
            Ok(()) => None,
            Err(Stop::Read(error)) => Some(error),
            Err(Stop::Output(error)) => return Err(error),
        };
        let damaged_at = match &error {
            Some(ReadError::Damaged(offset)) => Some(*offset),
            // There was no capture.
            Some(_) if !begun => return Ok(Outcome { warnings: Vec::new(), error }),
            _ => None,
        };
        let end = End {
            cut_at: reader.cut_at(),
            damaged_at,
            damaged: error.is_some(),
            unsupported: reader.unsupported(),
        };
        let mut report = self.report();
        report.finish(end)?;
        let mut warnings = report.warnings(reader.unsupported());
        if let Some(offset) = reader.cut_at() {
            warnings.push(format!("ends in the middle of a packet, at byte {offset}"));
        }
        Ok(Outcome { warnings, error })
    }

    fn read_packets(&self, reader: &mut Reader<impl Read>, begun: &mut bool) -> Result<(), Stop> {
        let quiet = self.release_early_when_quiet();
        loop {
            {
                let mut report = self.report();
                // It may have been ended while this waited for more.
                if self.ended.load(Ordering::Relaxed) {
                    return Ok(());
                }
                while let Some(packet) = reader.next_buffered()? {
                    *begun = true;
                    report.packet(&packet)?;
                }
                report.flush()?;
                if let Some(count) = report.has_early() {
                    let _ = quiet.send(count);
                }
            }
            if !reader.fill_buffer()? {
                return Ok(());
            }
        }
    }

    /// Where to say, before waiting for more, how many segments there were: if there are no more a
    /// moment later, what waited for them is reported.
    fn release_early_when_quiet(&self) -> mpsc::Sender<u64> {
        let (sender, receiver) = mpsc::channel();
        let live = self.clone();
        thread::spawn(move || {
            while let Ok(count) = receiver.recv() {
                let count = receiver.try_iter().last().unwrap_or(count);
                thread::sleep(Duration::from_nanos(EARLY_WAIT.unsigned_abs()));
                let mut report = live.report();
                // If this fails, so does the next one, which says so.
                if report.has_early() == Some(count) && report.release_early().is_err() {
                    return;
                }
            }
        });
        sender
    }

    /// Ends the capture here, whatever its input may still bring: what is to be said of it.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub fn end(&self) -> io::Result<Vec<String>> {
        self.ended.store(true, Ordering::Relaxed);
        let mut report = self.report();
        report.finish(End::default())?;
        Ok(report.warnings(0))
    }

    fn report(&self) -> MutexGuard<'_, R> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why reading stops before the end.
enum Stop {
    Read(ReadError),
    Output(io::Error),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl<W: Write + Send> Report for Json<W> {
    fn packet(&mut self, packet: &Packet<'_>) -> io::Result<()> {
        self.packet(packet)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush()
    }

    fn has_early(&mut self) -> Option<u64> {
        self.has_early()
    }

    fn release_early(&mut self) -> io::Result<()> {
        self.release_early()
    }

    fn finish(&mut self, end: End) -> io::Result<()> {
        self.finish(end)
    }

    fn warnings(&mut self, unsupported: u64) -> Vec<String> {
        self.warnings(unsupported)
    }
}

impl<W: Write + Send> Report for ShowPackets<W> {
    fn packet(&mut self, packet: &Packet<'_>) -> io::Result<()> {
        self.packet(packet)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush()
    }

    fn has_early(&mut self) -> Option<u64> {
        self.has_early()
    }

    fn release_early(&mut self) -> io::Result<()> {
        self.release_early()
    }

    fn finish(&mut self, end: End) -> io::Result<()> {
        self.finish(end)
    }

    fn warnings(&mut self, unsupported: u64) -> Vec<String> {
        self.warnings(unsupported)
    }
}

impl<W: Write + Send> Report for Show<W> {
    fn packet(&mut self, packet: &Packet<'_>) -> io::Result<()> {
        self.packet(packet)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush()
    }

    fn has_early(&mut self) -> Option<u64> {
        self.has_early()
    }

    fn release_early(&mut self) -> io::Result<()> {
        self.release_early()
    }

    fn finish(&mut self, _end: End) -> io::Result<()> {
        self.finish()
    }

    fn warnings(&mut self, unsupported: u64) -> Vec<String> {
        self.warnings(unsupported)
    }
}
