//! The remote's references as this process sees them: those of the cache, or a snapshot held in memory.

use super::GitError;
use git2::{ErrorCode, Oid, References, Repository};
use std::collections::BTreeMap;

/// Branches and tags of a remote, by full name; a tag may hold a tag object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) refs: BTreeMap<String, Oid>,
    /// What the remote's `HEAD` points to, e.g. `refs/heads/master`.
    pub(super) head: Option<String>,
}

/// Where references are looked up.
pub(super) enum Refs<'a> {
    /// In the repository itself.
    Stored,
    /// In what the remote said, while the repository's own references stay as they were.
    Seen(&'a Snapshot),
}

impl Refs<'_> {
    /// A reference by its full name.
    pub(super) fn get(&self, repository: &Repository, full: &str) -> Result<Option<Oid>, GitError> {
        match self {
            Self::Seen(snapshot) => Ok(snapshot.refs.get(full).copied()),
            Self::Stored => match repository.find_reference(full).and_then(|reference| reference.resolve()) {
                Ok(reference) => Ok(reference.target()),
                Err(e) if matches!(e.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => Ok(None),
                Err(e) => Err(GitError::local(format!("{full} cannot be read"), &e)),
            },
        }
    }

    /// What `HEAD` names; `None` where it names a commit, or nothing.
    pub(super) fn head(&self, repository: &Repository) -> Result<Option<String>, GitError> {
        match self {
            Self::Seen(snapshot) => Ok(snapshot.head.clone()),
            Self::Stored => match repository.find_reference("HEAD") {
                Ok(head) => Ok(head.symbolic_target().ok().flatten().map(str::to_owned)),
                Err(e) if e.code() == ErrorCode::NotFound => Ok(None),
                Err(e) => Err(GitError::local("HEAD cannot be read", &e)),
            },
        }
    }

    /// What a name means: a branch, then a tag, then a full reference name, then `HEAD`; where people work, also a branch of a
    /// remote as it was last fetched (`origin/master`).
    pub(super) fn named(&self, repository: &Repository, name: &str) -> Result<Option<Oid>, GitError> {
        for full in [format!("refs/heads/{name}"), format!("refs/tags/{name}")] {
            if let Some(id) = self.get(repository, &full)? {
                return Ok(Some(id));
            }
        }
        if name == "HEAD" || name == "@" {
            return match self {
                Self::Stored => self.get(repository, "HEAD"),
                Self::Seen(snapshot) => Ok(snapshot.head.as_ref().and_then(|head| snapshot.refs.get(head)).copied()),
            };
        }
        let full = name.strip_prefix("heads/").map(|rest| format!("refs/heads/{rest}"));
        let full = full.or_else(|| name.strip_prefix("tags/").map(|rest| format!("refs/tags/{rest}")));
        match full.as_deref().or_else(|| name.starts_with("refs/").then_some(name)) {
            Some(full) => self.get(repository, full),
            None if name.contains('/') => self.get(repository, &format!("refs/remotes/{name}")),
            None => Ok(None),
        }
    }

    /// All branches, by short name.
    pub(super) fn branches(&self, repository: &Repository) -> Result<BTreeMap<String, Oid>, GitError> {
        let all = match self {
            Self::Seen(snapshot) => &snapshot.refs,
            Self::Stored => &stored(repository)?,
        };
        Ok(all.iter().filter_map(|(name, id)| Some((name.strip_prefix("refs/heads/")?.to_owned(), *id))).collect())
    }

    /// All full names.
    pub(super) fn names(&self, repository: &Repository) -> Result<Vec<String>, GitError> {
        match self {
            Self::Seen(snapshot) => Ok(snapshot.refs.keys().cloned().collect()),
            Self::Stored => Ok(stored(repository)?.into_keys().collect()),
        }
    }
}

/// Branches and tags that the repository holds.
pub(super) fn stored(repository: &Repository) -> Result<BTreeMap<String, Oid>, GitError> {
    let failed = |e: git2::Error| GitError::local("the references cannot be read", &e);
    let mut refs = BTreeMap::new();
    for glob in ["refs/heads/*", "refs/tags/*"] {
        refs.append(&mut targets(repository.references_glob(glob).map_err(failed)?).map_err(failed)?);
    }
    Ok(refs)
}

/// What references lead to. Symbolic ones are followed; omitted are those that lead nowhere, and those whose names are not
/// UTF-8 and so cannot be asked for.
pub(super) fn targets(references: References<'_>) -> Result<BTreeMap<String, Oid>, git2::Error> {
    let mut refs = BTreeMap::new();
    for reference in references {
        let reference = reference?;
        let Ok(name) = reference.name() else { continue };
        let id = reference.target().or_else(|| reference.resolve().ok().and_then(|resolved| resolved.target()));
        refs.extend(id.map(|id| (name.to_owned(), id)));
    }
    Ok(refs)
}
