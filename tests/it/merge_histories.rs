//! Random histories for merge tests: what people do to files, and a few shapes of branches that meet and part again.

use super::merge_support::{File, Planned, Snapshot};
use proptest::prelude::*;
use std::collections::BTreeSet;

const FOLDERS: [&str; 10] = ["", "a/", "b/", "c/", "a/s/", "b/s/", "a/s/t/", "d/", "a/s/t/u/", "c/s/"];
const NAMES: [&str; 8] = ["f", "g", "h", "i", "j", "k", "f.c", "a"];
const PLACES: [&str; 10] = ["z", "y", "b/moved", "a", "c", "a/s", "b", "", "a/s/t", "d/a"];

/// One change to a snapshot. Numbers choose among what is there.
#[derive(Debug, Clone)]
pub enum Change {
    Add(usize, usize, u16),
    Edit(usize, u16),
    EditTwice(usize, u16, u16),
    Rename(usize, usize, usize),
    RenameEdited(usize, usize, usize, u16),
    /// The first file gets a new name, the second the first one's, and so on.
    RenameChain(usize, usize, usize, usize),
    Swap(usize, usize),
    Copy(usize, usize, usize),
    MoveFolder(usize, usize),
    /// Only the files at the positions of the set bits.
    MovePart(usize, usize, u8),
    MoveFolderEdited(usize, usize, u16),
    SwapFolders(usize, usize),
    /// The file goes on as two, each edited in its own way.
    Split(usize, [(usize, usize, u16); 2]),
    Delete(usize),
    DeleteFolder(usize),
    Executable(usize),
    Link(usize, u16),
    Submodule(usize, u16),
    Binary(usize, u16),
    /// The file goes into a directory of its old name.
    FileToFolder(usize, usize),
    /// A file of the directory takes the directory's place, or something new does.
    FolderToFile(usize, u16),
    CarriageReturns(usize),
    Indent(usize, u16),
    NoLastLineFeed(usize),
    Attributes(usize, u16),
    /// Something that the other side has too.
    Same(u16),
}

fn text(seed: u16) -> Vec<u8> {
    if seed % 11 == 10 {
        // Few different lines, many times.
        let line =
            |at: u16| ["{\n", "}\n", "\n", "x\n", "y\n"][usize::from((at * (seed / 11 % 7 + 1) + seed / 77) % 5)];
        return (0..8 + seed % 40).map(line).collect::<String>().into();
    }
    if seed % 11 == 9 {
        // One of two families, whose files are more or less like each other.
        let family =
            |line: u16| format!("family {} line {line} {}\n", seed / 11 % 2, "q".repeat(usize::from(1 + line % 7)));
        let whole: Vec<u8> = (0..20).map(family).collect::<String>().into();
        return (0..seed / 22 % 8).fold(whole, |text, nth| edited(&text, (seed / 5).wrapping_mul(nth + 3)));
    }
    let lines = [0, 1, 4, 9, 9, 14, 20, 90][usize::from(seed) % 8];
    (0..lines)
        .map(|line| format!("{} {} {}\n", line * 7 % 5, seed / 3, (seed / 7 + line) % 9))
        .collect::<String>()
        .into()
}

fn edited(data: &[u8], seed: u16) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = data.split_inclusive(|byte| *byte == b'\n').collect();
    let at = usize::from(seed / 8) % (lines.len() + 1);
    match seed % 8 {
        0 if at < lines.len() => drop(lines.remove(at)),
        1 if at < lines.len() => lines[at] = b"changed\n",
        2 => lines.insert(at, b"inserted\n"),
        3 if at < lines.len() => lines.insert(at, lines[at]),
        4 => lines.insert(at, b"}\n"),
        5 if at < lines.len() => drop(lines.drain(at..(at + 3).min(lines.len()))),
        6 if at < lines.len() => lines.swap(at, 0),
        _ => lines.insert(at, b"and this\n"),
    }
    lines.concat()
}

fn regular(data: Vec<u8>) -> File {
    File { mode: "100644", data }
}

fn put(files: &mut Snapshot, path: String, file: File) {
    let below = format!("{path}/");
    let parents: Vec<String> = path.match_indices('/').map(|(at, _)| path[..at].to_owned()).collect();
    files.retain(|other, _| !other.starts_with(&below) && !parents.contains(other));
    files.insert(path, file);
}

fn place(folder: usize, name: usize) -> String {
    format!("{}{}", FOLDERS[folder % FOLDERS.len()], NAMES[name % NAMES.len()])
}

/// One of the directories, at any depth.
fn folder(files: &Snapshot, at: usize) -> Option<String> {
    let mut folders: Vec<&str> =
        files.keys().flat_map(|path| path.match_indices('/').map(|(end, _)| &path[..end])).collect();
    folders.sort_unstable();
    folders.dedup();
    folders.get(at % folders.len().max(1)).map(|folder| (*folder).to_owned())
}

fn join(folder: &str, rest: &str) -> String {
    if folder.is_empty() { rest.to_owned() } else { format!("{folder}/{rest}") }
}

/// Takes what is below a folder out of the snapshot: the paths below it, and the files.
fn take_below(files: &mut Snapshot, from: &str, which: impl Fn(usize) -> bool) -> Vec<(String, File)> {
    let prefix = format!("{from}/");
    let below: Vec<String> = files.keys().filter(|path| path.starts_with(&prefix)).cloned().collect();
    let chosen = below.into_iter().enumerate().filter(|(at, _)| which(*at));
    chosen.filter_map(|(_, path)| Some((path[prefix.len()..].to_owned(), files.remove(&path)?))).collect()
}

fn move_folder(files: &mut Snapshot, at: usize, to: usize, which: impl Fn(usize) -> bool, seed: Option<u16>) {
    let Some(from) = folder(files, at) else { return };
    let to = PLACES[to % PLACES.len()];
    if to == from || to.starts_with(&format!("{from}/")) {
        return;
    }
    for (nth, (path, file)) in take_below(files, &from, which).into_iter().enumerate() {
        let file = match seed {
            Some(seed) if nth % 2 == 0 => edit(&file, seed),
            _ => file,
        };
        put(files, join(to, &path), file);
    }
}

fn edit(file: &File, seed: u16) -> File {
    rewrite(file, |data| edited(data, seed))
}

fn rewrite(file: &File, how: impl Fn(&[u8]) -> Vec<u8>) -> File {
    match file.mode {
        "100644" | "100755" => File { mode: file.mode, data: how(&file.data) },
        _ => file.clone(),
    }
}

fn attributes(seed: u16) -> File {
    let rules = ["* merge=union\n", "* -merge\n", "*.c binary\n", "* text eol=crlf\n", "f conflict-marker-size=3\n"];
    regular(rules[usize::from(seed) % rules.len()].into())
}

fn carriage_returns(data: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(data).replace("\r\n", "\n").replace('\n', "\r\n").into()
}

fn apply(files: &mut Snapshot, change: &Change) {
    match *change {
        Change::Add(folder, name, seed) => return put(files, place(folder, name), regular(text(seed))),
        Change::Same(seed) => {
            return put(files, place(usize::from(seed), usize::from(seed / 8)), regular(text(seed / 3)));
        }
        Change::MoveFolder(at, to) => return move_folder(files, at, to, |_| true, None),
        Change::MovePart(at, to, bits) => return move_folder(files, at, to, |nth| bits >> (nth % 8) & 1 != 0, None),
        Change::MoveFolderEdited(at, to, seed) => return move_folder(files, at, to, |_| true, Some(seed)),
        Change::SwapFolders(one, two) => {
            let (Some(one), Some(two)) = (folder(files, one), folder(files, two)) else { return };
            if format!("{one}/").starts_with(&format!("{two}/")) || format!("{two}/").starts_with(&format!("{one}/")) {
                return;
            }
            let (left, right) = (take_below(files, &one, |_| true), take_below(files, &two, |_| true));
            left.into_iter().for_each(|(path, file)| put(files, join(&two, &path), file));
            right.into_iter().for_each(|(path, file)| put(files, join(&one, &path), file));
            return;
        }
        Change::DeleteFolder(at) => {
            if let Some(from) = folder(files, at) {
                take_below(files, &from, |_| true);
            }
            return;
        }
        Change::FolderToFile(at, seed) => {
            let Some(from) = folder(files, at) else { return };
            let first = take_below(files, &from, |_| true).into_iter().next();
            let file = first.map(|(_, file)| file).filter(|_| seed % 2 == 0);
            return put(files, from, file.unwrap_or_else(|| regular(text(seed))));
        }
        Change::Attributes(folder, seed) => {
            return put(files, format!("{}.gitattributes", FOLDERS[folder % FOLDERS.len()]), attributes(seed));
        }
        _ => {}
    }
    let pick = |at: usize| files.keys().nth(at % files.len().max(1)).cloned();
    let (Change::Edit(at, _)
    | Change::EditTwice(at, ..)
    | Change::Rename(at, ..)
    | Change::RenameEdited(at, ..)
    | Change::RenameChain(at, ..)
    | Change::Swap(at, _)
    | Change::Split(at, _)
    | Change::Delete(at)
    | Change::Executable(at)
    | Change::Link(at, _)
    | Change::Submodule(at, _)
    | Change::Binary(at, _)
    | Change::FileToFolder(at, _)
    | Change::CarriageReturns(at)
    | Change::Indent(at, _)
    | Change::NoLastLineFeed(at)
    | Change::Copy(at, ..)) = *change
    else {
        return;
    };
    let Some(path) = pick(at) else { return };
    let Some(file) = files.get(&path).cloned() else { return };
    match *change {
        Change::Edit(_, seed) => drop(files.insert(path, edit(&file, seed))),
        Change::EditTwice(_, one, two) => drop(files.insert(path, edit(&edit(&file, one), two))),
        Change::Rename(_, folder, name) => {
            files.remove(&path);
            put(files, place(folder, name), file);
        }
        Change::RenameEdited(_, folder, name, seed) => {
            files.remove(&path);
            put(files, place(folder, name), edit(&file, seed));
        }
        Change::RenameChain(_, second, folder, name) => {
            let Some((second, other)) = pick(second).and_then(|path| files.remove_entry(&path)) else { return };
            if second != path {
                files.remove(&path);
                put(files, place(folder, name), file);
                put(files, path, other);
            }
        }
        Change::Split(_, parts) => {
            files.remove(&path);
            parts.iter().for_each(|(folder, name, seed)| put(files, place(*folder, *name), edit(&file, *seed)));
        }
        Change::Swap(_, second) => {
            let Some(second) = pick(second) else { return };
            if let Some(other) = files.insert(second, file) {
                files.insert(path, other);
            }
        }
        Change::Delete(_) => drop(files.remove(&path)),
        Change::Executable(_) if file.mode == "100644" => {
            files.insert(path, File { mode: "100755", ..file });
        }
        Change::Link(_, seed) => {
            files.insert(path, File { mode: "120000", data: format!("to{}", seed % 3).into() });
        }
        Change::Submodule(_, seed) => {
            files.insert(path, File { mode: "160000", data: format!("{:040x}", seed % 3 + 1).into() });
        }
        Change::Binary(_, seed) => drop(files.insert(path, regular(format!("bin\0{}", seed % 3).into()))),
        Change::FileToFolder(_, name) => {
            files.remove(&path);
            put(files, join(&path, NAMES[name % NAMES.len()]), file);
        }
        Change::CarriageReturns(_) => drop(files.insert(path, rewrite(&file, carriage_returns))),
        Change::Indent(_, seed) => {
            let every = usize::from(seed % 3) + 1;
            let indent = |data: &[u8]| {
                let lines = data.split_inclusive(|byte| *byte == b'\n').enumerate();
                lines
                    .map(|(at, line)| if at % every == 0 { [b" ", line].concat() } else { line.to_vec() })
                    .collect::<Vec<_>>()
                    .concat()
            };
            files.insert(path, rewrite(&file, indent));
        }
        Change::NoLastLineFeed(_) => {
            let cut = |data: &[u8]| data.strip_suffix(b"\n").unwrap_or(data).to_vec();
            files.insert(path, rewrite(&file, cut));
        }
        Change::Copy(_, folder, name) => put(files, place(folder, name), file),
        _ => {}
    }
}

fn change() -> impl Strategy<Value = Change> {
    let (at, folder, name, to) = (0..64_usize, 0..FOLDERS.len(), 0..NAMES.len(), 0..PLACES.len());
    let seed = any::<u16>();
    let part = (folder.clone(), name.clone(), seed);
    let contents = prop_oneof![
        5 => (at.clone(), seed).prop_map(|(a, s)| Change::Edit(a, s)),
        2 => (at.clone(), seed, seed).prop_map(|(a, s, t)| Change::EditTwice(a, s, t)),
        1 => at.clone().prop_map(Change::Executable),
        1 => at.clone().prop_map(Change::CarriageReturns),
        1 => (at.clone(), seed).prop_map(|(a, s)| Change::Indent(a, s)),
        1 => at.clone().prop_map(Change::NoLastLineFeed),
        1 => (at.clone(), seed).prop_map(|(a, s)| Change::Binary(a, s)),
    ];
    let files = prop_oneof![
        3 => (folder.clone(), name.clone(), seed).prop_map(|(f, n, s)| Change::Add(f, n, s)),
        3 => (at.clone(), folder.clone(), name.clone()).prop_map(|(a, f, n)| Change::Rename(a, f, n)),
        3 => (at.clone(), folder.clone(), name.clone(), seed).prop_map(|(a, f, n, s)| Change::RenameEdited(a, f, n, s)),
        1 => (at.clone(), at.clone(), folder.clone(), name.clone()).prop_map(|(a, b, f, n)| Change::RenameChain(a, b, f, n)),
        1 => (at.clone(), at.clone()).prop_map(|(a, b)| Change::Swap(a, b)),
        1 => (at.clone(), folder.clone(), name.clone()).prop_map(|(a, f, n)| Change::Copy(a, f, n)),
        2 => at.clone().prop_map(Change::Delete),
        1 => (at.clone(), [part.clone(), part]).prop_map(|(a, p)| Change::Split(a, p)),
        1 => (at.clone(), seed).prop_map(|(a, s)| Change::Link(a, s)),
        1 => (at.clone(), seed).prop_map(|(a, s)| Change::Submodule(a, s)),
        1 => (at.clone(), name).prop_map(|(a, n)| Change::FileToFolder(a, n)),
        1 => (folder, seed).prop_map(|(f, s)| Change::Attributes(f, s)),
        1 => (0..40_u16).prop_map(Change::Same),
    ];
    let folders = prop_oneof![
        4 => (at.clone(), to.clone()).prop_map(|(a, p)| Change::MoveFolder(a, p)),
        2 => (at.clone(), to.clone(), any::<u8>()).prop_map(|(a, p, b)| Change::MovePart(a, p, b)),
        1 => (at.clone(), to, seed).prop_map(|(a, p, s)| Change::MoveFolderEdited(a, p, s)),
        1 => (at.clone(), at.clone()).prop_map(|(a, b)| Change::SwapFolders(a, b)),
        1 => at.clone().prop_map(Change::DeleteFolder),
        1 => (at, seed).prop_map(|(a, s)| Change::FolderToFile(a, s)),
    ];
    prop_oneof![3 => contents, 4 => files, 2 => folders]
}

/// How the branches of a history meet.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Each merges the other, in its own way; and once more.
    Crossed,
    /// Three branches that two others merge.
    ThreeBases,
}

/// In which order the commits were made, by their dates.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    Right,
    Stopped,
    Backwards,
}

/// A random history.
#[derive(Debug, Clone)]
pub struct History {
    pub commits: Vec<Planned>,
    pub clock: Clock,
}

/// Commits per history.
pub const COMMITS: usize = 7;
/// The pairs to merge, by position in a history.
pub const PAIRS: [(usize, usize); 6] = [(1, 2), (2, 1), (3, 4), (4, 3), (5, 6), (6, 5)];

impl History {
    /// `common` is what both sides do.
    fn new(start: &[Change], common: &[Change], steps: &[Vec<Change>; 6], shape: Shape, clock: Clock) -> Self {
        let base = after(&Snapshot::new(), start);
        let fork = after(&base, common);
        let step = |files: &Snapshot, at: usize| after(files, &steps[at]);
        let (one, two) = (step(&fork, 0), step(&fork, 1));
        let (files, parents): (_, [&[usize]; COMMITS]) = match shape {
            Shape::Crossed => {
                let (three, four) = (step(&one, 2), step(&two, 3));
                let (five, six) = (step(&three, 4), step(&four, 5));
                ([base, one, two, three, four, five, six], [&[], &[0], &[0], &[1, 2], &[2, 1], &[3, 4], &[4, 3]])
            }
            Shape::ThreeBases => {
                let (other, five, six) = (step(&base, 2), step(&one, 4), step(&two, 5));
                let four = step(&other, 3);
                ([base, one, two, other, four, five, six], [&[], &[0], &[0], &[0], &[3], &[1, 2, 3], &[2, 1, 3]])
            }
        };
        let commit = |(files, parents): (Snapshot, &[usize])| Planned { files, parents: parents.to_vec() };
        Self { commits: files.into_iter().zip(parents).map(commit).collect(), clock }
    }

    /// The commits as part of a longer list, in which the first has this position.
    pub fn plan(&self, first: usize) -> impl Iterator<Item = Planned> {
        let moved = move |parents: &[usize]| parents.iter().map(|parent| first + parent).collect();
        self.commits.iter().map(move |commit| Planned { files: commit.files.clone(), parents: moved(&commit.parents) })
    }

    /// The minute of a commit.
    pub fn minute(&self, at: usize) -> usize {
        match self.clock {
            Clock::Right => at,
            Clock::Stopped => 0,
            Clock::Backwards => COMMITS - at,
        }
    }

    /// This history without one path, in all commits and in each one alone.
    pub fn smaller(&self) -> Vec<Self> {
        let paths: BTreeSet<&String> = self.commits.iter().flat_map(|commit| commit.files.keys()).collect();
        let without = |path: &str, from: &[usize]| {
            let mut made = self.clone();
            let gone: Vec<_> = from.iter().filter_map(|at| made.commits[*at].files.remove(path)).collect();
            (!gone.is_empty()).then_some(made)
        };
        let everywhere: Vec<usize> = (0..COMMITS).collect();
        let all = paths.iter().filter_map(|path| without(path, &everywhere));
        all.chain(everywhere.iter().flat_map(|at| paths.iter().filter_map(|path| without(path, &[*at])))).collect()
    }
}

/// Each commit's files, with equal letters for equal contents, and what the letters stand for.
impl std::fmt::Display for History {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut contents: Vec<&File> = Vec::new();
        for (at, commit) in self.commits.iter().enumerate() {
            write!(out, "{at} {:?}:", commit.parents)?;
            for (path, file) in &commit.files {
                let nth = contents.iter().position(|known| *known == file).unwrap_or_else(|| {
                    contents.push(file);
                    contents.len() - 1
                });
                write!(out, " {path}:{nth}")?;
            }
            writeln!(out)?;
        }
        for (nth, file) in contents.iter().enumerate() {
            writeln!(out, "{nth} = {} {:?}", file.mode, String::from_utf8_lossy(&file.data))?;
        }
        write!(out, "{:?}", self.clock)
    }
}

fn after(files: &Snapshot, changes: &[Change]) -> Snapshot {
    let mut files = files.clone();
    changes.iter().for_each(|change| apply(&mut files, change));
    files
}

/// Random histories.
pub fn histories() -> impl Strategy<Value = History> {
    let add = (0..FOLDERS.len(), 0..NAMES.len(), any::<u16>()).prop_map(|(f, n, s)| Change::Add(f, n, s));
    let changes = |most| prop::collection::vec(change(), 0..most);
    let shape = prop_oneof![4 => Just(Shape::Crossed), 1 => Just(Shape::ThreeBases)];
    let clock = prop_oneof![4 => Just(Clock::Right), 1 => Just(Clock::Stopped), 1 => Just(Clock::Backwards)];
    let steps = [6, 6, 5, 5, 4, 4].map(changes);
    (prop::collection::vec(add, 2..16), changes(3), steps, shape, clock)
        .prop_map(|(start, common, steps, shape, clock)| History::new(&start, &common, &steps, shape, clock))
}
