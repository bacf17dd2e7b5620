//! The histogram diff: split at the longest common run among the rarest lines, again and again.
//!
//! The result equals `git diff --histogram` before any sliding of hunks: a region whose common lines are all too frequent
//! goes to the classic algorithm ([`super::myers`]).

use super::lines::{Changed, Token};
use super::myers;
use std::ops::Range;

/// Lines more frequent than this in a region do not split it.
const TOO_FREQUENT: u32 = 64;
const NOWHERE: u32 = u32::MAX;

/// Where a line occurs in the region at hand.
#[derive(Clone, Copy)]
struct Occurrences {
    first: u32,
    count: u32,
}

const NONE: Occurrences = Occurrences { first: NOWHERE, count: 0 };

/// Compares sequences of lines; what it needs for that serves one comparison after the other.
pub(super) struct Histogram {
    /// The lines of `before`, by number.
    lines: Vec<Occurrences>,
    /// By position in `before`: the next position of the same line in the region.
    next: Vec<u32>,
}

#[derive(Clone, Copy)]
struct CommonRun {
    before: usize,
    after: usize,
    length: usize,
}

enum HistogramSplit {
    At(CommonRun),
    NothingCommon,
    AllTooFrequent,
}

impl Histogram {
    /// For lines whose numbers are below `tokens`.
    pub(super) fn new(tokens: usize) -> Self {
        Self { lines: vec![NONE; tokens], next: Vec::new() }
    }

    /// Compares two sequences of lines.
    pub(super) fn diff(&mut self, before: &[Token], after: &[Token]) -> Changed {
        let mut changed = Changed { before: vec![false; before.len()], after: vec![false; after.len()] };
        self.next.resize(self.next.len().max(before.len()), NOWHERE);
        let mut regions = vec![(0..before.len(), 0..after.len())];
        while let Some((old, new)) = regions.pop() {
            if old.is_empty() || new.is_empty() {
                changed.before[old].fill(true);
                changed.after[new].fill(true);
                continue;
            }
            match self.split(before, after, old.clone(), new.clone()) {
                HistogramSplit::NothingCommon => {
                    changed.before[old].fill(true);
                    changed.after[new].fill(true);
                }
                HistogramSplit::AllTooFrequent => {
                    let part = myers::diff(&before[old.clone()], &after[new.clone()]);
                    changed.before[old].copy_from_slice(&part.before);
                    changed.after[new].copy_from_slice(&part.after);
                }
                HistogramSplit::At(run) => {
                    regions.push((run.before + run.length..old.end, run.after + run.length..new.end));
                    regions.push((old.start..run.before, new.start..run.after));
                }
            }
        }
        changed
    }

    fn split(&mut self, before: &[Token], after: &[Token], old: Range<usize>, new: Range<usize>) -> HistogramSplit {
        for at in old.clone().rev() {
            let line = &mut self.lines[before[at] as usize];
            self.next[at] = line.first;
            *line = Occurrences { first: at as u32, count: line.count + 1 };
        }
        let split = self.best(before, after, &old, &new);
        for token in &before[old] {
            self.lines[*token as usize] = NONE;
        }
        split
    }

    fn best(&self, before: &[Token], after: &[Token], old: &Range<usize>, new: &Range<usize>) -> HistogramSplit {
        let mut rarest = TOO_FREQUENT + 1;
        let mut best: Option<CommonRun> = None;
        let mut common = false;
        let mut at = new.start;
        while at < new.end {
            let Occurrences { first, count } = self.lines[after[at] as usize];
            common |= count > 0;
            let mut resume = at + 1;
            if count > 0 && count <= rarest {
                let mut candidate = first;
                while candidate != NOWHERE {
                    let start = candidate as usize;
                    let (run, rare) = self.extend(before, after, old, new, start, at, count);
                    resume = resume.max(run.after + run.length);
                    if best.map_or(0, |best| best.length) < run.length && (best.is_some() || run.length > 1)
                        || rare < rarest
                    {
                        best = Some(run);
                        rarest = rare;
                    }
                    let end = (run.before + run.length) as u32;
                    candidate = self.next[start];
                    while candidate != NOWHERE && candidate < end {
                        candidate = self.next[candidate as usize];
                    }
                }
            }
            at = resume;
        }
        match best {
            _ if common && rarest > TOO_FREQUENT => HistogramSplit::AllTooFrequent,
            Some(run) => HistogramSplit::At(run),
            None => HistogramSplit::NothingCommon,
        }
    }

    /// The longest common run through a pair of equal lines, and how often its rarest line occurs.
    #[expect(clippy::too_many_arguments, reason = "two texts, two regions, two positions")]
    fn extend(
        &self,
        before: &[Token],
        after: &[Token],
        old: &Range<usize>,
        new: &Range<usize>,
        mut from: usize,
        mut at: usize,
        count: u32,
    ) -> (CommonRun, u32) {
        let mut rare = count;
        let mut length = 1;
        while from > old.start && at > new.start && before[from - 1] == after[at - 1] {
            from -= 1;
            at -= 1;
            length += 1;
            rare = rare.min(self.lines[before[from] as usize].count);
        }
        while from + length < old.end && at + length < new.end && before[from + length] == after[at + length] {
            rare = rare.min(self.lines[before[from + length] as usize].count);
            length += 1;
        }
        (CommonRun { before: from, after: at, length }, rare)
    }
}
