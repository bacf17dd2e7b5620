//! What relwf costs, without a network: against git, as its own work grows, and one evaluation in milliseconds.
//!
//!     cargo bench --bench speed                      # on a generated repository of 50,000 commits
//!     RELWF_BENCH_REPO=/path/to/repo cargo bench --bench speed
//!
//! With a repository of your own, `RELWF_BENCH_SOURCE` and `RELWF_BENCH_TARGET` name the branches (default: master and
//! staging). Where two commands are compared, they are run in turn, A B A B …, and their medians are compared, so that a
//! machine that drifts does not favour one of them. The numbers are for reading: nothing here fails because a machine is slow.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a benchmark prints and may stop at once")]

#[path = "speed/delta.rs"]
mod delta;
#[path = "speed/evaluation.rs"]
mod evaluation;
#[path = "speed/fleet.rs"]
mod fleet;
#[path = "speed/growth.rs"]
mod growth;
#[path = "speed/measure.rs"]
mod measure;
#[path = "speed/promotion.rs"]
mod promotion;

use measure::{compare, private, text};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

const RELWF: &str = env!("CARGO_BIN_EXE_relwf");
const COMMITS: usize = 50_000;
const FILES: usize = 2_000;

fn main() {
    // `cargo test --benches` runs benchmarks too; they are not tests.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let room = tempfile::tempdir().expect("a temporary folder");
    start_up(room.path());
    promotion::by_hand(&room.path().join("promotion"));
    evaluation::evaluator();
    growth::growth(room.path());
    fleet::update(room.path());
    delta::components(room.path());
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
            commit(&mut out, "staging", Some("refs/heads/master"), number, &[(7, 29)]).expect("the import takes it");
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
