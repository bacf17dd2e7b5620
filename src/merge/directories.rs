//! Renamed directories: where the files of a vanished directory went, and what that suggests for files that the other side
//! put into it (git's `merge.directoryRenames=conflict`).

use super::MergeError;
use super::entries::{Differences, Info, OURS, Path, PathMap, THEIRS, Vanished, bit, join, split};
use super::note::{Note, NoteKind};
use super::renames::Renames;
use super::table_order::table_order;

/// From a vanished directory to the directories its files went to, with how many went there.
#[derive(Default)]
pub(super) struct MovedCounts(PathMap<Vec<(Path, usize)>>);

impl MovedCounts {
    /// Counts one renamed file, for its directory and for those above as long as the ends of the paths agree.
    pub(super) fn count(&mut self, vanished: &PathMap<Vanished>, from: &[u8], to: &[u8]) {
        let (mut old, mut old_name) = split(from);
        let (mut new, mut new_name) = split(to);
        let mut first = true;
        loop {
            let Some(importance) = vanished.get(old).copied() else { return };
            if !first && old_name != new_name {
                return;
            }
            if first || importance == Vanished::ForSelf {
                let places = self.0.entry(Path::from(old)).or_default();
                match places.iter_mut().find(|(place, _)| **place == *new) {
                    Some((_, count)) => *count += 1,
                    None => places.push((Path::from(new), 1)),
                }
            }
            first = false;
            if importance == Vanished::Unimportant || old.is_empty() || new.is_empty() {
                return;
            }
            (old, old_name) = split(old);
            (new, new_name) = split(new);
        }
    }

    /// The likeliest new place of each directory.
    pub(super) fn guesses(&self) -> PathMap<Path> {
        let best = |places: &[(Path, usize)]| {
            let mut best: Option<&(Path, usize)> = None;
            for at in table_order(places.iter().map(|(place, _)| &**place)) {
                if best.is_none_or(|best| places[at].1 > best.1) {
                    best = Some(&places[at]);
                }
            }
            best.map(|(place, _)| place.clone())
        };
        self.0.iter().filter_map(|(old, places)| Some((old.clone(), best(places)?))).collect()
    }

    /// Whether the majority cannot change any more, however `unknown` files turn out.
    pub(super) fn is_decided(&self, directory: &[u8], unknown: usize) -> bool {
        let Some(places) = self.0.get(directory) else { return false };
        let (mut first, mut second) = (0, 0);
        for (_, count) in places {
            if *count >= first {
                second = first;
                first = *count;
            } else if *count >= second {
                second = *count;
            }
        }
        first > second + unknown
    }

    /// Forgets directories whose new place does not matter.
    pub(super) fn keep_important(&mut self, vanished: &PathMap<Vanished>) {
        self.0.retain(|directory, _| vanished.get(directory).is_some_and(|value| *value != Vanished::Unimportant));
    }

    /// Each directory's new place by majority; without one, a conflict.
    fn decide(&self, notes: &mut Vec<Note>) -> PathMap<Path> {
        let mut decided = PathMap::default();
        for (old, places) in &self.0 {
            let most = places.iter().map(|(_, count)| *count).max().unwrap_or(0);
            let mut winners = places.iter().filter(|(_, count)| *count == most);
            match (winners.next(), winners.next()) {
                (Some((place, _)), None) => {
                    decided.insert(old.clone(), place.clone());
                }
                (Some(_), Some(_)) => notes.push(Note::new(NoteKind::DirectoryRenameSplit, [old.clone()])),
                _ => {}
            }
        }
        decided
    }
}

/// One rename of one side, after directory renames.
pub(super) struct Rename {
    pub(super) side: usize,
    pub(super) from: Path,
    pub(super) to: Path,
}

/// The renames of both sides, by source path, with directory renames suggested where the two sides meet.
///
/// `by_side` is indexed by side (1, 2); `follow` says whether directory renames are looked at (not inside a virtual base).
pub(super) fn apply(
    all: &mut Differences<'_, '_>,
    by_side: &[Renames; 3],
    follow: bool,
    notes: &mut Vec<Note>,
) -> Result<Vec<Rename>, MergeError> {
    let mut places: [PathMap<Path>; 3] = Default::default();
    if follow {
        for side in [1, 2] {
            places[side] = by_side[side].moved.decide(notes);
        }
        // Renamed on both sides: neither side's files need to follow.
        let both: Vec<Path> = places[1].keys().filter(|old| places[2].contains_key(*old)).cloned().collect();
        for old in both {
            places[1].remove(&old);
            places[2].remove(&old);
        }
    }
    let mut renames = Vec::new();
    let added = [0, 1, 2].map(|side| all.sides[side].added.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>());
    let mut crowds = [0, 2, 1].map(|other| &places[other]).map(Crowd::new);
    for side in [1, 2] {
        crowds[side].gather(&added[side]);
    }
    for side in [1, 2] {
        let other = 3 - side;
        for (at, path) in added[side].iter().enumerate() {
            let from = by_side[side].from.get(at).cloned().flatten();
            // Where the other side's files would follow to, nothing moves away.
            let stays = crowds[other].leads_to(path);
            let moved = if stays { None } else { crowds[side].new_path(all, path, side, &places[side], notes)? };
            let to = match moved {
                Some(new) => {
                    relocate(all, path, &new, side, from.as_ref(), notes);
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
fn renamed_above<'p>(path: &[u8], places: &'p PathMap<Path>) -> Option<(usize, &'p Path)> {
    let mut directory = split(path).0;
    while !directory.is_empty() {
        if let Some(place) = places.get(directory) {
            return Some((directory.len(), place));
        }
        directory = split(directory).0;
    }
    None
}

fn followed(path: &[u8], old_length: usize, place: &[u8]) -> Path {
    join(place, &path[old_length + 1..])
}

/// One side's added files and the directory renames of the other side that they might follow.
struct Crowd<'p> {
    places: &'p PathMap<Path>,
    /// By new path: who would follow to it.
    sources: PathMap<Vec<Path>>,
    reported: PathMap<()>,
}

impl<'p> Crowd<'p> {
    fn new(places: &'p PathMap<Path>) -> Self {
        Self { places, sources: PathMap::default(), reported: PathMap::default() }
    }

    fn gather(&mut self, added: &[Path]) {
        if self.places.is_empty() {
            return;
        }
        for path in added {
            if let Some((length, place)) = renamed_above(path, self.places) {
                self.sources.entry(followed(path, length, place)).or_default().push(path.clone());
            }
        }
    }

    fn leads_to(&self, path: &Path) -> bool {
        self.sources.contains_key(path)
    }

    fn new_path(
        &mut self,
        all: &Differences<'_, '_>,
        path: &Path,
        side: usize,
        own_places: &PathMap<Path>,
        notes: &mut Vec<Note>,
    ) -> Result<Option<Path>, MergeError> {
        let Some((length, place)) = renamed_above(path, self.places) else { return Ok(None) };
        if own_places.contains_key(place) {
            // The new place was itself renamed on this side.
            notes.push(Note::new(NoteKind::RenameSkipped, [Path::from(&path[..length]), path.clone(), place.clone()]));
            return Ok(None);
        }
        let new = followed(path, length, place);
        if self.reported.contains_key(&new) {
            notes.push(Note::unclean());
            return Ok(None);
        }
        let sources = self.sources.get(&new).map(Vec::as_slice).unwrap_or_default();
        let in_the_way = all.occupied(&new)? & bit(side) != 0;
        if in_the_way || sources.len() > 1 {
            self.reported.insert(new.clone(), ());
            let mut paths = vec![new.clone()];
            paths.extend(sources.iter().cloned());
            let kind = if in_the_way { NoteKind::DirectoryRenameInWay } else { NoteKind::DirectoryRenameCollision };
            notes.push(Note::new(kind, paths));
            return Ok(None);
        }
        Ok(Some(new))
    }
}

/// Moves an added file's info to where its directory went; a person must agree, so it is a conflict.
fn relocate(
    all: &mut Differences<'_, '_>,
    old: &Path,
    new: &Path,
    side: usize,
    from: Option<&Path>,
    notes: &mut Vec<Note>,
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
    notes.push(Note::new(NoteKind::DirectoryRenameSuggested, paths).on(side));
}

fn directory_mask(trees: &[super::tree::Item; 3]) -> u8 {
    (0..3).filter(|version| trees[*version].is_directory()).map(bit).sum()
}
