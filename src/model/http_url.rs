//! An address on an HTTP server, read by one set of rules (the WHATWG's, by the crate `url`) wherever one is compared, shown or
//! sent.
//!
//! git's addresses (`host:path`, `ssh://`, paths) are none of these; `git/url.rs` reads them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt;
use url::{Host, Position, Url};

/// A URL whose scheme is `http` or `https`. Shown without user, password, query and fragment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpUrl(Url);

impl HttpUrl {
    /// Reads a whole URL; `None` for what is none, or has another scheme.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        // Browsers forgive both, and curl and git read something else then.
        let strict = !rest.starts_with(['/', '\\']) && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        let http = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        (strict && http).then(|| Url::parse(text).ok())?.map(Self)
    }

    /// The whole URL with everything that is secret in it: for the connection, nothing else.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// Is it encrypted on its way?
    pub fn is_https(&self) -> bool {
        self.scheme() == "https"
    }

    /// The host, with the port when it is not the usual one.
    pub fn host(&self) -> &str {
        &self.0[Position::BeforeHost..Position::AfterPort]
    }

    /// The host's name or address alone, without brackets, port or a dot at its end.
    pub fn host_name(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches([']', '.'])
    }

    /// The port, the usual one where none is named.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// The user, as written.
    pub fn user(&self) -> Option<&str> {
        Some(self.0.username()).filter(|user| !user.is_empty() || self.0.password().is_some())
    }

    /// The password, as written.
    pub fn password(&self) -> Option<&str> {
        self.0.password()
    }

    /// The path, with the slash that it begins with.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// Does it lead to the same server?
    pub fn same_origin(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }

    /// Is the server this machine itself?
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name.trim_end_matches('.') == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// Where `location` leads from here; `None` where that is nowhere, or not HTTP.
    pub fn join(&self, location: &str) -> Option<Self> {
        if location.is_empty() {
            return None;
        }
        let mut target = self.0.join(location).ok()?;
        target.set_fragment(None);
        Self::parse(target.as_str())
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path() == "/" { "" } else { self.path() };
        write!(f, "{}://{}{path}", self.scheme(), self.host())
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpUrl({self})")
    }
}

/// RFC 3986: unreserved characters stay.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path's segment or a query's value, percent-encoded.
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> HttpUrl {
        HttpUrl::parse(text).unwrap()
    }

    #[test]
    fn what_is_shown_holds_no_secrets() {
        for (text, shown) in [
            ("https://user:pass@x.example:8080/a/b?token=t#f", "https://x.example:8080/a/b"),
            ("http://x.example?token=t", "http://x.example"),
            ("HTTPS://X.example:443/%2Fa", "https://x.example/%2Fa"),
        ] {
            assert_eq!(url(text).to_string(), shown);
            assert_eq!(format!("{:?}", url(text)), format!("HttpUrl({shown})"));
        }
    }

    #[test]
    fn only_http_urls_are_read() {
        for text in
            ["hunter2", "ftp://x/y", "https://", "https:///x", "http:/x", "https:\\\\x", " https://x", "http://a b"]
        {
            assert_eq!(HttpUrl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn servers_are_compared_in_one_spelling() {
        assert!(url("HTTPS://X.example/a").same_origin(&url("https://u@x.example:443")));
        assert!(!url("https://x.example").same_origin(&url("http://x.example")));
        assert!(!url("https://x.example").same_origin(&url("https://x.example:8443")));
        assert_eq!(url("https://u:p@X.example:8443/").host(), "x.example:8443");
        assert_eq!((url("http://[::1]:81/").host_name(), url("http://[::1]:81/").host()), ("::1", "[::1]:81"));
    }

    #[test]
    fn this_machine_is_known_by_all_its_names() {
        for own in ["http://127.0.0.1:80/", "http://127.8.9.1", "http://[::1]:1/", "http://localhost.:3000/x"] {
            assert!(url(own).is_loopback(), "{own}");
        }
        for other in ["http://x.example", "http://127.evil.example", "http://localhost.example", "http://128.0.0.1"] {
            assert!(!url(other).is_loopback(), "{other}");
        }
    }

    #[test]
    fn redirects_lead_where_rfc_3986_says() {
        for (location, target) in [
            ("http://y.example/z", Some("http://y.example/z")),
            ("//y.example/z", Some("https://y.example/z")),
            ("/z?q#f", Some("https://x.example/z?q")),
            ("z", Some("https://x.example/a/z")),
            ("../z", Some("https://x.example/z")),
            ("?q", Some("https://x.example/a/b?q")),
            ("", None),
            ("ftp://y.example", None),
            ("javascript:x", None),
        ] {
            let found = url("https://x.example/a/b?c").join(location);
            assert_eq!(found.as_ref().map(HttpUrl::expose), target, "{location}");
        }
    }

    #[test]
    fn segments_are_encoded() {
        assert_eq!(percent_encoded("relwf/promote/r1"), "relwf%2Fpromote%2Fr1");
        assert_eq!(percent_encoded("ü a~b"), "%C3%BC%20a~b");
    }
}
