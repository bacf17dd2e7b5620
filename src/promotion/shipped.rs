//! What ships: each component's version before and after, read from the mirror's trees.

use crate::components::{CommitHistory, Component, ComponentDelta, ManifestFiles, PluginDetector, delta};
use crate::git::{LogRange, Mirror};
use crate::model::{CommitId, Failure, TreeId};
use std::sync::OnceLock;

/// The components of a project, and the plugins that find the versions of some.
#[derive(Clone, Copy)]
pub struct Detection<'a> {
    /// As configured.
    pub components: &'a [Component],
    /// Detectors in Rhai.
    pub plugins: &'a dyn PluginDetector,
}

impl Detection<'_> {
    /// How each component changes from one commit to another.
    ///
    /// # Errors
    ///
    /// A commit is missing.
    pub fn between(&self, mirror: &Mirror, base: CommitId, head: CommitId) -> Result<Vec<ComponentDelta>, Failure> {
        let (before, after) = (TreeFiles::of(mirror, base)?, TreeFiles::of(mirror, head)?);
        let commits = CommitCount::Between { mirror, base, head };
        Ok(delta(self.components, &before.at(Some(base)), &after.at(Some(head)), &commits, self.plugins))
    }
}

/// The way from a commit to a tree that may not be any commit's yet.
pub struct Shipment<'m> {
    detection: Detection<'m>,
    base: CommitId,
    before: TreeFiles<'m>,
    after: TreeFiles<'m>,
    commits: u64,
}

impl<'m> Shipment<'m> {
    /// From the commit `base` to `tree`, which this many commits lead to.
    ///
    /// # Errors
    ///
    /// The commit is missing.
    pub fn new(
        mirror: &'m Mirror,
        detection: Detection<'m>,
        base: CommitId,
        tree: TreeId,
        commits: u64,
    ) -> Result<Self, Failure> {
        let (before, after) = (TreeFiles::of(mirror, base)?, TreeFiles::new(mirror, tree));
        Ok(Self { detection, base, before, after, commits })
    }

    /// How each component changes. `head` is the commit that is named as a component's version where that is the commit.
    pub fn components(&self, head: Option<CommitId>) -> Vec<ComponentDelta> {
        let Detection { components, plugins } = self.detection;
        let (before, after) = (self.before.at(Some(self.base)), self.after.at(head));
        delta(components, &before, &after, &CommitCount::Known(self.commits), plugins)
    }
}

pub struct TreeFiles<'m> {
    mirror: &'m Mirror,
    tree: TreeId,
    list: OnceLock<Vec<(String, String)>>,
}

impl<'m> TreeFiles<'m> {
    fn new(mirror: &'m Mirror, tree: TreeId) -> Self {
        Self { mirror, tree, list: OnceLock::new() }
    }

    /// The files of a commit.
    ///
    /// # Errors
    ///
    /// The commit is missing.
    pub fn of(mirror: &'m Mirror, commit: CommitId) -> Result<Self, Failure> {
        Ok(Self::new(mirror, mirror.tree(commit)?))
    }

    /// The same as the files of this commit, where there is one.
    pub fn at(&self, commit: Option<CommitId>) -> impl ManifestFiles + '_ {
        CommitFiles { files: self, commit }
    }

    fn list(&self) -> Result<&[(String, String)], Failure> {
        if let Some(list) = self.list.get() {
            return Ok(list);
        }
        let files = self.mirror.list(self.tree)?;
        Ok(self.list.get_or_init(|| files.into_iter().map(|(path, blob)| (path, blob.to_string())).collect()))
    }
}

struct CommitFiles<'f> {
    files: &'f TreeFiles<'f>,
    commit: Option<CommitId>,
}

impl ManifestFiles for CommitFiles<'_> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.files.mirror.read(self.files.tree, path)?)
    }

    fn list(&self) -> Result<Vec<(String, String)>, Failure> {
        Ok(self.files.list()?.to_vec())
    }

    fn submodule(&self, path: &str) -> Result<Option<String>, Failure> {
        Ok(self.files.mirror.submodule(self.files.tree, path)?.map(|commit| commit.to_string()))
    }

    fn commit(&self) -> Option<String> {
        self.commit.map(|commit| commit.to_string())
    }
}

/// How many commits lie between the two ends.
enum CommitCount<'m> {
    /// Counted already: in a long history that takes its time.
    Known(u64),
    Between {
        mirror: &'m Mirror,
        base: CommitId,
        head: CommitId,
    },
}

impl CommitHistory for CommitCount<'_> {
    fn commits(&self) -> Result<u64, Failure> {
        match *self {
            Self::Known(count) => Ok(count),
            Self::Between { mirror, base, head } => {
                let range = LogRange { from: head, not: vec![base], first_parent: false, limit: None };
                Ok(mirror.count(&range)?)
            }
        }
    }
}
