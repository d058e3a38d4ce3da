//! Shows what a packet capture says: `payloads show FILE` and `payloads stats FILE...`.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
};

use clap::{Arg, ArgAction, ArgMatches, Command, error::ErrorKind, value_parser};
use payloads::report::show::Style;

use failure::Failure;

mod commands;
mod failure;
mod live;

fn main() -> ExitCode {
    let result = match command().try_get_matches() {
        Ok(matches) => match matches.subcommand() {
            Some(("stats", matches)) => stats(matches),
            Some((_, matches)) => show(matches),
            None => Ok(()),
        },
        Err(error) => usage(&error),
    };
    result.map_or_else(Failure::exit, |()| ExitCode::SUCCESS)
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
                        .value_parser(value_parser!(OsString))
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
                        .value_parser(value_parser!(OsString))
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

fn show(matches: &ArgMatches) -> Result<(), Failure> {
    let name = matches.get_one::<OsString>("file").map_or(Path::new("-"), Path::new);
    let style = Style {
        explain: matches.get_flag("explain"),
        color: io::stdout().is_terminal() && allows_color(env::var_os("NO_COLOR").as_deref()),
    };
    commands::show(name, style, matches.get_one("port").copied())
}

fn stats(matches: &ArgMatches) -> Result<(), Failure> {
    let names = matches.get_many("file").unwrap_or_default();
    commands::stats(names, matches.get_flag("json"), matches.get_one("port").copied())
}

/// Whether this value of the environment variable `NO_COLOR` leaves colours on: it is none, or empty
/// (<https://no-color.org>).
fn allows_color(no_color: Option<&OsStr>) -> bool {
    no_color.is_none_or(OsStr::is_empty)
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
