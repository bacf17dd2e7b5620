//! `forge::land`: moves the target to the merge commit that was proposed and tested, and proves that it did.

use super::{at, change_number};
use crate::effects::EffectContext;
use crate::effects::landing_method::{LandingMethod, landing_method};
use crate::effects::landing_proof::{ExpectedLanding, Landed, made_on};
use crate::effects::landing_reports::LandingReports;
use crate::effects::proposal_guard::{Proposed, head_moved};
use crate::effects::ref_lease::{RefLease, RemoteState, moved, not_sent};
use crate::effects::typed_host_fn::{Assumed, Probe, TypedEffect, TypedHostFn, TypedIntent, effect, map};
use crate::forge::{Change, ChangeState, MergeOutcome, MergeRequest, Verdict};
use crate::model::{
    BranchName, CommitId, Failure, FailureKind, HumanDuration, ObjectId, Revision, TaskContext, Value, WriteError,
};

use crate::run::{CommandKind, OnUnknown, Performing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

pub(super) static LAND: TypedHostFn<Args, Landed> = map(
    CommandKind::Effect,
    "forge::land",
    "Lands exactly this merge commit on the target, only if the target is still at its first parent; then proves it. With \
     `onto` also what is no merge, only if the target is still there. Where the forge allows no push, it merges the change \
     itself, never squashed, and the result must have exactly the tested files.",
    |context, args| Ok(effect(Land { context: Arc::clone(context), args })),
)
.throws(&[
    (FailureKind::Moved, "the target is no longer where the merge was made, or `source` no longer has what is merged; nothing has landed"),
    (FailureKind::Refused, "neither a push nor the forge's merge is allowed; nothing has landed"),
    (FailureKind::Denied, "the change was closed, or something else was pushed to it"),
    (FailureKind::Git, "it is no merge of two, or what landed is not what was tested"),
]);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Args {
    /// what `forge::propose` answered, or its number
    change: Value,
    /// the merge commit that was proposed
    commit: Revision,
    /// the branch it lands on
    target: BranchName,
    /// for picks and reverts: the commit of the target that they were made on
    onto: Option<Revision>,
    /// the branch that the merge brings: nothing lands once that branch no longer has it
    source: Option<BranchName>,
}

/// How long a forge that cannot merge yet is left alone.
const MOMENT: HumanDuration = HumanDuration::new(Duration::from_secs(2));

/// How long a change is left to people; longer than a process waits, so the run is suspended.
const PEOPLE: HumanDuration = HumanDuration::new(Duration::from_secs(600));

/// What the probe needs.
#[derive(Serialize, Deserialize)]
pub(super) struct Landing {
    number: u64,
    #[serde(flatten)]
    lease: RefLease,
    #[serde(default, alias = "route")]
    method: LandingMethod,
    /// What was reported on the commit before: what comes after is news of its deploy.
    #[serde(default)]
    reported: Option<Vec<Verdict>>,
}

/// The commit that a lease lets land.
fn landing_of(lease: &RefLease) -> CommitId {
    lease.new.unwrap_or(ObjectId::ZERO).into()
}

impl Landing {
    fn commit(&self) -> CommitId {
        landing_of(&self.lease)
    }
}

struct Land {
    context: Arc<EffectContext>,
    args: Args,
}

impl Land {
    /// The push that lands it: from what the commit was made on to the commit.
    fn lease(&self) -> Result<RefLease, Failure> {
        let mirror = &self.context.mirror;
        let commit = mirror.commit(mirror.resolve(self.args.commit.as_str())?)?;
        let ours = match (&self.args.onto, commit.parents.as_slice()) {
            (Some(onto), _) => {
                let onto = mirror.resolve(onto.as_str())?;
                if !made_on(&self.context, commit.id, onto)? {
                    let message = format!("{} was not made on {}", commit.id.short(), onto.short());
                    return Err(Failure::new(FailureKind::Git, message)
                        .hint("`onto` is the `ours` of the command that made the commit"));
                }
                onto
            }
            (None, [ours, _]) => *ours,
            (None, parents) => {
                return Err(Failure::new(
                    FailureKind::Git,
                    format!("{} has {} parents; only a merge of two lands", commit.id.short(), parents.len()),
                )
                .hint(
                    "land the commit that `git::merge` answered (a squashed or rebased release severs the history); picks and \
                     reverts land with `onto`: their answer's `ours`",
                ));
            }
        };
        Ok(RefLease { name: self.args.target.to_ref(), old: Some(ours.object()), new: Some(commit.id.object()) })
    }

    fn proposed(&self, commit: CommitId) -> Proposed<'_> {
        Proposed { context: &self.context, commit, target: &self.args.target }
    }

    /// The change is as it was proposed, or merged: perhaps our own doing.
    fn change(&self, number: u64, commit: CommitId, task: TaskContext<'_>) -> Result<Change, Failure> {
        let change = self.context.forge.change(number, task)?.ok_or_else(|| {
            Failure::new(FailureKind::NotFound, format!("there is no change {number}"))
                .hint("pass what `forge::propose` answered, or its number")
        })?;
        self.proposed(commit).ensure_unchanged(&change, task)?;
        Ok(change)
    }

    /// What is merged is still on the branch that it comes from. A target that is not where it was has its own answer.
    fn ensure_on_source(&self, landing: &Landing, task: TaskContext<'_>) -> Result<(), Failure> {
        let Some(source) = &self.args.source else { return Ok(()) };
        let mirror = &self.context.mirror;
        let Some(merged) = mirror.commit(landing.commit())?.parents.last().copied() else { return Ok(()) };
        let (refs, name) = (mirror.remote_refs(task)?, source.to_ref());
        if refs.get(&landing.lease.name).copied() != landing.lease.old {
            return Ok(());
        }
        let Some(tip) = refs.get(&name).copied() else { return Err(source_moved(source, merged)) };
        if !mirror.contains(tip) {
            mirror.fetch_objects(&[name], task)?;
        }
        if mirror.is_ancestor(merged, tip.into())? { Ok(()) } else { Err(source_moved(source, merged)) }
    }

    fn push(&self, landing: &Landing, task: TaskContext<'_>) -> Result<(), WriteError> {
        match landing.lease.push(&self.context, task) {
            // There may be commits on top of it already, if an earlier attempt got through; or merged the change otherwise.
            Err(WriteError::Refused(failure)) if failure.kind == FailureKind::Moved => {
                match landing.lease.remote_state(&self.context, task).map_err(not_sent)? {
                    RemoteState::Done => Ok(()),
                    RemoteState::Before | RemoteState::Elsewhere(_) => {
                        self.change(landing.number, landing.commit(), task).map_err(not_sent)?;
                        Err(WriteError::Refused(failure))
                    }
                }
            }
            other => other,
        }
    }

    /// The forge guards the change's head, never the target: neither that it is still the same branch nor where that is.
    fn merge(&self, landing: &Landing, task: TaskContext<'_>) -> Result<(), WriteError> {
        let (number, RefLease { name, old, .. }) = (landing.number, &landing.lease);
        let change = self.change(number, landing.commit(), task).map_err(not_sent)?;
        if change.state == ChangeState::Merged {
            return Ok(());
        }
        let tip =
            self.context.forge.branch(&self.args.target, task).map_err(WriteError::or_hopeless)?.map(CommitId::object);
        if tip != *old {
            return match landing.lease.remote_state(&self.context, task).map_err(not_sent)? {
                RemoteState::Done => Ok(()),
                RemoteState::Before | RemoteState::Elsewhere(_) => Err(WriteError::Refused(moved(name, *old, tip))),
            };
        }
        let commit = self.context.mirror.commit(landing.commit()).map_err(|error| WriteError::Refused(error.into()))?;
        let request = MergeRequest { number, expected_head: commit.id, message: commit.message.trim().to_owned() };
        let not_yet = |message| {
            let failure =
                Failure::new(FailureKind::Network, message).hint("nothing has landed; run the workflow again");
            Err(WriteError::NotDone { failure, after: Some(MOMENT) })
        };
        match self.context.forge.merge(&request, task).map_err(WriteError::or_hopeless)? {
            MergeOutcome::Merged(landed) | MergeOutcome::Already(landed) => self.merged_as(landing, landed, task),
            MergeOutcome::HeadMoved => Err(WriteError::Refused(head_moved(number))),
            // The next attempt sees where the target is, and reports it.
            MergeOutcome::BaseMoved => {
                not_yet(format!("the forge says that {} was modified meanwhile", self.args.target))
            }
            MergeOutcome::NotReady(why) => not_yet(format!("the forge cannot merge yet: {why}")),
            MergeOutcome::Withheld(why) => {
                let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
                let message = format!(
                    "change {number}{} waits for reviewers on the forge before it may be merged: {}",
                    at(&self.args.change),
                    why.trim_end_matches('.')
                );
                let failure = Failure::new(FailureKind::Refused, message);
                Err(WriteError::NotDone { failure, after: Some(PEOPLE) })
            }
            MergeOutcome::Refused(why) => Err(WriteError::Refused(
                Failure::new(FailureKind::Refused, format!("the forge does not merge change {number}: {why}"))
                    .hint("nothing has landed; look at the change on the forge, then run the workflow again"),
            )),
        }
    }

    /// The forge has merged it, as that commit. A reviewer may have merged it since our last look at the change.
    fn merged_as(&self, landing: &Landing, landed: CommitId, task: TaskContext<'_>) -> Result<(), WriteError> {
        let look = || {
            let seen = self.context.forge.change(landing.number, task)?;
            seen.map_or(Ok(()), |seen| {
                let merged = Change { state: ChangeState::Merged, merged_as: Some(landed), ..seen };
                self.proposed(landing.commit()).ensure_unchanged(&merged, task)
            })
        };
        look().map_err(|failure: Failure| match failure.kind {
            FailureKind::Denied | FailureKind::Git => WriteError::Refused(failure),
            _ => WriteError::Unknown(failure),
        })
    }

    /// Everything after the landing; safe to do again.
    fn finish(&self, landing: &Landing, task: TaskContext<'_>) -> Result<Landed, WriteError> {
        let unproven = |failure: Failure| WriteError::Unknown(failure);
        let forge = &self.context.forge;
        match forge.close(landing.number, ChangeState::Merged, task) {
            Ok(_) => {}
            // The change was removed, say. The branch has moved, and that is what counts.
            Err(WriteError::Refused(failure)) => task.say(format!("the change is not marked as merged: {failure}")),
            Err(error) => return Err(unproven(error.into())),
        }
        let landing = ExpectedLanding {
            context: &self.context,
            target: &self.args.target,
            lease: &landing.lease,
            series: self.args.onto.is_some(),
            reported: landing.reported.as_deref(),
        };
        match landing.prove(task) {
            // What landed is not what was tested. That is certain, and it must not pass for done.
            Err(failure) if failure.kind == FailureKind::Git => Err(WriteError::Refused(failure)),
            other => other.map_err(unproven),
        }
    }
}

fn source_moved(source: &BranchName, merged: CommitId) -> Failure {
    let message = format!("{source} was moved meanwhile and no longer has {}", merged.short());
    Failure::new(FailureKind::Moved, message).hint(format!("nothing has landed; promote what {source} has now"))
}

impl TypedEffect for Land {
    type Facts = Landing;
    type Answer = Landed;

    fn prepare(&self, cx: &Performing<'_>) -> Result<Landing, Failure> {
        let lease = self.lease()?;
        let number = change_number(&self.args.change)?;
        self.change(number, landing_of(&lease), cx.task)?;
        let tip = self.context.forge.branch(&self.args.target, cx.task)?.map(CommitId::object);
        if tip != lease.old && tip != lease.new && lease.remote_state(&self.context, cx.task)? != RemoteState::Done {
            return Err(moved(&lease.name, lease.old, tip));
        }
        let (context, target) = (&self.context, &self.args.target);
        let method = landing_method(context, target, cx.task)?;
        let commit = landing_of(&lease);
        let reported = LandingReports { context, branch: target }.on(commit, cx.task)?;
        Ok(Landing { number, lease, method, reported: Some(reported) })
    }

    fn perform(&self, cx: &Performing<'_>, intent: TypedIntent<'_, Landing>) -> Result<Landed, WriteError> {
        let landing = intent.facts;
        self.ensure_on_source(&landing, cx.task).map_err(not_sent)?;
        match landing.method {
            LandingMethod::Push => match self.push(&landing, cx.task) {
                // A rule that the forge does not tell everybody about: nothing was pushed, and it may merge itself.
                Err(WriteError::Refused(failure))
                    if failure.kind == FailureKind::Refused && self.context.forge.caps().merges =>
                {
                    cx.task.warn(format!("{} takes no push ({failure}); the forge merges", self.args.target));
                    self.merge(&landing, cx.task)?;
                }
                other => other?,
            },
            LandingMethod::Forge => self.merge(&landing, cx.task)?,
        }
        self.finish(&landing, cx.task)
    }

    fn probe(&self, cx: &Performing<'_>, intent: TypedIntent<'_, Landing>) -> Result<Probe<Landed>, Failure> {
        let landing = intent.facts;
        match landing.lease.remote_state(&self.context, cx.task)? {
            // Perhaps only the push happened: the rest is done now.
            RemoteState::Done => match self.finish(&landing, cx.task) {
                Ok(value) => Ok(Probe::Done(value)),
                Err(WriteError::Refused(failure)) => Ok(Probe::Refused(failure)),
                Err(error) => Err(error.into()),
            },
            RemoteState::Before => Ok(Probe::Absent),
            RemoteState::Elsewhere(why) => Ok(Probe::Unknown(why)),
        }
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Ask
    }

    fn assume(&self, _cx: &Performing<'_>) -> Result<Assumed<Landed>, Failure> {
        let lease = self.lease()?;
        let commit = landing_of(&lease);
        let before = lease.old.unwrap_or(ObjectId::ZERO).into();
        let tree = self.context.mirror.tree(commit)?;
        let value = Landed { commit, branch: self.args.target.clone(), before, tree, reported: Some(Vec::new()) };
        Ok(Assumed { value, note: None })
    }
}
