//! Manifests as they are in the wild → versions → delta, through the public face of the room.

use crate::support::component::component;
use crate::support::git::Repo;
use crate::support::manifests::{Commit, FirstLine, at, row, rows};
use relwf::components::{Component, detect};
use relwf::model::{FailureKind, Value};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn gopkg(project: &str) -> Component {
    component(project.rsplit('/').next().unwrap(), &format!("detect = \"gopkg\"\nproject = \"{project}\""))
}

/// The patterns of the documentation's example.
fn sdk() -> Component {
    let keys = "detect = 'travis'\ncommand = 'get\\.pulumi\\.com|install-pulumi\\.sh'\n\
                version = '(?:--version\\s+|install-pulumi\\.sh\\s+)v?(\\S+)'";
    component("sdk", keys)
}

fn pinned(yaml: &str) -> Value {
    at(&sdk(), ".travis.yml", yaml)
}

const BEFORE: &str = r#"
[[projects]]
  branch = "master"
  name = "github.com/acme/agent"
  packages = ["."]
  revision = "1111111111111111111111111111111111111111"

[[projects]]
  name = "github.com/acme/gone"
  packages = [".", "sub"]
  revision = "v1.0.0"
  source = "https://mirror.example/gone.git"

[solve-meta]
  analyzer-name = "dep"
  inputs-digest = "abc"
"#;

#[test]
fn projects_of_gopkg_lock_move_disappear_and_stay() {
    let after = BEFORE
        .replace("  branch = \"master\"\n", "")
        .replace(&"1".repeat(40), &"2".repeat(40))
        .replace("packages = [\".\"]", "packages = [\".\"]\n  version = \"v0.15.1\"")
        .replace("acme/gone", "acme/new");
    let (base, head) = (Commit::new("a", &[("Gopkg.lock", BEFORE)]), Commit::new("b", &[("Gopkg.lock", &after)]));
    assert_eq!(
        row(&gopkg("github.com/acme/agent"), &base, &head),
        json!({
            "change": "changed",
            "from": { "revision": "1".repeat(40), "branch": "master" },
            "to": { "revision": "2".repeat(40), "version": "v0.15.1" },
            "compare": format!("https://github.com/acme/agent/compare/{}...{}", "1".repeat(40), "2".repeat(40)),
        })
    );
    let gone = json!({ "revision": "v1.0.0", "source": "https://mirror.example/gone.git" });
    assert_eq!(
        row(&gopkg("github.com/acme/gone"), &base, &head),
        json!({ "change": "removed", "from": gone, "to": null })
    );
    assert_eq!(
        row(&gopkg("github.com/acme/new"), &base, &head),
        json!({ "change": "added", "from": null, "to": gone })
    );
    assert_eq!(
        row(&gopkg("github.com/acme/never"), &base, &head),
        json!({
            "change": "unchanged", "from": null, "to": null, "absent": true,
            "warning": "there is no project `github.com/acme/never` in `Gopkg.lock`",
        })
    );
}

#[test]
fn a_migration_of_the_lock_format_changes_no_version() {
    let migrated = BEFORE
        .replace("  name =", "  digest = \"1:00\"\n  pruneopts = \"NUT\"\n  name =")
        .replace("inputs-digest = \"abc\"", "input-imports = [\"github.com/acme/agent\"]")
        .replace('\n', "\r\n");
    let migrated = format!("\u{feff}{migrated}");
    let (base, head) = (Commit::new("a", &[("Gopkg.lock", BEFORE)]), Commit::new("b", &[("Gopkg.lock", &migrated)]));
    let row = row(&gopkg("github.com/acme/agent"), &base, &head);
    assert_eq!(row["change"], "unchanged");
    assert_eq!(row["to"], json!({ "revision": "1".repeat(40), "branch": "master" }));
}

#[test]
fn a_malformed_manifest_is_reported_with_its_place_and_leaves_the_others_standing() {
    let broken = BEFORE.replace("  branch = \"master\"", "<<<<<<< ours\n  branch = \"master\"");
    let travis = "install: curl https://get.pulumi.com | bash -s -- --version 1.0.0\n";
    let base = Commit::new("a", &[("Gopkg.lock", BEFORE), (".travis.yml", travis)]);
    let head = Commit::new("b", &[("Gopkg.lock", &broken), (".travis.yml", travis)]);
    let rows = rows(&[gopkg("github.com/acme/agent"), sdk()], &base, &head);
    let error = rows[0].error.as_ref().unwrap();
    assert_eq!(error.kind, FailureKind::Manifest);
    assert_eq!(error.at.as_ref().map(ToString::to_string).as_deref(), Some("Gopkg.lock:3:1"));
    assert_eq!((rows[0].change, rows[0].from.is_some(), rows[0].to.is_some()), (None, true, false));
    assert!(serde_json::to_value(&rows[0]).unwrap().get("change").is_none());
    assert_eq!(serde_json::to_value(&rows[1]).unwrap()["change"], "unchanged");

    let tabs = detect(&sdk(), &Commit::new("c", &[(".travis.yml", "install:\n\t- make\n")]), &FirstLine).unwrap_err();
    assert_eq!((tabs.kind, tabs.at.map(|place| place.line)), (FailureKind::Manifest, Some(2)));
}

#[test]
fn a_project_that_is_locked_twice_differently_is_an_error() {
    let twice = format!("{BEFORE}\n[[projects]]\nname = \"github.com/acme/agent\"\nrevision = \"v2\"\n");
    let commit = Commit::new("c", &[("Gopkg.lock", &twice)]);
    let error = detect(&gopkg("github.com/acme/agent"), &commit, &FirstLine).unwrap_err();
    assert_eq!(error.message, "`github.com/acme/agent` is locked twice, differently");
}

#[test]
fn the_install_line_is_found_wherever_travis_runs_it() {
    let line = "curl -L https://get.pulumi.com/ | bash -s -- --version 0.16.0-rc1";
    let pin = json!({ "version": "0.16.0-rc1" });
    for yaml in [
        format!("install: {line}\n"),
        format!("go: 1.9\nbefore_install:\n    - make\n# column 0\n    - {line} # why\n    - secure: \"x\"\n"),
        format!("install:\n- {line}\n"),
        format!("install: [make, \"{line}\"]\n"),
        format!("install: |\n  set -e\n  {line}\n"),
        format!("script: >-\n  make &&\n  {line}\n"),
        "install: |\n  curl -L https://get.pulumi.com/ | \\\n    bash -s -- \\\n    --version 0.16.0-rc1\n".to_owned(),
        "install: |\n  curl -L https://get.pulumi.com/ |\n    bash -s -- --version 0.16.0-rc1\n".to_owned(),
        format!("jobs:\n  include:\n  - stage: x\n    install: make\n  - script:\n    - {line}\n"),
        format!("matrix:\n  include:\n    - install: {line}\n"),
        format!("jobs:\n  include:\n    install: {line}\n"),
        format!("x-common: &common\n  - {line}\ninstall:\n  - *common\n  - make\n"),
        format!("x-line: &line {line}\njobs:\n  include:\n    - after_script: [*line]\n"),
        format!("x-job: &job\n  install: {line}\njobs:\n  include:\n    - <<: *job\n      name: one\n"),
        format!("x-job: &job\n  install: echo\njobs:\n  include:\n    - <<: *job\n      install: {line}\n"),
        format!("deploy:\n  - provider: script\n    script: {line}\n"),
        format!("\u{feff}install:\r\n  - make\r\n  - {line}\r\nif: branch = master\r\n"),
        format!("install: |\r\n  make\r\n  {line}\r\n"),
        format!("install:\n  - curl https://yarnpkg.com/install.sh | bash -s -- --version 1.2.1\n  - {line}\n"),
        format!("install:\n  - '# curl https://get.pulumi.com | bash -s -- --version 0.1.0'\n  - {line}\n"),
        format!("install:\n  - {line}\nafter_script:\n  - {line}\n"),
        format!("install:\n  - if [ $NIGHTLY ]; then curl https://get.pulumi.com | bash; fi\n  - {line}\n"),
    ] {
        assert_eq!(pinned(&yaml), pin, "{yaml}");
    }
}

#[test]
fn what_travis_does_not_run_installs_nothing() {
    for yaml in [
        "",
        "# install: curl https://get.pulumi.com | bash\n",
        "install:\n  # - curl https://get.pulumi.com | bash -s -- --version 1.0.0\n  - make\n",
        "install: |\n  make\n  # curl https://get.pulumi.com | bash -s -- --version 1.0.0\n",
        "x-unused: &unused\n  - curl https://get.pulumi.com | bash -s -- --version 1.0.0\ninstall: make\n",
        "notifications:\n  webhooks: https://get.pulumi.com\n",
        "install: curl https://yarnpkg.com/install.sh | bash -s -- --version 1.2.1\n",
        "- a list\n",
    ] {
        assert_eq!(pinned(yaml), Value::Null, "{yaml}");
    }
}

#[test]
fn without_a_fixed_version_a_tool_floats_with_what_installs_it() {
    for command in [
        "curl -L https://get.pulumi.com/ | bash",
        "curl -L https://get.pulumi.com/ | bash -s -- --version \"$(curl https://pulumi.io/latest-version)\"",
        "curl -L https://get.pulumi.com/ | bash -s -- --version `cat version`",
        "curl -L https://get.pulumi.com/ | bash -s -- --version v$PULUMI",
    ] {
        let floating = json!({ "floating": true, "definition": command });
        assert_eq!(pinned(&format!("install:\n  - {command}\n")), floating, "{command}");
    }
    let comment = "install: |\n  curl -L https://get.pulumi.com/ | bash # -s -- --version 1.0.0\n";
    assert_eq!(pinned(comment)["floating"], true);
}

/// The line that installs the tool at a version.
fn line(version: &str) -> String {
    format!("curl https://get.pulumi.com | bash -s -- --version {version}")
}

#[test]
fn every_version_that_some_job_runs_counts_in_the_order_of_the_file() {
    let (one, two) = (line("1.0"), line("2.0"));
    for (yaml, version) in [
        (format!("install: {two}\njobs:\n  include:\n  - install: {one}\n  - script: make\n"), "2.0, 1.0"),
        (format!("jobs:\n  include:\n  - install: {one}\n  - script: make\ninstall: {two}\n"), "1.0, 2.0"),
        (format!("os: [linux, osx]\ninstall: {two}\njobs:\n  include:\n  - install: {one}\n"), "2.0, 1.0"),
        // A single combination beside listed jobs is no job of its own.
        (format!("install: {two}\njobs:\n  include:\n  - install: {one}\n"), "1.0"),
        (format!("matrix:\n  include:\n  - install: {one}\n  - install: {one}\n"), "1.0"),
        (format!("install: {one}\nscript: {two}\n"), "1.0, 2.0"),
        (format!("install: |\n  if [ $X ]; then\n  {one}\n  else\n  {two}\n  fi\n"), "1.0, 2.0"),
    ] {
        assert_eq!(pinned(&yaml), json!({ "version": version }), "{yaml}");
    }
}

#[test]
fn variables_of_the_same_file_are_the_version() {
    let install = format!("install: {}\n", line("${V}"));
    for (yaml, version) in [
        ("env: V=1.0\n", "1.0"),
        ("env: A=1 V=\"1.0\"\n", "1.0"),
        ("env:\n  V: 1.10\n", "1.10"),
        ("env:\n  global:\n    - A=1\n    - V=v1.0\n", "1.0"),
        ("env:\n  global:\n    - A=1.0\n    - V=$A-rc1\n", "1.0-rc1"),
        ("env:\n  global:\n    V: '1.0'\n", "1.0"),
        ("env:\n  - V=1.0\n  - V=2.0\n", "1.0, 2.0"),
        ("env:\n  global: V=0\n  jobs:\n    - V=1.0 A=1\n    - V=2.0\n", "1.0, 2.0"),
        ("env:\n  matrix:\n    - V=1.0\n    - V=2.0\njobs:\n  exclude:\n    - env: V=1.0\n", "2.0"),
        ("jobs:\n  include:\n  - env: V=1.0\n  - env: [A=1, V=2.0]\n  - env: {V: 1.0}\n", "1.0, 2.0"),
        ("env: V=1.0\njobs:\n  include:\n  - name: a\n  - env: V=2.0\n", "1.0, 2.0"),
        ("before_install: export V=1.0\n", "1.0"),
        ("before_install:\n  - V=1.0\n  - if [ $A ]; then V=2.0; fi\n", "1.0, 2.0"),
        ("before_install: 'V=1.0 make; : ${V:=2.0}'\n", "2.0"),
    ] {
        assert_eq!(pinned(&format!("{yaml}{install}")), json!({ "version": version }), "{yaml}");
    }
    let each = "install: for v in 1.0 2.0; do curl https://get.pulumi.com | bash -s -- --version $v; done\n";
    assert_eq!(pinned(each), json!({ "version": "1.0, 2.0" }));
    let default = format!("install: {}\n", line("${V:-1.0}"));
    assert_eq!(pinned(&default), json!({ "version": "1.0" }));
    assert_eq!(pinned(&format!("env: V=2.0\n{default}")), json!({ "version": "2.0" }));
    let computed = |command: &str| pinned(&format!("env: V=$({command})\n{install}"));
    assert_eq!(computed("cat a"), json!({ "floating": true, "definition": line("$(cat a)") }));
    assert_ne!(computed("cat a"), computed("cat b"));
}

/// What only running the job would tell is never called unchanged where it may have changed.
#[test]
fn what_other_lines_and_files_decide_is_the_version_too() {
    let install = line("$V");
    let script = |lines: &str| format!("install: |\n  {}\n", lines.replace('\n', "\n  "));
    let pin = |before: &str| script(&format!("{before}\n{install}"));
    for (before, version) in [
        ("TAG=v1.0\nV=${TAG#v}", "1.0"),
        ("V=1.0-rc; V=${V%-rc}", "1.0"),
        ("V=$(cat ci/version)", "4.0"),
        ("read -r V < ci/version", "4.0"),
        ("source ci/versions.sh", "5.0"),
        ("V=0.9\n. ./ci/versions.sh", "5.0"),
        ("V=1.0\ncase $X in\n  a) V=2.0 ;;\n  b) V=3.0 ;;\nesac", "1.0, 2.0, 3.0"),
        ("case $X in a) V=1.0;; *) V=2.0;; esac", "1.0, 2.0"),
    ] {
        let files = [(".travis.yml", &*pin(before)), ("ci/version", "4.0\n"), ("ci/versions.sh", "export V=5.0\n")];
        let commit = Commit::new("a", &files);
        assert_eq!(row(&sdk(), &commit, &commit)["to"], json!({ "version": version }), "{before}");
    }
    let fetched = "curl -o i.sh https://get.pulumi.com";
    for (before, after) in [
        (pin("V=$((1 + 1))"), pin("V=$((1 + 2))")),
        (pin("W=1\nV=$(printf 2.%s $W)"), pin("W=2\nV=$(printf 2.%s $W)")),
        (pin("read V W <<< \"1.0 2\""), pin("read V W <<< \"2.0 2\"")),
        (pin("V=$(ci/version --of 1)"), pin("V=$(ci/version --of 2)")),
        (
            script("get() {\n  curl https://get.pulumi.com | bash -s -- --version $1\n}\nget 1.0"),
            script("get() {\n  curl https://get.pulumi.com | bash -s -- --version $1\n}\nget 2.0"),
        ),
        (
            script(&format!("{fetched}\nmv i.sh j.sh\nsh j.sh --version 1.0")),
            script(&format!("{fetched}\nmv i.sh j.sh\nsh j.sh --version 2.0")),
        ),
        (
            script(&format!("{fetched}\ncat i.sh | bash -s -- --version 1.0")),
            script(&format!("{fetched}\ncat i.sh | bash -s -- --version 2.0")),
        ),
        (
            script(&format!("{fetched}\nbash -s -- --version 1.0 < i.sh")),
            script(&format!("{fetched}\nbash -s -- --version 2.0 < i.sh")),
        ),
        (
            script("curl https://get.pulumi.com | tee i.sh\nsh i.sh --version 1.0"),
            script("curl https://get.pulumi.com | tee i.sh\nsh i.sh --version 2.0"),
        ),
        (script(&format!("{fetched}\nV=1.0 parallel ./i.sh")), script(&format!("{fetched}\nV=2.0 parallel ./i.sh"))),
    ] {
        let changed =
            row(&sdk(), &Commit::new("a", &[(".travis.yml", &before)]), &Commit::new("b", &[(".travis.yml", &after)]));
        assert_eq!(changed["change"], "changed", "{after}\n{changed:#}");
        let other = format!("{before}script: echo $V something else\n");
        let other =
            row(&sdk(), &Commit::new("a", &[(".travis.yml", &before)]), &Commit::new("b", &[(".travis.yml", &other)]));
        assert_eq!(other["change"], "unchanged", "{before}\n{other:#}");
    }
}

#[test]
fn a_version_is_that_of_the_command_or_of_what_runs_the_file_that_it_wrote() {
    for script in [
        "curl -o i.sh https://get.pulumi.com && bash i.sh --version 1.0 && bash other.sh --version 2.0",
        "bash other.sh --version 2.0; curl -fsSLo /tmp/i.sh https://get.pulumi.com; sudo -E sh /tmp/i.sh --version 1.0",
        "curl https://get.pulumi.com > i.sh\n  chmod +x i.sh\n  ./i.sh --version v1.0\n  other --version 2.0",
        "wget -q https://get.pulumi.com/i.sh\n  bash ./i.sh --version 1.0",
        "wget -qO i.sh https://get.pulumi.com/x\n  V=1.0\n  . i.sh --version 1.0",
        "curl -O https://get.pulumi.com/i.sh?x=1\n  FAST=1 bash -e i.sh --version 1.0",
    ] {
        assert_eq!(pinned(&format!("install: |\n  {script}\n")), json!({ "version": "1.0" }), "{script}");
    }
    for script in [
        "curl https://get.pulumi.com | bash && other --version 2.0",
        "curl -o i.sh https://get.pulumi.com && bash j.sh --version 2.0",
        "curl -o i.sh https://get.pulumi.com && rm i.sh --version 2.0",
    ] {
        assert_eq!(pinned(&format!("install: |\n  {script}\n"))["floating"], true, "{script}");
    }
}

#[test]
fn a_version_is_everything_that_decides_what_runs() {
    let cargo = component("ppc", "detect = 'cargo-lock'\npackage = 'ppc'");
    let npm = component("ppc", "detect = 'npm-lock'\npackage = 'ppc'");
    let entry = |version: &str, source: &str, sum: &str| {
        format!("[[package]]\nname = \"ppc\"\nversion = \"{version}\"\nsource = \"{source}\"\nchecksum = \"{sum}\"\n")
    };
    let (io, git) =
        ("registry+https://github.com/rust-lang/crates.io-index", "git+https://git.example/ppc?branch=main#");
    let lock = |packages: &str| format!("{{\"lockfileVersion\": 3, \"packages\": {{\"\": {{}}, {packages}}}}}");
    let node = |path: &str, version: &str, more: &str| {
        format!("\"{path}node_modules/ppc\": {{\"version\": \"{version}\"{more}}}")
    };
    let integrity = |digest: &str| format!(", \"integrity\": \"{digest}\"");
    for (component, file, before, after, change) in [
        (&cargo, "Cargo.lock", entry("1.0.0", io, "aa"), entry("1.0.0", io, "bb"), "changed"),
        (&cargo, "Cargo.lock", entry("1.0.0", io, "aa"), entry("1.0.0", "sparse+https://r.example/", "aa"), "changed"),
        (
            &cargo,
            "Cargo.lock",
            entry("1.0.0", io, "aa") + &entry("2.0.0", &format!("{git}1"), "a"),
            entry("1.0.0", io, "aa") + &entry("2.0.0", &format!("{git}2"), "a"),
            "changed",
        ),
        (
            &cargo,
            "Cargo.lock",
            entry("1.0.0", io, "aa") + &entry("2.0.0", &format!("{git}1"), "a"),
            entry("1.0.0", &format!("{git}1"), "a") + &entry("2.0.0", io, "aa"),
            "changed",
        ),
        (
            &npm,
            "package-lock.json",
            lock(&node("", "1.0.0", &integrity("sha512-A"))),
            lock(&node("", "1.0.0", &integrity("sha512-B"))),
            "changed",
        ),
        (
            &npm,
            "package-lock.json",
            lock(&node("", "1.0.0", &integrity("sha1-A"))),
            lock(&node("", "1.0.0", &integrity("sha512-B"))),
            "unchanged",
        ),
        (
            &npm,
            "package-lock.json",
            lock(&format!("{}, {}", node("", "1.0.0", ""), node("packages/web/", "2.0.0", ""))),
            lock(&format!("{}, {}", node("", "1.0.0", ""), node("packages/web/", "2.1.0", ""))),
            "changed",
        ),
    ] {
        let row = row(component, &Commit::new("a", &[(file, &before)]), &Commit::new("b", &[(file, &after)]));
        assert_eq!(row["change"], change, "{before}\n{after}");
        assert!(change == "unchanged" || row["from"] != row["to"], "{row}");
    }
}

#[test]
fn npm_6_has_aliases_and_packages_inside_of_others() {
    let lock = json!({ "lockfileVersion": 1, "dependencies": {
        "web": { "version": "npm:@acme/ppc@1.0.0", "resolved": "https://registry.example/@acme/ppc/-/ppc-1.0.0.tgz" },
        "in": { "version": "2.0.0", "resolved": false, "bundled": true },
    } });
    let at = |name: &str| {
        let package = component("c", &format!("detect = 'npm-lock'\npackage = '{name}'"));
        at(&package, "package-lock.json", &lock.to_string())
    };
    assert_eq!((at("web"), at("@acme/ppc")), (json!({ "version": "1.0.0" }), json!({ "version": "1.0.0" })));
    assert_eq!((at("in"), at("ppc")), (json!({ "version": "2.0.0" }), Value::Null));
}

#[test]
fn every_match_of_a_pattern_counts() {
    let uses = component("checkout", "detect = 'regex'\nfile = 'ci.yml'\npattern = 'acme/checkout@(\\S+)'");
    assert_eq!(at(&uses, "ci.yml", "a: acme/checkout@v1\nb: acme/checkout@v1\n"), json!({ "version": "v1" }));
    assert_eq!(at(&uses, "ci.yml", "a: acme/checkout@v1\nb: acme/checkout@v2\n"), json!({ "version": "v1, v2" }));
    let anchored = component("node", "detect = 'regex'\nfile = 'f'\npattern = '^nodejs (\\S+)'");
    let commit = Commit::new("a", &[("f", "go 1\nnodejs 2\n")]);
    let warning = row(&anchored, &commit, &commit)["warning"].as_str().unwrap().to_owned();
    assert!(warning.contains("`(?m)` before it lets `^` and `$` match at each line"), "{warning}");
}

#[test]
fn an_unresolved_conflict_is_called_that_in_every_format() {
    let conflict = "<<<<<<< HEAD\nV=1\n=======\nV=2\n>>>>>>> topic\n";
    for kind in every_kind() {
        let names = ["Gopkg.lock", ".travis.yml", "go.mod", "Cargo.lock", "package-lock.json", "f", "VERSION"];
        let files: Vec<(&str, String)> = names.iter().map(|name| (*name, format!("a\n{conflict}"))).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let Err(failure) = detect(&kind, &Commit::new("a", &files), &FirstLine) else { continue };
        assert!(failure.message.ends_with("holds an unresolved merge conflict"), "{kind:?}: {}", failure.message);
        assert_eq!(failure.at.unwrap().line, 2, "{kind:?}");
    }
}

#[test]
fn a_go_mod_that_go_would_not_read_is_an_error() {
    let module = component("ppc", "detect = 'go-mod'\nmodule = 'x.example/ppc'");
    for (text, line) in [
        ("hello {\"a\":1}\n\u{0}\u{1}\n", 1),
        ("module a\nrequire (\n\tx.example/ppc v1.0.0\n", 2),
        ("module a\n\nrequire x.example/o v{{ version }}\n", 3),
    ] {
        let failure = detect(&module, &Commit::new("a", &[("go.mod", text)]), &FirstLine).unwrap_err();
        assert_eq!((failure.kind, failure.at.unwrap().line), (FailureKind::Manifest, line), "{text}");
    }
    let every = "module a\ngo 1.22\ntoolchain go1.22.1\ngodebug default=go1.21\nrequire x.example/ppc v1.1.0 // indirect\n\
                 exclude x.example/ppc v1.0.0\nretract [v0.1.0, v0.2.0]\ntool x.example/gen\nignore ./web\n\
                 replace x.example/o => ../o\n";
    assert_eq!(at(&module, "go.mod", every), json!({ "version": "v1.1.0" }));
}

#[test]
fn yaml_is_read_as_travis_reads_it() {
    let continued = |version: &str| {
        [
            format!(
                "install:\n    - \"echo a\n    b\"\n    - \"curl https://get.pulumi.com |\n  bash -s -- --version {version}\"\n"
            ),
            format!("install:\n  - \"curl https://get.pulumi.com |\n\tbash -s -- --version {version}\"\n"),
            format!("install: 'curl https://get.pulumi.com |\nbash -s -- --version {version}'\nscript: make\n"),
        ]
    };
    for yaml in continued("1.0") {
        assert_eq!(pinned(&yaml), json!({ "version": "1.0" }), "{yaml}");
    }
    let merged = "_a: &a\n  install: make\n_b: &b\n  install: curl https://get.pulumi.com | bash -s -- --version 1.0\n\
                  jobs:\n  include:\n  - <<: *a\n    <<: *b\n    script: make\n";
    assert_eq!(pinned(merged), json!({ "version": "1.0" }));
    assert_eq!(pinned(&format!("install: make\ninstall: {}\n", line("1.0"))), json!({ "version": "1.0" }));
}

#[test]
fn a_manifest_that_would_take_long_to_parse_is_refused() {
    let large = component("large", "detect = 'json'\nfile = 'f.json'\nkey = 'a'");
    let text = |bytes: usize| format!("{{\"a\": \"1\", \"b\": \"{}\"}}", "x".repeat(bytes));
    assert_eq!(at(&large, "f.json", &text(1 << 20)), json!({ "version": "1" }));
    let failure = detect(&large, &Commit::new("c", &[("f.json", &text(13 << 20))]), &FirstLine).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Manifest);
    assert_eq!(failure.message, "`f.json` has 14 MiB; files of more than 12 MiB are not parsed");
    assert!(failure.hint.unwrap().contains("`regex`"));
    let found = component("large", "detect = 'regex'\nfile = 'f.json'\npattern = '\"a\": \"([0-9])'");
    assert_eq!(at(&found, "f.json", &text(13 << 20)), json!({ "version": "1" }));
}

#[test]
fn selectors_find_an_item_wherever_it_stands() {
    let image = component("ppc", "detect = 'yaml'\nfile = 'f'\nkey = 'images[name=acme/ppc].newTag'");
    let item = |name: &str, tag: &str| format!("  - name: {name}\n    newTag: {tag}\n");
    let text = |items: &[String]| format!("images:\n{}", items.concat());
    let (ppc, db) = (item("acme/ppc", "v1"), item("acme/db", "v9"));
    assert_eq!(at(&image, "f", &text(std::slice::from_ref(&ppc))), json!({ "version": "v1" }));
    assert_eq!(at(&image, "f", &text(&[db.clone(), ppc])), json!({ "version": "v1" }));
    assert_eq!(at(&image, "f", &text(&[db])), Value::Null);
}

#[test]
fn every_commit_is_a_version_of_what_is_counted_in_commits() {
    let service = component("service", "detect = 'commits'");
    let (base, head) = (Commit::new("aaaa", &[]), Commit::new("bbbb", &[]));
    assert_eq!(
        row(&service, &base, &head),
        json!({ "change": "changed", "from": { "revision": "aaaa" }, "to": { "revision": "bbbb" }, "commits": 7 })
    );
    assert_eq!(row(&service, &base, &base)["change"], "unchanged");
}

#[test]
fn paths_change_with_the_contents_of_matching_files_alone() {
    let web = component("web", "detect = 'paths'\nglobs = ['web/**']");
    let base = Commit::new("a", &[("web/a.js", "1"), ("README", "1")]);
    let same = Commit::new("b", &[("web/a.js", "1"), ("README", "2")]);
    let moved = Commit::new("c", &[("web/b.js", "1"), ("README", "1")]);
    let none = Commit::new("d", &[("README", "1")]);
    let change = |base, head| row(&web, base, head)["change"].as_str().unwrap().to_owned();
    assert_eq!(
        [change(&base, &same), change(&base, &moved), change(&base, &none), change(&none, &base), change(&none, &none)],
        ["unchanged", "changed", "removed", "added", "unchanged"]
    );
}

/// The same patterns, asked of git's own `.gitignore`.
#[test]
fn paths_match_as_in_gitignore() {
    let files = ["web/a.js", "web/sub/b.js", "main.go", "cmd/x/y.go", "docs/web/c", "README", "a b/c", "cmd/doc.md"];
    for globs in [
        &["web/**"][..],
        &["web/"],
        &["/web"],
        &["*.go"],
        &["/*.go"],
        &["web/*.js"],
        &["cmd/**", "!*.md"],
        &["**/web"],
        &["README", "a b/"],
        &["[rR]EADME"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let repo = Repo::init(folder.path().join("r"));
        repo.write(".gitignore", globs.join("\n"));
        let quoted: Vec<String> = globs.iter().map(|glob| format!("'{glob}'")).collect();
        let part = component("web", &format!("detect = 'paths'\nglobs = [{}]", quoted.join(", ")));
        for file in files {
            let all: Vec<(&str, &str)> = files.iter().map(|name| (*name, "1")).collect();
            let changed: Vec<(&str, &str)> =
                files.iter().map(|name| (*name, if *name == file { "2" } else { "1" })).collect();
            let change = row(&part, &Commit::new("a", &all), &Commit::new("b", &changed))["change"].clone();
            let ignored = repo.try_git(&["check-ignore", "-q", "--no-index", file]).status.success();
            assert_eq!(change == "changed", ignored, "{globs:?} {file}");
        }
    }
}

#[test]
fn every_item_and_document_that_matches_counts() {
    let keyed = component("k", "detect = 'yaml'\nfile = 'k.yml'\nkey = 'images[name=ppc].newTag'");
    let yaml = |first: &str, second: &str, third: &str| {
        format!(
            "images:\n- {{name: ppc, newTag: {first}}}\n- {{name: ppc, newTag: {second}}}\n---\nimages:\n- {{name: ppc, newTag: {third}}}\n---\n"
        )
    };
    let at = |text: &str| Commit::new("a", &[("k.yml", text)]);
    let (one, two, three) =
        (at(&yaml("1.0", "1.0", "1.0")), at(&yaml("1.0", "2.0", "1.0")), at(&yaml("1.0", "2.0", "3.0")));
    assert_eq!(row(&keyed, &one, &two)["to"], json!({ "version": "1.0, 2.0" }));
    assert_eq!(row(&keyed, &two, &three)["to"], json!({ "version": "1.0, 2.0, 3.0" }));
}

#[test]
fn constraints_of_pip_say_what_is_installed() {
    let part = component("ppc", "detect = 'requirements'\nfile = 'ci/requirements.txt'\npackage = 'ppc'");
    let at = |asked: &str, constraint: &str| {
        Commit::new(
            "a",
            &[("ci/requirements.txt", &*format!("-c ../constraints.txt\n{asked}\n")), ("constraints.txt", constraint)],
        )
    };
    let told = |commit: &Commit| row(&part, commit, commit)["to"].clone();
    assert_eq!(told(&at("ppc>=1", "# all\nPPC==1.2\nother==2\n"))["version"], "1.2");
    assert_eq!(told(&at("ppc==1.1", "ppc==1.2\n"))["version"], "1.1");
    assert_eq!(told(&at("other", "ppc==1.2\n")), Value::Null);
    let row = row(&part, &at("ppc", "ppc<2\n"), &at("ppc", "ppc<3\n"));
    assert_eq!(row["change"], "changed", "{row:#}");
}

#[test]
fn keys_and_patterns_find_versions_as_they_are_written() {
    let keyed = |word: &str, key: &str| component("k", &format!("detect = '{word}'\nfile = 'f'\nkey = '{key}'"));
    let toml = keyed("toml", "package.version");
    let yaml = keyed("yaml", "images.0.tag");
    let json = keyed("json", "\"a.b\".version");
    assert_eq!(at(&toml, "f", "[package]\nversion = \"1.0\"\n"), json!({ "version": "1.0" }));
    assert_eq!(at(&yaml, "f", "images:\n  - tag: 1.10\n"), json!({ "version": "1.10" }));
    assert_eq!(at(&json, "f", "{\"a.b\": {\"version\": 1.10}}"), json!({ "version": "1.10" }));
    assert_eq!(at(&json, "f", "{\"a.b\": {\"version\": null}}"), Value::Null);
    assert_eq!(at(&toml, "f", "[other]\n"), Value::Null);
    let error = detect(&yaml, &Commit::new("c", &[("f", "images:\n  - tag: [x]\n")]), &FirstLine).unwrap_err();
    assert_eq!(
        (error.message.as_str(), error.at.unwrap().to_string().as_str()),
        ("`images.0.tag` is a list, not a version", "f:2:10")
    );

    let pattern = |text: &str| component("r", &format!("detect = 'regex'\nfile = 'f'\npattern = '{text}'"));
    assert_eq!(at(&pattern("(?m)^VERSION = (.*)$"), "f", "A\r\nVERSION = 1.2\r\n"), json!({ "version": "1.2" }));
    assert_eq!(at(&pattern(r"\d+\.\d+"), "f", "v1.2!"), json!({ "version": "1.2" }));
    assert_eq!(at(&pattern("x"), "f", "y"), Value::Null);
}

#[test]
fn modules_of_go_mod_are_required_and_replaced() {
    let module = component("m", "detect = 'go-mod'\nmodule = 'github.com/acme/agent'");
    let at = |text: &str| at(&module, "go.mod", text);
    let one = "module x\n\nrequire github.com/acme/agent v1.2.3 // indirect\n";
    assert_eq!(at(one), json!({ "version": "v1.2.3" }));
    let block = "require (\n\tgithub.com/acme/other v1.0.0\n\t\"github.com/acme/agent\" v1.2.4\n)\n";
    assert_eq!(at(block), json!({ "version": "v1.2.4" }));
    assert_eq!(
        at(&format!("{block}replace github.com/acme/agent => github.com/fork/agent v9.0.0\n")),
        json!({ "version": "v9.0.0", "source": "github.com/fork/agent" })
    );
    assert_eq!(
        at(&format!("{block}replace (\n\tgithub.com/acme/agent v1.2.4 => ../agent\n)\n")),
        json!({ "source": "../agent" })
    );
    assert_eq!(
        at(&format!("{block}replace github.com/acme/agent v1.0.0 => ../agent\n")),
        json!({ "version": "v1.2.4" })
    );
    assert_eq!(at("exclude github.com/acme/agent v1.2.3\n// require github.com/acme/agent v1.0.0\n"), Value::Null);
}

#[test]
fn packages_of_cargo_and_npm_locks() {
    let cargo = component("c", "detect = 'cargo-lock'\nfile = 'f'\npackage = 'agent'");
    let entry = "[[package]]\nname = \"agent\"\nversion = \"1.0.0\"\n";
    assert_eq!(at(&cargo, "f", &format!("version = 4\n{entry}")), json!({ "version": "1.0.0" }));
    assert_eq!(
        at(&cargo, "f", &format!("{entry}\n{}", entry.replace("1.0.0", "2.0.0"))),
        json!({ "version": "1.0.0, 2.0.0" })
    );
    assert_eq!(
        at(&cargo, "f", &format!("{entry}source = \"git+https://x.example/a?branch=b#0123\"\n")),
        json!({ "version": "1.0.0", "source": "https://x.example/a?branch=b", "revision": "0123" })
    );

    let npm = component("n", "detect = 'npm-lock'\nfile = 'f'\npackage = '@acme/agent'");
    let modern = json!({ "lockfileVersion": 3, "packages": { "node_modules/@acme/agent": { "version": "1.1.0" } } });
    assert_eq!(at(&npm, "f", &modern.to_string()), json!({ "version": "1.1.0" }));
    let old = json!({ "lockfileVersion": 1, "dependencies": { "@acme/agent": { "version": "1.0.0" } } });
    assert_eq!(at(&npm, "f", &old.to_string()), json!({ "version": "1.0.0" }));
    let linked = json!({ "packages": {
        "node_modules/@acme/agent": { "resolved": "packages/agent", "link": true },
        "packages/agent": { "version": "3.0.0" },
    } });
    assert_eq!(at(&npm, "f", &linked.to_string()), json!({ "version": "3.0.0" }));
    let git = json!({ "dependencies": { "@acme/agent": { "version": "git+ssh://git@x.example/a.git#0123" } } });
    assert_eq!(
        at(&npm, "f", &git.to_string()),
        json!({ "source": "git+ssh://git@x.example/a.git", "revision": "0123" })
    );
}

#[test]
fn plugins_get_the_texts_that_are_there() {
    let plugin = |name: &str| {
        let files = "files = ['VERSION', 'none']\noptions = { suffix = '+x' }";
        component("p", &format!("detect = 'plugin'\nplugin = '{name}'\n{files}"))
    };
    assert_eq!(at(&plugin("first-line"), "VERSION", "1.2\nmore"), json!({ "version": "1.2+x" }));
    assert_eq!(at(&plugin("first-line"), "other", "1.2"), Value::Null);
    let error = detect(&plugin("frist-line"), &Commit::new("c", &[("VERSION", "1")]), &FirstLine).unwrap_err();
    assert_eq!(error.kind, FailureKind::Script);
}

fn every_kind() -> Vec<Component> {
    let of_file = [
        ("gopkg", "project = 'a'"),
        ("travis", r"command = '\w'\nversion = '(\S+) ?(\d+)?'"),
        ("regex", r"pattern = '(\S+) ?(\d+)?'"),
        ("toml", "key = 'a.0'"),
        ("yaml", "key = 'a.0'"),
        ("json", "key = 'a.0'"),
        ("go-mod", "module = 'a'"),
        ("cargo-lock", "package = 'a'"),
        ("npm-lock", "package = 'a'"),
        ("yarn-lock", "package = 'a'"),
        ("pnpm-lock", "package = 'a'"),
        ("requirements", "package = 'a'"),
        ("poetry-lock", "package = 'a'"),
        ("uv-lock", "package = 'a'"),
        ("gemfile-lock", "gem = 'a'"),
        ("composer-lock", "package = 'a'"),
        ("docker", "image = 'a'"),
        ("helm", "chart = 'a'"),
        ("terraform-lock", "provider = 'a/a'"),
        ("actions", "action = 'a'"),
    ];
    let of_file = of_file.map(|(word, keys)| {
        let keys = keys.replace("\\n", "\n");
        component(word, &format!("detect = '{word}'\nfile = 'f'\n{keys}"))
    });
    let plugin = component("plugin", "detect = 'plugin'\nplugin = 'first-line'\nfiles = ['f']");
    of_file.into_iter().chain([plugin]).collect()
}

/// Whatever the bytes are, each detector answers; what it refuses has a place in the file.
fn answers(bytes: &[u8]) {
    let commit = Commit { id: "c", files: BTreeMap::from([("f".to_owned(), bytes.to_vec())]) };
    for component in every_kind() {
        if let Err(error) = detect(&component, &commit, &FirstLine) {
            assert_eq!(error.kind, FailureKind::Manifest, "{error:?}");
            assert!(error.at.is_some_and(|place| place.file == "f" && place.line > 0 && place.column > 0));
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_a_detector_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        answers(&bytes);
    }

    #[test]
    fn no_text_makes_a_detector_panic(
        text in "([ \\t\\n\\r:,\\-\\[\\]{}\"'#&*!|>%@`=$();\\\\.0a]|install|script|<<: |jobs:\\n|require |replace |=>|\\[\\[projects\\]\\]\n|name = \"a\"\n|é){0,60}"
    ) {
        answers(text.as_bytes());
    }
}

/// Pairs of real manifests lie beside a checkout in the maintainers' working folders; elsewhere there are none.
fn shared() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    std::env::var_os("RELWF_SHARED").map_or_else(beside, PathBuf::from).join("fixtures/delta")
}

#[test]
fn shared_delta_cases_when_present() {
    let Ok(cases) = std::fs::read_dir(shared()) else {
        println!("absent, nothing checked: {}", shared().display());
        return;
    };
    let mut checked = 0;
    for case in cases {
        let case = case.unwrap().path();
        let read = |side: &str| {
            let files = ["Gopkg.lock", ".travis.yml"]
                .into_iter()
                .filter_map(|file| Some((file.to_owned(), std::fs::read(case.join(side).join(file)).ok()?)));
            Commit { id: "c", files: files.collect() }
        };
        let (base, head) = (read("before"), read("after"));
        let expected: Value = serde_json::from_slice(&std::fs::read(case.join("expected.json")).unwrap()).unwrap();
        for (project, expected) in expected["projects"].as_object().unwrap() {
            let actual = row(&gopkg(project), &base, &head);
            for (key, expected) in expected.as_object().unwrap() {
                assert_eq!(&actual[key], expected, "{}: {project}", case.display());
            }
        }
        let actual = row(&sdk(), &base, &head);
        for (key, expected) in expected["sdk"].as_object().unwrap() {
            assert_eq!(&actual[key], expected, "{}: sdk", case.display());
        }
        checked += 1;
    }
    assert!(checked > 0, "{} holds no case", shared().display());
}
