//! git's answers to merges that took it long, kept in a file of the repository's folder.
//!
//! git's answer to the same commits is the same as long as the program, the repository's settings and its attributes are. They
//! are all part of what an answer is found by, so a changed one asks anew.

use crate::model::{ObjectId, TreeId, hex};
use sha1::{Digest, Sha1};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// The file's name.
const FILE: &str = "relwf-cross-checks";
/// The newest answers that stay when there are twice as many.
const KEPT: usize = 200;

/// What git made of the merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GitAnswer {
    Clean(TreeId),
    /// At these paths, by the digest of their sorted list.
    Conflicts(ObjectId),
}

/// Where an answer is, or will be.
pub(super) struct CachedAnswer {
    file: PathBuf,
    key: String,
}

impl CachedAnswer {
    /// The place for a program's answer to these arguments; `None` where the program cannot be looked at.
    pub(super) fn new(repository: &Path, program: &Path, version: &str, arguments: &[String]) -> Option<Self> {
        let meta = fs::metadata(program).ok()?;
        let age = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let mut hash = Sha1::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        add(program.as_os_str().as_encoded_bytes());
        add(format!("{} {}", meta.len(), age.as_nanos()).as_bytes());
        add(version.as_bytes());
        ["config", "info/attributes", "shallow"]
            .iter()
            .for_each(|file| add(&fs::read(repository.join(file)).unwrap_or_default()));
        arguments.iter().for_each(|argument| add(argument.as_bytes()));
        let key = hex(&hash.finalize());
        Some(Self { file: repository.join(FILE), key })
    }

    /// The answer, if it is known. A line that is not whole is none.
    pub(super) fn answer(&self) -> Option<GitAnswer> {
        let text = fs::read_to_string(&self.file).ok()?;
        text.lines().rev().find_map(|line| read(line.strip_prefix(&self.key)?.strip_prefix(' ')?))
    }

    /// Keeps the answer. Where that fails, git is asked again.
    pub(super) fn keep(&self, answer: &GitAnswer) {
        let line = format!("{} {}\n", self.key, write(answer));
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let count = text.lines().count();
        if count < 2 * KEPT {
            let file = OpenOptions::new().create(true).append(true).open(&self.file);
            let _ = file.and_then(|mut file| file.write_all(line.as_bytes()));
            return;
        }
        let newest: String = text.lines().skip(count - KEPT).map(|line| format!("{line}\n")).collect();
        let fresh = tempfile::NamedTempFile::new_in(self.file.parent().unwrap_or(&self.file));
        let _ = fresh.and_then(|mut file| {
            file.write_all((newest + &line).as_bytes())?;
            file.persist(&self.file).map_err(|error| error.error)
        });
    }
}

fn write(answer: &GitAnswer) -> String {
    match answer {
        GitAnswer::Clean(tree) => tree.to_string(),
        GitAnswer::Conflicts(paths) => format!("conflicts {paths}"),
    }
}

fn read(text: &str) -> Option<GitAnswer> {
    match text.strip_prefix("conflicts ") {
        Some(paths) => paths.parse().ok().map(GitAnswer::Conflicts),
        None => text.parse().ok().map(GitAnswer::Clean),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(number: usize) -> GitAnswer {
        GitAnswer::Clean(format!("{number:040x}").parse().unwrap())
    }

    #[test]
    fn an_answer_is_found_for_the_same_question_of_the_same_program_alone() {
        let dir = tempfile::tempdir().unwrap();
        let git = dir.path().join("git");
        fs::write(&git, "a program").unwrap();
        let place =
            |version: &str, commit: &str| CachedAnswer::new(dir.path(), &git, version, &[commit.to_owned()]).unwrap();
        assert_eq!(place("2.47", "a").answer(), None);
        place("2.47", "a").keep(&tree(1));
        place("2.47", "b").keep(&GitAnswer::Conflicts(ObjectId::ZERO));
        assert_eq!(place("2.47", "a").answer(), Some(tree(1)));
        assert_eq!(place("2.47", "b").answer(), Some(GitAnswer::Conflicts(ObjectId::ZERO)));
        assert_eq!(place("2.48", "a").answer(), None);
        fs::write(dir.path().join("config"), "[core]\n").unwrap();
        assert_eq!(place("2.47", "a").answer(), None);
        fs::remove_file(dir.path().join("config")).unwrap();
        assert_eq!(place("2.47", "a").answer(), Some(tree(1)));
        fs::write(&git, "another program").unwrap();
        assert_eq!(place("2.47", "a").answer(), None);
    }

    #[test]
    fn a_torn_line_is_no_answer_and_old_ones_go() {
        let dir = tempfile::tempdir().unwrap();
        let git = dir.path().join("git");
        fs::write(&git, "a program").unwrap();
        let place = |number: usize| CachedAnswer::new(dir.path(), &git, "2", &[number.to_string()]).unwrap();
        fs::write(dir.path().join(FILE), format!("{} 12345", place(0).key)).unwrap();
        assert_eq!(place(0).answer(), None);
        fs::remove_file(dir.path().join(FILE)).unwrap();
        (0..=2 * KEPT).for_each(|number| place(number).keep(&tree(number)));
        assert_eq!(place(0).answer(), None);
        assert_eq!(place(KEPT).answer(), Some(tree(KEPT)));
        assert_eq!(place(2 * KEPT).answer(), Some(tree(2 * KEPT)));
        assert!(fs::read_to_string(dir.path().join(FILE)).unwrap().lines().count() <= KEPT + 1);
    }
}
