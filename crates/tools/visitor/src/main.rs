//! Visits an app on the timeline of the captures, and records the visit.

use std::{env, path::PathBuf, process::ExitCode};

use visitor::{
    Failure, Result,
    app::App,
    capture::{self, Network, Visitor},
    stop::{self, Stop},
};

const USAGE: &str = "usage: visitor APP [GAP] [OPTIONS]; visitor --help says more";

const HELP: &str = "\
usage: visitor APP [GAP] [--here | --sudo] [--by-hand] [--dir DIRECTORY]

Starts the app, visits it, and records the visit as pcap/APP.pcap.

APP        tcpapp, webapp, ajaxapp, sseapp or wsapp
GAP        the time from update to update, in whole seconds from 1 to 3600; 10 if left out
--here     record on this machine's own network, not on one made for the visit; for root
--sudo     the same, with sudo for tcpdump alone
--by-hand  the visitor is you
--dir      where to write, instead of pcap";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    run(&args).await.unwrap_or_else(|failure| {
        eprintln!("{failure}");
        ExitCode::FAILURE
    })
}

async fn run(args: &[String]) -> Result<ExitCode> {
    let mut words = Vec::new();
    let mut network = Network::Private;
    let mut visitor = Visitor::Script;
    let mut dir = PathBuf::from("pcap");
    // Set when this program has started itself again in the private network.
    let mut entered = false;
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--help" | "-h" => {
                println!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            "--here" => network = Network::Here,
            "--sudo" => network = Network::HereWithSudo,
            "--by-hand" => visitor = Visitor::Person,
            "--dir" => {
                dir = rest.next().ok_or_else(|| Failure::new("--dir needs a directory"))?.into();
            }
            "--entered" => entered = true,
            option if option.starts_with('-') => {
                return Err(Failure::new(format!("there is no option {option}; {USAGE}")));
            }
            word => words.push(word),
        }
    }
    // A person's own browser cannot look into a network made for the visit.
    if visitor == Visitor::Person && network == Network::Private {
        network = if capture::is_root() { Network::Here } else { Network::HereWithSudo };
    }
    let (app, gap) = match words[..] {
        [app] => (app, "10"),
        [app, gap] => (app, gap),
        _ => return Err(Failure::new(USAGE)),
    };
    let app: App = app.parse()?;
    let gap = gap.parse().ok().filter(|gap| (1..=3600).contains(gap)).ok_or_else(|| {
        Failure::new(format!("GAP is a whole number of seconds from 1 to 3600, not {gap:?}"))
    })?;
    if !entered {
        capture::need_tools(app, network, visitor)?;
        if network == Network::Private {
            let mut again: Vec<&str> = args.iter().map(String::as_str).collect();
            again.push("--entered");
            return capture::in_private_network(app, gap, &again).await;
        }
    }
    let mut stop = Stop::listen()?;
    // Where the visit is given up, what it has started stops with it.
    tokio::select! {
        done = capture::capture(app, gap, &dir, network, visitor) => done.map(|()| ExitCode::SUCCESS),
        status = stop.asked() => Ok(status),
        status = stop::end_of_input(), if entered => Ok(status),
    }
}
