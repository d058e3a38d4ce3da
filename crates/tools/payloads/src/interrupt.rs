//! Ctrl-C ends the capture rather than the program.

use std::{process::exit, thread, time::Duration};

use payloads::live::{END_WAIT, Live, Report};

use crate::failure::{warn, warn_of};

/// How long the output may take, once the capture is ended, to take the rest.
const OUTPUT_WAIT: Duration = Duration::from_secs(1);

/// Makes Ctrl-C end the capture rather than the program.
///
/// In a pipe, Ctrl-C reaches tcpdump too, which then ends the pipe; what it wrote last is still to
/// be shown. If the end does not come, what was seen until then is all. If that cannot be written
/// because nobody takes the output, or on a second Ctrl-C, the program ends without it.
pub fn end_on_interrupt(live: &Live<impl Report + 'static>, name: &str) {
    let end = {
        let live = live.clone();
        let name = name.to_owned();
        move || {
            let ended = live.end();
            let code = i32::from(ended.is_err());
            warn_of(&ended.unwrap_or_default(), &name);
            exit(code);
        }
    };
    let mut end = Some(end);
    let handler = move || {
        let Some(end) = end.take() else {
            exit(1);
        };
        thread::spawn(move || {
            thread::sleep(END_WAIT);
            thread::spawn(end);
            thread::sleep(OUTPUT_WAIT);
            warn("left unfinished, because nothing reads the output");
            exit(1);
        });
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        warn(&format!("Ctrl-C will end it without the sums: {error}"));
    }
}
