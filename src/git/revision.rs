//! From what people type to a commit: branch, tag, full or short id, with git's suffixes (`~3`, `^2`, `^{commit}`).

use super::GitError;
use super::commits::object_id;
use super::object_source::ObjectSource;
use super::refs::Refs;
use crate::model::{CommitId, FailureKind, ObjectId};
use crate::odb::{Found, ObjectKind};
use git2::{ErrorCode, ObjectType, Oid, Repository};

/// The commit that `rev` names. Branches come first, then tags, then ids.
pub(super) fn resolve(source: &ObjectSource<'_>, refs: &Refs<'_>, rev: &str) -> Result<CommitId, GitError> {
    let repository = source.repository;
    let not_one = |why: &str| {
        GitError::new(FailureKind::NotFound, format!("`{}` names no commit: {why}", rev.escape_debug()))
            .hint("give a branch, a tag, a commit id, or one of these with `~3` or `^2`")
    };
    if rev.trim().is_empty() {
        return Err(not_one("it is empty"));
    }
    if rev.starts_with('-') || rev.contains('\0') {
        return Err(not_one("it starts with a dash or holds a NUL"));
    }
    if rev.contains("..") {
        return Err(not_one("it is a range"));
    }
    if let Some(text) = rev.strip_prefix(":/") {
        return newest_with(repository, refs, text)?.ok_or_else(|| not_one("no commit's message matches"));
    }
    let cut = rev.find(['~', '^', ':']).into_iter().chain(rev.find("@{")).min().unwrap_or(rev.len());
    let (name, suffix) = rev.split_at(cut);
    let base = match refs.named(repository, name)? {
        Some(id) => id.to_string(),
        None if is_hex(name) => name.to_owned(),
        None => return Err(unknown_name(repository, refs, rev, name)),
    };
    // libgit2 must not meet what is damaged.
    let (mut base, mut suffix) = (base, suffix);
    if let Ok(id) = base.parse()
        && let Some(commit) = peel(source, id)?
    {
        let at = walk(source, commit, &mut suffix)?.ok_or_else(|| not_one("the history does not reach that far"))?;
        if suffix.is_empty() {
            return Ok(at);
        }
        base = at.to_string();
    }
    let object = repository.revparse_single(&format!("{base}{suffix}")).map_err(|e| match e.code() {
        ErrorCode::Ambiguous => {
            GitError::new(FailureKind::NotFound, format!("`{rev}` is ambiguous: several objects begin with it"))
                .hint("give more digits of the id")
        }
        ErrorCode::NotFound if is_hex(&base) && suffix.is_empty() => unknown_name(repository, refs, rev, name),
        ErrorCode::NotFound => not_one("the history does not reach that far, or the object is missing"),
        ErrorCode::InvalidSpec | ErrorCode::Peel => not_one("git does not understand it, or it is no commit"),
        _ => GitError::local(format!("`{rev}` cannot be looked up"), &e),
    })?;
    match object.peel(ObjectType::Commit) {
        Ok(commit) => Ok(object_id(commit.id()).into()),
        Err(_) => Err(not_one(&format!("it is a {}", object.kind().map_or("strange object", |kind| kind.str())))),
    }
}

/// The commit that an object is or, as a tag, leads to; `None` where only libgit2 knows.
fn peel(source: &ObjectSource<'_>, mut id: ObjectId) -> Result<Option<CommitId>, GitError> {
    // More tags than are ever chained.
    for _ in 0..100 {
        match source.files.read(id) {
            Found::Object(ObjectKind::Commit, _) => return Ok(Some(id.into())),
            Found::Object(ObjectKind::Tag, data) => {
                let next = data.strip_prefix(b"object ").and_then(|rest| std::str::from_utf8(rest.get(..40)?).ok());
                let Some(next) = next.and_then(|next| next.parse().ok()) else { return Ok(None) };
                id = next;
            }
            Found::Damaged(why) => return Err(damaged(id, &why)),
            Found::Object(..) | Found::Absent => return Ok(None),
        }
    }
    Ok(None)
}

/// Follows `~3` and `^2` as far as they are there, and leaves the rest; `None` where the history ends.
fn walk(source: &ObjectSource<'_>, from: CommitId, suffix: &mut &str) -> Result<Option<CommitId>, GitError> {
    let mut at = from;
    while let Some(rest) = suffix.strip_prefix(['~', '^']).filter(|rest| !rest.starts_with('{')) {
        let digits = rest.find(|next: char| !next.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let number = if number.is_empty() { Some(1) } else { number.parse::<usize>().ok() };
        let Some(number) = number else { return Ok(None) };
        let (times, parent) = if suffix.starts_with('~') { (number, 1) } else { (usize::from(number > 0), number) };
        for _ in 0..times {
            let commit = source.commit(at).map_err(|e| GitError::local(format!("commit {at} cannot be read"), &e))?;
            match commit.parents.get(parent - 1) {
                Some(next) => at = *next,
                None => return Ok(None),
            }
        }
        *suffix = after;
    }
    if let Found::Damaged(why) = source.files.read(at.object()) {
        return Err(damaged(at.object(), &why));
    }
    Ok(Some(at))
}

fn damaged(id: ObjectId, why: &str) -> GitError {
    GitError::new(FailureKind::Git, format!("object {id} is damaged: {why}"))
        .hint("`git fsck` in the repository shows what is damaged; fetch it again from a whole copy")
}

fn is_hex(text: &str) -> bool {
    (4..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn unknown_name(repository: &Repository, refs: &Refs<'_>, rev: &str, name: &str) -> GitError {
    let error = GitError::new(FailureKind::NotFound, format!("there is no branch, tag or commit `{rev}`"));
    let names = refs.names(repository).unwrap_or_default();
    let short: Vec<&str> = names
        .iter()
        .filter_map(|full| full.strip_prefix("refs/heads/").or_else(|| full.strip_prefix("refs/tags/")))
        .collect();
    if name.len() >= 7 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return error.hint(
            "the remote has no such commit; one that only your clone has is found once it is pushed, on any branch",
        );
    }
    // `origin/master` is what people know from their own clone.
    if let Some(branch) = name.strip_prefix("origin/").filter(|branch| short.contains(branch)) {
        return error.hint(format!("branches are named as on the remote: `{branch}`"));
    }
    let mut near: Vec<(f64, &str)> = short
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), *candidate))
        .filter(|(score, _)| *score > 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.truncate(3);
    match near.as_slice() {
        [] if short.is_empty() => error.hint("the repository has no branches"),
        [] => error.hint("`git ls-remote` shows the remote's branches and tags"),
        near => {
            let list = near.iter().map(|(_, name)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            error.hint(format!("did you mean {list}?"))
        }
    }
}

/// `:/text`: the newest commit, from any branch, whose message matches the expression.
fn newest_with(repository: &Repository, refs: &Refs<'_>, text: &str) -> Result<Option<CommitId>, GitError> {
    let expression = regex::bytes::Regex::new(text).map_err(|e| {
        GitError::new(FailureKind::NotFound, format!("`:/{text}` is not a regular expression")).cause(e)
    })?;
    let failed = |e: git2::Error| GitError::local("the history cannot be read", &e);
    let mut walk = repository.revwalk().map_err(failed)?;
    walk.set_sorting(git2::Sort::TIME).map_err(failed)?;
    for id in refs.branches(repository)?.into_values() {
        walk.push(id).map_err(failed)?;
    }
    for id in walk {
        let id: Oid = id.map_err(failed)?;
        if expression.is_match(repository.find_commit(id).map_err(failed)?.message_bytes()) {
            return Ok(Some(object_id(id).into()));
        }
    }
    Ok(None)
}
