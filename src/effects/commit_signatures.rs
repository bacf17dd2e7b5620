//! How commits are written: unsigned, signed now, or with the signatures that were made before.

use crate::git::{Mirror, NewCommit, Signing};
use crate::model::{CommitId, Failure, FailureKind, TaskContext};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Signatures by the id that the commit would have without one.
pub(super) type CommitSignatures = BTreeMap<CommitId, String>;

/// Writes commits.
pub(super) struct CommitWriter<'a>(SigningMode<'a>);

enum SigningMode<'a> {
    /// For a dry run, in memory: the same commit made for real will have another id.
    Preview,
    Unsigned,
    Signing {
        how: Result<&'a Signing, &'a Failure>,
        task: TaskContext<'a>,
        made: RefCell<CommitSignatures>,
    },
    Signed(&'a CommitSignatures),
}

impl<'a> CommitWriter<'a> {
    /// Writes what a dry run assumes.
    pub(super) fn preview() -> Self {
        Self(SigningMode::Preview)
    }

    /// Signs nothing.
    pub(super) fn unsigned() -> Self {
        Self(SigningMode::Unsigned)
    }

    /// Signs each commit; `None` where git's configuration wants no signatures. A configuration that is wrong matters only
    /// when there is something to commit.
    pub(super) fn signing(how: &'a Result<Option<Signing>, Failure>, task: TaskContext<'a>) -> Option<Self> {
        let how = how.as_ref().map(Option::as_ref).transpose()?;
        Some(Self(SigningMode::Signing { how, task, made: RefCell::default() }))
    }

    /// Writes what was signed before; where nothing was, commits are unsigned.
    pub(super) fn signed(signatures: &'a CommitSignatures) -> Self {
        if signatures.is_empty() { Self::unsigned() } else { Self(SigningMode::Signed(signatures)) }
    }

    /// The id under which people may hear of a commit: that of a preview will never be seen again.
    pub(super) fn real(&self, commit: CommitId) -> Option<CommitId> {
        match self.0 {
            SigningMode::Preview => None,
            SigningMode::Unsigned | SigningMode::Signing { .. } | SigningMode::Signed(_) => Some(commit),
        }
    }

    /// The signatures that were made.
    pub(super) fn into_signatures(self) -> CommitSignatures {
        match self.0 {
            SigningMode::Signing { made, .. } => made.into_inner(),
            SigningMode::Signed(signatures) => signatures.clone(),
            SigningMode::Preview | SigningMode::Unsigned => CommitSignatures::new(),
        }
    }

    /// Writes a commit.
    pub(super) fn write(&self, mirror: &Mirror, new: &NewCommit) -> Result<CommitId, Failure> {
        let Some(signature) = self.signature(mirror, new)? else { return Ok(mirror.write_commit(new)?) };
        Ok(mirror.write_signed(&mirror.unsigned(new)?, &signature)?)
    }

    fn signature(&self, mirror: &Mirror, new: &NewCommit) -> Result<Option<String>, Failure> {
        match &self.0 {
            SigningMode::Preview | SigningMode::Unsigned => Ok(None),
            SigningMode::Signing { how, task, made } => {
                let signing = how.map_err(Clone::clone)?;
                let unsigned = mirror.unsigned(new)?;
                let signature = signing.sign(&unsigned.text, &new.committer, *task)?;
                made.borrow_mut().insert(unsigned.id, signature.clone());
                Ok(Some(signature))
            }
            SigningMode::Signed(signatures) => {
                let id = mirror.unsigned(new)?.id;
                signatures.get(&id).cloned().map(Some).ok_or_else(|| not_the_signed_one(id))
            }
        }
    }
}

fn not_the_signed_one(commit: CommitId) -> Failure {
    Failure::new(
        FailureKind::Git,
        format!("making the commits again gives {}, which is none of those that were signed", commit.short()),
    )
    .hint("nothing was done; abandon the run, then run the workflow again")
}
