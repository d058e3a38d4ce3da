//! The console of an app: lines on standard output.

use std::{
    io::{self, Write},
    mem,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread::{self, Thread},
    time::Duration,
};

/// How many bytes may wait for a reader of the output that has stopped reading.
const WAITING_LIMIT: usize = 256 * 1024;

/// From one writing to the next. Waking the writer for each line would cost the server more than
/// its answer does.
const PAUSE: Duration = Duration::from_millis(10);

static WRITER: OnceLock<Thread> = OnceLock::new();
static WAITING: Mutex<String> = Mutex::new(String::new());

/// Prints a line on standard output as `println!` does, and never makes the server wait for it.
///
/// `println!` waits while a pipe is full and panics once it is closed, and a server must do
/// neither: it goes on serving when nobody reads its console. So a thread of its own writes the
/// lines, the first at once and others within 10 ms. Lines that come while 256 KiB wait to be
/// written are dropped.
#[macro_export]
macro_rules! print_line {
    ($($arg:tt)*) => {
        $crate::console::print(&format!($($arg)*))
    };
}

/// What [`print_line!`](crate::print_line) does with the line.
pub fn print(line: &str) {
    let writer = WRITER.get_or_init(|| thread::spawn(write_lines).thread().clone());
    let mut waiting = waiting();
    if waiting.len() + line.len() < WAITING_LIMIT {
        waiting.push_str(line);
        waiting.push('\n');
        drop(waiting);
        writer.unpark();
    }
}

/// Writes the lines as they arrive, all that wait in one go.
fn write_lines() {
    loop {
        let lines = mem::take(&mut *waiting());
        if lines.is_empty() {
            thread::park();
        } else {
            // An error means that nobody reads this console, which is no concern of the server's.
            let _ = io::stdout().write_all(lines.as_bytes());
            thread::sleep(PAUSE);
        }
    }
}

/// The lines that wait. No code can panic while it holds the lock, so poison means nothing here.
fn waiting() -> MutexGuard<'static, String> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}
