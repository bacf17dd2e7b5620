//! Which paths differ between two trees, opening nothing but what differs.
//!
//! libgit2's own comparison visits every file of both: seconds, where there are hundreds of thousands.

use super::GitError;
use super::object_source::ObjectSource;
use crate::model::{ObjectId, TreeId, quoted_path};
use crate::odb::MAX_TREE_DEPTH;
use crate::odb::tree::{self, DIRECTORY, KIND, TreeEntry};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A path that differs.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    pub(super) path: Vec<u8>,
    /// git's letter: A, M, D or T.
    pub(super) letter: char,
    /// Before and after, as git reads modes.
    pub(super) modes: [Option<u32>; 2],
}

/// What a tree holds under a name: its id and mode.
type HeldEntry = (ObjectId, u32);

/// The paths that differ, in the order of their bytes; a rename is a deletion and an addition.
pub(super) fn differences(source: &ObjectSource<'_>, from: TreeId, to: TreeId) -> Result<Vec<Difference>, GitError> {
    let walk = || -> Result<Vec<Difference>, git2::Error> {
        let mut found = Vec::new();
        let mut open = vec![(Vec::new(), Some(from.object()), Some(to.object()))];
        while let Some((folder, old, new)) = open.pop() {
            if old == new {
                continue;
            }
            if folder.iter().filter(|byte| **byte == b'/').count() > MAX_TREE_DEPTH {
                return Err(git2::Error::from_str(&format!(
                    "more than {MAX_TREE_DEPTH} directories lie in each other"
                )));
            }
            for (name, [old, new]) in rows(source, &folder, [old, new])? {
                if old == new {
                    continue;
                }
                let mut path = folder.clone();
                path.extend_from_slice(&name);
                let tree = |held: Option<HeldEntry>| held.filter(|held| held.1 & KIND == DIRECTORY).map(|held| held.0);
                let file = |held: Option<HeldEntry>| held.filter(|held| held.1 & KIND != DIRECTORY);
                if let Some(letter) = letter(file(old), file(new)) {
                    let modes = [file(old), file(new)].map(|held| held.map(|held| held.1));
                    found.push(Difference { path: path.clone(), letter, modes });
                }
                if tree(old).is_some() || tree(new).is_some() {
                    path.push(b'/');
                    open.push((path, tree(old), tree(new)));
                }
            }
        }
        found.sort();
        Ok(found)
    };
    walk().map_err(|e| GitError::local(format!("trees {from} and {to} cannot be compared"), &e))
}

/// What differs between two trees, by name. Most of large trees is the same, and passed over as it is read.
fn rows(
    source: &ObjectSource<'_>,
    folder: &[u8],
    trees: [Option<ObjectId>; 2],
) -> Result<BTreeMap<Vec<u8>, [Option<HeldEntry>; 2]>, git2::Error> {
    let sound = |tree: ObjectId| {
        let data = source.tree(tree)?;
        let damaged =
            |why| git2::Error::from_str(&format!("tree {tree} (`{}`) is damaged: {why}", quoted_path(folder)));
        tree::fault(&data).map_or(Ok(data), |why| Err(damaged(why)))
    };
    let read = |tree: Option<ObjectId>| tree.map(sound).transpose();
    let (old, new) = (read(trees[0])?, read(trees[1])?);
    let mut rest = [old.as_deref().unwrap_or_default(), new.as_deref().unwrap_or_default()];
    let mut rows: BTreeMap<Vec<u8>, [Option<HeldEntry>; 2]> = BTreeMap::new();
    while rest.iter().any(|rest| !rest.is_empty()) {
        let mut heads = [None, None];
        for (head, rest) in heads.iter_mut().zip(rest) {
            *head = TreeEntry::split(rest);
        }
        let order = match heads {
            [Some((one, _)), Some((two, _))] => {
                tree::order((one.name, one.is_directory()), (two.name, two.is_directory()))
            }
            [Some(_), None] => Ordering::Less,
            [None, _] => Ordering::Greater,
        };
        let taken = [order != Ordering::Greater, order != Ordering::Less];
        let same = order == Ordering::Equal && heads[0].map(|head| head.0) == heads[1].map(|head| head.0);
        for (version, head) in heads.into_iter().enumerate().filter(|(version, _)| taken[*version]) {
            let Some((entry, after)) = head else { continue };
            if !same {
                rows.entry(entry.name.to_vec()).or_default()[version] = Some((entry.id, entry.mode));
            }
            rest[version] = after;
        }
    }
    Ok(rows)
}

fn letter(old: Option<HeldEntry>, new: Option<HeldEntry>) -> Option<char> {
    match (old, new) {
        (None, None) => None,
        (None, Some(_)) => Some('A'),
        (Some(_), None) => Some('D'),
        (Some(old), Some(new)) if old.1 & KIND != new.1 & KIND => Some('T'),
        (Some(_), Some(_)) => Some('M'),
    }
}
