//! init, doctor, check: setting a project up, and what is wrong with it.

use crate::support::cli::Machine;
use crate::support::git::Repo;
use serde_json::json;
use std::fs;

#[test]
fn init_writes_what_check_accepts_and_never_overwrites() {
    let machine = Machine::new();
    let repo = Repo::init(machine.path("service"));
    repo.change("Gopkg.lock", "");
    repo.git(&["branch", "staging"]);
    let said = machine.say(&repo.path, &["init"]);
    said.exits(0);
    assert!(said.stderr.starts_with("wrote relwf.toml\nwrote "), "{}", said.stderr);
    let config = fs::read_to_string(repo.path.join("relwf.toml")).unwrap();
    assert!(config.contains(" docs/src/reference/config.md.\n"), "{config}");
    assert!(config.contains("\n[[environment]]\nname = \"staging\"\n"), "{config}");
    assert!(config.contains("# There is no branch `production` yet.\n# [[environment]]\n"), "{config}");
    assert!(config.contains("# Gopkg.lock is here"), "{config}");
    machine.say(&repo.path, &["check"]).exits(0);

    // The same again is no conflict; something of one's own is left alone.
    machine.say(&repo.path, &["init"]).exits(0);
    fs::write(repo.path.join("relwf.toml"), "# mine\n").unwrap();
    let said = machine.say(&repo.path, &["init", "--no-input"]);
    said.exits(2);
    assert!(said.stderr.ends_with(
        "error: not overwritten, because they exist and differ: relwf.toml\n\
         hint: move them away, or answer yes when asked (without --no-input, on a terminal)\n"
    ));
    assert_eq!(fs::read_to_string(repo.path.join("relwf.toml")).unwrap(), "# mine\n");
}

#[test]
fn init_takes_releases_from_main_where_the_repository_calls_it_so() {
    let machine = Machine::new();
    let repo = Repo::init(machine.path("service"));
    repo.change("a", "1\n");
    repo.git(&["config", "user.name", "Ada"]);
    repo.git(&["config", "user.email", "ada@example.com"]);
    for args in [&["branch", "-m", "main"] as &[&str], &["branch", "staging"], &["branch", "production"]] {
        repo.git(args);
    }
    repo.change("a", "2\n");
    machine.say(&repo.path, &["init"]).exits(0);
    let workflow = fs::read_to_string(repo.path.join("workflows/promote-staging.rhai")).unwrap();
    assert!(workflow.starts_with("//! Promote main to staging"), "{workflow}");
    assert!(workflow.contains("\n        from:   #{ type: \"branch\",   value: \"main\",    help: "), "{workflow}");
    machine.say(&repo.path, &["check"]).exits(0);
    machine.say(&repo.path, &["run", "promote-staging", "--dry-run"]).exits(0);
    // Who asks for the other name is told.
    let said = machine.say(&repo.path, &["run", "promote-staging", "--param", "from=master", "--dry-run"]);
    assert!(said.stdout.contains("did you mean `main`?"), "{}", said.stdout);
}

#[test]
fn a_minimal_init_writes_one_file() {
    let machine = Machine::new();
    let repo = Repo::init(machine.path("service"));
    repo.change("a", "");
    machine.say(&repo.path, &["init", "--preset", "minimal"]).exits(0);
    assert!(repo.path.join("relwf.toml").is_file());
    assert!(!repo.path.join("workflows").exists());
    let outside = machine.say(&machine.home(), &["init"]);
    outside.exits(2);
    assert!(outside.stderr.starts_with("error: <machine>/home lies in no git repository\n"), "{}", outside.stderr);
}

#[test]
fn a_wrong_key_is_pointed_at() {
    let machine = Machine::new();
    let service = machine.service();
    let config = fs::read_to_string(service.join("relwf.toml")).unwrap();
    fs::write(service.join("relwf.toml"), config.replace("kind = \"command\"", "knid = \"command\"")).unwrap();
    for verb in [&["check"][..], &["run", "promote-staging"], &["preview", "master", "staging"]] {
        let said = machine.say(&service, verb);
        said.exits(2);
        assert!(said.stderr.contains("knid") && said.stderr.contains("kind"), "{}", said.stderr);
        assert!(said.stderr.contains("relwf.toml:12:1"), "{}", said.stderr);
        assert!(said.stderr.contains("12 | knid = \"command\"\n"), "{}", said.stderr);
    }
    let error = machine.say(&service, &["check", "--json"]).exits(2).json();
    assert_eq!(error["error"]["kind"], "config");
    assert!(error["error"]["at"].as_str().unwrap().ends_with("relwf.toml:12:1"), "{error}");
}

#[test]
fn check_finds_every_workflows_mistakes() {
    let machine = Machine::new();
    let service = machine.service();
    let clean = machine.say(&service, &["check"]);
    clean.exits(0);
    assert_eq!(clean.stderr, "no problems: relwf.toml, 13 workflows, 3 plugins\n");
    fs::write(
        service.join("workflows/a.rhai"),
        "//! A.\nconst WORKFLOW = #{ params: #{} };\nfn run(p) {\n    let x = 1\n    x\n}\n",
    )
    .unwrap();
    let said = machine.say(&service, &["check"]);
    said.exits(2);
    // The missing `;` belongs to the line before the one where the parser noticed.
    assert!(said.stderr.contains(" --> workflows/a.rhai:4:"), "{}", said.stderr);
    let json = machine.say(&service, &["check", "--json"]).exits(2).json();
    assert_eq!((&json["ok"], json["findings"].as_array().map(Vec::len)), (&json!(false), Some(1)));
    // The others can still be checked.
    let one = machine.say(&service, &["check", "promote-staging"]);
    assert_eq!(one.exits(0).stderr, "no problems: relwf.toml, 1 workflow, 2 plugins\n");
    let wrong = machine.say(&service, &["check", "promote-stagin"]);
    assert_eq!(
        wrong.exits(2).stderr,
        "error: there is no workflow `promote-stagin`\nhint: did you mean `promote-staging`?\n"
    );
}

#[test]
fn names_that_relwf_toml_does_not_have_are_found_before_anything_is_done() {
    let machine = Machine::new();
    let service = machine.service();
    let text = "fn run(p) {\n    config::environment(\"stagign\");\n    config::secret(\"pager\");\n    \
                sh::run(#{ argv: [\"kubectl\"], effect: true });\n    config::component(\"agnet\");\n}\n";
    fs::write(
        service.join("workflows/names.rhai"),
        format!("//! Names.\nconst WORKFLOW = #{{ params: #{{}} }};\n{text}"),
    )
    .unwrap();
    for verb in [&["check", "names"][..], &["run", "names"]] {
        let said = machine.say(&service, verb);
        said.exits(2);
        for (place, message) in [
            ("4:25", "relwf.toml has no environment `stagign`"),
            ("5:20", "the secret `pager` is not configured"),
            ("6:23", "`sh::run` may not start `kubectl`"),
            ("7:23", "relwf.toml has no component `agnet`"),
        ] {
            let shown = format!("error: {message}\n --> workflows/names.rhai:{place}\n");
            assert!(said.stderr.contains(&shown), "{verb:?}: {shown}{}", said.stderr);
        }
        assert!(said.stderr.contains("hint: did you mean `staging`?\n"), "{}", said.stderr);
    }
    assert_eq!(machine.say(&service, &["runs"]).stdout, "no runs yet\n");
}

#[test]
fn doctor_opens_the_journal_and_leaves_it_as_it_is() {
    let machine = Machine::new();
    let service = machine.service();
    machine.say(&service, &["run", "promote-staging"]).exits(0);
    let state = machine.home().join(".local/state/relwf");
    let file = state.join("relwf.db");
    let whole = fs::read(&file).unwrap();
    let row = |code: i32| {
        let before = fs::read(&file).unwrap();
        let said = machine.say(&service, &["doctor"]);
        assert_eq!(fs::read(&file).unwrap(), before);
        let names = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(names.into_iter().all(|name| !name.starts_with(".doctor")));
        said.exits(code).stdout.clone()
    };
    assert!(row(0).contains("ok  state       <machine>/home/.local/state/relwf\n"), "{}", row(0));

    // SQLite's `user_version` (sqlite.org/fileformat.html), which holds the schema's.
    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&file, newer).unwrap();
    let text = row(1);
    assert!(
        text.contains("bad  state       the journal was written by a newer relwf (schema 99, this one knows 2)\n"),
        "{text}"
    );

    fs::write(&file, "not a database, whatever its name says".repeat(100)).unwrap();
    let text = row(1);
    assert!(
        text.contains("bad  state       the journal <machine>/home/.local/state/relwf/relwf.db is damaged: "),
        "{text}"
    );
    assert!(text.contains("hint: move it away together with its -wal and -shm files"), "{text}");
}

#[test]
fn components_that_no_branch_has_are_findings() {
    let machine = Machine::new();
    let service = machine.service();
    let file = service.join("relwf.toml");
    let config = fs::read_to_string(&file).unwrap();
    let fine = machine.say(&service, &["check", "--live", "--json"]).exits(0).json();
    assert_eq!((&fine["findings"], &fine["warnings"]), (&serde_json::json!([]), &serde_json::json!([])));

    let misspelt = "\n[[component]]\nname = \"agent\"\ndetect = \"gopkg\"\nproject = \"github.com/acme/agnet\"\n";
    fs::write(&file, config.clone() + misspelt).unwrap();
    machine.say(&service, &["check"]).exits(0);
    let message =
        "`agent` is not found on staging, production: there is no project `github.com/acme/agnet` in `Gopkg.lock`";
    let hint = "hint: correct the table of `agent` in relwf.toml, unless it is still to come\n";
    let checked = machine.say(&service, &["check", "--live"]);
    assert!(checked.exits(2).stderr.contains(&format!("error: {message}\n{hint}")), "{}", checked.stderr);
    let doctor = machine.say(&service, &["doctor"]);
    assert!(doctor.exits(0).stdout.contains(message), "{}", doctor.stdout);
    let table = machine.say(&service, &["preview", "master", "staging"]);
    let row = table.exits(0).stdout.lines().find(|line| line.starts_with("agent ")).unwrap().to_owned();
    assert!(row.contains("not found") && row.contains("agnet"), "{row}");
}

#[test]
fn doctor_names_what_would_stop_a_run() {
    let machine = Machine::new();
    let service = machine.service();
    let good = machine.say(&service, &["doctor", "--json"]).exits(0).json();
    assert_eq!(good["ok"], true);
    let names: Vec<&str> =
        good["findings"].as_array().unwrap().iter().map(|finding| finding["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["git", "state", "cache", "config", "identity", "workflows", "remote", "components", "forge", "ci"]
    );

    let config = fs::read_to_string(service.join("relwf.toml")).unwrap();
    fs::write(service.join("relwf.toml"), config.replace("branch = \"staging\"", "branch = \"stagin\"")).unwrap();
    let bad = machine.say(&service, &["doctor"]);
    bad.exits(1);
    assert!(
        bad.stdout.contains("bad  environment  `staging` wants the branch `stagin`, which the remote does not have\n"),
        "{}",
        bad.stdout
    );
    let live = machine.say(&service, &["doctor", "--live"]);
    assert!(!live.exits(1).stdout.contains("landing      on stagin:"), "{}", live.stdout);
    assert!(live.stdout.contains("landing      on production: "), "{}", live.stdout);
    fs::rename(machine.path("demo/remote.git"), machine.path("demo/gone.git")).unwrap();
    let gone = machine.say(&service, &["doctor"]);
    gone.exits(1);
    assert!(gone.stdout.contains("bad  remote"), "{}", gone.stdout);
}

/// A clone's own branches are no remote: a release never goes there for want of an `origin`.
#[test]
fn releases_go_to_the_clones_remote_whatever_it_is_called() {
    let sample = crate::support::sample::Sample::new();
    let config = sample.path.join("relwf.toml");
    let text = fs::read_to_string(&config).unwrap();
    let own: String =
        text.lines().filter(|line| !line.starts_with("url = \"../")).map(|line| format!("{line}\n")).collect();
    fs::write(&config, own).unwrap();
    sample.git(&["add", "-A"]);
    sample.git(&["commit", "-q", "-m", "no address"]);
    sample.git(&["push", "-q", "origin", "HEAD:master"]);
    sample.git(&["remote", "rename", "origin", "upstream"]);
    sample.git(&["branch", "-f", "staging", "upstream/staging"]);
    let (local, remote) = (sample.git(&["rev-parse", "staging"]), sample.remote(&["rev-parse", "staging"]));
    let doctor = sample.say(&["doctor"]);
    assert!(doctor.stdout.contains("remote.git (upstream), 5 branches"), "{}", doctor.stdout);
    sample.say(&["run", "promote-staging"]).exits(0);
    assert_eq!(sample.git(&["rev-parse", "staging"]), local);
    assert_ne!(sample.remote(&["rev-parse", "staging"]), remote);
    // Of two, git's own setting says which.
    sample.git(&["remote", "add", "fork", "../nowhere.git"]);
    let said = sample.say(&["preview", "master", "production"]);
    said.exits(2);
    for part in ["several remotes (fork, upstream)", "git config checkout.defaultRemote NAME"] {
        assert!(said.stderr.contains(part), "{}", said.stderr);
    }
    // One that this clone does not have is no answer, and one without a URL is told.
    sample.git(&["config", "checkout.defaultRemote", "upstraem"]);
    assert!(sample.say(&["preview", "master", "production"]).exits(2).stderr.contains("(fork, upstream)"));
    sample.git(&["config", "checkout.defaultRemote", "fork"]);
    sample.git(&["config", "--rename-section", "remote.fork", "remote.other"]);
    sample.git(&["config", "--unset", "remote.other.url"]);
    sample.git(&["config", "remote.fork.pushurl", "../nowhere.git"]);
    let said = sample.say(&["preview", "master", "production"]);
    assert!(said.exits(2).stderr.contains("the remote `fork`, which has no URL"), "{}", said.stderr);
    sample.git(&["config", "checkout.defaultRemote", "upstream"]);
    sample.say(&["preview", "master", "production"]).exits(0);
}
