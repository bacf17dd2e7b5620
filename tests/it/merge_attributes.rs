//! Attributes and settings of a repository: what steers a merge and what has no say in it. git, asked for the same rules, is the
//! judge.

use super::merge_answers::git;
use crate::support::cli::Machine;
use crate::support::git::Repo;
use std::path::Path;

fn lines(changed: usize, how: &str) -> String {
    (1..=20).map(|line| if line == changed { format!("{how}\n") } else { format!("line {line}\n") }).collect()
}

/// `main` and `theirs` change the same line of each file; the rules are committed on the branches of which it is said.
fn sides(machine: &Machine, name: &str, rules: [&str; 3], files: &[&str]) -> Repo {
    let repo = Repo::init(machine.path(name));
    let commit = |changed: usize, how: &str, rules: &str| {
        files.iter().for_each(|file| repo.write(file, lines(changed, how)));
        repo.write(".gitattributes", rules);
        repo.commit(how);
    };
    let [base, ours, theirs] = rules;
    commit(0, "base", base);
    repo.git(&["checkout", "-q", "-b", "theirs"]);
    commit(3, "theirs", theirs);
    repo.git(&["checkout", "-q", "-b", "ours", "master"]);
    commit(3, "ours", ours);
    repo
}

/// What git says with the attributes of a commit, or with those that it finds by itself; the tree where it is clean.
fn git_says(repo: &Path, source: Option<&str>) -> Option<String> {
    let mut command = git(repo);
    source.map(|source| command.env("GIT_ATTR_SOURCE", source));
    let output = command.args(["merge-tree", "--write-tree", "--no-messages", "ours", "theirs"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    output.status.success().then(|| text.trim().to_owned())
}

fn relwf_says(machine: &Machine, repo: &Path) -> Result<Option<String>, String> {
    let said = machine.say(&machine.path("."), &["merge-tree", "ours", "theirs", "--repo", repo.to_str().unwrap()]);
    match said.stderr.is_empty() {
        true => Ok((said.code == 0).then(|| said.stdout.trim().to_owned())),
        false => Err(said.stderr),
    }
}

#[test]
fn a_preview_goes_by_the_attributes_of_the_targets_tip_as_git_does() {
    let machine = Machine::new();
    let (union, binary) = ("*.txt merge=union\n", "*.txt binary\n");
    for (nth, rules) in
        [["", union, ""], ["", "", union], [union, "", union], [union, union, binary], [union, binary, union]]
            .into_iter()
            .enumerate()
    {
        let repo = sides(&machine, &format!("repo{nth}"), rules, &["a.txt", "d/b.txt", "c.c"]);
        repo.git(&["checkout", "-q", "master"]);
        repo.git(&["branch", "-q", "-D", "theirs"]);
        let theirs = repo.change("only.txt", "theirs\n");
        repo.git(&["checkout", "-q", "-B", "theirs", &theirs]);
        repo.change("a.txt", &lines(3, "theirs"));
        repo.write(".gitattributes", rules[2]);
        repo.commit("rules");
        let expected = git_says(&repo.path, Some("ours"));
        let said = machine.say(
            &machine.path("."),
            &["preview", "theirs", "ours", "--json", "--repo", &format!("file://{}", repo.path.display())],
        );
        let answer = said.json();
        assert_eq!(answer["tree"].as_str().map(str::to_owned), expected, "{rules:?}: {answer:#}");
        assert_eq!(answer["certificate"]["agrees"], true, "{rules:?}: {answer:#}");
    }
}

#[test]
fn the_index_and_links_have_no_say_in_a_work_tree() {
    let machine = Machine::new();
    let repo = sides(&machine, "repo", ["*.txt merge=union\n"; 3], &["a.txt"]);
    let attributes = repo.path.join(".gitattributes");
    let check = |what: &str| assert_eq!(relwf_says(&machine, &repo.path), Ok(git_says(&repo.path, None)), "{what}");
    check("a file");
    assert!(git_says(&repo.path, None).is_some());
    std::fs::rename(&attributes, repo.path.join("rules")).unwrap();
    check("in the index alone");
    std::os::unix::fs::symlink("rules", &attributes).unwrap();
    check("a link");
    std::fs::write(repo.path.join(".git/info/attributes"), "a.txt merge=binary\n").unwrap();
    check("info/attributes");
    std::fs::write(repo.path.join(".git/index"), "no index").unwrap();
    check("a damaged index");
}

#[test]
fn nobodys_own_attributes_and_drivers_have_a_say() {
    let machine = Machine::new();
    let _repo = sides(&machine, "repo", ["b.txt merge=mine\n"; 3], &["a.txt", "b.txt"]);
    std::fs::create_dir_all(machine.home().join(".config/git")).unwrap();
    std::fs::write(machine.home().join(".config/git/attributes"), "* merge=union\n").unwrap();
    std::fs::write(machine.home().join(".gitconfig"), "[merge \"mine\"]\n\tdriver = true\n").unwrap();
    let mut command = machine.relwf(&machine.path("."), &["merge-tree", "ours", "theirs", "--json", "--repo", "repo"]);
    command.env_remove("GIT_CONFIG_GLOBAL");
    let answer = crate::support::cli::said(&machine, command).json();
    let paths: Vec<&str> =
        answer["conflicts"].as_array().unwrap().iter().map(|c| c["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["a.txt", "b.txt"]);
    assert_eq!(answer["drivers"], serde_json::json!([{ "path": "b.txt", "driver": "mine" }]));
}

#[test]
fn settings_of_a_repository_are_followed_or_named() {
    let machine = Machine::new();
    let repo = sides(&machine, "repo", ["*.txt merge=union\n"; 3], &["a.txt", "c.c"]);
    // A rename on one side, so that the search for renames has a say.
    repo.git(&["mv", "c.c", "moved.c"]);
    repo.commit("moved");
    for (name, value, named) in [
        ("merge.default", "union", false),
        ("merge.default", "binary", false),
        ("merge.default", "text", false),
        ("merge.default", "nowhere", false),
        ("merge.conflictStyle", "diff3", false),
        ("merge.renames", "true", false),
        ("merge.directoryRenames", "conflict", false),
        ("merge.renormalize", "false", false),
        ("attr.tree", "ours", false),
        ("attr.tree", "nowhere", false),
        ("merge.renormalize", "true", true),
        ("merge.renames", "false", true),
        ("merge.directoryRenames", "true", true),
        ("merge.renameLimit", "1", true),
        ("diff.renameLimit", "1", true),
        ("diff.renames", "0", true),
        ("core.attributesFile", "/dev/null", true),
        ("merge.union.driver", "true", true),
        ("merge.union.name", "mine", true),
    ] {
        repo.git(&["config", name, value]);
        let bare = machine.path("bare.git");
        repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
        Repo::at(&bare).git(&["config", name, value]);
        for place in [&repo.path, &bare] {
            // In the bare one nothing is union unless a setting says so.
            match relwf_says(&machine, place) {
                Err(error) => assert!(named && error.contains(&name[..name.len().min(12)]), "{name}={value}: {error}"),
                Ok(answer) => {
                    assert!(!named || *place == bare && name.starts_with("merge.union"), "{name}={value}");
                    assert_eq!(answer, git_says(place, None), "{name}={value}");
                }
            }
        }
        std::fs::remove_dir_all(&bare).unwrap();
        repo.git(&["config", "--unset", name]);
    }
}

#[test]
fn a_file_that_one_side_deleted_is_not_normalised_unasked() {
    let machine = Machine::new();
    let repo = Repo::init(machine.path("repo"));
    repo.change("file", "a\r\nb\r\n");
    repo.git(&["checkout", "-q", "-b", "theirs"]);
    repo.git(&["rm", "-q", "file"]);
    repo.commit("deleted");
    repo.git(&["checkout", "-q", "-b", "ours", "master"]);
    repo.write(".gitattributes", "* text=auto\n");
    repo.change("file", "a\nb\n");
    assert_eq!(relwf_says(&machine, &repo.path), Ok(git_says(&repo.path, None)));
    repo.git(&["config", "merge.renormalize", "true"]);
    let refused = relwf_says(&machine, &repo.path).unwrap_err();
    assert!(refused.contains("merge.renormalize"), "{refused}");
}

#[test]
fn a_conflict_marker_size_has_an_upper_bound() {
    let machine = Machine::new();
    for size in ["2147483647", "99999999999", "99999999999999999999999", "-5", "12x", "0"] {
        let repo =
            sides(&machine, &format!("repo{size}"), [&format!("a.txt conflict-marker-size={size}\n"); 3], &["a.txt"]);
        assert_eq!(relwf_says(&machine, &repo.path), Ok(None), "{size}");
    }
}

#[test]
fn a_driver_that_is_not_run_is_a_finding() {
    let machine = Machine::new();
    let repo = sides(&machine, "repo", ["a.txt merge=ours\n"; 3], &["a.txt"]);
    repo.change("a.txt", &lines(12, "ours"));
    repo.git(&["checkout", "-q", "-B", "ours", "master"]);
    repo.change("a.txt", &lines(12, "ours"));
    let url = format!("file://{}", repo.path.display());
    let answer = machine.say(&machine.path("."), &["preview", "theirs", "ours", "--json", "--repo", &url]).json();
    let finding =
        answer["hidden"]["findings"].as_array().unwrap().iter().find(|found| found["kind"] == "driver").unwrap();
    assert!(finding["message"].as_str().unwrap().contains("`a.txt`"), "{finding:#}");
    assert!(finding["hint"].as_str().unwrap().contains("accept=driver"), "{finding:#}");
}
