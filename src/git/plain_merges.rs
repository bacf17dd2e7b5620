//! Which commits of a mirror hold just what merging their parents gives, kept in a file of its folder.
//!
//! Neither a commit nor what merging its parents gives ever changes, as long as the repository's settings and relwf's merges are
//! what they were: both are in the file's first line. Where the file is missing, torn or old, the merges are made again.

use crate::model::{CommitId, hex};
use sha1::{Digest, Sha1};
use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::Path;

/// The file's name.
const FILE: &str = "relwf-plain-merges";
/// To be raised when some merge comes out otherwise than before.
const MERGES: u32 = 1;
/// The newest that stay when there are twice as many.
const KEPT: usize = 5_000;

/// The commits that are known.
pub(super) fn read(repository: &Path) -> HashSet<CommitId> {
    known(repository).into_iter().collect()
}

/// Adds commits. Where that fails, they are found out once more.
pub(super) fn add(repository: &Path, found: &[CommitId]) {
    let mut all = known(repository);
    all.extend(found);
    let first = if all.len() > 2 * KEPT { all.len() - KEPT } else { 0 };
    let mut text = first_line(repository);
    for commit in all.iter().skip(first) {
        text.push('\n');
        text.push_str(&commit.to_string());
    }
    let _ = tempfile::NamedTempFile::new_in(repository).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.persist(repository.join(FILE)).map_err(|error| error.error)
    });
}

fn known(repository: &Path) -> Vec<CommitId> {
    let text = fs::read_to_string(repository.join(FILE)).unwrap_or_default();
    let mut lines = text.lines();
    if lines.next() != Some(&*first_line(repository)) {
        return Vec::new();
    }
    lines.map_while(|line| line.parse().ok()).collect()
}

fn first_line(repository: &Path) -> String {
    let mut hash = Sha1::new();
    for file in ["config", "info/attributes", "shallow"] {
        let text = fs::read(repository.join(file)).unwrap_or_default();
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    format!("merges {MERGES} settings {}", hex(&hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(number: usize) -> CommitId {
        format!("{number:040x}").parse().unwrap()
    }

    #[test]
    fn commits_are_known_until_the_settings_change_or_the_file_is_torn() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).is_empty());
        add(folder.path(), &[commit(1)]);
        add(folder.path(), &[commit(2), commit(3)]);
        assert_eq!(read(folder.path()), HashSet::from([commit(1), commit(2), commit(3)]));
        fs::write(folder.path().join("config"), "[merge]\n").unwrap();
        assert!(read(folder.path()).is_empty());
        add(folder.path(), &[commit(4)]);
        assert_eq!(read(folder.path()), HashSet::from([commit(4)]));
        let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
        fs::write(folder.path().join(FILE), &text[..text.len() - 1]).unwrap();
        assert!(read(folder.path()).is_empty());
    }

    #[test]
    fn old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<CommitId> = (0..=2 * KEPT).map(commit).collect();
        add(folder.path(), &all);
        let known = read(folder.path());
        assert!(known.len() == KEPT && known.contains(&commit(2 * KEPT)) && !known.contains(&commit(0)));
    }
}
