//! The last phase: decides each differing path, deepest first, and writes the merged trees.

use super::MergeError;
use super::content::{ContentContext, Versions};
use super::differences::{
    ALL, BASE, Differences, Info, OURS, PathMap, RepoPath, THEIRS, bit, changed_by, deeper, read, rows, split, trivial,
};
use super::message::{Message, MessageKind};
use super::tree_object::{Builder, DIRECTORY, Item, kind, order_names};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A path that could not be settled, with the versions that git would leave in the index.
#[derive(Debug, Clone)]
pub(super) struct Unsettled {
    pub(super) path: RepoPath,
    pub(super) stages: [Item; 3],
    pub(super) paths: [RepoPath; 3],
    pub(super) files: u8,
}

/// The merged tree (with conflict markers where there are conflicts) and what is unsettled in it.
pub(super) struct FinishedTree {
    pub(super) tree: Item,
    pub(super) unsettled: Vec<Unsettled>,
}

struct Finish<'f, 's, 'r> {
    all: &'f Differences<'s, 'r>,
    context: &'f ContentContext<'f, 'r>,
    /// By directory: the infos right inside, and the directories right inside that hold some.
    infos: PathMap<Vec<(RepoPath, usize)>>,
    folders: PathMap<Vec<RepoPath>>,
    given: PathMap<()>,
    unsettled: Vec<Unsettled>,
    messages: &'f mut Vec<Message>,
}

/// What one path becomes.
struct PathDecision {
    item: Item,
    clean: bool,
    stages: [Item; 3],
    files: u8,
}

/// Where a directory's settled entries are found.
#[derive(Clone, Copy)]
enum EntrySource {
    /// In three trees that were compared.
    Compared([Item; 3]),
    /// In one tree that was taken as a whole.
    Whole(Item),
}

/// Decides everything and writes the trees.
pub(super) fn finish(
    all: &Differences<'_, '_>,
    context: &ContentContext<'_, '_>,
    messages: &mut Vec<Message>,
) -> Result<FinishedTree, MergeError> {
    let mut finish = Finish {
        all,
        context,
        infos: PathMap::default(),
        folders: PathMap::default(),
        given: PathMap::default(),
        unsettled: Vec::new(),
        messages,
    };
    finish.group();
    let root = all.opened.get(&[][..]).copied().unwrap_or([Item::NONE; 3]);
    let tree = finish.directory(&Arc::from([]), EntrySource::Compared(root))?;
    let tree = match tree {
        Some(tree) => tree,
        None => Item { mode: DIRECTORY, id: context.store.write_tree(&[])? },
    };
    let mut unsettled = finish.unsettled;
    unsettled.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(FinishedTree { tree, unsettled })
}

impl Finish<'_, '_, '_> {
    fn group(&mut self) {
        let thought = self.thought_over();
        for (path, at) in &self.all.index {
            let parent = split(path).0;
            if parent.is_empty() || thought.contains_key(parent) {
                self.infos.entry(RepoPath::from(parent)).or_default().push((path.clone(), *at));
                self.reach(parent);
            }
        }
        for directory in self.all.opened.keys().filter(|directory| thought.contains_key(*directory)) {
            self.reach(directory);
        }
        // The order of the decisions shows in the names given to files that must step aside.
        for infos in self.infos.values_mut() {
            infos.sort();
        }
        for folders in self.folders.values_mut() {
            folders.sort();
            folders.dedup();
        }
    }

    /// The directories in which something must be decided. Any other one was opened only for its renames, and is
    /// what the one side made of it that changed it.
    fn thought_over(&self) -> PathMap<()> {
        let mut thought = PathMap::default();
        let mut mark = |mut directory: &[u8]| {
            while !directory.is_empty() && !thought.contains_key(directory) {
                thought.insert(RepoPath::from(directory), ());
                directory = split(directory).0;
            }
        };
        for (path, at) in &self.all.index {
            let info = &self.all.infos[*at];
            if !is_plain(path, info) {
                // Where it has gone from there is something to decide, too.
                info.paths.iter().chain([path]).for_each(|path| mark(path));
            }
        }
        for (directory, trees) in &self.all.opened {
            if changed_by(trees).is_none() {
                mark(directory);
            }
        }
        thought
    }

    fn reach(&mut self, mut directory: &[u8]) {
        while !directory.is_empty() {
            let (parent, _) = split(directory);
            let siblings = self.folders.entry(RepoPath::from(parent)).or_default();
            if siblings.last().is_some_and(|last| **last == *directory) {
                return;
            }
            siblings.push(RepoPath::from(directory));
            directory = parent;
        }
    }

    /// Builds one directory; `None` when nothing is left in it.
    fn directory(&mut self, path: &RepoPath, source: EntrySource) -> Result<Option<Item>, MergeError> {
        let trees = match source {
            EntrySource::Compared(trees) => trees,
            EntrySource::Whole(tree) => [tree; 3],
        };
        let data = read(self.context.store, path, trees)?;
        let rows = rows([&data[0], &data[1], &data[2]])?;
        let infos = self.infos.remove(path).unwrap_or_default();
        let folders = self.folders.remove(path).unwrap_or_default();
        let mut decided: BTreeMap<RepoPath, Option<Item>> = BTreeMap::new();
        let name_of = |path: &RepoPath| RepoPath::from(split(path).1);
        for folder in folders.iter().rev() {
            let name = name_of(folder);
            let source = self.all.opened.get(folder).copied().map(EntrySource::Compared);
            let row = || rows.iter().find(|row| row.name == &*name);
            let taken = || row().and_then(|row| trivial(&row.items).or_else(|| whole(&row.items)));
            let source = source.unwrap_or_else(|| EntrySource::Whole(taken().unwrap_or(Item::NONE)));
            let built = deeper(|| self.directory(folder, source))?;
            decided.insert(name, built);
        }
        for (info_path, at) in infos.iter().rev() {
            let name = name_of(info_path);
            let directory = decided.get(&name).copied().flatten();
            for (name, item) in self.settle(info_path, &self.all.infos[*at], directory)? {
                if item.exists() || !decided.get(&name).is_some_and(Option::is_some) {
                    decided.insert(name, Some(item).filter(|item| item.exists()));
                }
            }
        }
        let mut entries: Vec<(&[u8], Item)> = Vec::with_capacity(rows.len() + decided.len());
        for row in &rows {
            if decided.is_empty() || !decided.contains_key(row.name) {
                let taken = trivial(&row.items).or_else(|| whole(&row.items));
                entries.extend(taken.filter(|item| item.exists()).map(|item| (row.name, item)));
            }
        }
        entries.extend(decided.iter().filter_map(|(name, item)| Some((&**name, (*item)?))));
        entries.sort_by(|a, b| order_names(a.0, a.1.is_directory(), b.0, b.1.is_directory()));
        let mut builder = Builder::default();
        for (name, item) in entries {
            builder.push(name, item);
        }
        if builder.is_empty() {
            return Ok(None);
        }
        let known = trees.iter().zip(&data).find(|(tree, data)| tree.exists() && data[..] == *builder.data());
        let id = match known {
            Some((tree, _)) => tree.id,
            None => self.context.store.write_tree(builder.data())?,
        };
        Ok(Some(Item { mode: DIRECTORY, id }))
    }

    /// Decides one path; a directory of the same name may have survived the merge.
    fn settle(
        &mut self,
        path: &RepoPath,
        info: &Info,
        directory: Option<Item>,
    ) -> Result<Vec<(RepoPath, Item)>, MergeError> {
        let own_name = RepoPath::from(split(path).1);
        if info.gone {
            return Ok(Vec::new());
        }
        let mut info = info.clone();
        for (version, stage) in info.stages.iter_mut().enumerate() {
            if info.files & bit(version) == 0 {
                *stage = Item::NONE;
            }
        }
        let mut place = path.clone();
        // A directory that only moved files made there is no reason: git lists the path as it is.
        let stands_aside = directory.is_some() && info.directories != 0;
        if stands_aside {
            if info.files == BASE {
                return Ok(Vec::new());
            }
            let side = if info.directories & OURS != 0 { 2 } else { 1 };
            place = self.aside(path, side)?;
            self.messages.push(Message::new(MessageKind::FileDirectory, [place.clone(), path.clone()]).on(side));
            if matches!(info.equal, 3 | 5) && info.files == info.equal {
                // Unchanged on its own side, it just gives way; git reports it all the same.
                return Ok(Vec::new());
            }
        }
        let types_differ = info.files & (OURS | THEIRS) == OURS | THEIRS
            && (kind(info.stages[1].mode) != kind(info.stages[2].mode) || self.was_directory(path, &info));
        if info.equal == 0 && types_differ && self.context.depth == 0 {
            return self.distinct_types(&place, &info, !self.was_directory(path, &info));
        }
        let decision = self.decide(&place, &info, stands_aside, types_differ)?;
        if !decision.clean {
            self.unsettled.push(Unsettled {
                path: place.clone(),
                stages: decision.stages,
                paths: info.paths.clone(),
                files: decision.files,
            });
        }
        let name = if stands_aside { RepoPath::from(split(&place).1) } else { own_name };
        Ok(vec![(name, decision.item)])
    }

    fn decide(
        &mut self,
        path: &RepoPath,
        info: &Info,
        stands_aside: bool,
        types_differ: bool,
    ) -> Result<PathDecision, MergeError> {
        let in_place = !stands_aside && !info.misplaced;
        let mut decision = PathDecision { item: Item::NONE, clean: in_place, stages: info.stages, files: info.files };
        match info.equal {
            0 => {}
            6 => {
                decision.item = info.stages[1];
                return Ok(decision);
            }
            equal => {
                decision.item = info.stages[if equal == 3 { 2 } else { 1 }];
                decision.clean |= !decision.item.exists();
                return Ok(decision);
            }
        }
        match info.files {
            _ if types_differ => {
                decision.item = info.stages[0];
                decision.clean = false;
            }
            ALL if stands_aside && self.was_directory(path, info) => {
                decision.item = info.stages[1];
                self.messages.push(Message::new(MessageKind::ModifyDelete, [path.clone()]).on(1));
            }
            6 | ALL => {
                let versions = Versions { items: info.stages, paths: &info.paths };
                let merged = self.context.merge(path, &versions, 2 * self.context.depth, self.messages)?;
                decision.item = merged.item;
                decision.clean = merged.clean && in_place;
                if merged.clean && stands_aside {
                    let side = if info.directories & OURS != 0 { 2 } else { 1 };
                    decision.files = bit(side);
                    decision.stages = [Item::NONE; 3];
                    decision.stages[side] = merged.item;
                }
                if !merged.clean {
                    let kind = match info.files {
                        _ if kind(merged.item.mode) == super::tree_object::SUBMODULE => MessageKind::SubmoduleContents,
                        6 => MessageKind::AddAdd,
                        _ => MessageKind::Contents,
                    };
                    self.messages.push(Message::new(kind, [path.clone()]));
                }
            }
            3 | 5 => {
                // Normalised, the file may be as it was; then it is deleted.
                self.context.attributes.ensure_compared_as_it_is()?;
                let side = if info.files == 5 { 2 } else { 1 };
                decision.item = info.stages[if self.context.depth > 0 { 0 } else { side }];
                decision.clean = false;
                let unchanged = info.misplaced && info.stages[0].id == info.stages[side].id;
                if !unchanged || side == 1 && self.was_directory(path, info) {
                    self.messages.push(Message::new(MessageKind::ModifyDelete, [path.clone()]).on(side));
                }
            }
            BASE => decision.clean = !info.misplaced,
            files => decision.item = info.stages[if files == THEIRS { 2 } else { 1 }],
        }
        Ok(decision)
    }

    /// Whether ours followed a renamed directory and stood in a directory's place before. git (2.47) loses sight of such
    /// a file: it lists it without contents and calls it deleted, or of another type than anything else.
    fn was_directory(&self, path: &RepoPath, info: &Info) -> bool {
        info.misplaced && info.directories & BASE != 0 && info.files & OURS != 0 && !self.all.opened.contains_key(path)
    }

    /// A file against a link, a submodule against a file: each is kept, under a name of its own where need be.
    fn distinct_types(
        &mut self,
        path: &RepoPath,
        info: &Info,
        typed: bool,
    ) -> Result<Vec<(RepoPath, Item)>, MergeError> {
        let [base, ours, theirs] = info.stages;
        let regular = super::tree_object::is_regular;
        let (move_ours, move_theirs) = match (typed && regular(ours.mode), regular(theirs.mode)) {
            (true, _) => (true, false),
            (_, true) => (false, true),
            _ => (true, true),
        };
        let ours_path = if move_ours { self.aside(path, 1)? } else { path.clone() };
        let theirs_path = if move_theirs { self.aside(path, 2)? } else { path.clone() };
        let paths = [
            Some(path.clone()),
            Some(&ours_path).filter(|_| move_ours).cloned(),
            Some(&theirs_path).filter(|_| move_theirs).cloned(),
        ];
        self.messages.push(Message::new(MessageKind::DistinctTypes, paths.into_iter().flatten().collect::<Vec<_>>()));
        let mut kept = Vec::new();
        for (side, place, item) in [(1, ours_path, ours), (2, theirs_path, theirs)] {
            let same_kind = base.exists() && kind(base.mode) == kind(item.mode);
            let mut stages = [Item::NONE; 3];
            stages[side] = item;
            if same_kind {
                stages[0] = base;
            }
            let files = bit(side) | if same_kind { BASE } else { 0 };
            kept.push((RepoPath::from(split(&place).1), item));
            self.unsettled.push(Unsettled { path: place, stages, paths: info.paths.clone(), files });
        }
        Ok(kept)
    }

    /// A free name for a file that must step aside.
    fn aside(&mut self, path: &RepoPath, side: usize) -> Result<RepoPath, MergeError> {
        let label = if side == 1 { &self.context.labels.ours } else { &self.context.labels.theirs };
        let mut name = path.to_vec();
        name.push(b'~');
        name.extend(label.iter().map(|byte| if *byte == b'/' { b'_' } else { *byte }));
        let mut candidate = RepoPath::from(name.as_slice());
        let mut suffix = 0;
        while self.given.contains_key(&candidate) || self.all.occupied(&candidate)? != 0 {
            candidate = RepoPath::from([&name[..], format!("_{suffix}").as_bytes()].concat());
            suffix += 1;
        }
        self.given.insert(candidate.clone(), ());
        Ok(candidate)
    }
}

/// Whether only one side changed a file, in its place, and the result is what that side made of it.
fn is_plain(path: &RepoPath, info: &Info) -> bool {
    let at_home = info.paths.iter().all(|from| from == path) && info.directories == 0;
    at_home && !info.gone && !info.misplaced && (matches!(info.equal, 3 | 5) || matches!(info.files, OURS | THEIRS))
}

/// The directory that only one side changed, as a whole.
fn whole(items: &[Item; 3]) -> Option<Item> {
    changed_by(items).map(|side| items[side])
}
