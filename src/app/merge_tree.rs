//! The plumbing behind `relwf merge-tree`: many merges over one open repository.

mod pool;

pub use pool::{MergePool, Question, Reply};

use super::project::Project;
use crate::git::{Keep, Mirror};
use crate::merge::{BareRepository, By, Conflict, MergeResult, Merged, Merger, UnrunDriver};
use crate::model::{CommitId, Failure, TaskContext, TreeId};
use serde::Serialize;
use std::cell::{Cell, OnceCell};

/// Merged trees stay in memory, some twenty kilobytes per pair; they are dropped after this many pairs.
const PAIRS_KEPT: u32 = 64;

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
    /// Files that were merged as text although the attributes name a driver of the user's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drivers: Vec<UnrunDriver>,
}

/// Where the commits are.
enum CommitPlace {
    /// In a repository that is opened at the first question that is not a merge of two ids.
    Plain(BareRepository, OnceCell<Mirror>),
    /// In an open one.
    Open(Mirror),
}

impl CommitPlace {
    fn mirror(&self) -> Result<&Mirror, Failure> {
        match self {
            Self::Open(mirror) => Ok(mirror),
            Self::Plain(plain, opened) => match opened.get() {
                Some(mirror) => Ok(mirror),
                None => {
                    let mirror = Mirror::at(plain.path())?;
                    Ok(opened.get_or_init(|| mirror))
                }
            },
        }
    }
}

/// Merges pairs of commits in one repository; no reference moves and nothing is written to a local one.
pub struct TreeMerger {
    place: CommitPlace,
    merger: Merger,
    merged: Cell<u32>,
}

impl TreeMerger {
    /// A local repository is used as it is; of a remote one the mirror.
    ///
    /// # Errors
    ///
    /// The repository cannot be opened or, when remote, not be fetched.
    pub fn open(project: &Project, task: TaskContext<'_>) -> Result<Self, Failure> {
        Ok(Self::over(Self::place(project, task)?, Merger::default()))
    }

    /// The repository to merge in; several mergers may work in it, each over a handle of its own.
    ///
    /// # Errors
    ///
    /// The repository is not there, or cannot be fetched.
    fn place(project: &Project, task: TaskContext<'_>) -> Result<CommitPlace, Failure> {
        let remote = project.remote()?;
        if let Some(path) = remote.url.path() {
            return Ok(match BareRepository::at(path) {
                Some(plain) => CommitPlace::Plain(plain, OnceCell::new()),
                None => CommitPlace::Open(Mirror::at(path)?),
            });
        }
        Ok(CommitPlace::Open(remote.mirror(&project.invocation, Keep::No, task)?))
    }

    /// Merges in a repository that was found.
    fn over(place: CommitPlace, merger: Merger) -> Self {
        Self { place, merger, merged: Cell::new(0) }
    }

    /// Merges `theirs` into `ours`, both as anything git understands.
    ///
    /// # Errors
    ///
    /// A revision does not exist, the histories are unrelated, an object is missing.
    pub fn merge(&self, ours: &str, theirs: &str) -> Result<TreeAnswer, Failure> {
        if let (CommitPlace::Plain(plain, _), Ok(ours), Ok(theirs)) = (&self.place, ours.parse(), theirs.parse())
            // An id may be a tag's, or name nothing: the common way has the message for it.
            && let Ok(outcome) = self.merger.merge_in(plain, ours, theirs)
        {
            return Ok(answer(ours, theirs, outcome));
        }
        let mirror = self.place.mirror()?;
        // No answer refers to an earlier one's tree.
        if self.merged.replace((self.merged.get() + 1) % PAIRS_KEPT) == PAIRS_KEPT - 1 {
            mirror.objects().forget_written()?;
        }
        let (ours, theirs) = (mirror.resolve(ours)?, mirror.resolve(theirs)?);
        Ok(answer(ours, theirs, self.merger.merge(mirror.objects(), ours, theirs)?))
    }
}

fn answer(ours: CommitId, theirs: CommitId, outcome: MergeResult) -> TreeAnswer {
    let (tree, conflicts) = match outcome.result {
        Merged::UpToDate(tree) | Merged::Clean(tree) => (Some(tree), Vec::new()),
        Merged::Conflicts(conflicts) => (None, conflicts),
    };
    TreeAnswer { ours, theirs, clean: tree.is_some(), tree, conflicts, by: outcome.by, drivers: outcome.drivers }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::process::Command;

    fn git(dir: &Path, args: &[&str]) -> String {
        let who = ["AUTHOR", "COMMITTER"];
        let output = Command::new("git")
            .current_dir(dir)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .envs(who.map(|who| (format!("GIT_{who}_NAME"), "Ada")))
            .envs(who.map(|who| (format!("GIT_{who}_EMAIL"), "ada@example.com")))
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    #[test]
    fn trees_of_very_many_merges_do_not_pile_up() {
        let dir = tempfile::tempdir().unwrap();
        let commit = |file: &str| {
            std::fs::write(dir.path().join(file), file).unwrap();
            git(dir.path(), &["add", "-A"]);
            git(dir.path(), &["commit", "-q", "-m", file]);
        };
        git(dir.path(), &["init", "-q", "-b", "ours"]);
        commit("base");
        git(dir.path(), &["branch", "theirs"]);
        commit("a");
        git(dir.path(), &["checkout", "-q", "theirs"]);
        commit("b");
        let merger = TreeMerger::over(CommitPlace::Open(Mirror::at(dir.path()).unwrap()), Merger::default());
        let tree = merger.merge("ours", "theirs").unwrap().tree.unwrap();
        for _ in 2..PAIRS_KEPT {
            merger.merge("ours", "ours").unwrap();
        }
        assert!(merger.place.mirror().unwrap().contains(tree.object()));
        merger.merge("ours", "ours").unwrap();
        assert!(!merger.place.mirror().unwrap().contains(tree.object()));
        assert_eq!(merger.merge("ours", "theirs").unwrap().tree, Some(tree));
    }
}
