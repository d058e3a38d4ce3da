//! Makes a capture: `APP.pcap`, and a note in `README.md` beside it of how it was made.

use std::{
    fs, io,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    thread,
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{
    Failure, Result,
    app::{App, Server},
    closing::is_closed,
    failure::{PATIENCE, in_time},
    network::Network,
    record::{Record, Visitor, insert},
    recorder::{PORT, Recorder},
    timeline,
};

/// Records a visit to `app` into `dir`, on this network.
///
/// The files are touched when all has gone well, not before.
///
/// # Errors
///
/// If a program is missing or fails, the port is taken, or packets were lost.
pub async fn capture(
    app: App,
    gap: u64,
    dir: &Path,
    network: Network,
    visitor: Visitor,
) -> Result<()> {
    // The app's own advice is to choose another port, which a capture cannot.
    let taken = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT));
    if taken.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse) {
        return Err(Failure::new(format!("port {PORT} is taken: stop what listens on it")));
    }
    let server = Server::start(app, gap, PORT).await?;
    let mut recorder = Recorder::start(network).await?;
    let visit = async {
        match visitor {
            Visitor::Script => timeline::play(app, PORT, Duration::from_secs(gap)).await,
            Visitor::Person => by_hand(app).await,
        }
    };
    tokio::pin!(visit);
    let client = loop {
        tokio::select! {
            client = &mut visit => break client?,
            more = recorder.read() => more?,
        }
    };
    if visitor == Visitor::Script {
        let closed = async {
            while !is_closed(recorder.bytes(), PORT)? {
                recorder.read().await?;
            }
            Ok(())
        };
        in_time(PATIENCE, "the connections did not close", closed).await?;
    }
    let bytes = recorder.stop().await?;
    server.stop().await?;
    save(dir, &format!("{app}.pcap"), &bytes)?;
    note(dir, &Record::new(app, gap, network, visitor, client))
}

/// Lets the person at the terminal visit `app`, until they press Enter.
async fn by_hand(app: App) -> Result<String> {
    match app {
        App::Tcpapp => println!("In another terminal: nc 127.0.0.1 {PORT}"),
        _ => println!("In a browser: http://127.0.0.1:{PORT}/"),
    }
    println!("When you have closed it, press Enter here.");
    // A thread of its own, which the end of this program does not wait for: Ctrl-C ends the visit
    // without an Enter.
    let (pressed, press) = oneshot::channel();
    thread::spawn(move || pressed.send(io::stdin().read_line(&mut String::new())));
    let read = press.await.map_err(Failure::to("wait for Enter"))?;
    read.map_err(Failure::to("read from the terminal"))?;
    Ok("by hand".to_owned())
}

/// Writes `record` into the directory's `README.md`.
fn note(dir: &Path, record: &Record) -> Result<()> {
    let path = dir.join("README.md");
    let text = if path.exists() {
        fs::read_to_string(&path).map_err(Failure::to(format_args!("read {}", path.display())))?
    } else {
        String::new()
    };
    save(dir, "README.md", insert(&text, record).as_bytes())
}

/// Writes a file so that it is whole at any time, the old one or the new one.
fn save(dir: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = dir.join(name);
    let unfinished = dir.join(format!("{name}.unfinished"));
    fs::create_dir_all(dir)
        .and_then(|()| fs::write(&unfinished, bytes))
        .and_then(|()| fs::rename(&unfinished, &path))
        .map_err(Failure::to(format_args!("write {}", path.display())))?;
    println!("wrote {}", path.display());
    Ok(())
}
