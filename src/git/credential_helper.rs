//! The programs that know credentials: `gh` and git's credential helpers. They are asked, never told anything.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

type Env = dyn Fn(&str) -> Option<String> + Send + Sync;

/// A helper that wants to talk to a person would wait for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where programs and their settings are found.
const PLACES: [&str; 8] = [
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
pub(super) fn gh_token(env: &Env, host: &str) -> Option<String> {
    let mut command = Command::new("gh");
    command.args(["auth", "token", "--hostname", host]);
    let token = run(command, env, "")?.trim().to_owned();
    (!token.is_empty() && !token.contains(char::is_whitespace)).then_some(token)
}

/// `git credential fill`, without a prompt: user and password (gitcredentials(7)).
pub(super) fn git_credential(env: &Env, scheme: &str, host: &str, user: Option<&str>) -> Option<(String, String)> {
    if [Some(host), user].into_iter().flatten().any(|text| text.contains(['\n', '\0'])) {
        return None;
    }
    let mut command = Command::new("git");
    command.args(["-c", "core.askPass=", "-c", "credential.interactive=false", "credential", "fill"]);
    let user = user.map(|user| format!("username={user}\n")).unwrap_or_default();
    let answer = run(command, env, &format!("protocol={scheme}\nhost={host}\n{user}\n"))?;
    let value = |key: &str| answer.lines().find_map(|line| Some(line.strip_prefix(key)?.strip_prefix('=')?.to_owned()));
    value("username").zip(value("password").filter(|password| !password.is_empty()))
}

fn run(mut command: Command, env: &Env, input: &str) -> Option<String> {
    for place in PLACES {
        match env(place) {
            Some(value) => command.env(place, value),
            None => command.env_remove(place),
        };
    }
    for local in super::program::LOCAL_ENVIRONMENT {
        command.env_remove(local);
    }
    command
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GCM_INTERACTIVE", "never")
        .env_remove("GIT_ASKPASS")
        .env_remove("SSH_ASKPASS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    // Not installed is an answer too: no credential from there.
    let mut child = command.spawn().ok()?;
    let written = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
    let mut stdout = child.stdout.take()?;
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(2)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    };
    // A program may end without reading what it was given; then its answer stands for itself.
    let _ = written;
    status.success().then(|| reader.join().ok()?.ok()).flatten()
}
