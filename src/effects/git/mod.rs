//! `git::…`: questions to the mirror, commits made in it, and leased pushes. Here is what they share.

mod branch;
mod cherry_pick;
mod commit;
mod delete_branch;
mod is_ancestor;
mod landing;
mod log;
mod merge;
mod push;
mod restore_tree;
mod revert;
mod series;
mod source_place;
mod sync;

pub use merge::MergeAnswer;
pub use restore_tree::RestoreAnswer;
pub(super) use restore_tree::{restored, standing_release, whole_age};
pub use series::SeriesAnswer;
pub(crate) use source_place::source_place;

use super::EffectContext;
use super::shortened_list::shortened;
use super::typed_host_fn::AnyHostFn;
use crate::components::ComponentDelta;
use crate::git::{CommitInfo, Mirror};
use crate::hidden::HiddenFinding;
use crate::model::{BranchName, CommitId, Failure, FailureKind, Revision, TimeText, TreeId, Value, nearest};
use crate::run::Remark;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) static FUNCTIONS: &[&dyn AnyHostFn] = &[
    &sync::SYNC,
    &commit::COMMIT,
    &branch::BRANCH,
    &log::LOG,
    &is_ancestor::IS_ANCESTOR,
    &landing::LANDING,
    &merge::MERGE,
    &cherry_pick::CHERRY_PICK,
    &revert::REVERT,
    &restore_tree::RESTORE_TREE,
    &push::PUSH,
    &delete_branch::DELETE_BRANCH,
];

/// How many commits a list holds at most by default.
pub(super) const LOG_LIMIT: usize = 1000;

/// How a command that makes commits came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CommitOutcome {
    /// There is a commit to land.
    Clean,
    /// The two sides conflict.
    Conflicts,
    /// There is nothing to do.
    UpToDate,
}

/// What a command that makes commits came to, by the command.
pub enum CommitsMade {
    /// `git::merge`.
    Merge(MergeAnswer),
    /// `git::cherry_pick`.
    Pick(SeriesAnswer),
    /// `git::revert`.
    Revert(SeriesAnswer),
    /// `git::restore_tree`.
    Restore(RestoreAnswer),
}

impl CommitsMade {
    /// Reads the answer of a command, if it is one of these and answered what it declares.
    pub fn read(command: &str, answer: &Value) -> Option<Self> {
        fn of<T: for<'de> Deserialize<'de>>(answer: &Value) -> Option<T> {
            T::deserialize(answer).ok()
        }
        match command {
            "git::merge" => of(answer).map(Self::Merge),
            "git::cherry_pick" => of(answer).map(Self::Pick),
            "git::revert" => of(answer).map(Self::Revert),
            "git::restore_tree" => of(answer).map(Self::Restore),
            _ => None,
        }
    }

    /// The last of them, where one was made.
    pub fn commit(&self) -> Option<CommitId> {
        match self {
            Self::Merge(answer) => answer.commit,
            Self::Pick(answer) | Self::Revert(answer) => answer.commit,
            Self::Restore(answer) => answer.commit,
        }
    }

    /// What a person should decide before they land.
    pub fn findings(&self) -> &[HiddenFinding] {
        match self {
            Self::Merge(answer) => &answer.hidden.findings,
            Self::Pick(answer) | Self::Revert(answer) => &answer.findings,
            Self::Restore(_) => &[],
        }
    }

    /// What ships with them.
    pub fn components(&self) -> &[ComponentDelta] {
        match self {
            Self::Merge(answer) => &answer.components,
            Self::Pick(answer) | Self::Revert(answer) => &answer.components,
            Self::Restore(answer) => &answer.components,
        }
    }
}

/// What is to be said of the answer of a function that makes commits.
fn remark(answer: &Value) -> Option<Remark> {
    match answer.get("outcome")?.as_str()? {
        "up-to-date" => Some(Remark::nothing("up to date")),
        "conflicts" => {
            let count = answer.get("conflicts").and_then(Value::as_array).map_or(0, Vec::len);
            Some(Remark::adverse(if count == 1 { "1 conflict".to_owned() } else { format!("{count} conflicts") }))
        }
        _ => None,
    }
}

/// A commit as scripts see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScriptCommit {
    /// its id
    pub id: CommitId,
    /// the first line of its message
    pub summary: String,
    /// who wrote it
    pub author: String,
    /// their address
    pub email: String,
    /// when
    #[schemars(with = "TimeText")]
    pub time: String,
    /// what it was made on; a merge has several
    pub parents: Vec<CommitId>,
    /// its files
    pub tree: TreeId,
}

impl From<&CommitInfo> for ScriptCommit {
    fn from(info: &CommitInfo) -> Self {
        Self {
            id: info.id,
            summary: info.summary.clone(),
            author: info.author.name.clone(),
            email: info.author.email.clone(),
            time: info.author.when(),
            parents: info.parents.clone(),
            tree: info.tree,
        }
    }
}

/// What a command that makes commits begins on: a commit that was made already, or the branch's tip.
pub(super) fn start(
    context: &EffectContext,
    target: &BranchName,
    onto: Option<&Revision>,
) -> Result<CommitId, Failure> {
    match onto {
        Some(onto) => Ok(context.mirror.resolve(onto.as_str())?),
        None => tip(context, target),
    }
}

/// The tip of a branch that must exist.
pub(super) fn tip(context: &EffectContext, branch: &BranchName) -> Result<CommitId, Failure> {
    tip_of(&context.mirror, branch)
}

/// The tip of a branch of this mirror's remote, as last fetched.
pub(super) fn tip_of(mirror: &Mirror, branch: &BranchName) -> Result<CommitId, Failure> {
    mirror.branch(branch)?.ok_or_else(|| no_branch(mirror, branch))
}

fn no_branch(mirror: &Mirror, branch: &BranchName) -> Failure {
    let names: Vec<String> = mirror
        .branches()
        .map(|branches| branches.into_keys().map(|name| name.to_string()).collect())
        .unwrap_or_default();
    // What one project calls `master` another calls `main`.
    let twin = match branch.as_str() {
        "master" => "main",
        "main" => "master",
        _ => "",
    };
    let known = || names.iter().map(String::as_str);
    let near = known().find(|name| *name == twin).or_else(|| nearest(branch.as_str(), known()));
    let failure =
        Failure::new(FailureKind::NotFound, format!("{} has no branch `{branch}` (as last fetched)", mirror.url()));
    match near {
        Some(name) => failure.hint(format!("did you mean `{name}`?")),
        None if names.is_empty() => failure.hint("the remote has no branches at all yet"),
        None => failure.hint(format!("its branches are {}", shortened(&names, 10))),
    }
}
