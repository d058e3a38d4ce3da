//! A directory for the time of a visit.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use crate::{Failure, Result};

/// A new empty directory, removed with all that is in it when this is dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes the directory among the system's temporary ones.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn new() -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("visitor-{}-{number}", process::id()));
        fs::create_dir(&path)
            .map_err(Failure::to(format_args!("make the directory {}", path.display())))?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A browser whose driver was stopped still writes files for a moment, and makes their
        // directory again, so the directory counts as removed when it stays away. What is left
        // after ten seconds, on a machine that has much else to do, is left to the system.
        let mut absences = 0;
        for _ in 0..200 {
            absences = if self.0.exists() { 0 } else { absences + 1 };
            if absences == 8 {
                return;
            }
            // An error means that there are new files, or nothing to remove.
            let _ = fs::remove_dir_all(&self.0);
            thread::sleep(Duration::from_millis(50));
        }
    }
}
