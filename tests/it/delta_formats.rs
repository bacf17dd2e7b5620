//! Lock files and other manifests in the shapes that their tools write, each with what may change in it.

use crate::support::component::{component, name_key};
use crate::support::manifests::{Commit, FirstLine, at, row};
use relwf::components::{Component, detect};
use relwf::model::{FailureKind, Value};
use serde_json::json;
use std::collections::BTreeMap;

/// The component of a detector in its usual file.
fn of(word: &str, name: &str) -> Component {
    let key = name_key(word);
    component("ppc", &format!("detect = '{word}'\n{key} = '{name}'"))
}

/// The file that a detector reads when nothing else is said.
fn usual(word: &str) -> &'static str {
    match word {
        "yarn-lock" => "yarn.lock",
        "pnpm-lock" => "pnpm-lock.yaml",
        "requirements" => "requirements.txt",
        "poetry-lock" => "poetry.lock",
        "uv-lock" => "uv.lock",
        "gemfile-lock" => "Gemfile.lock",
        "composer-lock" => "composer.lock",
        "docker" => "Dockerfile",
        "helm" => "Chart.lock",
        "terraform-lock" => ".terraform.lock.hcl",
        "actions" => ".github/workflows/ci.yml",
        _ => panic!("{word}"),
    }
}

#[track_caller]
fn found(word: &str, name: &str, text: &str) -> Value {
    at(&of(word, name), usual(word), text)
}

/// How a component changes between two texts. Where it does, both sides look different.
#[track_caller]
fn change(word: &str, name: &str, before: &str, after: &str) -> String {
    let row =
        row(&of(word, name), &Commit::new("a", &[(usual(word), before)]), &Commit::new("b", &[(usual(word), after)]));
    assert!(row["change"] != "changed" || row["from"] != row["to"], "{row}");
    row["change"].as_str().unwrap_or_else(|| panic!("{row}")).to_owned()
}

/// Line and column of what is wrong.
#[track_caller]
fn wrong(word: &str, text: &str) -> (usize, usize) {
    let commit = Commit::new("c", &[(usual(word), text)]);
    let error = detect(&of(word, "ppc"), &commit, &FirstLine).unwrap_err();
    assert_eq!(error.kind, FailureKind::Manifest, "{error:?}");
    let place = error.at.unwrap();
    (place.line, place.column)
}

/// A commit's id.
fn id(digit: &str) -> String {
    digit.repeat(40)
}

#[test]
fn requirements_are_pinned_or_float() {
    let exact = json!({ "version": "1.0" });
    for line in [
        "ppc==1.0",
        "ppc == 1.0  # why",
        "PPC[fast,tls]==1.0 ; python_version < '3.12'",
        "ppc (==1.0)",
        "ppc>=0.9,==1.0",
        "ppc===1.0",
        "other>=1\n-r base.txt\n-c constraints.txt\n--no-binary :all:\nppc==1.0",
        "\u{feff}ppc==1.0\r\n",
        "ppc \\\n    ==1.0\n",
    ] {
        assert_eq!(found("requirements", "ppc", line), exact, "{line}");
    }
    for line in ["ppc", "ppc>=1.0,<2", "ppc~=1.0", "ppc==1.*", "ppc[tls] ; python_version<'3'"] {
        assert_eq!(found("requirements", "ppc", line), json!({ "floating": true, "definition": line }), "{line}");
    }
    for line in ["# ppc==1.0", "ppc-extra==1.0", "-r ppc.txt", "# a \\\n# ppc==1.0", ""] {
        assert_eq!(found("requirements", "ppc", line), Value::Null, "{line}");
    }
    for name in ["acme-ppc", "Acme_PPC", "acme.ppc", "acme--ppc"] {
        assert_eq!(found("requirements", name, "ACME__ppc==1.0"), exact, "{name}");
    }
    let utf16 = [0xfeff].into_iter().chain("ppc==1.0\r\n".encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let files = BTreeMap::from([("requirements.txt".to_owned(), utf16)]);
    let version = detect(&of("requirements", "ppc"), &Commit { id: "c", files }, &FirstLine).unwrap();
    assert_eq!(serde_json::to_value(version).unwrap(), exact);
    let markers = "ppc==1.0 ; python_version<'3'\nppc==2.0 ; python_version>='3'\n";
    assert_eq!(found("requirements", "ppc", markers), json!({ "version": "1.0, 2.0" }));
}

#[test]
fn requirements_have_hashes_indexes_and_addresses() {
    let hashed = "ppc==1.0 \\\n    --hash=sha256:bb \\\n    --hash sha256:aa\n    # via acme\nother==2.0\n";
    assert_eq!(found("requirements", "ppc", hashed), json!({ "version": "1.0", "digest": "sha256:aa, sha256:bb" }));
    assert_eq!(change("requirements", "ppc", hashed, &hashed.replace("aa", "cc")), "changed");
    assert_eq!(change("requirements", "ppc", hashed, &hashed.replace("other==2.0", "other==3.0")), "unchanged");
    let mirror = "--index-url https://pypi.example/simple\nppc==1.0\n";
    assert_eq!(
        found("requirements", "ppc", mirror),
        json!({ "version": "1.0", "source": "https://pypi.example/simple" })
    );
    assert_eq!(change("requirements", "ppc", "ppc==1.0", mirror), "changed");
    let default = format!("-i https://{}/simple/\nppc==1.0", ["pypi", "org"].join("."));
    assert_eq!(change("requirements", "ppc", "ppc==1.0", &default), "unchanged");

    let (one, two) = (id("1"), id("2"));
    let git = |prefix: &str, rev: &str, end: &str| format!("{prefix}git+https://git.example/acme/ppc.git{rev}{end}");
    let revision = json!({ "revision": one, "source": "https://git.example/acme/ppc.git" });
    for line in [
        git("ppc @ ", &format!("@{one}"), ""),
        git("ppc@", &format!("@{one}"), " ; python_version > '3'"),
        git("", &format!("@{one}"), "#egg=ppc"),
        git("-e ", &format!("@{one}"), "#egg=ppc[tls]&subdirectory=py"),
        git("--editable=", &format!("@{one}"), "#egg=ppc"),
    ] {
        assert_eq!(found("requirements", "ppc", &line), revision, "{line}");
        assert_eq!(change("requirements", "ppc", &line, &line.replace(&one, &two)), "changed", "{line}");
    }
    let tagged = found("requirements", "ppc", &git("ppc @ ", "@v1.2", ""));
    assert_eq!(tagged, json!({ "version": "v1.2", "source": "https://git.example/acme/ppc.git" }));
    let branch = git("ppc @ ", "@main", "");
    assert_eq!(
        found("requirements", "ppc", &branch),
        json!({ "branch": "main", "source": "https://git.example/acme/ppc.git", "floating": true, "definition": branch })
    );
    assert_eq!(found("requirements", "ppc", &git("ppc @ ", "", ""))["floating"], true);
    let user = format!("ppc @ git+ssh://git@git.example/acme/ppc@{one}");
    assert_eq!(
        found("requirements", "ppc", &user),
        json!({ "revision": one, "source": "ssh://git@git.example/acme/ppc" })
    );
    assert_eq!(
        found("requirements", "ppc", "ppc @ https://files.example/ppc.tar.gz#sha256=ab"),
        json!({ "source": "https://files.example/ppc.tar.gz", "digest": "sha256:ab" })
    );
    assert_eq!(
        found("requirements", "acme-ppc", "./wheels/acme_ppc-1.0-py3-none-any.whl"),
        json!({ "version": "1.0", "source": "./wheels/acme_ppc-1.0-py3-none-any.whl" })
    );
    assert_eq!(wrong("requirements", "other==1\nppc=1.0\n"), (2, 1));
    assert_eq!(wrong("requirements", "ppc==1.0\n\nsome words here\n"), (3, 1));
}

const YARN: &str = r#"# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.
# yarn lockfile v1


"@acme/ppc@^1.0.0", "@acme/ppc@^1.1.0":
  version "1.1.0"
  resolved "https://registry.example/@acme/ppc/-/ppc-1.1.0.tgz#aabb"
  integrity sha512-AA==
  dependencies:
    ppc "^2.0.0"
    "@acme/other" "^1.0.0"

"fork@git+https://git.example/acme/fork.git#main":
  version "0.1.0"
  resolved "git+https://git.example/acme/fork.git#1111111111111111111111111111111111111111"

ppc@^2.0.0:
  version "2.0.0"
  resolved "https://registry.example/ppc/-/ppc-2.0.0.tgz#ccdd"

"ppc@^3.0.0":
  version "3.0.0"
  resolved "https://registry.example/ppc/-/ppc-3.0.0.tgz#eeff"
  integrity sha512-BB==

"web@npm:shell@^1.0.0":
  version "1.0.0"
  resolved "https://registry.example/shell/-/shell-1.0.0.tgz#0011"
"#;

#[test]
fn packages_of_yarn_1() {
    let at = |name: &str| found("yarn-lock", name, YARN);
    assert_eq!(at("@acme/ppc"), json!({ "version": "1.1.0", "digest": "sha512-AA==" }));
    assert_eq!(at("ppc"), json!({ "version": "2.0.0, 3.0.0", "occurrences": ["2.0.0 ccdd", "3.0.0 sha512-BB=="] }));
    assert_eq!(
        at("fork"),
        json!({ "version": "0.1.0", "source": "git+https://git.example/acme/fork.git", "revision": id("1") })
    );
    assert_eq!((at("web"), at("shell")), (at("web"), at("web")));
    assert_eq!(
        (at("web")["version"].as_str(), at("acme/ppc"), at("@acme/other")),
        (Some("1.0.0"), Value::Null, Value::Null)
    );
    for (name, from, to) in [
        ("@acme/ppc", "sha512-AA", "sha512-AB"),
        ("ppc", "#ccdd", "#ccde"),
        ("ppc", "version \"3.0.0\"", "version \"3.0.1\""),
        ("fork", "git#1", "git#2"),
        ("fork", "git.example/acme/fork.git#1", "git.example/other/fork.git#1"),
    ] {
        assert_eq!(change("yarn-lock", name, YARN, &YARN.replace(from, to)), "changed", "{name} {to}");
    }
    assert_eq!(
        change("yarn-lock", "@acme/ppc", YARN, &YARN.replace("^1.1.0\"", "^1.0.1\"").replace('\n', "\r\n")),
        "unchanged"
    );
    let archive = format!(
        "ppc@acme/ppc:\n  version \"1.0.0\"\n  resolved \"https://codeload.example/acme/ppc/tar.gz/{}\"\n",
        id("3")
    );
    assert_eq!(found("yarn-lock", "ppc", &archive)["revision"], id("3"));

    assert_eq!(wrong("yarn-lock", "ppc@1:\n  version \"1.0.0\n"), (2, 3));
    assert_eq!(wrong("yarn-lock", "ppc@1:\n  resolved \"x\"\n"), (1, 1));
    assert_eq!(wrong("yarn-lock", "hello\n"), (1, 1));
    assert_eq!(wrong("yarn-lock", "  version \"1.0.0\"\n"), (1, 3));
}

const BERRY: &str = r#"# This file is generated by running "yarn install" inside your project.

__metadata:
  version: 8
  cacheKey: 10c0

"@acme/ppc@npm:^1.0.0, @acme/ppc@npm:^1.1.0":
  version: 1.1.0
  resolution: "@acme/ppc@npm:1.1.0"
  dependencies:
    ppc: "npm:^2.0.0"
  checksum: 10c0/aa
  languageName: node
  linkType: hard

"fork@https://git.example/acme/fork.git#commit=1111111111111111111111111111111111111111":
  version: 0.1.0
  resolution: "fork@https://git.example/acme/fork.git#commit=1111111111111111111111111111111111111111"
  checksum: 10c0/bb
  languageName: node
  linkType: hard

"ppc@npm:^2.0.0":
  version: 2.0.0
  resolution: "ppc@npm:2.0.0"
  checksum: 10c0/cc
  languageName: node
  linkType: hard

"ppc@patch:ppc@npm%3A^2.0.0#./ppc.patch":
  version: 2.0.0
  resolution: "ppc@patch:ppc@npm%3A2.0.0#./ppc.patch::version=2.0.0&hash=dd"
  checksum: 10c0/ee
  languageName: node
  linkType: hard

"web@workspace:packages/web":
  version: 0.0.0-use.local
  resolution: "web@workspace:packages/web"
  languageName: unknown
  linkType: soft
"#;

#[test]
fn packages_of_later_yarns() {
    let at = |name: &str| found("yarn-lock", name, BERRY);
    assert_eq!(at("@acme/ppc"), json!({ "version": "1.1.0", "digest": "10c0/aa" }));
    assert_eq!(
        at("fork"),
        json!({
            "version": "0.1.0", "source": "https://git.example/acme/fork.git", "revision": id("1"), "digest": "10c0/bb"
        })
    );
    assert_eq!(at("ppc")["version"], "2.0.0");
    assert_eq!(at("web"), json!({ "version": "0.0.0-use.local", "source": "workspace:packages/web" }));
    for (name, from, to) in
        [("@acme/ppc", "10c0/aa", "10c0/ab"), ("ppc", "hash=dd", "hash=de"), ("fork", "git#commit=1", "git#commit=2")]
    {
        assert_eq!(change("yarn-lock", name, BERRY, &BERRY.replace(from, to)), "changed", "{name} {to}");
    }
    // Another yarn packs its cache differently.
    assert_eq!(change("yarn-lock", "@acme/ppc", BERRY, &BERRY.replace("10c0/aa", "11/zz")), "unchanged");
    assert_eq!(wrong("yarn-lock", "__metadata:\n  version: 8\n\"ppc@npm:1\":\n  version: [1]\n"), (4, 12));
    assert_eq!(wrong("yarn-lock", "__metadata:\n\tversion: 8\n").0, 2);
}

/// The same packages as three versions of pnpm lock them.
const PNPM: [&str; 3] = [
    "lockfileVersion: 5.4\nspecifiers: {ppc: ^1.0.0}\ndependencies:\n  ppc: 1.0.0_react@18.2.0\n  web: link:../web\npackages:\n\n  \
     /@acme/ppc/1.1.0:\n    resolution: {integrity: sha512-AA==}\n    dev: false\n\n  \
     /ppc/1.0.0_react@18.2.0:\n    resolution: {integrity: sha512-BB==}\n    peerDependencies: {react: '*'}\n    dev: false\n\n  \
     git.example/acme/fork/1111111111111111111111111111111111111111:\n    \
     resolution: {tarball: https://codeload.example/acme/fork/tar.gz/1111111111111111111111111111111111111111}\n    \
     name: fork\n    version: 0.1.0\n    dev: false\n",
    "lockfileVersion: '6.0'\ndependencies:\n  ppc:\n    specifier: ^1.0.0\n    version: 1.0.0(react@18.2.0)\n  web:\n    \
     specifier: workspace:*\n    version: link:../web\npackages:\n\n  \
     /@acme/ppc@1.1.0:\n    resolution: {integrity: sha512-AA==}\n    dev: false\n\n  \
     /ppc@1.0.0(react@18.2.0):\n    resolution: {integrity: sha512-BB==}\n    dev: false\n\n  \
     git.example/acme/fork/1111111111111111111111111111111111111111:\n    \
     resolution: {tarball: https://codeload.example/acme/fork/tar.gz/1111111111111111111111111111111111111111}\n    \
     name: fork\n    version: 0.1.0\n    dev: false\n",
    "lockfileVersion: '9.0'\nsettings:\n  autoInstallPeers: true\nimporters:\n\n  .:\n    dependencies:\n      ppc:\n        \
     specifier: ^1.0.0\n        version: 1.0.0(react@18.2.0)\n      web:\n        specifier: workspace:*\n        \
     version: link:../web\n\npackages:\n\n  \
     '@acme/ppc@1.1.0':\n    resolution: {integrity: sha512-AA==}\n    engines: {node: '>=18'}\n\n  \
     ppc@1.0.0:\n    resolution: {integrity: sha512-BB==}\n\n  \
     fork@https://codeload.example/acme/fork/tar.gz/1111111111111111111111111111111111111111:\n    \
     resolution: {tarball: https://codeload.example/acme/fork/tar.gz/1111111111111111111111111111111111111111}\n    \
     version: 0.1.0\n\nsnapshots:\n\n  '@acme/ppc@1.1.0': {}\n\n  ppc@1.0.0(react@18.2.0):\n    dependencies: {react: 18.2.0}\n",
];

#[test]
fn packages_of_every_pnpm_lock() {
    let fork = format!("https://codeload.example/acme/fork/tar.gz/{}", id("1"));
    for lock in PNPM {
        let at = |name: &str| found("pnpm-lock", name, lock);
        assert_eq!(at("@acme/ppc"), json!({ "version": "1.1.0", "digest": "sha512-AA==" }), "{lock}");
        assert_eq!(at("ppc"), json!({ "version": "1.0.0", "digest": "sha512-BB==" }), "{lock}");
        assert_eq!(at("fork"), json!({ "version": "0.1.0", "source": fork, "revision": id("1") }), "{lock}");
        assert_eq!(at("web"), json!({ "source": "link:../web" }), "{lock}");
        assert_eq!(at("react"), Value::Null, "{lock}");
        assert_eq!(change("pnpm-lock", "ppc", lock, &lock.replace("BB", "BC")), "changed");
        assert_eq!(change("pnpm-lock", "ppc", lock, &lock.replace("18.2.0", "18.3.0")), "unchanged");
        assert_eq!(change("pnpm-lock", "fork", lock, &lock.replace(&id("1"), &id("2"))), "changed");
        let patched =
            format!("{lock}\npatchedDependencies:\n  ppc@1.0.0:\n    hash: aa\n    path: patches/ppc.patch\n");
        assert_eq!(change("pnpm-lock", "ppc", lock, &patched), "changed");
        assert_eq!(change("pnpm-lock", "ppc", &patched, &patched.replace("hash: aa", "hash: ab")), "changed");
    }
    assert_eq!(change("pnpm-lock", "ppc", PNPM[0], PNPM[2]), "unchanged");
    let git = format!(
        "lockfileVersion: '9.0'\npackages:\n  ppc@git+https://git.example/ppc.git#{0}:\n    \
         resolution: {{commit: {0}, repo: https://git.example/ppc.git, type: git}}\n    version: 1.0.0\n",
        id("4")
    );
    let expected = json!({ "version": "1.0.0", "source": "https://git.example/ppc.git", "revision": id("4") });
    assert_eq!(found("pnpm-lock", "ppc", &git), expected);
    let own = "---\nlockfileVersion: '9.0'\npackages:\n  pnpm@10.0.0:\n    resolution: {integrity: sha512-P}\n\n---\n";
    assert_eq!(change("pnpm-lock", "ppc", PNPM[2], &format!("{own}{}", PNPM[2])), "unchanged");
    assert_eq!(found("pnpm-lock", "ppc", &format!("---\n{}", PNPM[2]))["version"], "1.0.0");
    assert_eq!(wrong("pnpm-lock", &format!("{own}a: [\n")).0, own.lines().count() + 2);
    assert_eq!(wrong("pnpm-lock", "lockfileVersion: '9.0'\npackages:\n  ppc@1.0.0:\n    engines: {}\n"), (4, 5));
    assert_eq!(wrong("pnpm-lock", "hello\n"), (1, 1));
}

const GEMS: &str = "GIT
  remote: https://git.example/acme/fork.git
  revision: 1111111111111111111111111111111111111111
  branch: main
  specs:
    fork (0.1.0)
      ppc (>= 1.0)

PATH
  remote: engines/web
  specs:
    web (0.0.1)

GEM
  remote: https://DEFAULT/
  specs:
    ppc (1.0.0)
      rack (>= 2, < 4)
    ppc-x (9.0.0)
    sql (1.2.0)
    sql (1.2.0-x86_64-linux)

GEM
  remote: https://gems.example/
  specs:
    own (3.0.0)

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
  fork!
  ppc (~> 1.0)

CHECKSUMS
  ppc (1.0.0) sha256=aa
  sql (1.2.0) sha256=bb
  sql (1.2.0-x86_64-linux) sha256=cc

RUBY VERSION
   ruby 3.3.0p0

BUNDLED WITH
   2.5.4
";

#[test]
fn gems_of_gemfile_lock() {
    let gems = GEMS.replace("DEFAULT", &["rubygems", "org"].join("."));
    let at = |name: &str| found("gemfile-lock", name, &gems);
    assert_eq!(at("ppc"), json!({ "version": "1.0.0", "digest": "sha256:aa" }));
    assert_eq!(at("sql"), json!({ "version": "1.2.0", "digest": "sha256:bb, sha256:cc" }));
    assert_eq!(at("own"), json!({ "version": "3.0.0", "source": "https://gems.example/" }));
    assert_eq!(at("web"), json!({ "version": "0.0.1", "source": "engines/web" }));
    assert_eq!(
        at("fork"),
        json!({ "version": "0.1.0", "source": "https://git.example/acme/fork.git", "revision": id("1") })
    );
    assert_eq!((at("rack"), at("PPC")), (Value::Null, Value::Null));
    for (name, from, to) in [
        ("ppc", "ppc (1.0.0)", "ppc (1.0.1)"),
        ("ppc", "sha256=aa", "sha256=ab"),
        ("fork", "revision: 1", "revision: 2"),
        ("own", "gems.example", "gems2.example"),
        ("sql", "    sql (1.2.0-x86", "    sql (1.3.0-x86"),
    ] {
        assert_eq!(change("gemfile-lock", name, &gems, &gems.replace(from, to)), "changed", "{name} {to}");
    }
    assert_eq!(
        change("gemfile-lock", "ppc", &gems, &gems.replace("rack (>= 2", "rack (>= 1").replace('\n', "\r\n")),
        "unchanged"
    );
    assert_eq!(wrong("gemfile-lock", "GEM\n  remote: x\n  specs:\n    ppc 1.0\n"), (4, 5));
    assert_eq!(wrong("gemfile-lock", "GEM\n  remote\n"), (2, 3));
    assert_eq!(wrong("gemfile-lock", "hello\n"), (1, 1));
}

#[test]
fn packages_of_composer_lock() {
    let package = |name: &str, version: &str, rev: &str, sum: &str| {
        let url = format!("https://github.com/{}.git", name.to_lowercase());
        json!({
            "name": name, "version": version, "type": "library",
            "source": { "type": "git", "url": url, "reference": id(rev) },
            "dist": { "type": "zip", "url": "https://zip.example/x", "reference": id(rev), "shasum": sum },
        })
    };
    let lock = |packages: Value, dev: Value| {
        json!({ "content-hash": "ab", "packages": packages, "packages-dev": dev, "plugin-api-version": "2.6.0" })
            .to_string()
    };
    let base =
        lock(json!([package("acme/other", "1.0.0", "3", ""), package("Acme/PPC", "v1.2.0", "1", "")]), json!([]));
    assert_eq!(found("composer-lock", "acme/ppc", &base), json!({ "version": "v1.2.0", "revision": id("1") }));
    let dev = lock(json!([]), json!([package("acme/ppc", "dev-main", "1", "cc")]));
    assert_eq!(
        found("composer-lock", "ACME/ppc", &dev),
        json!({ "version": "dev-main", "revision": id("1"), "digest": "cc" })
    );
    // A tag that was moved.
    assert_eq!(change("composer-lock", "acme/ppc", &base, &base.replace(&id("1"), &id("2"))), "changed");
    let fork = base.replace("github.com/acme/ppc", "git.example/fork/ppc");
    assert_eq!(found("composer-lock", "acme/ppc", &fork)["source"], "https://git.example/fork/ppc.git");
    assert_eq!(change("composer-lock", "acme/ppc", &base, &fork), "changed");
    let zip =
        json!({ "name": "acme/ppc", "version": "2.0", "dist": { "type": "zip", "url": "https://zip.example/p.zip" } });
    assert_eq!(
        found("composer-lock", "acme/ppc", &lock(json!([zip]), json!([]))),
        json!({ "version": "2.0", "source": "https://zip.example/p.zip" })
    );
    let first = json!({ "package": "acme/ppc", "version": "dev-main", "source-reference": id("1") });
    assert_eq!(
        found("composer-lock", "acme/ppc", &lock(json!([first]), Value::Null)),
        json!({ "version": "dev-main", "revision": id("1") })
    );
    assert_eq!(wrong("composer-lock", "{\"packages\": [\n {\"name\": \"ppc\"}]}"), (2, 2));
    assert_eq!(wrong("composer-lock", "{\"packages\": [\n}"), (2, 1));
    assert_eq!(wrong("composer-lock", "[]"), (1, 1));
}

const UV: &str = r#"version = 1
revision = 3
requires-python = ">=3.10"

[[package]]
name = "acme-ppc"
version = "1.0.0"
source = { registry = "https://DEFAULT/simple" }
dependencies = [{ name = "fork" }]
sdist = { url = "https://files.example/acme_ppc-1.0.0.tar.gz", hash = "sha256:aa", size = 1 }
wheels = [
    { url = "https://files.example/acme_ppc-1.0.0-py3-none-any.whl", hash = "sha256:bb", size = 2 },
]

[[package]]
name = "fork"
version = "0.1.0"
source = { git = "https://git.example/acme/fork?rev=main#1111111111111111111111111111111111111111" }

[[package]]
name = "own"
version = "2.0.0"
source = { registry = "https://pypi.example/simple" }

[[package]]
name = "web"
source = { editable = "." }
"#;

#[test]
fn packages_of_uv_lock() {
    let uv = UV.replace("DEFAULT", &["pypi", "org"].join("."));
    let at = |name: &str| found("uv-lock", name, &uv);
    assert_eq!(at("Acme_PPC"), json!({ "version": "1.0.0", "digest": "sha256:aa, sha256:bb" }));
    assert_eq!(
        at("fork"),
        json!({ "version": "0.1.0", "source": "https://git.example/acme/fork?rev=main", "revision": id("1") })
    );
    assert_eq!(at("own"), json!({ "version": "2.0.0", "source": "https://pypi.example/simple" }));
    assert_eq!((at("web"), at("none")), (json!({ "source": "." }), Value::Null));
    for (name, from, to) in [
        ("acme-ppc", "version = \"1.0.0\"", "version = \"1.0.1\""),
        ("acme-ppc", "sha256:bb", "sha256:bc"),
        ("fork", "#1", "#2"),
        ("own", "pypi.example", "other.example"),
    ] {
        assert_eq!(change("uv-lock", name, &uv, &uv.replace(from, to)), "changed", "{name} {to}");
    }
    assert_eq!(change("uv-lock", "acme-ppc", &uv, &uv.replace("revision = 3", "revision = 2")), "unchanged");
    assert_eq!(wrong("uv-lock", "[[package]]\nname = \"ppc\"\n"), (1, 1));
    assert_eq!(wrong("uv-lock", "[[package]]\nname = \"ppc\"\nversion = [1]\n"), (3, 11));
    assert_eq!(wrong("uv-lock", "[[package]\n").0, 1);
}

#[test]
fn packages_of_old_and_new_poetry_locks() {
    let package = |more: &str| {
        format!(
            "[[package]]\nname = \"Acme.PPC\"\nversion = \"1.0.0\"\noptional = false\npython-versions = \"*\"\n{more}\n"
        )
    };
    let files = "[{file = \"a.whl\", hash = \"sha256:bb\"}, {file = \"a.tar.gz\", hash = \"sha256:aa\"}]";
    let new = package(&format!("groups = [\"main\"]\nfiles = {files}")) + "[metadata]\nlock-version = \"2.1\"\n";
    let old = package("category = \"main\"") + "[metadata]\nlock-version = \"1.1\"\n[metadata.files]\n";
    let old = format!("{old}acme-ppc = {files}\n");
    let oldest = package("") + "[metadata.hashes]\n\"acme.ppc\" = [\"aa\", \"bb\"]\n";
    let expected = json!({ "version": "1.0.0", "digest": "sha256:aa, sha256:bb" });
    assert_eq!(found("poetry-lock", "acme-ppc", &new), expected);
    assert_eq!(found("poetry-lock", "acme_ppc", &old), expected);
    assert_eq!(found("poetry-lock", "acme_ppc", &oldest), json!({ "version": "1.0.0", "digest": "aa, bb" }));
    assert_eq!(change("poetry-lock", "acme-ppc", &old, &new), "unchanged");
    assert_eq!(change("poetry-lock", "acme-ppc", &new, &new.replace("sha256:aa", "sha256:ac")), "changed");
    let git = package(&format!(
        "[package.source]\ntype = \"git\"\nurl = \"https://git.example/ppc.git\"\nreference = \"main\"\nresolved_reference = \"{}\"",
        id("1")
    ));
    assert_eq!(
        found("poetry-lock", "acme-ppc", &git),
        json!({ "version": "1.0.0", "source": "https://git.example/ppc.git", "revision": id("1") })
    );
    assert_eq!(change("poetry-lock", "acme-ppc", &git, &git.replace(&id("1"), &id("2"))), "changed");
    let own =
        package("[package.source]\ntype = \"legacy\"\nurl = \"https://pypi.example/simple\"\nreference = \"own\"");
    assert_eq!(
        found("poetry-lock", "acme-ppc", &own),
        json!({ "version": "1.0.0", "source": "https://pypi.example/simple" })
    );
    let twice = new.replace("[metadata]", &package("").replace("1.0.0", "2.0.0")) + "[metadata]\n";
    assert_eq!(found("poetry-lock", "acme-ppc", &twice)["version"], "1.0.0, 2.0.0");
    assert_eq!(wrong("poetry-lock", "[[package]]\nname = \"ppc\"\n"), (1, 1));
}

#[test]
fn images_of_dockerfiles() {
    let at = |image: &str, text: &str| found("docker", image, text);
    let tagged = json!({ "version": "1.22" });
    for text in [
        "FROM golang:1.22\n",
        "from --platform=$BUILDPLATFORM golang:1.22 as build\n",
        "# syntax=docker/dockerfile:1\nARG V=1.22\nFROM golang:${V}\n",
        "ARG A=1 B=\"22\"\nARG V=$A.$B\nFROM docker.io/library/golang:$V\n",
        "FROM golang:${V:-1.22}\n",
        "ARG V\nFROM \\\n  # why\n  golang:${V:-1.22} \\\n  AS build\n",
        "FROM other AS build\nFROM golang:1.22\nFROM build\n",
        "FROM other\nRUN <<EOF cat <<-'END'\nFROM golang:1\nEOF\n\tFROM golang:2\n\tEND\nFROM golang:1.22\n",
        "# escape=`\nFROM `\n golang:1.22\n",
        "FROM other\nCOPY --from=golang:1.22 /go /go\n",
        "FROM other\nRUN --mount=type=bind,from=golang:1.22,target=/go ls\n",
        "FROM golang:1.22\nARG V=1.23\nRUN echo FROM golang:1.21\nCMD [\"FROM golang:1\"]\n",
        "FROM golang:1.22\r\nRUN make\r\n",
    ] {
        assert_eq!(at("golang", text), tagged, "{text}");
    }
    let digest = format!("sha256:{}", "a".repeat(64));
    let pinned = format!("FROM registry.example:5000/acme/ppc:1.0@{digest}\n");
    assert_eq!(at("registry.example:5000/acme/ppc", &pinned), json!({ "version": "1.0", "digest": digest }));
    assert_eq!(at("ppc", &pinned), Value::Null);
    assert_eq!(at("ppc", &format!("FROM ppc@{digest}\n")), json!({ "digest": digest }));
    assert_eq!(change("docker", "ppc", "FROM ppc:1\n", &format!("FROM ppc:1@{digest}\n")), "unchanged");
    let other = pinned.replace(&digest, &format!("sha256:{}", "b".repeat(64)));
    assert_eq!(change("docker", "registry.example:5000/acme/ppc", &pinned, &other), "changed");
    let both = "FROM ppc:1 AS a\nFROM ppc:2\n";
    assert_eq!(at("ppc", both), json!({ "version": "1, 2" }));
    for text in [
        "FROM ppc\n",
        "FROM ppc:latest\n",
        "ARG V\nFROM ppc:$V\n",
        "FROM a\nARG V=1\nFROM ppc:$V\n",
        "FROM ppc:${V#1}\n",
    ] {
        let line = text.lines().last().unwrap().trim_start_matches("FROM ");
        let version = at("ppc", text);
        assert_eq!((&version["floating"], &version["definition"]), (&json!(true), &json!(line)), "{text}");
    }
    // What is known of the name counts where the tag depends on the platform.
    let platform = "ARG BASE=acme/ppc\nFROM ${BASE}:latest-${TARGETARCH}\n";
    let floating = json!({ "floating": true, "definition": "${BASE}:latest-${TARGETARCH}" });
    assert_eq!((at("acme/ppc", platform), at("ppc", platform)), (floating, Value::Null));
    assert_eq!(change("docker", "ppc", "ARG V\nFROM ppc:$V\n", "ARG W\nFROM ppc:$W\n"), "changed");
    // A stage of the file's own is no image.
    assert_eq!(at("ppc", "FROM golang:1 AS ppc\nFROM ppc\nCOPY --from=PPC a b\nCOPY --from=0 a b\n"), Value::Null);

    assert_eq!(wrong("docker", "FROM ppc:1\n\nHELLO world\n"), (3, 1));
    assert_eq!(wrong("docker", "FROM ppc:1 AS\n"), (1, 1));
    assert_eq!(wrong("docker", "FROM ppc:1\nRUN <<EOF\nmake\n"), (2, 1));
}

#[test]
fn images_of_compose_files() {
    let at = |files: &[(&str, &str)]| {
        let ppc = component("ppc", "detect = 'docker'\nfile = 'deploy/compose.yaml'\nimage = 'acme/ppc'");
        serde_json::to_value(detect(&ppc, &Commit::new("c", files), &FirstLine).unwrap()).unwrap()
    };
    let file = |image: &str| {
        format!("x-a: {{image: acme/ppc:9}}\nservices:\n  db: {{image: 'postgres:16'}}\n  ppc:\n    image: {image}\n")
    };
    let alone = |image: &str| at(&[("deploy/compose.yaml", &file(image))]);
    assert_eq!(alone("acme/ppc:1.10"), json!({ "version": "1.10" }));
    assert_eq!(alone("\"docker.io/acme/ppc:${V:-1.0}\""), json!({ "version": "1.0" }));
    assert_eq!(alone("acme/ppc:${V}"), json!({ "floating": true, "definition": "acme/ppc:${V}" }));
    assert_eq!(alone("acme/ppc:${V:?unset}")["floating"], true);
    let env = |env: &str| at(&[("deploy/compose.yaml", &file("acme/ppc:${V:-1.0}")), ("deploy/.env", env)]);
    assert_eq!(env("# V=3\nV=2.0 # why\n"), json!({ "version": "2.0" }));
    assert_eq!(env("export V='2.0'\nW=1\n"), json!({ "version": "2.0" }));
    assert_eq!(env("W=1\nV=\n"), json!({ "version": "1.0" }));
    // The first format had no table of services, the later ones may do without a version.
    let first = at(&[("deploy/compose.yaml", "db:\n  image: postgres:16\nppc:\n  image: acme/ppc:1.0\n")]);
    assert_eq!(first, json!({ "version": "1.0" }));
    assert_eq!(at(&[("deploy/compose.yaml", "version: '3'\nppc:\n  image: acme/ppc:1.0\n")]), Value::Null);
    let two = file("acme/ppc:1") + "  again: {image: 'acme/ppc:2'}\n";
    assert_eq!(at(&[("deploy/compose.yaml", &two)]), json!({ "version": "1, 2" }));
}

#[test]
fn charts_of_chart_lock() {
    let lock = "dependencies:\n- name: ppc\n  repository: https://charts.example\n  version: 1.10\n- name: web\n  \
                repository: \"\"\n  version: 0.1.0\ndigest: sha256:aa\ngenerated: \"2024-01-01T00:00:00Z\"\n";
    let at = |name: &str| found("helm", name, lock);
    assert_eq!(at("ppc"), json!({ "version": "1.10", "source": "https://charts.example" }));
    assert_eq!((at("web"), at("none")), (json!({ "version": "0.1.0" }), Value::Null));
    assert_eq!(change("helm", "ppc", lock, &lock.replace("charts.", "charts2.")), "changed");
    assert_eq!(change("helm", "ppc", lock, &lock.replace("sha256:aa", "sha256:ab")), "unchanged");
    assert_eq!(wrong("helm", "dependencies:\n- name: ppc\n"), (2, 3));
}

#[test]
fn providers_of_terraforms_lock() {
    let block = |address: &str, version: &str| {
        format!(
            "provider \"{address}\" {{\n  version     = \"{version}\"\n  constraints = \"~> 1.0\"\n  hashes = [\n    \
             \"zh:bb\",\n    \"h1:aa\",\n  ]\n}}\n"
        )
    };
    let text = format!(
        "# This file is maintained automatically by \"terraform init\".\n\n{}\n{}\n{}",
        block("registry.terraform.io/acme/ppc", "1.2.0"),
        block("registry.terraform.io/hashicorp/aws", "5.0.0"),
        block("registry.example/acme/own", "0.1.0"),
    );
    let at = |name: &str| found("terraform-lock", name, &text);
    let locked = |version: &str| json!({ "version": version, "digest": "h1:aa, zh:bb" });
    assert_eq!((at("acme/ppc"), at("registry.terraform.io/acme/PPC")), (locked("1.2.0"), locked("1.2.0")));
    assert_eq!((at("hashicorp/aws"), at("aws")), (locked("5.0.0"), locked("5.0.0")));
    assert_eq!((at("registry.example/acme/own"), at("acme/own")), (locked("0.1.0"), Value::Null));
    assert_eq!(change("terraform-lock", "acme/ppc", &text, &text.replace("h1:aa", "h1:ab")), "changed");
    assert_eq!(change("terraform-lock", "acme/ppc", &text, &text.replace("~> 1.0", "~> 1.1")), "unchanged");
    let tofu = text.replace("registry.terraform.io", "registry.opentofu.org");
    assert_eq!(change("terraform-lock", "acme/ppc", &text, &tofu), "changed");
    assert_eq!(wrong("terraform-lock", "provider \"registry.terraform.io/hashicorp/ppc\" {\n}\n"), (1, 1));
    assert_eq!(wrong("terraform-lock", "provider \"a\" {\n  version = \"1\n}\n").0, 2);
    assert_eq!(wrong("terraform-lock", "hello\n").0, 1);
}

#[test]
fn what_github_s_workflows_use() {
    let (one, two) = (id("1"), id("2"));
    let workflow = |steps: &str| format!("on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n{steps}");
    let step = |uses: &str| format!("    - name: a\n      uses: {uses}\n");
    let at = |uses: &str| found("actions", "acme/setup", &workflow(&step(uses)));
    assert_eq!(at("acme/setup@v1"), json!({ "version": "v1" }));
    assert_eq!(at("Acme/Setup/sub@v1.2.3"), json!({ "version": "v1.2.3" }));
    assert_eq!(at(&format!("acme/setup@{one} # v1.2.3")), json!({ "revision": one }));
    assert_eq!(at("acme/setup@main"), json!({ "branch": "main", "floating": true, "definition": "acme/setup@main" }));
    for other in ["acme/setup-go@v1", "./acme/setup", "docker://acme/setup:1", "other/acme/setup@v1"] {
        assert_eq!(at(other), Value::Null, "{other}");
    }
    let two_jobs = workflow(
        &(step("acme/setup@v1")
            + &step("acme/setup@v1")
            + "  next:\n    uses: acme/setup/.github/workflows/a.yml@v2\n"),
    );
    assert_eq!(found("actions", "acme/setup", &two_jobs), json!({ "version": "v1, v2" }));
    assert_eq!(found("actions", "acme/setup/.github/workflows/a.yml", &two_jobs), json!({ "version": "v2" }));
    let second = format!("{}{}", step("acme/setup@v1"), step(&format!("acme/setup@{one}")));
    assert_eq!(change("actions", "acme/setup", &workflow(&second), &workflow(&second.replace(&one, &two))), "changed");
    assert_eq!(found("actions", "acme/setup", "env:\n  uses: acme/setup@v1\n"), Value::Null);
    assert_eq!(wrong("actions", "jobs:\n\ta: b\n").0, 2);
    assert_eq!(wrong("actions", "name of no table\n"), (1, 1));

    // Without a file it is every workflow, and every action of the repository's own.
    let composite = "runs:\n  using: composite\n  steps:\n  - uses: acme/setup@v3\n";
    let files = [
        (".github/actions/own/action.yml", composite),
        (".github/workflows/a.yml", &workflow(&step("acme/setup@v1"))),
        (".github/workflows/b.yaml", &workflow(&step("acme/setup@v2"))),
        (".github/workflows/old/c.yml", &workflow(&step("acme/setup@v9"))),
        ("workflows/d.yml", &workflow(&step("acme/setup@v9"))),
    ];
    let version = detect(&of("actions", "acme/setup"), &Commit::new("c", &files), &FirstLine).unwrap().unwrap();
    assert_eq!(version.version.as_deref(), Some("v3, v1, v2"));
}

/// Whatever the bytes are, each detector answers; what it refuses has a place in the file.
fn answers(text: &str) {
    let words = [
        "yarn-lock",
        "pnpm-lock",
        "requirements",
        "poetry-lock",
        "uv-lock",
        "gemfile-lock",
        "composer-lock",
        "docker",
        "helm",
        "terraform-lock",
        "actions",
    ];
    let compose = component("ppc", "detect = 'docker'\nfile = 'c.yml'\nimage = 'a'");
    let provider = |word: &str| if word == "terraform-lock" { "a/a" } else { "a" };
    let all = words.map(|word| (of(word, provider(word)), usual(word))).into_iter().chain([(compose, "c.yml")]);
    for (component, file) in all {
        let files = BTreeMap::from([(file.to_owned(), text.as_bytes().to_vec())]);
        if let Err(error) = detect(&component, &Commit { id: "c", files }, &FirstLine) {
            assert_eq!(error.kind, FailureKind::Manifest, "{error:?}");
            assert!(error.at.is_some_and(|place| place.file == file && place.line > 0 && place.column > 0), "{text:?}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_text_in_the_words_of_a_format_makes_a_detector_panic(
        text in "([ \\t\\n\\r:,\\-\\[\\]{}\"'#@$\\\\=/;|<0aé]|a@|a==|git\\+|://|\\.whl|#egg=a|FROM |ARG |COPY --from=|\\$\\{|:-|<<EOF\n|packages:\n  |version|resolution: |GEM\n  specs:\n    |a \\(|\\)|CHECKSUMS\n|provider \"|registry\\.terraform\\.io/|services: |image: |uses: |jobs:\n|__metadata:\n|name: |\\[\\[package\\]\\]\n|name = \"a\"\n|source = |dependencies:\n|lockfileVersion: 5|---\n){0,50}"
    ) {
        answers(&text);
    }
}

#[test]
fn what_is_nested_deeply_is_an_error_or_nothing() {
    for text in ["[", "{", "(", "a {", "a = [", "a: [", "${", "\"${", "{\"a\":", "a[", "- "] {
        answers(&text.repeat(20_000));
        answers(&format!("services: {{a: {{image: '{}'}}}}", text.repeat(5_000).replace('\'', "")));
        answers(&format!("FROM {}", text.repeat(5_000)));
    }
    answers(&format!("FROM {}a{}\n", "${a:-".repeat(5_000), "}".repeat(5_000)));
}
