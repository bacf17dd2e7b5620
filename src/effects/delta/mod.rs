//! `delta::…`: what changes for each component between two commits of the mirror.

mod between;

use super::World;
use super::host_fn::Declared;
use crate::components::{Component, ComponentDelta, Files, History, PluginDetector, delta};
use crate::git::{LogRange, Mirror};
use crate::model::{CommitId, Failure};
use std::sync::OnceLock;

pub(super) static FUNCTIONS: &[&dyn Declared] = &[&between::BETWEEN];

/// The delta of the configured components.
pub(super) fn rows(
    world: &World,
    base: &CommitFiles<'_>,
    head: &CommitFiles<'_>,
    shipped: &Shipped<'_>,
) -> Vec<ComponentDelta> {
    let components: &[Component] = &world.config.components;
    let plugins: &dyn PluginDetector = &*world.plugins;
    delta(components, base, head, shipped, plugins)
}

/// The files of one commit.
pub(super) struct CommitFiles<'a> {
    mirror: &'a Mirror,
    commit: CommitId,
    shown: CommitId,
    list: OnceLock<Vec<(String, String)>>,
}

impl<'a> CommitFiles<'a> {
    pub(super) fn new(mirror: &'a Mirror, commit: CommitId) -> Self {
        Self { mirror, commit, shown: commit, list: OnceLock::new() }
    }

    /// The same files under another commit's name: a merge commit's message tells versions, so they are read before the
    /// commit has its final id.
    pub(super) fn shown_as(mut self, commit: CommitId) -> Self {
        self.shown = commit;
        self
    }
}

impl Files for CommitFiles<'_> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.mirror.read(self.commit, path)?)
    }

    fn list(&self) -> Result<Vec<(String, String)>, Failure> {
        if let Some(list) = self.list.get() {
            return Ok(list.clone());
        }
        let list: Vec<(String, String)> =
            self.mirror.list(self.commit)?.into_iter().map(|(path, blob)| (path, blob.to_string())).collect();
        Ok(self.list.get_or_init(|| list).clone())
    }

    fn commit(&self) -> String {
        self.shown.to_string()
    }
}

/// The commits that `head` has and `base` lacks.
pub(super) struct Shipped<'a> {
    pub(super) mirror: &'a Mirror,
    pub(super) base: CommitId,
    pub(super) head: CommitId,
    /// How many there are, where somebody has counted already: in a long history that takes its time.
    pub(super) counted: Option<u64>,
}

impl History for Shipped<'_> {
    fn commits(&self) -> Result<u64, Failure> {
        if let Some(count) = self.counted {
            return Ok(count);
        }
        let range = LogRange { from: self.head, not: vec![self.base], first_parent: false, limit: None };
        Ok(self.mirror.count(&range)?)
    }
}
