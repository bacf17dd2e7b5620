//! Every new commit is a new version.

use super::{Commit, Declared, Detector};
use crate::components::{History, Version};
use crate::model::Failure;

pub(super) const DECLARED: Declared = Declared {
    word: "commits",
    doc: "Every new commit is a new version.",
    keys: &[],
    read: |_| Some(Box::new(Commits)),
};

#[derive(Debug)]
pub(super) struct Commits;

impl Detector for Commits {
    fn version(&self, commit: &Commit<'_>) -> Result<Option<Version>, Failure> {
        Ok(Some(Version { revision: commit.files.commit(), ..Version::default() }))
    }

    fn commits(&self, history: &dyn History) -> Result<Option<u64>, Failure> {
        history.commits().map(Some)
    }
}
