//! What an on-call types a while later, when the branch has moved on or somebody has refused: nothing older is deployed over it, nothing
//! that was refused lands.

use crate::support::bench::git;
use crate::support::cli::{Machine, Said};
use std::path::PathBuf;

/// A service whose builds and deploys are a script of ours.
struct Service {
    machine: Machine,
    path: PathBuf,
}

/// Writes each deploy down; red while a file says so.
const BUILD: &str = "#!/bin/sh\n\
    test ! -e \"$HOME/red.$RELWF_EVENT\" || exit 1\n\
    test \"$RELWF_EVENT\" != push || echo \"$RELWF_BRANCH $RELWF_COMMIT\" >> \"$HOME/deploys\"\n\
    test ! -e \"$HOME/slow.$RELWF_EVENT\" || sleep 6\n\
    test ! -e \"$HOME/kill.$RELWF_EVENT\" || kill -9 $PPID\n";

impl Service {
    fn new(workflows: &[(&str, &str)]) -> Self {
        let machine = Machine::new();
        let path = machine.service();
        let config = path.join("relwf.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        let start = text.find("[ci]").unwrap_or(text.len());
        let end = text[start..].find("\n[").map_or(text.len(), |at| start + at + 1);
        let ci = format!("[ci]\nkind = \"command\"\ncommand = [\"{}\"]\n", machine.home().join("build").display());
        let release = if text.contains("[release]") { "" } else { "\n[release]\ntag = \"release-{n}\"\n" };
        std::fs::write(&config, format!("{}{ci}{release}{}", &text[..start], &text[end..])).unwrap();
        let build = machine.home().join("build");
        std::fs::create_dir_all(machine.home()).unwrap();
        std::fs::write(&build, BUILD).unwrap();
        std::fs::set_permissions(&build, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        for (name, text) in workflows {
            std::fs::write(path.join(format!("workflows/{name}.rhai")), text).unwrap();
        }
        let service = Self { machine, path };
        service.commit("process.txt", "ours\n");
        service
    }

    fn say(&self, args: &[&str]) -> Said {
        self.machine.say(&self.path, args)
    }

    /// A commit of everything on master.
    fn commit(&self, file: &str, text: &str) {
        git(&self.path, &["checkout", "-q", "-B", "master", "origin/master"]);
        std::fs::write(self.path.join(file), text).unwrap();
        git(&self.path, &["add", "-A"]);
        git(&self.path, &["commit", "-q", "-m", &format!("Change {file}")]);
        git(&self.path, &["push", "-q", "origin", "master"]);
    }

    fn release(&self, file: &str) {
        self.commit(file, "new\n");
        self.say(&["run", "promote-staging"]).exits(0);
        self.say(&["run", "promote-production"]).exits(0);
    }

    fn flag(&self, name: &str, on: bool) {
        let file = self.machine.home().join(name);
        if on { std::fs::write(file, "").unwrap() } else { std::fs::remove_file(file).unwrap() }
    }

    fn run(&self, workflow: &str) -> String {
        let runs = self.say(&["runs", "--json"]).json()["runs"].clone();
        let run = runs.as_array().unwrap().iter().find(|run| run["workflow"] == workflow).expect("a run").clone();
        run["run"].as_str().unwrap().to_owned()
    }

    /// A commit on top of a branch that is not there.
    fn ahead_of(&self, branch: &str) -> String {
        let tip = self.tip(branch);
        git(&self.path, &["commit-tree", &format!("{tip}^{{tree}}"), "-p", &tip, "-m", "Another push"])
    }

    fn deployed_last(&self) -> String {
        let deploys = std::fs::read_to_string(self.machine.home().join("deploys")).unwrap();
        deploys.lines().last().unwrap().to_owned()
    }

    fn tip(&self, branch: &str) -> String {
        git(&self.path, &["fetch", "-q", "--tags"]);
        git(&self.path, &["rev-parse", &format!("origin/{branch}")])
    }
}

#[test]
fn a_red_release_that_was_rolled_back_is_not_deployed_by_its_resume() {
    let service = Service::new(&[]);
    service.release("one.txt");
    service.commit("two.txt", "new\n");
    service.say(&["run", "promote-staging"]).exits(0);
    service.flag("red.push", true);
    service.say(&["run", "promote-production"]).exits(1);
    let red = service.run("promote-production");
    service.flag("red.push", false);
    service.say(&["run", "rollback", "--param", "reason=deploy is red"]).exits(0);
    let back = service.tip("production");
    assert_eq!(service.deployed_last(), format!("production {back}"));
    let tags = git(&service.path, &["tag"]);
    let resumed = service.say(&["resume", &red]);
    resumed.exits(1);
    assert!(
        resumed.stderr.contains("production has moved on to ") && resumed.stderr.contains("is not deployed any more"),
        "{}",
        resumed.stderr
    );
    assert_eq!(service.deployed_last(), format!("production {back}"), "the rollback stays");
    assert_eq!((service.tip("production"), git(&service.path, &["tag"])), (back, tags), "and nothing is tagged");
}

#[test]
fn what_was_rolled_back_while_its_run_waited_is_not_tagged() {
    let sources = relwf::script::embedded();
    let promote = &sources.iter().find(|source| source.path == "workflows/promote-production.rhai").unwrap().text;
    let asks = promote.replacen(
        "    promotion::conclude(",
        "    flow::approve(\"Is production well?\");\n    promotion::conclude(",
        1,
    );
    assert_ne!(*promote, asks);
    let service = Service::new(&[("promote-production", &asks)]);
    service.commit("one.txt", "new\n");
    service.say(&["run", "promote-staging"]).exits(0);
    service.say(&["run", "promote-production"]).exits(3);
    let waits = service.run("promote-production");
    let landed = service.tip("production");
    service.say(&["run", "rollback", "--param", "reason=no"]).exits(0);
    service.say(&["approve", &waits]).exits(0);
    let done = service.say(&["resume", &waits]);
    done.exits(0);
    assert!(done.stderr.contains("production has moved on since "), "{}", done.stderr);
    let tag = format!("relwf run tag-release --param branch=production --param commit={landed}");
    assert!(
        done.stderr.contains(&format!("no release is tagged for it; to tag it all the same: `{tag}`")),
        "{}",
        done.stderr
    );
    service.tip("production");
    assert_eq!(git(&service.path, &["tag", "--points-at", &landed]), "");
}

#[test]
fn a_deploy_that_was_killed_is_no_candidate_and_can_be_deployed_again() {
    let service = Service::new(&[]);
    service.commit("one.txt", "new\n");
    service.flag("kill.push", true);
    service.machine.say(&service.path, &["run", "promote-staging"]);
    service.flag("kill.push", false);
    let killed = service.run("promote-staging");
    let abandoned = service.say(&["abandon", &killed, "--reason", "the machine went down"]);
    abandoned.exits(0);
    assert!(abandoned.stderr.contains("has landed on staging and stays there"), "{}", abandoned.stderr);
    service.say(&["abandon", &killed, "--reason", " "]).exits(2);
    let candidates = service.say(&["candidates", "staging", "production"]);
    assert!(candidates.stdout.contains("pending"), "{}", candidates.stdout);
    service.say(&["run", "promote-production"]).exits(1);
    service.say(&["run", "redeploy", "--param", "branch=staging"]).exits(0);
    assert_eq!(service.deployed_last(), format!("staging {}", service.tip("staging")));
    service.say(&["run", "promote-production"]).exits(0);
}

#[test]
fn a_change_that_was_refused_or_is_still_asked_about_is_not_landed_by_hand() {
    let sources = relwf::script::embedded();
    let promote = &sources.iter().find(|source| source.path == "workflows/promote-staging.rhai").unwrap().text;
    let land = "            landed = flow::step(\"land\"";
    let asks = promote.replacen(land, &format!("            flow::approve(\"Ship it?\");\n{land}"), 1);
    assert_ne!(*promote, asks);
    let service = Service::new(&[("promote-staging", &asks)]);
    let before = service.tip("staging");
    service.say(&["run", "promote-staging"]).exits(3);
    let run = service.run("promote-staging");
    let changes = service.say(&["changes", "--json"]).json()["changes"].clone();
    let change = changes[0]["number"].to_string();
    let held = service.say(&["land", &change]);
    held.exits(1);
    assert!(held.stderr.contains(&format!("change {change} belongs to run {run}")), "{}", held.stderr);
    service.say(&["approve", &run, "--deny", "--reason", "error rate is up"]).exits(0);
    let refused = service.say(&["resume", &run]);
    refused.exits(1);
    assert!(!refused.stderr.contains("relwf land"), "{}", refused.stderr);
    let denied = service.say(&["land", &change]);
    denied.exits(1);
    assert!(denied.stderr.contains("error rate is up"), "{}", denied.stderr);
    assert_eq!(service.tip("staging"), before);
    service.say(&["close", &change, "--reason", "not now"]).exits(0);
}

/// A command's verdict stands on the forge: landing by hand builds what was red once more, as a resume does.
#[test]
fn a_change_whose_check_was_red_is_built_again_to_be_landed_by_hand_and_one_that_is_too_old_says_what_to_do() {
    let service = Service::new(&[]);
    service.commit("one.txt", "new\n");
    service.flag("red.pull_request", true);
    service.say(&["run", "promote-staging"]).exits(1);
    let change = service.say(&["changes", "--json"]).json()["changes"][0]["number"].to_string();
    service.say(&["land", &change]).exits(1);
    service.flag("red.pull_request", false);
    service.say(&["land", &change]).exits(0);
    assert!(git(&service.path, &["ls-tree", "--name-only", &service.tip("staging")]).contains("one.txt"));

    service.commit("two.txt", "new\n");
    service.flag("red.pull_request", true);
    service.say(&["run", "promote-staging"]).exits(1);
    service.flag("red.pull_request", false);
    let change = service.say(&["changes", "--json"]).json()["changes"][0]["number"].to_string();
    git(&service.path, &["push", "-q", "origin", &format!("{}:staging", service.ahead_of("staging"))]);
    let old = service.say(&["land", &change]);
    old.exits(1);
    assert!(
        old.stderr.contains("staging has moved on since")
            && old.stderr.contains(&format!("relwf close {change} --reason TEXT")),
        "{}",
        old.stderr
    );
    service.say(&["close", &change, "--reason", "too old"]).exits(0);
    service.say(&["run", "promote-staging", "--param", "accept=missing"]).exits(0);
}

/// What relwf itself deploys is at work, and not a wait: a rollback does not stop it half-way.
#[test]
fn a_rollback_does_not_stop_a_deploy_half_way() {
    let service = Service::new(&[]);
    service.release("one.txt");
    service.commit("two.txt", "new\n");
    service.say(&["run", "promote-staging"]).exits(0);
    service.flag("slow.push", true);
    let mut promoting = std::process::Command::new(env!("CARGO_BIN_EXE_relwf"));
    promoting.env_clear().envs(service.machine.environment()).current_dir(&service.path);
    promoting
        .args(["run", "promote-production"])
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let before = service.deployed_last();
    let mut promoting = promoting.spawn().unwrap();
    while service.deployed_last() == before {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let refused = service.say(&["run", "rollback", "--param", "reason=in a hurry"]);
    refused.exits(1);
    assert!(refused.stderr.contains("production is locked by run"), "{}", refused.stderr);
    assert!(promoting.wait().unwrap().success());
    service.flag("slow.push", false);
    service.say(&["run", "rollback", "--param", "reason=in a hurry"]).exits(0);
}

#[test]
fn a_revert_typed_twice_brings_nothing_back() {
    let service = Service::new(&[]);
    service.release("one.txt");
    service.say(&["run", "revert-release"]).exits(0);
    let reverted = service.tip("production");
    let again = service.say(&["run", "revert-release"]);
    again.exits(1);
    let hint = format!("relwf run revert-release --param branch=production --param commit={reverted}");
    assert!(again.stderr.contains("takes something back itself") && again.stderr.contains(&hint), "{}", again.stderr);
    assert_eq!(service.tip("production"), reverted);
    // What the hint says brings it back.
    service
        .say(&["run", "revert-release", "--param", "branch=production", "--param", &format!("commit={reverted}")])
        .exits(0);
    assert!(git(&service.path, &["ls-tree", "--name-only", &service.tip("production")]).contains("one.txt"));
}

#[test]
fn a_clone_that_is_behind_is_told_to_pull() {
    let service = Service::new(&[]);
    let old = git(&service.path, &["rev-parse", "HEAD"]);
    let config = std::fs::read_to_string(service.path.join("relwf.toml")).unwrap();
    service.commit("relwf.toml", &format!("{config}\n# newer\n"));
    git(&service.path, &["reset", "-q", "--hard", &old]);
    let behind = service.say(&["run", "promote-staging"]);
    behind.exits(2);
    assert!(behind.stderr.contains("nothing was edited: `git pull` brings this clone up to date"), "{}", behind.stderr);
    git(&service.path, &["pull", "-q", "origin", "master"]);
    service.say(&["run", "promote-staging"]).exits(0);
}

#[test]
fn a_remote_that_goes_away_suspends_the_run() {
    let service = Service::new(&[]);
    let remote = service.machine.path("demo/remote.git");
    let away = remote.with_extension("away");
    let moves = format!("argv: [\"mv\", \"{}\", \"{}\"]", remote.display(), away.display());
    let look = format!(
        "//! Looks.\nfn run(p) {{ git::sync(); sh::run(#{{ {moves}, effect: true }}); git::sync(); git::branch(\"master\").id }}\n"
    );
    std::fs::write(service.path.join("workflows/look.rhai"), look).unwrap();
    let config = std::fs::read_to_string(service.path.join("relwf.toml")).unwrap();
    assert!(!config.contains("[sh]"));
    service.commit("relwf.toml", &format!("{config}\n[sh]\nallow = [\"mv\"]\n"));
    let suspended = service.say(&["run", "look"]);
    suspended.exits(3);
    assert!(
        suspended.stderr.contains("there is no git repository at") && suspended.stderr.contains("any more"),
        "{}",
        suspended.stderr
    );
    std::fs::rename(away, &remote).unwrap();
    service.say(&["resume", &service.run("look")]).exits(0);
}
