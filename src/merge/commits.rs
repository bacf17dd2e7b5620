//! Commits as a merge needs them (parents, date, generation), parsed once and kept.

use super::MergeError;
use super::cache::IdMap;
use super::store::{ObjectStore, damaged};
use crate::model::ObjectId;
use crate::odb::{GraphCommit, Graphs};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A commit's number in [`CommitTable`].
pub(super) type CommitNumber = u32;

/// Almost all commits have their parents and dates within these first bytes.
const HEAD: usize = 320;

/// How many commits that were read are kept.
const READ: usize = 1 << 16;

/// The generation of commits that no commit-graph file knows: above all that it knows.
pub(super) const UNKNOWN_GENERATION: u64 = u64::MAX;

/// What is known of one commit.
pub(super) struct KnownCommit {
    pub(super) id: ObjectId,
    pub(super) date: i64,
    pub(super) generation: u64,
    parents: Parents,
    parsed: bool,
}

enum Parents {
    Few([CommitNumber; 2], u8),
    Many(Box<[CommitNumber]>),
}

/// All commits met so far.
pub(super) struct CommitTable {
    numbers: IdMap<CommitNumber>,
    commits: Vec<KnownCommit>,
    graphs: Graphs,
    shallow: IdMap<()>,
    read: CommitsRead,
}

/// Commits of one repository that were read from their objects, for the next merge and for the mergers that work beside this one.
#[derive(Clone, Default)]
pub(super) struct CommitsRead(Arc<Mutex<IdMap<Raw>>>);

impl CommitsRead {
    fn known(&self) -> MutexGuard<'_, IdMap<Raw>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, id: ObjectId, raw: &Raw) {
        let mut known = self.known();
        if known.len() >= READ {
            known.clear();
        }
        known.insert(id, raw.clone());
    }
}

impl CommitTable {
    /// For the repository whose objects and references are in this folder.
    pub(super) fn new(common: &Path, read: CommitsRead) -> Self {
        let graphs = Graphs::open(common);
        let shallow = std::fs::read_to_string(common.join("shallow")).unwrap_or_default();
        let shallow = shallow.lines().filter_map(|line| Some((line.trim().parse().ok()?, ()))).collect();
        Self { numbers: IdMap::default(), commits: Vec::new(), graphs, shallow, read }
    }

    /// The number of a commit, which need not have been read yet.
    pub(super) fn number(&mut self, id: ObjectId) -> CommitNumber {
        let next = self.commits.len() as CommitNumber;
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.commits.push(KnownCommit {
                id,
                date: 0,
                generation: UNKNOWN_GENERATION,
                parents: Parents::Few([0; 2], 0),
                parsed: false,
            });
        }
        number
    }

    /// The commit, read if it has not been read yet.
    pub(super) fn get(&mut self, store: &ObjectStore<'_>, number: CommitNumber) -> Result<&KnownCommit, MergeError> {
        if !self.commits[number as usize].parsed {
            self.parse(store, number)?;
        }
        Ok(&self.commits[number as usize])
    }

    /// A commit's tree, from the commit itself: for what is merged the commit graph is not trusted.
    pub(super) fn tree(&self, store: &ObjectStore<'_>, number: CommitNumber) -> Result<ObjectId, MergeError> {
        Ok(self.raw(store, self.commits[number as usize].id)?.tree)
    }

    fn raw(&self, store: &ObjectStore<'_>, id: ObjectId) -> Result<Raw, MergeError> {
        if let Some(known) = self.read.known().get(&id) {
            return Ok(known.clone());
        }
        let raw = read(store, id)?;
        self.read.keep(id, &raw);
        Ok(raw)
    }

    /// A commit that [`get`](Self::get) has given before.
    pub(super) fn known(&self, number: CommitNumber) -> &KnownCommit {
        &self.commits[number as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.commits.len()
    }

    fn parse(&mut self, store: &ObjectStore<'_>, number: CommitNumber) -> Result<(), MergeError> {
        let id = self.commits[number as usize].id;
        let found = match self.graphs.find(id) {
            Some(found) => found,
            None => self.raw(store, id)?.commit,
        };
        let cut = self.shallow.contains_key(&id);
        let parents: Vec<CommitNumber> =
            if cut { Vec::new() } else { found.parents.into_iter().map(|parent| self.number(parent)).collect() };
        let commit = &mut self.commits[number as usize];
        commit.date = found.date;
        commit.generation = found.generation;
        commit.parents = match parents[..] {
            [] => Parents::Few([0; 2], 0),
            [one] => Parents::Few([one, 0], 1),
            [one, two] => Parents::Few([one, two], 2),
            _ => Parents::Many(parents.into()),
        };
        commit.parsed = true;
        Ok(())
    }
}

impl KnownCommit {
    pub(super) fn parents(&self) -> &[CommitNumber] {
        match &self.parents {
            Parents::Few(numbers, count) => &numbers[..usize::from(*count)],
            Parents::Many(numbers) => numbers,
        }
    }
}

/// A commit as its own bytes have it.
#[derive(Clone)]
struct Raw {
    tree: ObjectId,
    commit: GraphCommit,
}

fn read(store: &ObjectStore<'_>, id: ObjectId) -> Result<Raw, MergeError> {
    // Messages are long and not needed.
    if let Some(found) = store.commit_head(id, HEAD).and_then(|head| parse_raw(&head)) {
        return Ok(found);
    }
    parse_raw(&store.commit(id)?).ok_or_else(|| damaged(format!("commit {id}"), "its header cannot be read"))
}

fn parse_raw(data: &[u8]) -> Option<Raw> {
    let mut lines = data.split_inclusive(|byte| *byte == b'\n');
    let tree = hex(lines.next()?.strip_prefix(b"tree ")?.strip_suffix(b"\n")?)?;
    let mut parents = Vec::with_capacity(2);
    for line in lines {
        let (line, ended) = line.strip_suffix(b"\n").map_or((line, false), |line| (line, true));
        if let Some(parent) = line.strip_prefix(b"parent ").filter(|_| ended) {
            parents.push(hex(parent)?);
        } else if let Some(committer) = line.strip_prefix(b"committer ").filter(|_| ended) {
            let commit = GraphCommit { parents, date: date(committer), generation: UNKNOWN_GENERATION };
            return Some(Raw { tree, commit });
        } else if line.is_empty() {
            return Some(Raw { tree, commit: GraphCommit { parents, date: 0, generation: UNKNOWN_GENERATION } });
        }
    }
    None
}

fn date(committer: &[u8]) -> i64 {
    let after = committer.iter().rposition(|byte| *byte == b'>').map_or(0, |at| at + 1);
    let digits = committer[after..].iter().skip_while(|byte| **byte == b' ');
    digits
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0_i64, |date, digit| date.saturating_mul(10).saturating_add(i64::from(digit - b'0')))
}

fn hex(text: &[u8]) -> Option<ObjectId> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|value| value as u8);
    if text.len() != 40 {
        return None;
    }
    let mut bytes = [0; 20];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(ObjectId::from_bytes(bytes))
}
