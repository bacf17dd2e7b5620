//! Which paths differ between two trees, opening nothing but what differs.
//!
//! libgit2's own comparison visits every file of both: seconds, where there are hundreds of thousands.

use super::GitError;
use super::object_source::ObjectSource;
use crate::model::{ObjectId, TreeId};
use crate::odb::MAX_TREE_DEPTH;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A path that differs, with git's letter: A, M, D or T.
pub(super) type Difference = (Vec<u8>, char);

/// What a tree holds under a name: its id and mode.
type HeldEntry = (ObjectId, u32);

const KIND: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;

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
            for (name, [old, new]) in rows(source, [old, new])? {
                if old == new {
                    continue;
                }
                let mut path = folder.clone();
                path.extend_from_slice(&name);
                let tree = |held: Option<HeldEntry>| held.filter(|held| held.1 & KIND == DIRECTORY).map(|held| held.0);
                let file = |held: Option<HeldEntry>| held.filter(|held| held.1 & KIND != DIRECTORY);
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

/// What differs between two trees, by name. Most of large trees is the same, and passed over as it is read.
fn rows(
    source: &ObjectSource<'_>,
    trees: [Option<ObjectId>; 2],
) -> Result<BTreeMap<Vec<u8>, [Option<HeldEntry>; 2]>, git2::Error> {
    let read = |tree: Option<ObjectId>| tree.map(|tree| source.tree(tree)).transpose();
    let (old, new) = (read(trees[0])?, read(trees[1])?);
    let mut rest = [old.as_deref().unwrap_or_default(), new.as_deref().unwrap_or_default()];
    let mut rows: BTreeMap<Vec<u8>, [Option<HeldEntry>; 2]> = BTreeMap::new();
    while rest.iter().any(|rest| !rest.is_empty()) {
        let mut heads = [None, None];
        for ((head, rest), tree) in heads.iter_mut().zip(rest).zip(trees).filter(|((_, rest), _)| !rest.is_empty()) {
            let damaged = || git2::Error::from_str(&format!("tree {} is damaged", tree.unwrap_or(ObjectId::ZERO)));
            *head = Some(entry(rest).ok_or_else(damaged)?);
        }
        let order = match heads {
            [Some((one, held, _)), Some((two, other, _))] => in_order(one, held).cmp(in_order(two, other)),
            [Some(_), None] => Ordering::Less,
            [None, _] => Ordering::Greater,
        };
        let taken = [order != Ordering::Greater, order != Ordering::Less];
        let same = order == Ordering::Equal && heads[0].map(|head| head.1) == heads[1].map(|head| head.1);
        for (version, head) in heads.into_iter().enumerate().filter(|(version, _)| taken[*version]) {
            let Some((name, held, after)) = head else { continue };
            if !same {
                rows.entry(name.to_vec()).or_default()[version] = Some(held);
            }
            rest[version] = after;
        }
    }
    Ok(rows)
}

/// The order of a tree's entries: a directory's name counts as if it ended with a slash.
fn in_order(name: &[u8], held: HeldEntry) -> impl Iterator<Item = u8> + '_ {
    name.iter().copied().chain((held.1 & KIND == DIRECTORY).then_some(b'/'))
}

/// The first entry of a raw tree, and what follows it.
fn entry(data: &[u8]) -> Option<(&[u8], HeldEntry, &[u8])> {
    let space = data.iter().position(|byte| *byte == b' ')?;
    let mode = u32::from_str_radix(std::str::from_utf8(&data[..space]).ok()?, 8).ok()?;
    let data = &data[space + 1..];
    let end = data.iter().position(|byte| *byte == 0)?;
    let id: [u8; 20] = data.get(end + 1..end + 21)?.try_into().ok()?;
    Some((&data[..end], (ObjectId::from_bytes(id), mode), &data[end + 21..]))
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
