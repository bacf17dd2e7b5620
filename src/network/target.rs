//! A URL in the parts that settings and exceptions are compared with.

/// A server's URL, or the pattern of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// `http` or `https`.
    pub(super) scheme: String,
    pub(super) user: Option<String>,
    /// In lower case, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Without slashes at its end.
    pub(super) path: String,
}

impl Target {
    /// `None` for what is no HTTP URL.
    pub(super) fn read(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let usual = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (userinfo, place) = match authority.rsplit_once('@') {
            Some((userinfo, place)) => (Some(userinfo), place),
            None => (None, authority),
        };
        let user = userinfo.map(|info| info.split(':').next().unwrap_or(info).to_owned());
        let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            None | Some("") => usual,
            Some(port) => port.parse().ok()?,
        };
        let path = path.trim_end_matches('/').to_owned();
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        (!host.is_empty()).then_some(Self { scheme, user, host, port, path })
    }
}
