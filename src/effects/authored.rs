//! What all commits that are made here have in common: who makes them, git's second opinion, what they ship.

use super::World;
use super::declare::{facts, value};
use super::delta::{CommitFiles, Shipped, rows};
use crate::git::Signature;
use crate::merge::Certificate;
use crate::model::{CommitId, Failure, FailureKind, TreeId, Value};
use crate::run::Performing;
use jiff::Timestamp;
use serde_json::json;

/// Author and committer, at one time.
pub(super) type Signatures = (Signature, Signature);

/// Who commits now; absent when nobody is known, which matters only if there is something to commit.
pub(super) fn signatures(world: &World, now: Timestamp) -> Option<Signatures> {
    world.identity.as_ref().ok().map(|who| (who.author_at(now), who.committer_at(now)))
}

/// Who commits, as the intent has it.
pub(super) fn known(world: &World, signatures: Option<&Signatures>) -> Result<Signatures, Failure> {
    match (signatures, &world.identity) {
        (Some(signatures), _) => Ok(signatures.clone()),
        (None, Err(failure)) => Err(failure.clone()),
        (None, Ok(_)) => {
            Err(Failure::new(FailureKind::Config, "nobody was known who could commit when this command began")
                .hint("run the workflow again, now that there is an identity"))
        }
    }
}

/// Somebody's merge is wrong, and nobody knows whose: nothing lands. `what` says which one, e.g. `merge a into b`.
pub(super) fn disagreement(what: &str, tree: Option<TreeId>, certificate: &Certificate, detail: Value) -> Failure {
    let by = certificate.by.as_deref().unwrap_or("git");
    let found = |tree: Option<TreeId>| tree.map_or_else(|| "conflicts".to_owned(), |tree| format!("tree {tree}"));
    Failure::new(
        FailureKind::Git,
        format!(
            "relwf and {by} {what} differently: relwf has {}, {by} has {}",
            found(tree),
            found(certificate.tree)
        ),
    )
    .hint(
        "nothing was pushed; report both commits as a bug in relwf. To go on with relwf's answer, which the journal will \
         tell: --no-certify",
    )
    .detail(json!({ "tree": tree, "certificate": certificate, "of": detail }))
}

/// What a commit ships compared with the branch it is made for, as the answer's `components`; `count` commits are new.
pub(super) fn components(world: &World, ours: CommitId, commit: CommitId, count: u64) -> Result<Value, Failure> {
    let mirror = &world.mirror;
    value(rows(
        world,
        &CommitFiles::new(mirror, ours),
        &CommitFiles::new(mirror, commit),
        &Shipped { mirror, base: ours, head: commit, counted: Some(count) },
    ))
}

/// Makes a commit again that lives in the cache alone until it is proposed, where the cache has lost it.
pub(super) fn restore(
    world: &World,
    cx: &Performing<'_>,
    outcome: &Value,
    build: impl FnOnce() -> Result<Value, Failure>,
) -> Result<(), Failure> {
    let Ok(commit) = facts::<CommitId>(&outcome["commit"]) else { return Ok(()) };
    if world.mirror.contains(commit.object()) {
        return Ok(());
    }
    if build()?["commit"] == outcome["commit"] {
        return Ok(());
    }
    Err(Failure::new(
        FailureKind::Git,
        format!("the commit {} is gone from the cache, and making it again gives another one now", commit.short()),
    )
    .hint(format!("nothing was done; `relwf abandon {} --reason …`, then run the workflow again", cx.run)))
}
