//! Every new commit is a new version.

use super::{Detector, DetectorDeclaration, DetectorInput};
use crate::components::{CommitHistory, Version};
use crate::model::Failure;

pub(super) const DECLARED: DetectorDeclaration = DetectorDeclaration {
    word: "commits",
    doc: "Every new commit is a new version.",
    keys: &[],
    read: |_| Some(Box::new(Commits)),
};

#[derive(Debug)]
pub(super) struct Commits;

impl Detector for Commits {
    fn version(&self, commit: &DetectorInput<'_>) -> Result<Option<Version>, Failure> {
        Ok(Some(Version { revision: commit.manifests.files().commit(), ..Version::default() }))
    }

    fn sought(&self) -> String {
        "commit".to_owned()
    }

    fn commits(&self, history: &dyn CommitHistory) -> Result<Option<u64>, Failure> {
        history.commits().map(Some)
    }
}
