//! How long merges take here, with git and with libgit2, and how much memory they need; in one run.
//!
//!     cargo bench --bench merge -- REPOSITORY...        the merges of whole histories, 3,000 of each at most
//!     cargo bench --bench merge -- --scale [COMMITS]    500,000 files and 1,000,000 commits, made for the purpose
//!
//! A history, that is everything that any reference of the repository leads to, is replayed through
//! `relwf merge-tree --stdin`, `git merge-tree --stdin` and libgit2 (with git's limit of renames; it gets every tenth merge,
//! counted ten times). Of longer histories the merges are spread evenly. Those that git cannot replay, because objects are
//! missing, are left out.

#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a benchmark")]

#[path = "merge/scale.rs"]
mod scale;

use relwf::git::Mirror;
use relwf::merge::Merger;
use scale::Scale;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RELWF: &str = env!("CARGO_BIN_EXE_relwf");
const MERGES: usize = 3000;
/// What git sets for a merge (`merge.renameLimit`).
const RENAMES: u32 = 7000;
const COMMITS: usize = 1_000_000;

fn main() {
    // `cargo test --benches` runs benchmarks too; they are not tests.
    let words: Vec<String> = std::env::args().skip(1).collect();
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "--bench").collect();
    match words.as_slice() {
        [] => println!("cargo bench --bench merge -- REPOSITORY... | --scale [COMMITS]"),
        ["--scale"] => at_scale(COMMITS),
        ["--scale", commits] => at_scale(commits.parse().expect("a number of commits")),
        repositories => repositories.iter().for_each(|repository| replay(Path::new(repository))),
    }
}

fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").arg("-C").arg(dir);
    command
}

fn text(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().expect("the program starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// How long a program takes with this input, and its largest resident memory in MB.
fn measured(command: &mut Command, input: &Path, output: &Path) -> (Duration, u64) {
    let began = Instant::now();
    command.stdin(File::open(input).unwrap()).stdout(File::create(output).unwrap()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let seen = fs::read_to_string(&status).unwrap_or_default();
        let peak = seen.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        most = most.max(peak.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    (began.elapsed(), most / 1024)
}

fn replay(repository: &Path) {
    let room = tempfile::tempdir().expect("a temporary folder");
    let clone = room.path().join("r");
    let cloned = git(room.path()).args(["clone", "-q", "--mirror", "--shared"]).arg(repository).arg(&clone).status();
    assert!(cloned.is_ok_and(|status| status.success()), "{} cannot be cloned", repository.display());
    let list = text(git(&clone).args(["rev-list", "--min-parents=2", "--max-parents=2", "--parents", "--all"]));
    let all: Vec<&str> = list.lines().filter_map(|line| line.split_once(' ').map(|(_, parents)| parents)).collect();
    let spread = all.iter().step_by(all.len().div_ceil(MERGES).max(1));
    let pairs: Vec<&str> = spread.copied().filter(|pair| answers(&clone, pair)).collect();
    let (input, ours, gits) = (room.path().join("in"), room.path().join("ours"), room.path().join("gits"));
    fs::write(&input, pairs.join("\n") + "\n").unwrap();

    let (git_took, git_most) = measured(
        git(&clone).args(["merge-tree", "--write-tree", "--stdin", "--no-messages", "--name-only"]),
        &input,
        &gits,
    );
    let (took, most) =
        measured(Command::new(RELWF).args(["merge-tree", "--stdin", "--repo"]).arg(&clone), &input, &ours);
    let library = libgit2(&clone, &pairs);
    let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
    println!(
        "{}: {} merges; relwf {took:.2?}, {most} MB; git {git_took:.2?}, {git_most} MB; libgit2 {library:.2?}\n  \
         relwf/git {:.2}, libgit2/relwf {:.1}",
        repository.display(),
        pairs.len(),
        ratio(took, git_took),
        ratio(library, took)
    );
}

/// Whether both commits are whole: objects may be missing from a copy.
fn answers(repository: &Path, pair: &str) -> bool {
    let mut words = pair.split(' ');
    let merge = git(repository)
        .args(["merge-tree", "--write-tree", "--no-messages", "--name-only"])
        .args([words.next().unwrap(), words.next().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    matches!(merge.ok().and_then(|status| status.code()), Some(0 | 1))
}

fn libgit2(repository: &Path, pairs: &[&str]) -> Duration {
    let repository = git2::Repository::open(repository).unwrap();
    let began = Instant::now();
    for pair in pairs.iter().step_by(10) {
        let (ours, theirs) = pair.split_once(' ').unwrap();
        let commit = |id: &str| repository.find_commit(id.parse().unwrap()).unwrap();
        let mut options = git2::MergeOptions::new();
        options.find_renames(true).rename_threshold(50).target_limit(RENAMES);
        // What it says does not matter here, and it may fail.
        let _ = repository.merge_commits(&commit(ours), &commit(theirs), Some(&options));
    }
    began.elapsed() * 10
}

fn at_scale(commits: usize) {
    let room = tempfile::tempdir().expect("a temporary folder");
    let repository = room.path().join("large.git");
    assert!(git(room.path()).args(["init", "-q", "--bare", "-b", "master", "large.git"]).status().unwrap().success());
    let began = Instant::now();
    let mut import = git(&repository).args(["fast-import", "--quiet", "--done"]).stdin(Stdio::piped()).spawn().unwrap();
    let scale = Scale { commits, waiting: 1000.min(commits / 2) };
    scale.write(import.stdin.as_mut().unwrap()).expect("git takes it");
    assert!(import.wait().unwrap().success());
    println!("{commits} commits, {} files, made in {:.0?}", Scale::FILES, began.elapsed());

    // As the cache has one.
    assert!(git(&repository).args(["commit-graph", "write", "--reachable"]).status().unwrap().success());
    let mirror = Mirror::at(&repository).unwrap();
    // One commit ahead, so that finding the merge base is next to nothing. The target's own merge commits change no file.
    let ahead = format!("master~{}", scale.waiting - 2);
    let (plain, master) = (mirror.resolve("plain").unwrap(), mirror.resolve(&ahead).unwrap());
    let merger = Merger::default();
    let mut best = Duration::MAX;
    // The first one finds the merge base.
    for _ in 0..10 {
        let began = Instant::now();
        merger.merge(mirror.objects(), plain, master).unwrap();
        best = best.min(began.elapsed());
    }
    println!("a target with nothing of its own, merge base known: {best:.2?}");

    let (nothing, out) = (room.path().join("in"), room.path().join("out"));
    File::create(&nothing).unwrap();
    for target in ["plain", "staging"] {
        for round in ["cold (with the clone)", "warm", "warm"] {
            let mut command = Command::new(RELWF);
            command.args(["preview", "master", target, "--json", "--repo"]).arg(&repository);
            command.current_dir(room.path()).env("RELWF_CACHE_DIR", room.path().join("cache"));
            let (took, most) = measured(&mut command, &nothing, &out);
            println!("preview master {target}, {round}: {took:.2?}, {most} MB");
        }
    }
}
