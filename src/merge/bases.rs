//! The best common ancestors of two commits.
//!
//! Both sides are painted downwards, newest first (by generation where it is known, else by date). Where generations
//! are known the walk ends as soon as one colour can reach nothing new: no commit below can be reached by both.

use super::MergeError;
use super::commits::{CommitNumber, CommitTable, UNKNOWN_GENERATION};
use super::store::ObjectStore;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const OURS: u8 = 1;
const THEIRS: u8 = 2;
const BOTH: u8 = OURS | THEIRS;
const STALE: u8 = 4;
const FOUND: u8 = 8;
const QUEUED: u8 = 16;

/// Finds merge bases; keeps its scratch memory between calls.
#[derive(Default)]
pub(super) struct Painter {
    flags: Vec<u8>,
    touched: Vec<CommitNumber>,
    queue: BinaryHeap<(u64, i64, Reverse<u32>, CommitNumber)>,
    pushed: u32,
    /// Queued commits that are not stale, by colour (ours, theirs, both).
    live: [u32; 4],
}

impl Painter {
    /// All best common ancestors of two sets of commits, newest first, as git lists them.
    pub(super) fn bases(
        &mut self,
        commits: &mut CommitTable,
        store: &ObjectStore<'_>,
        ours: &[CommitNumber],
        theirs: &[CommitNumber],
    ) -> Result<Vec<CommitNumber>, MergeError> {
        let found = self.paint(commits, store, ours, theirs);
        let mut found = found.map(|found| by_date(commits, found));
        if let Ok(several) = &found
            && several.len() > 1
        {
            self.reset();
            found = self.without_redundant(commits, store, several).map(|best| by_date(commits, best));
        }
        self.reset();
        found
    }

    fn reset(&mut self) {
        for number in self.touched.drain(..) {
            self.flags[number as usize] = 0;
        }
        self.queue.clear();
        self.pushed = 0;
        self.live = [0; 4];
    }

    fn paint(
        &mut self,
        commits: &mut CommitTable,
        store: &ObjectStore<'_>,
        ours: &[CommitNumber],
        theirs: &[CommitNumber],
    ) -> Result<Vec<CommitNumber>, MergeError> {
        let mut found = Vec::new();
        for (starts, colour) in [(ours, OURS), (theirs, THEIRS)] {
            for start in starts {
                self.colour(commits, store, *start, colour)?;
            }
        }
        while let Some((generation, _, _, number)) = self.queue.peek().copied() {
            let [_, ours, theirs, both] = self.live;
            // Dates may lie (a parent newer than its child), generations do not: only they allow the early end.
            let colours = if generation == UNKNOWN_GENERATION { ours + theirs } else { ours.min(theirs) };
            if both + colours == 0 {
                break;
            }
            self.queue.pop();
            let at = number as usize;
            let mut flags = self.flags[at] & !QUEUED;
            if flags & STALE == 0 {
                self.live[usize::from(flags & BOTH)] -= 1;
            }
            self.flags[at] = flags;
            if flags & (BOTH | STALE) == BOTH {
                if flags & FOUND == 0 {
                    self.flags[at] |= FOUND;
                    found.push(number);
                }
                flags |= STALE;
            }
            for parent in 0.. {
                let Some(parent) = commits.known(number).parents().get(parent).copied() else { break };
                self.colour(commits, store, parent, flags & (BOTH | STALE))?;
            }
        }
        found.retain(|number| self.flags[*number as usize] & STALE == 0);
        Ok(found)
    }

    fn colour(
        &mut self,
        commits: &mut CommitTable,
        store: &ObjectStore<'_>,
        number: CommitNumber,
        colour: u8,
    ) -> Result<(), MergeError> {
        let at = number as usize;
        if self.flags.len() <= at {
            self.flags.resize(commits.len().max(at + 1), 0);
        }
        let before = self.flags[at];
        if before & colour == colour {
            return Ok(());
        }
        if before == 0 {
            self.touched.push(number);
        }
        let after = before | colour;
        self.flags[at] = after | QUEUED;
        if before & QUEUED != 0 {
            if before & STALE == 0 {
                self.live[usize::from(before & BOTH)] -= 1;
            }
        } else {
            let commit = commits.get(store, number)?;
            self.queue.push((commit.generation, commit.date, Reverse(self.pushed), number));
            self.pushed += 1;
        }
        if after & STALE == 0 {
            self.live[usize::from(after & BOTH)] += 1;
        }
        Ok(())
    }

    /// Drops those that can be reached from another of them.
    fn without_redundant(
        &mut self,
        commits: &mut CommitTable,
        store: &ObjectStore<'_>,
        found: &[CommitNumber],
    ) -> Result<Vec<CommitNumber>, MergeError> {
        let mut redundant = vec![false; found.len()];
        for (at, one) in found.iter().enumerate() {
            if redundant[at] {
                continue;
            }
            let others: Vec<usize> = (0..found.len()).filter(|other| *other != at && !redundant[*other]).collect();
            let numbers: Vec<CommitNumber> = others.iter().map(|other| found[*other]).collect();
            let painted = self.paint(commits, store, &[*one], &numbers);
            if painted.is_ok() {
                redundant[at] = self.flags[*one as usize] & THEIRS != 0;
                for other in others {
                    redundant[other] |= self.flags[found[other] as usize] & OURS != 0;
                }
            }
            self.reset();
            painted?;
        }
        Ok(found.iter().zip(redundant).filter(|(_, redundant)| !redundant).map(|(number, _)| *number).collect())
    }
}

/// Newest first; of the same date, the one found first.
fn by_date(commits: &CommitTable, mut found: Vec<CommitNumber>) -> Vec<CommitNumber> {
    found.sort_by_key(|number| Reverse(commits.known(*number).date));
    found
}
