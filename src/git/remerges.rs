//! What merging the parents of a mirror's merge commits gives, kept in a file of its folder.
//!
//! Neither a commit nor what merging its parents gives ever changes, as long as the repository's settings and relwf's merges are
//! what they were: both are in the file's first line. Where the file is missing, torn or old, the merges are made again.

use crate::model::{CommitId, ObjectId, TreeId, hex};
use sha1::{Digest, Sha1};
use std::fs;
use std::io::Write;
use std::path::Path;

/// The file's name.
const FILE: &str = "relwf-remerges";
/// To be raised when some merge comes out otherwise than before.
const MERGES: u32 = 1;
/// The newest that stay when there are twice as many.
const KEPT: usize = 5_000;

/// What merging the parents of a merge commit gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remerge {
    /// The merge commit.
    pub commit: CommitId,
    /// What is different from the commit's own files; `None` where nothing is.
    pub by_hand: Option<ByHand>,
}

/// How merging alone differs from what was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// What merging gives, conflicts and all.
    pub tree: TreeId,
    /// What it has at each path that differs, in git's order.
    pub files: Vec<(String, TreeEntry)>,
}

/// An object with its mode; `None` where there is nothing.
pub type TreeEntry = Option<(ObjectId, u32)>;

/// The merges that are known; of one that is there twice, the later counts.
pub(super) fn read(repository: &Path) -> Vec<Remerge> {
    known(repository).iter().map_while(|line| parse(line)).collect()
}

/// Adds merges. Where that fails, they are made once more.
pub(super) fn add(repository: &Path, found: &[Remerge]) {
    let mut all = known(repository);
    all.extend(found.iter().map(line));
    let first = if all.len() > 2 * KEPT { all.len() - KEPT } else { 0 };
    let mut text = first_line(repository);
    for line in all.iter().skip(first) {
        text.push('\n');
        text.push_str(line);
    }
    let _ = tempfile::NamedTempFile::new_in(repository).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.persist(repository.join(FILE)).map_err(|error| error.error)
    });
}

/// The lines that can be read.
fn known(repository: &Path) -> Vec<String> {
    let text = fs::read_to_string(repository.join(FILE)).unwrap_or_default();
    let mut lines = text.lines();
    if lines.next() != Some(&*first_line(repository)) {
        return Vec::new();
    }
    lines.take_while(|line| parse(line).is_some()).map(str::to_owned).collect()
}

/// `COMMIT =`, or `COMMIT TREE [["PATH",["ID",MODE]],…]`.
fn line(remerge: &Remerge) -> String {
    match &remerge.by_hand {
        None => format!("{} =", remerge.commit),
        Some(ByHand { tree, files }) => format!("{} {tree} {}", remerge.commit, serde_json::json!(files)),
    }
}

fn parse(line: &str) -> Option<Remerge> {
    let mut words = line.splitn(3, ' ');
    let commit = words.next()?.parse().ok()?;
    let by_hand = match words.next()? {
        "=" => None,
        tree => Some(ByHand { tree: tree.parse().ok()?, files: serde_json::from_str(words.next()?).ok()? }),
    };
    Some(Remerge { commit, by_hand })
}

fn first_line(repository: &Path) -> String {
    let mut hash = Sha1::new();
    for file in ["config", "info/attributes", "shallow"] {
        let text = fs::read(repository.join(file)).unwrap_or_default();
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    format!("merges {MERGES} of {} settings {}", env!("CARGO_PKG_VERSION"), hex(&hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(number: usize) -> Remerge {
        Remerge { commit: format!("{number:040x}").parse().unwrap(), by_hand: None }
    }

    fn by_hand(number: usize) -> Remerge {
        let file = ("a b\n".to_owned(), Some((plain(7).commit.object(), 0o100_644)));
        let by_hand =
            ByHand { tree: format!("{:040x}", 9).parse().unwrap(), files: vec![file, ("gone".to_owned(), None)] };
        Remerge { by_hand: Some(by_hand), ..plain(number) }
    }

    #[test]
    fn merges_are_known_until_the_settings_change_or_the_file_is_torn() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).is_empty());
        add(folder.path(), &[plain(1)]);
        add(folder.path(), &[plain(2), by_hand(3)]);
        assert_eq!(read(folder.path()), [plain(1), plain(2), by_hand(3)]);
        let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
        for torn in 1..text.lines().last().unwrap().len() {
            fs::write(folder.path().join(FILE), &text[..text.len() - torn]).unwrap();
            assert_eq!(read(folder.path()), [plain(1), plain(2)], "{torn}");
        }
        add(folder.path(), &[by_hand(4)]);
        assert_eq!(read(folder.path()), [plain(1), plain(2), by_hand(4)]);
        fs::write(folder.path().join("config"), "[merge]\n").unwrap();
        assert!(read(folder.path()).is_empty());
        add(folder.path(), &[plain(5)]);
        assert_eq!(read(folder.path()), [plain(5)]);
    }

    #[test]
    fn old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<Remerge> = (0..=2 * KEPT).map(plain).collect();
        add(folder.path(), &all);
        let known = read(folder.path());
        assert!(known.len() == KEPT && known.contains(&plain(2 * KEPT)) && !known.contains(&plain(0)));
    }
}
