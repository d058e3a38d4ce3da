//! Records an app for as long as someone watches.

use std::process::ExitCode;

use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    time::sleep,
};

use crate::{
    Failure, Result,
    app::{App, Server},
    by_hand::{invitation, relayed},
    failure::{MOMENT, PATIENCE, in_time},
    network::Network,
    recorder::Recorder,
};

/// Starts `app`, where `gap` is the time between sseapp's events, and writes what is recorded of it
/// to `output`, packet by packet, until `stop` is done. A person visits the app at `port` itself, or
/// through a relay that listens on this machine.
///
/// Returns what `stop` returns.
///
/// # Errors
///
/// If a program is missing, fails, or ends too early, or the port is taken.
pub async fn live(
    app: App,
    gap: u64,
    network: Network,
    port: u16,
    listener: Option<TcpListener>,
    mut output: impl AsyncWrite + Unpin,
    stop: impl Future<Output = ExitCode>,
) -> Result<ExitCode> {
    network.need_port(port)?;
    tokio::pin!(stop);
    let started = async {
        let server = Server::start(app, gap, network, port).await?;
        Ok::<_, Failure>((server, Recorder::start(network, port).await?))
    };
    let (mut server, mut recorder) = tokio::select! {
        started = started => started?,
        status = &mut stop => return Ok(status),
    };
    let address = (network.server(), port).into();
    let shown = listener.as_ref().map_or(Ok(address), TcpListener::local_addr);
    let shown = shown.map_err(Failure::to("find the relay's address"))?;
    // Standard output is for the packets.
    eprintln!("Visit {app} {}", invitation(app, shown));

    let stopper = recorder.stopper();
    let forwarded = async {
        while recorder.read_some().await? > 0 {
            let packets = recorder.take();
            let written = async {
                output.write_all(&packets).await?;
                output.flush().await
            };
            written.await.map_err(Failure::to("write the packets"))?;
        }
        recorder.check().await
    };
    tokio::pin!(forwarded);
    let status = tokio::select! {
        status = &mut stop => status,
        done = &mut forwarded => {
            // A signal may have stopped the reader of the packets, or tcpdump, as well as this program.
            let failure = done.err().unwrap_or_else(|| Failure::new("tcpdump has ended"));
            return late(stop, failure).await;
        }
        failure = server.ended() => return late(stop, failure).await,
        () = relayed(listener, address) => unreachable!("a relay never ends"),
    };
    drop(stopper);
    in_time(PATIENCE, "tcpdump did not stop", forwarded).await?;
    server.stop().await?;
    Ok(status)
}

/// What `stop` returns if that is a matter of a moment, or else the failure.
async fn late(stop: impl Future<Output = ExitCode>, failure: Failure) -> Result<ExitCode> {
    tokio::select! {
        status = stop => Ok(status),
        () = sleep(MOMENT) => Err(failure),
    }
}
