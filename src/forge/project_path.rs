//! The path of a project on its forge, read from a remote's address.

use crate::git::RemoteUrl;
use crate::model::{Failure, FailureKind};

/// The path of a project on its forge, e.g. `acme/service`; GitLab's may be deeper.
pub fn project_path(url: &RemoteUrl) -> Result<String, Failure> {
    let path = url.path_on_host().trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let parts: Vec<&str> = path.split('/').collect();
    let sound = |part: &&str| !part.is_empty() && **part != *"." && **part != *"..";
    if url.host().is_none() || parts.len() < 2 || !parts.iter().all(sound) {
        return Err(Failure::new(FailureKind::Config, format!("{url} does not name a project of a forge")).hint(
            "[repo].url must end in OWNER/NAME; for a repository without a forge write kind = \"local\" into [forge]",
        ));
    }
    Ok(parts.join("/"))
}

/// Owner and name, where a project has no more than these: the last two parts of the path.
pub fn owner_and_name(url: &RemoteUrl) -> Result<(String, String), Failure> {
    let path = project_path(url)?;
    let mut parts = path.rsplit('/').map(str::to_owned);
    let name = parts.next().unwrap_or_default();
    Ok((parts.next().unwrap_or_default(), name))
}

/// The same as one text: `owner/name`.
pub fn slug(url: &RemoteUrl) -> Result<String, Failure> {
    owner_and_name(url).map(|(owner, name)| format!("{owner}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn addresses_name_projects() {
        let path = |text: &str| project_path(&RemoteUrl::parse(text, Path::new("/")).unwrap()).ok();
        for text in [
            "git@github.com:acme/service.git",
            "https://github.com/acme/service",
            "https://token:x@github.com/acme/service.git/",
            "ssh://git@ghe.example:2222/acme/service.git",
        ] {
            assert_eq!(path(text).as_deref(), Some("acme/service"), "{text}");
        }
        assert_eq!(path("https://gitlab.example/a/b/c.git").as_deref(), Some("a/b/c"));
        for text in ["/srv/git/service.git", "https://github.com/service", "https://github.com/a/../b"] {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
