//! Which commits a part of the history has, found along the commit graph.
//!
//! A commit's generation is larger than its parents', so what comes out by generation comes after all its descendants: a walk
//! is right whatever the commits' clocks say, and ends where nothing can be added. Without a graph, or with many commits that
//! it does not hold yet, it is for libgit2 to walk.

use super::object_source::ObjectSource;
use crate::model::{CommitId, ObjectId};
use crate::odb::GraphRow;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// How many commits that the graph does not hold are read at most.
const OUTSIDE: usize = 10_000;

const WANTED: u8 = 1;
const HIDDEN: u8 = 2;
const QUEUED: u8 = 4;

/// A commit's number: its position in the graph, or above them all.
type GraphNumber = u32;

/// The commits that are reachable from one and from none of the others; `None` where the graph cannot say.
pub(super) fn members(
    source: &ObjectSource<'_>,
    from: CommitId,
    not: &[CommitId],
) -> Result<Option<HashSet<CommitId>>, git2::Error> {
    let mut known = Known::new(source);
    let mut starts = Vec::new();
    for (id, flag) in std::iter::once((from, WANTED)).chain(not.iter().map(|id| (*id, HIDDEN))) {
        match known.number(id)? {
            Some(number) => starts.push((number, flag)),
            None => return Ok(None),
        }
    }
    let Some(found) = paint(&known, &starts) else { return Ok(None) };
    Ok(found.into_iter().map(|number| Some(known.id(number)?.into())).collect())
}

/// Is `ancestor` part of `descendant`'s history, or the same? `None` where the graph cannot say.
pub(super) fn contains(
    source: &ObjectSource<'_>,
    ancestor: CommitId,
    descendant: CommitId,
) -> Result<Option<bool>, git2::Error> {
    let mut known = Known::new(source);
    let (Some(ancestor), Some(descendant)) = (known.number(ancestor)?, known.number(descendant)?) else {
        return Ok(None);
    };
    Ok(reaches(&known, descendant, ancestor))
}

/// The commits that the walk may meet.
struct Known<'g> {
    source: &'g ObjectSource<'g>,
    /// Those that the graph does not hold, and their numbers.
    outside: Vec<(ObjectId, GraphRow)>,
    numbers: HashMap<ObjectId, GraphNumber>,
}

impl<'g> Known<'g> {
    fn new(source: &'g ObjectSource<'g>) -> Self {
        Self { source, outside: Vec::new(), numbers: HashMap::new() }
    }

    fn count(&self) -> usize {
        self.source.graphs.count() as usize + self.outside.len()
    }

    fn row(&self, number: GraphNumber) -> Option<GraphRow> {
        match number.checked_sub(self.source.graphs.count()) {
            None => self.source.graphs.row(number),
            Some(at) => self.outside.get(at as usize).map(|(_, row)| row.clone()),
        }
    }

    fn id(&self, number: GraphNumber) -> Option<ObjectId> {
        match number.checked_sub(self.source.graphs.count()) {
            None => self.source.graphs.id(number),
            Some(at) => self.outside.get(at as usize).map(|(id, _)| *id),
        }
    }

    fn find(&self, id: ObjectId) -> Option<GraphNumber> {
        self.numbers.get(&id).copied().or_else(|| self.source.graphs.position(id))
    }

    /// A commit's number, once all of its history is known; `None` where too much of it is outside the graph.
    fn number(&mut self, commit: CommitId) -> Result<Option<GraphNumber>, git2::Error> {
        if self.source.graphs.count() == 0 {
            return Ok(None);
        }
        let mut open = vec![commit.object()];
        while let Some(id) = open.last().copied() {
            if self.find(id).is_some() {
                open.pop();
                continue;
            }
            if self.outside.len() + open.len() > OUTSIDE {
                return Ok(None);
            }
            let found = self.source.commit(id.into())?;
            let ids: Vec<ObjectId> = found.parents.iter().map(|parent| parent.object()).collect();
            let before = open.len();
            open.extend(ids.iter().filter(|parent| self.find(**parent).is_none()));
            if open.len() > before {
                continue;
            }
            let parents: Vec<GraphNumber> = ids.iter().filter_map(|parent| self.find(*parent)).collect();
            let below = parents.iter().map(|parent| self.row(*parent).map(|row| row.generation));
            let Some(below) = below.collect::<Option<Vec<u64>>>() else { return Ok(None) };
            let generation = below.into_iter().max().unwrap_or(0).saturating_add(1);
            self.numbers.insert(id, self.count() as GraphNumber);
            self.outside.push((id, GraphRow { parents, date: found.committer.time, generation }));
            open.pop();
        }
        Ok(self.find(commit.object()))
    }
}

/// The commits that are wanted and not hidden; `None` where the graph is damaged.
fn paint(known: &Known<'_>, starts: &[(GraphNumber, u8)]) -> Option<Vec<GraphNumber>> {
    let mut flags = vec![0_u8; known.count()];
    let mut queue: BinaryHeap<(u64, i64, GraphNumber)> = BinaryHeap::new();
    // Queued commits that are wanted so far.
    let mut live = 0_usize;
    let mut mark =
        |queue: &mut BinaryHeap<_>, number: GraphNumber, flag: u8, live: &mut usize, after: u64| -> Option<u8> {
            let at = flags.get_mut(number as usize)?;
            let before = *at;
            if before & QUEUED == 0 {
                let row = known.row(number)?;
                // A graph that says otherwise would keep the walk from its end.
                if row.generation >= after {
                    return None;
                }
                queue.push((row.generation, row.date, number));
            }
            *at = before | flag | QUEUED;
            let (was, is) = (before & (HIDDEN | QUEUED) == QUEUED, *at & HIDDEN == 0);
            *live = *live + usize::from(is) - usize::from(was);
            Some(*at)
        };
    for (number, flag) in starts {
        mark(&mut queue, *number, *flag, &mut live, u64::MAX)?;
    }
    let mut found = Vec::new();
    while live > 0 {
        let (generation, _, number) = queue.pop()?;
        // Marking it once more only reads its flags.
        let flag = mark(&mut queue, number, 0, &mut live, u64::MAX)? & HIDDEN;
        if flag == 0 {
            live -= 1;
            found.push(number);
        }
        for parent in known.row(number)?.parents {
            mark(&mut queue, parent, if flag == 0 { WANTED } else { HIDDEN }, &mut live, generation)?;
        }
    }
    Some(found)
}

/// Whether a commit is reached from another; `None` where the graph is damaged.
fn reaches(known: &Known<'_>, from: GraphNumber, to: GraphNumber) -> Option<bool> {
    let floor = known.row(to)?.generation;
    let mut met = vec![false; known.count()];
    let mut open = vec![from];
    while let Some(number) = open.pop() {
        if number == to {
            return Some(true);
        }
        let seen = met.get_mut(number as usize)?;
        let row = known.row(number)?;
        if !std::mem::replace(seen, true) && row.generation > floor {
            open.extend(row.parents);
        }
    }
    Some(false)
}
