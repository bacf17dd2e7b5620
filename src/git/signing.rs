//! Signatures of commits: with the program and the key that git itself would take.
//!
//! As in git's documentation: `commit.gpgsign` says whether, `gpg.format` how (OpenPGP, X.509, SSH), `user.signingkey` with
//! which key, `gpg.program`, `gpg.<format>.program` and `gpg.ssh.defaultKeyCommand` by whom. Reads settings alone: `signer.rs`
//! runs the programs.

use super::GitError;
use super::git_config::{BorrowedEnv, Settings};
use crate::model::FailureKind;
use std::path::{Path, PathBuf};

/// What the programs and their agents are found by.
pub(super) const PLACES: [&str; 13] = [
    "PATH",
    "HOME",
    "GNUPGHOME",
    "GPG_TTY",
    "GPG_AGENT_INFO",
    "SSH_AUTH_SOCK",
    "SSH_SK_PROVIDER",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "TERM",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    OpenPgp,
    X509,
    Ssh,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SigningKey {
    /// Whatever the program has for the committer.
    OfCommitter,
    /// In the program's own words.
    Named(String),
    /// A private key, or a public one whose private half the agent has.
    File(PathBuf),
    /// A public key itself; the agent has its private half.
    Literal(String),
    /// A program that prints such a key.
    FromCommand(Vec<String>),
}

/// How commits are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    pub(super) format: Format,
    pub(super) program: String,
    pub(super) key: SigningKey,
    /// Where relative paths start.
    pub(super) dir: PathBuf,
    pub(super) env: Vec<(String, String)>,
}

impl Signing {
    /// What git's configuration around `project` says; `None` when commits are not signed.
    ///
    /// Looks at settings only: no program runs and no key is opened.
    ///
    /// # Errors
    ///
    /// Kind `config` when the configuration cannot be read, names an unknown format, or names no key.
    pub fn find(env: &dyn Fn(&str) -> Option<String>, project: Option<&Path>) -> Result<Option<Self>, GitError> {
        let settings = Settings::find(env, project)?;
        if !settings.flag("commit.gpgsign")? {
            return Ok(None);
        }
        let format = match settings.get("gpg.format").as_deref() {
            None | Some("openpgp") => Format::OpenPgp,
            Some("x509") => Format::X509,
            Some("ssh") => Format::Ssh,
            Some(other) => {
                return Err(GitError::new(
                    FailureKind::Config,
                    format!("commits are to be signed in a format that git does not have: gpg.format is `{other}`"),
                )
                .hint("gpg.format may be openpgp, x509 or ssh; `git config --show-origin gpg.format` shows where it stands"));
            }
        };
        let (program, default) = match format {
            Format::OpenPgp => (settings.get("gpg.openpgp.program").or_else(|| settings.get("gpg.program")), "gpg"),
            Format::X509 => (settings.get("gpg.x509.program"), "gpgsm"),
            Format::Ssh => (settings.get("gpg.ssh.program"), "ssh-keygen"),
        };
        let program = program.filter(|program| !program.is_empty()).unwrap_or_else(|| default.to_owned());
        Ok(Some(Self {
            format,
            program,
            key: key(format, &settings)?,
            dir: settings.top.clone().unwrap_or_else(|| PathBuf::from("/")),
            env: environment(env),
        }))
    }

    /// `OpenPGP key 0x1234`, `ssh key /home/ada/.ssh/id_ed25519`: for people.
    pub fn shown(&self) -> String {
        let kind = match self.format {
            Format::OpenPgp => "OpenPGP",
            Format::X509 => "X.509",
            Format::Ssh => "ssh",
        };
        match &self.key {
            SigningKey::OfCommitter => format!("the committer's {kind} key"),
            SigningKey::Named(name) => format!("{kind} key {name}"),
            SigningKey::File(path) => format!("{kind} key {}", path.display()),
            SigningKey::Literal(key) => format!("{kind} key {}", short(key)),
            SigningKey::FromCommand(command) => format!("the {kind} key that `{}` prints", command.join(" ")),
        }
    }
}

fn key(format: Format, settings: &Settings<'_>) -> Result<SigningKey, GitError> {
    let given = settings.get("user.signingkey").filter(|key| !key.is_empty());
    match (format, given) {
        (Format::OpenPgp | Format::X509, Some(name)) => Ok(SigningKey::Named(name)),
        (Format::OpenPgp | Format::X509, None) => Ok(SigningKey::OfCommitter),
        (Format::Ssh, Some(text)) => Ok(match literal(&text) {
            Some(key) => SigningKey::Literal(key.to_owned()),
            None => SigningKey::File(settings.expanded(&text)),
        }),
        (Format::Ssh, None) => match settings.get("gpg.ssh.defaultKeyCommand") {
            Some(command) => match words(&command) {
                Some(words) if !words.is_empty() => Ok(SigningKey::FromCommand(words)),
                _ => Err(GitError::new(
                    FailureKind::Config,
                    format!("git's setting gpg.ssh.defaultKeyCommand is no command: `{command}`"),
                )
                .hint("it is a program with its arguments, e.g. `ssh-add -L`; quotes must be closed")),
            },
            None => Err(GitError::new(
                FailureKind::Config,
                "commits are to be signed with ssh, and git's configuration names no key".to_owned(),
            )
            .hint("`git config --global user.signingkey ~/.ssh/id_ed25519.pub`, or set gpg.ssh.defaultKeyCommand")),
        },
    }
}

/// A public key that stands in the setting itself.
pub(super) fn literal(text: &str) -> Option<&str> {
    text.strip_prefix("key::").or_else(|| text.starts_with("ssh-").then_some(text)).map(str::trim_end)
}

/// The start of a public key and what it is called.
fn short(key: &str) -> String {
    let mut words = key.split_whitespace();
    let (kind, body, name) = (words.next(), words.next(), words.next());
    let body = body.map(|body| body.chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect::<String>());
    let body = body.map(|body| format!("…{body}"));
    [kind, body.as_deref(), name].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A command line, split into words without a shell: quotes and backslashes hold. `None` where one is left open.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            (' ' | '\t' | '\n', None) => words.extend(word.take()),
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (_, Some(open)) if letter == open => quote = None,
            ('\\', None | Some('"')) => word.get_or_insert_default().push(letters.next()?),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// What of the environment the programs see beside relwf's own.
fn environment(env: BorrowedEnv<'_>) -> Vec<(String, String)> {
    let places = PLACES.into_iter().filter_map(|place| Some((place.to_owned(), env(place)?)));
    // ssh-keygen would ask on the terminal, where relwf draws: it asks with a window, or not at all.
    let given = env("SSH_ASKPASS").filter(|asker| !asker.is_empty());
    let usual = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env(name).is_some());
    let asker = given.or_else(|| (!usual).then(|| "false".to_owned()));
    let asker = asker.map(|asker| ("SSH_ASKPASS".to_owned(), asker));
    places.chain(asker).chain([("SSH_ASKPASS_REQUIRE".to_owned(), "force".to_owned())]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_split_without_a_shell() {
        for (line, expected) in [
            ("ssh-add -L", Some(vec!["ssh-add", "-L"])),
            (" sh  -c 'echo \"a b\"; x' ", Some(vec!["sh", "-c", "echo \"a b\"; x"])),
            ("a \"b 'c' \\\"d\" e\\ f ''", Some(vec!["a", "b 'c' \"d", "e f", ""])),
            ("a'b'\"c\"", Some(vec!["abc"])),
            ("", Some(vec![])),
            ("a 'b", None),
            ("a \\", None),
        ] {
            assert_eq!(words(line), expected.map(|words| words.into_iter().map(str::to_owned).collect()), "{line}");
        }
    }

    #[test]
    fn keys_are_shown_short() {
        assert_eq!(short("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMRWeT7p ada@home"), "ssh-ed25519 …IMRWeT7p ada@home");
        assert_eq!(short(""), "");
    }
}
