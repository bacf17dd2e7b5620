//! The merge that a promotion would make, without making it.

use super::delta::component_rows;
use super::project::Project;
use crate::components::ComponentDelta;
use crate::git::{CommitInfo, CrossCheck, Ident, Identity, Keep, LogRange, Mirror, NewCommit, PendingCrossCheck};
use crate::hidden::{self, BranchNames, Hidden, Merging};
use crate::merge::{Conflict, Merged, Merger};
use crate::model::{CommitId, Failure, TaskContext, TreeId};
use jiff::Timestamp;
use serde::Serialize;

/// A revision as it was asked for, and the commit it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Named {
    /// As it was asked for.
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
    /// A person must decide.
    Conflicts,
    /// Nothing to merge.
    UpToDate,
}

/// One commit of a release.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommitRow {
    /// Its id.
    pub commit: CommitId,
    /// The first line of its message.
    pub summary: String,
    /// Who wrote it.
    pub author: String,
    /// When, RFC 3339.
    pub time: String,
}

/// A file that the merge changes in the target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangedFile {
    /// Its path.
    pub path: String,
    /// git's letter: A, M, D or T.
    pub change: char,
}

/// The merge that a promotion would make.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// What is promoted.
    pub source: Named,
    /// Where it goes.
    pub target: Named,
    /// The best common ancestors.
    pub bases: Vec<CommitId>,
    /// Has the target nothing of its own? Then the result is the source's tree.
    pub fast: bool,
    /// How the merge would end.
    pub outcome: PreviewOutcome,
    /// Its tree, when it is clean.
    pub tree: Option<TreeId>,
    /// The commit it would be, made now by whoever asks; `null` when nobody is known who could commit.
    pub commit: Option<CommitId>,
    /// Its conflicts.
    pub conflicts: Vec<Conflict>,
    /// The commits that would be new in the target, newest first.
    pub commits: Vec<CommitRow>,
    /// The files that would change in the target.
    pub files: Vec<ChangedFile>,
    /// What would ship.
    pub components: Vec<ComponentDelta>,
    /// What it does not say by itself.
    pub hidden: Hidden,
    /// What git says of it.
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
    let theirs = mirror.resolve(source)?;
    let ours = mirror.resolve(target)?;
    let pending = PendingCrossCheck::begin_look(project.invocation.cross_check, mirror.objects(), ours, theirs);
    let merger = Merger::default();
    let outcome = merger.merge(mirror.objects(), ours, theirs)?;
    let range = LogRange { from: theirs, not: vec![ours], first_parent: false, limit: None };
    let commits = mirror.log(&range)?.iter().map(commit_row).collect();
    let merging = Merging {
        ours,
        theirs,
        bases: &outcome.bases,
        tree: outcome.result.tree(),
        names: BranchNames { source: Some(source), target },
    };
    let named = |name: &str, commit| Named { name: name.to_owned(), commit };
    let mut preview = Preview {
        source: named(source, theirs),
        target: named(target, ours),
        bases: outcome.bases.clone(),
        fast: outcome.bases == [ours] && ours != theirs,
        outcome: PreviewOutcome::UpToDate,
        tree: None,
        commit: None,
        conflicts: Vec::new(),
        commits,
        files: Vec::new(),
        components: Vec::new(),
        hidden: hidden::look(&mirror, &merger, &merging),
        cross_check: CrossCheck::default(),
    };
    match &outcome.result {
        &Merged::UpToDate(tree) => {
            preview.tree = Some(tree);
            preview.components = component_rows(project, &mirror, (ours, ours), Some(0))?;
        }
        &Merged::Clean(tree) => {
            preview.outcome = PreviewOutcome::Clean;
            preview.tree = Some(tree);
            let message = format!("Merge {source} into {target}\n");
            let identity = Identity::find(&*project.invocation.env, Some(&project.config.root)).ok();
            let commit = write(&mirror, tree, vec![ours, theirs], identity.as_ref(), message)?;
            preview.commit = identity.map(|_| commit);
            // The merge commit itself is one of them.
            let counted = preview.commits.len() as u64 + 1;
            preview.files = changed_files(&mirror, mirror.tree(ours)?, tree)?;
            preview.components = component_rows(project, &mirror, (ours, commit), Some(counted))?;
        }
        Merged::Conflicts(conflicts) => {
            preview.outcome = PreviewOutcome::Conflicts;
            preview.conflicts = conflicts.clone();
        }
    }
    preview.cross_check = pending.end(&outcome);
    Ok(preview)
}

/// The merge commit, in memory. Component detectors read files of commits, so there is one even when nobody could sign it.
fn write(
    mirror: &Mirror,
    tree: TreeId,
    parents: Vec<CommitId>,
    identity: Option<&Identity>,
    message: String,
) -> Result<CommitId, Failure> {
    let time = Timestamp::now().as_second();
    let by = |who: Option<&(String, String)>| {
        let (name, email) = who.cloned().unwrap_or_else(|| ("nobody".to_owned(), "nobody@localhost".to_owned()));
        Ident { name, email, time, offset_minutes: 0 }
    };
    let author = by(identity.map(|identity| &identity.author));
    let committer = by(identity.map(|identity| &identity.committer));
    Ok(mirror.write_commit(&NewCommit { tree, parents, author, committer, message })?)
}

/// The files that differ between two trees.
pub fn changed_files(mirror: &Mirror, from: TreeId, to: TreeId) -> Result<Vec<ChangedFile>, Failure> {
    let changed = mirror.changed_files(from, to)?;
    Ok(changed.into_iter().map(|(path, change)| ChangedFile { path, change }).collect())
}

fn commit_row(commit: &CommitInfo) -> CommitRow {
    CommitRow {
        commit: commit.id,
        summary: commit.summary.clone(),
        author: commit.author.name.clone(),
        time: commit.author.when(),
    }
}
