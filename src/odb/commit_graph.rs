//! Reads git's commit-graph files (`gitformat-commit-graph`): parents, dates and generations without opening commits.
//!
//! A file that is not understood is ignored: the commits themselves hold the same.

use super::id_table::IdTable;
use super::window::Window;
use crate::model::ObjectId;
use std::path::{Path, PathBuf};

/// A commit as the graph has it; its tree comes from the commit itself.
#[derive(Clone)]
pub(crate) struct GraphCommit {
    pub(crate) parents: Vec<ObjectId>,
    pub(crate) date: i64,
    pub(crate) generation: u64,
}

/// What the graph has of the commit at a position; parents are positions too.
#[derive(Clone)]
pub(crate) struct GraphRow {
    pub(crate) parents: Vec<u32>,
    pub(crate) date: i64,
    /// One more than its parents' largest.
    pub(crate) generation: u64,
}

/// The graph files of a repository: one file, or a chain whose base comes first.
pub(crate) struct Graphs {
    layers: Vec<Layer>,
}

struct Layer {
    file: Window,
    ids: IdTable,
    commits: u64,
    edges: Option<u64>,
    /// The position of the first commit, counted over the layers below.
    first: u32,
}

/// A walk over a whole history asks for every commit, so that much is held in memory: some 1,700,000 commits.
const LARGEST_WHOLE: u64 = 96 << 20;
/// Bytes of a commit's row.
const ROW: u64 = 36;
const NO_PARENT: u32 = 0x7000_0000;
const MANY: u32 = 0x8000_0000;

impl Graphs {
    /// For the repository whose `objects` are in this folder.
    pub(crate) fn open(common: &Path) -> Self {
        // A shallow clone or grafts make the recorded parents untrue.
        let untrue = common.join("shallow").exists() || common.join("info/grafts").exists();
        let layers = if untrue { None } else { super::folders(common).iter().find_map(|folder| load(folder)) };
        Self { layers: layers.unwrap_or_default() }
    }

    /// How many commits there are; each has a position below that.
    pub(crate) fn count(&self) -> u32 {
        self.layers.last().map_or(0, |top| top.first + top.ids.count())
    }

    /// A commit by its id.
    pub(crate) fn find(&self, id: ObjectId) -> Option<GraphCommit> {
        let (layer, at) = self.place(id)?;
        let GraphRow { parents, date, generation } = self.read(layer, at)?;
        let parents = parents.into_iter().map(|parent| self.id(parent)).collect::<Option<_>>()?;
        Some(GraphCommit { parents, date, generation })
    }

    /// A commit's position.
    pub(crate) fn position(&self, id: ObjectId) -> Option<u32> {
        self.place(id).map(|(layer, at)| layer.first + at)
    }

    /// The id of the commit at a position.
    pub(crate) fn id(&self, position: u32) -> Option<ObjectId> {
        let layer = self.layer(position)?;
        layer.ids.id(&layer.file, position - layer.first)
    }

    /// The commit at a position.
    pub(crate) fn row(&self, position: u32) -> Option<GraphRow> {
        let layer = self.layer(position)?;
        self.read(layer, position - layer.first)
    }

    fn place(&self, id: ObjectId) -> Option<(&Layer, u32)> {
        self.layers.iter().rev().find_map(|layer| Some((layer, layer.ids.find(&layer.file, &id)?)))
    }

    fn layer(&self, position: u32) -> Option<&Layer> {
        self.layers.iter().rev().find(|layer| layer.first <= position)
    }

    fn read(&self, layer: &Layer, at: u32) -> Option<GraphRow> {
        let row = layer.file.bytes::<16>(layer.row(at)? + 20)?;
        let number = |at: usize| Some(u32::from_be_bytes(row.get(at..at + 4)?.try_into().ok()?));
        let [first, second, high] = [number(0)?, number(4)?, number(8)?];
        let date = i64::from(high & 3) << 32 | i64::from(number(12)?);
        let generation = u64::from(high >> 2);
        let mut parents = Vec::new();
        if first != NO_PARENT {
            parents.push(first);
        }
        if second & MANY != 0 {
            let mut edge = layer.edges? + u64::from(second & !MANY) * 4;
            loop {
                let position = layer.file.u32(edge)?;
                parents.push(position & !MANY);
                if position & MANY != 0 {
                    break;
                }
                edge += 4;
            }
        } else if second != NO_PARENT {
            parents.push(second);
        }
        // Old writers left the level out; and a parent that there is not is no parent.
        let whole = generation > 0 && parents.iter().all(|parent| *parent < self.count());
        whole.then_some(GraphRow { parents, date, generation })
    }
}

fn load(objects: &Path) -> Option<Vec<Layer>> {
    let info = objects.join("info");
    if let Some(layer) = Layer::read(&info.join("commit-graph"), 0) {
        return Some(vec![layer]);
    }
    let chain = info.join("commit-graphs");
    let names = std::fs::read_to_string(chain.join("commit-graph-chain")).ok()?;
    let mut layers: Vec<Layer> = Vec::new();
    for name in names.lines() {
        let first = layers.last().map_or(Some(0), |below| below.first.checked_add(below.ids.count()))?;
        let path: PathBuf = chain.join(format!("graph-{}.graph", name.trim()));
        layers.push(Layer::read(&path, first)?);
    }
    Some(layers)
}

impl Layer {
    fn row(&self, at: u32) -> Option<u64> {
        (at < self.ids.count()).then(|| self.commits + u64::from(at) * ROW)
    }

    fn read(path: &Path, first: u32) -> Option<Self> {
        let file = Window::open(path, LARGEST_WHOLE)?;
        // Signature, version 1, SHA-1, number of chunks.
        let [b'C', b'G', b'P', b'H', 1, 1, chunks] = file.bytes(0)? else { return None };
        let (mut fanout, mut lookup, mut commits, mut edges) = (None, None, None, None);
        for chunk in 0..u64::from(chunks) {
            let at = 8 + chunk * 12;
            let offset = file.bytes(at + 4).map(u64::from_be_bytes).filter(|offset| *offset <= file.length())?;
            match &file.bytes::<4>(at)? {
                b"OIDF" => fanout = Some(offset),
                b"OIDL" => lookup = Some(offset),
                b"CDAT" => commits = Some(offset),
                b"EDGE" => edges = Some(offset),
                _ => {}
            }
        }
        let ids = IdTable::read(&file, fanout?, lookup?)?;
        let commits = commits.filter(|start| start + u64::from(ids.count()) * ROW <= file.length())?;
        Some(Self { file, ids, commits, edges, first })
    }
}
