//! How a server is reached: through which proxy, and whose certificates are trusted.
//!
//! The rules are those of git's documentation (`http.proxy`, `http.sslCAInfo`, `http.<url>.*`) and, where git leaves it to curl,
//! curl's (`https_proxy`, `no_proxy`). Knows neither who asks nor how connections are made.

mod http_setting;
mod no_proxy;
mod proxy;

pub use http_setting::HttpSetting;
pub(crate) use proxy::Proxy;

use crate::model::{Failure, FailureKind, HttpUrl};
use std::path::PathBuf;

/// The way to one server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Route {
    /// The proxy in between; none when the server is reached directly.
    pub proxy: Option<Proxy>,
    /// Whose certificates are trusted.
    pub trust: Trust,
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Trust {
    /// Those of this machine (and of `SSL_CERT_FILE`).
    #[default]
    Machine,
    /// Those in this file, and no others.
    File {
        /// The file, PEM.
        path: PathBuf,
        /// Who named it, e.g. `http.sslCAInfo`.
        source: String,
    },
}

impl Trust {
    /// What helps where a server's certificate is not trusted.
    pub fn advice(&self, host: &str) -> String {
        match self {
            Self::Machine => format!(
                "install its CA's certificate on this machine, or name its file: `git config --global \
                 http.https://{host}/.sslCAInfo FILE`, or SSL_CERT_FILE=FILE"
            ),
            Self::File { path, source } => {
                format!("only the certificates in {} are trusted, as {source} says", path.display())
            }
        }
    }

    /// The certificates of the file; `None` for the machine's own.
    ///
    /// # Errors
    ///
    /// Kind `config` when the file cannot be read, or holds no certificate.
    pub fn certificates(&self) -> Result<Option<Vec<u8>>, Failure> {
        let Self::File { path, source } = self else { return Ok(None) };
        let wrong = |why: String| {
            Failure::new(FailureKind::Config, format!("{source} names no certificates that can be used: {why}"))
                .hint(format!("{} must be a readable PEM file with the CA's certificate", path.display()))
        };
        match std::fs::read(path) {
            Ok(pem) if pem.windows(MARK.len()).any(|part| part == MARK) => Ok(Some(pem)),
            Ok(_) => Err(wrong("there is none in the file".to_owned())),
            Err(error) => Err(wrong(error.to_string())),
        }
    }
}

/// What every certificate in a PEM file begins with.
const MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// The variables that name proxies, and the one that names certificates.
const VARIABLES: [&str; 8] =
    ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "GIT_SSL_CAINFO"];

/// The ways to all servers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Routes {
    variables: Vec<(&'static str, String)>,
    settings: Vec<HttpSetting>,
}

impl Routes {
    /// What the environment and git's settings say. Of settings that are given twice the last one holds.
    pub fn new(env: &dyn Fn(&str) -> Option<String>, settings: Vec<HttpSetting>) -> Self {
        let variables = VARIABLES.into_iter().filter_map(|name| Some((name, env(name)?)));
        Self { variables: variables.collect(), settings }
    }

    /// The way to the server of a URL.
    ///
    /// # Errors
    ///
    /// Kind `config` when the proxy that is named is none that can be used.
    pub fn to(&self, url: &HttpUrl) -> Result<Route, Failure> {
        Ok(Route { proxy: self.proxy(url)?, trust: self.trust(url) })
    }

    /// The headers that git sends to a server of its own accord (`http.extraHeader`); an empty one takes back those before it.
    pub fn extra_headers(&self, url: &HttpUrl) -> Vec<&str> {
        let mut headers = Vec::new();
        for value in http_setting::all(&self.settings, "extraheader", url) {
            if value.is_empty() { headers.clear() } else { headers.push(value) }
        }
        headers
    }

    fn variable(&self, names: &[&str]) -> Option<(&'static str, &str)> {
        let found = names.iter().find_map(|name| self.variables.iter().find(|(variable, _)| variable == name));
        found.map(|(name, value)| (*name, value.as_str()))
    }

    fn proxy(&self, url: &HttpUrl) -> Result<Option<Proxy>, Failure> {
        let own: &[&str] = match url.scheme() {
            "https" => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
            // Not `HTTP_PROXY`: a web server's programs get it from the client's request.
            _ => &["http_proxy", "all_proxy", "ALL_PROXY"],
        };
        let set = http_setting::best(&self.settings, "proxy", url);
        let (source, text) = match set {
            Some(setting) => (setting.shown(), setting.value.as_str()),
            None => match self.variable(own) {
                Some((name, value)) => (name.to_owned(), value),
                None => return Ok(None),
            },
        };
        // An empty one stands for no proxy, and is over those that are asked after it.
        let unwanted =
            self.variable(&["no_proxy", "NO_PROXY"]).is_some_and(|(_, list)| no_proxy::names(list, url.host_name()));
        if text.is_empty() || unwanted {
            return Ok(None);
        }
        Proxy::read(text, source).map(Some)
    }

    fn trust(&self, url: &HttpUrl) -> Trust {
        let file = |path: &str, source: String| Trust::File { path: path.into(), source };
        match (self.variable(&["GIT_SSL_CAINFO"]), http_setting::best(&self.settings, "sslcainfo", url)) {
            (Some((name, path)), _) if !path.is_empty() => file(path, name.to_owned()),
            (_, Some(setting)) if !setting.value.is_empty() => file(&setting.value, setting.shown()),
            _ => Trust::Machine,
        }
    }
}

#[cfg(test)]
mod tests;
