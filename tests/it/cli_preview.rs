//! preview, delta, merge-tree, candidates on the sample service.

use crate::support::cli::{Machine, said};
use crate::support::git::{Repo, bytes_of};
use serde_json::{Value, json};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn a_clean_preview_names_commits_files_and_components() {
    let machine = Machine::new();
    let service = machine.service();
    let preview = machine.say(&service, &["preview", "master", "staging"]);
    preview.exits(0);
    assert_eq!(preview.stderr, "");
    let text = &preview.stdout;
    assert!(text.contains("\nmerges cleanly, tree "), "{text}");
    assert!(text.contains("\n11 commits, and their merge\n"), "{text}");
    assert!(text.contains("server: count orders for each customer"), "{text}");
    assert!(text.contains("\nM Gopkg.lock\n"), "{text}");
    assert!(!text.contains("server/limits.go"), "the hotfix is no change of the promotion: {text}");
    assert!(text.contains("ppc        4be1f6d0c2 (master)  →  9d27c81e5f (master)  changed\n"), "{text}");
    assert!(text.contains("sdk        0.16.4               →  0.17.0               changed\n"), "{text}");
}

#[test]
fn preview_json_has_the_shape_of_the_contract() {
    let machine = Machine::new();
    let service = machine.service();
    let value = machine.say(&service, &["preview", "master", "staging", "--json"]).exits(0).json();
    for key in [
        "source",
        "target",
        "bases",
        "outcome",
        "tree",
        "commit",
        "conflicts",
        "commits",
        "components",
        "hidden",
        "certificate",
    ] {
        assert!(value.get(key).is_some(), "{key} is missing in {value}");
    }
    assert_eq!(value["source"]["ref"], "master");
    assert_eq!(value["outcome"], "clean");
    assert_eq!(value["conflicts"], json!([]));
    assert_eq!(value["bases"].as_array().map(Vec::len), Some(1));
    assert_eq!(value["commits"].as_array().map(Vec::len), Some(11));
    assert_eq!(keys(&value["commits"][0]), ["author", "commit", "summary", "time"]);
    assert_eq!(keys(&value["certificate"]), ["agrees", "by", "tree"]);
    assert_eq!(value["certificate"]["agrees"], true);
    assert_eq!(value["certificate"]["tree"], value["tree"]);
    assert_eq!(
        keys(&value["hidden"]),
        ["findings", "removed", "reverted", "squashed", "target_only", "truncated"],
        "why nothing can be told is there only then"
    );
    let hotfix = &value["hidden"]["target_only"][0];
    assert_eq!(keys(hotfix), ["as", "author", "commit", "state", "summary", "time"]);
    assert_eq!((&hotfix["state"], &value["hidden"]["findings"]), (&json!("present"), &json!([])));
    let sdk = value["components"].as_array().unwrap().iter().find(|row| row["name"] == "sdk").unwrap();
    assert_eq!(
        *sdk,
        json!({"name": "sdk", "detect": "travis", "change": "changed",
               "from": {"version": "0.16.4"}, "to": {"version": "0.17.0"}})
    );
}

/// The merge commit gets its id, which holds a time, when it is made: a preview names none, and says the same each time.
#[test]
fn a_preview_names_no_commit_that_is_not_there() {
    let machine = Machine::new();
    let service = machine.service();
    let preview = || machine.say(&service, &["preview", "master", "staging", "--json"]).exits(0).json();
    let value = preview();
    assert_eq!(value["commit"], Value::Null);
    let row = &value["components"][0];
    assert_eq!((&row["name"], &row["detect"], &row["commits"]), (&json!("service"), &json!("commits"), &json!(12)));
    assert_eq!(row["from"]["revision"], value["target"]["commit"]);
    assert_eq!(row["to"]["revision"], value["source"]["commit"], "what ships is what is promoted");
    let ids = Repo::at(machine.path("demo/remote.git")).git(&["rev-list", "--all"]);
    for end in ["from", "to"] {
        assert!(ids.contains(row[end]["revision"].as_str().unwrap()), "{row}");
    }
    assert_eq!(preview(), value);
    // A dry run, which merges in memory to go on from there, shows the same components.
    let dry = machine.say(&service, &["run", "promote-staging", "--dry-run"]);
    let shown = |text: &str| text.lines().find(|line| line.starts_with("service ")).map(str::to_owned);
    let text = machine.say(&service, &["preview", "master", "staging"]);
    assert!(shown(&text.stdout).is_some(), "{}", text.stdout);
    assert_eq!(shown(&dry.exits(0).stdout), shown(&text.stdout));
}

#[test]
fn a_conflict_shows_both_sides_and_exits_1() {
    let machine = Machine::new();
    let service = machine.service();
    let preview = machine.say(&service, &["preview", "feature/bursts-per-plan", "staging"]);
    preview.exits(1);
    for part in [
        "\n1 conflict\n",
        "content: server/limits.go\n",
        "    ours (staging)\n      | \tMaxBurst           = 100\n",
        "    base (the merge base)\n      | \tMaxBurst           = 200\n",
        "    theirs (feature/bursts-per-plan)\n      | \tMaxBurst           = 400\n",
    ] {
        assert!(preview.stdout.contains(part), "{part:?} is not in\n{}", preview.stdout);
    }
    let value = machine.say(&service, &["preview", "feature/bursts-per-plan", "staging", "--json"]).exits(1).json();
    assert_eq!(value["outcome"], "conflicts");
    assert_eq!((&value["tree"], &value["commit"]), (&Value::Null, &Value::Null));
    assert_eq!(value["conflicts"][0]["path"], "server/limits.go");
    assert_eq!(value["conflicts"][0]["kind"], "content");
    assert_eq!(value["components"], json!([]));
}

#[test]
fn nothing_to_merge_is_up_to_date() {
    let machine = Machine::new();
    let service = machine.service();
    let preview = machine.say(&service, &["preview", "production", "staging"]);
    // production holds a merge commit of its own: merging it brings no change, but a commit.
    preview.exits(0);
    let again = machine.say(&service, &["preview", "staging", "staging"]);
    again.exits(0);
    assert!(again.stdout.ends_with("up to date: staging already has everything\n"), "{}", again.stdout);
    let value = machine.say(&service, &["preview", "staging", "staging", "--json"]).exits(0).json();
    assert_eq!(value["outcome"], "up-to-date");
    assert_eq!(value["commits"], json!([]));
}

#[test]
fn merge_tree_answers_very_many_lines_in_order() {
    let machine = Machine::new();
    let service = machine.service();
    let one = |ours: &str, theirs: &str| {
        let said = machine.say(&service, &["merge-tree", ours, theirs]);
        if said.code == 0 { said.stdout } else { format!("ERROR {theirs}") }
    };
    let pairs = [("staging", "master"), ("master", "staging"), ("production", "master"), ("staging", "nowhere")];
    let answers = pairs.map(|(ours, theirs)| one(ours, theirs));
    let lines: String = pairs.iter().cycle().take(400).map(|(ours, theirs)| format!("{ours} {theirs}\n")).collect();
    let mut command = machine.relwf(&service, &["merge-tree", "--stdin"]);
    command.write_stdin(lines);
    let said = said(&machine, command);
    said.exits(0);
    assert_eq!(said.stdout.lines().count(), 400);
    for (line, expected) in said.stdout.lines().zip(answers.iter().cycle()) {
        let same = if expected.starts_with("ERROR") { line.starts_with("ERROR") } else { line == expected.trim_end() };
        assert!(same, "{line} instead of {expected}");
    }
}

#[test]
fn a_target_with_nothing_of_its_own_is_shown_as_fast() {
    let machine = Machine::new();
    let repo = Repo::init(machine.path("plain"));
    repo.change("a", "1\n");
    repo.git(&["branch", "staging"]);
    repo.change("a", "2\n");
    let preview = machine.say(&repo.path, &["preview", "master", "staging"]);
    preview.exits(0);
    assert!(preview.stdout.contains("\nfast: nothing on staging that master lacks\n"), "{}", preview.stdout);
    let fast = |args: &[&str]| machine.say(&repo.path, args).exits(0).json()["fast"].clone();
    assert_eq!(fast(&["preview", "master", "staging", "--json"]), true);
    repo.git(&["checkout", "-q", "staging"]);
    repo.change("b", "own\n");
    assert_eq!(fast(&["preview", "master", "staging", "--json"]), false);
}

#[test]
fn a_branch_that_does_not_exist_is_exit_2_and_names_it() {
    let machine = Machine::new();
    let service = machine.service();
    let said = machine.say(&service, &["preview", "master", "stagin"]);
    said.exits(2);
    assert_eq!(said.stdout, "");
    assert!(said.stderr.starts_with("error: ") && said.stderr.contains("stagin"), "{}", said.stderr);
    let error = machine.say(&service, &["preview", "master", "stagin", "--json"]).exits(2).json();
    assert_eq!(error["error"]["kind"], "not-found");
}

#[test]
fn a_plain_repository_needs_no_configuration() {
    let machine = Machine::new();
    let repo = Repo::init(machine.path("plain"));
    repo.change("a", "one\n");
    repo.git(&["checkout", "-q", "-b", "next"]);
    repo.change("b", "two\n");
    let value = machine.say(&machine.path("plain"), &["preview", "next", "HEAD~1", "--json"]).exits(0).json();
    assert_eq!(value["outcome"], "clean");
    assert_eq!(value["components"][0]["name"], "commits");
    assert_eq!(value["files"], json!([{"path": "b", "change": "A"}]));
    // Nobody is known who could commit.
    assert_eq!(value["commit"], Value::Null);
    let from_elsewhere = machine.say(&machine.home(), &["preview", "next", "HEAD~1", "--json", "--repo", "../plain"]);
    assert_eq!(from_elsewhere.exits(0).json()["tree"], value["tree"]);
}

#[test]
fn a_repository_that_is_not_there_is_an_error() {
    let machine = Machine::new();
    let said = machine.say(&machine.home(), &["preview", "a", "b", "--repo", "../gone.git"]);
    said.exits(2);
    assert_eq!(said.stderr, "error: there is no repository at <machine>/gone.git\nhint: check --repo\n");
}

#[test]
fn delta_compares_two_commits() {
    let machine = Machine::new();
    let service = machine.service();
    let value = machine.say(&service, &["delta", "production", "master", "--json"]).exits(0).json();
    assert_eq!(keys(&value), ["base", "components", "head"]);
    let names: Vec<_> = value["components"].as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["service", "ppc", "sdk"]);
    let text = machine.say(&service, &["delta", "production", "production"]);
    text.exits(0);
    assert_eq!(
        text.stdout.lines().map(|line| line.split_whitespace().last().unwrap_or_default()).collect::<Vec<_>>(),
        ["CHANGE", "unchanged", "unchanged", "unchanged"]
    );
}

#[test]
fn merge_tree_answers_one_line_and_writes_nothing() {
    let machine = Machine::new();
    let service = machine.service();
    let remote = machine.path("demo/remote.git");
    let before = bytes_of(&remote);
    let repo = Repo::at(&remote);
    let clean = machine.say(&machine.home(), &["merge-tree", "staging", "master", "--repo", "../demo/remote.git"]);
    clean.exits(0);
    assert_eq!(clean.stdout, format!("{}\n", repo.git(&["merge-tree", "--write-tree", "staging", "master"])));
    let before_git = bytes_of(&remote);
    let conflict = machine.say(&service, &["merge-tree", "staging", "feature/bursts-per-plan"]);
    conflict.exits(1);
    assert_eq!(conflict.stdout, "CONFLICT content:server/limits.go\n");
    assert_eq!(bytes_of(&remote), before_git);
    assert!(before_git.len() >= before.len());
    let json = machine.say(&service, &["merge-tree", "staging", "feature/bursts-per-plan", "--json"]).exits(1).json();
    assert_eq!(keys(&json), ["by", "clean", "conflicts", "ours", "theirs", "tree"]);
    assert_eq!((&json["clean"], &json["tree"]), (&json!(false), &Value::Null));
}

#[test]
fn merge_tree_stdin_answers_every_line_in_order() {
    let machine = Machine::new();
    let service = machine.service();
    let pairs = "staging master\nstaging nonsense\nstaging feature/bursts-per-plan\nonly\nmaster master\n";
    let mut command = machine.relwf(&service, &["merge-tree", "--stdin", "--repo", "../remote.git"]);
    command.write_stdin(pairs);
    let answers = said(&machine, command);
    answers.exits(0);
    let lines: Vec<&str> = answers.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{}", answers.stdout);
    assert_eq!(lines[0].len(), 40);
    assert!(lines[1].starts_with("ERROR ") && lines[1].contains("nonsense"), "{}", lines[1]);
    assert_eq!(lines[2], "CONFLICT content:server/limits.go");
    assert_eq!(lines[3], "ERROR a line must be OURS THEIRS");
    assert_eq!(lines[4].len(), 40);
}

#[test]
fn merge_tree_stdin_takes_ids_names_and_tags_in_turns() {
    let machine = Machine::new();
    let service = machine.service();
    let remote = Repo::at(service.join("../remote.git"));
    let id = |name: &str| remote.git(&["rev-parse", name]);
    remote.git(&["-c", "user.name=A", "-c", "user.email=a@b", "tag", "-a", "-m", "t", "v9", "master"]);
    let (staging, master, tag) = (id("staging"), id("master"), id("v9"));
    let nobody = "1234567890123456789012345678901234567890";
    let pairs = [
        format!("{staging} {master}"),
        format!("{staging} {tag}"),
        format!("staging {master}"),
        format!("{staging} {nobody}"),
        format!("{master} {staging}"),
    ];
    let mut command = machine.relwf(&service, &["merge-tree", "--stdin", "--repo", "../remote.git"]);
    command.write_stdin(pairs.join("\n"));
    let answers = said(&machine, command);
    answers.exits(0);
    let lines: Vec<&str> = answers.stdout.lines().collect();
    let tree = remote.git(&["merge-tree", "--write-tree", "staging", "master"]);
    assert_eq!(lines[..3], [&tree, &tree, &tree]);
    assert!(lines[3].starts_with("ERROR ") && lines[3].contains(nobody), "{}", lines[3]);
    assert_eq!(lines[4], remote.git(&["merge-tree", "--write-tree", "master", "staging"]));
}

#[test]
fn candidates_say_why() {
    let machine = Machine::new();
    let service = machine.service();
    let value = machine.say(&service, &["candidates", "master", "staging", "--json"]).exits(0).json();
    assert_eq!(keys(&value), ["candidates", "source", "target"]);
    let newest = &value["candidates"][0];
    assert_eq!(newest["summary"], "agents: retry a batch once");
    assert_eq!((&newest["green"], &newest["why"]), (&json!(true), &json!("no checks required, and no build is red")));
    // What is on staging must have been tested there, and the sample's history was not.
    let value = machine.say(&service, &["candidates", "staging", "production", "--json"]).exits(0).json();
    let newest = &value["candidates"][0];
    assert_eq!((&newest["green"], &newest["why"]), (&json!(false), &json!("relwf/pull_request has not reported")));
}

#[test]
fn candidates_are_limited_to_at_least_one() {
    let machine = Machine::new();
    for limit in ["0", "x", "-1", "4294967296"] {
        let said = machine.say(&machine.home(), &["candidates", "master", "staging", &format!("--limit={limit}")]);
        said.exits(2);
        let wrong = format!("error: invalid value '{limit}' for '--limit <N>': it must be a whole number from 1\n");
        assert!(said.stderr.starts_with(&wrong), "{}", said.stderr);
    }
}

#[test]
fn a_mirror_that_is_cloned_again_is_a_warning_in_a_pipe_too() {
    let machine = Machine::new();
    let service = machine.service();
    machine.say(&service, &["preview", "master", "staging"]).exits(0);
    let mirrors = machine.home().join(".cache/relwf/mirrors");
    let is_mirror = |path: &std::path::PathBuf| path.extension().is_some_and(|extension| extension == "git");
    let mirror = std::fs::read_dir(mirrors).unwrap().map(|entry| entry.unwrap().path()).find(is_mirror).unwrap();
    std::fs::remove_file(mirror.join("HEAD")).unwrap();
    let said = machine.say(&service, &["preview", "master", "staging", "--json"]);
    said.exits(0);
    assert_eq!(
        said.stderr,
        "warning: the mirror of <machine>/demo/remote.git is broken (HEAD is missing); making it anew\n"
    );
    assert_eq!(machine.say(&service, &["preview", "master", "staging"]).stderr, "");
}
