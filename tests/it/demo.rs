//! The sample service: the same everywhere, and a story that can be played through.

use crate::support::cli::Machine;
use crate::support::git::Repo;

#[test]
fn the_sample_has_the_same_commits_on_every_machine() {
    let machine = Machine::new();
    let demo = relwf::app::demo(&machine.path("demo")).unwrap();
    let branches: Vec<String> = demo.branches.iter().map(|(name, id)| format!("{name} {}", id.short())).collect();
    insta::assert_snapshot!(branches.join("\n"), @r"
    feature/bursts-per-plan f1555819c4
    feature/refunds 647668067f
    master 5b44f3aaca
    production 895622d2d9
    staging 82d36cd824
    ");
    let remote = Repo::at(&demo.remote);
    remote.git(&["fsck", "--strict"]);
    let count: u32 = remote.git(&["rev-list", "--all", "--count"]).parse().unwrap();
    assert_eq!(count, 39);
    let authors = remote.git(&["log", "--all", "--format=%an"]);
    let mut authors: Vec<&str> = authors.lines().collect();
    authors.sort_unstable();
    authors.dedup();
    assert_eq!(authors, ["Aiko Mori", "Ines Duarte", "Sam Okafor", "Tomasz Wolny"]);
    // The hotfix is on staging alone; master has the same change as a commit of its own.
    assert_eq!(remote.git(&["branch", "--contains", "staging", "--format=%(refname:short)"]), "staging");
    assert_eq!(
        remote.git(&["log", "-1", "--format=%s", "staging"]),
        "server: hotfix, halve the burst until the queue is fixed"
    );
}

#[test]
fn the_demo_promotes_for_real_and_says_what_to_try() {
    let machine = Machine::new();
    let said = machine.say(&machine.home(), &["demo"]);
    said.exits(0);
    assert_eq!(said.stdout, "");
    for part in [
        "A sample service is in <machine>/home/relwf-demo:\n",
        "$ relwf -C relwf-demo/service run promote-staging\n",
        "\nmerge: started\n",
        "\nland: done in ",
        "\nppc        4be1f6d0c2 (master)  →  9d27c81e5f (master)  changed\n",
        "\ndone: promote-staging in ",
        "  relwf -C relwf-demo/service run promote-production\n",
    ] {
        assert!(said.stderr.contains(part), "{part:?} is not in\n{}", said.stderr);
    }
    let remote = Repo::at(machine.home().join("relwf-demo/remote.git"));
    assert_eq!(remote.git(&["rev-list", "--parents", "-1", "staging"]).split(' ').count(), 3, "a true merge commit");
    assert_eq!(remote.git(&["rev-parse", "staging^2"]), remote.git(&["rev-parse", "master"]));
    assert_eq!(remote.git(&["show", "staging:server/limits.go"]).matches("= 100").count(), 1, "the hotfix is kept");
    remote.git(&["fsck", "--strict"]);

    let again = machine.say(&machine.home(), &["demo"]);
    again.exits(2);
    assert_eq!(
        again.stderr,
        "error: <machine>/home/relwf-demo exists and is not empty\n\
         hint: name another folder with --dir\n"
    );
}

#[test]
fn the_story_goes_on_to_the_customers() {
    let machine = Machine::new();
    machine.say(&machine.home(), &["demo", "--dir", "d"]).exits(0);
    let service = machine.home().join("d/service");
    let remote = Repo::at(machine.home().join("d/remote.git"));

    let nothing = machine.say(&service, &["run", "promote-staging"]);
    nothing.exits(0);
    assert!(nothing.stderr.contains("nothing to promote: staging has all of master already"), "{}", nothing.stderr);

    machine.say(&service, &["run", "promote-production"]).exits(0);
    assert_eq!(remote.git(&["rev-parse", "production^2"]), remote.git(&["rev-parse", "staging"]));

    let plan = machine.say(&service, &["run", "update-ppcs", "--dry-run"]);
    plan.exits(0);
    assert!(plan.stdout.contains("fleet::roll"), "{}", plan.stdout);
    let version = |customer: &str| std::fs::read_to_string(machine.home().join("d/customers").join(customer)).unwrap();
    assert_eq!(version("quarry"), format!("{}\n", relwf::demo::PPC_OLD));

    machine.say(&service, &["run", "update-ppcs"]).exits(0);
    for (customer, ..) in relwf::demo::CUSTOMERS {
        assert_eq!(version(customer), "9d27c81e5fa04b63b8c1d9e27a60f4538c2e7b1d\n", "{customer}");
    }
    let rows = machine.say(&service, &["runs", "--json"]).exits(0).json();
    let told: Vec<String> = rows["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| format!("{} {}", run["workflow"].as_str().unwrap(), run["status"].as_str().unwrap()))
        .collect();
    assert_eq!(told, ["update-ppcs done", "promote-production done", "promote-staging done", "promote-staging done"]);
}

#[test]
fn unfinished_work_is_red_and_does_not_land() {
    let machine = Machine::new();
    let service = machine.service();
    let remote = Repo::at(machine.path("demo/remote.git"));
    let before = remote.git(&["rev-parse", "staging"]);
    let said = machine.say(&service, &["run", "promote-staging", "--param", "from=feature/refunds"]);
    said.exits(1);
    assert!(said.stderr.contains("checks: failed after "), "{}", said.stderr);
    assert!(said.stderr.contains("FIXME"), "the log's last lines are shown: {}", said.stderr);
    assert_eq!(remote.git(&["rev-parse", "staging"]), before);
}

#[test]
fn demo_json_is_one_object() {
    let machine = Machine::new();
    let said = machine.say(&machine.home(), &["demo", "--dir", "d", "--json", "-q"]);
    let value = said.exits(0).json();
    assert_eq!(value["status"], "done");
    assert_eq!(value["next"][0]["command"], "relwf -C d/service preview staging production");
    assert_eq!(said.stderr, "");
}
