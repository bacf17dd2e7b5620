//! `forge::…`: proposing a change and speaking on it. Its checks, its landing and its end have files of their own.

use super::World;
use super::declare::{Declared, args, facts, map, value};
use super::landing_method::landing_method;
use super::lease::RefLease;
use super::proposal;
use crate::forge::{Change, ChangeState, NewChange, Search, Verdict, VerdictState};
use crate::model::{
    BranchName, CommitId, Failure, FailureKind, TaskContext, Value, WriteError, unknown, unknown_inside,
};
use crate::run::{Assumed, Command, Effect, Intent, Kind, OnUnknown, ParamType, Performing, Probe, optional, required};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

pub(super) const COMMANDS: &[Declared] = &[
    map(
        Kind::Effect,
        "forge::propose",
        &[
            required("commit", ParamType::Commit, "the merge commit"),
            required("target", ParamType::Branch, "the branch it shall land on"),
            optional("title", ParamType::String, "by default the commit's first line"),
            optional("body", ParamType::String, "by default what ships and which commits"),
        ],
        "#{ number, url, head, base, state }",
        "Proposes a commit for a branch: a pull request where there is a forge, a record in the repository where there is none.",
        |world, call| effect(Propose { world: Arc::clone(world), wanted: args(call)? }),
    ),
    map(
        Kind::Effect,
        "forge::comment",
        &[
            required("change", ParamType::Any, "what `forge::propose` answered, or its number"),
            required("text", ParamType::String, "what to say"),
        ],
        "()",
        "Says something on a change, once.",
        |world, call| effect(Say { world: Arc::clone(world), wanted: args(call)? }),
    ),
    map(
        Kind::Effect,
        "forge::status",
        &[
            required("commit", ParamType::Commit, "the commit that is judged"),
            required("context", ParamType::String, "the check, e.g. \"manual/qa\""),
            required("state", ParamType::String, "\"pending\", \"green\", \"red\", \"skipped\" or \"neutral\""),
            optional("description", ParamType::String, "why"),
        ],
        "()",
        "Records a check's word on a commit.",
        |world, call| effect(Status { world: Arc::clone(world), wanted: args(call)? }),
    ),
];

pub(super) fn effect(effect: impl Effect + 'static) -> Result<Command, Failure> {
    Ok(Command::Effect(Box::new(effect)))
}

/// The number of a change given as a map or as the number itself.
pub(super) fn change_number(change: &Value) -> Result<u64, Failure> {
    if let Some(what) = unknown_inside(change) {
        return Err(Failure::new(FailureKind::Unknown, format!("only a real run knows the {what}")));
    }
    change.as_u64().or_else(|| change.get("number")?.as_u64()).ok_or_else(|| {
        Failure::new(FailureKind::Arguments, "`change` is neither a change nor the number of one")
            .hint("pass what `forge::propose` answered, or its `number`")
    })
}

/// A change as scripts see it.
fn change_value(change: &Change) -> Value {
    json!({
        "number": change.number,
        "url": change.url,
        "head": change.head,
        "base": change.base,
        "state": change.state,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProposeArgs {
    commit: String,
    target: BranchName,
    title: Option<String>,
    body: Option<String>,
}

/// So many branches one run may leave behind.
const BRANCHES: u32 = 9;

struct Propose {
    world: Arc<World>,
    wanted: ProposeArgs,
}

/// What is proposed; fixed in the intent, so that a second attempt proposes the same.
#[derive(Serialize, Deserialize)]
struct Proposal {
    head: CommitId,
    title: String,
    body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    branch: Option<BranchName>,
}

impl Propose {
    fn proposal(&self, cx: &Performing<'_>) -> Result<Proposal, Failure> {
        let mirror = &self.world.mirror;
        let commit = mirror.commit(mirror.resolve(&self.wanted.commit)?)?;
        let title = self.wanted.title.clone().unwrap_or_else(|| commit.summary.clone());
        let body = match &self.wanted.body {
            Some(body) => body.clone(),
            None => proposal::body(&self.world, &commit, &self.wanted.target)?,
        };
        Ok(Proposal { head: commit.id, title, body, branch: self.branch(cx, commit.id)? })
    }

    /// For forges that need one: the branch that this run proposes from. One that holds something else is somebody's, or an
    /// earlier proposal's that could not be deleted: it stays, and the next name is taken.
    fn branch(&self, cx: &Performing<'_>, head: CommitId) -> Result<Option<BranchName>, Failure> {
        if !self.world.forge.caps().needs_branch {
            return Ok(None);
        }
        let held = self.world.mirror.remote_refs(cx.task)?;
        let first = format!("{}{}", self.world.config.forge.prefix(), cx.run);
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

impl Effect for Propose {
    /// What could never land is not proposed.
    fn prepare(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        landing_method(&self.world, &self.wanted.target, cx.task)?;
        value(self.proposal(cx)?)
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, WriteError> {
        let proposal: Proposal = facts(&intent.pre).map_err(WriteError::Refused)?;
        if let Some(branch) = &proposal.branch {
            let lease = RefLease { name: branch.to_ref(), old: None, new: Some(proposal.head.object()) };
            lease.push(&self.world, cx.task)?;
        }
        let new = NewChange {
            head: proposal.head,
            head_branch: proposal.branch,
            base: self.wanted.target.clone(),
            title: proposal.title,
            body: proposal.body,
            marker: intent.idempotency_key.clone(),
        };
        let change = self.world.forge.open_change(&new, cx.task).map_err(WriteError::or_hopeless)?;
        Ok(change_value(&change))
    }

    /// By the marker, never by the branch's name alone: a fork may use the same one.
    fn probe(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Probe, Failure> {
        let proposal: Proposal = facts(&intent.pre)?;
        let search = Search {
            base: &self.wanted.target,
            head_branch: proposal.branch.as_ref(),
            marker: Some(&intent.idempotency_key),
        };
        let found = self.world.forge.find_changes(&search, cx.task)?;
        Ok(found.first().map_or(Probe::Absent, |change| Probe::Done(change_value(change))))
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed, Failure> {
        landing_method(&self.world, &self.wanted.target, cx.task)?;
        let proposal = self.proposal(cx)?;
        let value = json!({
            "number": unknown("number of the change"),
            "url": unknown("address of the change"),
            "head": proposal.head,
            "base": self.wanted.target,
            "state": ChangeState::Open,
        });
        Ok(Assumed { value, note: None })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommentArgs {
    change: Value,
    text: String,
}

struct Say {
    world: Arc<World>,
    wanted: CommentArgs,
}

impl Effect for Say {
    fn prepare(&self, _cx: &Performing<'_>) -> Result<Value, Failure> {
        Ok(json!({ "number": change_number(&self.wanted.change)? }))
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, WriteError> {
        let number = change_number(&intent.pre).map_err(WriteError::Refused)?;
        let key = &intent.idempotency_key;
        self.world.forge.comment(number, &self.wanted.text, key, cx.task).map_err(WriteError::or_hopeless)?;
        Ok(Value::Null)
    }

    /// Always "absent": the forge looks for the marker before it writes, so doing it again says it once.
    fn probe(&self, _cx: &Performing<'_>, _intent: &Intent) -> Result<Probe, Failure> {
        Ok(Probe::Absent)
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Retry
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed, Failure> {
        Ok(Assumed { value: Value::Null, note: None })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusArgs {
    commit: String,
    context: String,
    state: VerdictState,
    #[serde(default)]
    description: String,
}

struct Status {
    world: Arc<World>,
    wanted: StatusArgs,
}

#[derive(Serialize, Deserialize)]
struct Judged {
    commit: CommitId,
    at: Timestamp,
}

impl Effect for Status {
    fn prepare(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        value(Judged { commit: self.world.mirror.resolve(&self.wanted.commit)?, at: cx.now })
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, WriteError> {
        let judged: Judged = facts(&intent.pre).map_err(WriteError::Refused)?;
        let verdict = Verdict {
            context: self.wanted.context.clone(),
            state: self.wanted.state,
            description: self.wanted.description.clone(),
            url: None,
            at: judged.at,
        };
        self.world.forge.set_status(judged.commit, &verdict, cx.task).map_err(WriteError::or_hopeless)?;
        Ok(Value::Null)
    }

    fn probe(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Probe, Failure> {
        let judged: Judged = facts(&intent.pre)?;
        let said = verdicts(&self.world, judged.commit, cx.task)?.into_iter().any(|verdict| {
            verdict.context == self.wanted.context
                && verdict.state == self.wanted.state
                && verdict.description == self.wanted.description
        });
        // Saying the same again changes nothing.
        Ok(if said { Probe::Done(Value::Null) } else { Probe::Absent })
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Retry
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed, Failure> {
        self.world.mirror.resolve(&self.wanted.commit)?;
        Ok(Assumed { value: Value::Null, note: None })
    }
}

fn verdicts(world: &World, commit: CommitId, task: TaskContext<'_>) -> Result<Vec<Verdict>, Failure> {
    Ok(world.forge.verdicts(commit, task)?)
}
