//! The three-way merge of one text, as `git merge-file` does it with histogram diffs at the "zealous" level.

use super::conflict::Hunk;
use super::histogram::Histogram;
use super::lines::{Changed, Interner, TextLines, Token};
use super::slide::slide;
use std::ops::Range;

/// Conflicts closer than this many lines become one.
const CLOSE: usize = 3;

/// The labels of the conflict markers.
#[derive(Clone, Copy)]
pub(super) struct Markers<'a> {
    pub(super) size: usize,
    pub(super) ours: &'a [u8],
    pub(super) theirs: &'a [u8],
}

/// What to do where both changed the same lines.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Collision {
    Conflict,
    /// Keep both, ours first (`merge=union`).
    Union,
}

pub(super) struct MergedText {
    pub(super) text: Vec<u8>,
    pub(super) conflicts: usize,
    /// Where the sides are in conflict with each other.
    pub(super) places: Vec<ConflictRange>,
}

/// Lines that both sides changed.
#[derive(Clone)]
pub(super) struct ConflictRange {
    /// The first of ours, from 1.
    line: usize,
    /// Their bytes in base, ours and theirs.
    bytes: [Range<usize>; 3],
}

/// A group of lines that only the base and one side have.
struct LineChange {
    base: Range<usize>,
    side: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Take {
    Conflict,
    Ours,
    Theirs,
    Both,
    /// Both sides have the same result, though not everywhere by the same edits.
    Same,
}

#[derive(Clone)]
struct MergedRegion {
    take: Take,
    base: Range<usize>,
    ours: Range<usize>,
    theirs: Range<usize>,
}

struct ThreeTexts<'t> {
    base: TextLines<'t>,
    ours: TextLines<'t>,
    theirs: TextLines<'t>,
    tokens: usize,
}

impl<'t> ThreeTexts<'t> {
    fn new(base: &'t [u8], ours: &'t [u8], theirs: &'t [u8]) -> Self {
        let mut interner = Interner::default();
        let base = interner.lines(base);
        let [ours, theirs] = [ours, theirs].map(|text| interner.lines_like(text, &base));
        Self { base, ours, theirs, tokens: interner.len() }
    }

    /// What the two sides changed, where both changed anything.
    fn regions(&self, histogram: &mut Histogram) -> Option<Vec<MergedRegion>> {
        let ours = changes(histogram, &self.base.tokens, &self.ours.tokens);
        let theirs = changes(histogram, &self.base.tokens, &self.theirs.tokens);
        if ours.is_empty() || theirs.is_empty() { None } else { Some(combine(self, &ours, &theirs)) }
    }

    /// Where the sides are in conflict with each other.
    fn places(&self, regions: &[MergedRegion]) -> Vec<ConflictRange> {
        regions
            .iter()
            .filter(|region| region.take == Take::Conflict)
            .filter(|region| self.ours.tokens[region.ours.clone()] != self.theirs.tokens[region.theirs.clone()])
            .map(|region| ConflictRange {
                line: region.ours.start + 1,
                bytes: [
                    self.base.bytes(&region.base),
                    self.ours.bytes(&region.ours),
                    self.theirs.bytes(&region.theirs),
                ],
            })
            .collect()
    }
}

pub(super) fn merge(base: &[u8], ours: &[u8], theirs: &[u8], markers: Markers<'_>, collision: Collision) -> MergedText {
    let texts = ThreeTexts::new(base, ours, theirs);
    let mut histogram = Histogram::new(texts.tokens);
    let Some(regions) = texts.regions(&mut histogram) else {
        let text = if texts.base.tokens == texts.ours.tokens { theirs } else { ours };
        return MergedText { text: text.to_vec(), conflicts: 0, places: Vec::new() };
    };
    let places = texts.places(&regions);
    let mut regions = join_close(refine(&texts, &mut histogram, regions));
    if collision == Collision::Union {
        for region in regions.iter_mut().filter(|region| region.take == Take::Conflict) {
            region.take = Take::Both;
        }
    }
    let conflicts = regions.iter().filter(|region| region.take == Take::Conflict).count();
    MergedText { text: write(&texts, &regions, markers), conflicts, places }
}

/// Where two texts are in conflict with each other.
pub(super) fn places(base: &[u8], ours: &[u8], theirs: &[u8]) -> Vec<ConflictRange> {
    let texts = ThreeTexts::new(base, ours, theirs);
    texts.places(&texts.regions(&mut Histogram::new(texts.tokens)).unwrap_or_default())
}

/// The lines of base, ours and theirs at a place, in diff3 style.
pub(super) fn hunk(place: &ConflictRange, [base, ours, theirs]: [&[u8]; 3]) -> Hunk {
    let lines = |text: &[u8], version: usize| -> Vec<String> {
        let text = text.get(place.bytes[version].clone()).unwrap_or_default();
        let line = |line: &[u8]| String::from_utf8_lossy(line).trim_end_matches('\n').to_owned();
        text.split_inclusive(|byte| *byte == b'\n').map(line).collect()
    };
    Hunk { line: place.line, base: lines(base, 0), ours: lines(ours, 1), theirs: lines(theirs, 2) }
}

fn changes(histogram: &mut Histogram, before: &[Token], after: &[Token]) -> Vec<LineChange> {
    let mut changed = histogram.diff(before, after);
    slide(before, after, &mut changed);
    script(&changed)
}

fn script(changed: &Changed) -> Vec<LineChange> {
    let mut script = Vec::new();
    let (mut old, mut new) = (0, 0);
    let end = |flags: &[bool], from: usize| {
        flags.get(from..).unwrap_or_default().iter().position(|changed| !changed).map_or(flags.len(), |run| from + run)
    };
    while old < changed.before.len() || new < changed.after.len() {
        let (old_end, new_end) = (end(&changed.before, old), end(&changed.after, new));
        if old_end > old || new_end > new {
            script.push(LineChange { base: old..old_end, side: new..new_end });
        }
        (old, new) = (old_end + 1, new_end + 1);
    }
    script
}

/// Lays both scripts over the base.
fn combine(texts: &ThreeTexts<'_>, ours: &[LineChange], theirs: &[LineChange]) -> Vec<MergedRegion> {
    let mut regions: Vec<MergedRegion> = Vec::new();
    let (mut a, mut b) = (0, 0);
    loop {
        let (one, two) = match (ours.get(a), theirs.get(b)) {
            (None, None) => break,
            (Some(one), None) => {
                let shift = texts.theirs.len() as isize - texts.base.len() as isize;
                append(&mut regions, only_ours(one, shift));
                a += 1;
                continue;
            }
            (None, Some(two)) => {
                let shift = texts.ours.len() as isize - texts.base.len() as isize;
                append(&mut regions, only_theirs(two, shift));
                b += 1;
                continue;
            }
            (Some(one), Some(two)) => (one, two),
        };
        if one.base.end < two.base.start {
            append(&mut regions, only_ours(one, two.side.start as isize - two.base.start as isize));
            a += 1;
            continue;
        }
        if two.base.end < one.base.start {
            append(&mut regions, only_theirs(two, one.side.start as isize - one.base.start as isize));
            b += 1;
            continue;
        }
        let same = one.base == two.base && texts.ours.tokens[one.side.clone()] == texts.theirs.tokens[two.side.clone()];
        if !same {
            append(&mut regions, overlap(one, two));
        }
        let (one_end, two_end) = (one.base.end, two.base.end);
        a += usize::from(two_end >= one_end);
        b += usize::from(one_end >= two_end);
    }
    regions
}

fn shifted(range: &Range<usize>, by: isize) -> Range<usize> {
    let at = |line: usize| (line as isize + by).max(0) as usize;
    at(range.start)..at(range.end)
}

fn only_ours(change: &LineChange, shift: isize) -> MergedRegion {
    MergedRegion {
        take: Take::Ours,
        base: change.base.clone(),
        ours: change.side.clone(),
        theirs: shifted(&change.base, shift),
    }
}

fn only_theirs(change: &LineChange, shift: isize) -> MergedRegion {
    MergedRegion {
        take: Take::Theirs,
        base: change.base.clone(),
        ours: shifted(&change.base, shift),
        theirs: change.side.clone(),
    }
}

/// The part of all three texts that two overlapping changes cover together.
fn overlap(one: &LineChange, two: &LineChange) -> MergedRegion {
    let start = one.base.start.min(two.base.start);
    let end = one.base.end.max(two.base.end);
    let cover = |change: &LineChange| {
        change.side.start.saturating_sub(change.base.start - start)..change.side.end + (end - change.base.end)
    };
    MergedRegion { take: Take::Conflict, base: start..end, ours: cover(one), theirs: cover(two) }
}

fn append(regions: &mut Vec<MergedRegion>, region: MergedRegion) {
    if let Some(last) = regions.last_mut()
        && (region.ours.start <= last.ours.end || region.theirs.start <= last.theirs.end)
    {
        if region.take != last.take {
            last.take = Take::Conflict;
        }
        last.base.end = region.base.end;
        last.ours.end = region.ours.end;
        last.theirs.end = region.theirs.end;
    } else {
        regions.push(region);
    }
}

/// Compares the two sides of each conflict and keeps only what differs.
fn refine(texts: &ThreeTexts<'_>, histogram: &mut Histogram, regions: Vec<MergedRegion>) -> Vec<MergedRegion> {
    let mut refined = Vec::with_capacity(regions.len());
    for region in regions {
        if region.take != Take::Conflict || region.ours.is_empty() || region.theirs.is_empty() {
            refined.push(region);
            continue;
        }
        let ours = &texts.ours.tokens[region.ours.clone()];
        let theirs = &texts.theirs.tokens[region.theirs.clone()];
        let parts = changes(histogram, ours, theirs);
        if parts.is_empty() {
            refined.push(MergedRegion { take: Take::Same, ..region });
            continue;
        }
        for part in parts {
            refined.push(MergedRegion {
                take: Take::Conflict,
                base: region.base.clone(),
                ours: region.ours.start + part.base.start..region.ours.start + part.base.end,
                theirs: region.theirs.start + part.side.start..region.theirs.start + part.side.end,
            });
        }
    }
    refined
}

fn join_close(regions: Vec<MergedRegion>) -> Vec<MergedRegion> {
    let mut joined: Vec<MergedRegion> = Vec::with_capacity(regions.len());
    for region in regions {
        match joined.last_mut() {
            Some(last)
                if last.take == Take::Conflict
                    && region.take == Take::Conflict
                    && region.ours.start.saturating_sub(last.ours.end) <= CLOSE =>
            {
                last.ours.end = region.ours.end;
                last.theirs.end = region.theirs.end;
            }
            _ => joined.push(region),
        }
    }
    joined
}

fn write(texts: &ThreeTexts<'_>, regions: &[MergedRegion], markers: Markers<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(texts.ours.text(0..texts.ours.len()).len() + 256);
    let mut at = 0;
    for region in regions {
        if region.take == Take::Same {
            continue;
        }
        out.extend_from_slice(texts.ours.text(at..region.ours.start));
        let carriage = uses_crlf(texts, region);
        match region.take {
            Take::Conflict => {
                marker(&mut out, b'<', markers.size, markers.ours, carriage);
                lines(&mut out, texts.ours.text(region.ours.clone()), Some(carriage));
                marker(&mut out, b'=', markers.size, b"", carriage);
                lines(&mut out, texts.theirs.text(region.theirs.clone()), Some(carriage));
                marker(&mut out, b'>', markers.size, markers.theirs, carriage);
            }
            Take::Ours => lines(&mut out, texts.ours.text(region.ours.clone()), None),
            Take::Theirs => lines(&mut out, texts.theirs.text(region.theirs.clone()), None),
            Take::Both => {
                lines(&mut out, texts.ours.text(region.ours.clone()), Some(carriage));
                lines(&mut out, texts.theirs.text(region.theirs.clone()), None);
            }
            Take::Same => {}
        }
        at = region.ours.end;
    }
    out.extend_from_slice(texts.ours.text(at..texts.ours.len()));
    out
}

fn marker(out: &mut Vec<u8>, sign: u8, size: usize, label: &[u8], carriage: bool) {
    out.extend(std::iter::repeat_n(sign, size));
    if !label.is_empty() {
        out.push(b' ');
        out.extend_from_slice(label);
    }
    if carriage {
        out.push(b'\r');
    }
    out.push(b'\n');
}

/// Copies lines; with `finish`, ends the last one where it is not ended.
fn lines(out: &mut Vec<u8>, text: &[u8], finish: Option<bool>) {
    out.extend_from_slice(text);
    if let Some(carriage) = finish
        && text.last().is_some_and(|byte| *byte != b'\n')
    {
        if carriage {
            out.push(b'\r');
        }
        out.push(b'\n');
    }
}

/// Whether the lines around a region end in CR LF everywhere, so that the markers should too.
fn uses_crlf(texts: &ThreeTexts<'_>, region: &MergedRegion) -> bool {
    let mut answer = line_end(&texts.ours, region.ours.start.saturating_sub(1));
    if answer != Some(false) {
        answer = line_end(&texts.theirs, region.theirs.start.saturating_sub(1));
    }
    if answer != Some(false) {
        answer = line_end(&texts.base, 0);
    }
    answer.unwrap_or(false)
}

/// Whether a line ends in CR LF; unknown for an empty text and for a single line without an end.
fn line_end(text: &TextLines<'_>, line: usize) -> Option<bool> {
    let crlf = |line: usize| text.text(line..line + 1).ends_with(b"\r\n");
    if line + 1 < text.len() {
        return Some(crlf(line));
    }
    if text.len() == 0 {
        return None;
    }
    if line < text.len() && text.text(line..line + 1).ends_with(b"\n") {
        return Some(crlf(line));
    }
    if line == 0 { None } else { Some(crlf(line - 1)) }
}
