//! From what people type to a commit: branch, tag, full or short id, with git's suffixes (`~3`, `^2`, `^{commit}`).

use super::GitError;
use super::commits::object_id;
use super::refs::Refs;
use crate::model::{CommitId, FailureKind};
use git2::{ErrorCode, ObjectType, Oid, Repository};

/// The commit that `rev` names. Branches come first, then tags, then ids.
pub(super) fn resolve(repository: &Repository, refs: &Refs<'_>, rev: &str) -> Result<CommitId, GitError> {
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
