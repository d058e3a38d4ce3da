//! A second hold on a client's connection, to break it from outside.

use std::{net::Shutdown, sync::Arc, time::Duration};

use axum::{extract::connect_info::Connected, serve::IncomingStream};
use socket2::{SockRef, Socket};
use tokio::net::TcpListener;

/// The connection of a client.
#[derive(Clone)]
pub struct Connection(Option<Arc<Socket>>);

impl Connected<IncomingStream<'_, TcpListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        let socket = SockRef::from(stream.io());
        // An event must not wait until the client's system acknowledges the one before it, which may
        // take 40 ms. Where this fails it does wait, and nothing is lost.
        let _ = socket.set_tcp_nodelay(true);
        Self(socket.try_clone().ok().map(Arc::new))
    }
}

impl Connection {
    /// Breaks the connection, though the client may not read: what waits for it is thrown away.
    ///
    /// The server's own hold cannot do that, since it only waits for the client to take more.
    pub fn break_off(&self) {
        if let Some(socket) = &self.0 {
            // These fail where the connection is gone already. The first makes the end a reset once
            // the server, which the second wakes, lets go of the connection.
            let _ = socket.set_linger(Some(Duration::ZERO));
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}
