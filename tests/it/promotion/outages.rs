//! Every request of a promotion meets every kind of trouble: the run ends done, or suspended and then done by `resume`; nothing is done
//! twice, and nothing is left behind.
//!
//! A sample of the pairs is tried in every run; `RELWF_TEST_SIZE` tries as many times more of them, 70 tries all.

use super::stage::Stage;
use crate::support::chance::Chance;
use crate::support::github::{Fault, Protection};
use crate::support::sized;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many pairs are tried at least.
const SAMPLE: u32 = 3;

/// What happens to a request, and how often.
const TROUBLES: [(&str, u32); 7] = [
    ("502, for a moment", 3),
    ("502, for minutes", 60),
    ("reset after effect", 1),
    ("no answer", 1),
    ("401", 1),
    ("limit used up", 1),
    ("half an answer", 1),
];

fn trouble(kind: usize) -> Fault {
    match kind {
        0 | 1 => Fault::broken(502),
        2 => Fault::DoneThenReset,
        3 => Fault::Hang,
        4 => Fault::says(401, "Bad credentials"),
        5 => Fault::exhausted(jiff::Timestamp::now().as_second() + 1800),
        _ => Fault::Truncate,
    }
}

/// Where the forge merges, by a client that does not wait long.
fn stage() -> Stage {
    let stage = Stage::new();
    stage.github.protect("staging", Protection { only_by_change: true, ..Protection::default() });
    stage.forge("timeout = \"5s\"\n");
    stage
}

/// The nth request of a promotion meets trouble.
fn tried(nth: u32, kind: usize) -> Result<(), String> {
    let stage = stage();
    let (name, times) = TROUBLES[kind];
    stage.github.fault_after(nth, "*", "", times, trouble(kind));
    let mut said = stage.promote();
    for _ in 0..3 {
        if said.code == 0 {
            break;
        }
        let last = said.stderr.lines().rev().take(5).collect::<Vec<_>>().join("\n");
        if said.code != 3 || !last.contains("relwf resume ") {
            return Err(format!("request {nth}, {name}: exit {}\n{}", said.code, said.stderr));
        }
        stage.github.faults_end();
        said = stage.relwf(&["resume", "--all"]);
    }
    let (changes, comments) = (stage.github.changes(), stage.github.comments());
    let landings = stage.git(&["rev-list", "--first-parent", "--count", "production..staging"]);
    let left = stage.git(&["branch", "--list", "relwf/*"]);
    // After the landing a comment that cannot be posted is a note.
    let told = comments.len() == 1 || comments.is_empty() && said.stderr.contains("no comment on ");
    let once = changes.len() == 1 && changes[0].merged.is_some() && told && landings == "1";
    if said.code == 0 && once && left.is_empty() {
        return Ok(());
    }
    let asked = stage.asked().join("\n");
    Err(format!(
        "request {nth}, {name}: exit {}, {} changes, {} comments, {landings} landings, left: {left}\n{}\n{asked}",
        said.code,
        changes.len(),
        comments.len(),
        said.stderr
    ))
}

#[test]
fn whatever_happens_to_a_request_a_promotion_ends_done_and_does_nothing_twice() {
    let calm = stage();
    calm.promote().exits(0);
    let requests = u32::try_from(calm.github.requests().len()).unwrap();
    let mut pairs: Vec<(u32, usize)> =
        (0..requests).flat_map(|nth| (0..TROUBLES.len()).map(move |kind| (nth, kind))).collect();
    let mut chance = Chance(7);
    let wanted = pairs.len().min(sized(SAMPLE) as usize);
    while pairs.len() > wanted {
        pairs.swap_remove(chance.below(pairs.len() as u64) as usize);
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some((nth, kind)) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
            wrong.extend(tried(*nth, *kind).err());
        }
        wrong
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..3).map(|_| scope.spawn(work)).collect();
        running.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} of {wanted}:\n{}", wrong.len(), wrong.join("\n\n"));
}
