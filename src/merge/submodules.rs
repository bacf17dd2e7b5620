//! Submodules: where the submodule's own repository is at hand, the newer of two commits is taken if it contains the other, as
//! git does. In a bare repository none is at hand.

use super::MergeRepository;
use super::differences::RepoPath;
use crate::model::ObjectId;

/// Where submodules' repositories are looked up.
pub(super) struct Submodules<'r>(Option<&'r dyn MergeRepository>);

impl<'r> Submodules<'r> {
    pub(super) fn new(repository: Option<&'r dyn MergeRepository>) -> Self {
        Self(repository.filter(|repository| !repository.is_bare()))
    }

    /// The commit that contains both others, where both contain the base.
    pub(super) fn newer(&self, path: &RepoPath, [base, ours, theirs]: [ObjectId; 3]) -> Option<ObjectId> {
        let submodule = self.0?.submodule(std::str::from_utf8(path).ok()?)?;
        let contains = |newer: ObjectId, older: ObjectId| newer == older || submodule.contains(newer, older);
        if !contains(ours, base) || !contains(theirs, base) {
            None
        } else if contains(theirs, ours) {
            Some(theirs)
        } else {
            Some(ours).filter(|ours| contains(*ours, theirs))
        }
    }
}
