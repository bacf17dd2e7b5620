//! Small histories for merge tests, written with the real git, and git's own answers to compare with.

use relwf::git::Mirror;
use relwf::merge::{ConflictKind, Merged, Merger};
use relwf::model::CommitId;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

/// One file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub mode: &'static str,
    pub data: Vec<u8>,
}

/// A snapshot: paths and files.
pub type Snapshot = BTreeMap<String, File>;

/// A commit to be made: its snapshot and the positions of its parents in the list.
pub struct Planned {
    pub files: Snapshot,
    pub parents: Vec<usize>,
}

/// A bare repository that lives as long as this.
pub struct Repository {
    folder: tempfile::TempDir,
    pub commits: Vec<CommitId>,
}

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

fn git(folder: &std::path::Path) -> Command {
    let mut command = Command::new("git");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C").arg("-C").arg(folder);
    command
}

impl Repository {
    /// Makes all planned commits; they are one minute apart.
    pub fn with(plan: &[Planned]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made = git(folder.path()).args(["init", "-q", "--bare"]).status().expect("git runs: the tests need it");
        assert!(made.success());
        let mut stream = Vec::new();
        for (at, commit) in plan.iter().enumerate() {
            let date = 1_600_000_000 + at * 60;
            let mark = at + 1;
            write!(stream, "commit refs/heads/c{mark}\nmark :{mark}\ncommitter A <a@b> {date} +0000\ndata 1\nx\n")
                .unwrap();
            for (nth, parent) in commit.parents.iter().enumerate() {
                writeln!(stream, "{} :{}", if nth == 0 { "from" } else { "merge" }, parent + 1).unwrap();
            }
            stream.extend_from_slice(b"deleteall\n");
            for (path, file) in &commit.files {
                if file.mode == "160000" {
                    writeln!(stream, "M 160000 {} {path}", String::from_utf8_lossy(&file.data)).unwrap();
                } else {
                    write!(stream, "M {} inline {path}\ndata {}\n", file.mode, file.data.len()).unwrap();
                    stream.extend_from_slice(&file.data);
                    stream.push(b'\n');
                }
            }
        }
        let mut import =
            git(folder.path()).args(["fast-import", "--quiet", "--force"]).stdin(Stdio::piped()).spawn().unwrap();
        import.stdin.take().unwrap().write_all(&stream).unwrap();
        assert!(import.wait().unwrap().success());
        let names: Vec<String> = (1..=plan.len()).map(|mark| format!("c{mark}")).collect();
        let output =
            git(folder.path()).args(["for-each-ref", "--format=%(refname:short) %(objectname)"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let by_name: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once(' ')).collect();
        let commits = names.iter().map(|name| by_name[name.as_str()].parse().unwrap()).collect();
        Self { folder, commits }
    }

    pub fn path(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// git's answers for pairs of commits, given by position.
    pub fn gits(&self, pairs: &[(usize, usize)]) -> Vec<Answer> {
        self.try_gits(pairs).expect("git answers")
    }

    /// [`gits`](Self::gits); `None` where git stops at an assertion of its own, as 2.47 does for some moved directories.
    pub fn try_gits(&self, pairs: &[(usize, usize)]) -> Option<Vec<Answer>> {
        let input: String = pairs.iter().map(|(a, b)| format!("{} {}\n", self.commits[*a], self.commits[*b])).collect();
        let mut child = git(self.path())
            .args(["merge-tree", "--write-tree", "--stdin", "-z", "--messages"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        const ABORTED: i32 = 6;
        if output.status.signal() == Some(ABORTED) {
            return None;
        }
        assert!(output.status.success(), "git merge-tree --stdin (git 2.40 or newer) failed");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Some(parse(&mut text.split('\0'), pairs.len()))
    }

    /// The engine's answers for the same pairs.
    pub fn ours(&self, pairs: &[(usize, usize)]) -> Vec<Answer> {
        let mirror = Mirror::at(self.path()).unwrap();
        let merger = Merger::default();
        let merge = |a: usize, b: usize| merger.merge(mirror.objects(), self.commits[a], self.commits[b]).unwrap();
        let answer = |(a, b): &(usize, usize)| match merge(*a, *b).result {
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
        };
        pairs.iter().map(answer).collect()
    }
}

fn parse<'t>(tokens: &mut impl Iterator<Item = &'t str>, count: usize) -> Vec<Answer> {
    let mut answers = Vec::new();
    for _ in 0..count {
        let clean = tokens.next().unwrap() == "1";
        let tree = tokens.next().unwrap().to_owned();
        let mut conflicts = Conflicts::default();
        for entry in tokens.by_ref().take_while(|entry| !entry.is_empty()) {
            conflicts.unmerged.insert(entry.split_once('\t').unwrap().1.to_owned());
        }
        while let Some(paths) = tokens.next().filter(|token| !token.is_empty()) {
            let paths: Vec<&str> = tokens.by_ref().take(paths.parse().unwrap()).collect();
            let _category = tokens.next().unwrap();
            let message = tokens.next().unwrap();
            if let Some(kind) = kind(message) {
                conflicts.told.insert((paths[0].to_owned(), kind));
            }
        }
        // A file that is not text gets a warning of its own; what follows about its contents says no more.
        let binary: Vec<String> = conflicts
            .told
            .iter()
            .filter(|(_, kind)| *kind == ConflictKind::Binary)
            .map(|(path, _)| path.clone())
            .collect();
        conflicts.told.retain(|(path, kind)| {
            !(matches!(kind, ConflictKind::Content | ConflictKind::AddAdd) && binary.contains(path))
        });
        answers.push(if clean { Answer::Clean(tree) } else { Answer::Conflicts(conflicts) });
    }
    answers
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
