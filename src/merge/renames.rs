//! Which deleted files of one side were really renamed, and to what.
//!
//! As `git` looks for them in a merge: exact copies first, then files that kept a unique name, then by similarity, each
//! step only for sources that matter and are still without a partner.

use super::MergeError;
use super::cache::IdMap;
use super::differences::{Differences, PathMap, Relevance, RepoPath, SideChanges, Vanished, join, split};
use super::moved_counts::MovedCounts;
use super::similarity::{FileNumber, MIN_BASENAME_SCORE, MIN_SCORE, Prints, Similarity};
use super::store::ObjectStore;
use super::tree_object::{Item, is_regular};
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// More than this many sources times targets, squared, are not compared (git's `merge.renameLimit`).
const LIMIT: usize = 7000;
/// Of this many exact copies the best is chosen; further ones are not looked at.
const MOST_COPIES: usize = 100;
/// For each target this many best sources compete.
const CANDIDATES: usize = 4;

/// The name of the empty file. Empty files are never taken for renames of each other.
const EMPTY: [u8; 20] = [
    0xe6, 0x9d, 0xe2, 0x9b, 0xb2, 0xd1, 0xd6, 0x43, 0x4b, 0x8b, 0x29, 0xae, 0x77, 0x5a, 0xd8, 0xc2, 0xe4, 0x8c, 0x53,
    0x91,
];

/// One side's renames.
pub(super) struct Renames {
    /// For each added file of the side, in order: the path it was renamed from.
    pub(super) from: Vec<Option<RepoPath>>,
    /// Where the files of vanished directories went.
    pub(super) moved: MovedCounts,
}

/// Settles the files that only give way to the other side's directory, where git leaves that one closed: no rename that
/// matters leads into it.
pub(super) fn close_again(all: &mut Differences<'_, '_>, found: &[Renames; 3]) {
    if !all.are_walked_again() {
        return;
    }
    let Differences { infos, sides, .. } = all;
    for info in infos.iter_mut() {
        let path = info.paths[0].clone();
        let side = match info.equal {
            equal @ (3 | 5) if info.files == equal && info.directories != 0 => {
                if equal == 3 {
                    2
                } else {
                    1
                }
            }
            _ => continue,
        };
        let SideChanges { added, relevant, .. } = &sides[side];
        let inside = |target: &RepoPath| target.strip_prefix(&*path).is_some_and(|rest| rest.starts_with(b"/"));
        let moved = |(target, from): (&(RepoPath, Item), &Option<RepoPath>)| {
            from.as_ref().is_some_and(|from| *from == path || relevant.contains_key(from) && inside(&target.0))
        };
        info.gone |= !added.iter().zip(&found[side].from).any(moved);
    }
}

struct RenameSearch<'s, 'r> {
    store: &'s ObjectStore<'r>,
    sources: &'s [(RepoPath, Item)],
    targets: &'s [(RepoPath, Item)],
    /// The targets that may be renames.
    candidates: Vec<usize>,
    relevant: &'s PathMap<Relevance>,
    vanished: &'s mut PathMap<Vanished>,
    /// Sources still in play, in order.
    open: Vec<usize>,
    used: Vec<bool>,
    from: Vec<Option<usize>>,
    moved: MovedCounts,
    similarity: Similarity<'s>,
}

/// Finds one side's renames.
pub(super) fn find(store: &ObjectStore<'_>, prints: &Prints, side: &mut SideChanges) -> Result<Renames, MergeError> {
    let SideChanges { deleted, added, relevant, vanished } = side;
    deleted.retain(|(_, item)| item.id.as_bytes() != &EMPTY);
    let targets: Vec<usize> = (0..added.len()).filter(|at| added[*at].1.id.as_bytes() != &EMPTY).collect();
    let mut search = RenameSearch {
        store,
        sources: deleted,
        targets: added,
        candidates: targets,
        relevant,
        vanished,
        open: (0..deleted.len()).collect(),
        used: vec![false; deleted.len()],
        from: vec![None; added.len()],
        moved: MovedCounts::default(),
        similarity: Similarity::new(prints),
    };
    if !search.relevant.is_empty() && !search.sources.is_empty() && !search.candidates.is_empty() {
        search.run()?;
    }
    let from = search.from.iter().map(|source| source.map(|source| search.sources[source].0.clone())).collect();
    let mut moved = search.moved;
    moved.keep_important(search.vanished);
    Ok(Renames { from, moved })
}

impl RenameSearch<'_, '_> {
    fn run(&mut self) -> Result<(), MergeError> {
        self.exact();
        self.drop_used();
        for (target, source) in self.from.iter().enumerate() {
            if let Some(source) = source {
                self.moved.count(self.vanished, &self.sources[*source].0, &self.targets[target].0);
            }
        }
        self.by_basename()?;
        self.drop_used();
        self.drop_irrelevant();
        self.drop_decided_directories();
        self.by_similarity()
    }

    fn pair(&mut self, source: usize, target: usize) {
        self.used[source] = true;
        self.from[target] = Some(source);
    }

    fn pair_and_count(&mut self, source: usize, target: usize) {
        self.pair(source, target);
        self.moved.count(self.vanished, &self.sources[source].0, &self.targets[target].0);
    }

    fn drop_used(&mut self) {
        self.open.retain(|source| !self.used[*source]);
    }

    fn drop_irrelevant(&mut self) {
        self.open.retain(|source| self.relevant.contains_key(&self.sources[*source].0));
    }

    /// Files with equal contents; one that kept its name is preferred.
    fn exact(&mut self) {
        let mut by_id: IdMap<Vec<usize>> = IdMap::default();
        for (at, (_, item)) in self.sources.iter().enumerate() {
            by_id.entry(item.id).or_default().push(at);
        }
        for target in self.candidates.clone() {
            let (path, item) = &self.targets[target];
            let Some(copies) = by_id.get(&item.id) else { continue };
            let name = split(path).1;
            let mut best: Option<(usize, bool)> = None;
            let mut seen = 0;
            for source in copies {
                let (source_path, source_item) = &self.sources[*source];
                let special = !is_regular(item.mode) || !is_regular(source_item.mode);
                if special && item.mode != source_item.mode || self.used[*source] {
                    continue;
                }
                let same_name = split(source_path).1 == name;
                if best.is_none_or(|(_, best_same)| same_name && !best_same) {
                    best = Some((*source, same_name));
                    if same_name {
                        break;
                    }
                }
                seen += 1;
                if seen > MOST_COPIES {
                    break;
                }
            }
            if let Some((source, _)) = best {
                self.pair(source, target);
            }
        }
    }

    /// Files whose last name is unique on both ends, or whose directory is already known to have moved. A source that needs no
    /// partner gets none, but its name counts: another one of that name is not unique.
    fn by_basename(&mut self) -> Result<(), MergeError> {
        let mut sources: HashMap<&[u8], Option<usize>, FixedState> = HashMap::default();
        for source in &self.open {
            let name = split(&self.sources[*source].0).1;
            sources.entry(name).and_modify(|only| *only = None).or_insert(Some(*source));
        }
        let mut targets: HashMap<&[u8], Option<usize>, FixedState> = HashMap::default();
        let mut places: HashMap<&[u8], usize, FixedState> = HashMap::default();
        for target in self.candidates.iter().copied() {
            let path = &self.targets[target].0;
            if self.from[target].is_none() {
                targets.entry(split(path).1).and_modify(|only| *only = None).or_insert(Some(target));
                places.insert(path, target);
            }
        }
        let guesses = self.moved.guesses();
        for source in self.open.clone() {
            let (path, item) = &self.sources[source];
            if !self.relevant.contains_key(path) {
                continue;
            }
            let (directory, name) = split(path);
            let Some(only_target) = targets.get(name) else { continue };
            let only_source = sources.get(name).copied().flatten();
            let target = match (only_source, only_target) {
                (Some(_), Some(target)) => Some(*target),
                _ => guesses.get(directory).and_then(|to| places.get(&*join(to, name)).copied()),
            };
            let Some(target) = target.filter(|target| self.from[*target].is_none()) else { continue };
            let pair =
                [self.similarity.file(self.store, *item)?, self.similarity.file(self.store, self.targets[target].1)?];
            if let [Some(one), Some(two)] = pair
                && self.similarity.score(self.store, [one, two], MIN_BASENAME_SCORE)? >= MIN_BASENAME_SCORE
            {
                self.pair_and_count(source, target);
            }
        }
        Ok(())
    }

    /// Where the majority of a directory's files is already known to have gone, the rest need not be found.
    fn drop_decided_directories(&mut self) {
        let mut unknown: PathMap<usize> = PathMap::default();
        for source in &self.open {
            let mut directory = split(&self.sources[*source].0).0;
            while !directory.is_empty() && self.vanished.get(directory).is_some_and(|v| *v != Vanished::Unimportant) {
                *unknown.entry(RepoPath::from(directory)).or_default() += 1;
                directory = split(directory).0;
            }
        }
        for (directory, value) in self.vanished.iter_mut() {
            if *value == Vanished::ForSelf
                && self.moved.is_decided(directory, unknown.get(directory).copied().unwrap_or(0))
            {
                *value = Vanished::ForAncestor;
            }
        }
        let (sources, relevant, vanished) = (self.sources, self.relevant, &*self.vanished);
        self.open.retain(|source| {
            let path = &sources[*source].0;
            relevant.get(path) != Some(&Relevance::Location) || is_awaited(vanished, split(path).0)
        });
    }

    fn by_similarity(&mut self) -> Result<(), MergeError> {
        let targets: Vec<usize> =
            self.candidates.iter().copied().filter(|target| self.from[*target].is_none()).collect();
        if targets.is_empty() || self.open.is_empty() || targets.len() * self.open.len() > LIMIT * LIMIT {
            return Ok(());
        }
        let mut sources = Vec::with_capacity(self.open.len());
        for source in &self.open {
            let (path, item) = &self.sources[*source];
            sources.push((*source, self.similarity.file(self.store, *item)?, split(path).1));
        }
        let mut best: Vec<RenameCandidate> = Vec::with_capacity(targets.len() * CANDIDATES);
        for target in targets {
            let (path, item) = &self.targets[target];
            let Some(file) = self.similarity.file(self.store, *item)? else { continue };
            let target = RenameTarget { number: target, file, name: split(path).1 };
            let slots = match self.compete(&target, &sources, MIN_SCORE)? {
                Some(slots) => Some(slots),
                None => self.compete(&target, &sources, 0)?,
            };
            best.extend(slots.into_iter().flatten());
        }
        best.sort_by_key(|candidate| std::cmp::Reverse(candidate.rank()));
        for candidate in best {
            let Some((source, target)) = candidate.pair.filter(|_| candidate.score >= MIN_SCORE) else { break };
            if self.from[target].is_none() && !self.used[source] {
                self.pair_and_count(source, target);
            }
        }
        Ok(())
    }

    /// The sources that are most like a target. With scores below `least` left out, `None` where some are equally good:
    /// which of these wins depends on the places that all the others took.
    fn compete(
        &mut self,
        target: &RenameTarget<'_>,
        sources: &[(usize, Option<FileNumber>, &[u8])],
        least: u64,
    ) -> Result<Option<[RenameCandidate; CANDIDATES]>, MergeError> {
        let mut slots = [RenameCandidate::NONE; CANDIDATES];
        for (source, file, name) in sources {
            let score = match file {
                Some(file) => self.similarity.score(self.store, [*file, target.file], least)?,
                None => 0,
            };
            if score < least {
                continue;
            }
            let same_name = *name == target.name;
            let candidate = RenameCandidate { score, same_name, pair: Some((*source, target.number)) };
            if least > 0 && slots.iter().any(|slot| slot.rank() == candidate.rank()) {
                return Ok(None);
            }
            let mut worst = 0;
            for at in 1..CANDIDATES {
                if slots[worst].is_better_than(&slots[at]) {
                    worst = at;
                }
            }
            if candidate.is_better_than(&slots[worst]) {
                slots[worst] = candidate;
            }
        }
        Ok(Some(slots))
    }
}

/// A file that may have been renamed to.
struct RenameTarget<'p> {
    number: usize,
    file: FileNumber,
    name: &'p [u8],
}

#[derive(Clone, Copy)]
struct RenameCandidate {
    score: u64,
    same_name: bool,
    pair: Option<(usize, usize)>,
}

impl RenameCandidate {
    const NONE: Self = Self { score: 0, same_name: false, pair: None };

    fn rank(&self) -> (bool, u64, bool) {
        (self.pair.is_some(), self.score, self.same_name)
    }

    fn is_better_than(&self, other: &Self) -> bool {
        self.rank() > other.rank()
    }
}

/// Whether a directory, or one above it, still waits to learn where it went.
fn is_awaited(vanished: &PathMap<Vanished>, mut directory: &[u8]) -> bool {
    loop {
        match vanished.get(directory) {
            None | Some(Vanished::Unimportant) => return false,
            Some(Vanished::ForSelf) => return true,
            Some(Vanished::ForAncestor) if directory.is_empty() => return false,
            Some(Vanished::ForAncestor) => directory = split(directory).0,
        }
    }
}
