//! The checkout that a command of `[ci]` runs in: a repository of its own, private to the user, gone when it is no longer needed.
//!
//! A checkout lies in the folder of its build, and is used under that build's lock: what lies there when nothing holds the lock was
//! left by a relwf that was killed.

use crate::git::{LOCAL_ENVIRONMENT, Mirror};
use crate::model::{CheckoutOptions, CommitId, Failure, FailureKind, TaskContext};
use crate::process::{self, Leftovers, Program, Streams};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What checkouts are called in the folders of builds, after the build's name.
const SUFFIX: &str = ".checkout";
/// How many lines of a program that failed are shown.
const SHOWN: usize = 5;

/// A commit's files in a repository of its own; removed when it is dropped.
pub(super) struct BuildCheckout(PathBuf);

impl BuildCheckout {
    /// Checks a commit out in a build's folder, after what an earlier attempt left there. `limit` is for each program that is run.
    /// `build` is the folder and the build's name in it.
    pub(super) fn make(
        mirror: &Mirror,
        commit: CommitId,
        build: (&Path, &str),
        options: CheckoutOptions,
        limit: Duration,
        task: TaskContext<'_>,
    ) -> Result<Self, Failure> {
        let folder = build.0.join(format!("{}{SUFFIX}", build.1));
        let failed = |e: io::Error| {
            Failure::new(FailureKind::Io, format!("the checkout {} cannot be made", folder.display()))
                .cause(e)
                .hint("is the disk full, or is the state folder another user's?")
        };
        remove(&folder);
        DirBuilder::new().mode(0o700).create(&folder).map_err(failed)?;
        let checkout = Self(folder);
        task.say(format!("checking out {}", commit.short()));
        mirror.checkout_repository(commit, checkout.path())?;
        if options.submodules && checkout.path().join(".gitmodules").is_file() {
            checkout.run(&["git", "submodule", "--quiet", "update", "--init", "--recursive"], limit, task).map_err(|failure| {
                failure.hint("does `git clone --recurse-submodules` work here? `checkout = { submodules = false }` of [ci] goes without them")
            })?;
        }
        if options.lfs {
            checkout.run(&["git", "lfs", "pull"], limit, task).map_err(|failure| {
                failure.hint("is git-lfs installed? `checkout = { lfs = false }` of [ci] goes without it")
            })?;
        }
        Ok(checkout)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    fn run(&self, argv: &[&str], limit: Duration, task: TaskContext<'_>) -> Result<(), Failure> {
        let shown = argv.join(" ");
        task.say(shown.clone());
        let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        let program = Program {
            argv: &argv,
            dir: self.path(),
            env: &[],
            without: &LOCAL_ENVIRONMENT,
            stdin: None,
            streams: Streams::Merged,
            keep: 64 * 1024,
            limit: Some(limit),
            leftovers: Leftovers::Kill,
        };
        let ended = process::run(program, task, &mut |_| {}).map_err(Failure::from)?;
        if ended.success() {
            return Ok(());
        }
        let lines: Vec<&str> = ended.stdout.lines().collect();
        let last = lines[lines.len().saturating_sub(SHOWN)..].join("; ");
        Err(Failure::new(FailureKind::Git, format!("`{shown}` failed in the checkout: {last}")))
    }
}

impl Drop for BuildCheckout {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

/// Removes what builds left behind whose lock nothing holds: `folders` are those of builds.
pub(super) fn sweep(folders: impl Iterator<Item = PathBuf>) {
    for folder in folders {
        for checkout in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = checkout.file_name();
            let Some(build) = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)) else { continue };
            let own = folder.join(format!("{build}.lock"));
            let lock = if own.exists() { own } else { folder.join("lock") };
            if File::options().write(true).open(lock).is_ok_and(|lock| lock.try_lock().is_ok()) {
                remove(&checkout.path());
            }
        }
    }
}

/// Removes a folder; what cannot be removed stays. Builds leave folders that not even their owner may write to.
fn remove(folder: &Path) {
    if fs::remove_dir_all(folder).is_err() {
        for entry in walkdir::WalkDir::new(folder).into_iter().flatten().filter(|entry| entry.file_type().is_dir()) {
            let _ = fs::set_permissions(entry.path(), Permissions::from_mode(0o700));
        }
        let _ = fs::remove_dir_all(folder);
    }
}
