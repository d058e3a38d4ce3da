//! Records what travels between an app and its client.

use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use visitor::{
    Failure, Result,
    app::App,
    job::{Job, Recipe},
    network::{Network, PORT},
    record::Visitor,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match command().try_get_matches() {
        Ok(matches) => run(&matches).await,
        Err(error) => usage(&error),
    };
    result.unwrap_or_else(|failure| {
        eprintln!("{failure}");
        ExitCode::FAILURE
    })
}

fn command() -> Command {
    let app = Arg::new("app")
        .value_name("APP")
        .required(true)
        .value_parser(App::ALL.map(App::name))
        .hide_possible_values(true)
        .help("tcpapp, webapp, ajaxapp, sseapp or wsapp");
    let gap = Arg::new("gap")
        .value_name("GAP")
        .default_value("10")
        .value_parser(seconds)
        .help("The time from update to update, in whole seconds from 1 to 3600");
    let here = Arg::new("here")
        .long("here")
        .action(ArgAction::SetTrue)
        .help("Record on this machine's loopback interface, not between two hosts; for root");
    let sudo = Arg::new("sudo")
        .long("sudo")
        .action(ArgAction::SetTrue)
        .conflicts_with("here")
        .help("The same, with sudo for tcpdump alone");
    // Set when this program has started itself again on the client's host.
    let entered = Arg::new("entered").long("entered").action(ArgAction::SetTrue).hide(true);
    let recipe =
        |name, about| Command::new(name).about(about).args([&app, &gap, &here, &sudo, &entered]);
    let dir = |directory| {
        Arg::new("dir")
            .long("dir")
            .value_name("DIRECTORY")
            .default_value(directory)
            .value_parser(value_parser!(PathBuf))
            .help("Where to write")
    };
    let command = Arg::new("command")
        .value_name("COMMAND")
        .last(true)
        .num_args(1..)
        .value_parser(value_parser!(OsString))
        .help("What reads the packets from its standard input; `watch -` if left out");
    Command::new("visitor")
        .about("Starts an app, and records what travels between it and its client")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand(
            recipe(
                "capture",
                "Visits the app on the timeline of the captures, and writes APP.pcap",
            )
            .arg(dir("pcap")),
        )
        .subcommand(
            recipe("capture-by-hand", "Writes APP.pcap of a visit of your own")
                .arg(dir("pcap/by-hand")),
        )
        .subcommand(recipe("watch", "Shows what travels while you visit the app").arg(command))
}

fn seconds(text: &str) -> std::result::Result<u64, &'static str> {
    let seconds = text.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
    seconds.ok_or("it is a whole number of seconds from 1 to 3600")
}

/// Help goes to standard output; a mistake is one line.
fn usage(error: &clap::Error) -> Result<ExitCode> {
    let text = error.to_string();
    if !error.use_stderr() {
        // Nobody is left to be told when that fails.
        let _ = write!(io::stdout(), "{text}");
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = text.lines().map(str::trim);
    let mut line = lines.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    // What is missing stands in a line of its own.
    if line.ends_with(':') {
        line.extend([" ", lines.next().unwrap_or_default()]);
    }
    // Other tips than of a word that is spelt much the same would only mislead here.
    let tip = lines.find(|line| line.starts_with("tip: ") && line.contains(" similar "));
    if let Some(tip) = tip {
        line.push_str(&tip.replace("tip:", ":"));
    }
    Err(Failure::new(format!("{line}; all of it: cargo run -p visitor -- --help")))
}

async fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let Some((name, matches)) = matches.subcommand() else {
        return Ok(ExitCode::SUCCESS);
    };
    let dir = || matches.get_one::<PathBuf>("dir").cloned().unwrap_or_default();
    let recipe = match name {
        "capture" => Recipe::Capture(Visitor::Script, dir()),
        "capture-by-hand" => Recipe::Capture(Visitor::Person, dir()),
        _ => Recipe::Watch(matches.get_many("command").unwrap_or_default().cloned().collect()),
    };
    let network = if matches.get_flag("here") {
        Network::Here
    } else if matches.get_flag("sudo") {
        Network::HereWithSudo
    } else {
        Network::Private
    };
    // The captures are all of one port.
    let port = if name == "capture" { PORT } else { port(network)? };
    let (Some(app), Some(&gap)) = (matches.get_one::<String>("app"), matches.get_one("gap")) else {
        unreachable!("one is required, and the other has a default value");
    };
    let job = Job { recipe, app: app.parse()?, gap, network, port };
    if matches.get_flag("entered") {
        return job.run_entered().await;
    }
    let mut args: Vec<_> = env::args_os().skip(1).collect();
    // After the name of the recipe: the last words may be a command with options of its own.
    args.insert(1, "--entered".into());
    job.run(&args).await
}

/// The port by which a person visits the app, from the environment as the apps take it.
fn port(network: Network) -> Result<u16> {
    let Some(value) = env::var_os("PORT") else { return Ok(PORT) };
    // What others say is not recorded, so that the port must be known before. On hosts of its own,
    // the app has it for itself.
    let least = if network == Network::Private { 0 } else { 1 };
    let port = value.to_str().and_then(|text| text.parse().ok());
    port.filter(|port| *port >= least).ok_or_else(|| {
        Failure::new(format!("PORT must be a whole number from {least} to 65535, not {value:?}"))
    })
}
