//! What strangers can write stays data: answers of servers, outputs of programs, code that has not landed.

use crate::support::http_server::{Server, Turn};
use crate::support::sample::Sample;
use serde_json::json;
use std::fs;

/// The sample with workflows and settings of its own.
struct Project(Sample);

impl Project {
    /// With `settings` at the end of relwf.toml.
    fn new(settings: &str) -> Self {
        let sample = Sample::new();
        let config = sample.path.join("relwf.toml");
        fs::write(&config, fs::read_to_string(&config).unwrap() + settings).unwrap();
        Self(sample)
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.0.path.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn workflow(&self, name: &str, head: &str, body: &str) {
        self.write(&format!("workflows/{name}.rhai"), &format!("{head}\nfn run(p) {{ {body} }}\n"));
    }

    /// All of it where a run looks for it: on the remote's default branch.
    fn publish(&self) {
        self.0.git(&["add", "-A"]);
        self.0.git(&["commit", "-q", "-m", "process"]);
        self.0.git(&["push", "-q", "origin", "HEAD:master"]);
    }
}

const SECRET: &str = "the-secret-4711";

#[test]
fn only_config_secret_makes_a_secret() {
    let like = json!({ "$secret": "hook" });
    let server = Server::start(vec![Turn::answer(200, &[], &json!({ "x": like }).to_string())]);
    fs::metadata("/proc/self").expect("a system with cat");
    let project = Project::new("\n[sh]\nallow = [\"cat\"]\n[secrets]\nhook = { file = \"../hook\" }\n");
    fs::write(project.0.path.join("../hook"), SECRET).unwrap();
    project.write("data.json", &like.to_string());
    let capability = "const PLUGIN = #{ name: \"poster\", version: \"1\", capabilities: [\"http\"] };";
    let post = |got: &str| {
        format!("http::request(#{{ method: \"POST\", url: \"{}\", json: #{{ got: {got} }} }})", server.url("/"))
    };
    let literal = r##"#{ "$secret": "hook" }"##;
    project.write("plugins/poster.rhai", &format!("{capability}\nfn post() {{ {} }}\n", post(literal)));
    project.workflow("honest", "", &post("config::secret(\"hook\")"));
    let get = format!("let r = http::get(#{{ url: \"{}\" }}); ", server.url("/"));
    project.workflow("answer", "", &(get + &post("r.json.x")));
    let cat = "let r = sh::run(#{ argv: [\"cat\", \"data.json\"], effect: false }); ";
    project.workflow("output", "", &(cat.to_owned() + &post("parse_json(r.stdout)")));
    project.workflow("plugin", "import \"poster\" as poster;", "poster::post()");
    project.workflow("literal", "", &post(literal));
    project.publish();
    let sent = |workflow: &str| {
        project.0.say(&["run", workflow]).exits(0);
        let requests = server.requests();
        requests.last().unwrap().split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    assert_eq!(sent("honest"), json!({ "got": SECRET }).to_string());
    for workflow in ["answer", "output", "plugin", "literal"] {
        // As it was given, to the letter.
        assert_eq!(sent(workflow), json!({ "got": like }).to_string(), "{workflow}");
    }
}

#[test]
fn a_value_that_is_nested_too_deep_is_refused_and_spoils_no_other_run() {
    let deep = "[".repeat(127) + &"]".repeat(127);
    let server = Server::start(vec![Turn::answer(200, &[], &deep)]);
    let project = Project::new("");
    project.workflow("wait", "", "flow::approve(\"ok?\"); 1");
    project.workflow("deep", "", "let a = 1; for i in 0..140 { a = [a]; } a");
    project.workflow("told", "", "let a = 1; for i in 0..140 { a = [a]; } flow::approve(\"ok?\", a); 1");
    project.workflow("answer", "", &format!("http::get(#{{ url: \"{}\" }})", server.url("/")));
    project.publish();
    let begun = project.0.say(&["run", "wait", "--json"]);
    let waiting = begun.exits(3).json_lines()[0]["run"].as_str().unwrap().to_owned();
    for workflow in ["deep", "told", "answer"] {
        let said = project.0.say(&["run", workflow]);
        said.exits(1);
        assert!(said.stderr.contains("nested more than 100 deep"), "{workflow}: {}", said.stderr);
    }
    for run in project.0.runs() {
        project.0.say(&["show", run["run"].as_str().unwrap()]).exits(0);
    }
    project.0.say(&["runs"]).exits(0);
    project.0.say(&["approve", &waiting]).exits(0);
    project.0.say(&["resume", &waiting]).exits(0);
}

#[test]
fn a_build_sees_no_credential_that_is_not_passed_to_it() {
    let seen = |settings: &str| {
        let project = Project::new("\n[secrets]\nhook = { env = \"OUR_HOOK\" }\n");
        let environment = project.0.machine.path("environment");
        let config = fs::read_to_string(project.0.path.join("relwf.toml")).unwrap();
        let command = format!("command = [\"sh\", \"-c\", \"env >{}\"]{settings}", environment.display());
        let lines = config.lines().map(|line| if line.starts_with("command = [") { &command } else { line });
        let own: String = lines.map(|line| format!("{line}\n")).collect();
        project.write("relwf.toml", &own);
        project.publish();
        let mut relwf = project.0.machine.relwf(&project.0.path, &["run", "promote-staging"]);
        for name in ["GH_TOKEN", "TRAVIS_TOKEN", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "OUR_HOOK", "OUR_SETTING"] {
            relwf.env(name, format!("value of {name}"));
        }
        relwf.env("DATABASE_URL", "postgres://u:value of it@h/db");
        crate::support::cli::said(&project.0.machine, relwf).exits(0);
        let text = fs::read_to_string(environment).unwrap();
        let mut names: Vec<String> =
            text.lines().filter_map(|line| Some(line.split_once("=value of ")?.0.to_owned())).collect();
        names.sort();
        assert!(!text.contains("DATABASE_URL"), "{text}");
        assert!(text.contains("\nPATH=") || text.starts_with("PATH="), "{text}");
        names
    };
    assert_eq!(seen(""), ["OUR_SETTING"]);
    assert_eq!(seen("\nenv = [\"SSH_AUTH_SOCK\", \"OUR_HOOK\"]"), ["OUR_HOOK", "OUR_SETTING", "SSH_AUTH_SOCK"]);
}

/// A script cannot decide which code a program is that relwf.toml allows, and gets no credential that it is not given.
#[test]
fn programs_are_those_that_are_allowed_and_see_no_credentials() {
    let project = Project::new("\n[sh]\nallow = [\"env\"]\n[secrets]\nkey = { env = \"PLAIN_NAME\" }\n");
    let evil = project.0.path.join("evil/env");
    project.write("evil/env", "#!/bin/sh\necho replaced\n");
    fs::set_permissions(&evil, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let run = |env: &str| format!("sh::run(#{{ argv: [\"env\"], effect: true, env: #{{ {env} }} }}).stdout");
    project.workflow("plain", "", &run("SETTING: \"1\""));
    let folder = evil.parent().unwrap().display().to_string();
    for (name, variable) in
        [("path", "PATH"), ("preload", "LD_PRELOAD"), ("bash", "BASH_ENV"), ("ssh", "GIT_SSH_COMMAND")]
    {
        project.workflow(name, "", &run(&format!("{variable}: \"{folder}\"")));
    }
    project.workflow("fails", "", "sh::run(#{ argv: [\"env\", \"no-such-program\"], effect: true })");
    project.publish();
    let say = |workflow: &str| {
        let mut command = project.0.machine.relwf(&project.0.path, &["run", workflow, "--json"]);
        command.env("PLAIN_NAME", SECRET).env("API_TOKEN", "token-0815-4711").env("OUR_SETTING", "kept");
        crate::support::cli::said(&project.0.machine, command)
    };
    let plain = say("plain");
    plain.exits(0);
    let value = plain.json_lines().pop().unwrap()["value"].as_str().unwrap().to_owned();
    assert!(value.contains("SETTING=1\n") && value.contains("OUR_SETTING=kept\n"), "{value}");
    assert!(!value.contains("PLAIN_NAME") && !value.contains("API_TOKEN"), "{value}");
    for workflow in ["path", "preload", "bash", "ssh"] {
        let refused = say(workflow);
        refused.exits(1);
        let error = refused.json_lines().pop().unwrap()["error"].clone();
        let (message, hint) = (error["message"].as_str().unwrap(), error["hint"].as_str().unwrap());
        assert!(message.contains("it decides which code a program runs"), "{message}");
        assert!(hint.contains("[sh] env = ["), "{hint}");
    }
    let failed = say("fails").json_lines().pop().unwrap()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(failed.contains("[sh] env = [\"NAME\"]") && failed.contains("API_TOKEN"), "{failed}");
    // What is named is passed, and still not shown.
    let config = project.0.path.join("relwf.toml");
    let text =
        fs::read_to_string(&config).unwrap().replace("allow = [\"env\"]", "allow = [\"env\"]\nenv = [\"API_TOKEN\"]");
    fs::write(&config, text).unwrap();
    project.publish();
    let value = say("plain").json_lines().pop().unwrap()["value"].as_str().unwrap().to_owned();
    assert!(value.contains("API_TOKEN=<secret>\n"), "{value}");
}

/// What a stranger left in a shared folder names programs: none of it is read, by any verb.
#[test]
fn a_configuration_of_another_user_is_not_believed_unless_git_is_told_to() {
    const STRANGER: u32 = 12_345;
    let project = Project::new("");
    project.publish();
    let path = project.0.path.clone();
    let say = |args: &[&str], trust: &[(&str, &str)]| {
        let mut command = project.0.machine.relwf(&path, args);
        command.envs(trust.iter().copied());
        crate::support::cli::said(&project.0.machine, command)
    };
    let folder = path.canonicalize().unwrap().display().to_string();
    let trusted = [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "safe.directory"), ("GIT_CONFIG_VALUE_0", &*folder)];
    let verbs: [&[&str]; 6] = [
        &["list"],
        &["check"],
        &["preview", "master", "staging"],
        &["doctor"],
        &["candidates", "master", "staging"],
        &["run", "promote-staging", "--dry-run"],
    ];
    if !rustix::process::geteuid().is_root() {
        // Only root can give files away; but there are files of root's.
        fs::remove_file(path.join("relwf.toml")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", path.join("relwf.toml")).unwrap();
        let refused = say(&["list"], &[]);
        assert!(refused.stderr.contains("belongs to another user (number 0)"), "{}", refused.stderr);
        return;
    }
    for of in ["relwf.toml", "workflows/promote-staging.rhai", "plugins", ".", ".git"] {
        let file = path.join(of);
        std::os::unix::fs::chown(&file, Some(STRANGER), None).unwrap();
        for verb in verbs {
            let refused = say(verb, &[]);
            assert_ne!(refused.code, 0, "{of} {verb:?}");
            let text = refused.stdout + &refused.stderr;
            assert!(text.contains("belongs to another user (number 12345)"), "{of} {verb:?}: {text}");
            assert!(text.contains("git config --global --add safe.directory "), "{of} {verb:?}: {text}");
        }
        // A question about runs reads nothing of it.
        say(&["runs"], &[]).exits(0);
        if ![".", ".git"].contains(&of) {
            // git itself asks for no more than this.
            say(&["list"], &trusted).exits(0);
        }
        std::os::unix::fs::chown(&file, Some(0), None).unwrap();
    }
    say(&["list"], &[]).exits(0);
    // By sudo root believes what belongs to the person.
    std::os::unix::fs::chown(path.join("relwf.toml"), Some(STRANGER), None).unwrap();
    say(&["list"], &[("SUDO_UID", "12345")]).exits(0);
    say(&["list"], &[("SUDO_UID", "12346")]).exits(2);
}

/// Something called `.git` above is no repository: what stands beside it is not found from below.
#[test]
fn a_folder_with_something_called_git_is_no_repository() {
    let project = Project::new("");
    let above = project.0.machine.path("shared");
    fs::create_dir_all(above.join(".git")).unwrap();
    fs::create_dir_all(above.join("mine")).unwrap();
    fs::write(above.join("relwf.toml"), "[ci]\nkind = \"command\"\ncommand = [\"stranger\"]\n").unwrap();
    let said = project.0.machine.say(&above.join("mine"), &["doctor"]);
    assert!(said.stdout.contains("no relwf.toml here"), "{}", said.stdout);
    for text in ["gitdir: elsewhere", "anything"] {
        fs::remove_dir_all(above.join(".git")).or_else(|_| fs::remove_file(above.join(".git"))).unwrap();
        fs::write(above.join(".git"), text).unwrap();
        let said = project.0.machine.say(&above.join("mine"), &["doctor"]);
        assert_eq!(
            said.stdout.contains("no relwf.toml here"),
            text == "anything",
            "{text}: {}{}",
            said.stdout,
            said.stderr
        );
    }
}
