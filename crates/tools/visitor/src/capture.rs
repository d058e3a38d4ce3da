//! Makes a capture: `APP.pcap`, and a note in `README.md` beside it of how it was made.

use std::{fs, path::Path};

use crate::{
    Failure, Result,
    app::{App, Server},
    closing::is_closed,
    console::say,
    failure::{PATIENCE, in_time},
    network::Network,
    record::{Record, Visitor, insert},
    recorder::Recorder,
};

/// Records a visit to `app`, where it listens on `port`, into `dir`. `visit` begins when the app and tcpdump are
/// ready, and returns which client it was.
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
    port: u16,
    visitor: Visitor,
    visit: impl Future<Output = Result<String>>,
) -> Result<()> {
    network.need_port(port)?;
    let server = Server::start(app, gap, network, port).await?;
    let mut recorder = Recorder::start(network, port).await?;
    tokio::pin!(visit);
    let client = loop {
        tokio::select! {
            client = &mut visit => break client?,
            more = recorder.read() => more?,
        }
    };
    if visitor == Visitor::Script {
        let closed = async {
            while !is_closed(recorder.bytes(), port)? {
                recorder.read().await?;
            }
            Ok(())
        };
        in_time(PATIENCE, "the connections did not close", closed).await?;
    }
    let bytes = recorder.stop().await?;
    server.stop().await?;
    save(dir, &format!("{app}.pcap"), &bytes)?;
    note(dir, &Record::new(app, gap, network, port, visitor, client))
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
    say(format_args!("wrote {}", path.display()));
    Ok(())
}
