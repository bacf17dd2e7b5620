//! What git and the engine answer to the same merges, in one comparable form.

use relwf::git::Mirror;
use relwf::merge::{BareRepository, ConflictKind, MergeError, Merged, Merger};
use relwf::model::CommitId;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// An answer in a comparable form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Clean(String),
    Conflicts(Conflicts),
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conflicts {
    /// The paths that git would leave unmerged.
    pub unmerged: BTreeSet<String>,
    /// What the messages are about: path and kind.
    pub told: BTreeSet<(String, ConflictKind)>,
}

/// The real git in a folder, without any user's settings.
pub fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C").arg("-C").arg(folder);
    command
}

/// git's answers; where it stops without one, how.
pub fn gits(repository: &Path, pairs: &[(CommitId, CommitId)]) -> Vec<Result<Answer, ExitStatus>> {
    let mut answers = Vec::new();
    while answers.len() < pairs.len() {
        let (told, status) = ask(repository, &pairs[answers.len()..]);
        answers.extend(told.into_iter().map(Ok));
        if answers.len() < pairs.len() {
            answers.push(Err(status));
        }
    }
    answers
}

/// Asks git for a number of merges; fewer answers come back where it stops.
fn ask(repository: &Path, pairs: &[(CommitId, CommitId)]) -> (Vec<Answer>, ExitStatus) {
    let input: String = pairs.iter().map(|(ours, theirs)| format!("{ours} {theirs}\n")).collect();
    let mut child = git(repository)
        .args(["-c", "core.fsync=none", "merge-tree", "--write-tree", "--stdin", "-z", "--messages"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Where git stops, the rest is not read.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut tokens = text.split('\0');
    let answers: Vec<Answer> = std::iter::from_fn(|| parse(&mut tokens)).collect();
    assert!(!output.status.success() || answers.len() == pairs.len(), "git merge-tree --stdin needs git 2.40 or newer");
    (answers, output.status)
}

/// The engine's answers; where the repository needs no libgit2, the same without it.
pub fn ours(repository: &Path, pairs: &[(CommitId, CommitId)]) -> Vec<Result<Answer, MergeError>> {
    let mirror = Mirror::at(repository).unwrap();
    let merger = Merger::default();
    let plain = BareRepository::at(repository).map(|plain| (plain, Merger::default()));
    let merge = |(ours, theirs): &(CommitId, CommitId)| {
        let outcome = merger.merge(mirror.objects(), *ours, *theirs);
        if let Some((plain, merger)) = &plain {
            assert_eq!(merger.merge_in(plain, *ours, *theirs).ok(), outcome.as_ref().ok().cloned());
        }
        Ok(answer(outcome?.result))
    };
    pairs.iter().map(merge).collect()
}

fn answer(result: Merged) -> Answer {
    match result {
        Merged::UpToDate(tree) | Merged::Clean(tree) => Answer::Clean(tree.to_string()),
        Merged::Conflicts(list) => {
            let mut conflicts = Conflicts::default();
            for conflict in list {
                if conflict.base.is_some() || conflict.ours.is_some() || conflict.theirs.is_some() {
                    conflicts.unmerged.insert(conflict.path.clone());
                }
                conflicts.told.insert((conflict.path, conflict.kind));
            }
            Answer::Conflicts(conflicts)
        }
    }
}

/// Reads one answer; `None` at the end, also where it was cut off.
fn parse<'t>(tokens: &mut impl Iterator<Item = &'t str>) -> Option<Answer> {
    let clean = tokens.next().filter(|status| !status.is_empty())? == "1";
    let tree = tokens.next()?.to_owned();
    let mut conflicts = Conflicts::default();
    loop {
        let entry = tokens.next()?;
        if entry.is_empty() {
            break;
        }
        conflicts.unmerged.insert(entry.split_once('\t')?.1.to_owned());
    }
    loop {
        let paths = tokens.next()?;
        if paths.is_empty() {
            break;
        }
        let paths: Vec<&str> = tokens.by_ref().take(paths.parse().ok()?).collect();
        let _category = tokens.next()?;
        let message = tokens.next()?;
        if let Some(kind) = kind(message) {
            conflicts.told.insert((paths[0].to_owned(), kind));
        }
    }
    // A file that is not text gets a warning of its own; what follows about its contents says no more.
    let binary: Vec<String> =
        conflicts.told.iter().filter(|(_, kind)| *kind == ConflictKind::Binary).map(|(path, _)| path.clone()).collect();
    conflicts.told.retain(|(path, kind)| {
        !(matches!(kind, ConflictKind::Content | ConflictKind::AddAdd) && binary.contains(path))
    });
    Some(if clean { Answer::Clean(tree) } else { Answer::Conflicts(conflicts) })
}

fn kind(message: &str) -> Option<ConflictKind> {
    if message.starts_with("warning: Cannot merge binary files") {
        return Some(ConflictKind::Binary);
    }
    let words = message.strip_prefix("CONFLICT (")?.split_once(')')?.0;
    Some(match words {
        "content" => ConflictKind::Content,
        "add/add" => ConflictKind::AddAdd,
        "modify/delete" => ConflictKind::ModifyDelete,
        "rename/rename" => ConflictKind::RenameRename,
        "rename/delete" => ConflictKind::RenameDelete,
        "rename involved in collision" => ConflictKind::RenameAdd,
        "file location" | "implicit dir rename" | "directory rename split" => ConflictKind::DirectoryRename,
        "file/directory" => ConflictKind::FileDirectory,
        "distinct types" => ConflictKind::DistinctTypes,
        "submodule" => ConflictKind::Submodule,
        other => panic!("git says CONFLICT ({other}), which the tests do not know"),
    })
}

/// Why two answers differ, if they do. Paths that git leaves unmerged without a word of their own get a kind from us.
pub fn difference(git: &Answer, ours: &Answer) -> Option<String> {
    let same = match (git, ours) {
        (Answer::Conflicts(theirs), Answer::Conflicts(mine)) => {
            let extra = mine.told.difference(&theirs.told).all(|(path, _)| theirs.unmerged.contains(path));
            theirs.unmerged == mine.unmerged && theirs.told.is_subset(&mine.told) && extra
        }
        (git, ours) => git == ours,
    };
    (!same).then(|| format!("\n  git  {git:?}\n  ours {ours:?}"))
}
