//! What this process was given: global options, environment variables and the ctrl-C flag.

use crate::effects::EnvLookup;
use crate::git::CrossCheckMode;
use crate::model::Cancel;
use std::path::PathBuf;

/// Is the remote fetched first?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    /// Fetch before answering.
    First,
    /// Answer from what was fetched last.
    Skip,
}

/// What a command was given.
#[derive(Clone)]
pub struct Invocation {
    /// Where it works (`-C`).
    pub dir: PathBuf,
    pub config: Option<PathBuf>,
    /// `--repo`: instead of `[repo].url`.
    pub repo: Option<String>,
    /// `--no-fetch`.
    pub fetch: Fetch,
    /// `--no-cross-check`.
    pub cross_check: CrossCheckMode,
    /// The environment.
    pub env: EnvLookup,
    /// ctrl-C.
    pub cancel: Cancel,
}
