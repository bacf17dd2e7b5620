//! The plumbing behind `relwf merge-tree`: many merges over one open repository.

use super::project::Project;
use super::setting::Fetch;
use crate::git::{Keep, Mirror};
use crate::merge::{By, Conflict, Merged, Merger};
use crate::model::{CommitId, Failure, TreeId, Watch};
use serde::Serialize;
use std::cell::Cell;

/// After so many merges their results, which nobody asks for again, leave the memory.
const TOGETHER: u32 = 256;

/// The answer for one pair.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TreeAnswer {
    /// The commit that is merged into.
    pub ours: CommitId,
    /// The commit that is merged.
    pub theirs: CommitId,
    /// Did it merge without a conflict?
    pub clean: bool,
    /// The merged tree, when it did.
    pub tree: Option<TreeId>,
    /// The conflicts, when it did not.
    pub conflicts: Vec<Conflict>,
    /// Which part of the merge decided.
    pub by: By,
}

/// Merges pairs of commits in one repository; no reference moves and nothing is written to a local one.
pub struct TreeMerger {
    mirror: Mirror,
    merger: Merger,
    /// Merges since memory was last cleared.
    merged: Cell<u32>,
}

impl TreeMerger {
    /// A local repository is used as it is; of a remote one the mirror.
    ///
    /// # Errors
    ///
    /// The repository cannot be opened or, when remote, not be fetched.
    pub fn open(project: &Project, watch: Watch<'_>) -> Result<Self, Failure> {
        let url = project.url()?;
        if let Some(path) = url.path() {
            return Ok(Self::over(Mirror::at(path)?));
        }
        let mirror = Mirror::open(&project.setting.cache_dir()?, &url, project.credentials(), Keep::No, watch)?;
        if project.setting.fetch == Fetch::First {
            mirror.sync(watch)?;
        }
        Ok(Self::over(mirror))
    }

    fn over(mirror: Mirror) -> Self {
        Self { mirror, merger: Merger::default(), merged: Cell::new(0) }
    }

    /// Merges `theirs` into `ours`, both as anything git understands.
    ///
    /// # Errors
    ///
    /// A revision does not exist, the histories are unrelated, an object is missing.
    pub fn merge(&self, ours: &str, theirs: &str) -> Result<TreeAnswer, Failure> {
        let (ours, theirs) = (self.mirror.resolve(ours)?, self.mirror.resolve(theirs)?);
        if self.merged.replace(self.merged.get() + 1) == TOGETHER {
            self.mirror.objects().forget_written()?;
            self.merged.set(1);
        }
        let outcome = self.merger.merge(self.mirror.objects(), ours, theirs)?;
        let (tree, conflicts) = match outcome.result {
            Merged::UpToDate(tree) | Merged::Clean(tree) => (Some(tree), Vec::new()),
            Merged::Conflicts(conflicts) => (None, conflicts),
        };
        Ok(TreeAnswer { ours, theirs, clean: tree.is_some(), tree, conflicts, by: outcome.by })
    }
}
