//! How commits are written: as they are, signed now, or with the signatures that were made before.

use crate::git::{Mirror, NewCommit, Signing};
use crate::model::{CommitId, Failure, FailureKind, TaskContext};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Signatures by the id that the commit would have without one.
pub(super) type Seals = BTreeMap<CommitId, String>;

/// Writes commits.
pub(super) struct Pen<'a>(Ink<'a>);

enum Ink<'a> {
    Plain,
    Signing { how: Result<&'a Signing, &'a Failure>, task: TaskContext<'a>, made: RefCell<Seals> },
    Sealed(&'a Seals),
}

impl<'a> Pen<'a> {
    /// Signs nothing.
    pub(super) fn plain() -> Self {
        Self(Ink::Plain)
    }

    /// Signs each commit; `None` where git's configuration wants no signatures. A configuration that is wrong matters only
    /// when there is something to commit.
    pub(super) fn signing(how: &'a Result<Option<Signing>, Failure>, task: TaskContext<'a>) -> Option<Self> {
        let how = how.as_ref().map(Option::as_ref).transpose()?;
        Some(Self(Ink::Signing { how, task, made: RefCell::default() }))
    }

    /// Writes what was signed before; commits that were not are written as they are.
    pub(super) fn sealed(seals: &'a Seals) -> Self {
        if seals.is_empty() { Self::plain() } else { Self(Ink::Sealed(seals)) }
    }

    /// What was signed.
    pub(super) fn seals(self) -> Seals {
        match self.0 {
            Ink::Signing { made, .. } => made.into_inner(),
            Ink::Sealed(seals) => seals.clone(),
            Ink::Plain => Seals::new(),
        }
    }

    /// Writes a commit.
    pub(super) fn write(&self, mirror: &Mirror, new: &NewCommit) -> Result<CommitId, Failure> {
        let Some(seal) = self.seal(mirror, new)? else { return Ok(mirror.write_commit(new)?) };
        Ok(mirror.write_signed(&mirror.unsigned(new)?, &seal)?)
    }

    fn seal(&self, mirror: &Mirror, new: &NewCommit) -> Result<Option<String>, Failure> {
        match &self.0 {
            Ink::Plain => Ok(None),
            Ink::Signing { how, task, made } => {
                let signing = how.map_err(Clone::clone)?;
                let unsigned = mirror.unsigned(new)?;
                let seal = signing.sign(&unsigned.text, &new.committer, *task)?;
                made.borrow_mut().insert(unsigned.id, seal.clone());
                Ok(Some(seal))
            }
            Ink::Sealed(seals) => {
                let id = mirror.unsigned(new)?.id;
                seals.get(&id).cloned().map(Some).ok_or_else(|| foreign(id))
            }
        }
    }
}

fn foreign(commit: CommitId) -> Failure {
    Failure::new(
        FailureKind::Git,
        format!("making the commits again gives {}, which is none of those that were signed", commit.short()),
    )
    .hint("nothing was done; abandon the run, then run the workflow again")
}
