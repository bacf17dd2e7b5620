//! A proxy: its address, who named it, and what of it may be shown.

use crate::model::{Failure, FailureKind, Secret, keep_secret};
use url::{Host, Position, Url};

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
        let wrong = |shown: &str, why: &str| {
            Failure::new(FailureKind::Config, format!("{source} names a proxy that cannot be used: {shown} {why}"))
                .hint("name an http:// or https:// proxy, or list the server in no_proxy")
        };
        // Under a scheme without a usual port the one that is written stays to be seen: `http://proxy:80` is not port 1080.
        let url =
            Url::parse(&format!("proxy://{rest}")).ok().filter(|url| url.host().is_some_and(|host| !is_empty(&host)));
        let Some(url) = url else { return Err(wrong(&format!("{scheme}://"), "has no host")) };
        let port = url.port().unwrap_or(if scheme == "https" { 443 } else { 1080 });
        let place = format!("{}:{port}", &url[Position::BeforeHost..Position::AfterHost]);
        let shown = format!("{scheme}://{place}");
        if !matches!(scheme.as_str(), "http" | "https") {
            return Err(wrong(&shown, "is neither an http nor an https proxy"));
        }
        url.password().iter().for_each(|password| keep_secret(password));
        let login = &url[Position::BeforeUsername..Position::BeforeHost];
        Ok(Self { url: Secret::new(format!("{scheme}://{login}{place}")), shown, source })
    }

    /// Its whole address, with user and password: for the connection, nothing else.
    pub fn url(&self) -> &str {
        self.url.expose()
    }

    /// What to do when the proxy refuses.
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

fn is_empty(host: &Host<&str>) -> bool {
    matches!(host, Host::Domain(""))
}
