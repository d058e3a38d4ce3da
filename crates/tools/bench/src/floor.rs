//! The servers that the apps are compared with: the least that could answer, and bare hyper.
//!
//! Both run as a process of their own, on the flavour of runtime that the apps run on, and answer
//! with the app's own bytes, at the same time of day every time.

use std::{convert::Infallible, error::Error, io, net::Ipv4Addr, sync::Arc};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::wire::App;

/// Larger than any request of the load.
const REQUEST_BUFFER: usize = 1024;

/// The constants of the least server that could answer as `app` does.
struct Constants {
    /// Whether the client speaks first.
    client_opens: bool,
    opening: Vec<u8>,
    update: Vec<u8>,
}

/// Runs the floor under `app` for ever: it reads, whatever it is, and writes a constant.
#[tokio::main(flavor = "current_thread")]
pub async fn run_floor(app: App) -> Result<(), Box<dyn Error>> {
    let listener = listen().await?;
    let opening = app.opening();
    let constants = Arc::new(Constants {
        client_opens: !opening.request.is_empty(),
        opening: opening.answer.bytes,
        update: app.update().answer.bytes,
    });
    loop {
        let (conn, client) = listener.accept().await?;
        if app == App::Tcp {
            // As in tcpapp, one client after the other, and a line for all that happens.
            println!("Accepted connection from {client}");
            answer(conn, &constants, |request| {
                println!("Received from client: b\"{}\"", request.escape_ascii());
            })
            .await?;
            println!("Closed connection from {client}");
        } else {
            let constants = Arc::clone(&constants);
            tokio::spawn(async move { answer(conn, &constants, |_| ()).await });
        }
    }
}

/// Answers each read with a constant, after `log` has seen what was read.
async fn answer(mut conn: TcpStream, constants: &Constants, log: impl Fn(&[u8])) -> io::Result<()> {
    let mut buffer = [0; REQUEST_BUFFER];
    if constants.client_opens && conn.read(&mut buffer).await? == 0 {
        return Ok(());
    }
    conn.write_all(&constants.opening).await?;
    loop {
        let length = conn.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        log(&buffer[..length]);
        conn.write_all(&constants.update).await?;
    }
}

/// Runs bare hyper for ever: whatever the request, it answers with the constant body of `app`.
#[tokio::main(flavor = "current_thread")]
pub async fn run_hyper(app: App) -> Result<(), Box<dyn Error>> {
    let answer = app.update().answer.bytes;
    let head_end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let (Some(media_type), Some(head_end)) = (app.media_type(), head_end) else {
        return Err(format!("{} does not answer with a document", app.name()).into());
    };
    let body = Bytes::from(answer).slice(head_end + 4..);
    let listener = listen().await?;
    loop {
        let (conn, _) = listener.accept().await?;
        let body = body.clone();
        let service = service_fn(move |_: Request<Incoming>| {
            let mut response = Response::new(Full::new(body.clone()));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
            async { Ok::<_, Infallible>(response) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(conn), service));
    }
}

/// A listener on a free port, which it prints as the apps do.
async fn listen() -> Result<TcpListener, Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("Listening on port {} ...", listener.local_addr()?.port());
    Ok(listener)
}
