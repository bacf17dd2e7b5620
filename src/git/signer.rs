//! Signs a text by running the program that git would run: gpg, gpgsm, ssh-keygen, or another with the same manners.
//!
//! Knows nothing of commits but the text. The programs ask for passphrases through their agents or windows.

use super::Ident;
use super::signing::{Format, PLACES, Signing, SigningKey, literal};
use crate::model::{Failure, FailureKind, TaskContext};
use crate::process::{self, Leftovers, ProcessError, Program, ProgramExit, Streams};
use std::fs::File;
use std::io;
use std::time::Duration;

/// A person may have to find a passphrase, or a hardware key to touch.
const PATIENCE: Duration = Duration::from_secs(300);
/// No signature and no program's complaint is longer.
const KEPT: usize = 256 * 1024;

impl Signing {
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
            SigningKey::File(path) if !self.dir.join(path).is_file() => Err(self
                .failure(FailureKind::Config, format!("there is no key file {}", path.display()))
                .hint(format!("user.signingkey names it. {}", self.advice()))),
            _ => Ok(()),
        }
    }

    /// Has GnuPG the key for a committer (`Ada <ada@example.com>`)? Other programs cannot be asked without signing.
    ///
    /// # Errors
    ///
    /// It has not.
    pub fn has_key(&self, committer: &str, task: TaskContext<'_>) -> Result<(), Failure> {
        let program = std::path::Path::new(&self.program).file_name().and_then(|name| name.to_str());
        if self.format == Format::Ssh || !program.is_some_and(|name| name.starts_with("gpg")) {
            return Ok(());
        }
        let key = self.gpg_key(committer);
        let argv = [&self.program, "--batch", "--list-secret-keys", &key].map(str::to_owned);
        if self.run(&argv, None, task)?.success() {
            return Ok(());
        }
        Err(self
            .failure(FailureKind::Config, format!("{} has no secret key for `{key}`", self.program))
            .hint("name one that it has in git's setting user.signingkey, or import the key"))
    }

    fn gpg_key(&self, committer: &str) -> String {
        match &self.key {
            SigningKey::Named(name) => name.clone(),
            _ => committer.to_owned(),
        }
    }

    fn programs(&self) -> Vec<&str> {
        let asked = match &self.key {
            SigningKey::FromCommand(argv) => argv.first(),
            _ => None,
        };
        asked.into_iter().chain([&self.program]).map(String::as_str).collect()
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
    pub fn sign(&self, text: &str, committer: &Ident, task: TaskContext<'_>) -> Result<String, Failure> {
        self.ready()?;
        let doing = format!("signing with {}", self.shown());
        let signature = match self.format {
            Format::OpenPgp | Format::X509 => {
                // Its agent may ask for the passphrase there.
                task.yield_terminal(doing);
                self.sign_by_gpg(text, committer, task)
            }
            Format::Ssh => {
                task.say(doing);
                self.sign_by_ssh(text, task)
            }
        }?;
        task.say("signed");
        Ok(signature.replace('\r', "").trim_end().to_owned())
    }

    fn sign_by_gpg(&self, text: &str, committer: &Ident, task: TaskContext<'_>) -> Result<String, Failure> {
        let key = self.gpg_key(&format!("{} <{}>", committer.name, committer.email));
        let argv = [&self.program, "--status-fd=2", "-bsau", &key].map(str::to_owned);
        let input = process::input(text).map_err(|error| self.unwritten(&error))?;
        let ended = self.run(&argv, Some(input), task)?;
        let created = ended.stderr.lines().any(|line| line.starts_with("[GNUPG:] SIG_CREATED "));
        if ended.success() && created && !ended.stdout.is_empty() {
            return Ok(ended.stdout);
        }
        Err(self.declined(&ended))
    }

    fn sign_by_ssh(&self, text: &str, task: TaskContext<'_>) -> Result<String, Failure> {
        let folder = tempfile::tempdir().map_err(|error| self.unwritten(&error))?;
        let (payload, key_file) = (folder.path().join("commit"), folder.path().join("key"));
        let literal = match &self.key {
            SigningKey::Literal(key) => Some(key.clone()),
            SigningKey::FromCommand(argv) => Some(self.key_from_command(argv, task)?),
            _ => None,
        };
        std::fs::write(&payload, text).map_err(|error| self.unwritten(&error))?;
        let mut argv = [&self.program, "-Y", "sign", "-n", "git", "-f"].map(str::to_owned).to_vec();
        match (&literal, &self.key) {
            (Some(key), _) => {
                std::fs::write(&key_file, format!("{key}\n")).map_err(|error| self.unwritten(&error))?;
                argv.extend([key_file.display().to_string(), "-U".to_owned()]);
            }
            (None, SigningKey::File(path)) => argv.push(path.display().to_string()),
            (None, _) => return Err(self.failure(FailureKind::Bug, "there is no key".to_owned())),
        }
        argv.push(payload.display().to_string());
        let ended = self.run(&argv, None, task)?;
        match std::fs::read_to_string(payload.with_extension("sig")) {
            Ok(signature) if ended.success() => Ok(signature),
            _ => Err(self.declined(&ended)),
        }
    }

    /// The first line that `gpg.ssh.defaultKeyCommand` prints.
    fn key_from_command(&self, argv: &[String], task: TaskContext<'_>) -> Result<String, Failure> {
        let shown = argv.join(" ");
        let ended = self.run(argv, None, task)?;
        let first = ended.stdout.lines().next().and_then(literal).filter(|_| ended.success());
        first.map(str::to_owned).ok_or_else(|| {
            let words = format!("`{shown}` (gpg.ssh.defaultKeyCommand) tells no ssh key");
            with_output(self.failure(FailureKind::Config, words), &ended)
                .hint("its first line must be a public key (`ssh-add -L` shows the agent's), or set user.signingkey")
        })
    }

    fn run(&self, argv: &[String], stdin: Option<File>, task: TaskContext<'_>) -> Result<ProgramExit, Failure> {
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
                task.say(line);
            }
        };
        process::run(program, task, &mut line).map_err(|error| match error {
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
    fn declined(&self, ended: &ProgramExit) -> Failure {
        let why = format!("`{}` made no signature with {} ({})", self.program, self.shown(), ended.ending());
        with_output(self.failure(FailureKind::Command, why), ended).hint(self.advice())
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

/// The program's output as causes.
fn with_output(failure: Failure, ended: &ProgramExit) -> Failure {
    let lines = ended.stderr.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("[GNUPG:]"));
    lines.take(10).fold(failure, Failure::cause)
}
