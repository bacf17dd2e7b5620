//! git's own program: whether there is one, which version, and how it is run.

use crate::model::{Cancel, TaskContext};
use crate::process::{self, Leftovers, ProcessError, Program, ProgramExit, Streams};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What one repository's git must not inherit from another's: `git rev-parse --local-env-vars`, and what hooks get.
pub(crate) const LOCAL_ENVIRONMENT: [&str; 19] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_QUARANTINE_PATH",
    "GIT_PROTOCOL",
];

/// git's program, when there is one on PATH.
pub(crate) fn git_program() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join("git")).find(|program| program.is_file())
}

/// Runs git to its end, where relwf runs, without what another repository's git may have left in the environment.
pub(super) fn run_git(
    arguments: &[OsString],
    env: &[(OsString, OsString)],
    limit: Option<Duration>,
    cancel: &Cancel,
) -> Result<ProgramExit, ProcessError> {
    let argv: Vec<OsString> = std::iter::once("git".into()).chain(arguments.iter().cloned()).collect();
    let program = Program {
        argv: &argv,
        dir: Path::new("."),
        without: &LOCAL_ENVIRONMENT,
        env,
        stdin: None,
        streams: Streams::Apart,
        keep: usize::MAX,
        limit,
        leftovers: Leftovers::Leave,
    };
    process::run(program, TaskContext { cancel, progress: &|_| {} }, &mut |_| {})
}

/// The version of git on PATH, e.g. `2.47.3`.
pub fn git_version() -> Option<String> {
    let ended = run_git(&["version".into()], &[], None, &Cancel::new()).ok()?;
    let text = ended.stdout.trim().strip_prefix("git version ")?;
    ended.success().then(|| text.to_owned())
}
