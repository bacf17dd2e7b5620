//! Merging what is at one path: modes, texts, links, submodules, files that are not text.

use super::MergeError;
use super::attributes::{Attributes, Driver};
use super::conflict::Hunk;
use super::differences::RepoPath;
use super::message::{Message, MessageKind};
use super::similarity::is_binary;
use super::store::ObjectStore;
use super::submodules::Submodules;
use super::three_way::{self, Collision, ConflictRange, Markers};
use super::tree_object::{Item, LINK, is_regular, kind};
use crate::model::ObjectId;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// The length of git's conflict markers.
const MARKER: usize = 7;
/// Larger files are not merged as text (git's limit).
const LARGEST_TEXT: usize = 1023 << 20;

/// What the two sides are called in conflict markers.
#[derive(Debug, Clone)]
pub(super) struct ConflictLabels {
    pub(super) ours: Vec<u8>,
    pub(super) theirs: Vec<u8>,
}

/// Everything a content merge depends on besides the contents.
pub(super) struct ContentContext<'a, 'r> {
    pub(super) store: &'a ObjectStore<'r>,
    pub(super) attributes: &'a Attributes<'r>,
    pub(super) submodules: &'a Submodules<'r>,
    pub(super) labels: &'a ConflictLabels,
    /// 0 for the merge itself, more inside a virtual base.
    pub(super) depth: usize,
    /// What was merged at paths where all three have it.
    pub(super) texts: KnownTexts,
}

/// The merged texts of one merge, by the blobs that were merged: what the structural merge leaves undecided, the full one
/// merges again.
pub(super) type KnownTexts = RefCell<HashMap<[ObjectId; 3], KnownText>>;

/// A text merged at one path.
pub(super) struct KnownText {
    path: RepoPath,
    id: ObjectId,
    clean: bool,
    places: Vec<ConflictRange>,
}

/// The three versions to merge.
pub(super) struct Versions<'a> {
    /// Base, ours, theirs.
    pub(super) items: [Item; 3],
    /// The path of each.
    pub(super) paths: &'a [RepoPath; 3],
}

pub(super) struct MergedItem {
    pub(super) item: Item,
    pub(super) clean: bool,
}

impl ContentContext<'_, '_> {
    /// Merges two items of the same type.
    pub(super) fn merge(
        &self,
        path: &RepoPath,
        versions: &Versions<'_>,
        longer: usize,
        messages: &mut Vec<Message>,
    ) -> Result<MergedItem, MergeError> {
        let [base, ours, theirs] = versions.items;
        let (mode, mut clean) = if ours.mode == theirs.mode || ours.mode == base.mode {
            (theirs.mode, true)
        } else {
            (ours.mode, theirs.mode == base.mode)
        };
        let mut item = Item { mode, id: ours.id };
        let same_kind = base.exists() && kind(base.mode) == kind(ours.mode);
        if ours.id == theirs.id || ours.id == base.id {
            item.id = theirs.id;
        } else if theirs.id == base.id {
            item.id = ours.id;
        } else if is_regular(ours.mode) {
            let base = if same_kind { base } else { Item::NONE };
            let merged = self.text(path, base, versions, longer, messages)?;
            clean &= merged.clean;
            item.id = merged.item.id;
        } else if kind(ours.mode) == LINK {
            clean = false;
            if self.depth > 0 {
                item = base;
            }
        } else if let Some(newer) = self.submodules.newer(path, [base.id, ours.id, theirs.id]).filter(|_| same_kind) {
            item.id = newer;
        } else {
            clean = false;
            if self.depth > 0 {
                item.id = base.id;
                if !same_kind {
                    item = base;
                }
            }
            messages.push(Message::new(MessageKind::Submodule, [path.clone()]));
        }
        Ok(MergedItem { item, clean })
    }

    fn text(
        &self,
        path: &RepoPath,
        base: Item,
        versions: &Versions<'_>,
        longer: usize,
        messages: &mut Vec<Message>,
    ) -> Result<MergedItem, MergeError> {
        let [_, ours, theirs] = versions.items;
        let ids = [base.id, ours.id, theirs.id];
        let plain = versions.paths.iter().all(|other| other == path) && longer == 2 * self.depth;
        if let Some(merged) = self.texts.borrow().get(&ids).filter(|merged| plain && merged.path == *path) {
            messages.push(Message::new(MessageKind::AutoMerging, [path.clone()]));
            return Ok(MergedItem { item: Item { mode: ours.mode, id: merged.id }, clean: merged.clean });
        }
        let old = if base.exists() { self.store.blob(base.id)? } else { Arc::from([]) };
        let (one, two) = (self.store.blob(ours.id)?, self.store.blob(theirs.id)?);
        let rules = self.attributes.of(self.store, path)?;
        messages.push(Message::new(MessageKind::AutoMerging, [path.clone()]));
        let not_text = |data: &[u8]| data.len() > LARGEST_TEXT || is_binary(data);
        let binary = rules.driver == Driver::Binary || [&old, &one, &two].into_iter().any(|data| not_text(data));
        if binary {
            if self.depth > 0 {
                let id = if base.exists() { base.id } else { self.store.write_blob(b"")? };
                return Ok(MergedItem { item: Item { mode: ours.mode, id }, clean: true });
            }
            messages.push(Message::new(MessageKind::Binary, [path.clone()]));
            return Ok(MergedItem { item: ours, clean: false });
        }
        let moved = versions.paths.iter().any(|other| *other != versions.paths[0]);
        let label = |name: &[u8], side: usize| {
            let mut label = name.to_vec();
            if moved {
                label.push(b':');
                label.extend_from_slice(&versions.paths[side]);
            }
            label
        };
        let (label_ours, label_theirs) = (label(&self.labels.ours, 1), label(&self.labels.theirs, 2));
        let size = rules.marker_size.unwrap_or(MARKER) + longer;
        let markers = Markers { size, ours: &label_ours, theirs: &label_theirs };
        let collision = if rules.driver == Driver::Union { Collision::Union } else { Collision::Conflict };
        let merged = three_way::merge(&old, &one, &two, markers, collision);
        let id = self.store.write_blob(&merged.text)?;
        let clean = merged.conflicts == 0;
        if plain {
            let merged = KnownText { path: path.clone(), id, clean, places: merged.places };
            self.texts.borrow_mut().insert(ids, merged);
        }
        Ok(MergedItem { item: Item { mode: ours.mode, id }, clean })
    }

    /// The conflicting lines of three versions of a text; no base where they have none in common.
    pub(super) fn hunks(
        &self,
        base: Option<ObjectId>,
        ours: ObjectId,
        theirs: ObjectId,
    ) -> Result<Vec<Hunk>, MergeError> {
        let old = base.map_or_else(|| Ok(Arc::from([])), |base| self.store.blob(base))?;
        let (one, two) = (self.store.blob(ours)?, self.store.blob(theirs)?);
        let known = self.texts.borrow();
        let known = known.get(&[base.unwrap_or(ObjectId::ZERO), ours, theirs]).filter(|merged| !merged.clean);
        let places = known.map_or_else(|| three_way::places(&old, &one, &two), |merged| merged.places.clone());
        Ok(places.iter().map(|place| three_way::hunk(place, [&old, &one, &two])).collect())
    }
}
