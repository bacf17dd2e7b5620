//! How fast relwf is, as ratios against git in the same run.
//!
//!     cargo bench --bench speed                      # on a generated repository of 50,000 commits
//!     RELWF_BENCH_REPO=/path/to/repo cargo bench --bench speed
//!
//! With a repository of your own, `RELWF_BENCH_SOURCE` and `RELWF_BENCH_TARGET` name the branches (default: master and
//! staging). Commands are run in turn, A B A B …, and medians are compared, so that a machine that drifts does not
//! favour one of them. The numbers are for reading: nothing here fails because a machine is slow.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a benchmark prints and may stop at once")]

use relwf::model::{Cancel, Value};
use relwf::run::{Advance, History, Settled, advance};
use relwf::script::{Library, Program, Source};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const RELWF: &str = env!("CARGO_BIN_EXE_relwf");
const COMMITS: usize = 50_000;
const FILES: usize = 2_000;
const COMMANDS: usize = 1_000;

fn main() {
    // `cargo test --benches` runs benchmarks too; they are not tests.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let room = tempfile::tempdir().expect("a temporary folder");
    start_up(room.path());
    evaluator();
    preview(room.path());
}

fn start_up(room: &Path) {
    println!("start-up");
    let project = room.join("empty");
    std::fs::create_dir_all(&project).expect("a folder");
    let relwf = |args: &[&str]| {
        let mut command = private(RELWF, room);
        command.args(args).current_dir(&project);
        command
    };
    let git = || {
        let mut command = private("git", room);
        command.arg("--version");
        command
    };
    compare("relwf --version", || relwf(&["--version"]), "git --version", git, 40);
    compare("relwf list", || relwf(&["list"]), "git --version", git, 40);
}

fn preview(room: &Path) {
    let own = std::env::var_os("RELWF_BENCH_REPO").map(PathBuf::from);
    let name = |variable: &str, default: &str| std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    let source = name("RELWF_BENCH_SOURCE", "master");
    let target = name("RELWF_BENCH_TARGET", "staging");
    let repository = own.unwrap_or_else(|| generate(&room.join("generated.git"), room));
    let commits = text(private("git", room).arg("-C").arg(&repository).args(["rev-list", "--count", &source]));
    println!("\nwarm preview of {source} into {target}, {} commits", commits.trim());

    let mirror = room.join("mirror.git");
    let mut clone = private("git", room);
    clone.args(["clone", "-q", "--mirror"]).arg(&repository).arg(&mirror);
    assert!(clone.status().expect("git runs").success(), "git clone --mirror failed");

    let relwf = || {
        let mut command = private(RELWF, room);
        command.args(["preview", &source, &target, "--json", "--repo"]).arg(&repository);
        command
    };
    let git = || {
        let script = format!("git fetch -q --prune origin && git merge-tree --write-tree {target} {source}");
        let mut command = private("sh", room);
        command.current_dir(&mirror).args(["-c", &script]);
        command
    };
    compare("relwf preview", relwf, "git fetch + git merge-tree", git, 11);
}

/// What it costs to answer all commands of a long run from its journal, as every resumption does.
fn evaluator() {
    println!("\nevaluation of a workflow of {COMMANDS} commands");
    let text = format!(
        "const WORKFLOW = #{{ params: #{{}} }};\n\
         fn run(p) {{\n    let seen = 0;\n    for n in 0..{COMMANDS} {{\n        \
         let commit = flow::step(\"look\", || git::commit(`v1.${{n}}`));\n        \
         seen += commit.summary.len();\n    }}\n    seen\n}}\n"
    );
    let source = Source { path: "workflows/long.rhai".to_owned(), text };
    let compiled = Instant::now();
    let library = Library::pinned(vec![source], relwf::effects::host_functions());
    let program = library.program("long").map_err(|finding| finding.failure).expect("the workflow compiles");
    println!("  compiled in {:.1} ms", compiled.elapsed().as_secs_f64() * 1e3);

    let mut history = History::default();
    let whole = Instant::now();
    while let Advance::Pending(requests) = evaluate(&program, &Arc::new(history.clone())) {
        requests.iter().for_each(|request| history.settle(request, Settled::Value(outcome())));
    }
    println!("  from the first command to the last: {:.0} ms", whole.elapsed().as_secs_f64() * 1e3);

    let history = Arc::new(history);
    let end = Advance::Done(Value::from(COMMANDS * "Count orders for each customer".len()));
    assert!(evaluate(&program, &history) == end, "the workflow is not done");
    let mut times: Vec<Duration> = (0..21)
        .map(|_| {
            let start = Instant::now();
            evaluate(&program, &history);
            start.elapsed()
        })
        .collect();
    let took = median(&mut times).as_secs_f64();
    println!("  one evaluation, all answered: {:.2} ms; a command: {:.1} µs", took * 1e3, took * 1e6 / COMMANDS as f64);
}

fn evaluate(program: &Program, history: &Arc<History>) -> Advance {
    advance(program, &serde_json::json!({}), Arc::clone(history), &Cancel::new()).0
}

/// What `git::commit` answers.
fn outcome() -> Value {
    serde_json::json!({
        "id": "4be1f6d0c2a7f8e9b0d1c2a3f4e5d6c7b8a90123",
        "summary": "Count orders for each customer",
        "author": "Ada",
        "time": "2026-01-01T10:00:00Z",
        "parents": ["9d27c81e5fa7f8e9b0d1c2a3f4e5d6c7b8a90123"],
        "tree": "f8efc0e4c1a7f8e9b0d1c2a3f4e5d6c7b8a90123",
    })
}

/// A repository of [`COMMITS`] commits with a staging branch that lags and has a hotfix of its own.
fn generate(path: &Path, room: &Path) -> PathBuf {
    let mut init = private("git", room);
    init.args(["init", "-q", "--bare"]).arg(path);
    assert!(init.status().expect("git runs").success(), "git init failed");
    let mut import = private("git", room)
        .arg("-C")
        .arg(path)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("git fast-import starts");
    let mut out = std::io::BufWriter::new(import.stdin.take().expect("its input"));
    let commit = |out: &mut dyn Write, branch: &str, from: Option<&str>, number: usize, files: &[(usize, usize)]| {
        let who = format!("A Dev <dev@example.com> {} +0000", 1_400_000_000 + number * 600);
        writeln!(out, "commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\ndata <<E\nChange {number}\nE")?;
        if let Some(from) = from {
            writeln!(out, "from {from}")?;
        }
        for (file, version) in files {
            let path = format!("d{}/e{}/f{file}.txt", file % 40, file % 7);
            writeln!(out, "M 100644 inline {path}\ndata <<E")?;
            for line in 0..30 {
                let changed = if line == version % 30 { *version } else { 0 };
                writeln!(out, "line {line} of file {file}, {changed}")?;
            }
            writeln!(out, "E")?;
        }
        writeln!(out)
    };
    let all: Vec<(usize, usize)> = (0..FILES).map(|file| (file, 0)).collect();
    commit(&mut out, "master", None, 0, &all).expect("the import takes it");
    for number in 1..COMMITS {
        if number == COMMITS - 300 {
            commit(&mut out, "staging", Some("refs/heads/master^0"), number, &[(7, 29)]).expect("the import takes it");
        }
        commit(&mut out, "master", None, number, &[(number * 31 % FILES, number)]).expect("the import takes it");
    }
    drop(out);
    assert!(import.wait().expect("git fast-import ends").success(), "git fast-import failed");
    let mut pack = private("git", room);
    pack.arg("-C").arg(path).args(["repack", "-q", "-a", "-d"]);
    assert!(pack.status().expect("git runs").success(), "git repack failed");
    path.to_owned()
}

/// A command that sees nothing of the caller's home and configuration.
fn private(program: &str, room: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", room)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("RELWF_STATE_DIR", room.join("state"))
        .env("RELWF_CACHE_DIR", room.join("cache"));
    command
}

fn text(command: &mut Command) -> String {
    String::from_utf8_lossy(&command.output().expect("the command runs").stdout).into_owned()
}

fn timed(mut command: Command) -> Duration {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let start = Instant::now();
    let output = command.output().expect("the command runs");
    let took = start.elapsed();
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    took
}

fn compare(ours: &str, a: impl Fn() -> Command, theirs: &str, b: impl Fn() -> Command, rounds: usize) {
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

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}
