//! `forge::propose`: proposes a commit for a branch.

use crate::ci::{BuildQuery, Start};
use crate::effects::EffectContext;
use crate::effects::landing_method::landing_method_by;
use crate::effects::landing_obstacles::ensure_acceptable;
use crate::effects::proposal_body;
use crate::effects::ref_lease::RefLease;
use crate::effects::typed_host_fn::{Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map};
use crate::forge::{Change, ChangeSearch, ChangeState, NewChange, inert, literal};
use crate::model::{BranchName, CommitId, Failure, FailureKind, OrUnknown, Revision, TaskContext, WriteError};
use crate::run::{CommandKind, OnUnknown, Performing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(super) static PROPOSE: TypedHostFn<Args, ProposedChange> = map(
    CommandKind::Effect,
    "forge::propose",
    "Proposes a commit for a branch: a pull request where there is a forge, a record in the repository where there is none.",
    |context, args| Ok(effect(Propose { context: Arc::clone(context), args })),
)
.throws(&[(FailureKind::Refused, "the forge or the remote does not take it, or the target could never take the merge")]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// the merge commit
    commit: Revision,
    /// the branch it is to land on
    target: BranchName,
    /// by default the commit's first line
    title: Option<String>,
    /// by default what ships and which commits; mentions and references in it are shown as text
    body: Option<String>,
}

/// A change as scripts see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProposedChange {
    /// its number on the forge
    pub number: OrUnknown<u64>,
    /// where people see it
    pub url: OrUnknown<Option<String>>,
    /// the commit that is proposed
    pub head: CommitId,
    /// the branch it is to land on
    pub base: BranchName,
    /// its state
    pub state: ChangeState,
}

impl From<Change> for ProposedChange {
    fn from(change: Change) -> Self {
        let Change { number, url, head, base, state, .. } = change;
        Self { number: number.into(), url: url.into(), head, base, state }
    }
}

/// A title as long as every forge takes it; GitLab takes 255 characters.
fn shortened_title(title: &str) -> String {
    const LONGEST: usize = 250;
    match title.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", title[..end].trim_end()),
        None => title.to_owned(),
    }
}

/// How many branches one run may leave behind.
const BRANCHES: u32 = 9;

struct Propose {
    context: Arc<EffectContext>,
    args: Args,
}

/// What is proposed; fixed in the intent, so that a second attempt proposes the same.
#[derive(Serialize, Deserialize)]
pub(super) struct Proposal {
    head: CommitId,
    title: String,
    body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    branch: Option<BranchName>,
}

impl Propose {
    fn proposal(&self, cx: &Performing<'_>) -> Result<Proposal, Failure> {
        let mirror = &self.context.mirror;
        let commit = mirror.commit(mirror.resolve(self.args.commit.as_str())?)?;
        let whole = self.args.title.clone().unwrap_or_else(|| commit.summary.clone());
        let mut body = match &self.args.body {
            Some(body) => inert(body),
            None => proposal_body::body(&self.context, &commit, &self.args.target, cx.task)?,
        };
        let title = shortened_title(&whole);
        if title != whole {
            body = format!("{}\n\n{body}", literal(&whole));
        }
        Ok(Proposal { head: commit.id, title, body, branch: self.branch(cx, commit.id)? })
    }

    /// What would be found out too late, after a build or even the landing, is found here: the forge's rules, and whether the CI
    /// can be asked.
    fn ensure_can_land(&self, task: TaskContext<'_>) -> Result<(), Failure> {
        let (context, target) = (&self.context, &self.args.target);
        let rules = context.forge.rules(target, task)?;
        let commit = context.mirror.commit(context.mirror.resolve(self.args.commit.as_str())?)?;
        ensure_acceptable(context, &rules, target, &commit, task)?;
        landing_method_by(&*context.forge, &rules, target)?;
        if let Some(ci) = context.ci.as_ref().filter(|ci| ci.start() == Start::Server) {
            ci.builds(&BuildQuery { branch: Some(target.clone()), ..BuildQuery::default() }, task)?;
        }
        Ok(())
    }

    /// For forges that need one: the branch that this run proposes from. One that holds something else belongs to another user,
    /// or is an earlier proposal's that could not be deleted: it stays, and the next name is taken.
    fn branch(&self, cx: &Performing<'_>, head: CommitId) -> Result<Option<BranchName>, Failure> {
        if !self.context.forge.caps().needs_branch {
            return Ok(None);
        }
        let held = self.context.mirror.remote_refs(cx.task)?;
        let first = format!("{}{}", self.context.config.forge.prefix(), cx.run);
        let further = (2..=BRANCHES).map(|number| format!("{first}-{number}"));
        for name in std::iter::once(first.clone()).chain(further) {
            let name: BranchName = name.parse().map_err(|error| Failure::new(FailureKind::Bug, format!("{error}")))?;
            if held.get(&name.to_ref()).is_none_or(|tip| *tip == head.object()) {
                return Ok(Some(name));
            }
        }
        Err(Failure::new(FailureKind::Refused, format!("{first} and {BRANCHES} names like it are taken"))
            .hint("delete the branches that are no longer needed"))
    }
}

impl TypedEffect for Propose {
    type Facts = Proposal;
    type Answer = ProposedChange;

    /// What could never land is not proposed.
    fn prepare(&self, cx: &Performing<'_>) -> Result<Proposal, Failure> {
        self.ensure_can_land(cx.task)?;
        self.proposal(cx)
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, Proposal>) -> Result<ProposedChange, WriteError> {
        let proposal = intent.facts;
        if let Some(branch) = &proposal.branch {
            let lease = RefLease { name: branch.to_ref(), old: None, new: Some(proposal.head.object()) };
            lease.push(&self.context, cx.task)?;
        }
        let new = NewChange {
            head: proposal.head,
            head_branch: proposal.branch,
            base: self.args.target.clone(),
            title: proposal.title,
            body: proposal.body,
            marker: intent.key.to_owned(),
        };
        let change = self.context.forge.open_change(&new, cx.task).map_err(WriteError::or_hopeless)?;
        Ok(change.into())
    }

    /// By the marker, never by the branch's name alone: a fork may use the same one.
    fn probe(&self, cx: &Performing<'_>, intent: TypedIntent<'_, Proposal>) -> Result<Probe<ProposedChange>, Failure> {
        let proposal = intent.facts;
        let search =
            ChangeSearch { base: &self.args.target, head_branch: proposal.branch.as_ref(), marker: Some(intent.key) };
        let found = self.context.forge.find_changes(&search, cx.task)?;
        Ok(found.into_iter().next().map_or(Probe::Absent, |change| Probe::Done(change.into())))
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed<ProposedChange>, Failure> {
        self.ensure_can_land(cx.task)?;
        let proposal = self.proposal(cx)?;
        let value = ProposedChange {
            number: OrUnknown::unknown("number of the change"),
            url: OrUnknown::unknown("address of the change"),
            head: proposal.head,
            base: self.args.target.clone(),
            state: ChangeState::Open,
        };
        Ok(Assumed { value, note: None })
    }
}
