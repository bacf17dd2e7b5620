//! git's `http.*` settings, for all servers or for some: `http.<url>.*` (git-config(1)).

use crate::model::HttpUrl;
use std::cmp::Reverse;

/// One setting below `http`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSetting {
    /// The URLs that it is for; `None` for all.
    pub url: Option<String>,
    /// Its name in lower case, e.g. `proxy`.
    pub key: String,
    /// Its value; paths are whole.
    pub value: String,
}

impl HttpSetting {
    /// `git's setting http.proxy`.
    pub(super) fn shown(&self) -> String {
        let url = self.url.as_ref().map(|url| format!(".{url}")).unwrap_or_default();
        let key = if self.key == "sslcainfo" { "sslCAInfo" } else { &self.key };
        format!("git's setting http{url}.{key}")
    }
}

/// How well a setting fits: by host before path before user; a wildcard fits worse than the name itself.
type Fit = (usize, Reverse<usize>, usize, bool);

/// The setting of that name which fits the server best; of equals the last.
pub(super) fn best<'s>(settings: &'s [HttpSetting], key: &str, target: &HttpUrl) -> Option<&'s HttpSetting> {
    let named = settings.iter().filter(|setting| setting.key == key);
    named.filter_map(|setting| Some((fit(setting, target)?, setting))).max_by_key(|(fit, _)| *fit).map(|(_, s)| s)
}

/// The values of that name which fit the server, in the order in which they were set.
pub(super) fn all<'s>(settings: &'s [HttpSetting], key: &str, target: &HttpUrl) -> impl Iterator<Item = &'s str> {
    let fitting = settings.iter().filter(move |setting| setting.key == key && fit(setting, target).is_some());
    fitting.map(|setting| setting.value.as_str())
}

fn fit(setting: &HttpSetting, target: &HttpUrl) -> Option<Fit> {
    let Some(url) = &setting.url else { return Some((0, Reverse(0), 0, false)) };
    let pattern = HttpUrl::parse(url)?;
    let wildcards = host(pattern.host_name(), target.host_name())?;
    let user = match pattern.user() {
        Some(user) => (target.user() == Some(user)).then_some(true)?,
        None => false,
    };
    let path = pattern.path().trim_end_matches('/');
    let within = target.path().strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let same = pattern.scheme() == target.scheme() && pattern.port() == target.port() && within;
    same.then_some((1, Reverse(wildcards), path.len(), user))
}

/// Label by label; `*` stands for one. Says how many stood for others.
fn host(pattern: &str, host: &str) -> Option<usize> {
    if pattern.split('.').count() != host.split('.').count() {
        return None;
    }
    let labels = pattern.split('.').zip(host.split('.'));
    labels.map(|(pattern, label)| if pattern == "*" { Some(1) } else { (pattern == label).then_some(0) }).sum()
}
