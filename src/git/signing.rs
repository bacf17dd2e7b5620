//! Signatures of commits: with the program and the key that git itself would take.
//!
//! As in git's documentation: `commit.gpgsign` says whether, `gpg.format` how (OpenPGP, X.509, SSH), `user.signingkey` with
//! which key, `gpg.program`, `gpg.<format>.program` and `gpg.ssh.defaultKeyCommand` by whom. Knows nothing of commits but the
//! text that is signed. The programs ask for passphrases through their agents alone: the terminal is not theirs meanwhile.

use super::settings::{Env, Settings};
use super::{GitError, Signature};
use crate::model::{Failure, FailureKind, Watch};
use crate::process::{self, Finished, Leftovers, ProcessError, Program, Streams};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A person may have to find a passphrase, or a hardware key to touch.
const PATIENCE: Duration = Duration::from_secs(300);
/// No signature and no program's complaint is longer.
const KEPT: usize = 256 * 1024;

/// What the programs and their agents are found by.
const PLACES: [&str; 13] = [
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
enum Format {
    OpenPgp,
    X509,
    Ssh,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    /// Whatever the program has for the committer.
    OfCommitter,
    /// In the program's own words.
    Named(String),
    /// A private key, or a public one whose private half the agent has.
    File(PathBuf),
    /// A public key itself; the agent has its private half.
    Literal(String),
    /// A program that tells such a key.
    Told(Vec<String>),
}

/// How commits are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    format: Format,
    program: String,
    key: Key,
    /// Where relative paths start.
    dir: PathBuf,
    env: Vec<(String, String)>,
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
            Key::OfCommitter => format!("the committer's {kind} key"),
            Key::Named(name) => format!("{kind} key {name}"),
            Key::File(path) => format!("{kind} key {}", path.display()),
            Key::Literal(key) => format!("{kind} key {}", short(key)),
            Key::Told(words) => format!("the {kind} key that `{}` tells", words.join(" ")),
        }
    }

    /// Is there what signing needs, as far as that can be seen without signing?
    ///
    /// # Errors
    ///
    /// The program, or the key's file, is missing.
    pub fn ready(&self) -> Result<(), Failure> {
        if let Some(missing) = self.programs().into_iter().find(|program| !self.is_there(program)) {
            return Err(self.not_found(missing));
        }
        match &self.key {
            Key::File(path) if !self.dir.join(path).is_file() => Err(self
                .failure(FailureKind::Config, format!("there is no key file {}", path.display()))
                .hint(format!("user.signingkey names it. {}", self.advice()))),
            _ => Ok(()),
        }
    }

    fn programs(&self) -> Vec<&str> {
        let told = match &self.key {
            Key::Told(words) => words.first(),
            _ => None,
        };
        told.into_iter().chain([&self.program]).map(String::as_str).collect()
    }

    fn is_there(&self, program: &str) -> bool {
        if program.contains('/') {
            return self.dir.join(program).is_file();
        }
        let folders = self.env.iter().find(|(name, _)| name == "PATH").map_or("", |(_, value)| value);
        std::env::split_paths(folders).any(|folder| folder.join(program).is_file())
    }

    fn not_found(&self, program: &str) -> Failure {
        let setting = match self.format {
            Format::OpenPgp => "gpg.program",
            Format::X509 => "gpg.x509.program",
            Format::Ssh if program != self.program => "gpg.ssh.defaultKeyCommand",
            Format::Ssh => "gpg.ssh.program",
        };
        self.failure(FailureKind::Config, format!("`{program}` was not found")).hint(format!(
            "install it, or name another in git's setting {setting}. Nothing was made; `git config commit.gpgsign false` \
             makes unsigned commits"
        ))
    }

    /// Signs a commit's text; the signature as it stands in the commit.
    ///
    /// # Errors
    ///
    /// A program is missing, has no such key, is given no passphrase or takes too long; ctrl-C. Nothing was made then.
    pub fn sign(&self, text: &str, committer: &Signature, watch: Watch<'_>) -> Result<String, Failure> {
        self.ready()?;
        watch.say(format!("signing with {}", self.shown()));
        let signature = match self.format {
            Format::OpenPgp | Format::X509 => self.sign_by_gpg(text, committer, watch),
            Format::Ssh => self.sign_by_ssh(text, watch),
        }?;
        Ok(signature.replace('\r', "").trim_end().to_owned())
    }

    fn sign_by_gpg(&self, text: &str, committer: &Signature, watch: Watch<'_>) -> Result<String, Failure> {
        let key = match &self.key {
            Key::Named(name) => name.clone(),
            _ => format!("{} <{}>", committer.name, committer.email),
        };
        let argv = [&self.program, "--status-fd=2", "-bsau", &key].map(str::to_owned);
        let input = written(text).map_err(|error| self.unwritten(&error))?;
        let ended = self.run(&argv, Some(input), watch)?;
        let created = ended.stderr.lines().any(|line| line.starts_with("[GNUPG:] SIG_CREATED "));
        if ended.success() && created && !ended.stdout.is_empty() {
            return Ok(ended.stdout);
        }
        Err(self.declined(&ended))
    }

    fn sign_by_ssh(&self, text: &str, watch: Watch<'_>) -> Result<String, Failure> {
        let folder = tempfile::tempdir().map_err(|error| self.unwritten(&error))?;
        let (payload, key_file) = (folder.path().join("commit"), folder.path().join("key"));
        let literal = match &self.key {
            Key::Literal(key) => Some(key.clone()),
            Key::Told(words) => Some(self.told(words, watch)?),
            _ => None,
        };
        std::fs::write(&payload, text).map_err(|error| self.unwritten(&error))?;
        let mut argv = [&self.program, "-Y", "sign", "-n", "git", "-f"].map(str::to_owned).to_vec();
        match (&literal, &self.key) {
            (Some(key), _) => {
                std::fs::write(&key_file, format!("{key}\n")).map_err(|error| self.unwritten(&error))?;
                argv.extend([key_file.display().to_string(), "-U".to_owned()]);
            }
            (None, Key::File(path)) => argv.push(path.display().to_string()),
            (None, _) => return Err(self.failure(FailureKind::Bug, "there is no key".to_owned())),
        }
        argv.push(payload.display().to_string());
        let ended = self.run(&argv, None, watch)?;
        match std::fs::read_to_string(payload.with_extension("sig")) {
            Ok(signature) if ended.success() => Ok(signature),
            _ => Err(self.declined(&ended)),
        }
    }

    /// The first line of what `gpg.ssh.defaultKeyCommand` says.
    fn told(&self, argv: &[String], watch: Watch<'_>) -> Result<String, Failure> {
        let shown = argv.join(" ");
        let ended = self.run(argv, None, watch)?;
        let first = ended.stdout.lines().next().and_then(literal).filter(|_| ended.success());
        first.map(str::to_owned).ok_or_else(|| {
            let words = format!("`{shown}` (gpg.ssh.defaultKeyCommand) tells no ssh key");
            said(self.failure(FailureKind::Config, words), &ended)
                .hint("its first line must be a public key (`ssh-add -L` shows the agent's), or set user.signingkey")
        })
    }

    fn run(&self, argv: &[String], stdin: Option<File>, watch: Watch<'_>) -> Result<Finished, Failure> {
        let without: Vec<&str> =
            PLACES.into_iter().filter(|place| self.env.iter().all(|(name, _)| name != place)).collect();
        let program = Program {
            argv,
            dir: &self.dir,
            env: &self.env,
            without: &without,
            stdin,
            streams: Streams::Apart,
            keep: KEPT,
            limit: Some(PATIENCE),
            // gpg starts its agent.
            leftovers: Leftovers::Leave,
        };
        let mut line = |line: &str| {
            // "Confirm user presence for key": a person has to know.
            if !line.starts_with("[GNUPG:]") && self.format == Format::Ssh {
                watch.say(line);
            }
        };
        process::run(program, watch, &mut line).map_err(|error| match error {
            ProcessError::Cancelled(_) => error.into(),
            ProcessError::TimedOut { .. } => self.failure(FailureKind::Timeout, error.to_string()).hint(self.advice()),
            ProcessError::NotFound(program) => self.not_found(&program),
            ProcessError::Start { .. } => self.failure(FailureKind::Command, error.to_string()),
        })
    }

    fn failure(&self, kind: FailureKind, why: String) -> Failure {
        Failure::new(kind, format!("the commit cannot be signed: {why}"))
    }

    fn unwritten(&self, error: &io::Error) -> Failure {
        self.failure(FailureKind::Io, format!("a temporary file cannot be written: {error}"))
            .hint("free some space, or set TMPDIR to a folder that you may write to")
    }

    /// The program ended without a signature.
    fn declined(&self, ended: &Finished) -> Failure {
        let why = format!("`{}` made no signature with {} ({})", self.program, self.shown(), ended.ending());
        said(self.failure(FailureKind::Command, why), ended).hint(self.advice())
    }

    /// What helps where a key or its passphrase is missing.
    fn advice(&self) -> String {
        let advice = match self.format {
            Format::OpenPgp => {
                "`gpg --list-secret-keys` shows the keys there are, user.signingkey chooses one; gpg's agent asks for the \
                 passphrase, on a terminal it needs `export GPG_TTY=$(tty)`"
            }
            Format::X509 => {
                "`gpgsm --list-secret-keys` shows the keys there are, user.signingkey chooses one; gpg's agent asks for the \
                 passphrase, on a terminal it needs `export GPG_TTY=$(tty)`"
            }
            Format::Ssh => {
                "`ssh-add -L` shows the keys of the agent, user.signingkey names one or its file; a key with a passphrase is \
                 given to the agent first: `ssh-add FILE`"
            }
        };
        format!("{advice}. Nothing was made")
    }
}

/// The program's own words as causes.
fn said(failure: Failure, ended: &Finished) -> Failure {
    let lines = ended.stderr.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("[GNUPG:]"));
    lines.take(10).fold(failure, Failure::cause)
}

fn key(format: Format, settings: &Settings<'_>) -> Result<Key, GitError> {
    let given = settings.get("user.signingkey").filter(|key| !key.is_empty());
    match (format, given) {
        (Format::OpenPgp | Format::X509, Some(name)) => Ok(Key::Named(name)),
        (Format::OpenPgp | Format::X509, None) => Ok(Key::OfCommitter),
        (Format::Ssh, Some(text)) => Ok(match literal(&text) {
            Some(key) => Key::Literal(key.to_owned()),
            None => Key::File(settings.expanded(&text)),
        }),
        (Format::Ssh, None) => match settings.get("gpg.ssh.defaultKeyCommand") {
            Some(command) => match words(&command) {
                Some(words) if !words.is_empty() => Ok(Key::Told(words)),
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
fn literal(text: &str) -> Option<&str> {
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

/// A command line in words: no shell is asked, but quotes and backslashes hold. `None` where one is left open.
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

fn environment(env: Env<'_>) -> Vec<(String, String)> {
    let places = PLACES.into_iter().filter_map(|place| Some((place.to_owned(), env(place)?)));
    // ssh-keygen would ask on the terminal, where relwf draws: it asks with the person's own window, or not at all.
    let asker = env("SSH_ASKPASS").filter(|asker| !asker.is_empty()).unwrap_or_else(|| "false".to_owned());
    let ask = [("SSH_ASKPASS".to_owned(), asker), ("SSH_ASKPASS_REQUIRE".to_owned(), "force".to_owned())];
    places.chain(ask).collect()
}

/// The text as a program's input.
fn written(text: &str) -> io::Result<File> {
    use io::{Seek, Write};
    let mut file = tempfile::tempfile()?;
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file)
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
