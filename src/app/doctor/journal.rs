//! Can the journal be opened? A copy of it is, so that nothing changes: opening one writes, and recovers what a crash left.

use crate::journal::{Store, Which};
use crate::model::{Failure, FailureKind};
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// The database, and what has been written and is not in it yet.
const FILES: [&str; 2] = ["relwf.db", "relwf.db-wal"];

/// How often the journal may change while it is copied.
const TRIES: usize = 5;

/// Opens a copy of the journal, where there is one, and reads its runs.
///
/// # Errors
///
/// What stops every command that needs the journal: it is damaged, it is of a newer relwf, its file system has no locks.
pub(super) fn check(state: &Path) -> Result<(), Failure> {
    let cannot = |error: io::Error| {
        Failure::new(FailureKind::Io, format!("the journal in {} cannot be read", state.display()))
            .cause(error)
            .hint("check who owns it, or set RELWF_STATE_DIR to a folder of your own")
    };
    for _ in 0..TRIES {
        let before = versions(state).map_err(cannot)?;
        if before.first().is_none_or(Option::is_none) {
            return Ok(());
        }
        // Beside the journal: on the same file system.
        let copy = tempfile::Builder::new().prefix(".doctor").tempdir_in(state).map_err(cannot)?;
        for (name, _) in FILES.iter().zip(&before).filter(|(_, version)| version.is_some()) {
            fs::copy(state.join(name), copy.path().join(name)).map_err(cannot)?;
        }
        // A copy of what was written meanwhile would be torn.
        if versions(state).map_err(cannot)? == before {
            let opened = Store::open(copy.path()).and_then(|store| store.runs(Which::All).map(drop));
            return opened.map_err(|failure| renamed(failure, copy.path(), state));
        }
    }
    // A relwf is at work with it, so it can be opened.
    Ok(())
}

/// Each file's length and the time of its last change; `None` where there is none.
fn versions(state: &Path) -> io::Result<Vec<Option<(u64, SystemTime)>>> {
    let version = |name: &&str| match fs::metadata(state.join(name)) {
        Ok(file) => Ok(Some((file.len(), file.modified()?))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    FILES.iter().map(version).collect()
}

/// Messages name the journal, not its copy.
fn renamed(failure: Failure, copy: &Path, state: &Path) -> Failure {
    let (copy, state) = (copy.display().to_string(), state.display().to_string());
    let causes = failure.causes.iter().map(|cause| cause.replace(&copy, &state)).collect();
    Failure { message: failure.message.replace(&copy, &state), causes, ..failure }
}
