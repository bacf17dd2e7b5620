//! The ssh program that git is configured to use, and its variant: `GIT_SSH_COMMAND`, `core.sshCommand`, `GIT_SSH`, `ssh.variant`, as
//! git(1) and git-config(1) have them.
//!
//! It has its own configuration, keys and known hosts; relwf gives it nothing but the address.

use super::GitError;
use super::git_config::Settings;
use crate::model::FailureKind;
use std::path::Path;

/// A program that takes a host and a command to run there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshProgram {
    start: Start,
    variant: Variant,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Start {
    /// A line for the shell, with arguments of its own.
    Line(String),
    /// The program alone.
    Program(String),
}

/// How it takes a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    OpenSsh,
    Plink,
    TortoisePlink,
    /// Not at all.
    Simple,
}

/// Where a repository is on an ssh server.
pub(super) struct SshPlace<'a> {
    /// With the port, when it has one.
    pub(super) host: &'a str,
    pub(super) user: Option<&'a str>,
    pub(super) path: &'a str,
}

/// The program that git's configuration around `project` and the environment name; `None` where they name none.
///
/// # Errors
///
/// Kind `config` when git's configuration cannot be read.
pub fn ssh_program(
    env: &dyn Fn(&str) -> Option<String>,
    project: Option<&Path>,
) -> Result<Option<SshProgram>, GitError> {
    let settings = Settings::find(env, project)?;
    let line = env("GIT_SSH_COMMAND").or_else(|| settings.get("core.sshCommand"));
    let start = match (line, env("GIT_SSH")) {
        (Some(line), _) => Start::Line(line),
        (None, Some(program)) => Start::Program(program),
        (None, None) => return Ok(None),
    };
    let named = env("GIT_SSH_VARIANT").or_else(|| settings.get("ssh.variant"));
    let variant = match named.as_deref() {
        Some("ssh") => Variant::OpenSsh,
        Some("plink" | "putty") => Variant::Plink,
        Some("tortoiseplink") => Variant::TortoisePlink,
        Some("simple") => Variant::Simple,
        Some(_) | None => start.guessed(),
    };
    Ok(Some(SshProgram { start, variant }))
}

impl Start {
    /// By the program's name. What has another name most often is a script around OpenSSH.
    fn guessed(&self) -> Variant {
        let program = match self {
            Self::Line(line) => line.split_whitespace().find(|word| !word.contains('=')).unwrap_or_default(),
            Self::Program(program) => program,
        };
        let name = program.trim_matches(['"', '\'']).rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        match name.trim_end_matches(".exe") {
            "plink" => Variant::Plink,
            "tortoiseplink" => Variant::TortoisePlink,
            _ => Variant::OpenSsh,
        }
    }
}

impl SshProgram {
    /// What starts it for a repository; the command to run there is still to be added.
    ///
    /// # Errors
    ///
    /// Kind `config` when the program takes no port and there is one, or the host would be taken for an option.
    pub(super) fn argv(&self, place: &SshPlace<'_>) -> Result<Vec<String>, GitError> {
        let (host, port) = split_port(place.host);
        let to = place.user.map_or_else(|| host.to_owned(), |user| format!("{user}@{host}"));
        let wrong = |why: &str| GitError::new(FailureKind::Config, format!("`{to}` cannot be reached by ssh: {why}"));
        if to.starts_with('-') {
            return Err(wrong("it would be taken for an option"));
        }
        let mut argv = match &self.start {
            Start::Line(line) => vec!["sh".to_owned(), "-c".to_owned(), format!("{line} \"$@\""), line.clone()],
            Start::Program(program) => vec![program.clone()],
        };
        match self.variant {
            // It must not ask: it is in the background, and what it waits for would not be seen.
            Variant::OpenSsh => argv.extend(["-o", "BatchMode=yes"].map(str::to_owned)),
            Variant::TortoisePlink => argv.push("-batch".to_owned()),
            Variant::Plink | Variant::Simple => {}
        }
        match (port, self.variant) {
            (None, _) => {}
            (Some(port), Variant::OpenSsh) => argv.extend(["-p".to_owned(), port.to_owned()]),
            (Some(port), Variant::Plink | Variant::TortoisePlink) => argv.extend(["-P".to_owned(), port.to_owned()]),
            (Some(_), Variant::Simple) => {
                return Err(wrong("a program of the ssh variant `simple` takes no port")
                    .hint("`git config ssh.variant ssh` where it takes `-p`"));
            }
        }
        argv.push(to);
        Ok(argv)
    }
}

impl SshPlace<'_> {
    /// The path as the server's shell reads it. `/~user/x` means that user's home.
    pub(super) fn quoted_path(&self) -> String {
        let path = self.path.strip_prefix('/').filter(|path| path.starts_with('~')).unwrap_or(self.path);
        format!("'{}'", path.replace('\'', r"'\''").replace('!', r"'\!'"))
    }
}

/// `host:22` and `[::1]:22` in two.
fn split_port(host: &str) -> (&str, Option<&str>) {
    if let Some((inside, rest)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (inside, rest.strip_prefix(':'));
    }
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') => (name, Some(port)),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(set: &[(&str, &str)]) -> Option<SshProgram> {
        let home = tempfile::tempdir().unwrap();
        let env = |name: &str| match name {
            "HOME" => Some(home.path().display().to_string()),
            "GIT_CONFIG_NOSYSTEM" => Some("1".to_owned()),
            _ => set.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()),
        };
        ssh_program(&env, None).unwrap()
    }

    fn argv(set: &[(&str, &str)], host: &str) -> Vec<String> {
        let place = SshPlace { host, user: Some("me"), path: "/x" };
        program(set).unwrap().argv(&place).unwrap()
    }

    #[test]
    fn the_program_is_the_one_that_git_would_start() {
        assert_eq!(program(&[]), None);
        let line = argv(&[("GIT_SSH_COMMAND", "ssh -F 'a b'"), ("GIT_SSH", "other")], "h:22");
        let shell = ["sh", "-c", "ssh -F 'a b' \"$@\"", "ssh -F 'a b'", "-o", "BatchMode=yes", "-p", "22", "me@h"];
        assert_eq!(line, shell);
        let config = [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "core.sshCommand"), ("GIT_CONFIG_VALUE_0", "w")];
        assert_eq!(argv(&config, "h")[2], "w \"$@\"");
        assert_eq!(argv(&[("GIT_SSH", "/opt/plink.exe")], "[::1]:22"), ["/opt/plink.exe", "-P", "22", "me@::1"]);
        let simple = [("GIT_SSH", "s"), ("GIT_SSH_VARIANT", "simple")];
        assert_eq!(argv(&simple, "h"), ["s", "me@h"]);
        let place = SshPlace { host: "h:22", user: None, path: "/x" };
        assert!(program(&simple).unwrap().argv(&place).unwrap_err().to_string().contains("takes no port"));
        let option = SshPlace { host: "h", user: Some("-oProxyCommand=x"), path: "/x" };
        assert!(program(&simple).unwrap().argv(&option).unwrap_err().to_string().contains("an option"));
    }

    #[test]
    fn paths_are_quoted_for_the_servers_shell() {
        for (path, quoted) in [("/a b", "'/a b'"), ("/~me/x", "'~me/x'"), ("it's!", r"'it'\''s'\!''"), ("~/x", "'~/x'")]
        {
            assert_eq!(SshPlace { host: "h", user: None, path }.quoted_path(), quoted);
        }
    }
}
