//! Which paths differ between two trees, opening nothing but what differs.
//!
//! libgit2's own comparison visits every file of both: seconds, where there are hundreds of thousands.

use super::GitError;
use super::raw::Sources;
use crate::model::{ObjectId, TreeId};
use std::collections::BTreeMap;

/// A path that differs, with git's letter: A, M, D or T.
pub(super) type Difference = (Vec<u8>, char);

/// What a tree holds under a name: its id and mode.
type Held = (ObjectId, u32);

const KIND: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;
/// So many directories may lie in each other: git goes no deeper by default (`core.maxTreeDepth`).
pub(crate) const DEEPEST: usize = 2048;

/// The paths that differ, in the order of their bytes; a rename is a deletion and an addition.
pub(super) fn differences(sources: &Sources<'_>, from: TreeId, to: TreeId) -> Result<Vec<Difference>, GitError> {
    let walk = || -> Result<Vec<Difference>, git2::Error> {
        let mut found = Vec::new();
        let mut open = vec![(Vec::new(), Some(from.object()), Some(to.object()))];
        while let Some((folder, old, new)) = open.pop() {
            if old == new {
                continue;
            }
            if folder.iter().filter(|byte| **byte == b'/').count() > DEEPEST {
                return Err(git2::Error::from_str(&format!("more than {DEEPEST} directories lie in each other")));
            }
            let mut rows: BTreeMap<Vec<u8>, [Option<Held>; 2]> = BTreeMap::new();
            for (version, tree) in [old, new].into_iter().enumerate() {
                let Some(tree) = tree else { continue };
                let data = sources.tree(tree)?;
                let mut rest = &data[..];
                while !rest.is_empty() {
                    let (name, held, after) =
                        entry(rest).ok_or_else(|| git2::Error::from_str(&format!("tree {tree} is damaged")))?;
                    rows.entry(name.to_vec()).or_default()[version] = Some(held);
                    rest = after;
                }
            }
            for (name, [old, new]) in rows {
                if old == new {
                    continue;
                }
                let mut path = folder.clone();
                path.extend_from_slice(&name);
                let tree = |held: Option<Held>| held.filter(|held| held.1 & KIND == DIRECTORY).map(|held| held.0);
                let file = |held: Option<Held>| held.filter(|held| held.1 & KIND != DIRECTORY);
                if let Some(letter) = letter(file(old), file(new)) {
                    found.push((path.clone(), letter));
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

/// The first entry of a raw tree, and what follows it.
fn entry(data: &[u8]) -> Option<(&[u8], Held, &[u8])> {
    let space = data.iter().position(|byte| *byte == b' ')?;
    let mode = u32::from_str_radix(std::str::from_utf8(&data[..space]).ok()?, 8).ok()?;
    let data = &data[space + 1..];
    let end = data.iter().position(|byte| *byte == 0)?;
    let id: [u8; 20] = data.get(end + 1..end + 21)?.try_into().ok()?;
    Some((&data[..end], (ObjectId::from_bytes(id), mode), &data[end + 21..]))
}

fn letter(old: Option<Held>, new: Option<Held>) -> Option<char> {
    match (old, new) {
        (None, None) => None,
        (None, Some(_)) => Some('A'),
        (Some(_), None) => Some('D'),
        (Some(old), Some(new)) if old.1 & KIND != new.1 & KIND => Some('T'),
        (Some(_), Some(_)) => Some('M'),
    }
}
