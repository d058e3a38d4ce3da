//! Shows what a packet capture says: `payloads show FILE`, `payloads page FILE...` and
//! `payloads stats FILE...`.

use std::{
    env,
    ffi::OsString,
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
};

use clap::{
    Arg, ArgAction, ArgMatches, Command,
    error::{ContextKind, ContextValue, ErrorKind},
    value_parser,
};
use payloads::report::{escape::escaped, show::Style};

use failure::Failure;

mod commands;
mod failure;
mod interrupt;

fn main() -> ExitCode {
    let result = match command().try_get_matches() {
        Ok(matches) => match matches.subcommand() {
            Some(("stats", matches)) => stats(matches),
            Some(("page", matches)) => page(matches),
            Some((_, matches)) => show(matches),
            None => Ok(()),
        },
        Err(error) => usage(&error),
    };
    result.map_or_else(Failure::exit, |()| ExitCode::SUCCESS)
}

fn command() -> Command {
    let port_of_server = Arg::new("port")
        .long("port")
        .value_name("PORT")
        .value_parser(port)
        .help("The server's port, for connections whose beginning is not in the capture");
    let files = Arg::new("file")
        .value_name("FILE")
        .required(true)
        .num_args(1..)
        .value_parser(value_parser!(OsString))
        .help("pcap or pcapng files, or - for standard input");
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
                .arg(
                    Arg::new("packets")
                        .long("packets")
                        .action(ArgAction::SetTrue)
                        .help("Print each packet, and with --explain each bit of its headers"),
                )
                .arg(
                    Arg::new("json")
                        .long("json")
                        .action(ArgAction::SetTrue)
                        .conflicts_with_all(["explain", "packets", "color"])
                        .help("Print it as JSON for programs, an object a line"),
                )
                .arg(
                    Arg::new("color")
                        .long("color")
                        .value_name("WHEN")
                        .value_parser(["auto", "always", "never"])
                        .default_value("auto")
                        .help("When to use colours; auto: on a terminal, unless NO_COLOR is set"),
                )
                .arg(port_of_server.clone()),
        )
        .subcommand(
            Command::new("page")
                .about("Prints captures as one page for a browser, as in payloads page my.pcap > my.html")
                .arg(files.clone())
                .arg(port_of_server.clone()),
        )
        .subcommand(
            Command::new("stats")
                .about("Prints the figures of captures as Markdown tables")
                .arg(files)
                .arg(
                    Arg::new("json")
                        .long("json")
                        .action(ArgAction::SetTrue)
                        .help("Print the figures as JSON"),
                )
                .arg(port_of_server),
        )
}

/// A port, from the command line.
fn port(text: &str) -> Result<u16, &'static str> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or("a port is a whole number from 1 to 65535, as in --port 8001")
}

/// Help goes to standard output; a mistake is one line.
fn usage(error: &clap::Error) -> Result<(), Failure> {
    if !error.use_stderr() {
        return Ok(write!(io::stdout(), "{error}")?);
    }
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    let line = match (error.kind(), context(ContextKind::InvalidSubcommand)) {
        (ErrorKind::MissingRequiredArgument, _) => {
            let is_page = error.to_string().contains("payloads page");
            let example = if is_page { "page my.pcap > my.html" } else { "stats my.pcap" };
            format!("no capture is named: name one or more, as in payloads {example}")
        }
        (ErrorKind::MissingSubcommand, _) => {
            "say what to do with a capture: show, page or stats, as in payloads show my.pcap"
                .to_owned()
        }
        (_, Some(command)) => match context(ContextKind::SuggestedSubcommand) {
            Some(meant) => format!("there is no command \"{command}\": did you mean {meant}?"),
            None => format!(
                "there is no command \"{command}\": to show a capture, type payloads show {command}"
            ),
        },
        _ => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            let line = line.strip_prefix("error: ").unwrap_or(line);
            match context(ContextKind::SuggestedArg) {
                Some(meant) => format!("{line}: did you mean {meant}?"),
                None => format!("{line}: see payloads --help"),
            }
        }
    };
    Err(Failure::Said(escaped(&line)))
}

fn show(matches: &ArgMatches) -> Result<(), Failure> {
    let name = matches.get_one::<OsString>("file").map_or(Path::new("-"), Path::new);
    if matches.get_flag("json") {
        return commands::show_json(name, matches.get_one("port").copied());
    }
    let is_terminal = io::stdout().is_terminal();
    let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into());
    let style = Style {
        explain: matches.get_flag("explain"),
        color: match matches.get_one::<String>("color").map(String::as_str) {
            Some("always") => true,
            Some("never") => false,
            _ => has_color(is_terminal, |name| env::var_os(name)),
        },
        width,
    };
    commands::show(name, style, matches.get_flag("packets"), matches.get_one("port").copied())
}

fn page(matches: &ArgMatches) -> Result<(), Failure> {
    let names = matches.get_many("file").unwrap_or_default();
    commands::page(names, matches.get_one("port").copied())
}

fn stats(matches: &ArgMatches) -> Result<(), Failure> {
    let names = matches.get_many("file").unwrap_or_default();
    commands::stats(names, matches.get_flag("json"), matches.get_one("port").copied())
}

/// Whether there are colours unless the command line says when: never with `NO_COLOR`
/// (<https://no-color.org>), always with `CLICOLOR_FORCE` (<https://bixense.com/clicolors>), and
/// otherwise on a terminal. A variable that is empty is as good as none.
fn has_color(is_terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    if set("NO_COLOR").is_some() {
        return false;
    }
    is_terminal || set("CLICOLOR_FORCE").is_some_and(|value| value != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_unless_the_environment_says_otherwise() {
        for (is_terminal, no_color, force, expected) in [
            (true, None, None, true),
            (false, None, None, false),
            (true, Some(""), None, true),
            (true, Some("0"), None, false),
            (false, None, Some("1"), true),
            (false, None, Some("0"), false),
            (false, None, Some(""), false),
            (true, Some("1"), Some("1"), false),
        ] {
            let variable = |name: &str| match name {
                "NO_COLOR" => no_color.map(OsString::from),
                "CLICOLOR_FORCE" => force.map(OsString::from),
                _ => None,
            };
            assert_eq!(
                has_color(is_terminal, variable),
                expected,
                "{is_terminal} {no_color:?} {force:?}"
            );
        }
    }
}
