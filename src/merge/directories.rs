//! Renamed directories: where the files of a vanished directory went, and what that suggests for files that the other side
//! put into it (git's `merge.directoryRenames=conflict`).

use super::MergeError;
use super::differences::{Differences, Info, OURS, PathMap, RepoPath, THEIRS, bit, join, split};
use super::message::{Message, MessageKind};
use super::renames::Renames;
use std::collections::HashSet;

/// One rename of one side, after directory renames.
pub(super) struct Rename {
    pub(super) side: usize,
    pub(super) from: RepoPath,
    pub(super) to: RepoPath,
}

/// The renames of both sides, by source path, with directory renames suggested where the two sides meet.
///
/// `by_side` is indexed by side (1, 2); with `follow` directory renames are looked at (not inside a virtual base).
pub(super) fn apply(
    all: &mut Differences<'_, '_>,
    by_side: &[Renames; 3],
    follow: bool,
    messages: &mut Vec<Message>,
) -> Result<Vec<Rename>, MergeError> {
    let mut places: [PathMap<RepoPath>; 3] = Default::default();
    if follow {
        for side in [1, 2] {
            places[side] = by_side[side].moved.decide(messages);
        }
        // Renamed on both sides: neither side's files need to follow.
        let both: Vec<RepoPath> = places[1].keys().filter(|old| places[2].contains_key(*old)).cloned().collect();
        for old in both {
            places[1].remove(&old);
            places[2].remove(&old);
        }
    }
    let mut renames = Vec::new();
    let added = [0, 1, 2].map(|side| all.sides[side].added.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>());
    let sources: [HashSet<&RepoPath>; 3] =
        [0, 1, 2].map(|side: usize| by_side[side].from.iter().flatten().collect::<HashSet<_>>());
    let target = |side: usize, from: &RepoPath| {
        let at = by_side[side].from.iter().position(|source| source.as_ref() == Some(from))?;
        added[side].get(at)
    };
    let mut crowds = [0, 2, 1].map(|other| &places[other]).map(Crowd::new);
    for side in [1, 2] {
        crowds[side].gather(&added[side]);
    }
    for side in [1, 2] {
        let other = 3 - side;
        for (at, path) in added[side].iter().enumerate() {
            let from = by_side[side].from.get(at).cloned().flatten();
            // Where both sides renamed what stood there, and differently, git keeps the path open for what comes.
            let parted = |new: &RepoPath| sources[side].contains(new) && target(side, new) != target(other, new);
            let on_top = |new: &RepoPath| {
                sources[other].contains(new) && from.as_ref().is_some_and(|from| from != new) && !parted(new)
            };
            // Where the other side's files would follow to, nothing moves away.
            let stays = crowds[other].leads_to(path);
            let moved =
                if stays { None } else { crowds[side].new_path(all, (path, side), &places[side], on_top, messages)? };
            let to = match moved {
                Some(new) => {
                    relocate(all, path, &new, side, from.as_ref(), messages);
                    new
                }
                None => path.clone(),
            };
            // A path that was only moved by its directory has no source; it is where it belongs already.
            renames.extend(from.map(|from| Rename { side, from, to }));
        }
    }
    renames.sort_by(|a, b| a.from.cmp(&b.from));
    Ok(renames)
}

/// The longest renamed directory above a path and its new place.
fn renamed_above<'p>(path: &[u8], places: &'p PathMap<RepoPath>) -> Option<(usize, &'p RepoPath)> {
    let mut directory = split(path).0;
    while !directory.is_empty() {
        if let Some(place) = places.get(directory) {
            return Some((directory.len(), place));
        }
        directory = split(directory).0;
    }
    None
}

fn followed(path: &[u8], old_length: usize, place: &[u8]) -> RepoPath {
    join(place, &path[old_length + 1..])
}

/// One side's added files and the directory renames of the other side that they might follow.
struct Crowd<'p> {
    places: &'p PathMap<RepoPath>,
    /// By new path: who would follow to it.
    sources: PathMap<Vec<RepoPath>>,
    reported: PathMap<()>,
}

impl<'p> Crowd<'p> {
    fn new(places: &'p PathMap<RepoPath>) -> Self {
        Self { places, sources: PathMap::default(), reported: PathMap::default() }
    }

    fn gather(&mut self, added: &[RepoPath]) {
        if self.places.is_empty() {
            return;
        }
        for path in added {
            if let Some((length, place)) = renamed_above(path, self.places) {
                self.sources.entry(followed(path, length, place)).or_default().push(path.clone());
            }
        }
    }

    fn leads_to(&self, path: &RepoPath) -> bool {
        self.sources.contains_key(path)
    }

    /// Where a file of one side follows to. `on_top` says of a path that this file was renamed, and what stood at that path too, on
    /// the other side: git 2.51 and later let no file follow to such a place, git before that ends in an assertion.
    fn new_path(
        &mut self,
        all: &Differences<'_, '_>,
        (path, side): (&RepoPath, usize),
        own_places: &PathMap<RepoPath>,
        on_top: impl Fn(&RepoPath) -> bool,
        messages: &mut Vec<Message>,
    ) -> Result<Option<RepoPath>, MergeError> {
        let Some((length, place)) = renamed_above(path, self.places) else { return Ok(None) };
        if own_places.contains_key(place) {
            // The new place was itself renamed on this side.
            messages.push(Message::new(
                MessageKind::RenameSkipped,
                [RepoPath::from(&path[..length]), path.clone(), place.clone()],
            ));
            return Ok(None);
        }
        let new = followed(path, length, place);
        if self.reported.contains_key(&new) {
            messages.push(Message::unclean());
            return Ok(None);
        }
        let sources = self.sources.get(&new).map(Vec::as_slice).unwrap_or_default();
        let in_the_way = all.occupied(&new)? & bit(side) != 0 || on_top(&new);
        if in_the_way || sources.len() > 1 {
            self.reported.insert(new.clone(), ());
            let mut paths = vec![new.clone()];
            paths.extend(sources.iter().cloned());
            let kind =
                if in_the_way { MessageKind::DirectoryRenameInWay } else { MessageKind::DirectoryRenameCollision };
            messages.push(Message::new(kind, paths));
            return Ok(None);
        }
        Ok(Some(new))
    }
}

/// Moves an added file's info to where its directory went; the move needs a decision, so it is a conflict.
fn relocate(
    all: &mut Differences<'_, '_>,
    old: &RepoPath,
    new: &RepoPath,
    side: usize,
    from: Option<&RepoPath>,
    messages: &mut Vec<Message>,
) {
    let Some(at) = all.info(old) else { return };
    let moved = all.infos[at].clone();
    debug_assert!(moved.files == OURS || moved.files == THEIRS);
    all.index.remove(old);
    all.left.insert(old.clone(), moved.directories);
    // Only of ours does git remember that it stood in a directory's place.
    let left = if side == 1 { moved.directories } else { 0 };
    let target = match all.info(new) {
        Some(target) => {
            let info = &mut all.infos[target];
            info.files |= bit(side);
            info.directories |= left;
            info.stages[side] = moved.stages[side];
            info.paths[side] = moved.paths[side].clone();
            target
        }
        None => {
            let directories = left | all.opened.get(new).map_or(0, directory_mask);
            all.infos.push(Info { directories, ..moved });
            all.index.insert(new.clone(), all.infos.len() - 1);
            all.infos.len() - 1
        }
    };
    all.infos[target].misplaced = true;
    let paths = match from {
        Some(from) => vec![new.clone(), old.clone(), from.clone()],
        None => vec![new.clone(), old.clone()],
    };
    messages.push(Message::new(MessageKind::DirectoryRenameSuggested, paths).on(side));
}

fn directory_mask(trees: &[super::tree_object::Item; 3]) -> u8 {
    (0..3).filter(|version| trees[*version].is_directory()).map(bit).sum()
}
