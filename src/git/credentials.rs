//! Where credentials come from, bound to one host; never shown.
//!
//! A host's credentials are looked for in this order: the repository's address, `GITHUB_ACCESS_TOKEN`, `GH_TOKEN`,
//! `GITHUB_TOKEN` (only github.com), `GH_ENTERPRISE_TOKEN`, `GITHUB_ENTERPRISE_TOKEN` (only the forge's own host; on GitLab
//! and Forgejo the variables that are named after these), `gh auth token`, `git credential fill`. For ssh: the agent, then the usual key files.

use super::RemoteUrl;
use super::credential_helper;
use super::git_config::SharedEnv;
use crate::model::{HttpUrl, keep_secret};
use git2::{Cred, CredentialType, ErrorClass, ErrorCode};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Where a credential came from, for `doctor` and messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialSource(pub String);

/// A user name and a secret, for one host.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The host that may see it, with the port when it has one.
    pub host: String,
    /// The user's name; forges take any beside a token.
    pub user: String,
    /// Where it came from.
    pub source: CredentialSource,
    secret: String,
}

impl Credential {
    /// The secret itself: for the `Authorization` header of a request to [`Credential::host`], nothing else.
    pub fn secret(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({} for {}, from {})", self.user, self.host, self.source.0)
    }
}

/// May programs be run for credentials?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Programs {
    Ask,
    Leave,
}

/// Where credentials are looked for, in order.
pub struct Credentials {
    env: Box<SharedEnv>,
    forge_host: Option<String>,
    /// The variables for the forge's host.
    forge_tokens: &'static [&'static str],
    programs: Programs,
    /// Logins for the remote that git's own settings hold.
    configured: Vec<Credential>,
    /// What the programs answered, by host: each runs once.
    answers: Mutex<BTreeMap<String, Vec<Credential>>>,
    tried: Mutex<BTreeMap<String, Vec<CredentialSource>>>,
}

impl Credentials {
    /// Reads the environment given here, then runs `gh`, then git's own helpers.
    ///
    /// `forge_api` is the forge's API address; the enterprise variables are for its host.
    pub fn new(env: impl Fn(&str) -> Option<String> + Send + Sync + 'static, forge_api: Option<&str>) -> Self {
        let forge_host = forge_api.and_then(HttpUrl::parse);
        Self {
            env: Box::new(env),
            forge_host: forge_host.map(|url| main_host(url.host())),
            forge_tokens: &["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"],
            programs: Programs::Ask,
            configured: Vec::new(),
            answers: Mutex::default(),
            tried: Mutex::default(),
        }
    }

    /// The same for a forge that is no GitHub: tokens for its host are in these variables.
    #[must_use]
    pub fn with_forge(self, host: &str, variables: &'static [&'static str]) -> Self {
        Self { forge_host: Some(main_host(host)), forge_tokens: variables, ..self }
    }

    /// The same with the logins that git's own settings hold for the remote.
    #[must_use]
    pub fn with_logins(self, configured: Vec<Credential>) -> Self {
        Self { configured, ..self }
    }

    /// No credentials at all.
    pub(super) fn none() -> Self {
        Self { programs: Programs::Leave, ..Self::new(|_| None, None) }
    }

    /// The first credential for a host (`github.com`, `ghe.example:8443`), over https.
    pub fn for_host(&self, host: &str) -> Option<Credential> {
        let host = main_host(host);
        let from_environment = self.environment(&host).into_iter().next();
        from_environment.or_else(|| self.ask_programs("https", &host, None).into_iter().next())
    }

    /// Where the first credential for a host comes from; for `doctor`.
    pub fn source(&self, host: &str) -> Option<CredentialSource> {
        self.for_host(host).map(|credential| credential.source)
    }

    /// Where the first credential for a remote comes from; for `doctor`.
    pub fn source_for(&self, url: &RemoteUrl) -> Option<CredentialSource> {
        let host = url.host()?;
        if url.userinfo().1.is_some() {
            return Some(CredentialSource(IN_ADDRESS.to_owned()));
        }
        let configured = self.configured.iter().find(|credential| credential.host == host);
        configured.map(|credential| credential.source.clone()).or_else(|| self.source(host))
    }

    /// Tokens are for the hosts that their variables are named after, and go nowhere else.
    fn environment(&self, host: &str) -> Vec<Credential> {
        let variables: &[&str] = if host == "github.com" {
            &["GITHUB_ACCESS_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"]
        } else if self.forge_host.as_deref() == Some(host) {
            self.forge_tokens
        } else {
            &[]
        };
        let token = |name: &&str| {
            let secret = (self.env)(name).map(|token| token.trim().to_owned()).filter(|token| !token.is_empty())?;
            Some(credential(host, "x-access-token", secret, name))
        };
        variables.iter().filter_map(token).collect()
    }

    fn ask_programs(&self, scheme: &str, host: &str, user: Option<&str>) -> Vec<Credential> {
        if self.programs == Programs::Leave {
            return Vec::new();
        }
        let key = format!("{scheme}://{}@{host}", user.unwrap_or_default());
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let ask = || {
            // A token of `gh` goes only over https.
            let gh = (scheme == "https").then(|| credential_helper::gh_token(&*self.env, host)).flatten();
            let gh = gh.map(|secret| credential(host, "x-access-token", secret, "gh auth token"));
            let filled = credential_helper::git_credential(&*self.env, scheme, host, user);
            let filled = filled.map(|(user, secret)| credential(host, &user, secret, "git credential"));
            gh.into_iter().chain(filled).collect()
        };
        answers.entry(key).or_insert_with(ask).clone()
    }

    /// What is tried on one connection, each once.
    pub(super) fn session<'a>(&'a self, url: &RemoteUrl) -> CredentialSession<'a> {
        let host = url.host().unwrap_or_default().to_owned();
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).remove(&host);
        let (user, secret) = url.userinfo();
        CredentialSession {
            all: self,
            from_address: user.as_ref().zip(secret).map(|(user, secret)| credential(&host, user, secret, IN_ADDRESS)),
            user,
            host,
            passwords: None,
            keys: None,
        }
    }

    /// What the last connection to this remote logged in with, for `doctor`; `None` where the server required nothing.
    pub fn used(&self, url: &RemoteUrl) -> Option<CredentialSource> {
        self.tried(url).pop()
    }

    /// What the last connection to this remote tried.
    pub(super) fn tried(&self, url: &RemoteUrl) -> Vec<CredentialSource> {
        let tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        url.host().and_then(|host| tried.get(host)).cloned().unwrap_or_default()
    }

    fn note(&self, host: &str, source: CredentialSource) {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).entry(host.to_owned()).or_default().push(source);
    }
}

/// The source of what stands in the address itself.
const IN_ADDRESS: &str = "the repository's address";

pub(super) fn credential(host: &str, user: &str, secret: String, source: &str) -> Credential {
    keep_secret(&secret);
    Credential { host: host.to_owned(), user: user.to_owned(), secret, source: CredentialSource(source.to_owned()) }
}

/// GitHub's API lives on a host of its own; its tokens are those of github.com.
fn main_host(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    if host == "api.github.com" { "github.com".to_owned() } else { host }
}

enum SshKey {
    Agent,
    File(PathBuf),
}

/// One connection's attempts. libgit2 asks again after each refusal, without end: the list must have one.
pub(super) struct CredentialSession<'a> {
    all: &'a Credentials,
    host: String,
    user: Option<String>,
    from_address: Option<Credential>,
    passwords: Option<std::vec::IntoIter<Credential>>,
    keys: Option<std::vec::IntoIter<SshKey>>,
}

impl CredentialSession<'_> {
    /// The next credential that was not tried yet.
    pub(super) fn answer(
        &mut self,
        address: &str,
        user: Option<&str>,
        allowed: CredentialType,
    ) -> Result<Cred, git2::Error> {
        let asking = RemoteUrl::parse(address, std::path::Path::new("/")).ok();
        let asking_host = asking.as_ref().and_then(RemoteUrl::host);
        if asking_host.map(without_usual_port) != Some(without_usual_port(&self.host)) {
            return Err(refused("another host than the remote's wants credentials; it gets none"));
        }
        let user = user.or(self.user.as_deref()).map(ToOwned::to_owned);
        if allowed.contains(CredentialType::USERNAME) {
            return Cred::username(&self.ssh_user(user));
        }
        if allowed.contains(CredentialType::SSH_KEY) {
            return self.next_key(&self.ssh_user(user));
        }
        if allowed.contains(CredentialType::USER_PASS_PLAINTEXT) {
            let scheme = if address.to_ascii_lowercase().starts_with("https:") { "https" } else { "http" };
            return self.next_password(scheme, user.as_deref());
        }
        Err(refused("the server wants a kind of login that relwf does not have"))
    }

    fn ssh_user(&self, user: Option<String>) -> String {
        let env = |name: &str| (self.all.env)(name);
        user.or_else(|| env("USER")).or_else(|| env("LOGNAME")).unwrap_or_else(|| "git".to_owned())
    }

    fn next_password(&mut self, scheme: &str, user: Option<&str>) -> Result<Cred, git2::Error> {
        let all = self.all;
        if self.passwords.is_none() {
            // Tokens of the environment never travel in the clear.
            let tokens = if scheme == "https" { all.environment(without_usual_port(&self.host)) } else { Vec::new() };
            let configured = all.configured.iter().filter(|credential| credential.host == self.host).cloned();
            let first: Vec<Credential> = self.from_address.take().into_iter().chain(configured).chain(tokens).collect();
            // The programs are slow: they run when nothing before them was accepted.
            self.passwords = Some(first.into_iter());
        }
        let next = self.passwords.as_mut().and_then(Iterator::next).or_else(|| {
            let programs = all.ask_programs(scheme, &self.host, user);
            let fresh = programs.into_iter().find(|c| !self.all.tried_source(&self.host, &c.source))?;
            Some(fresh)
        });
        match next {
            Some(next) => {
                all.note(&self.host, next.source.clone());
                Cred::userpass_plaintext(&next.user, &next.secret)
            }
            None => Err(refused("the server wants a login, and none that relwf found was accepted")),
        }
    }

    fn next_key(&mut self, user: &str) -> Result<Cred, git2::Error> {
        let all = self.all;
        let keys = self.keys.get_or_insert_with(|| usable_keys(&*all.env).into_iter());
        match keys.next() {
            Some(SshKey::Agent) => {
                all.note(&self.host, CredentialSource("ssh-agent".to_owned()));
                Cred::ssh_key_from_agent(user)
            }
            Some(SshKey::File(path)) => {
                all.note(&self.host, CredentialSource(path.display().to_string()));
                Cred::ssh_key(user, None, &path, None)
            }
            None => Err(refused("the server accepted no ssh key that relwf found")),
        }
    }
}

impl Credentials {
    fn tried_source(&self, host: &str, source: &CredentialSource) -> bool {
        let tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        tried.get(host).is_some_and(|tried| tried.contains(source))
    }
}

fn refused(why: &str) -> git2::Error {
    git2::Error::new(ErrorCode::Auth, ErrorClass::Callback, why)
}

fn without_usual_port(host: &str) -> &str {
    [":443", ":22", ":80"].iter().find_map(|port| host.strip_suffix(port)).unwrap_or(host)
}

/// The agent when it answers, then the key files that need no passphrase: one that needs it would end the attempt.
fn usable_keys(env: &SharedEnv) -> Vec<SshKey> {
    let mut keys = Vec::new();
    if env("SSH_AUTH_SOCK").is_some_and(|socket| std::os::unix::net::UnixStream::connect(socket).is_ok()) {
        keys.push(SshKey::Agent);
    }
    if let Some(home) = env("HOME") {
        let files = ["id_ed25519", "id_ecdsa", "id_rsa"].map(|name| PathBuf::from(&home).join(".ssh").join(name));
        keys.extend(files.into_iter().filter(|path| needs_no_passphrase(path)).map(SshKey::File));
    }
    keys
}

fn needs_no_passphrase(path: &std::path::Path) -> bool {
    // OpenSSH's own format begins with its magic string and the cipher's name, here `none`.
    const OPEN: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";
    std::fs::read_to_string(path).is_ok_and(|text| match text.contains("BEGIN OPENSSH PRIVATE KEY") {
        true => text.lines().nth(1).is_some_and(|line| line.starts_with(OPEN)),
        false => text.contains("PRIVATE KEY") && !text.contains("ENCRYPTED"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn credentials(vars: &'static [(&'static str, &'static str)], api: Option<&str>) -> Credentials {
        let env = move |key: &str| vars.iter().find(|(k, _)| *k == key).map(|(_, v)| (*v).to_owned());
        Credentials { programs: Programs::Leave, ..Credentials::new(env, api) }
    }

    const ALL: &[(&str, &str)] = &[
        ("GITHUB_TOKEN", "three"),
        ("GH_TOKEN", "two"),
        ("GITHUB_ACCESS_TOKEN", " one\n"),
        ("GITHUB_ENTERPRISE_TOKEN", "ent"),
    ];

    #[test]
    fn each_token_is_only_for_its_host_and_in_order() {
        let found = credentials(ALL, Some("https://ghe.acme.example/api/v3"));
        let secrets = |host: &str| {
            found.environment(host).iter().map(|c| (c.secret.clone(), c.source.0.clone())).collect::<Vec<_>>()
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            secrets("github.com"),
            [pair("one", "GITHUB_ACCESS_TOKEN"), pair("two", "GH_TOKEN"), pair("three", "GITHUB_TOKEN")]
        );
        assert_eq!(secrets("ghe.acme.example"), [pair("ent", "GITHUB_ENTERPRISE_TOKEN")]);
        for other in ["evil.example", "github.com.evil.example", "gist.github.com", ""] {
            assert_eq!(secrets(other), [], "{other}");
        }
        assert_eq!(found.for_host("api.github.com").unwrap().secret(), "one");
        assert!(!format!("{:?}", found.for_host("github.com")).contains("one"));
        assert_eq!(found.source("gitlab.com"), None);
    }

    #[test]
    fn other_forges_have_variables_of_their_own_only_for_their_host() {
        let vars = &[("GITLAB_TOKEN", "lab"), ("GH_ENTERPRISE_TOKEN", "ent"), ("GITHUB_TOKEN", "hub")];
        let found = credentials(vars, None).with_forge("git.acme.example:8443", &["GITLAB_TOKEN"]);
        let secret = |host: &str| found.for_host(host).map(|credential| credential.secret().to_owned());
        assert_eq!(secret("git.acme.example:8443").as_deref(), Some("lab"));
        assert_eq!(secret("github.com").as_deref(), Some("hub"));
        assert_eq!((secret("git.acme.example"), secret("gitlab.com")), (None, None));
    }

    #[test]
    fn a_connection_tries_each_once_and_answers_no_other_host() {
        let found = credentials(ALL, None);
        let url = RemoteUrl::parse("https://me:pw@github.com/a/b", Path::new("/")).unwrap();
        let mut session = found.session(&url);
        let kind = CredentialType::USER_PASS_PLAINTEXT;
        assert!(session.answer("https://evil.example/a", None, kind).is_err());
        for _ in 0..4 {
            assert!(session.answer("https://github.com:443/a/b", None, kind).is_ok());
        }
        assert_eq!(session.answer("https://github.com/a/b", None, kind).err().unwrap().code(), ErrorCode::Auth);
        let tried: Vec<String> = found.tried(&url).into_iter().map(|source| source.0).collect();
        assert_eq!(tried, ["the repository's address", "GITHUB_ACCESS_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"]);
    }

    #[test]
    fn tokens_never_travel_in_the_clear() {
        let found = credentials(ALL, None);
        let url = RemoteUrl::parse("http://github.com/a/b", Path::new("/")).unwrap();
        assert!(
            found.session(&url).answer("http://github.com/a/b", None, CredentialType::USER_PASS_PLAINTEXT).is_err()
        );
    }

    #[test]
    fn keys_with_a_passphrase_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("id");
        for (text, usable) in [
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n", true),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHI\n", false),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n", true),
            ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", false),
            ("ssh-ed25519 AAAA\n", false),
        ] {
            std::fs::write(&key, text).unwrap();
            assert_eq!(needs_no_passphrase(&key), usable, "{text}");
        }
    }
}
