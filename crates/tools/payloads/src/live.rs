//! Shows a capture while it is being made: what has come is printed before more is waited for, and
//! Ctrl-C ends the capture rather than the program.

use std::{
    io::{self, Read, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use payloads::{
    input::{ReadError, Reader},
    report::show::{Show, Style},
    tcp::EARLY_WAIT,
};

use crate::failure::{Failure, warn};

/// How long the capture's end may take to come through the pipe after Ctrl-C, before the program
/// ends without it.
const END_WAIT: Duration = Duration::from_secs(1);

/// How long the output may take, after that, to take the rest.
const OUTPUT_WAIT: Duration = Duration::from_secs(1);

/// Whether reading is to stop.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Shows the capture that comes from `input`, which messages call `name`, as it comes.
///
/// # Errors
///
/// If the input cannot be read, is no capture or is damaged, or the output cannot be written.
pub fn show(input: impl Read, name: &str, style: Style, port: Option<u16>) -> Result<(), Failure> {
    let show = Show::new(io::stdout(), style, port);
    let show = Arc::new(Mutex::new(show));
    end_on_interrupt(&show, name);
    let mut reader = Reader::new(input);
    let result = read(&mut reader, &show);
    let mut show = show.lock().unwrap_or_else(PoisonError::into_inner);
    let read_error = match result {
        Ok(()) => None,
        Err(ShowError::Read(error @ ReadError::Damaged(_))) => Some(error),
        Err(ShowError::Read(error)) => return Err(Failure::Said(format!("{name} {error}"))),
        Err(ShowError::Output(error)) => return Err(error.into()),
    };
    show.finish()?;
    warn_of(&show, reader.unsupported(), name);
    if let Some(offset) = reader.cut_at() {
        warn(&format!("{name}: ends in the middle of a packet, at byte {offset}"));
    }
    match read_error {
        Some(error) => Err(Failure::Said(format!("{name} {error}"))),
        None => Ok(()),
    }
}

fn warn_of(show: &Show<impl Write>, unsupported: u64, name: &str) {
    for line in show.warnings(unsupported) {
        warn(&format!("{name}: {line}"));
    }
}

enum ShowError {
    Read(ReadError),
    Output(io::Error),
}

impl From<ReadError> for ShowError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<io::Error> for ShowError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Shows what `reader` has until its end, each time all of it before it waits for more.
fn read(
    reader: &mut Reader<impl Read>,
    show: &Arc<Mutex<Show<impl Write + Send + 'static>>>,
) -> Result<(), ShowError> {
    let quiet = release_early_when_quiet(show);
    loop {
        {
            let mut show = show.lock().unwrap_or_else(PoisonError::into_inner);
            while let Some(packet) = reader.next_buffered()? {
                show.packet(&packet)?;
            }
            show.flush()?;
            if let Some(count) = show.has_early() {
                let _ = quiet.send(count);
            }
        }
        if INTERRUPTED.load(Ordering::Relaxed) || !reader.fill_buffer()? {
            return Ok(());
        }
    }
}

/// Where to say, before waiting for more, how many segments there were: if there are no more a moment
/// later, what waited for them is shown.
fn release_early_when_quiet(
    show: &Arc<Mutex<Show<impl Write + Send + 'static>>>,
) -> mpsc::Sender<u64> {
    let (sender, receiver) = mpsc::channel();
    let show = Arc::clone(show);
    thread::spawn(move || {
        while let Ok(count) = receiver.recv() {
            let count = receiver.try_iter().last().unwrap_or(count);
            thread::sleep(Duration::from_nanos(EARLY_WAIT.unsigned_abs()));
            let mut show = show.lock().unwrap_or_else(PoisonError::into_inner);
            // If this fails, so does the next one, which says so.
            if show.has_early() == Some(count) && show.release_early().is_err() {
                return;
            }
        }
    });
    sender
}

/// Makes Ctrl-C end the capture rather than the program.
///
/// In a pipe, Ctrl-C reaches tcpdump too, which then ends the pipe; what it wrote last is still to
/// be shown. If the end does not come, what was seen until then is all. If that cannot be written
/// because nobody takes the output, or on a second Ctrl-C, the program ends without it.
fn end_on_interrupt(show: &Arc<Mutex<Show<impl Write + Send + 'static>>>, name: &str) {
    let end = {
        let show = Arc::clone(show);
        let name = name.to_owned();
        move || {
            let mut show = show.lock().unwrap_or_else(PoisonError::into_inner);
            let code = i32::from(show.finish().is_err());
            warn_of(&show, 0, &name);
            std::process::exit(code);
        }
    };
    let mut end = Some(end);
    let handler = move || {
        let Some(end) = end.take() else {
            std::process::exit(1);
        };
        thread::spawn(move || {
            thread::sleep(END_WAIT);
            INTERRUPTED.store(true, Ordering::Relaxed);
            thread::spawn(end);
            thread::sleep(OUTPUT_WAIT);
            warn("left unfinished, because nothing reads the output");
            std::process::exit(1);
        });
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        warn(&format!("Ctrl-C will end it without the sums: {error}"));
    }
}
