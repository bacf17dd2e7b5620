//! Objects as they are stored: from git's own files where they are there, from libgit2 otherwise.
//!
//! libgit2 maps packs into memory and inflates one object after the other from all over them; for thousands of commits and trees
//! this is several times faster, and takes a fraction of the memory.

use super::commits::{self, CommitInfo, oid};
use crate::model::{CommitId, ObjectId, TreeId};
use crate::odb::{Found, Graphs, ObjectFiles, ObjectKind};
use git2::Repository;
use std::sync::Arc;

/// Where a repository's objects are.
pub(super) struct ObjectSource<'a> {
    pub(super) repository: &'a Repository,
    pub(super) graphs: &'a Graphs,
    pub(super) files: &'a ObjectFiles,
}

impl ObjectSource<'_> {
    pub(super) fn commit(&self, id: CommitId) -> Result<CommitInfo, git2::Error> {
        let parsed = match self.files.read(id.object()) {
            Found::Object(ObjectKind::Commit, data) => parse(id, &data),
            Found::Damaged(why) => return Err(git2::Error::from_str(&format!("commit {id}: {why}"))),
            _ => None,
        };
        match parsed {
            Some(commit) => Ok(commit),
            None => Ok(commits::info(&self.repository.find_commit(oid(id.object())?)?)),
        }
    }

    /// The raw bytes of a tree.
    pub(super) fn tree(&self, id: ObjectId) -> Result<Arc<[u8]>, git2::Error> {
        match self.files.read(id) {
            Found::Object(ObjectKind::Tree, data) => Ok(data),
            Found::Damaged(why) => Err(git2::Error::from_str(&format!("tree {id}: {why}"))),
            _ => Ok(self.repository.odb()?.read(self.repository.find_tree(oid(id)?)?.id())?.data().into()),
        }
    }
}

/// A commit in the form that git writes. Anything less common (another encoding, white space where none belongs, a summary of
/// several lines) is for libgit2 to read.
fn parse(id: CommitId, data: &[u8]) -> Option<CommitInfo> {
    let text = std::str::from_utf8(data).ok()?;
    let (head, message) = text.split_once("\n\n")?;
    let mut lines = head.split('\n').peekable();
    let tree: TreeId = lines.next()?.strip_prefix("tree ")?.parse().ok()?;
    let mut parents = Vec::new();
    while let Some(parent) = lines.peek()?.strip_prefix("parent ") {
        parents.push(parent.parse().ok()?);
        lines.next();
    }
    let author = ident(lines.next()?.strip_prefix("author ")?)?;
    let committer = ident(lines.next()?.strip_prefix("committer ")?)?;
    let summary = message.split('\n').next()?;
    let mut rest = message.split('\n').skip(1);
    let alone = rest.next().is_none_or(str::is_empty);
    let plain = summary.starts_with(|first: char| first.is_ascii_graphic()) && summary.trim_ascii_end() == summary;
    if lines.any(|line| line.starts_with("encoding ")) || !alone || !plain || text.contains('\0') {
        return None;
    }
    Some(CommitInfo { id, parents, tree, author, committer, summary: summary.into(), message: message.into() })
}

fn ident(line: &str) -> Option<commits::Ident> {
    let (name, rest) = line.split_once(" <")?;
    let (email, rest) = rest.split_once("> ")?;
    let (time, offset) = rest.split_once(' ')?;
    let plain = |text: &str| !text.is_empty() && text.trim() == text && !text.contains(['<', '>']);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (sign, amount) = match offset.split_at_checked(1)? {
        ("+", amount) => (1, amount),
        ("-", amount) => (-1, amount),
        _ => return None,
    };
    if !plain(name) || !plain(email) || !digits(time) || !digits(amount) || amount.len() != 4 {
        return None;
    }
    let (hours, minutes): (i32, i32) = (amount.get(..2)?.parse().ok()?, amount.get(2..)?.parse().ok()?);
    (hours <= 14 && minutes <= 59).then_some(())?;
    let offset_minutes = sign * (hours * 60 + minutes);
    Some(commits::Ident { name: name.into(), email: email.into(), time: time.parse().ok()?, offset_minutes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::commits::object_id;
    use proptest::prelude::*;

    const HEAD: &str = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n";

    /// What both say of a commit with these bytes.
    fn both(text: &str) -> (Option<CommitInfo>, Option<CommitInfo>) {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(dir.path()).unwrap();
        git2::opts::strict_object_creation(false);
        let id = repository.odb().unwrap().write(git2::ObjectType::Commit, text.as_bytes()).unwrap();
        let commit = repository.find_commit(id).ok();
        (parse(object_id(id).into(), text.as_bytes()), commit.map(|commit| commits::info(&commit)))
    }

    #[test]
    fn common_commits_are_read_as_libgit2_reads_them() {
        let who = "Ada Lovelace <ada@example.com> 1700000000 +0230";
        let signed = "gpgsig -----BEGIN SSH SIGNATURE-----\n abc\n -----END SSH SIGNATURE-----\n";
        for more in ["", signed, "mergetag object 1\n type commit\n"] {
            for message in ["One line\n", "No line feed", "Subject\n\nBody\n\nMore\n", "Grüße\n\n\nBody", "A\tb\n"] {
                let text = format!("{HEAD}author {who}\ncommitter {who}\n{more}\n{message}");
                let (own, libgit2) = both(&text);
                assert!(own.is_some(), "{text}");
                assert_eq!(own, libgit2, "{text}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_read_here_is_what_libgit2_reads(
            who in "[ a.<>é\\t]{0,6}( <[ a@.>]{0,4}>)? ?-?[0-9]{0,11} ?[+-]?[0-9]{0,5}",
            parents in 0..3_usize,
            more in prop::sample::select(vec!["", "encoding ISO-8859-1\n", "gpgsig a\n b\n", "x y\n\n", "\n"]),
            message in "[ a\\n\\t\\r\u{e9}\u{a0}]{0,12}",
        ) {
            let parent = "parent 1234567890123456789012345678901234567890\n".repeat(parents);
            let good = "A <a@b> 1 +0000";
            for (author, committer) in [(who.as_str(), good), (good, who.as_str())] {
                let (own, libgit2) = both(&format!("{HEAD}{parent}author {author}\ncommitter {committer}\n{more}\n{message}"));
                if own.is_some() {
                    prop_assert_eq!(own, libgit2);
                }
            }
        }
    }
}
