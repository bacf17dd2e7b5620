//! A link to what lies between two versions of a component, on its repository's pages.

use super::{Component, Version};

/// Hosts that are known to have such pages.
const HOSTS: [&str; 3] = ["github.com", "gitlab.com", "codeberg.org"];

/// Where a component's repository has its pages: as configured, else as its source or name tells.
pub fn pages(component: &Component, version: Option<&Version>) -> Option<String> {
    if let Some(pages) = &component.repo {
        return Some(pages.trim_end_matches('/').to_owned());
    }
    let source = version.and_then(|version| version.source.as_deref());
    source.into_iter().chain(component.detect.detector().repository()).find_map(repository)
}

/// The page that compares both, of a repository that has its pages here.
pub fn compare_link(pages: &str, from: &Version, to: &Version) -> Option<String> {
    let (from, to) = revisions(from, to)?;
    let pages = pages.trim_end_matches(".git");
    // Only GitLab keeps its own pages apart from a project's: <https://docs.gitlab.com/user/project/repository/compare_revisions/>.
    let gitlab = pages.split('/').nth(2).is_some_and(|host| host.contains("gitlab"));
    Some(format!("{pages}{}/compare/{from}...{to}", if gitlab { "/-" } else { "" }))
}

/// What git calls both, where that is known: revisions, or tags that are named as the version.
fn revisions(from: &Version, to: &Version) -> Option<(String, String)> {
    let both = |part: fn(&Version) -> Option<String>| part(from).zip(part(to)).filter(|(from, to)| from != to);
    both(|version| {
        version.revision.clone().filter(|revision| revision.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    })
    .or_else(|| both(|version| version.version.as_deref().and_then(tag)))
}

/// What git may call a version, the likeliest first: its revision alone where it is known, else tags as people name them.
pub fn git_names(component: &str, version: &Version) -> Vec<String> {
    if let Some(revision) = &version.revision {
        return if is_name(revision) { vec![revision.clone()] } else { Vec::new() };
    }
    let Some(version) = version.version.as_deref().filter(|version| is_name(version)) else { return Vec::new() };
    let version = version.strip_suffix("+incompatible").unwrap_or(version);
    if let Some(commit) = tag(version).filter(|tag| tag != version) {
        return vec![commit];
    }
    let number = version.strip_prefix('v').unwrap_or(version);
    let prefixes =
        [version.strip_suffix(number).unwrap_or(""), "v", "", &format!("{component}-"), &format!("{component}@")];
    let mut names: Vec<String> = Vec::new();
    for name in prefixes.map(|prefix| format!("refs/tags/{prefix}{number}")) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// One name, which git does not read as anything else.
fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    starts && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte)) && !text.contains("..")
}

/// The tag `v1.2.3`, or the commit of a Go pseudo-version: <https://go.dev/ref/mod#pseudo-versions>.
fn tag(version: &str) -> Option<String> {
    let version = version.strip_suffix("+incompatible").unwrap_or(version);
    let plain = version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    let tagged = version.strip_prefix('v').is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()));
    if !plain || !tagged {
        return None;
    }
    let mut parts = version.rsplit('-');
    let (commit, time) = (parts.next()?, parts.next().and_then(|part| part.rsplit('.').next()));
    let pseudo = commit.len() == 12
        && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
        && time.is_some_and(|time| time.len() == 14 && time.bytes().all(|byte| byte.is_ascii_digit()));
    Some(if pseudo { commit.to_owned() } else { version.to_owned() })
}

/// The pages of a repository that a name or an address tells: `github.com/acme/ppc/v2`, `git@github.com:acme/ppc.git`.
fn repository(name: &str) -> Option<String> {
    let name = name.rsplit_once("://").map_or(name, |(_, rest)| rest);
    let name = name.split_once('@').map_or(name, |(_, rest)| rest).replacen(':', "/", 1);
    let mut parts = name.split(['/', '?', '#']);
    let (host, owner, project) = (parts.next()?, parts.next()?, parts.next()?);
    let project = project.strip_suffix(".git").unwrap_or(project);
    let named = HOSTS.contains(&host) && !owner.is_empty() && !project.is_empty();
    named.then(|| format!("https://{host}/{owner}/{project}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(pages: Option<&str>, name: &str, from: Version, to: Version) -> Option<String> {
        compare_link(&pages.map(str::to_owned).or_else(|| repository(name))?, &from, &to)
    }

    #[test]
    fn the_link_names_what_git_knows() {
        let tagged = Version::published;
        let at = |revision: &str| Version { revision: Some(revision.to_owned()), ..Version::published("v1.0.0") };
        for (name, page) in [
            ("github.com/acme/ppc/v2", "https://github.com/acme/ppc/compare"),
            ("git@github.com:acme/ppc.git", "https://github.com/acme/ppc/compare"),
            ("git+ssh://git@codeberg.org/acme/ppc.git?branch=x", "https://codeberg.org/acme/ppc/compare"),
            ("https://gitlab.com/acme/ppc", "https://gitlab.com/acme/ppc/-/compare"),
        ] {
            let expected = Some(format!("{page}/v1.0.0...v1.1.0"));
            assert_eq!(link(None, name, tagged("v1.0.0"), tagged("v1.1.0")), expected, "{name}");
            assert_eq!(link(None, name, at("aa"), at("bb")), Some(format!("{page}/aa...bb")), "{name}");
        }
        assert_eq!(
            link(None, "github.com/a/b", tagged("v0.0.0-20200101000000-abcdefabcdef"), tagged("v2.0.0+incompatible")),
            Some("https://github.com/a/b/compare/abcdefabcdef...v2.0.0".to_owned())
        );
        let own = Some("https://git.example/acme/ppc.git");
        assert_eq!(link(own, "", at("aa"), at("bb")), Some("https://git.example/acme/ppc/compare/aa...bb".to_owned()));
    }

    #[test]
    fn without_certainty_there_is_no_link() {
        let tagged = Version::published;
        for (name, from, to) in [
            ("ppc", tagged("v1"), tagged("v2")),
            ("example.com/acme/ppc", tagged("v1"), tagged("v2")),
            ("github.com/acme", tagged("v1"), tagged("v2")),
            ("github.com/acme/ppc", tagged("1.0"), tagged("1.1")),
            ("github.com/acme/ppc", tagged("v1"), tagged("v1")),
            ("github.com/acme/ppc", tagged("v1, v2"), tagged("v3")),
            ("github.com/acme/ppc", tagged("v1"), Version { floating: true, ..Version::default() }),
        ] {
            assert_eq!(link(None, name, from.clone(), to.clone()), None, "{name} {from:?} {to:?}");
        }
    }
}
