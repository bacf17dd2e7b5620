//! relwf.toml → configuration: what is right, and where and how what is wrong is told.

use relwf::config::{CiKind, Config, FleetCommand, FleetTarget, ForgeKind, Observe, SecretSource, find, load, parse};
use relwf::model::{Failure, FailureKind};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn read(text: &str) -> Result<Config, Failure> {
    parse(text, "relwf.toml", Path::new("/nowhere"))
}

/// Every problem: place, message, hint.
fn problems(failure: &Failure) -> Vec<(String, String, String)> {
    assert_eq!(failure.kind, FailureKind::Config);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    match failure.detail["problems"].as_array() {
        Some(problems) => {
            problems.iter().map(|row| (text(&row["at"]), text(&row["message"]), text(&row["hint"]))).collect()
        }
        None => {
            let at = failure.at.as_ref().map(ToString::to_string).unwrap_or_default();
            vec![(at, failure.message.clone(), failure.hint.clone().unwrap_or_default())]
        }
    }
}

/// The text has exactly these problems (place without the file's name, message).
fn wrong(text: &str, expected: &[(&str, &str)]) {
    let told: Vec<_> = problems(&read(text).unwrap_err())
        .into_iter()
        .map(|(at, message, _)| (at.strip_prefix("relwf.toml:").unwrap_or(&at).to_owned(), message))
        .collect();
    let told: Vec<_> = told.iter().map(|(at, message)| (at.as_str(), message.as_str())).collect();
    assert_eq!(told, expected, "{text}");
}

const WHOLE: &str = r#"
[repo]
url = "git@github.com:acme/service.git"

[[environment]]
name = "staging"
branch = "staging"
url = "https://beta.example"
checks = ["continuous-integration/travis-ci/pr"]
[[environment]]
name = "production"
branch = "release/production"

[[component]]
name = "service"
detect = "commits"
[[component]]
name = "ppc"
detect = "gopkg"
project = "github.com/acme/ppc"
[[component]]
name = "sdk"
detect = "travis"
file = "./.travis.yml"
command = 'get\.tool\.dev'
version = '--version\s+(\S+)'
[[component]]
name = "own"
detect = "plugin"
plugin = "docker"
files = ["Dockerfile"]
options = { image = "base", depth = 2, strict = true }

[forge]
kind = "github"
api = "https://api.github.com"

[ci]
kind = "command"
command = ["make", "travis_${event}"]
timeout = "1h30m"

[fleet]
component = "ppc"
[[fleet.target]]
id = "acme"
ring = "canary"
labels = { region = "eu", tier = 1 }
observe = { command = ["./observe", "acme"] }
update = { command = ["./update", "acme"] }
[[fleet.target]]
id = "beta"
ring = "rest"
observe = { http = "https://beta.example/version", json = "agent.version" }
update = { ci = { event = "api", env = { ONLY = "beta" } } }
[[fleet.target]]
id = "gamma"
ring = "rest"
observe = { http = "https://gamma.example/version", regex = 'v(\S+)' }

[sh]
allow = ["make"]

[secrets]
slack = { env = "SLACK_URL" }
vault = { command = ["pass", "show", "vault"] }
key = { file = "secret.txt" }
"#;

fn target(id: &str, ring: &str) -> FleetTarget {
    FleetTarget { id: id.into(), ring: ring.into(), labels: BTreeMap::new(), observe: None, update: None }
}

#[test]
fn the_whole_file_is_read() {
    let config = read(WHOLE).unwrap();
    assert_eq!(config.repo.as_deref(), Some("git@github.com:acme/service.git"));
    assert_eq!(config.environments.len(), 2);
    assert_eq!(config.environments[0].checks, ["continuous-integration/travis-ci/pr"]);
    assert_eq!(config.environments[1].branch.as_str(), "release/production");
    let words: Vec<_> = config.components.iter().map(|it| (it.name.as_str(), it.detect.word())).collect();
    assert_eq!(words, [("service", "commits"), ("ppc", "gopkg"), ("sdk", "travis"), ("own", "plugin")]);
    let read: Vec<String> = config.components.iter().map(|it| format!("{:?}", it.detect)).collect();
    assert!(read[1].contains("file: \"Gopkg.lock\""), "{}", read[1]);
    assert!(read[2].contains("file: \".travis.yml\""), "{}", read[2]);
    let options = serde_json::json!({ "image": "base", "depth": 2, "strict": true });
    assert!(read[3].contains(&format!("options: {options:?}")), "{}", read[3]);
    assert_eq!(config.forge.kind, Some(ForgeKind::Github));
    assert_eq!((config.ci.kind, config.ci.command.len()), (Some(CiKind::Command), 2));
    assert_eq!(config.ci.timeout.map(|span| span.to_string()).as_deref(), Some("1h30m"));
    assert_eq!(config.sh.allow, ["make"]);
    assert_eq!(config.secrets["slack"], SecretSource::Env("SLACK_URL".into()));
    assert_eq!(config.secrets["vault"], SecretSource::Command(vec!["pass".into(), "show".into(), "vault".into()]));
    assert_eq!(config.secrets["key"], SecretSource::File("secret.txt".into()));

    let targets = config.fleet.unwrap().targets;
    let labels = BTreeMap::from([("region".to_owned(), "eu".to_owned()), ("tier".to_owned(), "1".to_owned())]);
    assert_eq!(targets[0].labels, labels);
    assert_eq!(targets[0].observe, Some(Observe::Command(vec!["./observe".into(), "acme".into()])));
    assert_eq!(targets[0].update, Some(FleetCommand::Command(vec!["./update".into(), "acme".into()])));
    let http = "https://beta.example/version".to_owned();
    assert_eq!(targets[1].observe, Some(Observe::Json { http, key: "agent.version".into() }));
    let env = BTreeMap::from([("ONLY".to_owned(), "beta".to_owned())]);
    assert_eq!(targets[1].update, Some(FleetCommand::Ci { env }));
    let http = "https://gamma.example/version".to_owned();
    assert_eq!(targets[2].observe, Some(Observe::Regex { http, pattern: r"v(\S+)".into() }));
}

#[test]
fn an_empty_file_means_the_defaults() {
    let config = read("").unwrap();
    assert_eq!(config.components.len(), 1);
    assert_eq!((config.components[0].name.as_str(), config.components[0].detect.word()), ("commits", "commits"));
    assert_eq!((config.ci.kind, config.forge.kind), (None, None));
    assert!(config.fleet.is_none() && config.environments.is_empty());
}

#[test]
fn unknown_keys_are_errors_with_a_suggestion() {
    let failure = read("[[environment]]\nname = \"staging\"\nbranch = \"staging\"\nchekcs = []\n").unwrap_err();
    assert_eq!(failure.at.unwrap().to_string(), "relwf.toml:4:1");
    assert_eq!(failure.message, "unknown key `chekcs` in [[environment]]");
    let hint =
        "did you mean `checks`? keys of [[environment]]: name, branch, url, checks, deployed_by, also_green, health";
    assert_eq!(failure.hint.as_deref(), Some(hint));

    let failure = read("[enviroment]\n").unwrap_err();
    assert_eq!(failure.message, "unknown key `enviroment` in relwf.toml");
    assert!(failure.hint.unwrap().starts_with("did you mean `environment`?"));
    let failure = read("zzz = 1\n").unwrap_err();
    assert!(failure.hint.unwrap().starts_with("keys of relwf.toml: repo, process, environment, "));
    wrong("[sh]\nallow = []\nextra.key = 1\n", &[("3:1", "unknown key `extra` in [sh]")]);
}

#[test]
fn deployers_are_named_where_they_can_report() {
    let of = |line: &str| format!("[[environment]]\nname = \"staging\"\nbranch = \"staging\"\n{line}\n");
    wrong(&of("checks = [\"deployment/beta\"]"), &[("4:11", "a deployment cannot be green before a commit lands")]);
    wrong(&of("deployed_by = [\"deployment/\"]"), &[("4:16", "a deployment to which environment?")]);
    let words = "nothing reports `relwf/pull_request` on what has landed";
    wrong(&of("deployed_by = [\"relwf/pull_request\"]"), &[("4:16", words)]);
    wrong("[ci]\nkind = \"travis\"\nsilence = \"1m\"\n", &[("3:11", "`silence` goes with `kind = \"status\"` only")]);
}

#[test]
fn everything_that_is_wrong_is_listed_at_once() {
    let text = "\
[repo]
url = 7
[[environment]]
name = \"staging\"
branch = \"a..b\"
[[environment]]
name = \"staging\"
branch = \"staging\"
checks = \"one\"
[[component]]
name = \"sdk\"
detect = \"travis\"
command = '('
[[component]]
detect = \"gopgk\"
file = \"x\"
[forge]
kind = \"githab\"
api = \"api.github.com\"
[ci]
kind = \"travis\"
command = [\"make\"]
timeout = \"10\"
[fleet]
component = \"pcc\"
";
    wrong(
        text,
        &[
            ("2:7", "`url` is a number, not a text"),
            ("5:10", "`branch`: `a..b` is not a valid branch name: it holds `..`, `@{` or ends with a dot"),
            ("7:8", "there are two environments called `staging`"),
            ("9:10", "`checks` is a text, not a list of texts"),
            ("10:1", "[[component]]: `version` is missing"),
            ("13:11", "`command` is no regular expression: unclosed group"),
            ("14:1", "[[component]]: `name` is missing"),
            ("15:10", "`detect` is `gopgk`, which is not known"),
            ("18:8", "`kind` is `githab`, which is not known"),
            ("19:7", "`api` is no URL that starts with `https://` or `http://`"),
            ("22:11", "`command` goes with `kind = \"command\"` only"),
            ("23:11", "`timeout`: `10` is not a duration; write it like `90s`, `10m`, `1h30m` or `2d`"),
            ("25:13", "there is no component `pcc`"),
        ],
    );
    let told = problems(&read(text).unwrap_err());
    assert!(told[7].2.starts_with("did you mean `gopkg`?"));
    assert!(told[8].2.starts_with("did you mean `github`?"));
}

#[test]
fn tables_of_the_wrong_shape_and_broken_toml_have_their_place() {
    wrong("repo = \"x\"\n", &[("1:8", "[repo] is a text, not a table")]);
    wrong("[environment]\nname = \"x\"\n", &[("1:1", "`environment` is a table, not a list of tables")]);
    wrong("[ci]\nkind = \"command\"\n", &[("1:1", "[ci]: `kind` is `command`, but `command` is missing")]);
    wrong("[ci]\ncommand = \"make x\"\n", &[("2:11", "`command` is not a list of a program and its arguments")]);
    let failure = read("[repo]\nurl = \"x\n").unwrap_err();
    assert_eq!(failure.at.as_ref().map(|at| (at.file.as_str(), at.line)), Some(("relwf.toml", 2)));
    assert!(failure.message.starts_with("`relwf.toml` is not valid TOML: "), "{}", failure.message);
    let failure = read("a = 1\na = 2\n").unwrap_err();
    assert_eq!(failure.at.map(|at| at.line), Some(2));
}

#[test]
fn components_say_what_their_kind_needs() {
    let component = |rest: &str| format!("[[component]]\nname = \"x\"\n{rest}\n");
    wrong(
        &component("detect = \"toml\""),
        &[("1:1", "[[component]]: `file` is missing"), ("1:1", "[[component]]: `key` is missing")],
    );
    wrong(
        &component("detect = \"toml\"\nfile = \"../x\"\nkey = \"a..b\""),
        &[
            ("4:8", "`../x` is no path of a file in the repository"),
            (
                "5:7",
                "`key`: `a..b` is not a key: write names with dots between them, like `package.version`, `a.\"b.c\".0` or `images[name=acme/ppc].newTag`",
            ),
        ],
    );
    wrong(
        &component("detect = \"paths\"\nglobs = [\"a\", \"b[\"]"),
        &[("4:15", "`b[` is no pattern: unclosed character class; missing ']'")],
    );
    wrong(&component("detect = \"commits\"\nfile = \"x\""), &[("4:1", "unknown key `file` in [[component]]")]);
    let twice = component("detect = \"commits\"");
    wrong(&format!("{twice}{twice}"), &[("5:8", "there are two components called `x`")]);
    // A component that is wrong is not called unknown as well.
    let fleet = "[fleet]\ncomponent = \"x\"\n";
    wrong(&format!("{}{fleet}", component("detect = \"gopkg\"")), &[("1:1", "[[component]]: `project` is missing")]);
}

#[test]
fn targets_are_observed_and_updated_in_one_way_each() {
    let fleet =
        |rest: &str| format!("[fleet]\ncomponent = \"commits\"\n[[fleet.target]]\nid = \"a\"\nring = \"r\"\n{rest}\n");
    let neither = "`observe`: it needs either `command`, or `http` with one of `json` and `regex`";
    for observe in [
        "{}",
        "{ http = \"https://x.example\" }",
        "{ command = [\"x\"], http = \"https://x.example\", json = \"a\" }",
        "{ http = \"https://x.example\", json = \"a\", regex = \"b\" }",
    ] {
        wrong(&fleet(&format!("observe = {observe}")), &[("6:11", neither)]);
    }
    let update = "`update`: it needs either `command` or `ci`";
    wrong(&fleet("update = {}"), &[("6:10", update)]);
    wrong(&fleet("update = { command = [\"x\"], ci = {} }"), &[("6:10", update)]);
    wrong(&fleet("update = { ci = { event = \"push\" } }"), &[("6:27", "`event` is `push`, which is not known")]);
    wrong(&fleet("[[fleet.target]]\nid = \"a\"\nring = \"r\""), &[("7:6", "there are two targets called `a`")]);
    wrong(
        "[fleet]\ncomponent = \"commits\"\nfile = \"none.toml\"\n",
        &[("3:8", "`none.toml` cannot be read: No such file or directory (os error 2)")],
    );
}

#[test]
fn addresses_hold_no_password() {
    let message = "`url` holds a user's name or password";
    let health = |value: &str| format!("[[environment]]\nname = \"s\"\nbranch = \"s\"\nhealth = {value}\n");
    wrong(&health("{ url = \"http://bob:pw@x.example/v?a@b\" }"), &[("4:18", message)]);
    wrong(&health("\"https://bob@x.example\""), &[("4:10", "`health` holds a user's name or password")]);
    wrong("[forge]\napi = \"https://t@x.example\"\n", &[("2:7", "`api` holds a user's name or password")]);
    let told = problems(&read(&health("{ url = \"http://bob:pw@x.example\" }")).unwrap_err());
    assert!(told[0].2.contains("config::secret") && !told[0].2.contains("pw"), "{told:?}");
    read(&health("\"https://x.example/a@b?c=d@e\"")).unwrap();
}

#[test]
fn a_time_of_zero_is_refused() {
    for (table, key) in [("forge", "poll"), ("forge", "timeout"), ("ci", "timeout")] {
        let column = key.len() + 4;
        let message = format!("`{key}` is no time at all");
        wrong(&format!("[{table}]\n{key} = \"0s\"\n"), &[(&format!("2:{column}"), &message)]);
    }
}

#[test]
fn secrets_come_from_one_place() {
    let message = "[secrets] `a`: it needs exactly one of `env`, `command`, `file`";
    wrong("[secrets]\na = {}\n", &[("2:5", message)]);
    wrong("[secrets]\na = { env = \"A\", file = \"b\" }\n", &[("2:5", message)]);
    wrong("secrets = \"hunter2\"\n", &[("1:11", "[secrets] is a text, not a table")]);
    wrong("[secrets]\na = \"hunter2\"\n", &[("2:5", "[secrets] `a` is a text, not a table")]);
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn the_fleet_may_have_a_file_of_its_own_in_four_languages() {
    let observe = Some(Observe::Command(vec!["./observe".into(), "a b".into()]));
    let labels = BTreeMap::from([("region".to_owned(), "eu".to_owned())]);
    let expected = [FleetTarget { observe, labels, ..target("a", "canary") }, target("b", "rest")];
    for (name, text) in [
        (
            "fleet.toml",
            "[[target]]\nid = \"a\"\nring = \"canary\"\nlabels.region = \"eu\"\nobserve.command = [\"./observe\", \"a b\"]\n\
             [[target]]\nid = \"b\"\nring = \"rest\"\n",
        ),
        (
            "fleet.yaml",
            "target:\n  - id: a\n    ring: canary\n    labels: { region: eu }\n    observe: { command: [./observe, a b] }\n\
             \x20 - { id: b, ring: rest }\n",
        ),
        (
            "fleet.json",
            "[{\"id\": \"a\", \"ring\": \"canary\", \"labels\": {\"region\": \"eu\"},\n\
             \t\"observe\": {\"command\": [\"./observe\", \"a b\"]}}, {\"id\": \"b\", \"ring\": \"rest\"}]",
        ),
        (
            "fleet.csv",
            "id,label.region,ring,observe,update\r\na,eu,canary,\"./observe \"\"a b\"\"\",\r\n\r\nb,,rest,,\r\n",
        ),
    ] {
        let folder = folder(&[(name, text)]);
        let config = format!("[fleet]\ncomponent = \"commits\"\nfile = \"{name}\"\n");
        let config = parse(&config, "relwf.toml", folder.path()).unwrap();
        assert_eq!(config.fleet.unwrap().targets, expected, "{name}");
    }
}

#[test]
fn problems_in_the_fleets_file_point_into_it() {
    for (name, text, expected) in [
        (
            "fleet.toml",
            "[[target]]\nid = \"a\"\nrnig = \"r\"\nring = \"r\"\n",
            "fleet.toml:3:1: unknown key `rnig` in [[target]]",
        ),
        ("fleet.yaml", "- id: a\n  ring: 1\n", "fleet.yaml:2:9: `ring` is a number, not a text"),
        ("fleet.json", "[\n  {\"id\": \"a\"}\n]", "fleet.json:2:3: [[target]]: `ring` is missing"),
        ("fleet.csv", "id,ring\na,r\na,r\n", "fleet.csv:3:1: there are two targets called `a`"),
        ("fleet.csv", "id,ring,labels.x\na,r,1\n", "fleet.csv:1:9: unknown key `labels.x` in [[target]]"),
        ("fleet.yaml", "targets: []\n", "fleet.yaml:1:1: `fleet.yaml`: `target` is missing"),
        ("fleet.xml", "", "fleet.xml: what language is `fleet.xml`?"),
    ] {
        let folder = folder(&[(name, text)]);
        let config = format!("[fleet]\ncomponent = \"commits\"\nfile = \"{name}\"\n");
        let failure = parse(&config, "relwf.toml", folder.path()).unwrap_err();
        assert_eq!(format!("{}: {}", failure.at.unwrap(), failure.message), expected);
    }
}

#[test]
fn the_file_is_found_in_the_folder_or_above_but_not_above_the_repository() {
    let folder = folder(&[
        ("relwf.toml", ""),
        ("repo/.git/HEAD", ""),
        ("repo/.git/objects/x", ""),
        ("repo/sub/deep/x", ""),
        ("with/.git/HEAD", ""),
        ("with/.git/objects/x", ""),
        ("with/relwf.toml", "[repo]\nurl = \"x\"\n"),
        ("with/sub/x", ""),
        ("plain/sub/x", ""),
        ("plain/relwf.toml", ""),
    ]);
    let at = |path: &str| folder.path().join(path);
    assert_eq!(find(&at("repo/sub/deep")), None);
    assert_eq!(find(&at("with/sub")), Some(at("with/relwf.toml")));
    assert_eq!(find(&at("plain")), Some(at("plain/relwf.toml")));
    assert_eq!(find(&at("plain/sub")), None);

    let config = load(&at("with/sub"), None).unwrap();
    assert_eq!((config.root, config.file, config.repo), (at("with"), Some(at("with/relwf.toml")), Some("x".into())));
    let config = load(&at("repo/sub/deep"), None).unwrap();
    assert_eq!((config.root, config.file, config.text), (at("repo"), None, String::new()));
    assert_eq!(load(&at("plain/sub"), None).unwrap().root, at("plain/sub"));
    let config = load(&at("with/sub"), Some(Path::new("../relwf.toml"))).unwrap();
    assert_eq!((config.repo.as_deref(), config.root), (Some("x"), at("with").canonicalize().unwrap()));
    let failure = load(&at("with"), Some(&PathBuf::from("none.toml"))).unwrap_err();
    assert_eq!((failure.kind, failure.at.unwrap().to_string().as_str()), (FailureKind::Config, "none.toml"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(
        text in "(\\[\\[?(environment|component|fleet\\.target|fleet|ci|secrets|sh|repo)\\]\\]?\n|(name|detect|branch|command|observe|update|target) = |\"[a-z(.]{0,4}\"\n|\\{ ?(command|http|json|ci) = |\\}\n|[0-9]\n|\\[|\\]\n|é){0,30}"
    ) {
        if let Err(failure) = read(&text) {
            assert_eq!(failure.kind, FailureKind::Config);
            assert!(failure.at.is_some());
        }
    }
}

#[test]
fn releases_are_those_of_the_last_environment_unless_another_is_named() {
    let environments =
        "[[environment]]\nname = 'a'\nbranch = 'staging'\n[[environment]]\nname = 'b'\nbranch = 'production'\n";
    let branch = |release: &str| {
        let release = read(&format!("{environments}[release]\ntag = 'v{{n}}'\n{release}")).unwrap().release.unwrap();
        release.branch.to_string()
    };
    assert_eq!((branch(""), branch("branch = 'staging'")), ("production".to_owned(), "staging".to_owned()));
    assert!(read("[release]\ntag = 'v{n}'\nbranch = 'main'").is_ok(), "there may be no environments");
    wrong("[release]\ntag = 'v{n}'", &[("1:1", "[release]: there is no environment whose landings could be releases")]);
    wrong(
        &format!("{environments}[release]\ntag = 'release'\nbranch = 'prodcution'\ntags = 1\n"),
        &[
            ("8:7", "every release would be called `release`"),
            ("9:10", "`prodcution` is the branch of no environment"),
            ("10:1", "unknown key `tags` in [release]"),
        ],
    );
    wrong(
        &format!("{environments}[release]\ntag = 'at {{date}}'\n"),
        &[(
            "8:7",
            "no release can be tagged so: `at 2026-01-31` is not a valid tag name: it holds a space, a control character or one of \
             ~ ^ : ? * [ \\",
        )],
    );
    wrong(&format!("{environments}[release]\n"), &[("7:1", "[release]: `tag` is missing")]);
    let (_, _, hint) = problems(&read(&format!("{environments}[release]\ntag = '{{day}}'")).unwrap_err()).remove(0);
    assert_eq!(hint, "write one like `release-{date}`, `release-{date}.{n}` or `v{n}`");
}
