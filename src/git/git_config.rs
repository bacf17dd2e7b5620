//! git's configuration as git itself would find it: the repository's before the person's before the machine's, and what the
//! environment puts over all of them.
//!
//! Knows how a setting is found and read, and which of them name proxies and certificates.

use super::GitError;
use crate::model::FailureKind;
use crate::network::{HttpSetting, Routes};
use git2::{Config, ConfigLevel, Repository};
use std::path::{Path, PathBuf};

/// Looks a variable of the environment up.
pub(super) type BorrowedEnv<'a> = &'a dyn Fn(&str) -> Option<String>;
/// The same, for several threads.
pub(super) type SharedEnv = dyn Fn(&str) -> Option<String> + Send + Sync;

/// git's configuration around a project.
pub(super) struct Settings<'a> {
    env: BorrowedEnv<'a>,
    files: Config,
    /// Where relative paths start: the top of the work tree, as for git.
    pub(super) top: Option<PathBuf>,
}

/// Does `safe.directory` say that a folder of another owner is trusted? As for git, the machine's and the person's configuration count,
/// and the environment; not that of the repository itself.
///
/// # Errors
///
/// Kind `config` when a file of the configuration cannot be read.
pub(super) fn is_safe_directory(env: BorrowedEnv<'_>, folder: &Path) -> Result<bool, GitError> {
    let settings = Settings::find(env, None)?;
    let home = settings.env("HOME");
    Ok(settings.every("safe.directory").iter().any(|value| {
        let value = match (value.strip_prefix("~/"), &home) {
            (Some(rest), Some(home)) => format!("{home}/{rest}"),
            _ => value.clone(),
        };
        match value.strip_suffix("/*") {
            _ if value == "*" => true,
            Some(above) => folder.starts_with(above) && folder != Path::new(above),
            None => Path::new(&value) == folder,
        }
    }))
}

impl<'a> Settings<'a> {
    /// The configuration of the machine, the person and the repository around `project`.
    ///
    /// # Errors
    ///
    /// Kind `config` when a file of it cannot be read.
    pub(super) fn find(env: BorrowedEnv<'a>, project: Option<&Path>) -> Result<Self, GitError> {
        let failed = |what: String, error: &git2::Error| {
            GitError::new(FailureKind::Config, format!("{what} cannot be read: {}", super::error::git_message(error)))
                .hint("`git config --list --show-origin` shows where the fault is")
        };
        let repository = project.and_then(|path| Repository::discover(path).ok());
        let top = repository.as_ref().and_then(Repository::workdir).or(project).map(Path::to_owned);
        let named =
            ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"].iter().any(|key| env(key).is_some());
        let same_home = env("HOME") == std::env::var("HOME").ok()
            && env("XDG_CONFIG_HOME") == std::env::var("XDG_CONFIG_HOME").ok();
        if !named && same_home {
            // libgit2 looks where git does, and knows `includeIf`.
            let files = match &repository {
                Some(repository) => repository.config(),
                None => Config::open_default(),
            };
            return Ok(Self { env, files: files.map_err(|e| failed("git's configuration".to_owned(), &e))?, top });
        }
        let mut files = Config::new().map_err(|e| failed("git's configuration".to_owned(), &e))?;
        let mut add = |path: PathBuf, level: ConfigLevel| {
            if path.is_file() {
                files.add_file(&path, level, false).map_err(|e| failed(path.display().to_string(), &e))?;
            }
            Ok::<(), GitError>(())
        };
        let truthy = |text: String| !matches!(text.to_ascii_lowercase().as_str(), "" | "0" | "false" | "no" | "off");
        if !env("GIT_CONFIG_NOSYSTEM").is_some_and(truthy) {
            add(env("GIT_CONFIG_SYSTEM").unwrap_or_else(|| "/etc/gitconfig".to_owned()).into(), ConfigLevel::System)?;
        }
        if let Some(global) = env("GIT_CONFIG_GLOBAL") {
            add(global.into(), ConfigLevel::Global)?;
        } else if let Some(home) = env("HOME").map(PathBuf::from) {
            let xdg =
                env("XDG_CONFIG_HOME").filter(|x| !x.is_empty()).map_or_else(|| home.join(".config"), PathBuf::from);
            add(xdg.join("git/config"), ConfigLevel::XDG)?;
            add(home.join(".gitconfig"), ConfigLevel::Global)?;
        }
        if let Some(repository) = &repository {
            add(repository.commondir().join("config"), ConfigLevel::Local)?;
            add(repository.path().join("config.worktree"), ConfigLevel::Worktree)?;
        }
        Ok(Self { env, files, top })
    }

    /// The environment around it.
    pub(super) fn env(&self, variable: &str) -> Option<String> {
        (self.env)(variable)
    }

    /// A setting's text, the last one given.
    pub(super) fn get(&self, key: &str) -> Option<String> {
        self.over(key).or_else(|| self.files.get_string(key).ok())
    }

    /// What `GIT_CONFIG_COUNT` and its kin put over the files.
    fn over(&self, key: &str) -> Option<String> {
        self.given().filter(|(name, _)| name.eq_ignore_ascii_case(key)).last().map(|(_, value)| value)
    }

    fn given(&self) -> impl Iterator<Item = (String, String)> {
        let count: usize = self.env("GIT_CONFIG_COUNT").and_then(|n| n.parse().ok()).unwrap_or(0).min(1000);
        (0..count)
            .filter_map(|i| self.env(&format!("GIT_CONFIG_KEY_{i}")).zip(self.env(&format!("GIT_CONFIG_VALUE_{i}"))))
    }

    /// Every value of a setting that may be given several times, in order; an empty one takes those before it back.
    fn every(&self, key: &str) -> Vec<String> {
        let mut values = Vec::new();
        let mut add = |value: &str| if value.is_empty() { values.clear() } else { values.push(value.to_owned()) };
        if let Ok(mut found) = self.files.multivar(key, None) {
            while let Some(Ok(entry)) = found.next() {
                add(entry.value().unwrap_or_default());
            }
        }
        self.given().filter(|(name, _)| name.eq_ignore_ascii_case(key)).for_each(|(_, value)| add(&value));
        values
    }

    /// A setting that is on or off; off when it is not given.
    ///
    /// # Errors
    ///
    /// Kind `config` when it is something else.
    pub(super) fn flag(&self, key: &str) -> Result<bool, GitError> {
        let read = match self.over(key) {
            Some(text) => Config::parse_bool(text),
            // Without `=` a setting is on.
            None => self.files.get_bool(key),
        };
        match read {
            Ok(value) => Ok(value),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(false),
            Err(error) => Err(GitError::new(
                FailureKind::Config,
                format!("git's setting {key} is neither on nor off: {}", super::error::git_message(&error)),
            )
            .hint(format!("`git config --show-origin {key}` shows where it stands; say true or false"))),
        }
    }

    /// Every setting of `http` and `http.<url>`; those that win come last. Paths are whole.
    ///
    /// # Errors
    ///
    /// Kind `config` when the configuration cannot be read.
    pub(super) fn http(&self) -> Result<Vec<HttpSetting>, GitError> {
        let mut found: Vec<(i32, String, String)> = Vec::new();
        let listed = self.files.entries(Some("^http\\.")).and_then(|entries| {
            entries.for_each(|entry| {
                if let (true, Ok(name), Ok(value)) = (entry.has_value(), entry.name(), entry.value()) {
                    found.push((entry.level() as i32, name.to_owned(), value.to_owned()));
                }
            })
        });
        listed.map_err(|e| {
            GitError::new(
                FailureKind::Config,
                format!("git's configuration cannot be read: {}", super::error::git_message(&e)),
            )
        })?;
        found.sort_by_key(|(level, ..)| *level);
        let files = found.into_iter().map(|(_, name, value)| (name, value));
        Ok(files.chain(self.given()).filter_map(|(name, value)| self.http_setting(&name, value)).collect())
    }

    fn http_setting(&self, name: &str, value: String) -> Option<HttpSetting> {
        let (section, rest) = name.split_once('.')?;
        let (url, key) = rest.rsplit_once('.').map_or((None, rest), |(url, key)| (Some(url.to_owned()), key));
        let key = key.to_ascii_lowercase();
        let value = if key == "sslcainfo" { self.expanded(&value).display().to_string() } else { value };
        section.eq_ignore_ascii_case("http").then_some(HttpSetting { url, key, value })
    }

    /// `~/x` below the person's home; other paths as they are.
    pub(super) fn expanded(&self, path: &str) -> PathBuf {
        match path.strip_prefix("~/").zip(self.env("HOME")) {
            Some((rest, home)) => Path::new(&home).join(rest),
            None => path.into(),
        }
    }
}

/// The ways to all servers, as git's configuration around `project` and the environment say.
///
/// # Errors
///
/// Kind `config` when git's configuration cannot be read.
pub fn routes(env: &dyn Fn(&str) -> Option<String>, project: Option<&Path>) -> Result<Routes, GitError> {
    Ok(Routes::new(env, Settings::find(env, project)?.http()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_read_as_git_reads_them_and_the_environment_is_over_the_files() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".gitconfig"), "[a]\non\nyes = yes\nodd = perhaps\nno = off\n").unwrap();
        let home = home.path().display().to_string();
        let env = |key: &str| match key {
            "HOME" => Some(home.clone()),
            "GIT_CONFIG_NOSYSTEM" | "GIT_CONFIG_COUNT" => Some("1".to_owned()),
            "GIT_CONFIG_KEY_0" => Some("A.Off".to_owned()),
            "GIT_CONFIG_VALUE_0" => Some("0".to_owned()),
            _ => None,
        };
        let settings = Settings::find(&env, None).unwrap();
        let flag = |key: &str| settings.flag(key).map_err(|error| error.to_string());
        assert_eq!(
            (flag("a.on"), flag("a.yes"), flag("a.no"), flag("a.absent")),
            (Ok(true), Ok(true), Ok(false), Ok(false))
        );
        assert_eq!(flag("a.off"), Ok(false));
        assert!(flag("a.odd").unwrap_err().contains("a.odd is neither on nor off"));
        assert_eq!(settings.expanded("~/k"), Path::new(&home).join("k"));
        assert_eq!(settings.expanded("./~/k"), Path::new("./~/k"));
    }
}
