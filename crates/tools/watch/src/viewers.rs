//! What the viewers share with the thread that reads the capture: the lines, and word of new ones.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::history::{History, Place};

/// The lines of a capture. One thread writes them, and any number of viewers follow.
#[derive(Clone, Default)]
pub struct Lines {
    history: Arc<Mutex<History>>,
    news: watch::Sender<()>,
}

impl Lines {
    /// A viewer that has seen the event with the id `last_seen`; `disconnect` breaks its connection.
    /// `None` where it has seen all there will be.
    pub fn viewer(
        &self,
        last_seen: Option<&str>,
        disconnect: impl Fn() + Send + Sync + 'static,
    ) -> Option<Viewer> {
        let news = self.news.subscribe();
        let (place, preface) = self.history().join(last_seen, disconnect)?;
        Some(Viewer { lines: self.clone(), place, preface, news })
    }

    /// No more lines will come.
    pub fn end(&self) {
        self.history().end();
        self.news.send_replace(());
    }

    /// Whether none has come.
    pub fn is_empty(&self) -> bool {
        self.history().is_empty()
    }

    /// The lock is held no longer than it takes to copy a portion of lines. Poison would mean a fault
    /// in this program, and what was kept until then is still worth showing.
    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Lines {
    /// Takes whole lines, as the report writes them.
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let lines = str::from_utf8(text).map_err(io::Error::other)?;
        let mut history = self.history();
        lines.lines().for_each(|line| history.push(line));
        drop(history);
        self.news.send_replace(());
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One who follows the lines, as fast as its connection takes them.
pub struct Viewer {
    lines: Lines,
    place: Arc<Place>,
    preface: String,
    news: watch::Receiver<()>,
}

impl Viewer {
    /// The next events, as soon as there are some; `None` where no more will come.
    pub async fn events(&mut self) -> Option<String> {
        if !self.preface.is_empty() {
            return Some(mem::take(&mut self.preface));
        }
        loop {
            let events = self.lines.history().events(&self.place)?;
            if !events.is_empty() {
                return Some(events);
            }
            self.news.changed().await.ok()?;
        }
    }
}
