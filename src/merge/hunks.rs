//! The lines that both sides changed: a three-way merge of the texts in diff3 style, read back.

use super::Hunk;
use git2::{IndexEntry, MergeFileInput, MergeFileOptions, Patch, Repository};

/// What the two versions have in conflict.
pub(super) enum Text {
    /// Lines, side by side. May be none when the modes alone differ.
    Hunks(Vec<Hunk>),
    /// Not text.
    Binary,
}

/// Above this a version is treated as not text: nobody reads such hunks.
const LONGEST: usize = 16 << 20;

pub(super) fn between(
    repository: &Repository,
    base: Option<&IndexEntry>,
    ours: &IndexEntry,
    theirs: &IndexEntry,
) -> Result<Text, git2::Error> {
    let read = |entry: &IndexEntry| repository.find_blob(entry.id).map(|blob| blob.content().to_vec());
    let base = base.map(read).transpose()?.unwrap_or_default();
    let (ours, theirs) = (read(ours)?, read(theirs)?);
    let all = [&base, &ours, &theirs];
    // git's rule: a NUL among the first 8000 bytes.
    if all.iter().any(|text| text.iter().take(8000).any(|&byte| byte == 0) || text.len() > LONGEST) {
        return Ok(Text::Binary);
    }
    let marker = all.iter().map(|text| longest_marker(text)).max().unwrap_or(0).max(6) + 1;
    let Ok(size) = u16::try_from(marker) else { return Ok(Text::Binary) };
    let input = |text| {
        let mut input = MergeFileInput::new();
        input.content(text);
        input
    };
    let mut options = MergeFileOptions::new();
    options.style_diff3(true).marker_size(size);
    let merged = git2::merge_file(&input(&base), &input(&ours), &input(&theirs), Some(&mut options))?;
    hunks(merged.content(), &ours, marker).map(Text::Hunks)
}

/// The longest run of a marker's sign at the start of a line: ours must be longer.
fn longest_marker(text: &[u8]) -> usize {
    text.split(|&byte| byte == b'\n')
        .filter_map(|line| {
            line.first().filter(|&b| b"<|=>".contains(b)).map(|b| line.iter().take_while(|c| *c == b).count())
        })
        .max()
        .unwrap_or(0)
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Outside,
    Ours,
    Base,
    Theirs,
}

fn hunks(merged: &[u8], ours: &[u8], marker: usize) -> Result<Vec<Hunk>, git2::Error> {
    let is = |line: &[u8], sign: u8| line.len() >= marker && line.iter().take(marker).all(|&b| b == sign);
    let text = |line: &[u8]| String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line)).into_owned();
    let mut found: Vec<Hunk> = Vec::new();
    // What the result is when ours wins each conflict: the bridge to line numbers in ours.
    let (mut ours_wins, mut line_there) = (Vec::new(), 1);
    let mut part = Part::Outside;
    for line in merged.split_inclusive(|&byte| byte == b'\n') {
        part = match part {
            Part::Outside if is(line, b'<') => {
                found.push(Hunk { line: line_there, ours: Vec::new(), base: Vec::new(), theirs: Vec::new() });
                Part::Ours
            }
            Part::Ours if is(line, b'|') => Part::Base,
            Part::Ours | Part::Base if is(line, b'=') => Part::Theirs,
            Part::Theirs if is(line, b'>') => Part::Outside,
            same => {
                if let Some(hunk) = found.last_mut().filter(|_| same != Part::Outside) {
                    match same {
                        Part::Ours => hunk.ours.push(text(line)),
                        Part::Base => hunk.base.push(text(line)),
                        _ => hunk.theirs.push(text(line)),
                    }
                }
                if matches!(same, Part::Outside | Part::Ours) {
                    ours_wins.extend_from_slice(line);
                    line_there += 1;
                }
                same
            }
        };
    }
    let steps = steps(ours, &ours_wins)?;
    for hunk in &mut found {
        let before = steps.iter().take_while(|(end, _)| *end <= hunk.line);
        let shift = before.last().map_or(0, |(_, shift)| *shift);
        hunk.line = hunk.line.saturating_add_signed(-shift).max(1);
    }
    Ok(found)
}

/// Where the second text runs ahead of the first: from which line on, and by how many lines.
fn steps(ours: &[u8], ours_wins: &[u8]) -> Result<Vec<(usize, isize)>, git2::Error> {
    let mut options = git2::DiffOptions::new();
    options.context_lines(0).force_text(true);
    let patch = Patch::from_buffers(ours, None, ours_wins, None, Some(&mut options))?;
    let mut shift = 0;
    let mut steps = Vec::new();
    for at in 0..patch.num_hunks() {
        let (hunk, _) = patch.hunk(at)?;
        let (old, new) = (hunk.old_lines() as isize, hunk.new_lines() as isize);
        shift += new - old;
        // Without lines of its own a hunk stands after the line that it names.
        let end = if new == 0 { hunk.new_start() as usize + 1 } else { hunk.new_start() as usize + new as usize };
        steps.push((end, shift));
    }
    Ok(steps)
}
