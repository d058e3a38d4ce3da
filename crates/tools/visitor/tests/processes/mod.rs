//! What a program has started, and what it leaves behind.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Child},
    thread,
    time::{Duration, Instant},
};

/// How long a test waits for a fact before it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A new empty directory for the temporary files of a program. All that the program starts have it
/// in their environment, by which they are found.
pub fn scratch(name: &str) -> PathBuf {
    // Chromium makes a socket in it, whose path may have no more than 107 bytes (unix(7)).
    let scratch = env::temp_dir().join(format!("{name}-{}", process::id()));
    fs::create_dir(&scratch).unwrap();
    scratch
}

/// How many processes have `scratch` in their environment.
pub fn running_with(scratch: &Path) -> usize {
    let scratch = scratch.to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    // What is no process has no environment, and neither has one that has just ended.
    let environments = processes.filter_map(|entry| fs::read(entry.path().join("environ")).ok());
    environments.filter(|bytes| String::from_utf8_lossy(bytes).contains(scratch)).count()
}

/// Waits until `program` has ended with this exit status, none if by a signal, all its processes are
/// gone and no file of theirs is left.
#[track_caller]
pub fn leaves_nothing(program: &mut Child, scratch: &Path, status: Option<i32>) {
    let start = Instant::now();
    loop {
        let ended = program.try_wait().unwrap();
        let running = running_with(scratch);
        let files: Vec<_> = fs::read_dir(scratch).unwrap().flatten().collect();
        if let Some(ended) = ended
            && running == 0
            && files.is_empty()
        {
            fs::remove_dir(scratch).unwrap();
            assert_eq!(ended.code(), status);
            return;
        }
        if start.elapsed() > PATIENCE {
            let _ = program.kill();
            panic!("{ended:?}, {running} processes and {files:?} are left");
        }
        thread::sleep(Duration::from_millis(20));
    }
}
