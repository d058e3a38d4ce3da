//! Passes on, byte by byte, what clients of this machine say to a server in another network.
//!
//! Each client's connection has one of the relay's own to the server. What is read on one is written
//! to the other at once; where one ends its sending, so does the other; and where one is reset, so
//! is the other.

use std::{
    convert::Infallible,
    io,
    net::{Shutdown, SocketAddr},
    ops::Range,
    sync::Arc,
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::Interest,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::sleep,
};

/// How many connections there may be at once; who comes next waits until one ends. An ordinary user
/// may have 1024 files open, and each connection takes two.
const CONNECTION_LIMIT: usize = 128;

/// How many bytes are held for each direction of a connection. A side that does not read thereby
/// stops the other, as it does without a relay.
const BUFFER_SIZE: usize = 16 * 1024;

/// How long to wait when no connection can be accepted: the cause, such as too many open files, may
/// last.
const PAUSE: Duration = Duration::from_millis(100);

/// Passes on the connections to `listener` to `server`, until this is dropped.
pub async fn relay(listener: TcpListener, server: SocketAddr) -> Infallible {
    let free = Arc::new(Semaphore::new(CONNECTION_LIMIT));
    // They end with this.
    let mut connections = JoinSet::new();
    loop {
        // An error means that the semaphore is closed, and nobody closes it.
        let place = Arc::clone(&free).acquire_owned().await;
        match listener.accept().await {
            Ok((client, _)) => {
                connections.spawn(async move {
                    pass(client, server).await;
                    drop(place);
                });
            }
            Err(_) => sleep(PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Passes on one connection.
async fn pass(client: TcpStream, server: SocketAddr) {
    let Ok(server) = TcpStream::connect(server).await else {
        // The client is connected already, so that it cannot be refused any more.
        reset(&client);
        return;
    };
    // What comes in one piece is to leave in one piece, at once. If that is refused, it comes later.
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let mut there = Flow::new(&client, &server);
    let mut back = Flow::new(&server, &client);
    let ended = tokio::select! {
        ended = async { tokio::try_join!(there.run(), back.run()) } => ended.is_ok(),
        () = failed(&client) => false,
        () = failed(&server) => false,
    };
    if !ended {
        // What was sent before the reset was sent to be read.
        there.finish();
        back.finish();
        reset(&client);
        reset(&server);
    }
}

/// Makes the end of the connection a reset, if it has not ended yet.
fn reset(stream: &TcpStream) {
    // If that is refused, the connection ends in the ordinary way.
    let _ = stream.set_zero_linger();
}

/// Waits until the other end has reset the connection, which it may do while nothing is read.
async fn failed(stream: &TcpStream) {
    // An error here says the same.
    let _ = stream.ready(Interest::ERROR).await;
}

/// One direction of a connection.
struct Flow<'a> {
    from: &'a TcpStream,
    to: &'a TcpStream,
    buffer: Box<[u8]>,
    /// Where in the buffer those bytes are that were read and not written yet.
    held: Range<usize>,
}

impl<'a> Flow<'a> {
    fn new(from: &'a TcpStream, to: &'a TcpStream) -> Self {
        Self { from, to, buffer: vec![0; BUFFER_SIZE].into(), held: 0..0 }
    }

    /// Passes on all that comes, and then that nothing more comes.
    async fn run(&mut self) -> io::Result<()> {
        loop {
            if self.held.is_empty() {
                self.from.readable().await?;
            } else {
                self.to.writable().await?;
            }
            match self.step() {
                Ok(true) => {}
                Ok(false) => return SockRef::from(self.to).shutdown(Shutdown::Write),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Passes on what can be passed on without waiting.
    fn finish(&mut self) {
        while let Ok(true) = self.step() {}
    }

    /// Writes what is held, or else reads more. Returns whether that was not the end.
    fn step(&mut self) -> io::Result<bool> {
        if self.held.is_empty() {
            let count = self.from.try_read(&mut self.buffer)?;
            self.held = 0..count;
            Ok(count > 0)
        } else {
            let count = self.to.try_write(&self.buffer[self.held.clone()])?;
            self.held.start += count;
            Ok(true)
        }
    }
}
