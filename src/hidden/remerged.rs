//! Merges that need not be made again, because what comes of them is known from an earlier look: their trees' ids, and the
//! entries at which these differ from what was committed. What is in the files is not known.

use crate::git::{ByHand, Remerge, TreeEntry};
use crate::model::{CommitId, TreeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// A merge by hand with more files than this is made again every time.
const FILES: usize = 500;

/// What is known, and what is found to be known the next time.
#[derive(Default)]
pub(super) struct Remerges {
    known: HashMap<CommitId, Option<ByHand>>,
    /// Trees that are known by how they differ from another, and that are in no database.
    outlines: RefCell<HashMap<TreeId, Rc<Outline>>>,
    found: RefCell<HashMap<CommitId, Found>>,
}

/// A merge that was made.
#[derive(Clone, Copy)]
pub(super) struct Found {
    /// What it gives.
    pub(super) tree: TreeId,
    /// What was committed.
    pub(super) committed: TreeId,
}

/// A tree that is not there.
pub(super) struct Outline {
    /// Merging these gives it.
    pub(super) parents: (CommitId, CommitId),
    /// What is not listed is as it is here.
    like: TreeId,
    paths: Rc<[String]>,
    files: HashMap<String, TreeEntry>,
}

/// Where a file of a tree is found.
pub(super) enum Located {
    /// In this tree.
    In(TreeId),
    /// It is this.
    Is(TreeEntry),
    /// Only in the tree itself.
    Unknown,
}

impl Remerges {
    pub(super) fn knowing(known: Vec<Remerge>) -> Self {
        let known = known.into_iter().map(|merge| (merge.commit, merge.by_hand)).collect();
        Self { known, ..Self::default() }
    }

    /// The tree of a merge that is known.
    pub(super) fn of(&self, merge: CommitId, parents: (CommitId, CommitId), committed: TreeId) -> Option<TreeId> {
        let Some(ByHand { tree, files }) = self.known.get(&merge)? else { return Some(committed) };
        let outline = || {
            let paths = files.iter().map(|(path, _)| path.clone()).collect();
            Rc::new(Outline { parents, like: committed, paths, files: files.iter().cloned().collect() })
        };
        self.outlines.borrow_mut().entry(*tree).or_insert_with(outline);
        Some(*tree)
    }

    /// Notes what a merge that was not known gives.
    pub(super) fn note(&self, merge: CommitId, found: Found) {
        if !self.known.contains_key(&merge) {
            self.found.borrow_mut().insert(merge, found);
        }
    }

    /// The merges that were not known, with the entries of those that hands are in.
    pub(super) fn found<E>(
        &self,
        mut by_hand: impl FnMut(Found) -> Result<Vec<(String, TreeEntry)>, E>,
    ) -> Result<Vec<Remerge>, E> {
        let mut all = Vec::new();
        for (commit, found) in self.found.take() {
            if found.tree == found.committed {
                all.push(Remerge { commit, by_hand: None });
                continue;
            }
            let files = by_hand(found)?;
            if files.len() <= FILES {
                all.push(Remerge { commit, by_hand: Some(ByHand { tree: found.tree, files }) });
            }
        }
        Ok(all)
    }

    /// A tree that is not there.
    pub(super) fn outline(&self, tree: TreeId) -> Option<Rc<Outline>> {
        self.outlines.borrow().get(&tree).cloned()
    }

    /// The tree is there now.
    pub(super) fn made(&self, tree: TreeId) {
        self.outlines.borrow_mut().remove(&tree);
    }

    /// Where the file at `path` of `tree` is.
    pub(super) fn locate(&self, tree: TreeId, path: &str) -> Located {
        let Some(outline) = self.outline(tree) else { return Located::In(tree) };
        if let Some(entry) = outline.files.get(path) {
            return Located::Is(*entry);
        }
        // A file that is a folder elsewhere, or lies in what is a file elsewhere.
        let touches = |listed: &str| {
            let nested = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
            nested(listed, path) || nested(path, listed)
        };
        if outline.paths.iter().any(|listed| touches(listed)) {
            return Located::Unknown;
        }
        Located::In(outline.like)
    }
}

impl Outline {
    /// The paths at which it differs from `other`, where that is known.
    pub(super) fn paths_unlike(&self, other: TreeId) -> Option<Rc<[String]>> {
        (other == self.like).then(|| Rc::clone(&self.paths))
    }
}
