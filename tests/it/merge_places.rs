//! Merges in repositories as they are found: damaged, linked, with settings of their own. Never a crash, never a wrong answer.

use crate::support::cli::{Machine, Said};
use crate::support::git::Repo;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// `master` and two branches that change different lines of one file.
fn two_sides(machine: &Machine) -> Repo {
    let repo = Repo::init(machine.path("two"));
    let text = |marks: &[usize]| -> String {
        (1..=60).map(|line| format!("{line}{}\n", if marks.contains(&line) { " changed" } else { "" })).collect()
    };
    repo.change("f", &text(&[]));
    repo.git(&["checkout", "-q", "-b", "theirs"]);
    repo.change("f", &text(&[3]));
    repo.git(&["checkout", "-q", "-b", "ours", "master"]);
    repo.change("f", &text(&[50]));
    repo
}

fn merged(machine: &Machine, repo: &Path, ours: &str, theirs: &str) -> Said {
    machine.say(&machine.path("."), &["merge-tree", ours, theirs, "--repo", repo.to_str().unwrap()])
}

fn git_says(repo: &Repo, ours: &str, theirs: &str) -> String {
    let output = repo.try_git(&["merge-tree", "--write-tree", "--name-only", "--no-messages", ours, theirs]);
    String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned()
}

fn writable(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
}

fn index_of(repo: &Repo) -> PathBuf {
    let packs = repo.path.join(".git/objects/pack");
    let found = fs::read_dir(packs).unwrap().map(|entry| entry.unwrap().path());
    found.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "idx")).unwrap()
}

#[test]
fn a_tip_that_is_cut_off_is_an_error_by_name_and_by_id() {
    let machine = Machine::new();
    let repo = two_sides(&machine);
    let tip = repo.git(&["rev-parse", "theirs"]);
    let path = repo.path.join(".git/objects").join(&tip[..2]).join(&tip[2..]);
    let whole = fs::read(&path).unwrap();
    writable(&path);
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    for theirs in ["theirs", tip.as_str(), "theirs~0", "theirs^{commit}"] {
        let said = merged(&machine, &repo.path, "ours", theirs);
        said.exits(1);
        assert!(said.stderr.contains("damaged") && said.stderr.contains("git fsck"), "{}", said.stderr);
    }
}

#[test]
fn an_index_that_points_beyond_its_pack_is_an_error_in_both_of_its_forms() {
    for form in ["1", "2"] {
        let machine = Machine::new();
        let repo = two_sides(&machine);
        repo.git(&["-c", &format!("pack.indexVersion={form}"), "repack", "-qadf"]);
        let tree = git_says(&repo, "ours", "theirs");
        assert_eq!(merged(&machine, &repo.path, "ours", "theirs").stdout.trim(), tree, "form {form}");

        let (index, tip) = (index_of(&repo), repo.git(&["rev-parse", "ours"]));
        let mut bytes = fs::read(&index).unwrap();
        let id: Vec<u8> = (0..20).map(|at| u8::from_str_radix(&tip[at * 2..at * 2 + 2], 16).unwrap()).collect();
        let at = bytes.windows(20).position(|bytes| bytes == id).unwrap();
        let offset = match form {
            "1" => at - 4,
            _ => {
                let count = u32::from_be_bytes(bytes[8 + 1020..8 + 1024].try_into().unwrap()) as usize;
                8 + 1024 + count * 24 + (at - 8 - 1024) / 20 * 4
            }
        };
        bytes[offset..offset + 4].copy_from_slice(&0x00ff_ffff_u32.to_be_bytes());
        writable(&index);
        fs::write(&index, bytes).unwrap();
        for ours in ["ours", tip.as_str(), "ours^{commit}"] {
            let said = merged(&machine, &repo.path, ours, "theirs");
            said.exits(1);
            assert!(said.stderr.contains("damaged"), "form {form}: {}", said.stderr);
        }
    }
}

#[test]
fn a_commit_graph_that_lies_about_a_tree_changes_nothing() {
    let machine = Machine::new();
    let repo = two_sides(&machine);
    repo.git(&["commit-graph", "write", "--reachable"]);
    let graph = repo.path.join(".git/objects/info/commit-graph");
    let mut bytes = fs::read(&graph).unwrap();
    for tip in ["ours", "theirs", "master"] {
        let tree = repo.git(&["rev-parse", &format!("{tip}^{{tree}}")]);
        let id: Vec<u8> = (0..20).map(|at| u8::from_str_radix(&tree[at * 2..at * 2 + 2], 16).unwrap()).collect();
        let at = bytes.windows(20).position(|bytes| bytes == id).unwrap();
        bytes[at + 19] ^= 1;
    }
    writable(&graph);
    fs::write(&graph, bytes).unwrap();
    let said = merged(&machine, &repo.path, "ours", "theirs");
    let real = Repo::at(&repo.path);
    let tree = real.git(&["-c", "core.commitGraph=false", "merge-tree", "--write-tree", "ours", "theirs"]);
    assert_eq!(said.stdout.trim(), tree);
    assert_eq!(
        merged(&machine, &repo.path, "master", "theirs").stdout.trim(),
        real.git(&["-c", "core.commitGraph=false", "merge-tree", "--write-tree", "master", "theirs",])
    );
}

#[test]
fn attributes_of_a_work_tree_count_and_drivers_are_not_run() {
    let machine = Machine::new();
    let repo = two_sides(&machine);
    repo.write(".gitattributes", "f -merge\n");
    let said = merged(&machine, &repo.path, "ours", "theirs");
    said.exits(1);
    assert!(said.stdout.contains("CONFLICT"), "{}", said.stdout);
    assert_eq!(repo.try_git(&["merge-tree", "--write-tree", "ours", "theirs"]).status.code(), Some(1));
    repo.write(".gitattributes", "f merge=mine\n");
    assert_eq!(merged(&machine, &repo.path, "ours", "theirs").stdout.trim(), git_says(&repo, "ours", "theirs"));
    repo.git(&["config", "merge.mine.driver", "false"]);
    let said = merged(&machine, &repo.path, "ours", "theirs");
    said.exits(1);
    assert!(said.stderr.contains("f is to be merged by the driver `mine`"), "{}", said.stderr);
}

#[test]
fn replaced_objects_and_grafts_are_refused() {
    let machine = Machine::new();
    let repo = two_sides(&machine);
    let bare = machine.path("bare.git");
    repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let bare = Repo::at(&bare);
    bare.git(&["replace", "ours", "theirs"]);
    for pack in [false, true] {
        if pack {
            bare.git(&["pack-refs", "--all"]);
        }
        let said = merged(&machine, &bare.path, "ours", "theirs");
        said.exits(1);
        assert!(said.stderr.contains("refs/replace"), "{}", said.stderr);
    }
    fs::write(repo.path.join(".git/info/grafts"), format!("{}\n", repo.git(&["rev-parse", "ours"]))).unwrap();
    let said = merged(&machine, &repo.path, "ours", "theirs");
    said.exits(1);
    assert!(said.stderr.contains("info/grafts"), "{}", said.stderr);
}

#[test]
fn branches_of_a_remote_have_their_names_in_a_clone() {
    let machine = Machine::new();
    let repo = two_sides(&machine);
    let clone = machine.path("clone");
    repo.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
    let said = merged(&machine, &clone, "origin/ours", "origin/theirs");
    assert_eq!(said.stdout.trim(), git_says(&repo, "ours", "theirs"), "{}", said.stderr);
}

#[test]
fn a_linked_work_tree_has_submodules_of_its_own() {
    let machine = Machine::new();
    let sub = Repo::init(machine.path("sub"));
    let [first, second, third] = ["1\n", "2\n", "3\n"].map(|text| sub.change("s", text));
    let repo = Repo::init(machine.path("with"));
    let add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", sub.path.to_str().unwrap(), "m"];
    repo.git(&add);
    let at = |commit: &str, message: &str| {
        repo.git(&["update-index", "--cacheinfo", &format!("160000,{commit},m")]);
        repo.git(&["commit", "-q", "-m", message]);
    };
    at(&first, "base");
    repo.git(&["checkout", "-q", "-b", "theirs"]);
    at(&third, "theirs");
    repo.git(&["checkout", "-q", "-b", "ours", "master"]);
    at(&second, "ours");
    let linked = machine.path("linked");
    repo.git(&["worktree", "add", "-q", "--detach", linked.to_str().unwrap(), "ours"]);
    for place in [&repo.path, &linked] {
        let git = Repo::at(place).try_git(&["merge-tree", "--write-tree", "ours", "theirs"]);
        let said = merged(&machine, place, "ours", "theirs");
        said.exits(git.status.code().unwrap());
        if git.status.success() {
            assert_eq!(said.stdout.trim(), String::from_utf8_lossy(&git.stdout).trim(), "{}", place.display());
        }
    }
}

#[test]
fn alternates_are_found_behind_gits_quotes() {
    let machine = Machine::new();
    let repo = two_sides(&machine);
    let odd = machine.path("odd \"name\" é");
    fs::create_dir_all(&odd).unwrap();
    let source = odd.join("source.git");
    repo.git(&["clone", "-q", "--bare", ".", source.to_str().unwrap()]);
    let borrower = machine.path("borrower.git");
    repo.git(&["clone", "-q", "--bare", ".", borrower.to_str().unwrap()]);
    let quoted =
        format!("\"{}/source.git/objects\"\n", machine.path("odd").display().to_string() + " \\\"name\\\" \\303\\251");
    fs::remove_dir_all(borrower.join("objects/pack")).unwrap();
    fs::create_dir_all(borrower.join("objects/info")).unwrap();
    for entry in fs::read_dir(borrower.join("objects")).unwrap().flatten() {
        if entry.file_name().len() == 2 {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
    fs::write(borrower.join("objects/info/alternates"), quoted).unwrap();
    let tree = git_says(&Repo::at(&borrower), "ours", "theirs");
    assert_eq!(tree.len(), 40);
    let ids = ["ours", "theirs"].map(|name| repo.git(&["rev-parse", name]));
    let said = merged(&machine, &borrower, &ids[0], &ids[1]);
    assert_eq!(said.stdout.trim(), tree, "{}", said.stderr);
}

/// Two branches of which each changed other lines of a file, whose name is no text; and a second one in conflict.
#[test]
fn paths_that_are_no_text_are_merged_listed_and_checked_out() {
    use std::os::unix::ffi::OsStrExt;
    let machine = Machine::new();
    let repo = two_sides(&machine);
    let name = |bytes: &'static [u8]| std::ffi::OsStr::from_bytes(bytes);
    for (branch, line) in [("master", 0), ("ours", 3), ("theirs", 50)] {
        repo.git(&["checkout", "-q", branch]);
        let text: String = (1..=60).map(|at| format!("{at}{}\n", if at == line { branch } else { "" })).collect();
        fs::create_dir_all(repo.path.join(name(b"d\xe4"))).unwrap();
        fs::write(repo.path.join(name(b"d\xe4/gr\xfcn")), text).unwrap();
        fs::write(repo.path.join(name(b"\xff")), format!("{branch}\n")).unwrap();
        repo.git(&["add", "-A"]);
        repo.git(&["commit", "-q", "-m", branch]);
        if branch == "master" {
            // The two sides begin there.
            repo.git(&["branch", "-f", "start"]);
            for side in ["ours", "theirs"] {
                repo.git(&["checkout", "-q", "-B", side, "start"]);
            }
        }
    }
    let said = merged(&machine, &repo.path, "ours", "theirs");
    said.exits(1);
    assert_eq!(said.stdout.trim(), r#"CONFLICT content:"\377""#);
    let url = format!("file://{}", repo.path.display());
    let said = machine.say(&machine.path("."), &["preview", "theirs", "ours", "--repo", &url]);
    assert!(said.stdout.contains(r#"content: "\377""#), "{}", said.stdout);

    repo.git(&["checkout", "-q", "theirs"]);
    fs::write(repo.path.join(name(b"\xff")), "ours\n").unwrap();
    repo.git(&["commit", "-q", "-a", "-m", "as ours"]);
    let said = machine.say(&machine.path("."), &["preview", "theirs", "ours", "--json", "--repo", &url]);
    let answer = said.json();
    assert_eq!(answer["tree"], git_says(&repo, "ours", "theirs").as_str(), "{answer:#}");
    assert_eq!(answer["files"][0]["path"], r#""d\344/gr\374n""#, "{answer:#}");
    let mirror = relwf::git::Mirror::at(&repo.path).unwrap();
    let into = machine.path("checkout");
    mirror.checkout(mirror.resolve("theirs").unwrap(), &into).unwrap();
    assert_eq!(fs::read(into.join(name(b"\xff"))).unwrap(), b"ours\n");
    assert!(into.join(name(b"d\xe4/gr\xfcn")).is_file());
    let tree = mirror.tree(mirror.resolve("theirs").unwrap()).unwrap();
    let listed = mirror.list(tree).unwrap();
    assert!(
        listed.iter().any(|(path, id)| path == r#""d\344/gr\374n""# && mirror.entry(tree, path).unwrap() == Some(*id))
    );
}

#[test]
fn what_is_special_about_a_repository_is_said_in_words() {
    let machine = Machine::new();
    let repo = two_sides(&machine);
    let says = |place: &Path, words: &[&str]| {
        let said = merged(&machine, place, "ours", "theirs");
        said.exits(1);
        assert!(words.iter().all(|word| said.stderr.contains(word)), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains("hint: "), "{}", said.stderr);
    };
    // What is there and changes nothing is no reason to refuse.
    let whole = git_says(&repo, "ours", "theirs");
    fs::create_dir_all(repo.path.join(".git/refs/replace/below")).unwrap();
    assert_eq!(merged(&machine, &repo.path, "ours", "theirs").stdout.trim(), whole);
    repo.git(&["replace", "ours", "theirs"]);
    says(&repo.path, &["refs/replace"]);
    repo.git(&["config", "core.useReplaceRefs", "false"]);
    assert_eq!(merged(&machine, &repo.path, "ours", "theirs").stdout.trim(), whole);
    assert_eq!(git_says(&repo, "ours", "theirs"), whole);

    let url = format!("file://{}", repo.path.display());
    let clone = |name: &str, options: &[&str]| {
        let place = machine.path(name);
        let arguments =
            [&["clone", "-q", "--bare", "--no-single-branch"], options, &[&url, place.to_str().unwrap()]].concat();
        repo.git(&arguments);
        place
    };
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    says(&clone("partial.git", &["--filter=blob:none"]), &["partial clone", "blob"]);
    says(&clone("shallow.git", &["--depth=1"]), &["shallow"]);
    for (name, option, words) in
        [("sha256", "--object-format=sha256", "SHA-256"), ("reftable", "--ref-format=reftable", "reftable")]
    {
        let place = machine.path(name);
        if repo.try_git(&["init", "-q", option, place.to_str().unwrap()]).status.success() {
            says(&place, &[words]);
        }
    }
}
