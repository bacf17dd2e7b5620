//! The fast path: merges three trees without a search for renames, opening only what both sides changed.
//!
//! It decides most real merges, and gives up on everything that the search for renames could decide differently: a path
//! deleted on one side and changed on the other, or deleted on both; a path added on both sides differently; a change of
//! type; a file against a directory; a conflict.

use super::MergeError;
use super::content::{ContentContext, Versions};
use super::differences::{RepoPath, deeper, join, read, rows, trivial};
use super::store::ObjectStore;
use super::tree_object::{Builder, DIRECTORY, Entries, Item, is_regular};
use std::sync::Arc;

/// Why there is no answer.
enum FastPathStop {
    Undecided,
    Failed(MergeError),
}

impl From<MergeError> for FastPathStop {
    fn from(error: MergeError) -> Self {
        Self::Failed(error)
    }
}

/// The merged tree, or `None` where the full merge must decide.
pub(super) fn merge(context: &ContentContext<'_, '_>, roots: [Item; 3]) -> Result<Option<Item>, MergeError> {
    match item(context, &Arc::from([]), roots) {
        Ok(Some(tree)) => Ok(Some(tree)),
        Ok(None) => Ok(Some(Item { mode: DIRECTORY, id: context.store.write_tree(&[])? })),
        Err(FastPathStop::Undecided) => Ok(None),
        Err(FastPathStop::Failed(error)) => Err(error),
    }
}

/// The result for one path; `None` where nothing is left.
fn item(context: &ContentContext<'_, '_>, path: &RepoPath, items: [Item; 3]) -> Result<Option<Item>, FastPathStop> {
    let [base, ours, theirs] = items;
    if base == ours {
        return Ok(Some(theirs).filter(|item| item.exists()));
    }
    if base == theirs {
        return Ok(Some(ours).filter(|item| item.exists()));
    }
    if ours == theirs {
        return if !base.exists() || ours.exists() && !loses(context.store, path, base, ours)? {
            Ok(Some(ours))
        } else {
            Err(FastPathStop::Undecided)
        };
    }
    let no_base = !base.exists();
    if ours.is_directory() && theirs.is_directory() && (no_base || base.is_directory()) {
        return deeper(|| directory(context, path, items));
    }
    if items.iter().all(|item| is_regular(item.mode)) {
        let paths = [path.clone(), path.clone(), path.clone()];
        let merged = context.merge(path, &Versions { items, paths: &paths }, 0, &mut Vec::new())?;
        if merged.clean {
            return Ok(Some(merged.item));
        }
    }
    Err(FastPathStop::Undecided)
}

fn directory(
    context: &ContentContext<'_, '_>,
    path: &RepoPath,
    trees: [Item; 3],
) -> Result<Option<Item>, FastPathStop> {
    let data = read(context.store, path, trees)?;
    let mut builder = Builder::default();
    for row in rows([&data[0], &data[1], &data[2]])? {
        let taken = match trivial(&row.items) {
            Some(item) => Some(item),
            None => {
                let mixed =
                    row.items.iter().any(|item| item.is_directory()) && row.items.iter().any(|item| item.is_file());
                if mixed {
                    return Err(FastPathStop::Undecided);
                }
                item(context, &join(path, row.name), row.items)?
            }
        };
        if let Some(item) = taken {
            builder.push(row.name, item);
        }
    }
    if builder.is_empty() {
        return Ok(None);
    }
    let known = trees.iter().zip(&data).find(|(tree, data)| tree.exists() && data[..] == *builder.data());
    let id = match known {
        Some((tree, _)) => tree.id,
        None => context.store.write_tree(builder.data())?,
    };
    Ok(Some(Item { mode: DIRECTORY, id }))
}

/// Whether any path of `before` is gone in `after` or changed its type.
fn loses(store: &ObjectStore<'_>, path: &[u8], before: Item, after: Item) -> Result<bool, MergeError> {
    if before == after {
        return Ok(false);
    }
    if !before.is_directory() || !after.is_directory() {
        return Ok(before.is_directory() != after.is_directory());
    }
    let [old, new, _] = read(store, path, [before, after, Item::NONE])?;
    let (mut left, mut right) = (Entries::new(&old), Entries::new(&new));
    let mut candidate = right.next()?;
    while let Some(entry) = left.next()? {
        while let Some(other) = candidate
            && super::tree_object::order(&other, &entry) == std::cmp::Ordering::Less
        {
            candidate = right.next()?;
        }
        match candidate {
            Some(other)
                if other.name == entry.name
                    && !deeper(|| loses(store, &join(path, entry.name), entry.item, other.item))? => {}
            _ => return Ok(true),
        }
    }
    Ok(false)
}
