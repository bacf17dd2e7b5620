//! Commits, read and written without a work tree.

use super::GitError;
use crate::model::{CommitId, FailureKind, ObjectId, TreeId};
use git2::{Commit, ErrorCode, Oid, Repository};
use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

/// Who and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ident {
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Seconds since 1970.
    pub time: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

impl Ident {
    /// When, as RFC 3339 in the person's own offset.
    pub fn when(&self) -> String {
        let time = Timestamp::from_second(self.time).unwrap_or(Timestamp::UNIX_EPOCH);
        let offset = Offset::from_seconds(self.offset_minutes.saturating_mul(60)).unwrap_or(Offset::UTC);
        time.display_with_offset(offset).to_string()
    }
}

/// A commit that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitInfo {
    pub id: CommitId,
    /// Its parents, first parent first.
    pub parents: Vec<CommitId>,
    pub tree: TreeId,
    /// Who wrote it.
    pub author: Ident,
    /// Who committed it.
    pub committer: Ident,
    /// The first paragraph of its message in one line, as `git log --format=%s` shows it.
    pub summary: String,
    /// The whole message.
    pub message: String,
}

/// A commit to write. Equal values give equal ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCommit {
    pub tree: TreeId,
    /// Its parents, first parent first.
    pub parents: Vec<CommitId>,
    /// Who writes it.
    pub author: Ident,
    /// Who commits it.
    pub committer: Ident,
    /// The whole message.
    pub message: String,
}

/// A commit before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// The id that it would have without a signature.
    pub id: CommitId,
    /// What is signed.
    pub text: String,
}

/// The kind of a file in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMode {
    /// `100644`.
    Plain,
    /// `100755`.
    Executable,
    /// `120000`.
    Link,
}

impl FileMode {
    /// The number that git stores.
    pub(super) fn bits(self) -> u32 {
        match self {
            Self::Plain => 0o100_644,
            Self::Executable => 0o100_755,
            Self::Link => 0o120_000,
        }
    }
}

/// Our id as libgit2's.
pub(crate) fn oid(id: ObjectId) -> Result<Oid, git2::Error> {
    Oid::from_bytes(id.as_bytes())
}

/// libgit2's id as ours.
pub(crate) fn object_id(oid: Oid) -> ObjectId {
    let mut bytes = [0; 20];
    bytes.iter_mut().zip(oid.as_bytes()).for_each(|(to, from)| *to = *from);
    ObjectId::from_bytes(bytes)
}

/// Reads one commit.
pub(super) fn read(repository: &Repository, id: CommitId) -> Result<CommitInfo, GitError> {
    let failed = |e: git2::Error| match e.code() {
        ErrorCode::NotFound => GitError::new(FailureKind::NotFound, format!("there is no commit {id}")),
        _ => GitError::local(format!("commit {id} cannot be read"), &e),
    };
    let commit = oid(id.object()).and_then(|oid| repository.find_commit(oid)).map_err(failed)?;
    Ok(info(&commit))
}

pub(super) fn info(commit: &Commit<'_>) -> CommitInfo {
    let latin1 =
        commit.message_encoding().ok().flatten().is_some_and(|name| {
            ["iso-8859-1", "iso8859-1", "latin1", "latin-1"].contains(&&*name.to_ascii_lowercase())
        });
    let text = |bytes: &[u8]| match latin1 {
        true => bytes.iter().map(|&byte| char::from(byte)).collect(),
        false => String::from_utf8_lossy(bytes).into_owned(),
    };
    let ident = |signature: &git2::Signature<'_>| Ident {
        name: text(signature.name_bytes()),
        email: text(signature.email_bytes()),
        time: signature.when().seconds(),
        offset_minutes: signature.when().offset_minutes(),
    };
    CommitInfo {
        id: object_id(commit.id()).into(),
        parents: commit.parent_ids().map(|id| object_id(id).into()).collect(),
        tree: object_id(commit.tree_id()).into(),
        author: ident(&commit.author()),
        committer: ident(&commit.committer()),
        summary: text(commit.summary_bytes().unwrap_or_default()),
        message: text(commit.message_bytes()),
    }
}

/// Writes a commit, byte for byte what `git commit-tree` writes for the same values.
pub(super) fn write(repository: &Repository, new: &NewCommit) -> Result<CommitId, GitError> {
    with_parts(repository, new, |CommitParts { author, committer, tree, parents }| {
        repository.commit(None, author, committer, &new.message, tree, parents).map(|oid| object_id(oid).into())
    })
}

/// What is signed of a commit.
pub(super) fn unsigned(repository: &Repository, new: &NewCommit) -> Result<Unsigned, GitError> {
    with_parts(repository, new, |CommitParts { author, committer, tree, parents }| {
        let buffer = repository.commit_create_buffer(author, committer, &new.message, tree, parents)?;
        let id = Oid::hash_object(git2::ObjectType::Commit, &buffer)?;
        Ok(Unsigned { id: object_id(id).into(), text: buffer.as_str()?.to_owned() })
    })
}

/// Writes a commit with a signature of its text, as `git commit -S` does.
pub(super) fn write_signed(repository: &Repository, text: &str, signature: &str) -> Result<CommitId, GitError> {
    repository
        .commit_signed(text, signature, None)
        .map(|oid| object_id(oid).into())
        .map_err(|e| GitError::local("the signed commit cannot be written", &e))
}

/// A new commit as libgit2 takes it.
struct CommitParts<'a> {
    author: &'a git2::Signature<'static>,
    committer: &'a git2::Signature<'static>,
    tree: &'a git2::Tree<'a>,
    parents: &'a [&'a Commit<'a>],
}

fn with_parts<T>(
    repository: &Repository,
    new: &NewCommit,
    work: impl FnOnce(CommitParts<'_>) -> Result<T, git2::Error>,
) -> Result<T, GitError> {
    let all = || {
        let tree = repository.find_tree(oid(new.tree.object())?)?;
        let parents: Vec<Commit<'_>> = new
            .parents
            .iter()
            .map(|id| repository.find_commit(oid(id.object())?))
            .collect::<Result<_, git2::Error>>()?;
        let parents: Vec<&Commit<'_>> = parents.iter().collect();
        let (author, committer) = (native(&new.author)?, native(&new.committer)?);
        work(CommitParts { author: &author, committer: &committer, tree: &tree, parents: &parents })
    };
    all().map_err(|e| GitError::local("the commit cannot be written", &e))
}

/// Writes an annotated tag object.
pub(super) fn write_tag(
    repository: &Repository,
    target: ObjectId,
    name: &str,
    tagger: &Ident,
    message: &str,
) -> Result<ObjectId, GitError> {
    let write = || {
        let target = repository.find_object(oid(target)?, None)?;
        repository.tag_annotation_create(name, &target, &native(tagger)?, message)
    };
    write().map(object_id).map_err(|e| GitError::local(format!("the tag object {name} cannot be written"), &e))
}

/// Target and message of an annotated tag object.
pub(super) fn read_tag(repository: &Repository, id: ObjectId) -> Result<Option<(ObjectId, String)>, GitError> {
    let object = match oid(id).and_then(|oid| repository.find_object(oid, None)) {
        Ok(object) => object,
        Err(e) if e.code() == ErrorCode::NotFound => {
            return Err(GitError::new(FailureKind::NotFound, format!("there is no object {id}")));
        }
        Err(e) => return Err(GitError::local(format!("object {id} cannot be read"), &e)),
    };
    Ok(object.as_tag().map(|tag| {
        (object_id(tag.target_id()), String::from_utf8_lossy(tag.message_bytes().unwrap_or_default()).into_owned())
    }))
}

fn native(ident: &Ident) -> Result<git2::Signature<'static>, git2::Error> {
    let when = git2::Time::new(ident.time, ident.offset_minutes);
    git2::Signature::new(&ident.name, &ident.email, &when)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_the_persons_offset() {
        let when = |time, offset_minutes| {
            Ident { name: "Ada".to_owned(), email: "ada@example.com".to_owned(), time, offset_minutes }.when()
        };
        assert_eq!(when(1_760_000_000, 120), "2025-10-09T10:53:20+02:00");
        assert_eq!(when(0, 0), "1970-01-01T00:00:00+00:00");
    }
}
