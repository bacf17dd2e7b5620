//! A proxy: its address, who named it, and what of it may be shown.

use crate::model::{Failure, FailureKind, Secret};

/// A proxy between here and a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    url: Secret,
    shown: String,
    /// Who named it, e.g. `https_proxy`.
    pub source: String,
}

impl Proxy {
    /// Reads an address as curl does: `http` where no scheme is given, port 1080 where none is.
    pub(super) fn read(text: &str, source: String) -> Result<Self, Failure> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = scheme.to_ascii_lowercase();
        let rest = rest.split('/').next().unwrap_or_default();
        let (userinfo, place) = match rest.rsplit_once('@') {
            Some((userinfo, place)) => (format!("{userinfo}@"), place),
            None => (String::new(), rest),
        };
        let after_brackets = place.rsplit(']').next().unwrap_or(place);
        let place = match (after_brackets.contains(':'), scheme.as_str()) {
            (true, _) => place.to_owned(),
            (false, "https") => format!("{place}:443"),
            (false, _) => format!("{place}:1080"),
        };
        let shown = format!("{scheme}://{place}");
        let wrong = |why: &str| {
            Err(Failure::new(FailureKind::Config, format!("{source} names a proxy that cannot be used: {shown} {why}"))
                .hint("name an http:// or https:// proxy, or list the server in no_proxy"))
        };
        if !matches!(scheme.as_str(), "http" | "https") {
            return wrong("is neither an http nor an https proxy");
        }
        if place.starts_with(':') || place.contains(char::is_whitespace) {
            return wrong("has no host");
        }
        Ok(Self { url: Secret::new(format!("{scheme}://{userinfo}{place}")), shown, source })
    }

    /// Its whole address, with user and password: for the connection, nothing else.
    pub fn url(&self) -> &str {
        self.url.expose()
    }

    /// What helps where it does not let somebody by.
    pub fn advice(&self) -> String {
        format!(
            "is that the right proxy? {} names it; a login stands in its address (http://user:password@host:port), and no_proxy \
             lists servers that are reached directly",
            self.source
        )
    }

    /// Its address without user and password.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}
