//! https with a private CA, and proxies, as git has them: what is refused says what to do, what is set up works, and no login
//! goes to another host.

use crate::support::bench::git;
use crate::support::cli::{Machine, Said, said};
use crate::support::git::in_own_process;
use crate::support::https::{Authority, Proxy, Tunnel};
use crate::support::servers::{self, Server};
use relwf::http::{Client, Request, Response};
use relwf::model::{Cancel, Failure, FailureKind, HttpUrl, WriteError};
use relwf::network::{HttpSetting, Routes};
use std::path::{Path, PathBuf};

/// The sample service, its remote behind an https server of an unknown CA.
struct Place {
    machine: Machine,
    service: PathBuf,
    authority: Authority,
    server: Server,
}

impl Place {
    fn new() -> Self {
        let machine = Machine::new();
        let service = machine.service();
        let authority = Authority::new(&machine.path("ca"));
        let root = machine.path("demo");
        git(&root.join("remote.git"), &["config", "http.receivepack", "true"]);
        let server = authority.serve(&root, "https://localhost:9");
        Self { machine, service, authority, server }
    }

    fn address(&self) -> String {
        format!("https://127.0.0.1:{}", self.server.port)
    }

    /// relwf with the remote at this path, these variables, and these lines in the person's .gitconfig.
    fn relwf(&self, path: &str, variables: &[(&str, &str)], config: &str, args: &[&str]) -> Said {
        let file = self.service.join("relwf.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.lines().map(|line| match line.starts_with("url = \"") && !line.contains("orders.example") {
            true => format!("url = \"{}/{path}/remote.git\"\n", self.address()),
            false => format!("{line}\n"),
        });
        std::fs::write(&file, text.collect::<String>()).unwrap();
        let global = self.machine.home().join(".gitconfig");
        std::fs::write(&global, config).unwrap();
        let mut command = self.machine.relwf(&self.service, args);
        command.env("GIT_CONFIG_GLOBAL", &global).envs(variables.iter().copied());
        said(&self.machine, command)
    }
}

/// The lines of .gitconfig that trust this file.
fn trusting(file: &Path) -> String {
    format!("[http]\n\tsslCAInfo = {}\n", file.display())
}

/// Every part stands in what was said.
#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[test]
fn a_server_of_an_unknown_ca_is_refused_and_the_error_says_what_to_do() {
    let place = Place::new();
    let host = place.address().replace("https://", "");
    let refused = place.relwf("open", &[], "", &["preview", "master", "staging"]);
    says(
        &refused.exits(1).stderr,
        &[
            &format!("the certificate of {host} is not trusted"),
            "caused by: the SSL certificate is invalid",
            &format!("git config --global http.https://{host}/.sslCAInfo FILE"),
            "SSL_CERT_FILE=FILE",
        ],
    );
    // A CA that is trusted for other servers is not trusted here.
    let other = trusting(&place.authority.file()).replace("[http]", "[http \"https://other.example\"]");
    place.relwf("open", &[], &other, &["preview", "master", "staging"]).exits(1);
    let another = Authority::new(&place.machine.path("another"));
    let refused = place.relwf("open", &[], &trusting(&another.file()), &["preview", "master", "staging"]);
    says(
        &refused.exits(1).stderr,
        &["is not trusted", "only the certificates in", "git's setting http.sslCAInfo says"],
    );
}

#[test]
fn the_ca_is_named_by_the_environment_or_by_gits_settings() {
    let place = Place::new();
    let file = place.authority.file();
    let ca = file.to_str().unwrap();
    let own = trusting(&file).replace("[http]", &format!("[http {:?}]", format!("{}/open", place.address())));
    let below_home = place.machine.home().join("ca.pem");
    std::fs::copy(&file, &below_home).unwrap();
    for (variables, config) in [
        (vec![("SSL_CERT_FILE", ca)], String::new()),
        (vec![("GIT_SSL_CAINFO", ca)], "[http]\nsslCAInfo = /no/file\n".to_owned()),
        (vec![], trusting(&file)),
        (vec![], trusting(Path::new("~/ca.pem"))),
        (vec![], format!("{}{own}", trusting(Path::new("/no/file")))),
        (
            vec![("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "http.sslCAInfo"), ("GIT_CONFIG_VALUE_0", ca)],
            String::new(),
        ),
    ] {
        let said = place.relwf("open", &variables, &config, &["preview", "master", "staging"]);
        assert_eq!(said.code, 0, "{variables:?} {config} {}", said.stderr);
    }
    git(&place.service, &["config", "http.sslCAInfo", ca]);
    place.relwf("open", &[], "", &["preview", "master", "staging"]).exits(0);
    git(&place.service, &["config", "http.sslCAInfo", "/no/file"]);
    let wrong = place.relwf("open", &[], &trusting(&file), &["preview", "master", "staging"]);
    says(
        &wrong.exits(2).stderr,
        &["git's setting http.sslCAInfo names no certificates", "No such file", "readable PEM"],
    );
}

#[test]
fn a_promotion_lands_over_https_with_a_login_by_a_proxy() {
    let place = Place::new();
    let helper = "!f() { test \"$1\" = get && cat >/dev/null && echo username=ada && echo password=s3cret; }; f";
    let login = format!("[credential {:?}]\n\thelper = {helper:?}\n", place.address());
    let tunnel = Tunnel::start(Some("Basic YWRhOnByMHh5"));
    let proxy = tunnel.url().replace("//", "//ada:pr0xy@");
    let config = format!("{}\tproxy = {proxy}\n{login}", trusting(&place.authority.file()));
    let landed = place.relwf("private", &[], &config, &["run", "promote-staging", "--json"]);
    let last = landed.exits(0).json_lines().pop().unwrap();
    let remote = place.machine.path("demo/remote.git");
    assert_eq!(last["value"]["commit"], git(&remote, &["rev-parse", "staging"]));

    let doctor = place.relwf("private", &[], &config, &["doctor"]);
    says(
        &doctor.exits(0).stdout,
        &["ok  proxy ", &format!("{} (git's setting http.proxy)", tunnel.url()), "ok  trust "],
    );

    let heads = tunnel.heads();
    assert!(heads.len() > 4 && heads.iter().all(|head| head.starts_with("CONNECT 127.0.0.1:")), "{heads:?}");
    // The proxy gets its own login and no other.
    assert!(heads.iter().all(|head| !head.contains("\r\nAuthorization")), "{heads:?}");
    let kept = crate::support::git::bytes_of(&place.machine.home());
    for secret in ["s3cret", "pr0xy"] {
        let holding = |(path, bytes): &&(String, Vec<u8>)| {
            !path.ends_with(".gitconfig") && bytes.windows(secret.len()).any(|part| part == secret.as_bytes())
        };
        assert_eq!(kept.iter().find(holding).map(|(path, _)| path), None, "{secret} is on the disk");
        assert!(!landed.stdout.contains(secret) && !landed.stderr.contains(secret));
    }
}

#[test]
fn git_goes_by_a_real_proxy_where_it_is_named_and_directly_where_it_is_not() {
    let place = Place::new();
    let proxy = Proxy::start(&place.machine.path("proxy"), None);
    let (named, trust) = (format!("http://{}", proxy.place()), trusting(&place.authority.file()));
    let set = format!("{trust}\tproxy = {named}\n");
    let elsewhere = format!("{trust}[http \"https://other.example\"]\n\tproxy = {named}\n");
    let unset = format!("{set}[http {:?}]\n\tproxy =\n", place.address());
    for (variables, config, by_proxy) in [
        (vec![("https_proxy", named.as_str())], &trust, true),
        (vec![("ALL_PROXY", proxy.place().as_str())], &trust, true),
        (vec![], &set, true),
        (vec![("https_proxy", "http://127.0.0.1:1")], &set, true),
        (vec![("http_proxy", named.as_str())], &trust, false),
        (vec![], &elsewhere, false),
        (vec![("https_proxy", named.as_str())], &unset, false),
        (vec![("https_proxy", named.as_str()), ("no_proxy", "example.com, 127.0.0.0/8")], &trust, false),
        (vec![("NO_PROXY", "127.0.0.1")], &set, false),
    ] {
        let before = proxy.requests().len();
        let said = place.relwf("open", &variables, config, &["preview", "master", "staging"]);
        assert_eq!(said.code, 0, "{variables:?} {config} {}", said.stderr);
        let requests = proxy.requests().split_off(before);
        assert_eq!(!requests.is_empty(), by_proxy, "{variables:?} {config}");
        let connect = format!("CONNECT {} HTTP/1.1", place.address().replace("https://", ""));
        assert!(requests.iter().all(|request| *request == connect), "{requests:?}");
    }
}

#[test]
fn plain_http_never_goes_past_a_proxy_in_silence() {
    let machine = Machine::new();
    let service = machine.service();
    let server = servers::http(&machine.path("demo"));
    let file = service.join("relwf.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let host = format!("127.0.0.1:{}", server.port);
    std::fs::write(&file, text.replace("../remote.git", &format!("http://{host}/open/remote.git"))).unwrap();
    let relwf = |variables: &[(&str, &str)]| {
        let mut command = machine.relwf(&service, &["preview", "master", "staging"]);
        command.envs(variables.iter().copied());
        said(&machine, command)
    };
    let refused = relwf(&[("http_proxy", "http://proxy.example:3128")]);
    let words =
        format!("http://{host}/open/remote.git is to be reached by the proxy http://proxy.example:3128 of http_proxy");
    says(&refused.exits(2).stderr, &[&words, "use the https address, or list the host in no_proxy"]);
    relwf(&[("http_proxy", "http://proxy.example:3128"), ("no_proxy", "127.0.0.1")]).exits(0);
    relwf(&[("https_proxy", "http://proxy.example:3128")]).exits(0);
}

#[test]
fn what_a_proxy_refuses_names_the_proxy_and_who_named_it() {
    let place = Place::new();
    let locked = Proxy::start(&place.machine.path("proxy"), Some("ada pr0xy"));
    let tunnel = Tunnel::start(Some("Basic YWRhOnByMHh5"));
    let trust = trusting(&place.authority.file());
    let (wrong, nobody) = (tunnel.url().replace("//", "//ada:wr0ng@"), format!("http://{}", locked.place()));
    for (named, shown) in
        [(nobody.as_str(), nobody.as_str()), (&wrong, &tunnel.url()), ("127.0.0.1:1", "http://127.0.0.1:1")]
    {
        let refused = place.relwf("open", &[("https_proxy", named)], &trust, &["preview", "master", "staging"]);
        let by = format!("(by the proxy {shown} of https_proxy)");
        says(&refused.exits(1).stderr, &[&by, "is that the right proxy? https_proxy names it", "no_proxy"]);
        assert!(!refused.stderr.contains("wr0ng"), "{}", refused.stderr);
    }
    let socks =
        place.relwf("open", &[("all_proxy", "socks5://127.0.0.1:1")], &trust, &["preview", "master", "staging"]);
    says(&socks.exits(2).stderr, &["all_proxy names a proxy that cannot be used: socks5://127.0.0.1:1 is neither"]);
}

/// The HTTP client by these ways: variables, and settings of `http`.
fn client(variables: &[(&str, &str)], settings: &[(&str, &str)]) -> Client {
    let env = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let setting =
        |(key, value): &(&str, &str)| HttpSetting { url: None, key: (*key).to_owned(), value: (*value).to_owned() };
    Client::new(Cancel::new()).by(Routes::new(&env, settings.iter().map(setting).collect()))
}

/// An https server with a file to read, and the CA of its certificate.
fn served(dir: &Path, elsewhere: &str) -> (Server, Authority) {
    let authority = Authority::new(&dir.join("ca"));
    git(dir, &["init", "-q", "--bare", "-b", "master", "root/r.git"]);
    let repository = dir.join("root/r.git");
    let tree = git(&repository, &["hash-object", "-t", "tree", "-w", "/dev/null"]);
    let commit = git(&repository, &["commit-tree", "-m", "one", &tree]);
    git(&repository, &["update-ref", "refs/heads/master", &commit]);
    let server = authority.serve(&dir.join("root"), elsewhere);
    (server, authority)
}

fn get(client: &Client, url: &str) -> Result<Response, WriteError> {
    client.request(Request::new("GET", url).header("Authorization", "Basic YWRhOnMzY3JldA=="))
}

/// Why nothing was sent.
#[track_caller]
fn not_sent(answer: Result<Response, WriteError>) -> (FailureKind, String) {
    match answer {
        Err(WriteError::NotSent(failure) | WriteError::Refused(failure)) => {
            let Failure { kind, message, hint, .. } = failure;
            (kind, format!("{message}|{}", hint.unwrap_or_default()))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_http_client_trusts_whom_git_trusts() {
    let dir = tempfile::tempdir().unwrap();
    let (server, authority) = served(dir.path(), "https://localhost:9");
    let url = format!("https://localhost:{}/private/r.git/HEAD", server.port);
    let (kind, words) = not_sent(get(&client(&[], &[]), &url));
    assert_eq!(kind, FailureKind::Network);
    says(
        &words,
        &["no TLS connection", &format!("git config --global http.https://localhost:{}/.sslCAInfo", server.port)],
    );

    let ca = authority.file().display().to_string();
    for trusting in
        [client(&[], &[("sslcainfo", &ca)]), client(&[("GIT_SSL_CAINFO", &ca)], &[("sslcainfo", "/no/file")])]
    {
        let answer = get(&trusting, &url).unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "ref: refs/heads/master\n"));
    }
    let (kind, words) = not_sent(get(&client(&[], &[("sslcainfo", "/no/file")]), &url));
    assert_eq!(kind, FailureKind::Config);
    says(&words, &["git's setting http.sslCAInfo names no certificates that can be used: No such file"]);
    // A certificate for another name is none.
    let tunnel = Tunnel::start(None);
    let settings = [("sslcainfo", ca.as_str()), ("proxy", &tunnel.url())];
    let (_, words) = not_sent(get(&client(&[], &settings), &url.replace("localhost", "other.example")));
    says(&words, &["no TLS connection", "only the certificates in"]);
}

#[test]
fn the_http_client_trusts_what_ssl_cert_file_names() {
    const NAME: &str = "https::the_http_client_trusts_what_ssl_cert_file_names";
    let Ok(url) = std::env::var("RELWF_TEST_URL") else {
        let dir = tempfile::tempdir().unwrap();
        let (server, authority) = served(dir.path(), "https://localhost:9");
        let url = format!("https://localhost:{}/private/r.git/HEAD", server.port);
        let ca = authority.file();
        assert!(!in_own_process(NAME, &[("RELWF_TEST_URL", &url), ("SSL_CERT_FILE", ca.to_str().unwrap())]));
        return;
    };
    assert_eq!(get(&client(&[], &[]), &url).unwrap().status, 200);
}

#[test]
fn a_server_that_shows_a_cas_own_certificate_gets_another_hint_than_an_unknown_one() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::alone(&dir.path().join("ca"));
    git(dir.path(), &["init", "-q", "--bare", "-b", "master", "root/r.git"]);
    let server = authority.serve(&dir.path().join("root"), "https://localhost:9");
    let url = format!("https://localhost:{}/open/r.git/HEAD", server.port);
    let ca = authority.file().display().to_string();
    let (_, words) = not_sent(get(&client(&[], &[("sslcainfo", &ca)]), &url));
    says(&words, &["no TLS connection", "shows a CA's own certificate: give it one that this CA has signed"]);
}

#[test]
fn the_http_client_goes_by_the_proxy_which_never_sees_its_token() {
    let dir = tempfile::tempdir().unwrap();
    let (server, authority) = served(dir.path(), "https://localhost:9");
    let ca = authority.file().display().to_string();
    let tunnel = Tunnel::start(Some("Basic YWRhOnByMHh5"));
    // Only the proxy knows this name.
    let url = format!("https://git.example:{}/private/r.git/HEAD", server.port);
    let named = tunnel.url().replace("//", "//ada:pr0xy@");
    for (variables, settings) in [
        (vec![("https_proxy", named.as_str())], vec![("sslcainfo", ca.as_str())]),
        (vec![("https_proxy", "http://127.0.0.1:1")], vec![("sslcainfo", ca.as_str()), ("proxy", named.as_str())]),
    ] {
        assert_eq!(get(&client(&variables, &settings), &url).unwrap().status, 200);
    }
    let heads = tunnel.heads();
    assert_eq!(heads.len(), 2, "{heads:?}");
    for head in heads {
        assert!(head.starts_with(&format!("CONNECT git.example:{} HTTP/1.1\r\n", server.port)), "{head}");
        assert!(!head.contains("\r\nAuthorization") && !head.contains("YWRhOnMzY3JldA"), "{head}");
    }
    for (named, part) in
        [(tunnel.url(), "refuses: "), ("127.0.0.1:1".to_owned(), "(by the proxy http://127.0.0.1:1 of")]
    {
        let (kind, words) = not_sent(get(&client(&[("https_proxy", &named)], &[("sslcainfo", &ca)]), &url));
        assert_eq!(kind, FailureKind::Network);
        says(&words, &[part, "of https_proxy", "is that the right proxy? https_proxy names it"]);
    }
    // A proxy's `localhost` is another machine.
    let near = url.replace("git.example", "localhost");
    assert_eq!(get(&client(&[("https_proxy", "127.0.0.1:1")], &[("sslcainfo", &ca)]), &near).unwrap().status, 200);
}

#[test]
fn a_redirect_over_https_takes_no_login_to_another_host() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new(&dir.path().join("ca"));
    for root in ["there", "here"] {
        git(dir.path(), &["init", "-q", "--bare", "-b", "master", &format!("{root}/r.git")]);
    }
    let there = authority.serve(&dir.path().join("there"), "https://localhost:9");
    let target = format!("https://localhost:{}", there.port);
    let here = authority.serve(&dir.path().join("here"), &target);
    let ca = authority.file().display().to_string();
    let client = client(&[], &[("sslcainfo", &ca)]);
    // The other server takes this very login, and does not get it.
    assert_eq!(get(&client, &format!("{target}/private/r.git/HEAD")).unwrap().status, 200);
    let moved = |path: &str| get(&client, &format!("https://127.0.0.1:{}/moved/{path}", here.port)).unwrap().status;
    assert_eq!((moved("open/r.git/HEAD"), moved("private/r.git/HEAD")), (200, 401));

    // Nor does git's transport follow there.
    let place = Place::new();
    let file = place.service.join("relwf.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let address = format!("https://ada:s3cret@127.0.0.1:{}/moved/private/r.git", here.port);
    std::fs::write(&file, text.replace("../remote.git", &address)).unwrap();
    let mut command = place.machine.relwf(&place.service, &["preview", "master", "staging"]);
    command.env("GIT_SSL_CAINFO", &ca);
    let refused = said(&place.machine, command);
    says(&refused.exits(1).stderr, &["cannot redirect from '127.0.0.1' to 'localhost'"]);
    assert!(!refused.stderr.contains("s3cret"), "{}", refused.stderr);
}

#[test]
fn a_workflow_asks_by_the_ways_that_gits_configuration_names() {
    let place = Place::new();
    let url = format!("{}/open/remote.git/HEAD", place.address());
    let script = format!(
        "//! Asks.\nconst WORKFLOW = #{{ params: #{{}} }};\n\nfn run(p) {{\n    http::get(#{{ url: {url:?} }}).body\n}}\n"
    );
    std::fs::write(place.service.join("workflows/ask.rhai"), script).unwrap();
    git(&place.service, &["config", "http.sslCAInfo", place.authority.file().to_str().unwrap()]);
    let asked = place.relwf("open", &[], "", &["run", "ask", "--json"]);
    assert_eq!(asked.exits(0).json_lines().pop().unwrap()["value"], "ref: refs/heads/master\n");
}

#[test]
fn the_choice_of_a_proxy_is_gits_own() {
    let tunnel = Tunnel::start(None);
    let (url, bare) = (tunnel.url(), tunnel.url().replace("http://", ""));
    let dead = "http://127.0.0.1:1";
    let mut chosen = [0, 0];
    // Nobody listens at any of these: it matters alone whether the proxy is asked.
    for (variables, settings, remote) in [
        (vec![], vec![], "https://git.localhost:1/x"),
        (vec![("https_proxy", url.as_str())], vec![], "https://git.localhost:1/x"),
        (vec![("HTTPS_PROXY", &url)], vec![], "https://git.localhost:1/x"),
        (vec![("https_proxy", &bare)], vec![], "https://git.localhost:1/x"),
        (vec![("https_proxy", dead), ("HTTPS_PROXY", &url)], vec![], "https://git.localhost:1/x"),
        (vec![("http_proxy", &url)], vec![], "https://git.localhost:1/x"),
        (vec![("http_proxy", &url)], vec![], "http://git.localhost:1/x"),
        (vec![("HTTP_PROXY", &url)], vec![], "http://git.localhost:1/x"),
        (vec![("https_proxy", &url)], vec![], "http://git.localhost:1/x"),
        (vec![("all_proxy", &url)], vec![], "http://git.localhost:1/x"),
        (vec![("ALL_PROXY", &url)], vec![], "https://git.localhost:1/x"),
        (vec![("all_proxy", dead), ("https_proxy", &url)], vec![], "https://git.localhost:1/x"),
        (vec![("all_proxy", &url), ("https_proxy", "")], vec![], "https://git.localhost:1/x"),
        (vec![("https_proxy", ""), ("HTTPS_PROXY", &url)], vec![], "https://git.localhost:1/x"),
        (
            vec![("https_proxy", &url), ("no_proxy", ""), ("NO_PROXY", "git.localhost")],
            vec![],
            "https://git.localhost:1/x",
        ),
        (vec![("https_proxy", &url), ("no_proxy", "*")], vec![], "https://git.localhost:1/x"),
        (vec![("https_proxy", &url), ("no_proxy", "localhost")], vec![], "https://git.localhost:1/x"),
        (vec![("https_proxy", &url), ("no_proxy", ".localhost")], vec![], "https://git.localhost:1/x"),
        (vec![("https_proxy", &url), ("no_proxy", "GIT.localhost")], vec![], "https://git.localhost:1/x"),
        (vec![("https_proxy", &url), ("no_proxy", "it.localhost,ocalhost")], vec![], "https://git.localhost:1/x"),
        (vec![("https_proxy", &url), ("no_proxy", "a.example, git.localhost")], vec![], "https://git.localhost:1/x"),
        (vec![("https_proxy", &url), ("no_proxy", "a.example git.localhost")], vec![], "https://git.localhost:1/x"),
        (vec![("https_proxy", &url), ("NO_PROXY", "git.localhost")], vec![], "https://git.localhost:1/x"),
        (
            vec![("https_proxy", &url), ("no_proxy", "other"), ("NO_PROXY", "git.localhost")],
            vec![],
            "https://git.localhost:1/x",
        ),
        (vec![("https_proxy", &url), ("no_proxy", "git.localhost.")], vec![], "https://git.localhost:1/x"),
        (vec![("https_proxy", &url), ("no_proxy", "127.0.0.2")], vec![], "https://127.0.0.2:1/x"),
        (vec![("https_proxy", &url), ("no_proxy", "127.0.0.0/8")], vec![], "https://127.0.0.2:1/x"),
        (vec![("https_proxy", &url), ("no_proxy", "127.0.0.0/31")], vec![], "https://127.0.0.2:1/x"),
        (vec![("https_proxy", &url), ("no_proxy", "0.0.2")], vec![], "https://127.0.0.2:1/x"),
        (vec![], vec![("http.proxy", url.as_str())], "https://git.localhost:1/x"),
        (vec![("https_proxy", dead)], vec![("http.proxy", &url)], "https://git.localhost:1/x"),
        (vec![("https_proxy", &url)], vec![("http.proxy", "")], "https://git.localhost:1/x"),
        (vec![("no_proxy", "localhost")], vec![("http.proxy", &url)], "https://git.localhost:1/x"),
        (vec![], vec![("http.proxy", dead), ("http.https://git.localhost:1.proxy", &url)], "https://git.localhost:1/x"),
        (vec![], vec![("http.https://*.localhost:1/.proxy", &url), ("http.proxy", dead)], "https://git.localhost:1/x"),
        (vec![], vec![("http.https://git.localhost:1/x.proxy", &url)], "https://git.localhost:1/xy"),
        (vec![], vec![("http.https://git.localhost:1/x.proxy", &url)], "https://git.localhost:1/x/y"),
        (vec![], vec![("http.https://git.localhost.proxy", &url)], "https://git.localhost:1/x"),
        (vec![], vec![("http.http://git.localhost:1.proxy", &url)], "https://git.localhost:1/x"),
        (vec![], vec![("http.https://ada@git.localhost:1.proxy", &url)], "https://ada@git.localhost:1/x"),
        (vec![], vec![("http.https://ada@git.localhost:1.proxy", &url)], "https://git.localhost:1/x"),
        (
            vec![],
            vec![("http.https://ada@git.localhost:1.proxy", &url), ("http.https://git.localhost:1/x.proxy", dead)],
            "https://ada@git.localhost:1/x",
        ),
    ] {
        let before = tunnel.heads().len();
        let mut asked = std::process::Command::new(crate::support::git::program());
        asked.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("GIT_CONFIG_NOSYSTEM", "1");
        asked.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_TERMINAL_PROMPT", "0").envs(variables.iter().copied());
        for (key, value) in &settings {
            asked.args(["-c", &format!("{key}={value}")]);
        }
        asked.args(["ls-remote", remote]).output().expect("git runs");
        let gits = tunnel.heads().len() > before;

        let env = |name: &str| {
            let count = settings.len().to_string();
            let number = |prefix: &str| name.strip_prefix(prefix).and_then(|n| n.parse::<usize>().ok());
            match (name, number("GIT_CONFIG_KEY_"), number("GIT_CONFIG_VALUE_")) {
                ("GIT_CONFIG_COUNT", ..) => Some(count),
                ("GIT_CONFIG_NOSYSTEM", ..) => Some("1".to_owned()),
                ("GIT_CONFIG_GLOBAL", ..) => Some("/dev/null".to_owned()),
                (_, Some(n), _) => Some(settings[n].0.to_owned()),
                (_, _, Some(n)) => Some(settings[n].1.to_owned()),
                _ => variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()),
            }
        };
        let route = relwf::git::routes(&env, None).unwrap().to(&HttpUrl::parse(remote).unwrap()).unwrap();
        let ours = route.proxy.is_some_and(|proxy| proxy.url() == url);
        assert_eq!(ours, gits, "{variables:?} {settings:?} {remote}");
        chosen[usize::from(gits)] += 1;
    }
    assert!(chosen.iter().all(|count| *count > 10), "{chosen:?}");
}
