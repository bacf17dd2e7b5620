//! Proves that what landed on the target is what was tested: found along its first parents, the same commit or the same
//! parents, and the same tree.

use super::EffectContext;
use super::ref_lease::{RefLease, moved};
use super::shortened_list::shortened;
use crate::forge::Verdict;
use crate::model::{BranchName, CommitId, Failure, FailureKind, ObjectId, TaskContext, TreeId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How many commits are walked at most.
const LONGEST: usize = 1000;

/// What has landed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Landed {
    /// the commit that the branch has now; where the forge merged, its own merge
    pub commit: CommitId,
    /// the branch
    pub branch: BranchName,
    /// where the branch was before
    pub before: CommitId,
    /// the files, exactly those that were tested
    pub tree: TreeId,
    /// for `ci::wait`: what had been reported on the commit before it landed; nothing on one that the forge made
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Vec<Verdict>>,
}

/// What should have landed.
pub(super) struct ExpectedLanding<'a> {
    pub(super) context: &'a EffectContext,
    pub(super) target: &'a BranchName,
    /// From what the commit was made on to the commit.
    pub(super) lease: &'a RefLease,
    /// Is it a series of picks or reverts rather than a merge?
    pub(super) series: bool,
    /// What had been reported on the commit before, where that was looked at.
    pub(super) reported: Option<&'a [Verdict]>,
}

impl ExpectedLanding<'_> {
    /// It is the commit itself, or the forge's merge of it: exactly two parents, the old tip and the commit, and the commit's
    /// very tree. Where the branch moved on before the forge merged, the tree alone proves it. Ids are hashes over parents and trees, so the remote's word for the tip proves all below it.
    ///
    /// # Errors
    ///
    /// Kind `git` where something else landed: certain, and not to pass for done. Kind `moved` where nothing did.
    pub(super) fn prove(&self, task: TaskContext<'_>) -> Result<Landed, Failure> {
        let RefLease { old: Some(old), new: Some(new), name } = self.lease else {
            return Err(Failure::new(FailureKind::Bug, "a landing without its two commits"));
        };
        let (old, new) = (CommitId::from(*old), CommitId::from(*new));
        let tip = self.context.mirror.remote_refs(task)?.remove(name);
        let Some(landed) = self.landed_as(tip, new, task)? else {
            return Err(moved(name, Some(new.object()), tip));
        };
        let mirror = &self.context.mirror;
        let (landed, commit) = (mirror.commit(landed)?, mirror.commit(new)?);
        let stands = match (landed.id == new, self.series, landed.parents.as_slice()) {
            (true, false, [ours, _]) => *ours == old,
            (true, true, _) => made_on(self.context, new, old)?,
            (false, _, [ours, theirs]) => (*ours, *theirs) == (old, new),
            _ => false,
        };
        let target = self.target;
        let reported = if landed.id == new { self.reported.map(<[Verdict]>::to_vec) } else { Some(Vec::new()) };
        let as_landed =
            |before| Landed { commit: landed.id, branch: target.clone(), before, tree: landed.tree, reported };
        if stands && landed.tree == commit.tree {
            return Ok(as_landed(old));
        }
        if let [ours, theirs] = landed.parents[..]
            && (theirs, landed.tree) == (new, commit.tree)
            && made_on(self.context, ours, old)?
        {
            task.warn(format!(
                "{target} moved from {} to {} while the forge merged; with {} it has exactly the files that were tested",
                old.short(),
                ours.short(),
                landed.id.short()
            ));
            return Ok(as_landed(ours));
        }
        let differs = mirror.changed_files(commit.tree, landed.tree)?;
        let files: Vec<String> = differs.into_iter().map(|(path, _)| path).collect();
        let what = match (files.is_empty(), stands) {
            (true, _) => "with the wrong parents".to_owned(),
            (false, true) => format!("with other files than were tested: {}", shortened(&files, 5)),
            (false, false) => {
                format!("with the wrong parents and other files than were tested: {}", shortened(&files, 5))
            }
        };
        Err(Failure::new(FailureKind::Git, format!("{} landed on {target} {what}", landed.id.short()))
            .hint(format!(
                "do not deploy it: stop the build of {target}, compare `git diff {} {}`, and revert it with `relwf run \
                 revert-release --param branch={target} --param commit={}`",
                new.short(),
                landed.id.short(),
                landed.id
            ))
            .detail(json!({
                "landed": landed.id,
                "parents": landed.parents,
                "tree": landed.tree,
                "expected": { "commit": new, "parents": [old, new], "tree": commit.tree },
                "files": files,
            })))
    }

    /// As which commit of the target's first parents it landed; `None` where it did not.
    fn landed_as(
        &self,
        tip: Option<ObjectId>,
        new: CommitId,
        task: TaskContext<'_>,
    ) -> Result<Option<CommitId>, Failure> {
        let Some(mut at) = tip.map(CommitId::from) else { return Ok(None) };
        let mirror = &self.context.mirror;
        if !mirror.contains(at.object()) {
            mirror.fetch_objects(std::slice::from_ref(&self.lease.name), task)?;
        }
        for _ in 0..LONGEST {
            if at == new {
                return Ok(Some(at));
            }
            let commit = mirror.commit(at)?;
            match commit.parents.as_slice() {
                [_, theirs] if *theirs == new => return Ok(Some(at)),
                [ours, ..] => at = *ours,
                [] => break,
            }
        }
        Ok(None)
    }
}

/// Do the first parents of `commit` lead to `onto`?
pub(super) fn made_on(context: &EffectContext, commit: CommitId, onto: CommitId) -> Result<bool, Failure> {
    let mut at = commit;
    for _ in 0..LONGEST {
        match context.mirror.commit(at)?.parents.first() {
            Some(parent) if *parent == onto => return Ok(true),
            Some(parent) => at = *parent,
            None => break,
        }
    }
    Ok(false)
}
