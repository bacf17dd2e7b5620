//! Reads git's commit-graph files (`gitformat-commit-graph`): parents, dates and generations without opening commits.
//!
//! A file that is not understood is left aside: the commits themselves say the same.

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
    data: Vec<u8>,
    fanout: usize,
    lookup: usize,
    commits: usize,
    edges: Option<usize>,
    count: u32,
    /// The position of the first commit, counted over the layers below.
    first: u32,
}

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
        self.layers.iter().rev().find_map(|layer| layer.find(id).and_then(|at| self.commit(layer, at)))
    }

    fn commit(&self, layer: &Layer, at: u32) -> Option<GraphCommit> {
        let row = layer.commits + at as usize * 36;
        let tree = layer.id(row)?;
        let [first, second] = [layer.u32(row + 20)?, layer.u32(row + 24)?];
        let high = layer.u32(row + 28)?;
        let date = i64::from(high & 3) << 32 | i64::from(layer.u32(row + 32)?);
        let generation = u64::from(high >> 2);
        let mut parents = Vec::new();
        if first != NO_PARENT {
            parents.push(self.id_at(first)?);
        }
        if second & MANY != 0 {
            let mut edge = layer.edges? + (second & !MANY) as usize * 4;
            loop {
                let position = layer.u32(edge)?;
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
        let at = position - layer.first;
        if at < layer.count { layer.id(layer.lookup + at as usize * 20) } else { None }
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
        let first = layers.last().map_or(Some(0), |below| below.first.checked_add(below.count))?;
        let path: PathBuf = chain.join(format!("graph-{}.graph", name.trim()));
        layers.push(Layer::read(&path, first)?);
    }
    Some(layers)
}

impl Layer {
    fn read(path: &Path, first: u32) -> Option<Self> {
        let data = std::fs::read(path).ok()?;
        // Signature, version 1, SHA-1, number of chunks.
        if data.get(..6)? != b"CGPH\x01\x01" {
            return None;
        }
        let mut layer = Self { fanout: 0, lookup: 0, commits: 0, edges: None, count: 0, first, data };
        for chunk in 0..usize::from(*layer.data.get(6)?) {
            let at = 8 + chunk * 12;
            let offset = usize::try_from(u64::from(layer.u32(at + 4)?) << 32 | u64::from(layer.u32(at + 8)?)).ok()?;
            if offset > layer.data.len() {
                return None;
            }
            match layer.data.get(at..at + 4)? {
                b"OIDF" => layer.fanout = offset,
                b"OIDL" => layer.lookup = offset,
                b"CDAT" => layer.commits = offset,
                b"EDGE" => layer.edges = Some(offset),
                _ => {}
            }
        }
        if layer.fanout == 0 || layer.lookup == 0 || layer.commits == 0 {
            return None;
        }
        layer.count = layer.u32(layer.fanout + 255 * 4)?;
        let rows = layer.count as usize;
        (layer.data.len() >= layer.lookup + rows * 20 && layer.data.len() >= layer.commits + rows * 36).then_some(layer)
    }

    fn u32(&self, at: usize) -> Option<u32> {
        Some(u32::from_be_bytes(self.data.get(at..at + 4)?.try_into().ok()?))
    }

    fn id(&self, at: usize) -> Option<ObjectId> {
        Some(ObjectId::from_bytes(self.data.get(at..at + 20)?.try_into().ok()?))
    }

    fn find(&self, id: ObjectId) -> Option<u32> {
        let byte = usize::from(id.as_bytes()[0]);
        let mut low = if byte == 0 { 0 } else { self.u32(self.fanout + (byte - 1) * 4)? };
        let mut high = self.u32(self.fanout + byte * 4)?.min(self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.id(self.lookup + middle as usize * 20)?.cmp(&id) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }
}
