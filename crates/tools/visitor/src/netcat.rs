//! A visit to tcpapp with netcat.

use std::{net::SocketAddr, process::Stdio};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::{
    Failure, Result,
    failure::{PATIENCE, in_time},
    tools,
};

/// A netcat that is connected, with what a person would type and read.
pub struct Netcat {
    process: Child,
    keyboard: ChildStdin,
    screen: ChildStdout,
}

impl Netcat {
    /// What `nc -h` calls itself.
    pub fn version() -> String {
        tools::first_line("nc", &["-h"]).unwrap_or_else(|| "nc".to_owned())
    }

    /// Connects to `server`.
    pub fn connect(server: SocketAddr) -> Result<Self> {
        let mut process = Command::new("nc")
            .args([server.ip().to_string(), server.port().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::to("start nc"))?;
        match (process.stdin.take(), process.stdout.take()) {
            (Some(keyboard), Some(screen)) => Ok(Self { process, keyboard, screen }),
            _ => Err(Failure::new("nc has no keyboard or screen")),
        }
    }

    /// Types a line.
    pub async fn type_line(&mut self, line: &str) -> Result<()> {
        self.keyboard
            .write_all(format!("{line}\n").as_bytes())
            .await
            .map_err(Failure::to("type into nc"))
    }

    /// Reads what the server says, up to the empty line that ends each of its messages.
    pub async fn read_message(&mut self) -> Result<String> {
        let read = async {
            let mut message = Vec::new();
            while !message.ends_with(b"\n\n") {
                message.push(self.screen.read_u8().await.map_err(Failure::to("read from nc"))?);
            }
            Ok(String::from_utf8_lossy(&message).trim_end().to_owned())
        };
        in_time(PATIENCE, "the server did not answer", read).await
    }

    /// Leaves, as Ctrl-C leaves: the process ends, and the system closes its connection.
    pub async fn leave(mut self) -> Result<()> {
        self.process.kill().await.map_err(Failure::to("stop nc"))
    }
}
