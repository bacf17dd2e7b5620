//! The three-way merge of two commits: tree or typed conflicts.
//!
//! Pure over an object database: no network, no clock, no environment, no references. Callers see only [`merge`] and its
//! [`Outcome`]; what is inside may change. [`certify`] asks git itself for a second opinion.

mod certificate;
mod conflict;
mod full;
mod hunks;
mod outcome;
mod typed;

pub use certificate::{Certificate, Certifying, certify};
pub use conflict::{Conflict, ConflictKind, Hunk, Side};
pub use outcome::{By, MergeError, Merged, Outcome};

use crate::git::{Objects, object_id, oid};
use crate::model::CommitId;
use git2::{ErrorClass, ErrorCode, Oid, Repository};

/// Merges `theirs` into `ours` as `git merge-tree --write-tree` would; the resulting tree is written to the database.
///
/// # Errors
///
/// Unrelated histories, missing or damaged objects.
pub fn merge(objects: &Objects, ours: CommitId, theirs: CommitId) -> Result<Outcome, MergeError> {
    objects.with(|repository| decide(repository, ours, theirs))
}

fn decide(repository: &Repository, ours: CommitId, theirs: CommitId) -> Result<Outcome, MergeError> {
    let database = |what: String| move |source: git2::Error| MergeError::Database { what, source };
    let commit = |id: CommitId| {
        let found = oid(id.object()).and_then(|oid| repository.find_commit(oid));
        found.map_err(database(format!("commit {id} cannot be read")))
    };
    let (our_commit, their_commit) = (commit(ours)?, commit(theirs)?);
    let found = bases(repository, our_commit.id(), their_commit.id());
    let found = found.map_err(database("the common ancestors cannot be found".to_owned()))?;
    let Some(&first) = found.first() else { return Err(MergeError::Unrelated { ours, theirs }) };

    let result = |by, result| Ok(Outcome { bases: found.iter().map(|id| object_id(*id).into()).collect(), by, result });
    let tree = |id: Oid| object_id(id).into();
    if found.contains(&their_commit.id()) {
        return result(By::Structural, Merged::UpToDate(tree(our_commit.tree_id())));
    }
    if let [base] = found.as_slice() {
        let base = repository.find_commit(*base).map_err(database(format!("commit {first} cannot be read")))?;
        let (base, ours, theirs) = (base.tree_id(), our_commit.tree_id(), their_commit.tree_id());
        if base == ours || ours == theirs {
            return result(By::Structural, Merged::Clean(tree(theirs)));
        }
        if base == theirs {
            return result(By::Structural, Merged::Clean(tree(ours)));
        }
    }
    let merged = full::merge(repository, &found, &our_commit, &their_commit);
    result(By::Full, merged.map_err(database(format!("merging {} into {}", theirs.short(), ours.short())))?)
}

/// The best common ancestors, in the order in which they are merged with one another.
fn bases(repository: &Repository, ours: Oid, theirs: Oid) -> Result<Vec<Oid>, git2::Error> {
    match repository.merge_bases(ours, theirs) {
        Ok(bases) => Ok(bases.to_vec()),
        Err(e) if e.code() == ErrorCode::NotFound && e.class() == ErrorClass::Merge => Ok(Vec::new()),
        Err(e) => Err(e),
    }
}
