//! Finding and reading relwf.toml.

use super::Config;
use crate::model::Failure;
use std::path::{Path, PathBuf};

/// relwf.toml in `dir` or above, up to the enclosing repository's root.
pub fn find(_dir: &Path) -> Option<PathBuf> {
    unimplemented!()
}

/// Reads the file, or the defaults when there is none.
pub fn load(_dir: &Path, _file: Option<&Path>) -> Result<Config, Failure> {
    unimplemented!()
}

/// Reads a text; `name` is the file's name for messages.
pub fn parse(_text: &str, _name: &str, _root: &Path) -> Result<Config, Failure> {
    unimplemented!()
}
