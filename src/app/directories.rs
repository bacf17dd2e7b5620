//! Where relwf keeps its files on this machine: the journal, the mirrors.

use super::invocation::Invocation;
use crate::model::{Failure, FailureKind};
use std::path::PathBuf;

impl Invocation {
    /// Where runs are kept: `RELWF_STATE_DIR`, else `$XDG_STATE_HOME/relwf`, else `~/.local/state/relwf`.
    ///
    /// # Errors
    ///
    /// None of them is set.
    pub fn state_dir(&self) -> Result<PathBuf, Failure> {
        self.folder("RELWF_STATE_DIR", "XDG_STATE_HOME", ".local/state")
    }

    /// Where mirrors are kept: `RELWF_CACHE_DIR`, else `$XDG_CACHE_HOME/relwf`, else `~/.cache/relwf`.
    ///
    /// # Errors
    ///
    /// None of them is set.
    pub fn cache_dir(&self) -> Result<PathBuf, Failure> {
        self.folder("RELWF_CACHE_DIR", "XDG_CACHE_HOME", ".cache")
    }

    fn folder(&self, own: &str, xdg: &str, below_home: &str) -> Result<PathBuf, Failure> {
        let set = |name: &str| (self.env)(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(dir) = set(own) {
            return Ok(self.dir.join(dir));
        }
        // The XDG specification: relative paths are to be ignored.
        if let Some(dir) = set(xdg).filter(|dir| dir.is_absolute()) {
            return Ok(dir.join("relwf"));
        }
        set("HOME").map(|home| home.join(below_home).join("relwf")).ok_or_else(|| {
            Failure::new(FailureKind::Config, format!("there is no folder to work in: neither {own} nor HOME is set"))
                .hint(format!("set {own} to a folder that only you can write to"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Fetch;
    use crate::git::CrossCheckMode;
    use crate::model::Cancel;
    use std::sync::Arc;

    fn invocation(vars: &'static [(&'static str, &'static str)]) -> Invocation {
        Invocation {
            dir: PathBuf::from("/project"),
            config: None,
            repo: None,
            fetch: Fetch::First,
            cross_check: CrossCheckMode::Ask,
            env: Arc::new(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())),
            cancel: Cancel::new(),
        }
    }

    #[test]
    fn folders_follow_the_environment() {
        let dir = |vars| invocation(vars).state_dir().map(|dir| dir.display().to_string());
        assert_eq!(dir(&[("HOME", "/h")]), Ok("/h/.local/state/relwf".to_owned()));
        assert_eq!(dir(&[("HOME", "/h"), ("XDG_STATE_HOME", "/x")]), Ok("/x/relwf".to_owned()));
        assert_eq!(dir(&[("HOME", "/h"), ("XDG_STATE_HOME", "relative")]), Ok("/h/.local/state/relwf".to_owned()));
        assert_eq!(dir(&[("RELWF_STATE_DIR", "s"), ("HOME", "/h")]), Ok("/project/s".to_owned()));
        assert_eq!(dir(&[]).map_err(|failure| failure.kind), Err(FailureKind::Config));
    }
}
