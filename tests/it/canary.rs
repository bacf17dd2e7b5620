//! Secrets that were read, or that stand in the environment, are found nowhere: not in what is printed, not in any file of relwf's, not
//! on the remote; in no form, whoever prints them.

use crate::support::cli::{Said, said};
use crate::support::http_server::{Server, Turn};
use crate::support::sample::Sample;
use std::fs;
use std::path::Path;

/// Resolved by `config::secret`; with what JSON, URLs and shells write otherwise.
const RESOLVED: &str = "kanari/resolved+\"4711\" x";
/// In a file of [secrets], two lines.
const LINES: &str = "kanari-first-line-1\nkanari-second-line-2";
/// Of the environment alone.
const AMBIENT: &str = "kanari-ambient-0815";

const PARTS: [&str; 5] = ["kanari", "resolved+", "a2FuYXJp", "thbmFya", "rYW5hcm"];

/// Programs that print what they were given, and what another one left.
const LEAK: &str = "#!/bin/sh\n\
    printf '%s' \"$GIVEN\" > left\n\
    printf 'plain %s\\n' \"$GIVEN\"\n\
    printf 'Basic %s\\n' \"$(printf 'u:%s' \"$GIVEN\" | base64 -w0)\"\n\
    printf 'url %s\\n' \"$(printf '%s' \"$GIVEN\" | sed 's#/#%2F#g; s#+#%2B#g; s#\"#%22#g; s# #%20#g')\" >&2\n\
    printf 'ambient %s\\n' \"$DEPLOY_TOKEN\"\n\
    cat lines 2>/dev/null\n\
    exit ${STATUS:-0}\n";

struct Project {
    sample: Sample,
    server: Server,
}

impl Project {
    fn new() -> Self {
        let sample = Sample::new();
        let again = || Turn::answer(500, &[], &format!("no: {RESOLVED} {AMBIENT}"));
        let server = Server::start((0..8).map(|_| again()).collect());
        let config = sample.path.join("relwf.toml");
        let more = "\n[sh]\nallow = [\"./leak\", \"cat\"]\nenv = [\"DEPLOY_TOKEN\"]\n[secrets]\nkey = { env = \"MY_KEY\" }\nlines = { file = \"../lines\" }\n";
        fs::write(&config, fs::read_to_string(&config).unwrap() + more).unwrap();
        fs::write(sample.path.join("../lines"), LINES).unwrap();
        let leak = sample.path.join("leak");
        fs::write(&leak, LEAK).unwrap();
        std::os::unix::fs::PermissionsExt::set_mode(&mut fs::metadata(&leak).unwrap().permissions(), 0o755);
        fs::set_permissions(&leak, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let project = Self { sample, server };
        let given = "let key = config::secret(\"key\"); let lines = config::secret(\"lines\"); ";
        let url = project.server.url("/");
        for (name, body) in [
            // The output is the workflow's value, a note and an approval's text; another program prints what was left.
            (
                "tell",
                format!(
                    "{given} let out = sh::run(#{{ argv: [\"./leak\"], effect: true, env: #{{ GIVEN: key }} }}); flow::note(out.stdout); \
                     let left = sh::run(#{{ argv: [\"cat\", \"left\"], effect: false }}); flow::note(left.stdout); \
                     sh::run(#{{ argv: [\"./leak\"], effect: true, env: #{{ GIVEN: lines }} }}); [out, left]"
                ),
            ),
            (
                "ask",
                format!(
                    "{given} let out = sh::run(#{{ argv: [\"./leak\"], effect: true, env: #{{ GIVEN: key }} }}); flow::approve(out.stdout)"
                ),
            ),
            (
                "fail",
                format!(
                    "{given} sh::run(#{{ argv: [\"./leak\"], effect: true, env: #{{ GIVEN: key, STATUS: \"3\" }} }})"
                ),
            ),
            (
                "throw",
                format!(
                    "{given} let out = sh::run(#{{ argv: [\"./leak\"], effect: true, env: #{{ GIVEN: key }} }}); throw out.stdout"
                ),
            ),
            (
                "send",
                format!(
                    "{given} http::request(#{{ method: \"POST\", url: `{url}?q=${{1}}`, headers: #{{ authorization: key }}, json: #{{ lines: lines }} }})"
                ),
            ),
            (
                "propose",
                format!(
                    "{given} git::sync(); let out = sh::run(#{{ argv: [\"./leak\"], effect: true, env: #{{ GIVEN: key }} }}); let m = git::merge(#{{ source: \"master\", \
                     target: \"staging\", message: out.stdout }}); let c = forge::propose(#{{ commit: m.commit, target: \"staging\", body: out.stdout }}); \
                     forge::comment(#{{ change: c, text: out.stdout }})"
                ),
            ),
        ] {
            fs::write(
                project.sample.path.join(format!("workflows/{name}.rhai")),
                format!("//! Leaks.\nfn run(p) {{ {body} }}\n"),
            )
            .unwrap();
        }
        project.sample.git(&["add", "-A"]);
        project.sample.git(&["commit", "-q", "-m", "process"]);
        project.sample.git(&["push", "-q", "origin", "HEAD:master"]);
        project
    }

    fn say(&self, args: &[&str]) -> Said {
        let mut command = self.sample.machine.relwf(&self.sample.path, args);
        command.env("MY_KEY", RESOLVED).env("DEPLOY_TOKEN", AMBIENT);
        command.env("GITHUB_TOKEN", "kanari-github-token-1").env("TRAVIS_TOKEN", "kanari-travis-token-1");
        command.env("RELWF_LOG", "trace");
        said(&self.sample.machine, command)
    }
}

/// The places of a text in which something of a secret is.
fn found(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| PARTS.iter().any(|part| line.contains(part)));
    lines.map(|line| line.chars().take(300).collect()).collect()
}

/// The files of a folder in which something of a secret is, their bytes looked at as they are.
fn files_with(folder: &Path) -> Vec<String> {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten().filter(|entry| entry.file_type().is_file());
    files
        .filter(|file| {
            let bytes = fs::read(file.path()).unwrap_or_default();
            PARTS.iter().any(|part| bytes.windows(part.len()).any(|window| window == part.as_bytes()))
        })
        .map(|file| {
            let bytes = fs::read(file.path()).unwrap_or_default();
            let at =
                PARTS.iter().find_map(|part| bytes.windows(part.len()).position(|window| window == part.as_bytes()));
            let at = at.unwrap_or_default();
            let around = &bytes[at.saturating_sub(200)..bytes.len().min(at + 100)];
            format!("{}: {}", file.path().display(), String::from_utf8_lossy(around))
        })
        .collect()
}

#[test]
fn a_canary_is_found_nowhere() {
    let project = Project::new();
    let mut leaks = Vec::new();
    let mut look = |args: &[&str], code: i32| {
        let said = project.say(args);
        assert_eq!(said.code, code, "{args:?}\n{}\n{}", said.stdout, said.stderr);
        for line in found(&said.stdout).into_iter().chain(found(&said.stderr)) {
            leaks.push(format!("{args:?}: {line}"));
        }
        said
    };
    for form in [&[][..], &["--json"][..], &["-q"][..], &["-vv"][..]] {
        look(&[&["run", "tell"], form].concat(), 0);
        look(&[&["run", "ask"], form].concat(), 3);
        look(&[&["run", "fail"], form].concat(), 1);
        look(&[&["run", "throw"], form].concat(), 1);
        look(&[&["run", "propose"], form].concat(), 0);
    }
    let sent = look(&["run", "send"], 1);
    assert!(sent.stderr.contains("500"), "{}", sent.stderr);
    assert!(project.server.requests()[0].contains(RESOLVED), "it was sent where it belongs");
    let runs = look(&["runs", "--json"], 0).json()["runs"].clone();
    assert!(runs.as_array().unwrap().len() > 20);
    for run in runs.as_array().unwrap() {
        let id = run["run"].as_str().unwrap();
        look(&["show", id], 0);
        let shown = look(&["show", id, "--json"], 0);
        if run["workflow"] == "tell" {
            assert!(shown.stdout.contains("<secret>"), "it is hidden, and not gone: {}", shown.stdout);
        }
        if run["status"] == "suspended" {
            look(&["approve", id], 0);
            look(&["resume", id], 0);
        }
    }
    for args in [&["runs"][..], &["changes"], &["doctor"], &["check"], &["list"], &["preview", "master", "staging"]] {
        look(args, 0);
    }
    assert_eq!(leaks, Vec::<String>::new(), "{} leaks", leaks.len());
    for folder in [".local/state/relwf", ".cache/relwf"] {
        let folder = project.sample.machine.home().join(folder);
        assert!(folder.is_dir(), "{} is there", folder.display());
        assert_eq!(files_with(&folder), Vec::<String>::new());
    }
    // Objects of the remote are compressed: git reads them.
    let all = project.sample.git(&[
        "-C",
        "../remote.git",
        "for-each-ref",
        "--format=%(contents)",
        "refs/relwf",
        "refs/heads/staging",
    ]);
    assert!(all.contains("<secret>") && found(&all).is_empty(), "{all}");
}
