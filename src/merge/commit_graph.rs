//! Reads git's commit-graph files (`gitformat-commit-graph`): parents, dates and generations without opening commits.
//!
//! A file that is not understood is left aside: the commits themselves say the same.

use super::id_table::IdTable;
use super::window::Window;
use crate::model::ObjectId;
use std::path::{Path, PathBuf};

/// A commit as the graph has it.
pub(super) struct GraphCommit {
    pub(super) tree: ObjectId,
    pub(super) parents: Vec<ObjectId>,
    pub(super) date: i64,
    pub(super) generation: u64,
}

/// The graph files of a repository: one file, or a chain whose base comes first.
pub(super) struct Graphs {
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

/// Bytes of a commit's row.
const ROW: u64 = 36;
const NO_PARENT: u32 = 0x7000_0000;
const MANY: u32 = 0x8000_0000;

impl Graphs {
    pub(super) fn open(common: &Path) -> Self {
        let folders = super::store::object_folders(common);
        // Grafts and replacements make the recorded parents untrue.
        let untrue = common.join("shallow").exists() || common.join("info/grafts").exists();
        let layers = if untrue { None } else { folders.iter().find_map(|folder| load(folder)) };
        Self { layers: layers.unwrap_or_default() }
    }

    pub(super) fn find(&self, id: ObjectId) -> Option<GraphCommit> {
        self.layers
            .iter()
            .rev()
            .find_map(|layer| layer.ids.find(&layer.file, &id).and_then(|at| self.commit(layer, at)))
    }

    fn commit(&self, layer: &Layer, at: u32) -> Option<GraphCommit> {
        let row = layer.file.bytes::<{ ROW as usize }>(layer.commits + u64::from(at) * ROW)?;
        let number = |at: usize| Some(u32::from_be_bytes(row.get(at..at + 4)?.try_into().ok()?));
        let tree = ObjectId::from_bytes(row.get(..20)?.try_into().ok()?);
        let [first, second, high] = [number(20)?, number(24)?, number(28)?];
        let date = i64::from(high & 3) << 32 | i64::from(number(32)?);
        let generation = u64::from(high >> 2);
        let mut parents = Vec::new();
        if first != NO_PARENT {
            parents.push(self.id_at(first)?);
        }
        if second & MANY != 0 {
            let mut edge = layer.edges? + u64::from(second & !MANY) * 4;
            loop {
                let position = layer.file.u32(edge)?;
                parents.push(self.id_at(position & !MANY)?);
                if position & MANY != 0 {
                    break;
                }
                edge += 4;
            }
        } else if second != NO_PARENT {
            parents.push(self.id_at(second)?);
        }
        // Old writers left the level out.
        (generation > 0).then_some(GraphCommit { tree, parents, date, generation })
    }

    fn id_at(&self, position: u32) -> Option<ObjectId> {
        let layer = self.layers.iter().rev().find(|layer| layer.first <= position)?;
        layer.ids.id(&layer.file, position - layer.first)
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
    fn read(path: &Path, first: u32) -> Option<Self> {
        let file = Window::open(path)?;
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
