//! hotfix, revert-release and rollback through the real program; and what happens where git disagrees.

use crate::support::cli::{Machine, Said, said};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The sample service with everything promoted to production.
struct Service {
    machine: Machine,
    path: PathBuf,
}

impl Service {
    fn promoted() -> Self {
        let machine = Machine::new();
        let path = machine.service();
        machine.say(&path, &["run", "promote-staging"]).exits(0);
        machine.say(&path, &["run", "promote-production"]).exits(0);
        Self { machine, path }
    }

    fn run(&self, args: &[&str]) -> Said {
        self.machine.say(&self.path, &[&["run"], args].concat())
    }

    /// What the remote says.
    fn git(&self, args: &[&str]) -> String {
        let url = git(&self.path, &["remote", "get-url", "origin"]);
        git(&self.path.join(url), args)
    }

    /// A commit on `master` of the remote.
    fn commit(&self, file: &str, text: &str) -> String {
        git(&self.path, &["fetch", "-q"]);
        git(&self.path, &["checkout", "-q", "-B", "master", "origin/master"]);
        std::fs::write(self.path.join(file), text).unwrap();
        git(&self.path, &["add", file]);
        git(&self.path, &["commit", "-q", "-m", &format!("Change {file}")]);
        git(&self.path, &["push", "-q", "origin", "master"]);
        git(&self.path, &["rev-parse", "HEAD"])
    }
}

fn git(dir: &Path, args: &[&str]) -> String {
    crate::support::bench::git(dir, args)
}

fn last(said: &Said) -> Value {
    said.json_lines().pop().expect("a last event")
}

#[test]
fn a_hotfix_is_picked_tested_landed_and_proposed_for_the_way_back() {
    let service = Service::promoted();
    let before = service.git(&["rev-parse", "production"]);
    let fix = service.commit("fix.txt", "mended\n");
    service.commit("feature.txt", "not yet\n");

    let plan = service.run(&["hotfix", "--param", &format!("commits={fix}"), "--dry-run"]);
    plan.exits(0);
    assert!(plan.stdout.contains("pick ") && plan.stdout.contains("→ production: clean"), "{}", plan.stdout);
    assert!(plan.stdout.contains("A fix.txt") && !plan.stdout.contains("feature.txt\n"), "{}", plan.stdout);
    assert_eq!(service.git(&["rev-parse", "production"]), before, "a dry run changes nothing");

    service.run(&["hotfix", "--param", &format!("commits={fix}")]).exits(0);
    assert_eq!(service.git(&["rev-parse", "production~1"]), before);
    assert_eq!(service.git(&["diff", "--name-only", "production~1", "production"]), "fix.txt");
    let message = service.git(&["log", "-1", "--format=%B", "production"]);
    assert!(message.ends_with(&format!("(cherry picked from commit {fix})")), "{message}");
    // The back-merge is proposed and waits for its owner.
    let changes = service.git(&["for-each-ref", "--format=%(refname) %(contents)", "refs/relwf/changes"]);
    assert!(changes.contains("Merge production back into master"), "{changes}");
    assert!(service.git(&["log", "-1", "--format=%s", "master"]).starts_with("Change feature"));

    // Again: it is there.
    let again = service.run(&["hotfix", "--param", &format!("commits={fix}"), "--json"]);
    again.exits(0);
    assert_eq!(last(&again)["value"], "nothing to pick: production has these changes already");
}

#[test]
fn a_back_merge_lands_where_it_is_asked_for() {
    let service = Service::promoted();
    let fix = service.commit("fix.txt", "mended\n");
    service.run(&["hotfix", "--param", &format!("commits={fix}"), "--param", "land_back=true"]).exits(0);
    assert_eq!(service.git(&["log", "-1", "--format=%s", "master"]), "Merge production back into master");
    assert_eq!(service.git(&["rev-list", "--count", "master..production"]), "0");
}

#[test]
fn a_back_merge_that_cannot_be_made_is_no_success_where_it_was_asked_for() {
    let service = Service::promoted();
    let fix = service.commit("fix.txt", "mended\n");
    service.commit("fix.txt", "mended otherwise\n");
    let back = git(&service.path, &["rev-parse", "HEAD~2"]);
    git(&service.path, &["checkout", "-q", "-B", "other", &back]);
    std::fs::write(service.path.join("fix.txt"), "another\n").unwrap();
    git(&service.path, &["add", "fix.txt"]);
    git(&service.path, &["commit", "-q", "-m", "Another fix"]);
    git(&service.path, &["push", "-q", "origin", "other"]);
    let commits = format!("commits={}", git(&service.path, &["rev-parse", "HEAD"]));
    let said = service.run(&["hotfix", "--param", &commits, "--param", "land_back=true"]);
    said.exits(1);
    assert!(said.stderr.contains("conflict: the fix is on production, but not on master: "), "{}", said.stderr);
    assert_eq!(service.git(&["show", "production:fix.txt"]), "another");
    assert_ne!(fix, "");
}

#[test]
fn a_back_merge_that_conflicts_is_resolved_on_its_target_and_then_landed_by_the_same_command() {
    let service = Service::promoted();
    let fix = service.commit("limit.txt", "mended\n");
    service.commit("limit.txt", "mended otherwise\n");
    service.commit("unreleased.txt", "x\n");
    let pick = format!("commits={fix}");
    let args = ["hotfix", "--param", &pick, "--param", "land_back=true"];
    // The pick is a file that production lacks, and that master has otherwise: both added it.
    let said = service.run(&args);
    said.exits(1);
    let hint = "`git fetch && git switch -c resolve origin/master && git merge origin/production`";
    assert!(said.stderr.contains(hint) && said.stderr.contains("propose it for master"), "{}", said.stderr);
    assert!(service.git(&["show", "production:limit.txt"]).contains("mended"));

    // What the hint says; the change is merged on the forge.
    git(&service.path, &["fetch", "-q"]);
    git(&service.path, &["switch", "-q", "-c", "resolve", "origin/master"]);
    assert!(
        std::process::Command::new("git")
            .args(["merge", "-q", "origin/production"])
            .current_dir(&service.path)
            .output()
            .is_ok()
    );
    std::fs::write(service.path.join("limit.txt"), "mended otherwise\n").unwrap();
    git(&service.path, &["commit", "-qam", "Resolve"]);
    git(&service.path, &["push", "-q", "origin", "resolve:master"]);
    let said = service.run(&args);
    said.exits(0);
    assert_eq!(service.git(&["ls-tree", "production", "unreleased.txt"]), "", "nothing unreleased got there");
    service.git(&["merge-base", "--is-ancestor", "production", "master"]);
}

#[test]
fn the_same_hotfix_again_makes_the_back_merge_that_is_missing() {
    let service = Service::promoted();
    // What is on production already, and on master not.
    git(&service.path, &["fetch", "-q"]);
    git(&service.path, &["checkout", "-q", "--detach", "origin/production"]);
    std::fs::write(service.path.join("by-hand.txt"), "mended\n").unwrap();
    git(&service.path, &["add", "by-hand.txt"]);
    git(&service.path, &["commit", "-q", "-m", "Mended by hand"]);
    git(&service.path, &["push", "-q", "origin", "HEAD:production"]);
    let pick = format!("commits={}", git(&service.path, &["rev-parse", "HEAD"]));
    let args = ["hotfix", "--param", &pick, "--param", "land_back=true"];
    let said = service.run(&args);
    said.exits(0);
    let nothing = "nothing to pick: production has these changes already";
    assert!(said.stderr.contains(&format!("{nothing}; the back-merge is landed (run ")), "{}", said.stderr);
    assert_eq!(service.git(&["show", "master:by-hand.txt"]), "mended");
    // Then nothing is left to merge, and nothing is proposed.
    let said = service.run(&args);
    said.exits(0);
    assert!(said.stderr.contains(&format!("{nothing} (run ")), "{}", said.stderr);
}

#[test]
fn what_two_rollbacks_in_a_row_took_back_is_relanded_at_once() {
    let service = Service::promoted();
    for file in ["one.txt", "two.txt"] {
        service.commit(file, "x\n");
        service.run(&["promote-staging"]).exits(0);
        service.run(&["promote-production"]).exits(0);
    }
    service.run(&["rollback", "--param", "reason=two is bad"]).exits(0);
    service.run(&["rollback", "--param", "reason=one as well"]).exits(0);
    let there = || service.git(&["ls-tree", "--name-only", "production", "one.txt", "two.txt"]);
    assert_eq!(there(), "");
    service.commit("fix.txt", "x\n");
    service.run(&["promote-staging"]).exits(0);
    let stopped = service.run(&["promote-production"]);
    stopped.exits(1);
    assert!(
        stopped.stderr.contains("relwf run reland --param from=staging --param to=production"),
        "{}",
        stopped.stderr
    );
    service.run(&["reland"]).exits(0);
    assert_eq!(there(), "one.txt\ntwo.txt");
    assert_eq!(service.git(&["show", "production:fix.txt"]), "x");
}

#[test]
fn a_rollback_that_was_merged_back_by_hand_takes_nothing_off_the_other_environment_unnamed() {
    let service = Service::promoted();
    service.commit("bad.txt", "x\n");
    service.run(&["promote-staging"]).exits(0);
    service.run(&["promote-production"]).exits(0);
    service.run(&["rollback", "--param", "reason=bad"]).exits(0);
    git(&service.path, &["fetch", "-q"]);
    git(&service.path, &["checkout", "-q", "-B", "master", "origin/master"]);
    git(&service.path, &["merge", "-q", "--no-ff", "-m", "Back", "origin/production"]);
    git(&service.path, &["push", "-q", "origin", "master"]);
    let preview = service.machine.say(&service.path, &["preview", "master", "staging", "--json"]).json();
    let found = &preview["hidden"]["findings"][0];
    assert_eq!(found["kind"], "removed", "{preview:#}");
    assert!(found["message"].as_str().unwrap().contains("Change bad.txt"), "{found}");
    let staging = service.git(&["rev-parse", "staging"]);
    service.run(&["promote-staging"]).exits(1);
    assert_eq!(service.git(&["rev-parse", "staging"]), staging);
}

#[test]
fn a_rollback_goes_to_no_commit_inside_a_landing() {
    let service = Service::promoted();
    let release = |file: &str, text: &str| {
        service.commit(file, text);
        service.run(&["promote-staging"]).exits(0);
        service.run(&["promote-production"]).exits(0);
    };
    release("version.txt", "1\n");
    release("version.txt", "2\n");
    service.run(&["rollback", "--param", "reason=bad"]).exits(0);
    service.commit("version.txt", "3\n");
    service.run(&["promote-staging"]).exits(0);
    let before = service.git(&["rev-parse", "production"]);
    service.run(&["reland"]).exits(0);
    // What ships is told from what the branch had, not from the reverts below the merge.
    let message = service.git(&["log", "-1", "--format=%B", "production"]);
    let landed = service.git(&["rev-list", "--count", &format!("{before}..production")]);
    assert!(message.contains(&format!("service: {landed} commits\n")), "{message}");
    let version = || service.git(&["show", "production:version.txt"]);
    assert_eq!(version(), "3");
    service.run(&["rollback", "--param", "reason=again"]).exits(0);
    assert_eq!(version(), "1", "the bad release alone never comes back");

    service.run(&["revert-release"]).exits(0);
    assert_eq!(version(), "3");
    service.git(&["update-ref", "refs/heads/production", "production~2"]);
    assert_eq!(version(), "3", "as reland left it");
    service.run(&["revert-release", "--param", "reason=all of it"]).exits(0);
    assert_eq!(version(), "1", "nothing of what landed together stays");
}

#[test]
fn a_back_merge_goes_down_the_line_and_takes_nothing_off() {
    let service = Service::promoted();
    let fix = service.commit("fix.txt", "mended\n");
    service.run(&["hotfix", "--param", &format!("commits={fix}"), "--param", "back=production"]).exits(0);
    let back = ["back-merge", "--param", "on=master"];
    service.run(&[&back[..], &["--dry-run"]].concat()).exits(0);
    service.run(&back).exits(0);
    for (behind, ahead) in [("staging", "production"), ("master", "staging")] {
        assert_eq!(service.git(&["rev-list", "--count", &format!("{behind}..{ahead}")]), "0", "{ahead} in {behind}");
    }
    let again = service.run(&["back-merge", "--json"]);
    assert_eq!(last(&again)["value"], "nothing to merge back: staging has all of production already");

    // What is rolled back on production stays on staging.
    service.commit("feature.txt", "x\n");
    service.run(&["promote-staging"]).exits(0);
    service.run(&["promote-production"]).exits(0);
    service.run(&["rollback", "--param", "reason=hurts"]).exits(0);
    let said = service.run(&["back-merge"]);
    said.exits(1);
    assert!(
        said.stderr.contains("removed: the merge takes 1 commit off staging: it was rolled back on production"),
        "{}",
        said.stderr
    );
    assert_eq!(service.git(&["show", "staging:feature.txt"]), "x");
}

#[test]
fn a_commit_that_is_not_on_the_source_is_foreign() {
    let service = Service::promoted();
    service.commit("one.txt", "x\n");
    git(&service.path, &["checkout", "-q", "-B", "topic"]);
    std::fs::write(service.path.join("topic.txt"), "x").unwrap();
    git(&service.path, &["add", "topic.txt"]);
    git(&service.path, &["commit", "-q", "-m", "Not reviewed"]);
    git(&service.path, &["push", "-q", "origin", "topic"]);
    let id = git(&service.path, &["rev-parse", "HEAD"]);
    let commit = format!("commit={id}");
    let said = service.run(&["promote-staging", "--param", &commit]);
    said.exits(1);
    assert!(said.stderr.contains(&format!("foreign: {id} is not on master")), "{}", said.stderr);
    assert!(said.stderr.contains("`--param accept=foreign`"), "{}", said.stderr);
    service.run(&["promote-staging", "--param", &commit, "--param", "accept=foreign"]).exits(0);
    service.run(&["promote-staging", "--param", "commit=master~1"]).exits(0);
}

#[test]
fn a_rollback_does_not_go_to_what_was_taken_back() {
    let service = Service::promoted();
    for file in ["one.txt", "two.txt", "three.txt"] {
        service.commit(file, "x\n");
        service.run(&["promote-staging"]).exits(0);
        service.run(&["promote-production", "--param", "accept=reverted"]).exits(0);
        if file == "two.txt" {
            service.run(&["revert-release", "--param", "reason=bad"]).exits(0);
        }
    }
    let good = service.git(&["rev-parse", "production~1"]);
    let dry = service.run(&["rollback", "--param", "reason=x", "--dry-run"]);
    dry.exits(0);
    for part in ["release: ", " old\n", "withdrawn: 1 landing", "Promote staging"] {
        assert!(dry.stdout.contains(part), "{part:?} is not in\n{}", dry.stdout);
    }
    assert!(!dry.stdout.contains("null"), "{}", dry.stdout);
    let done = service.run(&["rollback", "--param", "reason=x"]);
    done.exits(0);
    assert!(done.stderr.contains("; withdrawn: "), "{}", done.stderr);
    assert_eq!(
        service.git(&["rev-parse", "production^{tree}"]),
        service.git(&["rev-parse", &format!("{good}^{{tree}}")])
    );
    let files = service.git(&["ls-tree", "--name-only", "production"]);
    assert!(files.contains("one.txt") && !files.contains("two.txt") && !files.contains("three.txt"), "{files}");
}

#[test]
fn a_pick_and_a_revert_stop_at_files_for_a_merge_driver() {
    let service = Service::promoted();
    let lock = |changed: &[usize]| -> String {
        (0..30).map(|line| format!("{line}{}\n", if changed.contains(&line) { " changed" } else { "" })).collect()
    };
    service.commit(".gitattributes", "limits.lock merge=mine\n");
    service.commit("limits.lock", &lock(&[]));
    service.run(&["promote-staging"]).exits(0);
    service.run(&["promote-production"]).exits(0);
    let first = service.commit("limits.lock", &lock(&[3]));
    let second = service.commit("limits.lock", &lock(&[3, 20]));
    let before = service.git(&["rev-parse", "production"]);

    let pick = format!("commits={second}");
    let said = service.run(&["hotfix", "--param", &pick]);
    said.exits(1);
    assert!(said.stderr.contains("`limits.lock`") && said.stderr.contains("merge driver `mine`"), "{}", said.stderr);
    assert!(said.stderr.contains("--param accept=driver"), "{}", said.stderr);
    assert_eq!(service.git(&["rev-parse", "production"]), before);
    service.run(&["hotfix", "--param", &pick, "--param", "accept=driver"]).exits(0);
    assert_eq!(service.git(&["show", "production:limits.lock"]), lock(&[20]).trim_end());
    let picked = service.git(&["rev-parse", "production"]);
    let pick = format!("commits={first}");
    service.run(&["hotfix", "--param", &pick, "--param", "accept=driver"]).exits(0);

    let args = ["revert-release", "--param", &format!("commit={picked}")];
    let said = service.run(&args);
    said.exits(1);
    assert!(said.stderr.contains("merge driver `mine`"), "{}", said.stderr);
    service.run(&[&args[..], &["--param", "accept=driver"]].concat()).exits(0);
    assert_eq!(service.git(&["show", "production:limits.lock"]), lock(&[3]).trim_end());
}

#[test]
fn a_hotfix_that_does_not_apply_says_why_and_changes_nothing() {
    let service = Service::promoted();
    let one = service.commit("fix.txt", "one\n");
    let two = service.commit("fix.txt", "two\n");
    let before = service.git(&["for-each-ref"]);
    let said = service.run(&["hotfix", "--param", &format!("commits={two}")]);
    said.exits(1);
    assert!(said.stderr.contains(&format!("{two} cannot be picked onto production")), "{}", said.stderr);
    assert_eq!(service.git(&["for-each-ref"]), before);
    service.run(&["hotfix", "--param", &format!("commits={one}, {two}")]).exits(0);
    assert_eq!(service.git(&["show", "production:fix.txt"]), "two");
}

#[test]
fn a_release_is_taken_back_and_brought_again() {
    let service = Service::promoted();
    let (release, before) =
        (service.git(&["rev-parse", "production"]), service.git(&["rev-parse", "production~1^{tree}"]));
    service.run(&["revert-release", "--param", "reason=too slow"]).exits(0);
    assert_eq!(service.git(&["rev-parse", "production^{tree}"]), before);
    assert_eq!(service.git(&["rev-parse", "production~1"]), release);
    let message = service.git(&["log", "-1", "--format=%B", "production"]);
    assert!(message.contains(&format!("This reverts commit {release}, reversing\nchanges made to ")), "{message}");
    assert!(message.ends_with("\n\ntoo slow"), "{message}");

    let revert = service.git(&["rev-parse", "production"]);
    service.run(&["revert-release", "--param", &format!("commit={revert}")]).exits(0);
    assert!(service.git(&["log", "-1", "--format=%s", "production"]).starts_with("Reapply \"Promote"));
    assert_eq!(service.git(&["diff", &release, "production"]), "");
}

#[test]
fn a_rollback_brings_an_earlier_releases_files() {
    let service = Service::promoted();
    let (release, earlier) = (service.git(&["rev-parse", "production"]), service.git(&["rev-parse", "production~1"]));
    let said = service.run(&["rollback"]);
    said.exits(2);
    assert!(said.stderr.contains("reason"), "{}", said.stderr);
    let plan = service.run(&["rollback", "--param", "reason=login is down", "--dry-run"]);
    plan.exits(0);
    assert!(plan.stdout.contains("roll back to "), "{}", plan.stdout);
    service.run(&["rollback", "--param", "reason=login is down"]).exits(0);
    assert_eq!(service.git(&["diff", &earlier, "production"]), "");
    assert_eq!(service.git(&["rev-parse", "production~1"]), release, "nothing is rewritten");
    assert!(service.git(&["log", "-1", "--format=%B", "production"]).contains("\n\nlogin is down\n\n"));

    let named = service.run(&["rollback", "--param", "reason=x", "--param", "release=production~1", "--json"]);
    named.exits(0);
    assert_eq!(service.git(&["diff", &release, "production"]), "");
    let same = service.run(&["rollback", "--param", "reason=x", "--param", "release=production~2", "--json"]);
    assert!(last(&same)["value"].as_str().unwrap().starts_with("nothing to roll back"), "{}", same.stdout);
}

#[test]
fn a_rollback_with_nothing_before_it_names_the_parameter() {
    let machine = Machine::new();
    let path = machine.service();
    let remote = path.join(git(&path, &["remote", "get-url", "origin"]));
    let root = git(&remote, &["rev-list", "--max-parents=0", "production"]);
    git(&remote, &["update-ref", "refs/heads/production", &root]);
    let said = machine.say(&path, &["run", "rollback", "--param", "reason=x"]);
    said.exits(1);
    assert!(said.stderr.contains("hint: name the release to go back to: `--param release=COMMIT`"), "{}", said.stderr);
}

#[test]
fn a_second_rollback_goes_further_back_and_a_promotion_of_nothing_new_says_what_is_missing() {
    let service = Service::promoted();
    // Two more releases.
    for file in ["one.txt", "two.txt"] {
        service.commit(file, "x\n");
        service.run(&["promote-staging"]).exits(0);
        service.run(&["promote-production"]).exits(0);
    }
    let tree = |rev: &str| service.git(&["rev-parse", &format!("{rev}^{{tree}}")]);
    let releases = ["production~2", "production~1", "production"].map(tree);
    service.run(&["rollback", "--param", "reason=hurts"]).exits(0);
    assert_eq!(tree("production"), releases[1]);
    let rollback = service.git(&["rev-parse", "production"]);

    let promoted = service.run(&["promote-production", "--json"]);
    promoted.exits(0);
    let text = last(&promoted)["value"].as_str().unwrap().to_owned();
    assert!(text.starts_with("nothing to promote: production has all of staging already; but "), "{text}");
    assert!(
        text.contains("rolled back on production") && text.contains(&rollback[..10]) && text.contains("revert-release"),
        "{text}"
    );
    // The last line is whole: its second half decides.
    let shown = service.run(&["promote-production"]);
    assert!(shown.stderr.contains(&format!(": {text} (run ")), "{}", shown.stderr);
    let preview = service.machine.say(&service.path, &["preview", "staging", "production"]);
    preview.exits(0);
    assert!(preview.stdout.contains("revert-release"), "{}", preview.stdout);

    service.run(&["rollback", "--param", "reason=still hurts"]).exits(0);
    assert_eq!(tree("production"), releases[0]);
    service.run(&["rollback", "--param", "reason=named", "--param", "release=production~2"]).exits(0);
    assert_eq!(tree("production"), releases[2]);
}

#[test]
fn after_a_rollback_a_promotion_that_conflicts_names_the_rollback_first() {
    let service = Service::promoted();
    service.run(&["rollback", "--param", "branch=staging", "--param", "reason=login is down"]).exits(0);
    let back = service.git(&["rev-parse", "staging"]);
    let file = service.git(&["diff", "--name-only", "--diff-filter=M", "staging~1", "staging"]);
    let file = file.lines().find(|file| file.ends_with(".go")).expect("a file that the release changed").to_owned();
    service.commit(&file, "package all_new\n");
    let promote = |accept: &str| service.run(&["promote-staging", "--param", &format!("accept={accept}")]);
    let said = promote("");
    said.exits(1);
    assert!(
        said.stderr.contains("will be missing from the result: they were rolled back on staging"),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("`relwf run reland --param from=master --param to=staging`"), "{}", said.stderr);
    // Who goes on without what was taken back has the conflict to solve.
    let said = promote("reverted");
    said.exits(1);
    assert!(said.stderr.contains("cannot be merged into staging (conflicts: "), "{}", said.stderr);
    service.run(&["reland", "--param", "from=master", "--param", "to=staging"]).exits(0);
    assert_eq!(service.git(&["rev-parse", "staging~2"]), back);
    promote("").exits(0);
}

#[test]
fn a_hotfix_without_a_way_back_says_so_before_anything_lands() {
    let service = Service::promoted();
    let fix = service.commit("fix.txt", "mended\n");
    let before = service.git(&["for-each-ref"]);
    let said = service.run(&["hotfix", "--param", &format!("commits={fix}"), "--param", "back=trunk"]);
    said.exits(1);
    assert!(
        said.stderr.contains("no branch trunk to merge back into: name it with --param back=BRANCH"),
        "{}",
        said.stderr
    );
    assert_eq!(service.git(&["for-each-ref"]), before);
}

/// A git that gives a wrong answer to every merge.
fn lying_git(machine: &Machine) -> String {
    other_git(machine, "echo 4b825dc642cb6eb9a060e54bf8d69288fbee4904; exit 0")
}

/// A git that does something else where it is asked for a merge.
fn other_git(machine: &Machine, answer: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let bin = machine.path("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let path = std::env::var("PATH").unwrap();
    let script =
        format!("#!/bin/sh\nPATH='{path}'\ncase \" $* \" in *\" merge-tree \"*) {answer};; esac\nexec git \"$@\"\n");
    std::fs::write(bin.join("git"), script).unwrap();
    std::fs::set_permissions(bin.join("git"), std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{path}", bin.display())
}

#[test]
fn a_git_that_has_no_answer_stops_a_run_and_one_that_is_not_there_is_told() {
    let machine = Machine::new();
    let service = machine.service();
    let say = |path: &str, args: &[&str]| {
        let mut command = machine.relwf(&service, args);
        command.env("PATH", path);
        said(&machine, command)
    };
    let crashes = other_git(&machine, "echo 'Assertion failed' >&2; kill -ABRT $$");
    let preview = say(&crashes, &["preview", "master", "staging"]);
    preview.exits(0);
    assert!(preview.stdout.contains("has no answer: it ended with signal 6 (Assertion failed)"), "{}", preview.stdout);
    let remote = git(&service, &["ls-remote", "origin"]);
    let stopped = say(&crashes, &["run", "promote-staging"]);
    stopped.exits(1);
    let words = ["could not confirm how relwf would merge", "signal 6 (Assertion failed)", "--no-cross-check"];
    assert!(words.iter().all(|word| stopped.stderr.contains(word)), "{}", stopped.stderr);
    assert_eq!(git(&service, &["ls-remote", "origin"]), remote, "nothing was pushed");

    // Without any git there is none to ask: it is said, and does not stop.
    let bin = machine.path("nothing");
    std::fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink("/bin/sh", bin.join("sh")).unwrap();
    let nothing = bin.display().to_string();
    let preview = say(&nothing, &["preview", "master", "staging"]);
    assert!(preview.stdout.contains("not cross-checked: there is no git on PATH"), "{}", preview.stdout);
    let done = say(&nothing, &["run", "promote-staging"]);
    assert!(done.stderr.contains("not cross-checked with git: there is no git on PATH"), "{}", done.stderr);
}

#[test]
fn a_git_that_loses_a_file_that_both_sides_have_is_called_wrong() {
    let machine = Machine::new();
    let service = machine.service();
    let path = other_git(&machine, "for last; do :; done; git ls-tree $last | head -n 1 | git mktree; exit 0");
    let say = |args: &[&str]| {
        let mut command = machine.relwf(&service, args);
        command.env("PATH", &path);
        said(&machine, command)
    };
    let preview = say(&["preview", "master", "staging"]);
    assert!(preview.stdout.contains("git is wrong, it loses `"), "{}", preview.stdout);
    let stopped = say(&["run", "promote-staging"]);
    stopped.exits(1);
    let words = ["git is wrong: it loses `", "which both sides have", "--no-cross-check"];
    assert!(words.iter().all(|word| stopped.stderr.contains(word)), "{}", stopped.stderr);
}

#[test]
fn gits_disagreement_blocks_and_no_cross_check_is_written_down() {
    let machine = Machine::new();
    let service = machine.service();
    let path = lying_git(&machine);
    let say = |args: &[&str]| {
        let mut command = machine.relwf(&service, args);
        command.env("PATH", &path);
        said(&machine, command)
    };
    let preview = say(&["preview", "master", "staging"]);
    preview.exits(1);
    assert!(
        preview.stdout.contains("merges differently: tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904"),
        "{}",
        preview.stdout
    );
    let remote = git(&service, &["ls-remote", "origin"]);
    let blocked = say(&["run", "promote-staging"]);
    blocked.exits(1);
    assert!(
        blocked.stderr.contains("differently: relwf has tree ") && blocked.stderr.contains("--no-cross-check"),
        "{}",
        blocked.stderr
    );
    assert_eq!(git(&service, &["ls-remote", "origin"]), remote, "nothing was pushed");

    // The flag's older name still works.
    say(&["preview", "master", "staging", "--no-certify"]).exits(0);
    let done = say(&["run", "promote-staging", "--no-cross-check", "--json"]);
    done.exits(0);
    let run = last(&done)["run"].as_str().unwrap().to_owned();
    let story = say(&["show", &run, "--json"]).json();
    let merge =
        story["commands"].as_array().unwrap().iter().find(|command| command["command"] == "git::merge").unwrap();
    assert_eq!(merge["value"]["certificate"]["skipped"], true, "{merge:#}");
    let intent = story["journal"].as_array().unwrap().iter().find(|row| row["event"] == "intent").unwrap();
    assert!(
        intent.to_string().contains(r#""certify":"skip""#) || intent.to_string().contains(r#"\"certify\":\"skip\""#),
        "{intent:#}"
    );
}

#[test]
fn a_fix_that_was_not_pushed_is_told_to_be() {
    let service = Service::promoted();
    std::fs::write(service.path.join("fix.txt"), "mended\n").unwrap();
    git(&service.path, &["add", "fix.txt"]);
    git(&service.path, &["commit", "-q", "-m", "Fix"]);
    let fix = git(&service.path, &["rev-parse", "HEAD"]);
    let unknown = service.run(&["hotfix", "--param", &format!("commits={fix}")]);
    assert_ne!(unknown.code, 0);
    assert!(unknown.stderr.contains("is found once it is pushed, on any branch"), "{}", unknown.stderr);
    git(&service.path, &["push", "-q", "origin", &format!("{fix}:refs/heads/fix")]);
    service.run(&["hotfix", "--param", &format!("commits={fix}")]).exits(0);
}

/// What a hotfix proposed back is landed by the verb that its output names.
#[test]
fn a_back_merge_that_was_proposed_is_landed_by_its_number() {
    let service = Service::promoted();
    let fix = service.commit("fix.txt", "mended\n");
    let said = service.run(&["hotfix", "--param", &format!("commits={fix}")]);
    said.exits(0);
    let line = said.stderr.lines().find(|line| line.contains("the back-merge is proposed")).expect("it is told");
    let command = line.split('`').find_map(|part| part.strip_prefix("relwf ")).expect("with the command");
    let args: Vec<&str> = command.split(' ').collect();
    assert_eq!(args[0], "land");
    service.machine.say(&service.path, &args).exits(0);
    assert_eq!(service.git(&["log", "-1", "--format=%s", "master"]), "Merge production back into master");
    assert_eq!(service.git(&["rev-list", "--count", "master..production"]), "0");
    // Once more: it has landed, and nothing is done.
    let again = service.machine.say(&service.path, &args);
    again.exits(0);
    assert!(again.stderr.contains("is merged already"), "{}", again.stderr);
    let none = service.machine.say(&service.path, &["land", "77"]);
    none.exits(2);
    assert!(none.stderr.contains("there is no change 77") && none.stderr.contains("relwf changes"), "{}", none.stderr);
}
