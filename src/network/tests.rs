//! Rules of proxies and certificates, against the documented behaviour of curl and git.

use super::*;

fn routes(variables: &'static [(&'static str, &'static str)], settings: &[(&str, &str)]) -> Routes {
    let env = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let setting = |(name, value): &(&str, &str)| {
        let rest = name.strip_prefix("http.").unwrap();
        let (url, key) = rest.rsplit_once('.').map_or((None, rest), |(url, key)| (Some(url.to_owned()), key));
        HttpSetting { url, key: key.to_owned(), value: (*value).to_owned() }
    };
    Routes::new(&env, settings.iter().map(setting).collect())
}

fn at(url: &str) -> HttpUrl {
    HttpUrl::parse(url).unwrap()
}

fn proxy(routes: &Routes, url: &str) -> Option<String> {
    routes.to(&at(url)).unwrap().proxy.map(|proxy| format!("{} from {}", proxy.shown(), proxy.source))
}

#[test]
fn passwords_of_proxies_are_kept_and_never_shown() {
    let routes = routes(&[("https_proxy", "http://me:s3cret@proxy.example:3128")], &[]);
    let proxy = routes.to(&at("https://github.com/a/b")).unwrap().proxy.unwrap();
    assert_eq!(proxy.url(), "http://me:s3cret@proxy.example:3128");
    assert_eq!(proxy.shown(), "http://proxy.example:3128");
    assert!(!format!("{proxy:?}").contains("s3cret"));
}

#[test]
fn what_is_no_http_proxy_is_an_error_that_names_who_named_it() {
    let failure = routes(&[("all_proxy", "socks5://p:9")], &[]).to(&at("https://h/")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Config);
    assert_eq!(
        failure.message,
        "all_proxy names a proxy that cannot be used: socks5://p:9 is neither an http nor an https proxy"
    );
    assert!(routes(&[("http_proxy", "http://:80")], &[]).to(&at("http://h/")).is_err());
}

#[test]
fn ports_and_schemes_are_filled_in_as_curl_does() {
    for (text, shown) in [
        ("proxy", "http://proxy:1080"),
        ("https://proxy/", "https://proxy:443"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("http://[::1]", "http://[::1]:1080"),
        ("http://proxy:80", "http://proxy:80"),
    ] {
        assert_eq!(Proxy::read(text, String::new()).unwrap().shown(), shown, "{text}");
    }
}

#[test]
fn the_best_fitting_setting_wins_and_the_last_of_equals() {
    let routes = routes(
        &[("https_proxy", "env:1")],
        &[
            ("http.proxy", "all:1"),
            ("http.proxy", "later:1"),
            ("http.https://*.example.com.proxy", "wild:1"),
            ("http.https://git.example.com.proxy", "host:1"),
            ("http.https://git.example.com/team.proxy", "path:1"),
            ("http.https://ada@git.example.com.proxy", "user:1"),
            ("http.https://git.example.com:8443.proxy", ""),
        ],
    );
    for (url, expected) in [
        ("https://elsewhere.org/x", Some("later")),
        ("http://git.example.com/x", Some("later")),
        ("https://www.example.com/x", Some("wild")),
        ("https://a.b.example.com/x", Some("later")),
        ("https://GIT.example.com:443/x", Some("host")),
        ("https://git.example.com/team/r.git", Some("path")),
        ("https://git.example.com/teams/r.git", Some("host")),
        ("https://ada:pw@git.example.com/x", Some("user")),
        ("https://ada@git.example.com/team/x", Some("path")),
        ("https://git.example.com:8443/x", None),
    ] {
        let expected = expected.map(|name| format!("http://{name}:1"));
        assert_eq!(routes.to(&at(url)).unwrap().proxy.map(|proxy| proxy.shown().to_owned()), expected, "{url}");
    }
    assert!(
        proxy(&routes, "https://www.example.com/").unwrap().ends_with("git's setting http.https://*.example.com.proxy")
    );
}

#[test]
fn certificates_are_named_by_the_environment_before_the_settings() {
    let settings = [("http.sslcainfo", "/all.pem"), ("http.https://git.example.com.sslcainfo", "/one.pem")];
    let trusted = |routes: &Routes, url: &str| match routes.to(&at(url)).unwrap().trust {
        Trust::Machine => String::new(),
        Trust::File { path, source } => format!("{} {source}", path.display()),
    };
    let set = routes(&[], &settings);
    assert_eq!(
        trusted(&set, "https://git.example.com/"),
        "/one.pem git's setting http.https://git.example.com.sslCAInfo"
    );
    assert_eq!(trusted(&set, "https://other/"), "/all.pem git's setting http.sslCAInfo");
    assert_eq!(
        trusted(&routes(&[("GIT_SSL_CAINFO", "/env.pem")], &settings), "https://other/"),
        "/env.pem GIT_SSL_CAINFO"
    );
    assert_eq!(trusted(&routes(&[], &[]), "https://other/"), "");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let file = Trust::File { path: path.clone(), source: "GIT_SSL_CAINFO".to_owned() };
    let failure = file.certificates().unwrap_err();
    assert!(failure.message.starts_with("GIT_SSL_CAINFO names no certificates that can be used: No such file"));
    std::fs::write(&path, "nothing").unwrap();
    assert!(file.certificates().unwrap_err().message.ends_with("there is none in the file"));
}
