//! Compares relwf's merges with `git merge-tree`'s, over the merges of a repository's history, and lists each disagreement.
//!
//!     cargo bench --bench merge_against_git -- REPOSITORY [N] [--made-up] [--seed S]
//!
//! Takes N (default 1,000) of the merges of two parents in the repository's history and compares tree, conflicted paths
//! and kinds of conflict. With `--made-up` the pairs are not those of merges: branches that never met, up to 2,000
//! commits apart, which gives many more conflicts and renames. Where git itself stops (objects that are missing, an
//! assertion of its own) there is nothing to compare; these are counted. The repository is only read: both work in an
//! empty one that borrows its objects. Exit status 1 on any disagreement.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::exit,
    reason = "a tool"
)]

#[path = "../tests/it/merge_answers.rs"]
mod merge_answers;

use merge_answers::{Answer, difference, git, gits, ours};
use relwf::model::CommitId;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const BATCH: usize = 250;
const MERGES: usize = 1000;
/// Made-up pairs are at most this far from each other in the list of all branches by date.
const APART: usize = 2000;

type Pair = (CommitId, CommitId);

struct Wish {
    repository: PathBuf,
    count: usize,
    made_up: bool,
    seed: u64,
}

fn main() {
    // `cargo test --benches` runs benchmarks too; they are not tests.
    let words: Vec<String> = std::env::args().skip(1).collect();
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let Some(wish) = wish(&words) else {
        println!("cargo bench --bench merge_against_git -- REPOSITORY [N] [--made-up] [--seed S]");
        return;
    };
    let room = tempfile::tempdir().expect("a temporary folder");
    borrow(&wish.repository, room.path());
    let pairs = if wish.made_up { made_up(&wish) } else { merges(&wish) };
    if !replay(room.path(), &pairs) {
        std::process::exit(1);
    }
}

fn wish(words: &[String]) -> Option<Wish> {
    let mut wish = Wish { repository: PathBuf::new(), count: MERGES, made_up: false, seed: 1 };
    let mut plain = Vec::new();
    let mut words = words.iter().filter(|word| *word != "--bench");
    while let Some(word) = words.next() {
        match word.as_str() {
            "--made-up" => wish.made_up = true,
            "--seed" => wish.seed = words.next()?.parse().ok()?,
            _ => plain.push(word),
        }
    }
    wish.repository = std::fs::canonicalize(plain.first()?).ok()?;
    if let Some(count) = plain.get(1) {
        wish.count = count.parse().ok()?;
    }
    Some(wish)
}

/// An empty repository with the objects of another.
fn borrow(from: &Path, room: &Path) {
    assert!(git(room).args(["init", "-q", "--bare", "."]).status().expect("git runs").success());
    let objects = lines(from, &["rev-parse", "--path-format=absolute", "--git-path", "objects"]).concat();
    std::fs::write(room.join("objects/info/alternates"), format!("{objects}\n")).expect("a temporary file");
}

fn lines(repository: &Path, args: &[&str]) -> Vec<String> {
    let output = git(repository).args(["-c", "safe.directory=*"]).args(args).output().expect("git runs");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn parents(repository: &Path) -> Vec<Pair> {
    let args = ["rev-list", "--all", "--date-order", "--min-parents=2", "--max-parents=2", "--parents"];
    let pair = |line: &String| {
        let mut ids = line.split(' ').skip(1).map(|id| id.parse().expect("an id"));
        Some((ids.next()?, ids.next()?))
    };
    lines(repository, &args).iter().filter_map(pair).collect()
}

fn merges(wish: &Wish) -> Vec<Pair> {
    let mut pairs = parents(&wish.repository);
    let mut random = Random(wish.seed);
    for at in (1..pairs.len()).rev() {
        pairs.swap(at, random.below(at + 1));
    }
    pairs.truncate(wish.count);
    pairs
}

fn made_up(wish: &Wish) -> Vec<Pair> {
    let mut tips: Vec<CommitId> = parents(&wish.repository).into_iter().map(|(_, merged)| merged).collect();
    let refs = ["for-each-ref", "--sort=-committerdate", "--format=%(objecttype) %(objectname) %(*objectname)"];
    for line in lines(&wish.repository, &refs) {
        let mut words = line.split(' ');
        let (kind, id, tagged) = (words.next(), words.next(), words.next());
        let id = if kind == Some("commit") { id } else { tagged };
        tips.extend(id.and_then(|id| id.parse::<CommitId>().ok()));
    }
    let mut random = Random(wish.seed);
    let mut pair = |_| {
        let one = random.below(tips.len());
        let two = (one + 1 + random.below(APART)) % tips.len();
        (tips[one], tips[two])
    };
    (0..wish.count).map(&mut pair).collect()
}

/// splitmix64: the same pairs for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ word >> 31) % end.max(1) as u64) as usize
    }
}

/// Whether all answers are equal.
fn replay(room: &Path, pairs: &[Pair]) -> bool {
    let (mut clean, mut conflicted, mut skipped, mut wrong) = (0, 0, 0, 0);
    let mut times = [Duration::ZERO; 2];
    for batch in pairs.chunks(BATCH) {
        let start = Instant::now();
        let theirs = gits(room, batch);
        times[0] += start.elapsed();
        let start = Instant::now();
        let mine = ours(room, batch);
        times[1] += start.elapsed();
        for ((pair, git), ours) in batch.iter().zip(theirs).zip(mine) {
            let Ok(git) = git else {
                skipped += 1;
                continue;
            };
            match &git {
                Answer::Clean(_) => clean += 1,
                Answer::Conflicts(_) => conflicted += 1,
            }
            let why = match ours {
                Ok(ours) => difference(&git, &ours),
                Err(error) => Some(format!(" {error}")),
            };
            if let Some(why) = why {
                wrong += 1;
                println!("{} {}:{why}", pair.0, pair.1);
            }
        }
    }
    println!("{clean} clean, {conflicted} in conflict, {wrong} answered differently; git had no answer to {skipped}");
    println!("git {:.1} s, the engine {:.1} s", times[0].as_secs_f64(), times[1].as_secs_f64());
    wrong == 0
}
