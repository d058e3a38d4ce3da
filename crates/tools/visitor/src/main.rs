//! Visits an app on the timeline of the captures, and records the visit.

use std::{
    env,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use visitor::{
    Failure, Result,
    app::App,
    capture,
    network::{self, Network},
    record::Visitor,
    stop::{self, Stop},
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
        .help("Record on this machine's own network, not on one made for the visit; for root");
    let sudo = Arg::new("sudo")
        .long("sudo")
        .action(ArgAction::SetTrue)
        .conflicts_with("here")
        .help("The same, with sudo for tcpdump alone");
    let dir = Arg::new("dir")
        .long("dir")
        .value_name("DIRECTORY")
        .value_parser(value_parser!(PathBuf))
        .help("Where to write");
    // Set when this program has started itself again in the private network.
    let entered = Arg::new("entered").long("entered").action(ArgAction::SetTrue).hide(true);
    let recipe = |name: &'static str, about: &'static str, directory: &'static str| {
        Command::new(name)
            .about(about)
            .args([&app, &gap, &here, &sudo, &entered])
            .arg(dir.clone().default_value(directory))
    };
    Command::new("visitor")
        .about("Starts an app, visits it, and records the visit as APP.pcap")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand(recipe("capture", "Records a visit on the timeline of the captures", "pcap"))
        .subcommand(recipe("capture-by-hand", "Records a visit of your own", "pcap/by-hand"))
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
    let Some((recipe, matches)) = matches.subcommand() else {
        return Ok(ExitCode::SUCCESS);
    };
    let visitor = if recipe == "capture" { Visitor::Script } else { Visitor::Person };
    let network = if matches.get_flag("here") {
        Network::Here
    } else if matches.get_flag("sudo") {
        Network::HereWithSudo
    } else if visitor == Visitor::Script {
        Network::Private
    } else if network::is_root() {
        // A person's own browser cannot look into a network made for the visit.
        Network::Here
    } else {
        Network::HereWithSudo
    };
    let entered = matches.get_flag("entered");
    if network == Network::Private && !entered {
        let again = env::args().skip(1).chain(["--entered".to_owned()]);
        return network::enter_private(&again.collect::<Vec<_>>()).await;
    }
    let (Some(app), Some(&gap), Some(dir)) = (
        matches.get_one::<String>("app"),
        matches.get_one::<u64>("gap"),
        matches.get_one::<PathBuf>("dir"),
    ) else {
        unreachable!("one is required, and the others have default values");
    };
    let mut stop = Stop::listen()?;
    // Where the visit is given up, what it has started stops with it.
    tokio::select! {
        done = capture::capture(app.parse()?, gap, dir, network, visitor) => done.map(|()| ExitCode::SUCCESS),
        status = stop.asked() => Ok(status),
        status = stop::end_of_input(), if entered => Ok(status),
    }
}
