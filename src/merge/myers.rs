//! The classic diff (Myers' divide and conquer) with git's short cuts: common ends are cut off, lines without a partner and
//! runs of too common lines are set aside first, and a search that becomes too expensive settles for a good split.

use super::lines::{Changed, Token};

/// A line this frequent on the other side may be set aside.
const FREQUENT: usize = 1024;
/// How far the neighbourhood of a frequent line is looked at.
const WINDOW: usize = 100;
const SNAKE: isize = 20;
const HEURISTIC_COST: isize = 256;
const HEURISTIC_FACTOR: isize = 4;
const FAR: isize = isize::MAX / 4;

/// Compares two sequences of lines.
pub(super) fn diff(before: &[Token], after: &[Token]) -> Changed {
    let mut changed = Changed { before: vec![false; before.len()], after: vec![false; after.len()] };
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let end = before[start..].iter().rev().zip(after[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (before_end, after_end) = (before.len() - end, after.len() - end);
    let left = keep(before, after, start..before_end, &mut changed.before);
    let right = keep(after, before, start..after_end, &mut changed.after);
    let tokens = |lines: &[usize], text: &[Token]| lines.iter().map(|line| text[*line]).collect::<Vec<_>>();
    MyersSearch::new(tokens(&left, before), tokens(&right, after)).run(|side, line| match side {
        DiffSide::Before => changed.before[left[line]] = true,
        DiffSide::After => changed.after[right[line]] = true,
    });
    changed
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Partners {
    None,
    Some,
    Many,
}

fn rough_root(n: usize) -> usize {
    let mut root = 1;
    let mut rest = n;
    while rest > 0 {
        root <<= 1;
        rest >>= 2;
    }
    root
}

/// The lines worth comparing; the others are marked as changed.
fn keep(text: &[Token], other: &[Token], range: std::ops::Range<usize>, changed: &mut [bool]) -> Vec<usize> {
    let mut counts = std::collections::HashMap::new();
    for token in other {
        *counts.entry(*token).or_insert(0_usize) += 1;
    }
    let limit = rough_root(text.len()).min(FREQUENT);
    let partners: Vec<Partners> = text[range.clone()]
        .iter()
        .map(|token| match counts.get(token) {
            None => Partners::None,
            Some(count) if *count >= limit => Partners::Many,
            Some(_) => Partners::Some,
        })
        .collect();
    let mut kept = Vec::new();
    for (at, line) in range.enumerate() {
        let keep = match partners[at] {
            Partners::None => false,
            Partners::Some => true,
            Partners::Many => !is_noise(&partners, at),
        };
        if keep {
            kept.push(line);
        } else {
            changed[line] = true;
        }
    }
    kept
}

/// Whether a frequent line sits among lines that have no partner at all.
fn is_noise(partners: &[Partners], at: usize) -> bool {
    let scan = |lines: &mut dyn Iterator<Item = &Partners>| {
        let (mut none, mut many) = (0, 1);
        for partner in lines {
            match partner {
                Partners::None => none += 1,
                Partners::Many => many += 1,
                Partners::Some => break,
            }
        }
        (none, many)
    };
    let (none_before, many_before) = scan(&mut partners[at.saturating_sub(WINDOW)..at].iter().rev());
    if none_before == 0 {
        return false;
    }
    let (none_after, many_after) = scan(&mut partners[at + 1..(at + WINDOW + 1).min(partners.len())].iter());
    if none_after == 0 {
        return false;
    }
    let many = many_before + many_after;
    many * 4 < many + none_before + none_after
}

#[derive(Clone, Copy)]
enum DiffSide {
    Before,
    After,
}

#[derive(Clone, Copy)]
struct EditBox {
    off1: isize,
    lim1: isize,
    off2: isize,
    lim2: isize,
    exact: bool,
}

struct SplitPoint {
    i1: isize,
    i2: isize,
    exact_low: bool,
    exact_high: bool,
}

struct MyersSearch {
    before: Vec<Token>,
    after: Vec<Token>,
    forward: Vec<isize>,
    backward: Vec<isize>,
    /// What to add to a diagonal's number to get its place in the two vectors.
    shift: isize,
    max_cost: isize,
}

impl MyersSearch {
    fn new(before: Vec<Token>, after: Vec<Token>) -> Self {
        let diagonals = before.len() + after.len() + 3;
        let shift = after.len() as isize + 1;
        let max_cost = (rough_root(diagonals) as isize).max(HEURISTIC_COST);
        Self { before, after, forward: vec![0; diagonals + 2], backward: vec![0; diagonals + 2], shift, max_cost }
    }

    fn same(&self, i1: isize, i2: isize) -> bool {
        self.before[i1 as usize] == self.after[i2 as usize]
    }

    fn run(&mut self, mut mark: impl FnMut(DiffSide, usize)) {
        let whole = EditBox {
            off1: 0,
            lim1: self.before.len() as isize,
            off2: 0,
            lim2: self.after.len() as isize,
            exact: false,
        };
        let mut regions = vec![whole];
        while let Some(mut region) = regions.pop() {
            while region.off1 < region.lim1 && region.off2 < region.lim2 && self.same(region.off1, region.off2) {
                region.off1 += 1;
                region.off2 += 1;
            }
            while region.off1 < region.lim1 && region.off2 < region.lim2 && self.same(region.lim1 - 1, region.lim2 - 1)
            {
                region.lim1 -= 1;
                region.lim2 -= 1;
            }
            if region.off1 == region.lim1 {
                (region.off2..region.lim2).for_each(|line| mark(DiffSide::After, line as usize));
            } else if region.off2 == region.lim2 {
                (region.off1..region.lim1).for_each(|line| mark(DiffSide::Before, line as usize));
            } else {
                let split = self.split(region);
                regions.push(EditBox { off1: split.i1, off2: split.i2, exact: split.exact_high, ..region });
                regions.push(EditBox { lim1: split.i1, lim2: split.i2, exact: split.exact_low, ..region });
            }
        }
    }

    fn split(&mut self, region: EditBox) -> SplitPoint {
        let EditBox { off1, lim1, off2, lim2, exact } = region;
        let (least, most) = (off1 - lim2, lim1 - off2);
        let (forward_middle, backward_middle) = (off1 - off2, lim1 - lim2);
        let odd = (forward_middle - backward_middle) & 1 != 0;
        let (mut fmin, mut fmax) = (forward_middle, forward_middle);
        let (mut bmin, mut bmax) = (backward_middle, backward_middle);
        let at = |diagonal: isize| diagonal as usize;
        let shift = self.shift;
        self.forward[at(forward_middle + shift)] = off1;
        self.backward[at(backward_middle + shift)] = lim1;
        for cost in 1.. {
            let mut snake = false;
            if fmin > least {
                fmin -= 1;
                self.forward[at(fmin - 1 + shift)] = -1;
            } else {
                fmin += 1;
            }
            if fmax < most {
                fmax += 1;
                self.forward[at(fmax + 1 + shift)] = -1;
            } else {
                fmax -= 1;
            }
            let mut d = fmax;
            while d >= fmin {
                let (below, above) = (self.forward[at(d - 1 + shift)], self.forward[at(d + 1 + shift)]);
                let mut i1 = if below >= above { below + 1 } else { above };
                let start = i1;
                while i1 < lim1 && i1 - d < lim2 && self.same(i1, i1 - d) {
                    i1 += 1;
                }
                snake |= i1 - start > SNAKE;
                self.forward[at(d + shift)] = i1;
                if odd && bmin <= d && d <= bmax && self.backward[at(d + shift)] <= i1 {
                    return SplitPoint { i1, i2: i1 - d, exact_low: true, exact_high: true };
                }
                d -= 2;
            }
            if bmin > least {
                bmin -= 1;
                self.backward[at(bmin - 1 + shift)] = FAR;
            } else {
                bmin += 1;
            }
            if bmax < most {
                bmax += 1;
                self.backward[at(bmax + 1 + shift)] = FAR;
            } else {
                bmax -= 1;
            }
            let mut d = bmax;
            while d >= bmin {
                let (below, above) = (self.backward[at(d - 1 + shift)], self.backward[at(d + 1 + shift)]);
                let mut i1 = if below < above { below } else { above - 1 };
                let start = i1;
                while i1 > off1 && i1 - d > off2 && self.same(i1 - 1, i1 - d - 1) {
                    i1 -= 1;
                }
                snake |= start - i1 > SNAKE;
                self.backward[at(d + shift)] = i1;
                if !odd && fmin <= d && d <= fmax && i1 <= self.forward[at(d + shift)] {
                    return SplitPoint { i1, i2: i1 - d, exact_low: true, exact_high: true };
                }
                d -= 2;
            }
            if exact {
                continue;
            }
            if snake && cost > HEURISTIC_COST {
                if let Some((i1, i2)) = self.promising_forward(region, cost, fmin, fmax) {
                    return SplitPoint { i1, i2, exact_low: true, exact_high: false };
                }
                if let Some((i1, i2)) = self.promising_backward(region, cost, bmin, bmax) {
                    return SplitPoint { i1, i2, exact_low: false, exact_high: true };
                }
            }
            if cost >= self.max_cost {
                return self.furthest(region, (fmin, fmax), (bmin, bmax));
            }
        }
        SplitPoint { i1: off1, i2: off2, exact_low: true, exact_high: true }
    }

    fn promising_forward(&self, region: EditBox, cost: isize, fmin: isize, fmax: isize) -> Option<(isize, isize)> {
        let EditBox { off1, lim1, off2, lim2, .. } = region;
        let middle = off1 - off2;
        let (mut best, mut found) = (0, None);
        let mut d = fmax;
        while d >= fmin {
            let i1 = self.forward[(d + self.shift) as usize];
            let i2 = i1 - d;
            let value = (i1 - off1) + (i2 - off2) - (d - middle).abs();
            if value > HEURISTIC_FACTOR * cost
                && value > best
                && off1 + SNAKE <= i1
                && i1 < lim1
                && off2 + SNAKE <= i2
                && i2 < lim2
                && (1..=SNAKE).all(|back| self.same(i1 - back, i2 - back))
            {
                best = value;
                found = Some((i1, i2));
            }
            d -= 2;
        }
        found
    }

    fn promising_backward(&self, region: EditBox, cost: isize, bmin: isize, bmax: isize) -> Option<(isize, isize)> {
        let EditBox { off1, lim1, off2, lim2, .. } = region;
        let middle = lim1 - lim2;
        let (mut best, mut found) = (0, None);
        let mut d = bmax;
        while d >= bmin {
            let i1 = self.backward[(d + self.shift) as usize];
            let i2 = i1 - d;
            let value = (lim1 - i1) + (lim2 - i2) - (d - middle).abs();
            if value > HEURISTIC_FACTOR * cost
                && value > best
                && off1 < i1
                && i1 <= lim1 - SNAKE
                && off2 < i2
                && i2 <= lim2 - SNAKE
                && (0..SNAKE).all(|on| self.same(i1 + on, i2 + on))
            {
                best = value;
                found = Some((i1, i2));
            }
            d -= 2;
        }
        found
    }

    /// The split at the end of the path that came furthest, from either end.
    fn furthest(&self, region: EditBox, (fmin, fmax): (isize, isize), (bmin, bmax): (isize, isize)) -> SplitPoint {
        let EditBox { off1, lim1, off2, lim2, .. } = region;
        let (mut forward, mut forward1) = (-1, -1);
        let mut d = fmax;
        while d >= fmin {
            let mut i1 = self.forward[(d + self.shift) as usize].min(lim1);
            let mut i2 = i1 - d;
            if lim2 < i2 {
                i1 = lim2 + d;
                i2 = lim2;
            }
            if forward < i1 + i2 {
                forward = i1 + i2;
                forward1 = i1;
            }
            d -= 2;
        }
        let (mut backward, mut backward1) = (FAR, FAR);
        let mut d = bmax;
        while d >= bmin {
            let mut i1 = self.backward[(d + self.shift) as usize].max(off1);
            let mut i2 = i1 - d;
            if i2 < off2 {
                i1 = off2 + d;
                i2 = off2;
            }
            if i1 + i2 < backward {
                backward = i1 + i2;
                backward1 = i1;
            }
            d -= 2;
        }
        if lim1 + lim2 - backward < forward - (off1 + off2) {
            SplitPoint { i1: forward1, i2: forward - forward1, exact_low: true, exact_high: false }
        } else {
            SplitPoint { i1: backward1, i2: backward - backward1, exact_low: false, exact_high: true }
        }
    }
}
