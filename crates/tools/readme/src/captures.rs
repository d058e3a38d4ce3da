//! The captures of the five apps.

use std::{
    fs::{self, File},
    path::Path,
};

use payloads::{
    decode::{Unit, UnitKind},
    input::Reader,
    report::{
        json::End,
        page::{Lines, Reading},
        show::{Show, Style},
        show_packets::ShowPackets,
        stats::Stats,
        transcript::{self, Transcript},
    },
    tcp::Side,
};

use crate::Error;

/// The apps, in the order in which they are always named.
pub const APPS: [&str; 5] = ["tcpapp", "webapp", "ajaxapp", "sseapp", "wsapp"];

/// The captures of all five apps.
pub struct Captures(Vec<Capture>);

impl Captures {
    /// Reads `APP.pcap` in the folder `pcap` for each app.
    ///
    /// # Errors
    ///
    /// If a file is missing or is not a whole capture of complete conversations.
    pub fn read(pcap: &Path) -> Result<Self, Error> {
        let captures = APPS.iter().map(|app| Capture::read(app, pcap));
        Ok(Self(captures.collect::<Result<_, _>>()?))
    }

    /// All of them.
    pub fn all(&self) -> &[Capture] {
        &self.0
    }

    /// That of `app`.
    ///
    /// # Errors
    ///
    /// If there is no app of that name.
    pub fn of(&self, app: &str) -> Result<&Capture, Error> {
        let capture = self.0.iter().find(|capture| capture.app == app);
        capture.ok_or_else(|| Error(format!("no app is called {app:?}")))
    }
}

/// The capture of one app.
pub struct Capture {
    /// The name of the app.
    pub app: &'static str,
    /// Its figures.
    pub stats: Stats,
    /// Its conversations, by connection.
    pub transcripts: Vec<Transcript>,
    /// What `payloads show` prints of it.
    pub shown: String,
    /// What `payloads show --explain` prints of it.
    pub explained: String,
    /// What `payloads show --packets --explain` prints of it.
    pub packets: String,
    /// What a page of it holds.
    pub lines: Lines,
}

impl Capture {
    fn read(app: &'static str, pcap: &Path) -> Result<Self, Error> {
        let path = pcap.join(app).with_extension("pcap");
        let fault = |error: &dyn std::fmt::Display| Error(format!("{}: {error}", path.display()));
        let bytes = fs::read(&path).map_err(|error| fault(&error))?;
        let stats = Stats::read(bytes.as_slice(), None).map_err(|error| fault(&error))?;
        let transcripts =
            transcript::read(bytes.as_slice(), None).map_err(|error| fault(&error))?;
        let show = |explain| show(&path, explain).map_err(|error| fault(&error));
        let reading = Reading::new(bytes.as_slice(), format!("pcap/{app}.pcap"), None)
            .map_err(|error| fault(&error))?;
        let capture = Self {
            app,
            stats,
            transcripts,
            shown: show(false)?,
            explained: show(true)?,
            packets: packets(&path).map_err(|error| fault(&error))?,
            lines: reading.lines,
        };
        let whole = capture
            .transcripts
            .iter()
            .all(|transcript| transcript.sent_again + transcript.cut_off + transcript.missing == 0);
        if !whole || !capture.stats.warnings().is_empty() {
            return Err(fault(&"bytes are missing or were sent again; make the capture anew"));
        }
        if capture.stats.usual.is_none() {
            return Err(fault(&"it has no update; make the capture anew"));
        }
        Ok(capture)
    }

    /// The name of its file, as a link.
    pub fn link(&self) -> String {
        format!("[{app}.pcap](pcap/{app}.pcap)", app = self.app)
    }

    /// Its connections on which something was said that has to do with the app, which a browser's
    /// request for an icon has not.
    pub fn conversations(&self) -> impl Iterator<Item = &Transcript> {
        self.transcripts.iter().filter(|transcript| {
            let unit = transcript.units.iter().find(|unit| unit.side == Side::Client);
            unit.is_some_and(|unit| target(unit) != Some("/favicon.ico"))
        })
    }

    /// The units of the `number`th exchange (from 1) that a request for `target` began: the
    /// request, and what the server sent until the client sent something else.
    ///
    /// # Errors
    ///
    /// If there is no such exchange.
    pub fn exchange(&self, target: &str, number: usize) -> Result<&[Unit], Error> {
        let begins = |unit: &Unit| self::target(unit) == Some(target);
        let begun = self.transcripts.iter().flat_map(|transcript| {
            let starts = transcript.units.iter().enumerate().filter(|(_, unit)| begins(unit));
            starts.map(|(start, _)| &transcript.units[start..])
        });
        let units = number.checked_sub(1).and_then(|index| begun.into_iter().nth(index));
        let units = units.ok_or_else(|| {
            Error(format!("{}.pcap has no exchange {number} for {target}", self.app))
        })?;
        let end = units[1..].iter().position(|unit| unit.side == Side::Client);
        Ok(&units[..end.map_or(units.len(), |end| end + 1)])
    }

    /// The conversation over WebSocket frames.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn frames(&self) -> Result<&Transcript, Error> {
        let has_frames = |transcript: &&Transcript| {
            transcript.units.iter().any(|unit| unit.kind == UnitKind::Frame)
        };
        let found = self.transcripts.iter().find(has_frames);
        found.ok_or_else(|| Error(format!("{}.pcap has no WebSocket frames", self.app)))
    }

    /// The WebSocket frames that `side` sent, in order.
    ///
    /// # Errors
    ///
    /// If the capture has no frames.
    pub fn frames_of(&self, side: Side) -> Result<impl Iterator<Item = &Unit>, Error> {
        let units = self.frames()?.units.iter();
        Ok(units.filter(move |unit| unit.kind == UnitKind::Frame && unit.side == side))
    }
}

/// The target of the request that `unit` is, if it is one (RFC 9112 section 3.2).
fn target(unit: &Unit) -> Option<&str> {
    if unit.kind != UnitKind::Request {
        return None;
    }
    std::str::from_utf8(&unit.bytes).ok()?.split(' ').nth(1)
}

/// What `payloads show` prints of the capture at `path`.
fn show(path: &Path, explain: bool) -> Result<String, Box<dyn std::error::Error>> {
    let mut text = Vec::new();
    let mut show = Show::new(&mut text, Style { explain, ..Style::default() }, None);
    let mut reader = Reader::new(File::open(path)?);
    while let Some(packet) = reader.next_packet()? {
        show.packet(&packet)?;
    }
    show.finish()?;
    drop(show);
    Ok(String::from_utf8(text)?)
}

/// What `payloads show --packets --explain` prints of the capture at `path`.
fn packets(path: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut text = Vec::new();
    let style = Style { explain: true, ..Style::default() };
    let mut show = ShowPackets::new(&mut text, style, None);
    let mut reader = Reader::new(File::open(path)?);
    while let Some(packet) = reader.next_packet()? {
        show.packet(&packet)?;
    }
    show.finish(End::default())?;
    drop(show);
    Ok(String::from_utf8(text)?)
}
