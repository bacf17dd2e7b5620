//! Logins that git sends to an http server because they are written down: `http.extraHeader` (git-config(1)), as CI services set it,
//! and `~/.netrc` (`man curl`, `--netrc`).

use super::credentials::{Credential, credential};
use super::git_config::BorrowedEnv;
use super::url::RemoteUrl;
use crate::network::Routes;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::path::Path;

/// Those for this address, the first first.
pub fn http_logins(env: BorrowedEnv<'_>, routes: &Routes, url: &RemoteUrl) -> Vec<Credential> {
    let (Some(http), Some(host)) = (url.http(), url.host()) else { return Vec::new() };
    let credential = |(user, secret): (String, String), source: &str| credential(host, &user, secret, source);
    let headers = routes.extra_headers(http);
    let mut found: Vec<Credential> =
        headers.iter().filter_map(|header| Some(credential(basic_login(header)?, "http.extraHeader"))).collect();
    let file = env("HOME").map(|home| Path::new(&home).join(".netrc"));
    let netrc = file.and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
    let wanted = url.userinfo().0;
    found.extend(netrc_login(&netrc, http.host_name(), wanted.as_deref()).map(|login| credential(login, "~/.netrc")));
    found
}

/// User and password of `Authorization: Basic …` (RFC 7617).
fn basic_login(header: &str) -> Option<(String, String)> {
    let (name, value) = header.split_once(':')?;
    let (scheme, encoded) = value.trim().split_once(' ')?;
    if !name.trim().eq_ignore_ascii_case("authorization") || !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, secret) = text.split_once(':')?;
    Some((user.to_owned(), secret.to_owned()))
}

/// The first entry for a host, or for all, whose login is the wanted one.
fn netrc_login(text: &str, host: &str, wanted: Option<&str>) -> Option<(String, String)> {
    let mut words = without_macros(text).into_iter();
    let (mut is_ours, mut user, mut secret) = (false, None, None);
    let whole = |is_ours: bool, user: &Option<String>, secret: &Option<String>| {
        let login = user.clone().zip(secret.clone())?;
        (is_ours && wanted.is_none_or(|wanted| wanted == login.0)).then_some(login)
    };
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" | "default" => {
                if let Some(login) = whole(is_ours, &user, &secret) {
                    return Some(login);
                }
                is_ours = word == "default" || words.next().is_some_and(|name| name.eq_ignore_ascii_case(host));
                (user, secret) = (None, None);
            }
            "login" => user = words.next(),
            "password" => secret = words.next(),
            "account" => drop(words.next()),
            _ => {}
        }
    }
    whole(is_ours, &user, &secret)
}

/// The words, those in quotes whole; a macro ends with an empty line.
fn without_macros(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut in_macro = false;
    for line in text.lines() {
        if in_macro || line.trim_start().starts_with("macdef") {
            in_macro = !line.trim().is_empty();
            continue;
        }
        let mut rest = line.trim_start();
        if rest.starts_with('#') {
            continue;
        }
        while !rest.is_empty() {
            let (word, after) = match rest.strip_prefix('"').and_then(|inside| inside.split_once('"')) {
                Some((word, after)) => (word, after),
                None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
            };
            words.push(word.to_owned());
            rest = after.trim_start();
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_read_from_a_header() {
        let read = |header: &str| basic_login(header).map(|(user, secret)| format!("{user} {secret}"));
        assert_eq!(read("AUTHORIZATION: basic Ym90OnMzOmNyZXQ="), Some("bot s3:cret".to_owned()));
        for other in ["Authorization: Bearer x", "X-Other: Basic Ym90OnMz", "Authorization", "Authorization: Basic !"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn a_login_is_found_in_a_netrc_file() {
        let text = "machine a.example login one password 1\nmachine\tb.example\n  login two\n  account x\n  password \"2 2\"\n\
                    macdef init\nmachine c.example login no password no\n\n# machine c.example login no\n\
                    machine B.example login three password 3 default login any password #4\n";
        let find =
            |host: &str, wanted| netrc_login(text, host, wanted).map(|(user, secret)| format!("{user} {secret}"));
        assert_eq!(find("a.example", None), Some("one 1".to_owned()));
        assert_eq!(find("b.example", None), Some("two 2 2".to_owned()));
        assert_eq!(find("b.example", Some("three")), Some("three 3".to_owned()));
        assert_eq!(find("c.example", None), Some("any #4".to_owned()));
        assert_eq!(find("a.example", Some("else")), None);
        assert_eq!(netrc_login("machine a.example login", "a.example", None), None);
    }
}
