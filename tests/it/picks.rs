//! `git::cherry_pick`, `git::revert` and `git::restore_tree` against `git cherry-pick`, `git revert` and git's own eyes.

use crate::support::bench::{Bench, git};
use relwf::effects::EffectContext;
use relwf::git::pick_messages;
use relwf::model::{FailureKind, Value};
use relwf::run::Probe;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::sync::Arc;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn push_all(bench: &Bench) {
    git(&bench.work(), &["push", "-q", "--force", "--all", "origin"]);
}

fn call(bench: &Bench, world: &Arc<EffectContext>, name: &str, args: Json) -> Value {
    bench.call(world, name, args).done()
}

/// Everything about a commit but its committer's clock.
fn whole(repository: &Path, commit: &str) -> String {
    git(repository, &["log", "-1", "--format=%T|%P|%an|%ae|%ad|%cn|%B|", "--date=raw", commit])
}

/// A message as it is stored, to the last byte.
fn message(repository: &Path, commit: &str) -> String {
    let mut show = std::process::Command::new(crate::support::git::program());
    let object = show.arg("-C").arg(repository).args(["cat-file", "commit", commit]).output().expect("git runs");
    let object = String::from_utf8(object.stdout).expect("UTF-8");
    object.split_once("\n\n").expect("a header and a message").1.to_owned()
}

const MESSAGES: [&str; 26] = [
    "subject\n\nbody\n(cherry picked from commit 1234567890123456789012345678901234567890)\n",
    "subject\n\na\nb\nc\nd\n(cherry picked from commit 1234567890123456789012345678901234567890)\n",
    "subject",
    "subject\n",
    "subject\n\nbody\n",
    "subject\n\nSigned-off-by: A <a@b>\n",
    "subject\n\nbody\n\nSigned-off-by: A <a@b>\nAcked: x\n",
    "subject\n\nbody text\nSigned-off-by: A <a@b>\n",
    "subject\n\nbody\n\n(cherry picked from commit 1234567890123456789012345678901234567890)\n",
    "\n\n  subject  \nsecond line\n\nbody  \n\n\n# hash\n\n\n",
    "subject\n\nFixes: 12\n continued\n",
    "subject\n\nno trailer\nFixes: 1\nFoo: 2\nBar: 3\n",
    "Signed-off-by: A <a@b>\n",
    "subject\n\nAcked-by: x\n\n\n",
    "Revert \"foo\"\n\nThis reverts commit 1234567890123456789012345678901234567890.\n",
    "Reapply \"foo\"\n\nx\n",
    "Revert \"Revert \"foo\"\"\n\nx\n",
    "Revert \"Reapply \"foo\"\"\n",
    "subject\n\nBREAKING CHANGE: foo\n",
    "subject\n\nhttps://example.com/z\n",
    "subject\n\nfoo\n--\nA: b\n",
    "subject\n\nKey Word: v\n",
    "subject\n\nfoo: bar\nbaz qux\n[note] x\n",
    "subject\nsecond line of it\n\nRelwf-Run: r1",
    "Überschrift – “quoted”\n\nKörper\n",
    "Revert \"unfinished\n",
];

#[test]
fn messages_are_gits_own() {
    let bench = Bench::new();
    let work = bench.work();
    for (number, wanted) in MESSAGES.iter().enumerate() {
        git(&work, &["checkout", "-q", "master"]);
        std::fs::write(work.join(format!("file{number}")), "1\n").unwrap();
        std::fs::write(bench.dir.path().join("message"), wanted).unwrap();
        git(&work, &["add", "-A"]);
        git(&work, &["commit", "-q", "--cleanup=verbatim", "-F", "../message"]);
        let commit = git(&work, &["rev-parse", "HEAD"]);
        let (original, id) = (message(&work, &commit), commit.parse().unwrap());

        git(&work, &["revert", "--no-edit", "HEAD"]);
        assert_eq!(pick_messages::reverted(&original, id, None), message(&work, "HEAD"), "{wanted:?}");
        git(&work, &["checkout", "-q", "staging"]);
        git(&work, &["cherry-pick", &commit]);
        assert_eq!(pick_messages::picked(&original), message(&work, "HEAD"), "{wanted:?}");
        git(&work, &["reset", "-q", "--hard", "HEAD~1"]);
        git(&work, &["cherry-pick", "-x", &commit]);
        assert_eq!(pick_messages::picked_from(&original, id), message(&work, "HEAD"), "{wanted:?}");
    }
}

/// `master` gets three commits with a branch merged among them; the first is a promotion's worth behind.
fn with_a_merge(bench: &Bench) -> String {
    let work = bench.work();
    git(&work, &["checkout", "-q", "-b", "side", "master"]);
    bench.commit("side one", &[("side.txt", "1\n")]);
    bench.commit("side two", &[("side.txt", "1\n2\n"), ("other.txt", "o\n")]);
    git(&work, &["checkout", "-q", "master"]);
    bench.commit("third", &[("more.txt", "2\n3\n")]);
    git(&work, &["merge", "-q", "--no-ff", "-m", "Merge side", "side"]);
    let merge = git(&work, &["rev-parse", "HEAD"]);
    bench.commit("fourth", &[("fourth.txt", "4\n")]);
    push_all(bench);
    merge
}

#[test]
fn picks_are_the_commits_that_git_makes() {
    let bench = Bench::new();
    let merge = with_a_merge(&bench);
    let world = bench.world(bench.config());
    let (first, third) = (bench.at("master~4"), bench.at("master~2"));
    for (args, gits) in [
        (json!({ "commits": "master" }), vec!["-x", "master"]),
        (json!({ "commits": "master", "trailer": false }), vec!["master"]),
        (json!({ "commits": [&third, "master"] }), vec!["-x", &third, "master"]),
        (json!({ "commits": ["master", &third] }), vec!["-x", "master", &third]),
        (json!({ "commits": format!("{first}..{third}") }), vec!["-x", "master~3", &third]),
        (json!({ "commits": &merge, "mainline": 1 }), vec!["-x", "-m", "1", &merge]),
        (json!({ "commits": "side~2..side" }), vec!["-x", "side~2..side"]),
        (json!({ "commits": "side", "mainline": 1 }), vec!["-x", "-m", "1", "side"]),
    ] {
        // Some of these cannot be picked in this order: then git says so too.
        git(&bench.work(), &["checkout", "-q", "--detach", "origin/staging"]);
        let mut wanted = args.clone();
        wanted["target"] = "staging".into();
        let picked = call(&bench, &world, "git::cherry_pick", wanted);
        let arguments: Vec<&str> = ["cherry-pick"].into_iter().chain(gits).collect();
        let done = std::process::Command::new(crate::support::git::program())
            .args(&arguments)
            .current_dir(bench.work())
            .envs([("GIT_COMMITTER_NAME", "Ada Test"), ("GIT_COMMITTER_EMAIL", "ada@example.org")])
            .output()
            .unwrap();
        if !done.status.success() {
            assert_eq!(picked["outcome"], "conflicts", "{args} {picked:#}");
            git(&bench.work(), &["cherry-pick", "--abort"]);
            continue;
        }
        assert_eq!(picked["outcome"], "clean", "{args} {picked:#}");
        let ours = bench.at("staging");
        assert_eq!(picked["ours"], ours.as_str());
        let new = git(&bench.work(), &["rev-list", &format!("{ours}..HEAD")]);
        let rows = picked["commits"].as_array().unwrap();
        assert_eq!(rows.len(), new.lines().count(), "{args}");
        assert_eq!((&picked["commit"], &picked["tree"]), (&rows[0]["id"], &rows[0]["tree"]));
        for (row, commit) in rows.iter().zip(new.lines()) {
            let (mine, gits) = (whole(world.mirror.path(), text(&row["id"])), whole(&bench.work(), commit));
            let of = |shown: &str| {
                shown.split('|').enumerate().filter(|(at, _)| *at != 1).map(|(_, s)| s.to_owned()).collect::<Vec<_>>()
            };
            // Of several that land together each names the run; git knows none.
            assert_eq!(mine.contains("Relwf-Run: r1"), rows.len() > 1 || picked["skipped"] != json!([]), "{args}");
            assert_eq!(of(&without_run(&mine)), of(&gits), "{args}");
        }
        assert_eq!(picked["certificate"]["agrees"], true, "{args} {picked:#}");
    }
}

#[test]
fn what_is_there_already_is_skipped_and_what_cannot_be_picked_names_its_conflict() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let (first, second) = (bench.at("master~1"), bench.at("master"));
    let pick =
        |commits: Json| call(&bench, &world, "git::cherry_pick", json!({ "commits": commits, "target": "staging" }));
    let once = pick(json!([first]));
    git(
        world.mirror.path(),
        &["push", "-q", bench.remote().to_str().unwrap(), &format!("{}:staging", text(&once["commit"]))],
    );
    let world = bench.world(bench.config());
    let again =
        bench.call(&world, "git::cherry_pick", json!({ "commits": [first, second], "target": "staging" })).done();
    assert_eq!((&again["outcome"], &again["commit_count"]), (&json!("clean"), &json!(1)));
    assert_eq!((&again["skipped"][0]["id"], &again["commits"][0]["from"]), (&json!(first), &json!(second)));
    let nothing = bench.call(&world, "git::cherry_pick", json!({ "commits": first, "target": "staging" })).done();
    assert_eq!((&nothing["outcome"], &nothing["commit"]), (&json!("up-to-date"), &Json::Null));

    git(&bench.work(), &["checkout", "-q", "-B", "staging", "origin/staging"]);
    bench.commit("other way", &[("more.txt", "9\n")]);
    push_all(&bench);
    let world = bench.world(bench.config());
    let stuck = bench.call(&world, "git::cherry_pick", json!({ "commits": second, "target": "staging" })).done();
    assert_eq!((&stuck["outcome"], &stuck["at"], &stuck["commit"]), (&json!("conflicts"), &json!(second), &Json::Null));
    assert_eq!(
        (&stuck["conflicts"][0]["path"], &stuck["conflicts"][0]["kind"]),
        (&json!("more.txt"), &json!("add/add"))
    );
}

#[test]
fn a_redo_from_the_same_intent_gives_the_same_commits() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    for (name, args) in [
        ("git::cherry_pick", json!({ "commits": "staging..master", "target": "staging" })),
        ("git::revert", json!({ "commits": "staging", "target": "staging", "reason": "it broke" })),
        ("git::restore_tree", json!({ "release": "staging~1", "target": "staging", "reason": "it broke" })),
    ] {
        let command = bench.call(&world, name, args);
        let intent = command.prepare().unwrap();
        let assumed = command.assume().unwrap().value;
        let value = command.perform(&intent).unwrap();
        assert_eq!(value["outcome"], "clean", "{name} {value:#}");
        assert_eq!(assumed["commit"], value["commit"], "{name}: the preview is the truth");
        bench.clock.turn(5000);
        assert_eq!(command.probe(&intent), Probe::Absent);
        assert_eq!(command.perform(&intent).unwrap(), value, "{name}");
        bench.clock.turn(-5000);
    }
    assert_eq!(bench.at("staging"), git(&bench.work(), &["rev-parse", "origin/staging"]), "nothing is pushed");
}

/// A message without the trailer that names the run.
fn without_run(message: &str) -> String {
    message.replace("\n\nRelwf-Run: r1\n", "\n").replace("Relwf-Run: r1\n", "")
}

#[test]
fn reverts_are_the_commits_that_git_makes() {
    let bench = Bench::new();
    let merge = with_a_merge(&bench);
    let world = bench.world(bench.config());
    let third = bench.at("master~2");
    for (args, gits) in [
        (json!({ "commits": "master" }), vec!["master"]),
        (json!({ "commits": &merge, "mainline": 1 }), vec!["-m", "1", &merge]),
        (json!({ "commits": &merge, "mainline": 2 }), vec!["-m", "2", &merge]),
        (json!({ "commits": format!("{third}~1..{third}") }), vec![&third]),
        (json!({ "commits": ["master", &third] }), vec!["master", &third]),
    ] {
        git(&bench.work(), &["checkout", "-q", "--detach", "origin/master"]);
        let mut wanted = args.clone();
        wanted["target"] = "master".into();
        let reverted = call(&bench, &world, "git::revert", wanted);
        let arguments: Vec<&str> = ["revert", "--no-edit"].into_iter().chain(gits).collect();
        git(&bench.work(), &arguments);
        assert_eq!(reverted["tree"], git(&bench.work(), &["rev-parse", "HEAD^{tree}"]), "{args}");
        let made = message(world.mirror.path(), text(&reverted["commit"]));
        assert_eq!(without_run(&made), message(&bench.work(), "HEAD"), "{args}");
        assert_eq!(reverted["certificate"]["agrees"], true, "{args} {reverted:#}");
    }
    let reason = json!({ "commits": "master", "target": "master", "reason": " too slow \n" });
    let reverted = call(&bench, &world, "git::revert", reason);
    let told = message(world.mirror.path(), text(&reverted["commit"]));
    assert_eq!(told, format!("Revert \"fourth\"\n\nThis reverts commit {}.\n\ntoo slow\n", bench.at("master")));
}

#[test]
fn the_first_commit_of_a_history_can_be_picked_and_reverted() {
    let bench = Bench::new();
    git(&bench.work(), &["checkout", "-q", "--orphan", "fresh"]);
    git(&bench.work(), &["rm", "-q", "-r", "-f", "."]);
    let root = bench.commit("fresh start", &[("fresh.txt", "1\n")]);
    push_all(&bench);
    let world = bench.world(bench.config());
    let picked = call(&bench, &world, "git::cherry_pick", json!({ "commits": root, "target": "staging" }));
    git(&bench.work(), &["checkout", "-q", "--detach", "origin/staging"]);
    git(&bench.work(), &["cherry-pick", &root]);
    assert_eq!(picked["tree"], git(&bench.work(), &["rev-parse", "HEAD^{tree}"]));
    let reverted = call(&bench, &world, "git::revert", json!({ "commits": root, "target": "fresh" }));
    assert_eq!(reverted["tree"], "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "git's empty tree");
}

#[test]
fn wrong_commits_are_refused_before_anything_is_made() {
    let bench = Bench::new();
    let merge = with_a_merge(&bench);
    let world = bench.world(bench.config());
    let refused = |name: &str, args: Json| {
        let failure = bench.call(&world, name, args).prepare().unwrap_err();
        (failure.kind, failure.message)
    };
    let short = &merge[..10];
    assert_eq!(
        refused("git::cherry_pick", json!({ "commits": merge, "target": "staging" })),
        (FailureKind::Git, format!("{short} is a merge: which of its 2 parents is it compared with?"))
    );
    assert_eq!(
        refused("git::cherry_pick", json!({ "commits": merge, "target": "staging", "mainline": 3 })),
        (FailureKind::Arguments, format!("`mainline` is 3, but {short} has 2 parent(s)"))
    );
    assert_eq!(
        refused("git::cherry_pick", json!({ "commits": "master..master~1", "target": "staging" })),
        (FailureKind::NotFound, "`master..master~1` holds no commit".to_owned())
    );
    let master = &bench.at("master")[..10];
    assert_eq!(
        refused("git::revert", json!({ "commits": "master", "target": "staging" })),
        (FailureKind::Git, format!("{master} is not part of staging: there is nothing to revert"))
    );
    assert_eq!(
        refused("git::restore_tree", json!({ "release": "master", "target": "staging" })),
        (FailureKind::Git, format!("{master} was never released on staging"))
    );
    assert_eq!(
        refused("git::cherry_pick", json!({ "commits": "nowhere", "target": "staging" })).0,
        FailureKind::NotFound
    );
}

#[test]
fn a_rollback_has_exactly_the_files_of_the_release() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let merged = call(&bench, &world, "git::merge", json!({ "source": "master", "target": "staging" }));
    let before = bench.at("staging");
    git(
        world.mirror.path(),
        &["push", "-q", bench.remote().to_str().unwrap(), &format!("{}:staging", text(&merged["commit"]))],
    );
    let world = bench.world(bench.config());
    let args = json!({ "release": before, "target": "staging", "reason": "customers cannot log in" });
    let back = call(&bench, &world, "git::restore_tree", args);
    assert_eq!(back["tree"], bench.at(&format!("{before}^{{tree}}")));
    assert_eq!(back["withdrawn"][0]["id"], merged["commit"]);
    let shown = git(world.mirror.path(), &["log", "-1", "--format=%P %T%n%B", text(&back["commit"])]);
    assert_eq!(
        shown,
        format!(
            "{} {}\nRoll staging back to {}\n\ncustomers cannot log in\n\nThe files are those of \"hotfix\"{}. This undoes \
             1 landing; reverting this commit\nbrings them back:\n\n- {} {}\n\nRelwf-Restores: {before}\nRelwf-Run: r1",
            text(&merged["commit"]),
            text(&back["tree"]),
            &before[..10],
            back["age"].as_str().map(|age| format!(", {age} old")).unwrap_or_default(),
            &text(&merged["commit"])[..10],
            text(&back["withdrawn"][0]["summary"]),
        )
    );
    let same = call(&bench, &world, "git::restore_tree", json!({ "release": "staging", "target": "staging" }));
    assert_eq!((&same["outcome"], &same["commit"]), (&json!("up-to-date"), &Json::Null));
}

#[test]
fn a_series_lands_only_on_what_it_was_made_on() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let picked = call(&bench, &world, "git::cherry_pick", json!({ "commits": "staging..master", "target": "staging" }));
    assert_eq!(picked["commit_count"], 2);
    let args = json!({ "commit": picked["commit"], "target": "staging" });
    let change = call(&bench, &world, "forge::propose", args);
    let body = git(&bench.remote(), &["cat-file", "-p", "refs/relwf/changes/1"]);
    assert!(body.contains("Commits (2):\n- "), "{body}");
    let land = |onto: &Json| json!({ "change": change, "commit": picked["commit"], "target": "staging", "onto": onto });
    let wrong = bench.call(&world, "forge::land", land(&json!("master"))).prepare().unwrap_err();
    assert!(wrong.message.contains("was not made on"), "{wrong:?}");
    let landed = call(&bench, &world, "forge::land", land(&picked["ours"]));
    assert_eq!((&landed["commit"], &landed["before"]), (&picked["commit"], &picked["ours"]));
    assert_eq!(bench.at("staging"), text(&picked["commit"]));

    // The target was set back meanwhile: what was taken away does not come again with the pick.
    let world = bench.world(bench.config());
    let more = call(&bench, &world, "git::revert", json!({ "commits": "staging", "target": "staging" }));
    let change = call(&bench, &world, "forge::propose", json!({ "commit": more["commit"], "target": "staging" }));
    git(&bench.remote(), &["update-ref", "refs/heads/staging", "staging~1"]);
    let land = json!({ "change": change, "commit": more["commit"], "target": "staging", "onto": more["ours"] });
    assert_eq!(bench.call(&world, "forge::land", land).prepare().unwrap_err().kind, FailureKind::Moved);
}

#[test]
fn commits_that_the_cache_has_lost_are_made_again() {
    let bench = Bench::new();
    let world = bench.world(bench.config());
    let command = json!({ "commits": "staging..master", "target": "staging" });
    let (intent, value) = {
        let call = bench.call(&world, "git::cherry_pick", command.clone());
        let intent = call.prepare().unwrap();
        let value = call.perform(&intent).unwrap();
        (intent, value)
    };
    std::fs::remove_dir_all(bench.dir.path().join("cache")).unwrap();
    let world = bench.world(bench.config());
    assert!(!world.mirror.contains(text(&value["commit"]).parse().unwrap()));
    let call = bench.call(&world, "git::cherry_pick", command);
    call.restore(&intent, &value).unwrap();
    assert!(world.mirror.contains(text(&value["commit"]).parse().unwrap()));
}
