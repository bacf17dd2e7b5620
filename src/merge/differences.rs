//! The paths on which the three versions differ, and what the search for renames needs to know of each side.
//!
//! Directories that are equal where it matters stay closed. A directory that only one side changed is opened late, and only
//! when that side's renames are of interest.

use super::MergeError;
use super::git_hash_order::table_order;
use super::store::ObjectStore;
use super::tree_object::{EntryVersions, Item, Rows, order_names};
use crate::odb::MAX_TREE_DEPTH;
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::Arc;

/// A path inside the repository, as bytes.
pub(super) type RepoPath = Arc<[u8]>;
/// A map keyed by path.
pub(super) type PathMap<V> = HashMap<RepoPath, V, FixedState>;

/// One level deeper: on more stack where little is left.
pub(super) fn deeper<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 << 10, 4 << 20, work)
}

/// Measured with git 2.47: this many times as many entries as there were without renames are worth another walk.
const AGAIN: usize = 3;

pub(super) const BASE: u8 = 1;
pub(super) const OURS: u8 = 2;
pub(super) const THEIRS: u8 = 4;
pub(super) const ALL: u8 = 7;

/// The bit of a version (0 base, 1 ours, 2 theirs).
pub(super) fn bit(version: usize) -> u8 {
    1 << version
}

/// What is known about one path on which the versions differ.
#[derive(Debug, Clone)]
pub(super) struct Info {
    /// Base, ours, theirs; a directory is present as one too.
    pub(super) stages: [Item; 3],
    /// Where each version's file comes from; renames make them differ.
    pub(super) paths: [RepoPath; 3],
    /// Which versions have a file here.
    pub(super) files: u8,
    /// Which versions have a directory here.
    pub(super) directories: u8,
    /// Which versions are equal to each other: none, or a pair.
    pub(super) equal: u8,
    /// A conflict about where the file belongs.
    pub(super) misplaced: bool,
    /// The file is settled: moved away or removed.
    pub(super) gone: bool,
}

/// Why a deleted file may be the source of a rename that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relevance {
    /// The other side changed it too.
    Content,
    /// Its directory vanished while the other side put something there.
    Location,
}

/// How much a vanished directory's new place matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Vanished {
    Unimportant,
    /// A directory above it needs the answer.
    ForAncestor,
    /// The other side added a file right inside.
    ForSelf,
}

/// What the search for one side's renames works on.
#[derive(Default)]
pub(super) struct SideChanges {
    pub(super) deleted: Vec<(RepoPath, Item)>,
    pub(super) added: Vec<(RepoPath, Item)>,
    pub(super) relevant: PathMap<Relevance>,
    pub(super) vanished: PathMap<Vanished>,
}

/// A directory that only one side changed.
struct Closed {
    path: RepoPath,
    items: [Item; 3],
    watched: u8,
}

/// All that a full merge starts from.
pub(super) struct Differences<'s, 'r> {
    pub(super) store: &'s ObjectStore<'r>,
    pub(super) infos: Vec<Info>,
    pub(super) index: PathMap<usize>,
    /// Where an info moved away with its directory: which versions still have a directory there.
    pub(super) left: PathMap<u8>,
    /// The directories that were opened, with their three trees.
    pub(super) opened: PathMap<[Item; 3]>,
    /// By side (1, 2).
    pub(super) sides: [SideChanges; 3],
    closed: [Vec<Closed>; 3],
    may_close: [bool; 3],
    /// How many entries were met, and how many of them before any directory was opened for its renames' sake.
    met: usize,
    met_first: usize,
}

impl<'s, 'r> Differences<'s, 'r> {
    /// Compares three root trees.
    pub(super) fn collect(store: &'s ObjectStore<'r>, roots: [Item; 3]) -> Result<Self, MergeError> {
        let mut all = Self {
            store,
            infos: Vec::new(),
            index: PathMap::default(),
            left: PathMap::default(),
            opened: PathMap::default(),
            sides: Default::default(),
            closed: Default::default(),
            may_close: [false, true, true],
            met: 0,
            met_first: 0,
        };
        all.open(Arc::from([]), roots, 0)?;
        all.met_first = all.met;
        for side in [1, 2] {
            if all.sides[side].relevant.is_empty() {
                continue;
            }
            all.may_close[side] = false;
            let closed = std::mem::take(&mut all.closed[side]);
            for at in table_order(closed.iter().map(|directory| &*directory.path)) {
                let trees = directories_of(&closed[at].items);
                all.open(closed[at].path.clone(), trees, closed[at].watched)?;
            }
        }
        // What stayed closed is taken as a whole, a file of the same name included.
        for directory in all.closed.iter().flatten() {
            all.index.remove(&directory.path);
        }
        Ok(all)
    }

    fn open(&mut self, directory: RepoPath, trees: [Item; 3], mut watched: u8) -> Result<(), MergeError> {
        let data = read(self.store, &directory, trees)?;
        let rows = as_visited(rows([&data[0], &data[1], &data[2]])?);
        self.opened.insert(directory.clone(), trees);
        self.met += rows.len();
        if watched != 0 && rows.iter().any(|row| files(&row.items) == watched) {
            watched = ALL;
        }
        for row in rows {
            if trivial(&row.items).is_none() {
                self.differing(&directory, &row, watched)?;
            }
        }
        Ok(())
    }

    fn differing(&mut self, directory: &RepoPath, row: &EntryVersions<'_>, mut watched: u8) -> Result<(), MergeError> {
        let items = row.items;
        let (file_mask, directory_mask, equal) = (files(&items), directories(&items), equal(&items));
        let path = join(directory, row.name);
        if watched != ALL && matches!(directory_mask, 3 | 5) {
            watched = directory_mask & !BASE;
        }
        if directory_mask & BASE != 0 {
            for side in [1, 2] {
                if directory_mask & bit(side) == 0 {
                    let value = if watched == ALL { Vanished::ForAncestor } else { Vanished::Unimportant };
                    self.sides[side].vanished.insert(path.clone(), value);
                }
            }
        }
        if watched == ALL && matches!(file_mask, OURS | THEIRS) {
            let other = if file_mask == OURS { 2 } else { 1 };
            self.sides[other].vanished.insert(directory.clone(), Vanished::ForSelf);
        }
        if file_mask != 0 {
            self.note_sides(&path, &items, file_mask, equal & file_mask, watched);
            self.index.insert(path.clone(), self.infos.len());
            self.infos.push(Info {
                stages: items,
                paths: [path.clone(), path.clone(), path.clone()],
                files: file_mask,
                directories: directory_mask,
                equal: equal & file_mask,
                misplaced: false,
                gone: false,
            });
        }
        if let Some(side) = changed_by(&items).filter(|side| watched != ALL && self.may_close[*side]) {
            self.closed[side].push(Closed { path, items, watched });
            return Ok(());
        }
        if directory_mask != 0 {
            deeper(|| self.open(path, directories_of(&items), watched))?;
        }
        Ok(())
    }

    fn note_sides(&mut self, path: &RepoPath, items: &[Item; 3], file_mask: u8, equal: u8, watched: u8) {
        if file_mask == ALL {
            return;
        }
        for side in [1, 2] {
            let here = file_mask & bit(side) != 0;
            let changes = &mut self.sides[side];
            if file_mask & BASE != 0 && !here {
                let relevance = match () {
                    () if equal == 0 => Some(Relevance::Content),
                    () if watched == ALL => Some(Relevance::Location),
                    () => None,
                };
                if let Some(relevance) = relevance {
                    changes.relevant.insert(path.clone(), relevance);
                }
                changes.deleted.push((path.clone(), items[0]));
            }
            if file_mask & BASE == 0 && here {
                changes.added.push((path.clone(), items[side]));
            }
        }
    }

    /// Whether git walks the trees once more when it knows the renames, because looking for them made it open so much.
    /// Whatever needs no thought then stays closed.
    pub(super) fn are_walked_again(&self) -> bool {
        self.met / self.met_first.max(1) >= AGAIN
    }

    /// The info at a path.
    pub(super) fn info(&self, path: &[u8]) -> Option<usize> {
        self.index.get(path).copied()
    }

    /// Which versions have something at a path that is not among the infos; all of them where it is settled.
    pub(super) fn occupied(&self, path: &[u8]) -> Result<u8, MergeError> {
        if let Some(at) = self.info(path) {
            let info = &self.infos[at];
            return Ok(if info.gone { ALL } else { info.files | info.directories });
        }
        if let Some(directories) = self.left.get(path) {
            return Ok(*directories);
        }
        if let Some(trees) = self.opened.get(path) {
            return Ok(mask(trees, Item::exists));
        }
        let (parent, name) = split(path);
        let Some(trees) = self.opened.get(parent) else { return Ok(0) };
        let data = read(self.store, parent, *trees)?;
        let found = rows([&data[0], &data[1], &data[2]])?.into_iter().find(|row| row.name == name);
        let settled = |row: &EntryVersions<'_>| trivial(&row.items).is_some() || changed_by(&row.items).is_some();
        Ok(found.map_or(0, |row| if settled(&row) { ALL } else { mask(&row.items, Item::exists) }))
    }
}

/// The raw trees of a directory's versions; a version that is not there is empty.
///
/// Deeper than git goes is an error: such trees are made to exhaust the stack.
pub(super) fn read(store: &ObjectStore<'_>, path: &[u8], trees: [Item; 3]) -> Result<[Arc<[u8]>; 3], MergeError> {
    if path.iter().filter(|byte| **byte == b'/').count() >= MAX_TREE_DEPTH {
        return Err(MergeError::TooDeep);
    }
    let [base, ours, theirs] =
        trees.map(|tree| if tree.is_directory() { store.tree(tree.id, path) } else { Ok(Arc::from([])) });
    Ok([base?, ours?, theirs?])
}

/// The rows of a directory, a file and a directory of the same name joined in one.
pub(super) fn rows<'t>(trees: [&'t [u8]; 3]) -> Result<Vec<EntryVersions<'t>>, MergeError> {
    let mut source = Rows::new(trees)?;
    let mut rows: Vec<EntryVersions<'t>> = Vec::new();
    while let Some(row) = source.next()? {
        let is_directory = row.items.iter().any(|item| item.is_directory());
        let twin = if is_directory {
            rows.iter_mut()
                .rev()
                .take_while(|before| before.name.starts_with(row.name))
                .find(|before| before.name == row.name)
        } else {
            None
        };
        match twin {
            Some(twin) => {
                for (to, from) in twin.items.iter_mut().zip(row.items) {
                    if from.exists() {
                        *to = from;
                    }
                }
            }
            None => rows.push(row),
        }
    }
    Ok(rows)
}

/// The rows in the order in which git visits them, which settles ties between renames: of the next entries of the three
/// versions the one whose name is least, where `k` comes before `k-x` even if `k` is a directory.
fn as_visited(rows: Vec<EntryVersions<'_>>) -> Vec<EntryVersions<'_>> {
    let strays = |pair: &[EntryVersions<'_>]| {
        pair[0].name.starts_with(pair[1].name) || directories(&pair[0].items) != 0 && files(&pair[0].items) != 0
    };
    if !rows.windows(2).any(strays) {
        return rows;
    }
    let mut queues = [0, 1, 2].map(|version| {
        let mut queue: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].items[version].exists()).collect();
        let directory = |row: usize| rows[row].items[version].is_directory();
        queue.sort_by(|a, b| order_names(rows[*a].name, directory(*a), rows[*b].name, directory(*b)));
        queue.into_iter().peekable()
    });
    let mut seen = vec![false; rows.len()];
    let mut visited = Vec::with_capacity(rows.len());
    loop {
        let mut least: Option<usize> = None;
        for queue in &mut queues {
            while queue.next_if(|row| seen[*row]).is_some() {}
            if let Some(row) = queue.peek().copied()
                && least.is_none_or(|best| rows[row].name < rows[best].name)
            {
                least = Some(row);
            }
        }
        let Some(row) = least else { return visited };
        seen[row] = true;
        visited.push(rows[row]);
    }
}

/// The result for a row that needs no thought: all equal, or three files of which two are equal.
pub(super) fn trivial(items: &[Item; 3]) -> Option<Item> {
    let [base, ours, theirs] = *items;
    if ours == theirs && base == ours {
        return Some(ours);
    }
    if files(items) != ALL {
        return None;
    }
    if ours == theirs || theirs == base {
        Some(ours)
    } else if ours == base {
        Some(theirs)
    } else {
        None
    }
}

/// The only side that changed a directory: added, altered or removed it, or put a file in its place.
pub(super) fn changed_by(items: &[Item; 3]) -> Option<usize> {
    let [base, ours, theirs] = *items;
    match () {
        () if directories(items) == 0 => None,
        () if base == ours => Some(2),
        () if base == theirs => Some(1),
        () => None,
    }
}

fn directories_of(items: &[Item; 3]) -> [Item; 3] {
    items.map(|item| if item.is_directory() { item } else { Item::NONE })
}

fn mask(items: &[Item; 3], test: impl Fn(Item) -> bool) -> u8 {
    (0..3).filter(|version| test(items[*version])).map(bit).sum()
}

fn files(items: &[Item; 3]) -> u8 {
    mask(items, Item::is_file)
}

fn directories(items: &[Item; 3]) -> u8 {
    mask(items, Item::is_directory)
}

/// Which versions are equal and there: 7, 3 (base and ours), 5 (base and theirs), 6 (ours and theirs) or 0.
fn equal(items: &[Item; 3]) -> u8 {
    let [base, ours, theirs] = *items;
    let same = |a: Item, b: Item| a.exists() && a == b;
    match (same(base, ours), same(base, theirs), same(ours, theirs)) {
        (true, true, _) => ALL,
        (true, ..) => BASE | OURS,
        (_, true, _) => BASE | THEIRS,
        (.., true) => OURS | THEIRS,
        _ => 0,
    }
}

/// A name inside a directory as a path.
pub(super) fn join(directory: &[u8], name: &[u8]) -> RepoPath {
    if directory.is_empty() {
        return Arc::from(name);
    }
    let mut path = Vec::with_capacity(directory.len() + 1 + name.len());
    path.extend_from_slice(directory);
    path.push(b'/');
    path.extend_from_slice(name);
    Arc::from(path)
}

/// A path's directory (empty for the root) and its last name.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&[], path),
    }
}
