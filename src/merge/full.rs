//! The full three-way merge with renames, by libgit2.

use super::{Merged, typed};
use crate::git::object_id;
use git2::{Commit, MergeOptions, Oid, Repository};

/// git's own limit for merges (`merge.renameLimit`). libgit2's default of 200 makes false conflicts of edited renames.
const RENAME_LIMIT: u32 = 7000;

pub(super) fn merge(
    repository: &Repository,
    bases: &[Oid],
    ours: &Commit<'_>,
    theirs: &Commit<'_>,
) -> Result<Merged, git2::Error> {
    let mut options = MergeOptions::new();
    options.find_renames(true).target_limit(RENAME_LIMIT).skip_reuc(true);
    let mut index = match bases {
        [base] => {
            let base = repository.find_commit(*base)?.tree()?;
            repository.merge_trees(&base, &ours.tree()?, &theirs.tree()?, Some(&options))?
        }
        // libgit2 finds the same bases again and merges them with one another first.
        _ => repository.merge_commits(ours, theirs, Some(&options))?,
    };
    if index.has_conflicts() {
        return typed::conflicts(repository, &index, ours, theirs).map(Merged::Conflicts);
    }
    Ok(Merged::Clean(object_id(index.write_tree_to(repository)?).into()))
}
