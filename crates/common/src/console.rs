//! The console of an app: lines on standard output.

use std::{
    io::{self, Write},
    mem,
    sync::{Condvar, Mutex, MutexGuard, Once, PoisonError},
    thread,
};

/// How many bytes may wait for a reader of the output that has stopped reading.
const WAITING_LIMIT: usize = 256 * 1024;

static WRITER: Once = Once::new();
static WAITING: Mutex<String> = Mutex::new(String::new());
static ARRIVED: Condvar = Condvar::new();

/// Prints a line on standard output, and never makes the server wait for it.
///
/// `println!` waits while a pipe is full and panics once it is closed, and a server must do
/// neither: it goes on serving when nobody reads its console. So a thread of its own writes the
/// lines. Lines that come while 256 KiB wait to be written are dropped.
pub fn print_line(line: &str) {
    WRITER.call_once(|| {
        thread::spawn(write_lines);
    });
    let mut waiting = waiting();
    if waiting.len() + line.len() < WAITING_LIMIT {
        waiting.push_str(line);
        waiting.push('\n');
        ARRIVED.notify_one();
    }
}

/// Writes the lines as they arrive, all that wait in one go.
fn write_lines() {
    loop {
        let mut waiting = ARRIVED
            .wait_while(waiting(), |lines| lines.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let lines = mem::take(&mut *waiting);
        drop(waiting);
        // An error means that nobody reads this console, which is no concern of the server's.
        let _ = io::stdout().write_all(lines.as_bytes());
    }
}

/// The lines that wait. No code can panic while it holds the lock, so poison means nothing here.
fn waiting() -> MutexGuard<'static, String> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}
