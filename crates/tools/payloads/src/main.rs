//! Shows what a packet capture says: `payloads show FILE` and `payloads stats FILE...`.

use std::{
    env,
    ffi::OsStr,
    fs::File,
    io::{self, IsTerminal, Read, Write},
    path::Path,
    process::ExitCode,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use clap::{Arg, ArgAction, ArgMatches, Command, error::ErrorKind, value_parser};
use payloads::{
    capture::{ReadError, Reader},
    conversation::EARLY_WAIT,
    escape::escaped,
    show::{Show, Style},
    stats::{self, Stats},
};

/// How long the capture's end may take to come through the pipe after Ctrl-C, before the program
/// ends without it.
const END_WAIT: Duration = Duration::from_secs(1);

/// How long the output may take, after that, to take the rest.
const OUTPUT_WAIT: Duration = Duration::from_secs(1);

/// Whether reading is to stop.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let result = match command().try_get_matches() {
        Ok(matches) => match matches.subcommand() {
            Some(("stats", matches)) => stats(matches),
            Some((_, matches)) => show(matches),
            None => Ok(()),
        },
        Err(error) => usage(&error),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(Failure::Output(error)) => fail(&format!("cannot write: {error}")),
        Err(Failure::Said(line)) => fail(&line),
        Err(Failure::Warned) => ExitCode::FAILURE,
    }
}

/// Why the program ends with exit status 1.
enum Failure {
    /// The output cannot be written.
    Output(io::Error),
    /// What this line says.
    Said(String),
    /// What was said already.
    Warned,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

fn fail(line: &str) -> ExitCode {
    warn(line);
    ExitCode::FAILURE
}

/// Prints a line on standard error; where that is closed, there is nobody to tell.
fn warn(line: &str) {
    let _ = writeln!(io::stderr(), "payloads: {line}");
}

fn command() -> Command {
    let port = Arg::new("port")
        .long("port")
        .value_name("PORT")
        .value_parser(value_parser!(u16).range(1..))
        .help("The server's port, for connections whose beginning is not in the capture");
    Command::new("payloads")
        .about("Shows what a packet capture says, byte by byte")
        .subcommand_required(true)
        .subcommand(
            Command::new("show")
                .about("Prints the conversations of a capture")
                .arg(
                    Arg::new("file")
                        .value_name("FILE")
                        .default_value("-")
                        .value_parser(value_parser!(std::ffi::OsString))
                        .help("A pcap or pcapng file, or - for standard input"),
                )
                .arg(
                    Arg::new("explain")
                        .long("explain")
                        .action(ArgAction::SetTrue)
                        .help("Name each byte, and each bit field of a WebSocket frame"),
                )
                .arg(port.clone()),
        )
        .subcommand(
            Command::new("stats")
                .about("Prints the figures of captures as Markdown tables")
                .arg(
                    Arg::new("file")
                        .value_name("FILE")
                        .required(true)
                        .num_args(1..)
                        .value_parser(value_parser!(std::ffi::OsString))
                        .help("pcap or pcapng files, or - for standard input"),
                )
                .arg(
                    Arg::new("json")
                        .long("json")
                        .action(ArgAction::SetTrue)
                        .help("Print the figures as JSON"),
                )
                .arg(port),
        )
}

/// Help goes to standard output; a mistake is one line.
fn usage(error: &clap::Error) -> Result<(), Failure> {
    if !error.use_stderr() {
        return Ok(write!(io::stdout(), "{error}")?);
    }
    if error.kind() == ErrorKind::MissingRequiredArgument {
        return Err(Failure::Said(
            "no capture is named: name one or more, as in payloads stats my.pcap".to_owned(),
        ));
    }
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    Err(Failure::Said(format!("{line}: see payloads --help")))
}

/// The input called `name`, and what to call it in messages, where a name that is not text or not
/// fit for a terminal is escaped.
fn open(name: &Path, command: &str) -> Result<(Box<dyn Read + Send>, String), Failure> {
    if name == Path::new("-") {
        if io::stdin().is_terminal() {
            return Err(Failure::Said(format!(
                "standard input is a terminal: name a file, or pipe a capture in, as in sudo \
                 tcpdump -i lo --immediate-mode -U -w - port 8000 | payloads {command} -"
            )));
        }
        return Ok((Box::new(io::stdin()), "standard input".to_owned()));
    }
    let shown = escaped(&name.to_string_lossy());
    match File::open(name) {
        Ok(file) => Ok((Box::new(file), shown)),
        Err(error) => Err(Failure::Said(format!("{shown} cannot be opened: {error}"))),
    }
}

fn stats(matches: &ArgMatches) -> Result<(), Failure> {
    let port = matches.get_one("port").copied();
    let mut captures = Vec::new();
    let mut damaged = false;
    for name in matches.get_many::<std::ffi::OsString>("file").unwrap_or_default() {
        let (input, shown) = open(Path::new(name), "stats")?;
        let stats =
            Stats::read(input, port).map_err(|error| Failure::Said(format!("{shown} {error}")))?;
        for line in stats.warnings() {
            warn(&format!("{shown}: {line}"));
        }
        if let Some(offset) = stats.damaged_at {
            damaged = true;
            warn(&format!("{shown} {}", ReadError::Damaged(offset)));
        }
        // A program that reads the JSON wants the name as it is.
        let json = matches.get_flag("json") && name != "-";
        captures.push((if json { name.to_string_lossy().into_owned() } else { shown }, stats));
    }
    let named: Vec<stats::Named<'_>> =
        captures.iter().map(|(name, stats)| (name.as_str(), stats)).collect();
    let text = if matches.get_flag("json") {
        let captures: Vec<_> = named.iter().map(|(name, stats)| stats.json(name)).collect();
        format!("{:#}\n", serde_json::Value::from(captures))
    } else {
        stats::tables(&named)
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    if damaged { Err(Failure::Warned) } else { Ok(()) }
}

fn show(matches: &ArgMatches) -> Result<(), Failure> {
    let name = matches.get_one::<std::ffi::OsString>("file").map_or(Path::new("-"), Path::new);
    let (input, shown) = open(name, "show")?;
    let style = Style {
        explain: matches.get_flag("explain"),
        color: io::stdout().is_terminal() && allows_color(env::var_os("NO_COLOR").as_deref()),
    };
    let show = Show::new(io::stdout(), style, matches.get_one("port").copied());
    let show = Arc::new(Mutex::new(show));
    end_on_interrupt(&show, &shown);
    let mut reader = Reader::new(input);
    let result = read(&mut reader, &show);
    let mut show = show.lock().unwrap_or_else(PoisonError::into_inner);
    let read_error = match result {
        Ok(()) => None,
        Err(ShowError::Read(error @ ReadError::Damaged(_))) => Some(error),
        Err(ShowError::Read(error)) => return Err(Failure::Said(format!("{shown} {error}"))),
        Err(ShowError::Output(error)) => return Err(error.into()),
    };
    show.finish()?;
    warn_of(&show, reader.unsupported(), &shown);
    if let Some(offset) = reader.cut_at() {
        warn(&format!("{shown}: ends in the middle of a packet, at byte {offset}"));
    }
    match read_error {
        Some(error) => Err(Failure::Said(format!("{shown} {error}"))),
        None => Ok(()),
    }
}

/// Whether this value of the environment variable `NO_COLOR` leaves colours on: it is none, or empty
/// (<https://no-color.org>).
fn allows_color(no_color: Option<&OsStr>) -> bool {
    no_color.is_none_or(OsStr::is_empty)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_no_color_is_none() {
        assert!(allows_color(None));
        assert!(allows_color(Some(OsStr::new(""))));
        assert!(!allows_color(Some(OsStr::new("0"))));
    }
}
