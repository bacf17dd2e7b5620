//! The merge that a promotion would make, without making it; and which files differ between two trees.

use super::project::Project;
use crate::components::ComponentDelta;
use crate::effects::source_place;
use crate::git::{CrossCheck, Keep, ListedCommit, Mirror, PendingCrossCheck};
use crate::hidden::{BranchNames, Hidden};
use crate::merge::{Conflict, Merged};
use crate::model::{CommitId, Failure, TaskContext, TreeId};
use crate::promotion::{Detection, Promotion, Sides};
use serde::Serialize;

/// A revision as it was given, and the commit it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResolvedRevision {
    /// As it was given.
    #[serde(rename = "ref")]
    pub name: String,
    /// What it is.
    pub commit: CommitId,
}

/// How the merge would end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PreviewOutcome {
    /// It merges.
    Clean,
    /// The two sides conflict.
    Conflicts,
    /// Nothing to merge.
    UpToDate,
}

/// A file that the merge changes in the target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangedFile {
    pub path: String,
    /// git's letter: A, M, D or T.
    pub change: char,
}

/// The merge that a promotion would make.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// What is promoted.
    pub source: ResolvedRevision,
    /// Where it goes.
    pub target: ResolvedRevision,
    /// The best common ancestors.
    pub bases: Vec<CommitId>,
    /// Has the target nothing of its own? Then the result is the source's tree.
    pub fast: bool,
    /// How the merge would end.
    pub outcome: PreviewOutcome,
    /// Its tree, when it is clean.
    pub tree: Option<TreeId>,
    /// Always `null`: a preview makes no commit, and the one that a promotion makes has another id each time.
    pub commit: Option<CommitId>,
    pub conflicts: Vec<Conflict>,
    /// The commits that would be new in the target, newest first.
    pub commits: Vec<ListedCommit>,
    /// The files that would change in the target.
    pub files: Vec<ChangedFile>,
    /// What would ship.
    pub components: Vec<ComponentDelta>,
    /// What a clean merge hides.
    pub hidden: Hidden,
    /// git's answer for the same merge.
    #[serde(rename = "certificate")]
    pub cross_check: CrossCheck,
}

/// Previews the merge of `source` into `target`.
///
/// # Errors
///
/// A revision does not exist, the histories are unrelated; the remote or the cache cannot be reached.
pub fn preview(project: &Project, source: &str, target: &str, task: TaskContext<'_>) -> Result<Preview, Failure> {
    let mirror = project.mirror(Keep::No, task)?;
    let (theirs, ours) = (mirror.resolve(source)?, mirror.resolve(target)?);
    let pending = PendingCrossCheck::begin_look(project.invocation.cross_check, mirror.objects(), ours, theirs);
    let place = source_place(&project.config, &mirror, Some(source), target)?;
    let sides = Sides { ours, theirs, place: &place, names: BranchNames { source: Some(source), target } };
    let promotion = Promotion::assemble(&mirror, sides, None, pending)?;
    let library = project.library()?;
    let detection = Detection { components: &project.config.components, plugins: &library };
    let shipment = promotion.shipment(&mirror, detection)?;
    let shown = promotion.previewed_as();
    let mut components = shipment.map(|shipment| shipment.components(Some(shown))).unwrap_or_default();
    project.add_changelogs(&mut components, task)?;
    let named = |name: &str, commit| ResolvedRevision { name: name.to_owned(), commit };
    let (outcome, files, conflicts) = match &promotion.merge.result {
        Merged::UpToDate(_) => (PreviewOutcome::UpToDate, Vec::new(), Vec::new()),
        &Merged::Clean(tree) => (PreviewOutcome::Clean, changed_files(&mirror, mirror.tree(ours)?, tree)?, Vec::new()),
        Merged::Conflicts(conflicts) => (PreviewOutcome::Conflicts, Vec::new(), conflicts.clone()),
    };
    Ok(Preview {
        source: named(source, theirs),
        target: named(target, ours),
        fast: promotion.is_fast(),
        outcome,
        tree: promotion.merge.result.tree(),
        commit: None,
        conflicts,
        commits: promotion.commits.iter().map(ListedCommit::from).collect(),
        files,
        components,
        hidden: promotion.hidden,
        cross_check: promotion.cross_check,
        bases: promotion.merge.bases,
    })
}

/// The files that differ between two trees.
pub fn changed_files(mirror: &Mirror, from: TreeId, to: TreeId) -> Result<Vec<ChangedFile>, Failure> {
    let changed = mirror.changed_files(from, to)?;
    Ok(changed.into_iter().map(|(path, change)| ChangedFile { path, change }).collect())
}
