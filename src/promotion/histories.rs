//! Random release histories: no feature leaves a branch by a merge of relwf's, or is left out of one, without having been named
//! before; what is named is so; and who follows a hint loses nothing.
//!
//! There are 2,000 histories for each unit of `RELWF_TEST_SIZE`; `RELWF_TEST_SEED` begins with another one. The model is what the
//! files say: each feature has a file of its own, or a line of the shared one.

use super::{Promotion, Sides};
use crate::git::{
    CommitInfo, CrossCheckMode, FileMode, Ident, LogRange, Mirror, NewCommit, NewRepository, PendingCrossCheck,
    pick_messages,
};
use crate::hidden::{
    BranchNames, Hidden, HiddenFinding, Merging, SourcePlace, SourceRole, look_knowing, release_before,
};
use crate::merge::{Merged, Merger, Trees};
use crate::model::{CommitId, TreeId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

const HISTORIES: u64 = 2000;
const STEPS: usize = 24;
const NAMES: [&str; 3] = ["master", "staging", "production"];
const MASTER: usize = 0;
const PRODUCTION: usize = 2;

type Features = BTreeSet<u32>;

/// A generator that gives the same numbers for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap_or(0) % count
    }
}

struct World {
    mirror: Mirror,
    tips: [CommitId; 3],
    chance: Chance,
    clock: i64,
    features: u32,
    /// What was ever taken back where work is done: it may leave every branch.
    withdrawn: Features,
    /// The commits that did it.
    reverts: Vec<CommitId>,
    story: Vec<String>,
    /// Every commit.
    commits: Vec<CommitId>,
}

impl World {
    fn begin(path: &std::path::Path, seed: u64) -> Self {
        let mirror = Mirror::at(path).unwrap();
        let mut world = Self {
            mirror,
            tips: [crate::model::ObjectId::ZERO.into(); 3],
            chance: Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            clock: 1_700_000_000,
            features: 0,
            withdrawn: Features::new(),
            reverts: Vec::new(),
            story: Vec::new(),
            commits: Vec::new(),
        };
        let lines: String = (0..400).map(|line| format!("line {line}\n")).collect();
        let files = BTreeMap::from([("shared".to_owned(), (lines.into_bytes(), FileMode::Plain))]);
        let tree = world.mirror.write_tree(&files).unwrap();
        let first = world.write(tree, vec![], "initial");
        world.tips = [first; 3];
        world
    }

    fn write(&mut self, tree: TreeId, parents: Vec<CommitId>, message: &str) -> CommitId {
        self.clock += 60;
        let who = Ident { name: "Ada".into(), email: "ada@example.com".into(), time: self.clock, offset_minutes: 0 };
        let new = NewCommit { tree, parents, author: who.clone(), committer: who, message: format!("{message}\n") };
        let commit = self.mirror.write_commit(&new).unwrap();
        self.commits.push(commit);
        commit
    }

    /// Every commit with its parents, and what its files have.
    fn shown(&self) -> String {
        let row = |commit: &CommitId| {
            let info = self.info(*commit);
            let parents: Vec<String> = info.parents.iter().map(|parent| parent.short()).collect();
            format!("{} ({}) {} {:?}\n", commit.short(), parents.join(" "), info.summary, self.present(info.tree))
        };
        let tips = self.tips.map(|tip| tip.short());
        self.commits.iter().map(row).collect::<String>() + &format!("{tips:?}\n")
    }

    fn tree(&self, commit: CommitId) -> TreeId {
        self.mirror.tree(commit).unwrap()
    }

    fn info(&self, commit: CommitId) -> CommitInfo {
        self.mirror.commit(commit).unwrap()
    }

    fn files(&self, tree: TreeId) -> BTreeMap<String, (Vec<u8>, FileMode)> {
        let read = |path: String| {
            let bytes = self.mirror.read(tree, &path).unwrap().unwrap();
            (path, (bytes, FileMode::Plain))
        };
        self.mirror.list(tree).unwrap().into_iter().map(|(path, _)| read(path)).collect()
    }

    /// What a tree has.
    fn present(&self, tree: TreeId) -> Features {
        let mut found = Features::new();
        for (path, (bytes, _)) in self.files(tree) {
            found.extend(path.strip_prefix("feature-").and_then(|number| number.parse::<u32>().ok()));
            let text = String::from_utf8(bytes).unwrap();
            let lines = text.lines().filter(|_| path == "shared");
            found
                .extend(lines.filter_map(|line| line.strip_prefix("feature ")?.split(' ').next()?.parse::<u32>().ok()));
        }
        found
    }

    /// The features that a commit brings; of a merge those that merging alone would not bring.
    fn brings(&self, commit: CommitId) -> Features {
        self.present(self.tree(commit)).difference(&self.before(commit)).copied().collect()
    }

    /// What a commit started from: its parent, or its parents merged.
    fn before(&self, commit: CommitId) -> Features {
        match self.info(commit).parents[..] {
            [] => Features::new(),
            [parent] => self.present(self.tree(parent)),
            [ours, theirs, ..] => self.present(Merger::default().tree(self.mirror.objects(), ours, theirs).unwrap()),
        }
    }

    /// The features that a commit takes away.
    fn takes(&self, commit: CommitId) -> Features {
        self.before(commit).difference(&self.present(self.tree(commit))).copied().collect()
    }

    /// Writes a new feature on top of a commit.
    fn feature(&mut self, onto: CommitId, what: &str) -> CommitId {
        self.features += 1;
        let number = self.features;
        let mut files = self.files(self.tree(onto));
        if self.chance.below(3) == 0 {
            let slot = number as usize * 5;
            let text = String::from_utf8(files["shared"].0.clone()).unwrap();
            if text.lines().nth(slot).is_some_and(|line| line.starts_with("line ")) {
                let line = |(at, line): (usize, &str)| {
                    if at == slot { format!("feature {number} here\n") } else { format!("{line}\n") }
                };
                let text: String = text.lines().enumerate().map(line).collect();
                files.insert("shared".to_owned(), (text.into_bytes(), FileMode::Plain));
            }
        }
        if self.mirror.write_tree(&files).unwrap() == self.tree(onto) {
            // No two are alike: none looks as if it was renamed.
            let text: String = (1..9).map(|line| format!("{:x}\n", u64::from(number * 31 + line).pow(5))).collect();
            files.insert(format!("feature-{number}"), (text.into_bytes(), FileMode::Plain));
        }
        let tree = self.mirror.write_tree(&files).unwrap();
        self.write(tree, vec![onto], &format!("feature {number} ({what})"))
    }

    /// A change applied to a tree.
    fn apply(&self, from: TreeId, to: TreeId, onto: TreeId) -> Option<TreeId> {
        let trees = Trees { base: from, ours: onto, theirs: to, name: "theirs" };
        Merger::default().merge_trees(self.mirror.objects(), trees).unwrap().result.tree()
    }

    fn pick(&mut self, commit: CommitId, onto: CommitId, message: &str) -> Option<CommitId> {
        let info = self.info(commit);
        let before = self.tree(*info.parents.first()?);
        let tree = self.apply(before, info.tree, self.tree(onto))?;
        (tree != self.tree(onto)).then(|| self.write(tree, vec![onto], message))
    }

    /// The revert of a commit, or of a merge against its first parent, as git words it.
    fn revert(&mut self, commit: CommitId, onto: CommitId) -> Option<CommitId> {
        let info = self.info(commit);
        let parent = *info.parents.first()?;
        let tree = self.apply(info.tree, self.tree(parent), self.tree(onto))?;
        let merge =
            if info.parents.len() > 1 { format!(", reversing\nchanges made to {parent}") } else { String::new() };
        let message = format!("Revert \"{}\"\n\nThis reverts commit {commit}{merge}.", info.summary);
        (tree != self.tree(onto)).then(|| self.write(tree, vec![onto], &message))
    }

    fn line(&self, tip: CommitId, first_parent: bool, limit: usize) -> Vec<CommitInfo> {
        self.mirror.log(&LogRange { from: tip, not: vec![], first_parent, limit: Some(limit) }).unwrap()
    }

    fn place(&self, from: usize, to: usize) -> SourcePlace {
        let role = match from {
            MASTER => SourceRole::Development,
            _ if to < from => SourceRole::Later,
            _ => SourceRole::Environment,
        };
        let before = from.checked_sub(1).filter(|before| *before != to);
        let others = (1..3).filter(|other| from == MASTER && *other != to).map(|other| self.tips[other]).collect();
        let before = before.map(|before| (NAMES[before].to_owned(), self.tips[before]));
        SourcePlace { role, before, environments: others }
    }

    /// Looks at a merge, and holds what is said of it against the files.
    fn look(&mut self, (from, theirs): (usize, CommitId), (to, ours): (usize, CommitId)) -> (Option<TreeId>, Hidden) {
        let place = self.place(from, to);
        let names = BranchNames { source: Some(NAMES[from]), target: NAMES[to] };
        let sides = Sides { ours, theirs, place: &place, names };
        let pending = PendingCrossCheck::begin(CrossCheckMode::Skip, self.mirror.objects(), ours, theirs);
        let promotion = Promotion::assemble(&self.mirror, sides, None, pending).unwrap();
        let hidden = promotion.hidden;
        assert_eq!(hidden.unknown, None);
        // Of some: knowing what merges gave changes nothing.
        if self.commits.len().is_multiple_of(4) {
            let (bases, tree) = (&promotion.merge.bases[..], promotion.merge.result.tree());
            let merging = Merging { ours, theirs, bases, tree, place: &place, names };
            let look = |known| look_knowing(&self.mirror, &Merger::default(), &merging, known).unwrap();
            let (first, known) = look(Vec::new());
            let (second, more) = look(known);
            assert_eq!((&first, &second, more.is_empty()), (&hidden, &hidden, true));
        }
        let Merged::Clean(tree) = promotion.merge.result else {
            return (promotion.merge.result.tree(), hidden);
        };
        let (result, target, source) =
            (self.present(tree), self.present(self.tree(ours)), self.present(self.tree(theirs)));
        let off: Features = target.difference(&result).copied().collect();
        let out: Features = source.difference(&result).copied().collect();
        let removed_ids: Vec<CommitId> = hidden.removed.iter().map(|row| row.row.commit).collect();
        let reverted_ids: Vec<CommitId> = hidden.reverted.iter().map(|row| row.row.commit).collect();
        let rows = |rows: &[CommitId]| rows.iter().map(|row| self.brings(*row)).collect::<Vec<Features>>();
        let (removed, reverted) = (rows(&removed_ids), rows(&reverted_ids));
        let unsaid = |lost: &Features, said: &[Features]| said.iter().fold(lost.clone(), |left, said| &left - said);
        let off_unsaid = &unsaid(&off, &removed) - &self.withdrawn;
        assert!(off_unsaid.is_empty(), "the merge takes {off_unsaid:?} off {} unsaid", NAMES[to]);
        let out_unsaid = unsaid(&out, &reverted);
        assert!(out_unsaid.is_empty(), "the merge leaves {out_unsaid:?} of {} out unsaid", NAMES[from]);
        // Nothing is named that is not so: a feature that it brings is lost, or one that it takes away is there again.
        let untrue = |said: &[CommitId], lost: &Features, side: &Features| {
            let again: Features = result.difference(side).copied().collect();
            let wrong = |row: &CommitId| {
                let brings = self.brings(*row);
                !brings.is_empty() && brings.is_disjoint(lost) && self.takes(*row).is_disjoint(&again)
            };
            said.iter().find(|row| wrong(row)).map(|row| self.info(*row).summary)
        };
        assert_eq!(untrue(&removed_ids, &off, &target), None, "is not removed from {}", NAMES[to]);
        assert_eq!(untrue(&reverted_ids, &out, &source), None, "of {} is not left out", NAMES[from]);
        (Some(tree), hidden)
    }

    /// A merge that was looked at, without findings, or with all of them accepted.
    fn merge(&mut self, from: usize, to: usize, accept: bool) -> bool {
        let (theirs, ours) = (self.tips[from], self.tips[to]);
        let (tree, hidden) = self.look((from, theirs), (to, ours));
        let stops = hidden.findings.iter().any(|found| to > from || word(found) == "removed");
        if stops && !accept {
            self.follow(from, to, &hidden);
            return false;
        }
        let base = self.mirror.is_ancestor(theirs, ours).unwrap();
        if let (Some(tree), false) = (tree, base) {
            self.tips[to] = self.write(tree, vec![ours, theirs], &format!("Promote {} to {}", NAMES[from], NAMES[to]));
            return true;
        }
        false
    }

    /// Does what the first hint says; what it promises has to hold.
    fn follow(&mut self, from: usize, to: usize, hidden: &Hidden) {
        let Some(found) = hidden.findings.first() else { return };
        let Some(command) = found.hint.split('`').nth(1).filter(|command| command.starts_with("relwf run")) else {
            return;
        };
        self.story.push(format!("  {}\n  {}", found.message, found.hint));
        let param = |name: &str| {
            let word = command.split(' ').find_map(|word| word.strip_prefix(&format!("{name}=")))?;
            Some(word.to_owned())
        };
        let branch = |name: &str| NAMES.iter().position(|known| Some(*known) == param(name).as_deref());
        match command.split(' ').nth(2) {
            Some("back-merge") => {
                let (later, mut earlier) = (branch("from").unwrap(), branch("to").unwrap());
                let mut source = later;
                loop {
                    let (ours, theirs) = (self.tips[earlier], self.tips[source]);
                    let (tree, hidden) = self.look((source, theirs), (earlier, ours));
                    assert!(hidden.removed.is_empty(), "the hint takes something off {}", NAMES[earlier]);
                    if !self.mirror.is_ancestor(theirs, ours).unwrap() {
                        let tree = tree.expect("the hint conflicts");
                        self.tips[earlier] = self.write(tree, vec![ours, theirs], "Back-merge");
                    }
                    let Some(next) = branch("on").filter(|next| *next != earlier) else { break };
                    (source, earlier) = (earlier, next);
                }
            }
            Some("hotfix") => {
                let onto = branch("to").unwrap();
                for short in param("commits").unwrap().split(',') {
                    let commit = *self.commits.iter().find(|commit| commit.short() == short).unwrap();
                    if let Some(made) = self.pick(commit, self.tips[onto], "Picked") {
                        // What takes something away on master is meant for all.
                        if onto == MASTER {
                            let before = self.present(self.tree(self.tips[onto]));
                            self.withdrawn.extend(before.difference(&self.present(self.tree(made))));
                        }
                        self.tips[onto] = made;
                    }
                }
            }
            Some("reland") => {
                self.reland(from, to, hidden);
                return;
            }
            _ => return,
        }
        let (_, after) = self.look((from, self.tips[from]), (to, self.tips[to]));
        let kinds = |hidden: &Hidden| hidden.findings.iter().map(word).collect::<BTreeSet<_>>();
        // What the target needs was brought there: nothing is left to merge.
        if word(found) == "removed" && branch("to") == Some(to) {
            return;
        }
        assert!(!kinds(&after).contains(&word(found)), "the hint does not help: {:?}", after.findings);
        // A squash may show only now.
        let mut new = &kinds(&after) - &kinds(hidden);
        new.remove("squashed");
        assert!(new.is_empty(), "the hint leads to {new:?}");
    }

    fn reland(&mut self, from: usize, to: usize, hidden: &Hidden) {
        let (mut tip, mut picks, mut done) = (self.tips[to], Vec::new(), BTreeSet::new());
        for row in &hidden.reverted {
            let by = row.reverted_by.commit;
            if self.info(by).parents.len() > 1 {
                picks.insert(0, row.row.commit);
            } else if done.insert(by.to_string()) {
                tip = self.revert(by, tip).unwrap_or(tip);
            }
        }
        for commit in picks {
            let message = pick_messages::picked_from(&self.info(commit).message, commit);
            tip = self.pick(commit, tip, message.trim_end()).unwrap_or(tip);
        }
        let theirs = self.tips[from];
        let (tree, after) = self.look((from, theirs), (to, tip));
        assert!(after.reverted.is_empty(), "relanding leaves something out: {:?}", after.findings);
        if self.mirror.is_ancestor(theirs, tip).unwrap() {
            return;
        }
        let tree = tree.expect("the hint conflicts");
        self.tips[to] = self.write(tree, vec![tip, theirs], "Reland");
    }

    /// One thing that happens.
    fn step(&mut self) {
        let (what, environment) = (self.chance.below(20), 1 + self.chance.below(2));
        let tip = self.tips[environment];
        let upstream = environment - 1;
        self.story.push(format!("{what} {}", NAMES[environment]));
        match what {
            0..=4 => self.tips[MASTER] = self.feature(self.tips[MASTER], "master"),
            5..=8 => {
                let accept = self.chance.below(3) == 0;
                self.merge(upstream, environment, accept);
            }
            // A hotfix, and its back-merge.
            9 => {
                self.tips[PRODUCTION] = self.feature(self.tips[PRODUCTION], "production");
                if self.chance.below(2) == 0 {
                    self.merge(PRODUCTION, MASTER, false);
                }
            }
            // Somebody changes an environment by hand, and perhaps puts the same on master in other words.
            10 => {
                let made = self.feature(tip, "by hand");
                self.tips[environment] = made;
                if self.chance.below(2) == 0
                    && let Some(picked) = self.pick(made, self.tips[MASTER], "In other words")
                {
                    self.tips[MASTER] = picked;
                }
            }
            11 => {
                self.merge(environment, upstream, false);
            }
            // Work that is taken back where it is done, or comes again.
            12 => {
                let line = self.line(self.tips[MASTER], false, 12);
                let own = line.iter().filter(|commit| commit.parents.len() == 1).nth(self.chance.below(4));
                let Some(commit) = own.map(|commit| commit.id) else { return };
                let before = self.present(self.tree(self.tips[MASTER]));
                if let Some(made) = self.revert(commit, self.tips[MASTER]) {
                    let after = self.present(self.tree(made));
                    self.withdrawn.extend(before.difference(&after));
                    self.tips[MASTER] = made;
                    self.reverts.push(made);
                }
            }
            13 => {
                let landing = self.line(tip, true, 3).get(self.chance.below(2)).map(|commit| commit.id);
                let made = landing.and_then(|landing| self.revert(landing, tip));
                self.tips[environment] = made.unwrap_or(tip);
            }
            14 => {
                if let Some(release) = release_before(&self.mirror, tip).unwrap() {
                    let message = format!("Roll back\n\nRelwf-Restores: {}", release.id);
                    self.tips[environment] = self.write(release.tree, vec![tip], &message);
                }
            }
            // A merge by hand that keeps nothing of what it merges.
            15 => {
                let (from, to) =
                    if self.chance.below(2) == 0 { (environment, MASTER) } else { (upstream, environment) };
                let (ours, theirs) = (self.tips[to], self.tips[from]);
                if !self.mirror.is_ancestor(theirs, ours).unwrap() {
                    self.tips[to] = self.write(self.tree(ours), vec![ours, theirs], "Merge by hand, ours");
                }
            }
            // A squashed promotion.
            16 => {
                let merged = Merger::default().merge(self.mirror.objects(), tip, self.tips[upstream]).unwrap().result;
                if let Merged::Clean(tree) = merged
                    && tree != self.tree(tip)
                {
                    self.tips[environment] = self.write(tree, vec![tip], "Promote (squashed)");
                }
            }
            17 => {
                let back = self.line(self.tips[MASTER], true, 3).get(1).map(|commit| commit.id);
                self.tips[MASTER] = back.unwrap_or(self.tips[MASTER]);
            }
            18 => self.tips[MASTER] = self.feature(self.tips[MASTER], "master"),
            _ => {
                let last = self.reverts.last().copied();
                let before = self.present(self.tree(self.tips[MASTER]));
                if let Some(made) = last.and_then(|last| self.revert(last, self.tips[MASTER])) {
                    self.withdrawn.extend(before.difference(&self.present(self.tree(made))));
                    self.tips[MASTER] = made;
                }
            }
        }
    }
}

fn word(found: &HiddenFinding) -> String {
    format!("{:?}", found.kind).to_lowercase()
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
}

#[test]
fn no_feature_is_lost_unsaid() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.git");
    NewRepository::bare(&path, &"master".parse().unwrap()).unwrap();
    let (first, count) = (number("RELWF_TEST_SEED", 1), HISTORIES * number("RELWF_TEST_SIZE", 1));
    let seeds = AtomicU64::new(first);
    let live = || {
        let mut wrong = Vec::new();
        loop {
            let seed = seeds.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                return wrong;
            }
            let mut world = World::begin(&path, seed);
            let lived =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (0..STEPS).for_each(|_| world.step())));
            if let Err(why) = lived {
                let why = why.downcast_ref::<String>().cloned().unwrap_or_default();
                wrong.push(format!("history {seed}: {why}\n  {}\n{}", world.story.join("\n  "), world.shown()));
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(live)).collect();
        running.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} of {count}, for example {}", wrong.len(), wrong[..wrong.len().min(8)].join("\n"));
}
