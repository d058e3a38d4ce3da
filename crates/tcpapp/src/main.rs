//! The time over a plain TCP socket: the client sends a line, the server answers.
//!
//! Run it in one terminal:
//!
//!     cargo run -p tcpapp
//!
//! and talk to it from another (type `time`, then `bye`):
//!
//!     nc localhost 8000

use std::{io, time::Duration};

use common::{StartError, formatted_time, print_line};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::sleep,
};

/// A longer line is answered in pieces of this many bytes, so that no client can fill the memory.
const LINE_LIMIT: u64 = 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    common::no_arguments()?;
    let address = common::address()?;
    let listener = TcpListener::bind(address).await.map_err(StartError::listen(address))?;
    print_line!("Listening on port {} ...", listener.local_addr()?.port());
    loop {
        let (conn, client) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(err) => {
                print_line!("Could not accept a connection: {err}");
                // The cause, such as too many open files, may last, and this loop must not spin.
                sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        print_line!("Accepted connection from {client}");
        // One client after the other: the next one waits here until this one is gone. A server
        // for many would give each a task of its own with `tokio::spawn`.
        match handle_client(conn).await {
            Ok(()) => print_line!("Closed connection from {client}"),
            Err(err) => print_line!("Lost connection from {client}: {err}"),
        }
    }
}

async fn handle_client(mut conn: TcpStream) -> io::Result<()> {
    let (reader, mut writer) = conn.split();
    let mut reader = BufReader::new(reader);
    let greeting = format!("Hello!\nServer time: {}\n\n", formatted_time());
    writer.write_all(greeting.as_bytes()).await?;
    loop {
        // TCP carries a stream of bytes and keeps no message boundaries (RFC 9293 section 2.2), so
        // it is the end of a line that ends a message.
        let mut line = Vec::new();
        (&mut reader).take(LINE_LIMIT).read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Ok(());
        }
        print_line!("Received from client: b\"{}\"", line.escape_ascii());
        let answer = match line.as_slice() {
            // The last line before the end of the stream may lack its line end; telnet ends a
            // line with a carriage return and a line feed.
            b"time\n" | b"time\r\n" | b"time" => format!("{}\n\n", formatted_time()).into_bytes(),
            b"bye\n" | b"bye\r\n" | b"bye" => return writer.write_all(b"Good bye!\n\n").await,
            unknown => [b"I do not understand: ", unknown, b"\n"].concat(),
        };
        writer.write_all(&answer).await?;
    }
}
