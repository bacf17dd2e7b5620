//! Random histories: the engine and `git merge-tree` must agree on every tree and every conflict.
//!
//! `PROPTEST_CASES` sets the number of histories.

use super::merge_support::{File, Planned, Repository, Snapshot, difference};
use proptest::prelude::*;

const FOLDERS: [&str; 8] = ["", "a/", "b/", "c/", "a/s/", "b/s/", "a/s/t/", "d/"];
const NAMES: [&str; 7] = ["f", "g", "h", "i", "j", "k", "f.c"];
const PLACES: [&str; 7] = ["z", "y", "b/moved", "a", "c", "a/s", "b"];

/// One change to a snapshot. Numbers choose among what is there.
#[derive(Debug, Clone)]
enum Change {
    Add(usize, usize, u16),
    Edit(usize, u16),
    EditTwice(usize, u16, u16),
    Rename(usize, usize, usize),
    RenameEdited(usize, usize, usize, u16),
    MoveFolder(usize, usize),
    Delete(usize),
    Executable(usize),
    Link(usize, u16),
    Submodule(usize, u16),
    Binary(usize, u16),
    Copy(usize, usize, usize),
    /// Something that the other side has too.
    Same(u16),
}

fn text(seed: u16) -> Vec<u8> {
    let lines = [0, 1, 4, 9, 9, 14, 20][usize::from(seed) % 7];
    (0..lines)
        .map(|line| format!("{} {} {}\n", line * 7 % 5, seed / 3, (seed / 7 + line) % 9))
        .collect::<String>()
        .into()
}

fn edited(data: &[u8], seed: u16) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = data.split_inclusive(|byte| *byte == b'\n').collect();
    let at = usize::from(seed / 4) % (lines.len() + 1);
    match seed % 4 {
        0 if at < lines.len() => drop(lines.remove(at)),
        1 if at < lines.len() => lines[at] = b"changed\n",
        2 => lines.insert(at, b"inserted\n"),
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

fn apply(files: &mut Snapshot, change: &Change) {
    let pick = |at: usize| files.keys().nth(at % files.len().max(1)).cloned();
    let edit = |file: &File, seed: u16| match file.mode {
        "100644" | "100755" => File { mode: file.mode, data: edited(&file.data, seed) },
        _ => file.clone(),
    };
    match *change {
        Change::Add(folder, name, seed) => put(files, place(folder, name), regular(text(seed))),
        Change::Same(seed) => put(files, place(usize::from(seed), usize::from(seed / 8)), regular(text(seed / 3))),
        Change::MoveFolder(at, to) => {
            let folders: Vec<String> =
                files.keys().filter_map(|path| Some(path.rsplit_once('/')?.0.to_owned())).collect();
            let Some(from) = folders.get(at % folders.len().max(1)).cloned() else { return };
            let to = PLACES[to % PLACES.len()];
            if to == from || to.starts_with(&format!("{from}/")) {
                return;
            }
            let prefix = format!("{from}/");
            let moved: Vec<String> = files.keys().filter(|path| path.starts_with(&prefix)).cloned().collect();
            for path in moved {
                if let Some(file) = files.remove(&path) {
                    put(files, format!("{to}/{}", &path[prefix.len()..]), file);
                }
            }
        }
        Change::Edit(at, _)
        | Change::EditTwice(at, ..)
        | Change::Rename(at, ..)
        | Change::RenameEdited(at, ..)
        | Change::Delete(at)
        | Change::Executable(at)
        | Change::Link(at, _)
        | Change::Submodule(at, _)
        | Change::Binary(at, _)
        | Change::Copy(at, ..) => {
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
                Change::Copy(_, folder, name) => put(files, place(folder, name), file),
                _ => {}
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let (at, folder, name) = (0..64_usize, 0..FOLDERS.len(), 0..NAMES.len());
    prop_oneof![
        3 => (folder.clone(), name.clone(), any::<u16>()).prop_map(|(f, n, s)| Change::Add(f, n, s)),
        5 => (at.clone(), any::<u16>()).prop_map(|(a, s)| Change::Edit(a, s)),
        2 => (at.clone(), any::<u16>(), any::<u16>()).prop_map(|(a, s, t)| Change::EditTwice(a, s, t)),
        3 => (at.clone(), folder.clone(), name.clone()).prop_map(|(a, f, n)| Change::Rename(a, f, n)),
        3 => (at.clone(), folder.clone(), name.clone(), any::<u16>()).prop_map(|(a, f, n, s)| Change::RenameEdited(a, f, n, s)),
        4 => (at.clone(), 0..PLACES.len()).prop_map(|(a, p)| Change::MoveFolder(a, p)),
        2 => at.clone().prop_map(Change::Delete),
        1 => at.clone().prop_map(Change::Executable),
        1 => (at.clone(), any::<u16>()).prop_map(|(a, s)| Change::Link(a, s)),
        1 => (at.clone(), any::<u16>()).prop_map(|(a, s)| Change::Submodule(a, s)),
        1 => (at.clone(), any::<u16>()).prop_map(|(a, s)| Change::Binary(a, s)),
        1 => (at, folder, name).prop_map(|(a, f, n)| Change::Copy(a, f, n)),
        1 => (0..40_u16).prop_map(Change::Same),
    ]
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(), 1..6)
}

fn start() -> impl Strategy<Value = Vec<Change>> {
    let add = (0..FOLDERS.len(), 0..NAMES.len(), any::<u16>()).prop_map(|(f, n, s)| Change::Add(f, n, s));
    prop::collection::vec(add, 2..14)
}

fn after(files: &Snapshot, changes: &[Change]) -> Snapshot {
    let mut files = files.clone();
    changes.iter().for_each(|change| apply(&mut files, change));
    files
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn random_histories_merge_as_git_merges_them(
        start in start(), ours in changes(), theirs in changes(), later in changes(), latest in changes(),
    ) {
        let base = after(&Snapshot::new(), &start);
        let (one, two) = (after(&base, &ours), after(&base, &theirs));
        // A criss-cross: both merged the other, each in its own way.
        let (three, four) = (after(&one, &later), after(&two, &latest));
        let plan = [
            Planned { files: base, parents: vec![] },
            Planned { files: one, parents: vec![0] },
            Planned { files: two, parents: vec![0] },
            Planned { files: three, parents: vec![1, 2] },
            Planned { files: four, parents: vec![2, 1] },
        ];
        let repo = Repository::with(&plan);
        let pairs = [(1, 2), (2, 1), (3, 4), (4, 3)];
        // Where git has no answer, ours cannot be compared, but there is one.
        let ours = repo.ours(&pairs);
        let gits = repo.try_gits(&pairs).unwrap_or_else(|| ours.clone());
        for ((pair, git), ours) in pairs.iter().zip(gits).zip(ours) {
            if let Some(why) = difference(&git, &ours) {
                return Err(TestCaseError::fail(format!("merging {pair:?}: {why}")));
            }
        }
    }
}
