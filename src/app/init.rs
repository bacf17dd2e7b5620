//! What `relwf init` writes: a relwf.toml made for the repository, the embedded workflows and plugins.

use super::embedded_files::{self, Preset};
use super::invocation::Invocation;
use crate::git::{self, DefaultRemote, RemoteUrl};
use crate::model::{Failure, FailureKind};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// One file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitFile {
    /// Where it is written.
    pub path: PathBuf,
    /// The path below the repository, for messages.
    pub name: String,
    pub text: String,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitWrite {
    New,
    /// It replaced another.
    Replaced,
    /// It was like that already.
    Same,
}

impl InitFile {
    /// Is there something else in its place?
    pub fn exists_differently(&self) -> bool {
        self.path.symlink_metadata().is_ok() && fs::read_to_string(&self.path).ok().as_deref() != Some(&self.text)
    }
}

/// The files for the repository around the folder.
///
/// # Errors
///
/// The folder lies in no repository.
pub fn init_files(invocation: &Invocation, preset: Preset) -> Result<Vec<InitFile>, Failure> {
    let Some(found) = git::enclosing(&invocation.dir)? else {
        return Err(Failure::new(
            FailureKind::Usage,
            format!("{} lies in no git repository", invocation.dir.display()),
        )
        .hint("run `relwf init` inside the repository that you release from, or try `relwf demo`"));
    };
    let mut files = vec![("relwf.toml".to_owned(), configuration(&found.root, &found.remote, &found.branches))];
    let text = |text: &str| if is_main(&found.branches) { from_main(text) } else { text.to_owned() };
    files.extend(embedded_files::of_preset(preset).map(|source| (source.path.clone(), text(&source.text))));
    Ok(files.into_iter().map(|(name, text)| InitFile { path: found.root.join(&name), name, text }).collect())
}

/// Is the branch where releases come from called `main` here?
fn is_main(branches: &[String]) -> bool {
    let has = |name: &str| branches.iter().any(|branch| branch == name);
    has("main") && !has("master")
}

/// A workflow that takes releases from `main`, its columns as they were.
fn from_main(text: &str) -> String {
    text.replace("\"master\", ", "\"main\",   ").replace("master", "main")
}

/// Writes one file, whole or not at all.
///
/// # Errors
///
/// The folder cannot be written.
pub fn write_init_file(file: &InitFile) -> Result<InitWrite, Failure> {
    let before = match fs::read_to_string(&file.path) {
        Ok(text) if text == file.text => return Ok(InitWrite::Same),
        Ok(_) => InitWrite::Replaced,
        Err(_) => InitWrite::New,
    };
    let write = || -> std::io::Result<()> {
        let folder = file.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut temporary = tempfile::Builder::new().permissions(readable()).tempfile_in(folder)?;
        temporary.write_all(file.text.as_bytes())?;
        temporary.persist(&file.path).map(drop).map_err(|error| error.error)
    };
    write()
        .map_err(|error| Failure::new(FailureKind::Io, format!("cannot write {}", file.path.display())).cause(error))?;
    Ok(before)
}

/// As an editor would create it; by default only their owner may read temporary files.
fn readable() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o644)
}

/// A relwf.toml for what is found in the repository, with comments for what is not.
pub fn configuration(root: &Path, remote: &DefaultRemote, branches: &[String]) -> String {
    let mut text = String::from(
        "# What relwf knows about this service. Every key is in relwf's book, docs/src/reference/config.md.\n\
         # `relwf check` reads this file, `relwf doctor` shows what is missing.\n\n[repo]\n",
    );
    text.push_str(&match remote {
        DefaultRemote::At { name, url, .. } => {
            format!("# Default: the clone's remote {name}, now {}.\n", without_login(url))
        }
        DefaultRemote::None => "# There is no remote: the repository itself is worked on.\n".to_owned(),
        DefaultRemote::NoUrl(name) => format!("# The remote {name} has no URL: this must say where releases go.\n"),
        DefaultRemote::Unclear(names) => {
            format!("# There are several remotes ({}): this must say where releases go.\n", names.join(", "))
        }
    });
    text.push_str("# url = \"git@github.com:acme/service.git\"\n\n# Where releases go, in order. `checks` must be green on a commit before it may land there.\n");
    let has = |name: &str| branches.iter().any(|branch| branch == name);
    for name in ["staging", "production"] {
        let comment = if has(name) { "" } else { "# " };
        if !comment.is_empty() {
            text.push_str(&format!("# There is no branch `{name}` yet.\n"));
        }
        text.push_str(&format!(
            "{comment}[[environment]]\n{comment}name = \"{name}\"\n{comment}branch = \"{name}\"\n\
             # url = \"https://{name}.example\"\n# checks = [\"continuous-integration/travis-ci/pr\"]\n\n"
        ));
    }
    text.push_str(
        "# What a release is made of. `commits`: every new commit is a new version.\n\
         [[component]]\nname = \"service\"\ndetect = \"commits\"\n\n",
    );
    if root.join("Gopkg.lock").is_file() {
        text.push_str(
            "# Gopkg.lock is here: name the project whose revision your customers run.\n# [[component]]\n# name = \"agent\"\n\
             # detect = \"gopkg\"\n# file = \"Gopkg.lock\"\n# project = \"github.com/acme/agent\"\n\n",
        );
    }
    if root.join(".travis.yml").is_file() {
        text.push_str(
            "# .travis.yml is here: which line installs what you ship, and where is its version?\n# [[component]]\n\
             # name = \"sdk\"\n# detect = \"travis\"\n# file = \".travis.yml\"\n\
             # command = 'get\\.example\\.com|install-sdk\\.sh'\n# version = '--version\\s+v?(\\S+)'\n\n",
        );
    }
    text.push_str(
        "[forge]\n# github, gitlab, forgejo or local (no forge: changes and verdicts live in the git repository).\n\
         # Default: from the remote's URL.\n# kind = \"local\"\n\n\
         # [ci]\n# kind = \"command\"                 # run in a checkout of the commit; exit 0 is green\n\
         # command = [\"make\", \"travis_${event}\"]\n\n\
         # What lands on the last environment is tagged, with its notes.\n# [release]\n# tag = \"release-{date}\"\n\n\
         # The customers' agents, in rings. Further targets may live in their own file.\n# [fleet]\n# component = \"agent\"\n\
         # [[fleet.target]]\n# id = \"acme\"\n# ring = \"canary\"\n# observe = { command = [\"./observe\", \"acme\"] }\n\
         # update = { command = [\"./update\", \"acme\"] }\n",
    );
    text
}

/// A URL may carry a password, or a token as the user's name; a configuration file that is committed must not.
fn without_login(url: &str) -> String {
    match RemoteUrl::parse(url, Path::new("/")) {
        Ok(parsed) if parsed.is_http() => parsed.to_string(),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_configuration_can_be_read() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("Gopkg.lock"), "").unwrap();
        fs::write(dir.path().join(".travis.yml"), "").unwrap();
        let branches = ["staging".to_owned(), "production".to_owned()];
        let remote =
            DefaultRemote::At { name: "origin".to_owned(), url: "https://me:secret@host/x.git".to_owned(), push: None };
        let text = configuration(dir.path(), &remote, &branches);
        assert!(!text.contains("secret"), "{text}");
        let config = crate::config::parse(&text, "relwf.toml", dir.path()).unwrap();
        let names: Vec<_> = config.environments.iter().map(|environment| environment.name.as_str()).collect();
        assert_eq!(names, ["staging", "production"]);
        assert_eq!(config.components.len(), 1);
        // What is commented out is right as well.
        let all: String = text
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.starts_with('[') || rest.split(' ').nth(1) == Some("=") => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let config = crate::config::parse(&all, "relwf.toml", dir.path()).unwrap();
        assert_eq!(config.components.len(), 3);
        assert!(config.fleet.is_some() && config.release.is_some());
    }
}
