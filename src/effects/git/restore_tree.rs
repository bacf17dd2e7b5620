//! `git::restore_tree`: a branch gets the files of one of its earlier releases again, as a new commit on its tip.
//!
//! Nothing is rewritten: what was released in between stays in the history, and the next promotion into the branch tells that
//! it was withdrawn instead of shipping it again.

use super::remark;
use super::{CommitOutcome, LOG_LIMIT, ScriptCommit, tip};
use crate::components::ComponentDelta;
use crate::effects::EffectContext;
use crate::effects::commit_effect::{
    AuthorAndCommitter, CommitBuilder, MakesCommit, author_and_committer, commits, components, known,
};
use crate::effects::commit_signatures::CommitWriter;
use crate::effects::typed_host_fn::{TypedHostFn, map};
use crate::git::{CommitInfo, CrossCheck, LogRange, Mirror, NewCommit};
use crate::hidden::release_before;
use crate::model::{BranchName, CommitId, Failure, FailureKind, HumanDuration, Revision, RunId, TreeId};
use crate::run::{CommandKind, Performing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

pub(super) static RESTORE_TREE: TypedHostFn<Args, RestoreAnswer> = map(
    CommandKind::Effect,
    "git::restore_tree",
    "Makes a commit on the tip of `target` whose files are exactly those of an earlier release, in the cache; nothing is \
     pushed. `withdrawn` are the landings that it undoes.",
    |context, args| Ok(commits(Restore { context: Arc::clone(context), args })),
)
.throws(&[
    (FailureKind::NotFound, "there is no such branch or commit, or no earlier release"),
    (FailureKind::Git, "the commit was never released on the branch"),
])
.remarks(remark);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the branch; its tip as last fetched
    target: BranchName,
    /// the earlier release: a commit of the branch's own history; by default the newest one before what the branch has now
    /// that was not taken back itself
    release: Option<Revision>,
    /// why, for the message
    reason: Option<String>,
}

/// What a rollback came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RestoreAnswer {
    /// how it came out; never "conflicts"
    pub outcome: CommitOutcome,
    /// the commit that was made; () when the branch has the release's files already
    pub commit: Option<CommitId>,
    /// the release's files
    pub tree: TreeId,
    /// the target's tip
    pub ours: CommitId,
    /// the earlier release
    pub release: CommitId,
    /// the first line of its message
    #[serde(default)]
    pub summary: String,
    /// how old it is
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub age: Option<HumanDuration>,
    /// the commit that was made, as a list
    pub commits: Vec<ScriptCommit>,
    /// how many they are
    pub commit_count: u64,
    /// the landings that it undoes, newest first
    pub withdrawn: Vec<ScriptCommit>,
    /// what ships
    pub components: Vec<ComponentDelta>,
}

impl MakesCommit for RestoreAnswer {
    fn commit(&self) -> Option<CommitId> {
        self.commit
    }

    fn cross_check(&self) -> Option<&CrossCheck> {
        None
    }
}

/// How many of the landings that it undoes a message lists.
const LISTED: usize = 20;

/// Begins the line of the message that names the release.
const RESTORES: &str = "Relwf-Restores: ";

/// The release whose files a commit has, where it is a rollback.
pub(in crate::effects) fn restored(message: &str) -> Option<CommitId> {
    message.lines().rev().find_map(|line| line.strip_prefix(RESTORES)?.trim().parse().ok())
}

/// Everything that decides the commit's id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fixed {
    ours: CommitId,
    release: CommitId,
    /// How old the release is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    age: Option<HumanDuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signatures: Option<AuthorAndCommitter>,
}

struct Restore {
    context: Arc<EffectContext>,
    args: Args,
}

impl CommitBuilder for Restore {
    type Fixed = Fixed;
    type Answer = RestoreAnswer;

    fn context(&self) -> &EffectContext {
        &self.context
    }

    fn fix(&self, cx: &Performing<'_>) -> Result<Fixed, Failure> {
        let mirror = &self.context.mirror;
        let ours = tip(&self.context, &self.args.target)?;
        let release = match &self.args.release {
            Some(release) => mirror.resolve(release.as_str())?,
            None => self.before(ours)?.id,
        };
        if !mirror.is_ancestor(release, ours)? {
            let (release, target) = (release.short(), &self.args.target);
            return Err(Failure::new(FailureKind::Git, format!("{release} was never released on {target}")).hint(
                format!("a rollback goes back to a commit of {target}; `git log --first-parent {target}` lists them"),
            ));
        }
        let signatures = author_and_committer(&self.context, cx.now);
        let landed = mirror.commit(release)?.committer.time;
        let age = u64::try_from(cx.now.as_second().saturating_sub(landed)).ok().map(whole_age);
        Ok(Fixed { ours, release, age, signatures })
    }

    fn build(&self, run: &RunId, fixed: &Fixed, writer: &CommitWriter<'_>) -> Result<RestoreAnswer, Failure> {
        let mirror = &self.context.mirror;
        let Fixed { ours, release, .. } = *fixed;
        let tree = mirror.tree(release)?;
        let landings = LogRange { from: ours, not: vec![release], first_parent: true, limit: Some(LOG_LIMIT) };
        // A rollback since then has the same files: what it withdrew already is not withdrawn again.
        let landings = mirror.log(&landings)?;
        let withdrawn = landings.iter().take_while(|landing| landing.tree != tree).map(ScriptCommit::from).collect();
        let mut answer = RestoreAnswer {
            outcome: CommitOutcome::UpToDate,
            commit: None,
            tree,
            ours,
            release,
            summary: mirror.commit(release)?.summary,
            age: fixed.age,
            commits: Vec::new(),
            commit_count: 0,
            withdrawn,
            components: Vec::new(),
        };
        if mirror.tree(ours)? == tree {
            return Ok(answer);
        }
        let (author, committer) = known(&self.context, fixed.signatures.as_ref())?;
        let message = self.message(run, &answer);
        let commit = writer.write(mirror, &NewCommit { tree, parents: vec![ours], author, committer, message })?;
        let made = mirror.commit(commit)?;
        if made.tree != tree || made.parents != [ours] {
            return Err(Failure::new(FailureKind::Bug, format!("{} has not the files of {release}", commit.short())));
        }
        answer.outcome = CommitOutcome::Clean;
        answer.commit = Some(commit);
        answer.commits = vec![ScriptCommit::from(&made)];
        answer.commit_count = 1;
        answer.components = components(&self.context, ours, commit, 1, writer.real(commit).or(Some(release)))?;
        Ok(answer)
    }
}

impl Restore {
    /// The newest release before what the branch has now that was not taken back itself.
    fn before(&self, tip: CommitId) -> Result<CommitInfo, Failure> {
        standing_release(&self.context.mirror, tip)?.ok_or_else(|| {
            Failure::new(
                FailureKind::NotFound,
                format!("{} has no release before {} that was not taken back", self.args.target, tip.short()),
            )
            .hint("name the release to go back to: `--param release=COMMIT`")
        })
    }

    fn message(&self, run: &RunId, answer: &RestoreAnswer) -> String {
        let withdrawn = &answer.withdrawn;
        let landings = if withdrawn.len() == 1 { "landing" } else { "landings" };
        let reason = self.args.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| format!("{reason}\n\n")).unwrap_or_default();
        let age = answer.age.map(|age| format!(", {age} old")).unwrap_or_default();
        let list: String =
            withdrawn.iter().take(LISTED).map(|row| format!("- {} {}\n", row.id.short(), row.summary)).collect();
        let more = withdrawn.len().saturating_sub(LISTED);
        let more = if more > 0 { format!("- and {more} more\n") } else { String::new() };
        format!(
            "Roll {} back to {}\n\n{reason}The files are those of \"{}\"{age}. This undoes {} {landings}; reverting this \
             commit\nbrings them back:\n\n{list}{more}\n{RESTORES}{}\nRelwf-Run: {run}\n",
            self.args.target,
            answer.release.short(),
            answer.summary,
            withdrawn.len(),
            answer.release,
        )
    }
}

/// The newest release before a commit of a branch that was not taken back; `None` where there is none.
pub(in crate::effects) fn standing_release(mirror: &Mirror, tip: CommitId) -> Result<Option<CommitInfo>, Failure> {
    let Some(found) = release_before(mirror, tip)? else { return Ok(None) };
    // A rollback is named by the release that it went back to.
    Ok(Some(match restored(&found.message) {
        Some(release) if mirror.tree(release).is_ok_and(|tree| tree == found.tree) => mirror.commit(release)?,
        _ => found,
    }))
}

/// An age as people say it: no smaller part than a tenth or so of it.
pub(in crate::effects) fn whole_age(seconds: u64) -> HumanDuration {
    let unit = match seconds {
        0..60 => 1,
        60..3600 => 60,
        3600..172_800 => 3600,
        _ => 86_400,
    };
    HumanDuration::new(Duration::from_secs(seconds / unit * unit))
}
