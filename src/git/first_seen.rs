//! Since when a branch has had a commit, as far as this machine knows: the cache keeps a log of a branch that a run asked for,
//! in git's own form, and a fetch that moves the branch adds to it.

use super::GitError;
use super::commits::{object_id, oid};
use crate::model::{CommitId, RefName};
use git2::{Oid, Repository, Signature, Time};

/// Who writes the log.
const WRITER: &str = "relwf";

/// Begins the log of a reference with where it is now, unless there is one.
pub(super) fn begin(repository: &Repository, name: &RefName, tip: CommitId, now: i64) -> Result<(), GitError> {
    let begin = || {
        if repository.reflog(name.as_str())?.is_empty() {
            repository.reference_ensure_log(name.as_str())?;
            append(
                repository,
                name.as_str(),
                oid(tip.object())?,
                &Signature::new(WRITER, WRITER, &Time::new(now, 0))?,
            )?;
        }
        Ok(())
    };
    begin().map_err(|e: git2::Error| GitError::local(format!("the log of {} cannot be written", name.as_str()), &e))
}

/// Adds to the log of a reference, where there is one, that a fetch has moved it now. In a bare repository libgit2 does not.
pub(super) fn moved(repository: &Repository, name: &str, tip: Oid) -> Result<(), git2::Error> {
    if repository.reference_has_log(name)? && repository.reflog(name)?.get(0).is_none_or(|entry| entry.id_new() != tip)
    {
        append(repository, name, tip, &Signature::now(WRITER, WRITER)?)?;
    }
    Ok(())
}

fn append(repository: &Repository, name: &str, tip: Oid, writer: &Signature<'_>) -> Result<(), git2::Error> {
    let mut log = repository.reflog(name)?;
    log.append(tip, writer, Some("seen"))?;
    log.write()
}

/// The oldest time since which every value of the reference had the commit, in seconds since 1970; `has` says which have it.
pub(super) fn since(
    repository: &Repository,
    name: &RefName,
    has: impl Fn(CommitId) -> Result<bool, GitError>,
) -> Result<Option<i64>, GitError> {
    let log = match repository.reflog(name.as_str()) {
        Ok(log) => log,
        Err(e) => return Err(GitError::local(format!("the log of {} cannot be read", name.as_str()), &e)),
    };
    let mut since = None;
    for entry in log.iter() {
        if !has(object_id(entry.id_new()).into())? {
            break;
        }
        since = Some(entry.committer().when().seconds());
    }
    Ok(since)
}
