//! From the entries that libgit2 leaves in a conflicted index to conflicts with a kind, three sides and lines.
//!
//! libgit2 leaves one entry for each path that a conflict touches; what belongs together is put together here.

use super::hunks::{self, Text};
use super::{Conflict, ConflictKind, Side};
use crate::git::object_id;
use git2::{Commit, Index, IndexEntry, ObjectType, Oid, Repository, Tree};
use std::path::Path;

const GITLINK: u32 = 0o160_000;
const LINK: u32 = 0o120_000;

/// One conflicted path as libgit2 left it.
struct Entry {
    base: Option<IndexEntry>,
    ours: Option<IndexEntry>,
    theirs: Option<IndexEntry>,
}

pub(super) fn conflicts(
    repository: &Repository,
    index: &Index,
    ours: &Commit<'_>,
    theirs: &Commit<'_>,
) -> Result<Vec<Conflict>, git2::Error> {
    let mut entries = index
        .conflicts()?
        .map(|entry| entry.map(|e| Entry { base: e.ancestor, ours: e.our, theirs: e.their }))
        .collect::<Result<Vec<_>, _>>()?;
    let trees = (ours.tree()?, theirs.tree()?);
    let mut found = renamed_apart(&mut entries, &trees);
    for entry in entries {
        found.extend(typed(repository, entry, &trees)?);
    }
    found.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
    Ok(found)
}

/// A file that a side renamed while the other renamed it elsewhere, or deleted it, is left as entries of one side each:
/// the old name, and each new one.
fn renamed_apart(entries: &mut Vec<Entry>, trees: &(Tree<'_>, Tree<'_>)) -> Vec<Conflict> {
    let lone_base = |e: &Entry| e.base.is_some() && e.ours.is_none() && e.theirs.is_none();
    let lone_ours = |e: &Entry| lone(e.ours.as_ref(), e.base.is_none() && e.theirs.is_none(), &trees.1);
    let lone_theirs = |e: &Entry| lone(e.theirs.as_ref(), e.base.is_none() && e.ours.is_none(), &trees.0);
    let mut found = Vec::new();
    while let Some(at) = entries.iter().position(lone_base) {
        let Some(base) = entries.remove(at).base else { continue };
        // Several at once are told apart by the unchanged side, and else taken in their order.
        let mut take = |alone: &dyn Fn(&Entry) -> bool, id: fn(&Entry) -> Option<Oid>| {
            let same = entries.iter().position(|e| alone(e) && id(e) == Some(base.id));
            let at = same.or_else(|| entries.iter().position(alone))?;
            Some(entries.remove(at))
        };
        let ours = take(&lone_ours, |e| e.ours.as_ref().map(|e| e.id)).and_then(|e| e.ours);
        let theirs = take(&lone_theirs, |e| e.theirs.as_ref().map(|e| e.id)).and_then(|e| e.theirs);
        let old = path(&base);
        let (at, kind, message) = match (&ours, &theirs) {
            (Some(our), Some(their)) => (
                old.clone(),
                ConflictKind::RenameRename,
                format!("{old} was renamed to {} in ours and to {} in theirs", path(our), path(their)),
            ),
            (Some(our), None) => renamed_and_deleted(&old, &path(our), "ours", "theirs"),
            (None, Some(their)) => renamed_and_deleted(&old, &path(their), "theirs", "ours"),
            (None, None) => (old.clone(), ConflictKind::RenameRename, format!("both sides renamed {old}, differently")),
        };
        found.push(Conflict {
            path: at,
            kind,
            base: Some(side(&base)),
            ours: ours.as_ref().map(side),
            theirs: theirs.as_ref().map(side),
            message,
            hunks: Vec::new(),
        });
    }
    found
}

/// On one side only, and no folder of the other side in its way.
fn lone(entry: Option<&IndexEntry>, others_absent: bool, other: &Tree<'_>) -> bool {
    entry.is_some_and(|entry| others_absent && !is_folder(other, &path(entry)))
}

fn is_folder(tree: &Tree<'_>, at: &str) -> bool {
    tree.get_path(Path::new(at)).is_ok_and(|entry| entry.kind() == Some(ObjectType::Tree))
}

fn renamed_and_deleted(old: &str, new: &str, here: &str, there: &str) -> (String, ConflictKind, String) {
    let message = format!("{old} was renamed to {new} in {here} and deleted in {there}");
    (new.to_owned(), ConflictKind::RenameDelete, message)
}

fn typed(repository: &Repository, entry: Entry, trees: &(Tree<'_>, Tree<'_>)) -> Result<Option<Conflict>, git2::Error> {
    let Entry { base, ours, theirs } = entry;
    let named = ours.as_ref().or(theirs.as_ref()).or(base.as_ref());
    let Some(at) = named.map(path) else { return Ok(None) };
    let mut hunks = Vec::new();
    let (kind, message) = match (&base, &ours, &theirs) {
        (_, Some(our), Some(their)) if kind_of(our) != kind_of(their) => {
            (ConflictKind::DistinctTypes, format!("{at} is {} in ours and {} in theirs", what(our), what(their)))
        }
        (_, Some(our), Some(_)) if our.mode == GITLINK => {
            (ConflictKind::Submodule, format!("both sides moved the submodule {at}, neither on from the other"))
        }
        (base, Some(our), Some(their)) => {
            let text = match our.mode == LINK {
                true => Text::Binary,
                false => hunks::between(repository, base.as_ref(), our, their)?,
            };
            let added = base.is_none();
            match text {
                Text::Hunks(lines) => {
                    hunks = lines;
                    match added {
                        true => (ConflictKind::AddAdd, format!("both sides added {at}, differently")),
                        false => (ConflictKind::Content, format!("both sides changed the same lines of {at}")),
                    }
                }
                Text::Binary if added => (ConflictKind::AddAdd, format!("both sides added {at}, differently")),
                Text::Binary if our.mode == LINK => {
                    (ConflictKind::Content, format!("both sides pointed the link {at} elsewhere"))
                }
                Text::Binary => (ConflictKind::Binary, format!("both sides changed {at}, which is not text")),
            }
        }
        (Some(base), Some(one), None) => deleted(base, one, "ours", "theirs", &at),
        (Some(base), None, Some(one)) => deleted(base, one, "theirs", "ours", &at),
        (None, Some(_), None) => alone(&trees.1, &at, "ours", "theirs"),
        (None, None, Some(_)) => alone(&trees.0, &at, "theirs", "ours"),
        (_, None, None) => return Ok(None),
    };
    let [base, ours, theirs] = [&base, &ours, &theirs].map(|entry| entry.as_ref().map(side));
    Ok(Some(Conflict { path: at, kind, base, ours, theirs, message, hunks }))
}

/// Gone on one side; on the other changed, or renamed.
fn deleted(base: &IndexEntry, kept: &IndexEntry, here: &str, there: &str, at: &str) -> (ConflictKind, String) {
    match base.path == kept.path {
        true => (ConflictKind::ModifyDelete, format!("{at} was changed in {here} and deleted in {there}")),
        false => {
            let (_, kind, message) = renamed_and_deleted(&path(base), at, here, there);
            (kind, message)
        }
    }
}

/// On one side only, and yet in the way of something.
fn alone(other: &Tree<'_>, at: &str, here: &str, there: &str) -> (ConflictKind, String) {
    match is_folder(other, at) {
        true => (ConflictKind::FileDirectory, format!("{at} is a file in {here} and a folder in {there}")),
        false => {
            (ConflictKind::RenameAdd, format!("{at} was added in {here}, and something was renamed to it in {there}"))
        }
    }
}

fn path(entry: &IndexEntry) -> String {
    String::from_utf8_lossy(&entry.path).into_owned()
}

fn side(entry: &IndexEntry) -> Side {
    Side { path: path(entry), id: object_id(entry.id), mode: format!("{:06o}", entry.mode) }
}

/// The file type bits: an executable is a file like any other.
fn kind_of(entry: &IndexEntry) -> u32 {
    entry.mode & 0o170_000
}

fn what(entry: &IndexEntry) -> &'static str {
    match kind_of(entry) {
        GITLINK => "a submodule",
        LINK => "a link",
        _ => "a file",
    }
}
