//! The addresses of a project's own pages on its forge, for people to follow.

use super::Hosted;
use crate::git::RemoteUrl;
use crate::model::{CommitId, Failure, HttpUrl};

/// Where a project has its pages, and how its forge names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectPages {
    /// The project's own page, without a slash at its end.
    project: String,
    /// The whole path of the project.
    path: String,
    forge: PageNames,
}

/// How the pages below a project's own are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageNames {
    /// What stands before the number of a change, e.g. `/pull/`.
    pub change: &'static str,
    /// What stands before two commits that are compared.
    pub compare: &'static str,
}

impl ProjectPages {
    /// The pages of the project that a remote is, on the forge whose API is at `api`.
    ///
    /// # Errors
    ///
    /// Kind `config` where the remote is no project of a forge.
    pub fn of(hosted: Hosted, api: &str, url: &RemoteUrl) -> Result<Self, Failure> {
        let path = (hosted.project)(url, api)?;
        Ok(Self { project: format!("{}/{path}", site(hosted, api)), path, forge: hosted.pages })
    }

    /// The page of a change.
    pub fn change(&self, number: u64) -> String {
        format!("{}{}{number}", self.project, self.forge.change)
    }

    /// The page that shows what lies between two commits.
    pub fn compare(&self, from: CommitId, to: CommitId) -> String {
        format!("{}{}{from}...{to}", self.project, self.forge.compare)
    }

    /// Who owns the project.
    pub fn owner(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(owner, _)| owner)
    }
}

/// The site that an API belongs to, without what the address tells of the login.
fn site(hosted: Hosted, api: &str) -> String {
    // GitHub's own API has a host of its own.
    if api.trim_end_matches('/') == "https://api.github.com" {
        return "https://github.com".to_owned();
    }
    let Some(url) = HttpUrl::parse(api) else { return api.to_owned() };
    let path = url.path().trim_matches('/');
    let folder = path.strip_suffix(hosted.api_path).unwrap_or(path).trim_matches('/');
    let (scheme, gap) = (if url.is_https() { "https" } else { "http" }, if folder.is_empty() { "" } else { "/" });
    format!("{scheme}://{}{gap}{folder}", url.host())
}

#[cfg(test)]
mod tests {
    use super::super::{FORGEJO, GITHUB, GITLAB};
    use super::*;
    use crate::model::ObjectId;
    use std::path::Path;

    #[test]
    fn each_forge_names_its_pages() {
        let pages = |hosted, api: &str, url: &str| {
            ProjectPages::of(hosted, api, &RemoteUrl::parse(url, Path::new("/")).unwrap()).unwrap()
        };
        let github = pages(GITHUB, "https://api.github.com", "git@github.com:acme/service.git");
        assert_eq!(github.change(12), "https://github.com/acme/service/pull/12");
        assert_eq!(github.owner(), "acme");
        let id = CommitId::from(ObjectId::ZERO);
        assert_eq!(github.compare(id, id), format!("https://github.com/acme/service/compare/{id}...{id}"));
        let enterprise =
            pages(GITHUB, "https://u:s3cret@ghe.example:8443/api/v3/", "https://ghe.example:8443/acme/service");
        assert_eq!(enterprise.change(12), "https://ghe.example:8443/acme/service/pull/12");
        let gitlab = pages(GITLAB, "https://git.example/lab/api/v4", "https://git.example/lab/acme/x/service.git");
        assert_eq!(gitlab.change(12), "https://git.example/lab/acme/x/service/-/merge_requests/12");
        assert_eq!(gitlab.owner(), "acme/x");
        assert!(gitlab.compare(id, id).starts_with("https://git.example/lab/acme/x/service/-/compare/0000"));
        let forgejo = pages(FORGEJO, "https://codeberg.org/api/v1", "ssh://git@codeberg.org/acme/service");
        assert_eq!(forgejo.change(12), "https://codeberg.org/acme/service/pulls/12");
    }
}
