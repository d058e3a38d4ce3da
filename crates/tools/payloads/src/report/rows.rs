//! How often each update was seen.

use std::collections::HashMap;

use super::figures::{Figures, Update, UsualUpdate};

/// The most different rows kept while the most frequent one is sought.
pub(super) const ROW_LIMIT: usize = 4096;

/// How often an update was seen, and its latest.
#[derive(Clone, Copy)]
struct Row {
    seen: u64,
    latest: u64,
    update: Update,
}

/// The updates that were seen, by their figures.
#[derive(Default)]
pub(super) struct Rows {
    rows: HashMap<Figures, Row>,
    updates: u64,
    /// Whether there were so many different ones that rare ones were forgotten.
    pub(super) forgot: bool,
}

impl Rows {
    /// Adds an update.
    pub(super) fn add(&mut self, update: Update) {
        self.updates += 1;
        let row = self.rows.entry(update.figures).or_insert(Row { seen: 0, latest: 0, update });
        row.seen += 1;
        row.latest = self.updates;
        row.update = update;
        if self.rows.len() > ROW_LIMIT {
            self.forgot = true;
            let latest = self.updates;
            // The rarer half goes; the one just seen may turn out to be frequent.
            let mut seen: Vec<(u64, u64)> =
                self.rows.values().map(|row| (row.seen, row.latest)).collect();
            seen.sort_unstable();
            let limit = seen[ROW_LIMIT / 2];
            self.rows.retain(|_, row| (row.seen, row.latest) > limit || row.latest == latest);
        }
    }

    /// The update that was seen most often, and the latest of those.
    pub(super) fn usual(&self) -> Option<UsualUpdate> {
        self.rows.values().max_by_key(|row| (row.seen, row.latest)).map(|row| UsualUpdate {
            update: row.update,
            seen: row.seen,
            of: self.updates,
        })
    }
}
