//! Commands in turn, A B A B …, and the ratio of their medians.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A command that sees nothing of the caller's home and configuration. The program is looked up here: a program that is named
/// by its path starts faster, and both should.
pub fn private(program: &str, room: &Path) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    let mut command = Command::new(found.expect("the program is there"));
    command
        .env_clear()
        .env("PATH", path)
        .env("HOME", room)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("RELWF_STATE_DIR", room.join("state"))
        .env("RELWF_CACHE_DIR", room.join("cache"));
    command
}

pub fn text(command: &mut Command) -> String {
    String::from_utf8_lossy(&command.output().expect("the command runs").stdout).into_owned()
}

pub fn timed(mut command: Command) -> Duration {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let start = Instant::now();
    let output = command.output().expect("the command runs");
    let took = start.elapsed();
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    took
}

pub fn compare(ours: &str, a: impl Fn() -> Command, theirs: &str, b: impl Fn() -> Command, rounds: usize) {
    timed(a());
    timed(b());
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        first.push(timed(a()));
        second.push(timed(b()));
    }
    let (first, second) = (median(&mut first), median(&mut second));
    println!(
        "  {ours}: {:.1} ms; {theirs}: {:.1} ms; ratio {:.2}",
        first.as_secs_f64() * 1e3,
        second.as_secs_f64() * 1e3,
        first.as_secs_f64() / second.as_secs_f64()
    );
}

pub fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The processor time that a command and all that it starts take, in seconds.
pub fn cpu(command: &Command) -> f64 {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "\"$@\" >/dev/null 2>&1 && times", "sh"]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(dir) = command.get_current_dir() {
        shell.current_dir(dir);
    }
    let output = shell.output().expect("the shell runs");
    assert!(output.status.success(), "{command:?} failed");
    // The second line is that of the children: `0m1.25s 0m0.50s`.
    let times = String::from_utf8_lossy(&output.stdout).into_owned();
    let seconds = |word: &str| {
        let (minutes, seconds) = word.trim_end_matches('s').split_once('m').expect("minutes and seconds");
        minutes.parse::<f64>().expect("minutes") * 60.0 + seconds.parse::<f64>().expect("seconds")
    };
    times.lines().nth(1).expect("the children's line").split_whitespace().map(seconds).sum()
}

/// Runs it; it must succeed.
pub fn succeeds(command: &mut Command) {
    assert!(command.status().expect("it starts").success(), "{command:?} failed");
}
