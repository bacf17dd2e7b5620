//! What a merge hides: histories made by git itself, told by `preview`, stopped by the promotions.

use crate::support::cli::{Machine, Said};
use crate::support::git::Repo;
use serde_json::{Value, json};

/// A repository with `master` and `staging`, the second checked out from the first after one commit.
struct Story {
    machine: Machine,
    repo: Repo,
}

fn lines(numbers: std::ops::RangeInclusive<u32>, changed: &[(u32, &str)]) -> String {
    numbers
        .map(|number| match changed.iter().find(|(at, _)| *at == number) {
            Some((_, text)) => format!("{text}\n"),
            None => format!("line {number}\n"),
        })
        .collect()
}

impl Story {
    fn begin() -> Self {
        let machine = Machine::new();
        let repo = Repo::init(machine.path("repo"));
        repo.write("shared", lines(1..=40, &[]));
        repo.change("base", "base\n");
        repo.git(&["branch", "staging"]);
        Self { machine, repo }
    }

    fn on(&self, branch: &str) -> &Repo {
        self.repo.git(&["checkout", "-q", branch]);
        &self.repo
    }

    fn id(&self, rev: &str) -> String {
        self.repo.git(&["rev-parse", rev])
    }

    /// Merges `master` into `staging` as git does.
    fn promote(&self) -> String {
        self.on("staging").git(&["merge", "-q", "--no-ff", "-m", "Promote master to staging", "master"]);
        self.id("staging")
    }

    fn say(&self, args: &[&str]) -> Said {
        let repo = self.repo.path.to_str().unwrap();
        self.machine.say(&self.machine.path("."), &[&["preview", "master", "staging", "--repo", repo], args].concat())
    }

    /// The second time some merges are known: the answer is the same.
    fn hidden(&self) -> Value {
        let [first, second] = [(), ()].map(|()| self.say(&["--json"]).json()["hidden"].clone());
        assert_eq!(first, second);
        second
    }

    /// The merges whose outcome is known to the next look, and whether hands were in them.
    fn remerges(&self) -> Vec<(String, bool)> {
        let mirror = std::fs::read_dir(self.machine.home().join(".cache/relwf/mirrors"))
            .unwrap()
            .flatten()
            .find(|entry| entry.path().is_dir());
        let file = std::fs::read_to_string(mirror.unwrap().path().join("relwf-remerges")).unwrap_or_default();
        file.lines().skip(1).map(|line| (line[..40].to_owned(), !line.ends_with(" ="))).collect()
    }

    /// Each of the target's own commits with its state, newest first.
    fn states(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let hidden = self.hidden();
        let rows = hidden["target_only"].as_array().unwrap();
        rows.iter().map(|row| (text(&row["commit"]), text(&row["state"]))).collect()
    }

    /// What `git cherry` says of the target's commits: `-` where the source has an equal change.
    fn cherry(&self) -> Vec<(String, &'static str)> {
        let text = self.repo.git(&["cherry", "master", "staging"]);
        let row = |line: &str| (line[2..].to_owned(), if line.starts_with('-') { "present" } else { "missing" });
        text.lines().rev().map(row).collect()
    }
}

fn ids(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["commit"].as_str().unwrap()).collect()
}

fn kinds(hidden: &Value) -> Vec<&str> {
    hidden["findings"].as_array().unwrap().iter().map(|found| found["kind"].as_str().unwrap()).collect()
}

const NOTHING: fn() -> Value =
    || json!({ "reverted": [], "removed": [], "target_only": [], "squashed": [], "truncated": 0, "findings": [] });

#[test]
fn a_target_without_commits_of_its_own_hides_nothing() {
    let story = Story::begin();
    story.on("master").change("a", "a\n");
    assert_eq!(story.hidden(), NOTHING());
    // Promotions alone are nothing of its own either, nor is a back-merge.
    story.promote();
    story.on("master").change("b", "b\n");
    assert_eq!(story.hidden(), NOTHING());
    story.on("staging").change("hotfix", "x\n");
    story.on("master").git(&["merge", "-q", "--no-ff", "-m", "Back", "staging"]);
    story.repo.change("c", "c\n");
    assert_eq!(story.hidden(), NOTHING());
    assert!(!story.say(&[]).stdout.contains("hidden"));
}

#[test]
fn a_promotion_that_was_reverted_is_missed_in_the_next() {
    let story = Story::begin();
    let a = story.on("master").change("a", "a\n");
    let b = story.repo.change("b", "b\n");
    let merge = story.promote();
    story.on("staging").git(&["revert", "--no-edit", "-m", "1", &merge]);
    let revert = story.id("staging");
    story.on("master").change("c", "c\n");

    let value = story.say(&["--json"]).exits(0).json();
    assert_eq!((&value["outcome"], value["files"].as_array().unwrap().len()), (&json!("clean"), 1));
    let hidden = &value["hidden"];
    assert_eq!(ids(&hidden["reverted"]), [b.as_str(), a.as_str()]);
    let by = json!({ "commit": revert, "summary": "Revert \"Promote master to staging\"" });
    assert_eq!(hidden["reverted"][0]["reverted_by"], by);
    assert_eq!((&hidden["target_only"], kinds(hidden)), (&json!([]), vec!["reverted"]));
    let command = "relwf run reland --param from=master --param to=staging";
    assert!(hidden["findings"][0]["hint"].as_str().unwrap().contains(command), "{hidden:#}");
    let text = story.say(&[]).exits(0).stdout.clone();
    for part in ["\nhidden\nreverted  ", "2 commits of master will be missing from the result", command] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }

    // The revert of the revert: nothing is hidden, and nothing is missing either.
    story.on("staging").git(&["revert", "--no-edit", &revert]);
    let hidden = story.hidden();
    assert_eq!((&hidden["reverted"], kinds(&hidden)), (&json!([]), vec![]));
    assert_eq!(story.states(), [(story.id("staging"), "present".to_owned()), (revert, "superseded".to_owned())]);
}

#[test]
fn a_part_that_was_brought_back_is_not_listed_as_absent() {
    let story = Story::begin();
    let a = story.on("master").change("a", "a\n");
    story.repo.change("b", "b\n");
    let merge = story.promote();
    story.on("staging").git(&["revert", "--no-edit", "-m", "1", &merge]);
    story.repo.change("b", "b\n");
    story.on("master").change("c", "c\n");
    assert_eq!(ids(&story.hidden()["reverted"]), [a.as_str()]);
    // The source takes the rest back too: both sides agree.
    story.on("master").git(&["revert", "--no-edit", &a]);
    assert_eq!(story.hidden()["reverted"], json!([]));
}

#[test]
fn a_revert_is_found_by_content_not_by_its_message() {
    let story = Story::begin();
    let a = story.on("master").change("a", "a\n");
    story.repo.change("b", "b\n");
    story.promote();
    story.on("staging").git(&["revert", "--no-commit", &a]);
    let revert = story.repo.commit("Make it fast again");
    story.on("master").change("c", "c\n");
    let hidden = story.hidden();
    assert_eq!(ids(&hidden["reverted"]), [a.as_str()]);
    assert_eq!(hidden["reverted"][0]["reverted_by"]["commit"], revert.as_str());
    assert_eq!(hidden["target_only"], json!([]));
    // A message alone proves nothing.
    let story = Story::begin();
    let a = story.on("master").change("a", "a\n");
    story.promote();
    story.on("staging").write("x", "x\n");
    let liar = story.repo.commit(&format!("Revert \"a: a\"\n\nThis reverts commit {a}.\n"));
    story.on("master").change("c", "c\n");
    assert_eq!((story.hidden()["reverted"].clone(), story.states()), (json!([]), vec![(liar, "missing".to_owned())]));
}

#[test]
fn a_rollback_to_an_earlier_release_withdraws_what_came_after() {
    let story = Story::begin();
    story.on("master").change("a", "a\n");
    let first = story.promote();
    let b = story.on("master").change("b", "b\n");
    story.promote();
    let c = story.on("master").change("c", "c\n");
    story.promote();
    story.on("staging").git(&["read-tree", "-u", "--reset", &first]);
    let rollback = story.repo.commit("Back to the last good release");
    assert_eq!(story.id("staging^{tree}"), story.id(&format!("{first}^{{tree}}")));
    let d = story.on("master").change("d", "d\n");
    let hidden = story.hidden();
    assert_eq!(ids(&hidden["reverted"]), [c.as_str(), b.as_str()]);
    assert_eq!(hidden["reverted"][1]["reverted_by"]["commit"], rollback.as_str());
    assert!(!ids(&hidden["reverted"]).contains(&d.as_str()));
    // Promoted all the same: the next one says it once more.
    story.promote();
    story.on("master").change("e", "e\n");
    assert_eq!(ids(&story.hidden()["reverted"]), [c.as_str(), b.as_str()]);
}

#[test]
fn hotfixes_are_recognised_by_patch_and_by_content() {
    let story = Story::begin();
    story.on("staging").write("shared", lines(1..=40, &[(20, "twenty")]));
    let picked = story.repo.commit("shared: a hotfix");
    let lost = story.repo.change("lost", "only here\n");
    story.repo.write("shared", lines(1..=40, &[(20, "twenty"), (35, "thirty-five")]));
    let other_form = story.repo.commit("shared: another hotfix");
    story.on("master").git(&["cherry-pick", "-x", &picked]);
    let pick = story.id("master");
    // The same change in other surroundings: another patch, the same content.
    story.repo.write("shared", lines(1..=40, &[(20, "twenty"), (33, "33"), (35, "thirty-five")]));
    story.repo.commit("shared: much at once");

    let states = story.states();
    let cherry = story.cherry();
    assert_eq!(
        states,
        [(&other_form, "present"), (&lost, "missing"), (&picked, "present")].map(|(id, s)| (id.clone(), s.to_owned()))
    );
    // git cherry sees two of the three; the third has another patch.
    assert_eq!(cherry, [(other_form, "missing"), (lost.clone(), "missing"), (picked.clone(), "present")]);
    let hidden = story.hidden();
    assert_eq!(hidden["target_only"][2]["as"], pick.as_str());
    assert_eq!(hidden["target_only"][0].get("as"), None);
    assert_eq!(kinds(&hidden), ["missing"]);
    let found = &hidden["findings"][0];
    assert!(found["message"].as_str().unwrap().starts_with("staging has 1 commit that master lacks: "), "{found}");
    let hint = found["hint"].as_str().unwrap();
    assert!(hint.contains("`relwf run back-merge --param from=staging --param to=master`"), "{found}");
}

#[test]
fn a_pick_by_another_name_is_found_and_one_taken_back_is_missing() {
    let story = Story::begin();
    let fix = story.on("staging").change("fix", "fix\n");
    story.on("master").change("a", "a\n");
    story.repo.write("fix", "fix\n");
    let same = story.repo.commit("Somebody else's words");
    story.repo.change("b", "b\n");
    let hidden = story.hidden();
    assert_eq!(hidden["target_only"][0]["as"], same.as_str());
    assert_eq!(story.states(), [(fix.clone(), "present".to_owned())]);
    // The next promotion settles it for good.
    story.promote();
    story.on("master").change("fix", "fixed better\n");
    assert_eq!(story.hidden(), NOTHING());
    let story = Story::begin();
    let fix = story.on("staging").change("fix", "fix\n");
    story.on("master").change("a", "a\n");
    story.repo.git(&["cherry-pick", &fix]);
    story.repo.git(&["revert", "--no-edit", "HEAD"]);
    assert_eq!(story.states(), [(fix, "missing".to_owned())]);
}

#[test]
fn a_hotfix_that_was_undone_or_whose_files_are_gone_is_superseded() {
    let story = Story::begin();
    let fix = story.on("staging").change("fix", "fix\n");
    story.repo.git(&["revert", "--no-edit", &fix]);
    let revert = story.id("staging");
    story.on("master").change("a", "a\n");
    let hidden = story.hidden();
    assert_eq!((&hidden["reverted"], kinds(&hidden)), (&json!([]), vec![]));
    assert_eq!(story.states(), [(revert, "present".to_owned()), (fix, "superseded".to_owned())]);

    let story = Story::begin();
    story.on("staging").write("shared", lines(1..=40, &[(20, "twenty")]));
    let fix = story.repo.commit("shared: a hotfix");
    story.on("master").git(&["rm", "-q", "shared"]);
    story.repo.commit("Nobody needs it");
    story.say(&[]).exits(1);
    assert_eq!(story.states(), [(fix.clone(), "superseded".to_owned())]);

    // A file that moved is not gone.
    let story = Story::begin();
    story.on("staging").write("shared", lines(1..=40, &[(20, "twenty")]));
    let fix = story.repo.commit("shared: a hotfix");
    story.on("master").git(&["mv", "shared", "moved"]);
    story.repo.commit("Move it");
    assert_eq!(story.states(), [(fix, "missing".to_owned())]);
}

#[test]
fn a_moved_file_keeps_its_hotfix_in_sight_over_promotions() {
    let story = Story::begin();
    story.on("staging").write("shared", lines(1..=40, &[(20, "twenty")]));
    let fix = story.repo.commit("shared: a hotfix");
    story.on("master").git(&["mv", "shared", "moved"]);
    story.repo.commit("Move it");
    story.promote();
    story.on("master").change("a", "a\n");
    assert_eq!(story.states(), [(fix, "missing".to_owned())]);
}

#[test]
fn commits_of_a_hotfix_branch_are_listed_and_its_clean_merge_is_not() {
    let story = Story::begin();
    story.on("staging").git(&["checkout", "-q", "-b", "hotfix/1"]);
    let one = story.repo.change("one", "1\n");
    let two = story.repo.change("two", "2\n");
    story.on("staging").change("three", "3\n");
    let three = story.id("staging");
    story.repo.git(&["merge", "-q", "--no-ff", "-m", "Merge the hotfix", "hotfix/1"]);
    story.on("master").change("a", "a\n");
    let missing = |id: &String| (id.clone(), "missing".to_owned());
    assert_eq!(story.states(), [missing(&two), missing(&one), missing(&three)]);
}

#[test]
fn a_conflict_resolved_by_hand_is_recognised_by_what_it_changed() {
    let story = Story::begin();
    story.on("staging").write("shared", lines(1..=40, &[(20, "ours")]));
    let fix = story.repo.commit("shared: ours");
    story.on("master").write("shared", lines(1..=40, &[(20, "theirs")]));
    story.repo.commit("shared: theirs");
    let hidden = story.hidden();
    assert_eq!((ids(&hidden["target_only"]), kinds(&hidden)), (vec![fix.as_str()], vec!["missing"]));

    story.on("staging").try_git(&["merge", "--no-ff", "master"]);
    story.repo.write("shared", lines(1..=40, &[(20, "ours and theirs")]));
    let merge = story.repo.commit("Promote master, resolved");
    story.on("master").change("a", "a\n");
    let states = story.states();
    assert_eq!(states[0], (merge, "missing".to_owned()));
    assert_eq!(states.len(), 2);
    // The source says the same: nothing is left to tell.
    story.on("master").write("shared", lines(1..=40, &[(20, "ours and theirs")]));
    story.repo.commit("As on staging");
    assert!(story.states().iter().all(|(_, state)| state != "missing"), "{:?}", story.states());

    // Resolved in the source's favour: the target has nothing of its own any more.
    let story = Story::begin();
    story.on("staging").write("shared", lines(1..=40, &[(20, "ours")]));
    story.repo.commit("shared: ours");
    story.on("master").write("shared", lines(1..=40, &[(20, "theirs")]));
    story.repo.commit("shared: theirs");
    story.on("staging").git(&["merge", "-q", "--no-ff", "-X", "theirs", "-m", "Promote", "master"]);
    story.on("master").change("a", "a\n");
    assert_eq!(story.hidden(), NOTHING());
}

#[test]
fn a_promotion_that_dropped_what_it_promoted_is_listed() {
    let story = Story::begin();
    let a = story.on("master").change("a", "a\n");
    story.on("staging").git(&["merge", "-q", "--no-ff", "-s", "ours", "-m", "Promote", "master"]);
    let merge = story.id("staging");
    story.on("master").change("b", "b\n");
    let hidden = story.hidden();
    assert_eq!(
        (story.states(), ids(&hidden["reverted"]), kinds(&hidden)),
        (vec![], vec![a.as_str()], vec!["reverted"])
    );
    assert_eq!(hidden["reverted"][0]["reverted_by"]["commit"], merge.as_str());
    let message = hidden["findings"][0]["message"].as_str().unwrap();
    assert!(message.contains("it was dropped by a merge on staging"), "{message}");
}

#[test]
fn a_back_merge_that_dropped_a_hotfix_is_noticed_in_the_next_promotion() {
    for ahead in [false, true] {
        let story = Story::begin();
        let fix = story.on("staging").change("fix", "fix\n");
        story.on("master").change("a", "a\n");
        story.repo.git(&["merge", "-q", "--no-ff", "-s", "ours", "-m", "Merge staging back", "staging"]);
        let merge = story.id("master");
        story.repo.change("b", "b\n");
        if ahead {
            story.on("staging").change("later", "later\n");
        }
        let hidden = story.hidden();
        assert_eq!(ids(&hidden["removed"]), [fix.as_str()]);
        assert_eq!(hidden["removed"][0]["removed_by"]["commit"], merge.as_str());
        assert_eq!(kinds(&hidden), if ahead { vec!["removed", "missing"] } else { vec!["removed"] });
        let hint = hidden["findings"][0]["hint"].as_str().unwrap();
        let pick = format!("relwf run hotfix --param commits={} --param to=master --param back=master", &fix[..10]);
        assert!(hint.contains(&pick), "{hint}");
        // What the hint says mends it.
        story.on("master").git(&["cherry-pick", &fix]);
        assert_eq!(story.hidden()["removed"], json!([]));
    }
    // One that took the hotfix, and a change of mind that says so, are none.
    let story = Story::begin();
    let fix = story.on("staging").change("fix", "fix\n");
    story.on("master").git(&["merge", "-q", "--no-ff", "-m", "Merge staging back", "staging"]);
    story.repo.git(&["revert", "--no-edit", &fix]);
    assert_eq!(story.hidden(), NOTHING());
}

#[test]
fn the_next_look_knows_which_merges_hands_were_in() {
    let story = Story::begin();
    story.on("staging").change("fix", "fix\n");
    let merge = |branch: &str, plain: bool| {
        story.on(branch).git(&["merge", "-q", "--no-ff", "--no-commit", "staging"]);
        if !plain {
            story.repo.write("by-hand", "by hand\n");
        }
        story.repo.commit("Merge staging");
        story.id(branch)
    };
    let by_hand = merge("master", false);
    story.hidden();
    assert_eq!(story.remerges(), [(by_hand.clone(), true)]);
    story.on("staging").change("fix", "another\n");
    let plain = merge("master", true);
    story.hidden();
    assert_eq!(story.remerges(), [(by_hand, true), (plain, false)]);
}

#[test]
fn a_back_merge_does_not_take_off_what_was_rolled_back_unsaid() {
    let story = Story::begin();
    story.on("master").change("a", "a\n");
    let first = story.promote();
    let b = story.on("master").change("b", "b\n");
    story.promote();
    story.on("staging").git(&["read-tree", "-u", "--reset", &first]);
    let rollback = story.repo.commit("Back to the last good release");
    let fix = story.repo.change("fix", "fix\n");
    let back = story.machine.say(&story.repo.path, &["preview", "staging", "master", "--json"]).json();
    let hidden = &back["hidden"];
    assert_eq!(ids(&hidden["removed"]), [b.as_str()]);
    assert_eq!(hidden["removed"][0]["removed_by"]["commit"], rollback.as_str());
    let found = &hidden["findings"][0];
    assert!(
        found["message"]
            .as_str()
            .unwrap()
            .starts_with("the merge takes 1 commit off master: it was rolled back on staging: ")
    );
    let pick = format!("relwf run hotfix --param commits={} --param to=master --param back=master", &fix[..10]);
    assert!(found["hint"].as_str().unwrap().contains(&pick), "{found}");
    // The other way round the back-merge is no hint either.
    story.on("master").change("c", "c\n");
    let hidden = story.hidden();
    assert_eq!(kinds(&hidden), ["reverted", "missing"]);
    assert!(hidden["findings"][1]["hint"].as_str().unwrap().contains(&pick), "{hidden:#}");
}

#[test]
fn a_squashed_promotion_is_recognised_in_both_forms() {
    let story = Story::begin();
    let a = story.on("master").change("a", "a\n");
    let b = story.repo.change("b", "b\n");
    story.on("staging").git(&["merge", "-q", "--squash", "master"]);
    let squash = story.repo.commit("Promote (#12)");
    story.on("master").change("a", "a2\n");
    let hidden = story.hidden();
    assert_eq!((ids(&hidden["squashed"]), &hidden["squashed"][0]["of"]), (vec![squash.as_str()], &json!(b)));
    assert_eq!(hidden["squashed"][0]["commits"], json!([b, a]));
    assert_eq!((&hidden["target_only"], kinds(&hidden)), (&json!([]), vec!["squashed"]));
    assert!(hidden["findings"][0]["hint"].as_str().unwrap().contains(&format!("git merge -s ours {b}")));

    // On top of a hotfix: the files are only the merge's.
    let story = Story::begin();
    let fix = story.on("staging").change("fix", "fix\n");
    story.on("master").change("a", "a\n");
    let b = story.repo.change("b", "b\n");
    story.on("staging").git(&["merge", "-q", "--squash", "master"]);
    let squash = story.repo.commit("Promote (#13)");
    story.on("master").change("c", "c\n");
    let hidden = story.hidden();
    assert_eq!((ids(&hidden["squashed"]), &hidden["squashed"][0]["of"]), (vec![squash.as_str()], &json!(b)));
    assert_eq!((story.states(), kinds(&hidden)), (vec![(fix, "missing".to_owned())], vec!["missing", "squashed"]));

    // What the hint says mends it.
    story.on("staging").git(&["merge", "-q", "-s", "ours", "-m", "Join", &b]);
    assert_eq!(story.hidden()["squashed"], json!([]));
}

#[test]
fn a_fix_that_deletes_something_may_be_meant_to_stay() {
    let story = Story::begin();
    story.on("master").change("cache", "on\n");
    story.repo.change("kept", "x\n");
    story.on("staging").git(&["merge", "-q", "--no-ff", "-m", "Promote", "master"]);
    story.repo.git(&["rm", "-q", "cache"]);
    let fix = story.repo.commit("no cache until it is fixed");
    story.on("master").change("other", "x\n");
    let hidden = story.hidden();
    assert_eq!(kinds(&hidden), ["reverted"]);
    let hint = hidden["findings"][0]["hint"].as_str().unwrap();
    let way = format!(
        "where {0} is meant to stay, bring it to master: `relwf run hotfix --param commits={0} --param to=master --param back=master`; ",
        &fix[..10]
    );
    assert!(hint.starts_with(&way) && hint.contains("relwf run reland"), "{hint}");
    // What it says keeps it deleted, and nothing is left to say.
    story.on("master").git(&["cherry-pick", "staging"]);
    assert_eq!(kinds(&story.hidden()), Vec::<&str>::new());
}

#[test]
fn a_squash_that_was_taken_back_is_said_to_come_again() {
    let story = Story::begin();
    story.on("master").change("a", "a\n");
    story.repo.change("b", "b\n");
    story.on("staging").git(&["merge", "-q", "--squash", "master"]);
    let squash = story.repo.commit("Promote (#12)");
    story.repo.git(&["revert", "--no-edit", "HEAD"]);
    let revert = story.repo.git(&["rev-parse", "HEAD"]);
    story.on("master").change("c", "c\n");
    let hidden = story.hidden();
    assert_eq!((ids(&hidden["squashed"]), kinds(&hidden)), (vec![squash.as_str()], vec!["squashed"]));
    assert_eq!(hidden["squashed"][0]["reverted_by"]["commit"], json!(revert));
    let message = hidden["findings"][0]["message"].as_str().unwrap();
    let by =
        format!("was taken back there (by {} “Revert \"Promote (#12)\"”): this merge brings it back", &revert[..10]);
    assert!(message.contains(&by) && message.ends_with("that staging ever had those 2 commits"), "{message}");
    // What the hint says keeps it out.
    story.on("master").git(&["revert", "--no-edit", "HEAD~1", "HEAD~2"]);
    let answer = story.repo.git(&["merge-tree", "--write-tree", "staging", "master"]);
    let kept = story.repo.git(&["ls-tree", "--name-only", &answer]);
    assert!(kept.lines().all(|name| name != "a" && name != "b"), "{kept}");
}

#[test]
fn picks_in_a_row_are_no_squash() {
    let story = Story::begin();
    let a = story.on("master").change("a", "a\n");
    let b = story.repo.change("b", "b\n");
    story.on("staging").git(&["cherry-pick", &a, &b]);
    story.on("master").change("c", "c\n");
    let hidden = story.hidden();
    assert_eq!((&hidden["squashed"], kinds(&hidden)), (&json!([]), vec![]));
    assert_eq!(story.states(), story.cherry().into_iter().map(|(id, s)| (id, s.to_owned())).collect::<Vec<_>>());
    assert_eq!(hidden["target_only"][0]["as"], b.as_str());
}

#[test]
fn a_history_that_is_cut_off_gets_no_wrong_answer() {
    let story = Story::begin();
    let fix = story.on("staging").change("fix", "fix\n");
    for number in 0..4 {
        story.on("master").change("a", &format!("{number}\n"));
    }
    story.repo.git(&["checkout", "-q", "master"]);
    let shallow = story.machine.path("shallow");
    let url = format!("file://{}", story.repo.path.display());
    story.repo.git(&["clone", "-q", "--bare", "--depth", "6", "--no-single-branch", &url, shallow.to_str().unwrap()]);
    let said = story.machine.say(&story.repo.path, &["preview", "master", "staging", "--json", "--repo", "../shallow"]);
    assert_eq!(ids(&said.exits(0).json()["hidden"]["target_only"]), [fix.as_str()]);

    // A file that is gone from the database: the merge does not need it, telling what the hotfix is does.
    let story = Story::begin();
    story.on("staging").write("shared", lines(1..=40, &[(20, "twenty")]));
    story.repo.commit("shared: once");
    story.repo.write("shared", lines(1..=40, &[(20, "twenty"), (5, "five")]));
    story.repo.commit("shared: twice");
    story.on("master").change("a", "a\n");
    let blob = story.id("staging~1:shared");
    std::fs::remove_file(story.repo.path.join(".git/objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    let hidden = story.hidden();
    assert!(hidden["unknown"].as_str().unwrap().contains(&blob), "{hidden:#}");
    assert_eq!(kinds(&hidden), ["missing"]);
    assert!(hidden["findings"][0]["message"].as_str().unwrap().starts_with("it is unknown whether staging has"));
}

/// The sample service, promoted once, with a clone to work in.
struct Service {
    machine: Machine,
    path: std::path::PathBuf,
    repo: Repo,
}

impl Service {
    fn promoted() -> Self {
        let machine = Machine::new();
        let path = machine.service();
        machine.say(&path, &["run", "promote-staging"]).exits(0);
        let repo = Repo::at(machine.path("work"));
        let remote = machine.path("demo/remote.git");
        std::fs::create_dir_all(&repo.path).unwrap();
        repo.git(&["clone", "-q", remote.to_str().unwrap(), "."]);
        Self { machine, path, repo }
    }

    fn run(&self, args: &[&str]) -> Said {
        self.machine.say(&self.path, &[&["run", "promote-staging"], args].concat())
    }

    fn on(&self, branch: &str) -> &Repo {
        self.repo.git(&["fetch", "-q"]);
        self.repo.git(&["checkout", "-q", "-B", branch, &format!("origin/{branch}")]);
        &self.repo
    }

    fn remote(&self, rev: &str) -> String {
        Repo::at(self.machine.path("demo/remote.git")).git(&["rev-parse", rev])
    }
}

#[test]
fn promotions_stop_at_what_was_reverted_until_a_person_decides() {
    let service = Service::promoted();
    service.on("staging").git(&["revert", "--no-edit", "-m", "1", "HEAD"]);
    service.repo.git(&["push", "-q", "origin", "staging"]);
    let revert = service.remote("staging");
    service.on("master").change("fix", "fix\n");
    service.repo.git(&["push", "-q", "origin", "master"]);

    for dry in [false, true] {
        let said = service.run(if dry { &["--dry-run"] } else { &[] });
        said.exits(1);
        let text = format!("{}{}", said.stdout, said.stderr);
        for part in [
            "10 commits of master will be missing from the result: they were reverted on staging: ",
            " and 7 more (by ",
            "`relwf run reland --param from=master --param to=staging`",
            "`--param accept=reverted`",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert_eq!(service.remote("staging"), revert, "nothing landed");
    }
    let last = service.run(&["--json"]).exits(1).json_lines().pop().unwrap();
    assert_eq!(last["error"]["kind"], "reverted");
    let last = service.run(&["--dry-run", "--json"]).json_lines().pop().unwrap();
    assert_eq!(last["plan"][0]["assumed"]["hidden"]["reverted"].as_array().map(Vec::len), Some(10));

    let wrong = service.run(&["--param", "accept=revertde"]);
    wrong.exits(2);
    assert_eq!(wrong.stderr, "error: `accept` does not know `revertde`\nhint: did you mean `reverted`?\n");

    // What the hint says brings it back, and then nothing stops.
    let reland = ["run", "reland", "--param", "from=master", "--param", "to=staging"];
    service.machine.say(&service.path, &[&reland[..], &["--dry-run"]].concat()).exits(0);
    assert_eq!(service.remote("staging"), revert, "a dry run changes nothing");
    service.machine.say(&service.path, &reland).exits(0);
    assert_eq!(service.remote("staging~2"), revert, "both commits landed at once");
    service.run(&[]).exits(0);
    assert_eq!(service.remote("staging^{tree}"), service.remote("master^{tree}"));
}

#[test]
fn promotions_go_on_where_it_is_accepted() {
    let service = Service::promoted();
    service.on("staging").change("hotfix", "on staging\n");
    service.repo.git(&["push", "-q", "origin", "staging"]);
    service.on("master").change("fix", "fix\n");
    service.repo.git(&["push", "-q", "origin", "master"]);
    let said = service.run(&[]);
    said.exits(1);
    assert!(said.stderr.contains("staging has 1 commit that master lacks: "), "{}", said.stderr);
    assert!(said.stderr.contains("`relwf run back-merge --param from=staging --param to=master`"), "{}", said.stderr);
    service.run(&["--param", "accept=squashed,reverted"]).exits(1);
    let done = service.run(&["--param", "accept=missing", "--json"]);
    let run = done.exits(0).json_lines()[0]["run"].as_str().unwrap().to_owned();
    let shown = service.machine.say(&service.path, &["show", &run, "--json"]).exits(0).json();
    assert_eq!(shown["params"]["accept"], json!(["missing"]), "the decision is written down");

    // On to production, which has nothing of its own.
    service.machine.say(&service.path, &["run", "promote-production"]).exits(0);
    // A back-merge settles it.
    service.on("master").git(&["merge", "-q", "origin/staging"]);
    service.repo.change("more", "more\n");
    service.repo.git(&["push", "-q", "origin", "master"]);
    service.run(&[]).exits(0);
}
