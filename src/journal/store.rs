//! Opening the store: where it may lie, who may read it, whether it is whole.

use super::error::{JournalError, io, sql};
use super::schema;
use crate::model::{Failure, FailureKind};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// File systems whose locks and shared memory SQLite cannot trust (sqlite.org/wal.html: "WAL does not work over a
/// network filesystem").
const NETWORKED: &[&str] =
    &["nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "afs", "davfs"];

/// The runs of this machine's user. Clones share one connection.
#[derive(Clone)]
pub struct Store {
    inner: Arc<StoreInner>,
}

struct StoreInner {
    dir: PathBuf,
    file: PathBuf,
    db: Mutex<Connection>,
    /// Shared by every process that has the store open: a process that gets it alone knows that a left-over log means a
    /// crash.
    _in_use: File,
}

impl Store {
    /// Opens `<state_dir>/relwf.db`, making folder (mode 0700) and file (0600) where they are missing.
    ///
    /// # Errors
    ///
    /// Kind `io`: a network file system, no rights, a damaged file, a journal of a newer relwf.
    pub fn open(state_dir: &Path) -> Result<Self, Failure> {
        refuse_networked(state_dir)?;
        make_folder(&state_dir.join("locks"))?;
        let file = state_dir.join("relwf.db");
        let in_use = private(&state_dir.join("locks").join("store.lock"))?;
        let alone = in_use.try_lock().is_ok();
        if !alone {
            in_use.lock_shared().map_err(|error| io("the state folder cannot be locked", &error))?;
        }
        drop(private(&file)?);
        let crashed = alone && fs::metadata(state_dir.join("relwf.db-wal")).is_ok_and(|log| log.len() > 0);
        let db = connect(&file, crashed).map_err(|problem| problem.failure(&file))?;
        if alone {
            // From alone to shared; a process that comes in between finds a store that is whole.
            in_use
                .unlock()
                .and_then(|()| in_use.lock_shared())
                .map_err(|error| io("the state folder cannot be locked", &error))?;
        }
        let inner = StoreInner { dir: state_dir.to_owned(), file, db: Mutex::new(db), _in_use: in_use };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The folder of lock files.
    pub(super) fn locks(&self) -> PathBuf {
        self.inner.dir.join("locks")
    }

    /// Looks.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Connection) -> Result<T, JournalError>) -> Result<T, Failure> {
        look(&self.db()).map_err(|problem| problem.failure(&self.inner.file))
    }

    /// Changes, in one transaction that is on disk when this returns. It takes the write lock before it reads: what it
    /// checks still holds when it writes.
    pub(super) fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let mut db = self.db();
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = change(&tx)?;
        tx.commit()?;
        Ok(answer)
    }

    /// The same, for callers that hold no epoch.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, JournalError>,
    ) -> Result<T, Failure> {
        self.write(change).map_err(|problem| problem.failure(&self.inner.file))
    }

    /// SQLite's error as a failure.
    pub(super) fn failure(&self, problem: JournalError) -> Failure {
        problem.failure(&self.inner.file)
    }

    pub(super) fn db(&self) -> MutexGuard<'_, Connection> {
        self.inner.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(file: &Path, crashed: bool) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(file, flags)?;
    db.busy_timeout(Duration::from_secs(20))?;
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        let what = format!("the journal {} cannot use a write-ahead log here (got `{mode}`)", file.display());
        return Err(Failure::new(FailureKind::Io, what).hint("set RELWF_STATE_DIR to a folder on a local disk").into());
    }
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "foreign_keys", "on")?;
    db.set_prepared_statement_cache_capacity(64);
    if crashed {
        intact(&db, file)?;
    }
    schema::prepare(&mut db)?;
    Ok(db)
}

fn intact(db: &Connection, file: &Path) -> Result<(), JournalError> {
    let found: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        return Ok(());
    }
    let damaged = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Err(sql(&rusqlite::Error::SqliteFailure(damaged, Some(found)), file).into())
}

/// Whether the store in a folder can be opened, without writing to it. One that does not exist yet can be.
///
/// # Errors
///
/// As [`Store::open`].
pub fn inspect(state_dir: &Path) -> Result<(), Failure> {
    refuse_networked(state_dir)?;
    let file = state_dir.join("relwf.db");
    if !file.exists() {
        return Ok(());
    }
    let look = || -> Result<(), JournalError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&file, flags)?;
        db.busy_timeout(Duration::from_secs(20))?;
        schema::known(&db)?;
        intact(&db, &file)
    };
    look().map_err(|problem| problem.failure(&file))
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| io(format!("the state folder {} cannot be made", folder.display()), &error))
}

/// Opens a file that only its owner may read, making it where it is missing.
pub(super) fn private(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| io(format!("{} cannot be written", path.display()), &error))
}

fn refuse_networked(folder: &Path) -> Result<(), Failure> {
    // Where there is no such table (macOS, Windows) SQLite itself has to notice.
    let Ok(mounts) = fs::read_to_string("/proc/mounts") else { return Ok(()) };
    let existing = folder.ancestors().find_map(|part| part.canonicalize().ok());
    match existing.and_then(|path| file_system(&mounts, &path).filter(|kind| NETWORKED.contains(kind))) {
        None => Ok(()),
        Some(kind) => Err(Failure::new(
            FailureKind::Io,
            format!(
                "{} lies on a network file system ({kind}), where a journal cannot be kept safely",
                folder.display()
            ),
        )
        .hint("set RELWF_STATE_DIR to a folder on a local disk")),
    }
}

/// The type of the file system that holds `path`, from the text of `/proc/mounts` (fstab(5): device, folder, type).
fn file_system<'m>(mounts: &'m str, path: &Path) -> Option<&'m str> {
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ');
            let (folder, kind) = (fields.nth(1)?, fields.next()?);
            // Blanks and backslashes are written in octal there.
            let folder = folder.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
            path.starts_with(&folder).then_some((folder.len(), kind))
        })
        // The longest one is the innermost; of equals the last one covers the others.
        .max_by_key(|(length, _)| *length)
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_mount_decides_about_the_file_system() {
        let mounts =
            "/dev/sda1 / ext4 rw 0 0\nserver:/home /home nfs4 rw 0 0\n/dev/sdb /home/me/local\\040disk xfs rw 0 0\n";
        assert_eq!(file_system(mounts, Path::new("/var/lib")), Some("ext4"));
        assert_eq!(file_system(mounts, Path::new("/home/me/.local/state")), Some("nfs4"));
        assert_eq!(file_system(mounts, Path::new("/home/me/local disk/relwf")), Some("xfs"));
        assert_eq!(file_system(mounts, Path::new("/homes/me")), Some("ext4"));
    }
}
