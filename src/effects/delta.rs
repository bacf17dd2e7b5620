//! `delta::…`: what changes for each component between two commits of the mirror.

use super::World;
use super::declare::{Declared, args, positional, read, value};
use crate::components::{Component, ComponentDelta, Files, History, PluginDetector, delta};
use crate::git::{LogRange, Mirror};
use crate::model::{CommitId, Failure};
use crate::run::{Call, Command, Kind, ParamType, required};
use serde::Deserialize;
use std::sync::{Arc, OnceLock};

pub(super) const COMMANDS: &[Declared] = &[positional(
    Kind::Read,
    "delta::between",
    &[
        required("base", ParamType::Commit, "what is there now: branch, tag, commit"),
        required("head", ParamType::Commit, "what would be there"),
    ],
    "a list of #{ name, detect, change, from, to, commits? }",
    "How each component changes from `base` to `head`. A manifest that cannot be read is told in its own row (`error`).",
    between,
)];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BetweenArgs {
    base: String,
    head: String,
}

fn between(world: &Arc<World>, call: &Call) -> Result<Command, Failure> {
    let wanted: BetweenArgs = args(call)?;
    let world = Arc::clone(world);
    Ok(read(move |_| {
        let (base, head) = (world.mirror.resolve(&wanted.base)?, world.mirror.resolve(&wanted.head)?);
        let rows = rows(
            &world,
            &CommitFiles::new(&world.mirror, base),
            &CommitFiles::new(&world.mirror, head),
            &Shipped { mirror: &world.mirror, base, head, counted: None },
        );
        value(rows)
    }))
}

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
