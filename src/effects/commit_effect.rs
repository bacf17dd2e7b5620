//! Shared by the effects that create commits in the local mirror (merge, cherry-pick, revert, restore): author, repetition
//! after a crash, and failing where git's cross-check disagrees. Pushes nothing.

use super::EffectContext;
use super::commit_signatures::{CommitSignatures, CommitWriter};
use super::delta::detection;
use super::typed_host_fn::{Answering, facts, value};
use crate::components::ComponentDelta;
use crate::git::{CrossCheck, Ident};
use crate::merge::MergeResult;
use crate::model::{CommitId, Failure, FailureKind, RunId, TreeId, Value, WriteError};
use crate::promotion::Shipment;
use crate::run::{Assumed, Command, Effect, Intent, OnUnknown, Performing, Probe};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::{Mutex, PoisonError};

/// Author and committer, at one time.
pub(super) type AuthorAndCommitter = (Ident, Ident);

/// Who commits now; absent when no author is known, which matters only if there is something to commit.
pub(super) fn author_and_committer(context: &EffectContext, now: Timestamp) -> Option<AuthorAndCommitter> {
    context.identity.as_ref().ok().map(|who| (who.author_at(now), who.committer_at(now)))
}

/// Who commits, as the intent has it.
pub(super) fn known(
    context: &EffectContext,
    signatures: Option<&AuthorAndCommitter>,
) -> Result<AuthorAndCommitter, Failure> {
    match (signatures, &context.identity) {
        (Some(signatures), _) => Ok(signatures.clone()),
        (None, Err(failure)) => Err(failure.clone()),
        (None, Ok(_)) => Err(Failure::new(FailureKind::Config, "no author was known when this command began")
            .hint("run the workflow again, now that there is an identity")),
    }
}

/// The way past the cross-check.
const GO_ON: &str = "to go on with relwf's answer, which the journal will record: `--no-cross-check`";

/// Stops where git has another answer: one of the two merges is wrong; or where it was asked and has none: this one is
/// unconfirmed. `what` says which one, e.g. `merge a into b`.
pub(super) fn ensure_undisputed(
    what: &str,
    outcome: &MergeResult,
    cross_check: &CrossCheck,
    of: impl FnOnce() -> Value,
) -> Result<(), Failure> {
    if let Some((by, why)) = cross_check.unanswered() {
        return Err(Failure::new(FailureKind::Git, format!("{by} could not confirm how relwf would {what}: {why}"))
            .hint(format!("nothing was pushed; {GO_ON}"))
            .detail(json!({ "tree": outcome.result.tree(), "certificate": cross_check, "of": of() })));
    }
    if cross_check.agrees != Some(false) {
        return Ok(());
    }
    let by = cross_check.by.as_deref().unwrap_or("git");
    let tree = outcome.result.tree();
    let found = |tree: Option<TreeId>| tree.map_or_else(|| "conflicts".to_owned(), |tree| format!("tree {tree}"));
    let mut message =
        format!("relwf and {by} {what} differently: relwf has {}, {by} has {}", found(tree), found(cross_check.tree));
    let mut hint = format!("nothing was pushed; report both commits as a bug in relwf; {GO_ON}");
    if let Some(path) = &cross_check.lost {
        message.push_str(&format!("; git is wrong: it loses `{path}`, which both sides have"));
        hint = format!(
            "nothing was pushed; git loses files where a renamed directory leads into one that it took as a whole from the side \
             that changed it; {GO_ON}"
        );
    }
    Err(Failure::new(FailureKind::Git, message)
        .hint(hint)
        .detail(json!({ "tree": tree, "certificate": cross_check, "of": of() })))
}

/// What a commit ships compared with the branch it is made for, as the answer's `components`; `count` commits are new. `shown` is
/// the commit that is named as a version.
pub(super) fn components(
    context: &EffectContext,
    ours: CommitId,
    commit: CommitId,
    count: u64,
    shown: Option<CommitId>,
) -> Result<Vec<ComponentDelta>, Failure> {
    let mirror = &context.mirror;
    Ok(Shipment::new(mirror, detection(context), ours, mirror.tree(commit)?, count)?.components(shown))
}

/// A command that makes commits in the cache and pushes nothing.
pub(super) trait CommitBuilder: Send + Sync {
    /// Everything that decides the commits' ids. It is journaled before the first is made, so that doing it again gives the
    /// same ids.
    type Fixed: Serialize + DeserializeOwned;
    /// What the script gets.
    type Answer: Serialize + DeserializeOwned + MakesCommit + Send;

    /// What it works on.
    fn context(&self) -> &EffectContext;

    /// Fixes it.
    fn fix(&self, cx: &Performing<'_>) -> Result<Self::Fixed, Failure>;

    /// Makes the commits with this writer, and the answer.
    fn build(&self, run: &RunId, fixed: &Self::Fixed, writer: &CommitWriter<'_>) -> Result<Self::Answer, Failure>;
}

/// The answer of a command that makes commits.
pub(super) trait MakesCommit {
    /// The newest commit that was made, if one was.
    fn commit(&self) -> Option<CommitId>;

    /// What git says of it, where it is asked.
    fn cross_check(&self) -> Option<&CrossCheck>;
}

/// The command of something that makes commits.
pub(super) fn commits<T: CommitBuilder + 'static>(builder: T) -> Answering<T::Answer> {
    Command::Effect(Box::new(CommitEffect { builder, built: Mutex::default() })).into()
}

/// A command that makes commits, as an effect.
struct CommitEffect<T: CommitBuilder> {
    builder: T,
    /// What signing made already, with the intent that came of it.
    built: Mutex<Option<(Value, T::Answer)>>,
}

/// Everything that decides the commits' ids, signatures included: no program signs the same text twice in the same way.
#[derive(Serialize, Deserialize)]
struct Pre<T> {
    #[serde(flatten)]
    fixed: T,
    #[serde(default, alias = "seals", skip_serializing_if = "CommitSignatures::is_empty")]
    commit_signatures: CommitSignatures,
}

impl<T: CommitBuilder> CommitEffect<T> {
    fn build(&self, run: &RunId, pre: &Value) -> Result<T::Answer, Failure> {
        let Pre { fixed, commit_signatures } = facts(pre)?;
        self.builder.build(run, &fixed, &CommitWriter::signed(&commit_signatures))
    }
}

impl<T: CommitBuilder> Effect for CommitEffect<T> {
    /// Signs, where commits are signed: a signature that is not in the journal would be another one the next time. Whoever is
    /// stopped before it is there has made nothing that anybody saw.
    fn prepare(&self, cx: &Performing<'_>) -> Result<Value, Failure> {
        let fixed = self.builder.fix(cx)?;
        let Some(writer) = CommitWriter::signing(&self.builder.context().signing, cx.task) else {
            return value(Pre { fixed, commit_signatures: CommitSignatures::new() });
        };
        let answer = self.builder.build(cx.run, &fixed, &writer)?;
        let pre = value(Pre { fixed, commit_signatures: writer.into_signatures() })?;
        *self.built.lock().unwrap_or_else(PoisonError::into_inner) = Some((pre.clone(), answer));
        Ok(pre)
    }

    fn perform(&self, cx: &Performing<'_>, intent: &Intent) -> Result<Value, WriteError> {
        let built = self.built.lock().unwrap_or_else(PoisonError::into_inner).take();
        let answer = match built.filter(|(pre, _)| *pre == intent.pre) {
            Some((_, answer)) => Ok(answer),
            None => self.build(cx.run, &intent.pre),
        };
        if let Some(why) = answer.as_ref().ok().and_then(|answer| answer.cross_check()?.unasked()) {
            cx.task.warn(format!("not cross-checked with git: {why}"));
        }
        answer.and_then(value).map_err(WriteError::Refused)
    }

    /// Always "absent": with everything fixed in the intent, doing it again writes the very same objects.
    fn probe(&self, _cx: &Performing<'_>, _intent: &Intent) -> Result<Probe, Failure> {
        Ok(Probe::Absent)
    }

    /// What was made lives in the cache alone until it is proposed.
    fn restore(&self, cx: &Performing<'_>, intent: &Intent, outcome: &Value) -> Result<(), Failure> {
        let Some(commit) = facts::<T::Answer>(outcome)?.commit() else { return Ok(()) };
        if self.builder.context().mirror.contains(commit.object()) {
            return Ok(());
        }
        if self.build(cx.run, &intent.pre)?.commit() == Some(commit) {
            return Ok(());
        }
        Err(Failure::new(
            FailureKind::Git,
            format!("the commit {} is gone from the cache, and making it again gives another one now", commit.short()),
        )
        .hint(format!("nothing was done; `relwf abandon {} --reason …`, then run the workflow again", cx.run)))
    }

    fn on_unknown(&self) -> OnUnknown {
        OnUnknown::Retry
    }

    /// Computed for real, but for signatures: a dry run's mirror keeps new objects in memory.
    fn assume(&self, cx: &Performing<'_>) -> Result<Assumed, Failure> {
        let answer = self.builder.build(cx.run, &self.builder.fix(cx)?, &CommitWriter::preview())?;
        let makes = answer.commit().is_some();
        let value = value(answer)?;
        match self.builder.context().signing.as_ref().map_err(Clone::clone) {
            Ok(Some(signing)) if makes => {
                signing.ready()?;
                let note = format!("will be signed with {}; a preview signs nothing", signing.shown());
                Ok(Assumed { value, note: Some(note) })
            }
            Err(failure) if makes => Err(failure),
            _ => Ok(Assumed { value, note: None }),
        }
    }
}
