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
