//! A change's identity, in the sense of `git patch-id`: equal changes have equal ids wherever and by whomever they are made.
//!
//! Line numbers and white space do not count, the lines around a change do. Files that are not text count as a whole.

use super::GitError;
use super::commits::{object_id, oid};
use super::compare::differences;
use super::object_source::ObjectSource;
use crate::model::{ObjectId, TreeId};
use git2::{DiffFormat, DiffOptions, ObjectType, Oid};

/// A change of more files has no id: comparing it would take too long, and it is not made twice by hand.
const MOST_FILES: usize = 2000;

/// What identifies the change from one tree to another; `None` where nothing changes, or too much.
pub(super) fn id(source: &ObjectSource<'_>, from: TreeId, to: TreeId) -> Result<Option<ObjectId>, GitError> {
    let repository = source.repository;
    let changed = differences(source, from, to)?;
    if !(1..=MOST_FILES).contains(&changed.len()) {
        return Ok(None);
    }
    let read = || {
        let (old, new) = (repository.find_tree(oid(from.object())?)?, repository.find_tree(oid(to.object())?)?);
        let mut options = DiffOptions::new();
        options.include_typechange(true).disable_pathspec_match(true);
        // Only these are visited.
        for difference in &changed {
            options.pathspec(difference.path.as_slice());
        }
        let diff = repository.diff_tree_to_tree(Some(&old), Some(&new), Some(&mut options))?;
        let mut text = Vec::new();
        let mut file = None;
        diff.print(DiffFormat::Patch, |delta, _, line| {
            let path = delta.new_file().path_bytes().or(delta.old_file().path_bytes()).unwrap_or_default();
            if file.as_deref() != Some(path) {
                file = Some(path.to_vec());
                // libgit2 has modes as they are stored, which may be any number.
                let modes = changed.binary_search_by(|difference| (*difference.path).cmp(path));
                let modes = modes.map(|at| changed[at].modes).unwrap_or_default();
                let (old, new) = (delta.old_file(), delta.new_file());
                text.extend_from_slice(b"\0");
                text.extend_from_slice(path);
                text.extend_from_slice(format!("\0{modes:?}").as_bytes());
                if old.is_binary() || new.is_binary() {
                    text.extend_from_slice(format!("{}{}", old.id(), new.id()).as_bytes());
                }
            }
            if matches!(line.origin(), '+' | '-' | ' ') {
                text.push(line.origin() as u8);
                text.extend(line.content().iter().filter(|byte| !byte.is_ascii_whitespace()));
                text.push(b'\n');
            }
            true
        })?;
        Oid::hash_object(ObjectType::Blob, &text).map(|id| Some(object_id(id)))
    };
    read().map_err(|e: git2::Error| GitError::local(format!("trees {from} and {to} cannot be compared"), &e))
}
