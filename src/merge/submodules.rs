//! Submodules: where the submodule's own repository is at hand, the newer of two commits is taken if it contains the other, as
//! git does. In a bare repository none is at hand.

use super::entries::Path;
use super::store::oid;
use crate::model::ObjectId;

/// Where submodules' repositories are looked up.
pub(super) struct Submodules<'r>(Option<&'r git2::Repository>);

impl<'r> Submodules<'r> {
    pub(super) fn new(repo: Option<&'r git2::Repository>) -> Self {
        Self(repo.filter(|repo| !repo.is_bare()))
    }

    /// The commit that contains both others, where both contain the base.
    pub(super) fn newer(&self, path: &Path, [base, ours, theirs]: [ObjectId; 3]) -> Option<ObjectId> {
        let submodule = self.open(path)?;
        let contains = |newer: ObjectId, older: ObjectId| {
            newer == older || submodule.graph_descendant_of(oid(newer), oid(older)).unwrap_or(false)
        };
        if !contains(ours, base) || !contains(theirs, base) {
            None
        } else if contains(theirs, ours) {
            Some(theirs)
        } else {
            Some(ours).filter(|ours| contains(*ours, theirs))
        }
    }

    /// In its place in the work tree, or where git keeps those that are not checked out (`gitsubmodules`).
    fn open(&self, path: &Path) -> Option<git2::Repository> {
        let repo = self.0?;
        let path = std::str::from_utf8(path).ok()?;
        let place = repo.workdir()?.join(path);
        if place.join(".git").exists() {
            return git2::Repository::open(place).ok();
        }
        let module = repo.find_submodule(path).ok();
        let name = module.as_ref().and_then(|module| module.name().ok()).unwrap_or(path);
        // A linked work tree has its own.
        git2::Repository::open_bare(repo.path().join("modules").join(name)).ok()
    }
}
