//! Records packets, with tcpdump.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdout, Command},
};

use crate::{
    Failure, Result,
    failure::{PATIENCE, in_time},
    network::{LOOPBACK, Network},
};

/// The port of the captures, that of the examples.
pub const PORT: u16 = 8000;

/// A visit takes some kilobytes; more bytes than this are somebody else's traffic.
const LIMIT: usize = 16 * 1024 * 1024;

/// The command that records, as it is shown to the reader.
pub fn command(network: Network) -> String {
    let sudo = if network == Network::HereWithSudo { "sudo " } else { "" };
    format!("{sudo}tcpdump -i {LOOPBACK} --immediate-mode -U -w - 'port {PORT}'")
}

/// A tcpdump that records.
pub struct Recorder {
    shell: Child,
    packets: ChildStdout,
    messages: Lines<BufReader<ChildStderr>>,
    /// The capture so far.
    bytes: Vec<u8>,
}

impl Recorder {
    /// Starts it, and returns when it records.
    ///
    /// # Errors
    ///
    /// If it does not start: what it says.
    pub async fn start(network: Network) -> Result<Self> {
        // The shell stops tcpdump, as root where tcpdump runs as root, when its own standard
        // input ends: that is when it is told to, and also when this program ends however it may.
        // What is started in the background has no standard input, hence number 3; and it keeps
        // no pipe open, so that the end of tcpdump is seen as the end of its output.
        let script = format!(
            "exec 3<&0; tcpdump -i {LOOPBACK} --immediate-mode -U -w - 'port {PORT}' & tcpdump=$!; \
             (read -r line <&3; kill $tcpdump) >/dev/null 2>&1 & wait $tcpdump"
        );
        let mut command = if network == Network::HereWithSudo {
            let mut command = Command::new("sudo");
            command.arg("sh");
            command
        } else {
            Command::new("sh")
        };
        let mut shell = command
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Failure::to("start tcpdump"))?;
        let (Some(packets), Some(messages)) = (shell.stdout.take(), shell.stderr.take()) else {
            return Err(Failure::new("tcpdump has no output"));
        };
        let messages = BufReader::new(messages).lines();
        let mut recorder = Self { shell, packets, messages, bytes: Vec::new() };
        let mut messages = Vec::new();
        while let Some(message) = recorder.message().await? {
            if message.contains("listening on") {
                return Ok(recorder);
            }
            messages.push(message);
        }
        Err(Failure::new(format!("tcpdump did not start: {}", messages.join(" "))))
    }

    /// The capture so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    async fn message(&mut self) -> Result<Option<String>> {
        self.messages.next_line().await.map_err(Failure::to("read from tcpdump"))
    }

    /// Takes the packets that come next.
    ///
    /// # Errors
    ///
    /// If there are none because tcpdump has ended, or far too many.
    pub async fn read(&mut self) -> Result<()> {
        if self.read_some().await? > 0 {
            return Ok(());
        }
        let message = self.message().await?.unwrap_or_default();
        Err(Failure::new(format!("tcpdump ended too early: {message}")))
    }

    /// Takes the packets that come next, and returns how many bytes they have: 0 at the end.
    async fn read_some(&mut self) -> Result<usize> {
        let count = self.packets.read_buf(&mut self.bytes).await;
        let count = count.map_err(Failure::to("read from tcpdump"))?;
        if self.bytes.len() > LIMIT {
            return Err(Failure::new(format!(
                "something else uses port {PORT}: stop it and try again"
            )));
        }
        Ok(count)
    }

    /// Stops it, takes the packets that it still has, and returns the bytes of the capture.
    ///
    /// # Errors
    ///
    /// If packets were lost.
    pub async fn stop(mut self) -> Result<Vec<u8>> {
        drop(self.shell.stdin.take());
        let stopped = async {
            while self.read_some().await? > 0 {}
            while let Some(message) = self.message().await? {
                if message.contains("dropped by") && !message.starts_with("0 ") {
                    return Err(Failure::new(format!("packets were lost ({message}): try again")));
                }
            }
            Ok(())
        };
        in_time(PATIENCE, "tcpdump did not stop", stopped).await?;
        Ok(self.bytes)
    }
}
