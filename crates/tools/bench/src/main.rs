//! What an update costs each app's server: CPU, memory, and how it grows.
//!
//! Run it for all apps, or for one:
//!
//!     just bench
//!     just bench wsapp
//!
//! It prints Markdown. It starts the release binaries of the apps, puts load on them over
//! loopback, and beside them, in turn, on the least server that could answer with the same bytes.

#[cfg(target_os = "linux")]
mod floor;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod machine;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
mod wire;

use std::process::ExitCode;

/// Runs what the command line asks for.
#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    use server::Subject;
    use wire::App;

    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let result = match args.as_slice() {
        [] => Some(report::run(&App::ALL)),
        [name] => App::from_name(name).map(|app| report::run(&[app])),
        // This program starts itself so, to be one of the servers that it measures.
        [flag, name] => App::from_name(name).and_then(|app| {
            let subject = Subject::of(app).iter().find(|subject| subject.flag() == flag)?;
            Some(server::become_server(*subject, app))
        }),
        _ => None,
    };
    let result = result.unwrap_or_else(|| {
        let names = App::ALL.map(App::name).join(", ");
        Err(format!("usage: bench [APP], with APP one of {names}").into())
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Says that this needs another system.
#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("bench: this runs on Linux only, whose accounting of CPU and memory it reads");
    ExitCode::FAILURE
}
