//! As much of URLs as the client needs: what may be shown, what counts as the same place, where a redirect leads.

/// Headers that hold no secrets: they may follow a redirect to another host.
pub(super) const HARMLESS: [&str; 5] = ["accept", "accept-language", "content-type", "range", "user-agent"];

/// Scheme and the rest behind `://`.
fn split(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https").then_some((scheme, rest))
}

/// The URL without user, password, query and fragment.
pub fn shown(url: &str) -> String {
    let Some((scheme, rest)) = split(url) else {
        return if url.starts_with("<secret>") { url.to_owned() } else { "<no http URL>".to_owned() };
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// Scheme, host and port in one spelling; equal for URLs that lead to the same server.
pub(super) fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = split(url)?;
    let scheme = scheme.to_ascii_lowercase();
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.to_ascii_lowercase();
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let port = if has_port {
        ""
    } else if scheme == "https" {
        ":443"
    } else {
        ":80"
    };
    Some(format!("{scheme}://{host}{port}"))
}

/// The host, with the port when it has one.
pub(super) fn host(url: &str) -> &str {
    let authority = split(url).and_then(|(_, rest)| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

/// Is the server this machine itself?
pub(super) fn is_loopback(url: &str) -> bool {
    let Some(origin) = origin(url) else { return false };
    let host = origin.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

/// Where `location` leads from `base` (RFC 3986, without `..`, which servers do not send); `None` when that is not HTTP.
pub(super) fn join(base: &str, location: &str) -> Option<String> {
    let (scheme, rest) = split(base)?;
    let location = location.split('#').next().unwrap_or_default();
    if split(location).is_some() {
        return Some(location.to_owned());
    }
    let path_starts = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(path_starts);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match location {
        "" => None,
        _ if location.starts_with("//") => Some(format!("{scheme}:{location}")),
        _ if location.starts_with('/') => Some(format!("{scheme}://{authority}{location}")),
        _ if location.starts_with('?') => Some(format!("{scheme}://{authority}{path}{location}")),
        _ if location.split(['/', '?']).next().is_some_and(|part| part.contains(':')) => None,
        _ => {
            let folder = path.rfind('/').map_or("/", |slash| &path[..=slash]);
            Some(format!("{scheme}://{authority}{folder}{location}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_holds_no_secrets() {
        assert_eq!(shown("https://user:pass@x.example:8080/a/b?token=t#f"), "https://x.example:8080/a/b");
        assert_eq!(shown("http://x.example?token=t"), "http://x.example");
        assert_eq!(shown("hunter2"), "<no http URL>");
    }

    #[test]
    fn origins_are_compared_in_one_spelling() {
        assert_eq!(origin("HTTPS://X.example/a"), origin("https://u@x.example:443"));
        assert_ne!(origin("https://x.example"), origin("http://x.example"));
        assert_ne!(origin("https://x.example"), origin("https://x.example:8443"));
        assert_eq!(origin("ftp://x"), None);
        assert!(
            is_loopback("http://127.0.0.1:80/") && is_loopback("http://[::1]:1/") && !is_loopback("http://x.example")
        );
    }

    #[test]
    fn redirects_lead_where_rfc_3986_says() {
        let base = "https://x.example/a/b?c";
        for (location, target) in [
            ("http://y.example/z", Some("http://y.example/z")),
            ("//y.example/z", Some("https://y.example/z")),
            ("/z?q#f", Some("https://x.example/z?q")),
            ("z", Some("https://x.example/a/z")),
            ("?q", Some("https://x.example/a/b?q")),
            ("", None),
            ("ftp://y.example", None),
            ("javascript:x", None),
        ] {
            assert_eq!(join(base, location).as_deref(), target, "{location}");
        }
    }
}
