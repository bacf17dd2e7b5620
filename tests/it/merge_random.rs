//! Random histories: the engine and `git merge-tree` must agree on every tree and every conflict.
//!
//! There are a thousand histories for each unit of `RELWF_TEST_SIZE`, and each is merged six times; `PROPTEST_RNG_SEED` sets
//! another start for the generator. Many histories share a repository and one run of git. A history on which the two disagree
//! loses as many files as it can before it is shown.

use super::merge_answers::difference;
use super::merge_histories::{COMMITS, History, PAIRS, histories};
use super::merge_support::Repository;
use crate::support::sized;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};

const CASES: u32 = 1000;
const BATCH: usize = 250;

/// One complaint for each history on which the two disagree, `None` for the others.
fn compare(histories: &[History]) -> Vec<Option<String>> {
    let plan: Vec<_> = histories.iter().enumerate().flat_map(|(nth, history)| history.plan(nth * COMMITS)).collect();
    let repo = Repository::dated(&plan, |at| histories[at / COMMITS].minute(at % COMMITS));
    let pairs: Vec<_> =
        (0..histories.len()).flat_map(|nth| PAIRS.map(|(a, b)| (nth * COMMITS + a, nth * COMMITS + b))).collect();
    // Where git has no answer, ours cannot be compared, but there is one.
    let (ours, gits) = (repo.ours(&pairs), repo.try_gits(&pairs));
    let complaints: Vec<_> = gits
        .iter()
        .zip(&ours)
        .enumerate()
        .map(|(at, (git, ours))| {
            let why = difference(git.as_ref()?, ours)?;
            Some(format!("merging {:?}: {why}", PAIRS[at % PAIRS.len()]))
        })
        .collect();
    complaints.chunks(PAIRS.len()).map(|chunk| chunk.iter().flatten().next().cloned()).collect()
}

/// What is left of a history when nothing more can go without the disagreement going too.
fn smallest(mut history: History, mut complaint: String) -> String {
    loop {
        let smaller = history.smaller();
        let complaints = compare(&smaller);
        match smaller.into_iter().zip(complaints).find_map(|(smaller, why)| Some((smaller, why?))) {
            Some(found) => (history, complaint) = found,
            None => return format!("{history}\n{complaint}"),
        }
    }
}

#[test]
fn random_histories_merge_as_git_merges_them() {
    let given = ProptestConfig::default();
    let set = |name: &str| std::env::var_os(name).is_some();
    let cases = sized(CASES) as usize;
    let rng_seed = if set("PROPTEST_RNG_SEED") { given.rng_seed } else { RngSeed::Fixed(1) };
    let mut runner = TestRunner::new(ProptestConfig { rng_seed, ..given });
    let strategy = histories();
    let mut complaints = Vec::new();
    for done in (0..cases).step_by(BATCH) {
        let batch: Vec<History> =
            (done..cases.min(done + BATCH)).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
        let wrong = compare(&batch);
        complaints.extend(batch.into_iter().zip(wrong).filter_map(|(history, why)| Some((history, why?))));
    }
    let count = complaints.len();
    let shown: Vec<String> = complaints.into_iter().take(3).map(|(history, why)| smallest(history, why)).collect();
    assert!(count == 0, "{count} of {cases} histories differ, for example:\n{}", shown.join("\n\n"));
}
