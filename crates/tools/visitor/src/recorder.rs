//! Records packets, with tcpdump.

use std::{mem, process::Stdio, thread, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
};

use crate::{
    Failure, Result,
    failure::{PATIENCE, in_time},
    network::Network,
};

/// A visit takes some kilobytes; more bytes than this are somebody else's traffic.
const LIMIT: usize = 16 * 1024 * 1024;

/// The command that records what goes to and from `port`, as it is shown to the reader.
pub fn command(network: Network, port: u16) -> String {
    let sudo = if network == Network::HereWithSudo { "sudo " } else { "" };
    format!("{sudo}{}", tcpdump(network, port))
}

fn tcpdump(network: Network, port: u16) -> String {
    format!("tcpdump -i {} --immediate-mode -U -w - 'port {port}'", network.interface())
}

/// A tcpdump that records.
pub struct Recorder {
    shell: Child,
    packets: ChildStdout,
    messages: Lines<BufReader<ChildStderr>>,
    port: u16,
    /// The capture so far, but for what was [taken](Self::take).
    bytes: Vec<u8>,
}

impl Recorder {
    /// Starts it, and returns when it records what goes to and from `port`.
    ///
    /// # Errors
    ///
    /// If it does not start: what it says.
    pub async fn start(network: Network, port: u16) -> Result<Self> {
        // The shell stops tcpdump, as root where tcpdump runs as root, when its own standard
        // input ends: that is when it is told to, and also when this program ends however it may.
        // What is started in the background has no standard input, hence number 3; and it keeps
        // no pipe open, so that the end of tcpdump is seen as the end of its output. Ctrl-C is for
        // this program alone.
        let script = format!(
            "trap '' INT; exec 3<&0; {} & tcpdump=$!; \
             (read -r line <&3; kill $tcpdump) >/dev/null 2>&1 & wait $tcpdump",
            tcpdump(network, port)
        );
        let mut command = if network == Network::HereWithSudo {
            let mut command = Command::new("sudo");
            command.arg("sh");
            command
        } else {
            network.on_server("sh")
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
        let mut recorder = Self { shell, packets, messages, port, bytes: Vec::new() };
        let mut messages = Vec::new();
        while let Some(message) = recorder.message().await? {
            if message.contains("listening on") {
                return Ok(recorder);
            }
            messages.push(message);
        }
        Err(Failure::new(format!("tcpdump did not start: {}", messages.join(" "))))
    }

    /// The capture so far, but for what was [taken](Self::take).
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    async fn message(&mut self) -> Result<Option<String>> {
        self.messages.next_line().await.map_err(Failure::to("read from tcpdump"))
    }

    /// Reads the packets that come next.
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

    /// Takes away what there is of the capture.
    pub fn take(&mut self) -> Vec<u8> {
        mem::take(&mut self.bytes)
    }

    /// What stops it once it is dropped. There is one.
    pub fn stopper(&mut self) -> Option<ChildStdin> {
        self.shell.stdin.take()
    }

    /// Reads the packets that come next, and returns how many bytes they have: 0 at the end.
    ///
    /// # Errors
    ///
    /// If they are far too many.
    pub async fn read_some(&mut self) -> Result<usize> {
        let count = self.packets.read_buf(&mut self.bytes).await;
        let count = count.map_err(Failure::to("read from tcpdump"))?;
        if self.bytes.len() > LIMIT {
            return Err(Failure::new(format!(
                "something else uses port {}: stop it and try again",
                self.port
            )));
        }
        Ok(count)
    }

    /// Waits until tcpdump, whose output has ended, is gone, and makes sure that it has lost nothing.
    ///
    /// # Errors
    ///
    /// If packets were lost.
    pub async fn check(&mut self) -> Result<()> {
        while let Some(message) = self.message().await? {
            if message.contains("dropped by") && !message.starts_with("0 ") {
                return Err(Failure::new(format!("packets were lost ({message}): try again")));
            }
        }
        self.shell.wait().await.map(drop).map_err(Failure::to("wait for tcpdump"))
    }

    /// Stops it, reads the packets that it still has, and returns the bytes of the capture.
    ///
    /// # Errors
    ///
    /// If packets were lost.
    pub async fn stop(mut self) -> Result<Vec<u8>> {
        drop(self.stopper());
        let stopped = async {
            while self.read_some().await? > 0 {}
            self.check().await
        };
        in_time(PATIENCE, "tcpdump did not stop", stopped).await?;
        Ok(self.take())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        drop(self.stopper());
        // It is gone in a moment, unless it hangs, and then it is left to the system.
        for _ in 0..200 {
            if !matches!(self.shell.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}
