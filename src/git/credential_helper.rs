//! The programs that have credentials: `gh` and git's credential helpers. relwf only reads from them.

use super::git_config::SharedEnv;
use super::program::LOCAL_ENVIRONMENT;
use crate::model::{Cancel, TaskContext};
use crate::process::{self, Leftovers, Program, Streams};
use std::path::Path;
use std::time::Duration;

/// A helper that prompts the operator would wait without end.
const PATIENCE: Duration = Duration::from_secs(20);
/// No credential is longer.
const KEPT: usize = 1 << 20;

/// Where programs and their settings are found.
const PLACES: [&str; 9] = [
    "GIT_ASKPASS",
    "PATH",
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GH_CONFIG_DIR",
];

/// `gh auth token`, for hosts that `gh` is logged in to.
pub(super) fn gh_token(env: &SharedEnv, host: &str) -> Option<String> {
    let token = run(&["gh", "auth", "token", "--hostname", host], env, "")?.trim().to_owned();
    (!token.is_empty() && !token.contains(char::is_whitespace)).then_some(token)
}

/// `git credential fill`, without a prompt on the terminal: user and password (gitcredentials(7)).
pub(super) fn git_credential(
    env: &SharedEnv,
    scheme: &str,
    host: &str,
    user: Option<&str>,
) -> Option<(String, String)> {
    if [Some(host), user].into_iter().flatten().any(|text| text.contains(['\n', '\0'])) {
        return None;
    }
    let git = ["git", "credential", "fill"];
    let user = user.map(|user| format!("username={user}\n")).unwrap_or_default();
    let answer = run(&git, env, &format!("protocol={scheme}\nhost={host}\n{user}\n"))?;
    let value = |key: &str| answer.lines().find_map(|line| Some(line.strip_prefix(key)?.strip_prefix('=')?.to_owned()));
    value("username").zip(value("password").filter(|password| !password.is_empty()))
}

fn run(argv: &[&str], env: &SharedEnv, input: &str) -> Option<String> {
    let mut without = LOCAL_ENVIRONMENT.to_vec();
    // That one is for the window of a desktop; `GIT_ASKPASS` and `core.askPass` are git's own, and may have a login.
    without.push("SSH_ASKPASS");
    let mut set = vec![("GIT_TERMINAL_PROMPT".to_owned(), "0".to_owned())];
    set.push(("GCM_INTERACTIVE".to_owned(), "never".to_owned()));
    for place in PLACES {
        match env(place) {
            Some(value) => set.push((place.to_owned(), value)),
            None => without.push(place),
        }
    }
    let argv: Vec<String> = argv.iter().map(|&argument| argument.to_owned()).collect();
    let program = Program {
        argv: &argv,
        dir: Path::new("."),
        without: &without,
        env: &set,
        stdin: process::input(input).ok(),
        streams: Streams::Apart,
        keep: KEPT,
        limit: Some(PATIENCE),
        // A helper may start a daemon that remembers.
        leftovers: Leftovers::Leave,
    };
    // Not installed is an answer too: no credential from there.
    let task = TaskContext { cancel: &Cancel::new(), progress: &|_| {} };
    let ended = process::run(program, task, &mut |_| {}).ok()?;
    ended.success().then_some(ended.stdout)
}
