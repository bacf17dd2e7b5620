//! What every promotion here starts from: a service on GitHub, Travis beside it, relwf.toml, and an operator with a token.

use crate::support::cli::{HANGS, Machine, Said, said};
use crate::support::git::Repo;
use crate::support::github::{Github, Held, Seen, act_while_held};
use crate::support::travis::TravisServer;
use std::fs;
use std::path::PathBuf;

/// Travis' check on pull requests.
pub const PR: &str = "continuous-integration/travis-ci/pr";

/// The stage.
pub struct Stage {
    pub github: Github,
    pub travis: TravisServer,
    pub machine: Machine,
    pub project: PathBuf,
    /// Who promotes.
    pub token: &'static str,
}

impl Stage {
    /// A service whose `master` is two commits ahead of `staging`, with a Travis that is green after one look.
    pub fn new() -> Self {
        let github = Github::start().through_prism();
        let machine = Machine::new();
        let work = Repo::init(machine.path("work"));
        work.change("README", "one\n");
        work.git(&["branch", "staging"]);
        work.git(&["branch", "production"]);
        work.change("main.go", "two\n");
        work.change("main.go", "three\n");
        work.git(&["remote", "add", "origin", &github.git_url_as("t-admin", "acme/service")]);
        work.git(&["push", "-q", "origin", "master", "staging", "production"]);
        let travis = TravisServer::start(&github);
        let project = machine.path("project");
        fs::create_dir_all(&project).unwrap();
        let stage = Self { github, travis, machine, project, token: "t-write" };
        stage.configure("");
        stage
    }

    /// Writes relwf.toml: the service, staging with Travis' check; `staging` are further lines about staging.
    pub fn configure(&self, staging: &str) {
        self.write(staging, "", &self.github.api(), &self.by_travis());
    }

    /// The same with further lines about the forge.
    pub fn forge(&self, more: &str) {
        self.write("", more, &self.github.api(), &self.by_travis());
    }

    /// The same with another address for the forge's API.
    pub fn through(&self, api: &str) {
        self.write("", "", api, &self.by_travis());
    }

    /// The same with another CI, and further tables behind it.
    pub fn with_ci(&self, ci: &str) {
        self.write("", "", &self.github.api(), ci);
    }

    /// `[ci]` for the fake Travis.
    pub fn by_travis(&self) -> String {
        format!("kind = \"travis\"\napi = \"{}\"\n", self.travis.api())
    }

    fn write(&self, staging: &str, forge: &str, api: &str, ci: &str) {
        let text = format!(
            "[repo]\nurl = \"{}\"\n\n[[environment]]\nname = \"staging\"\nbranch = \"staging\"\nurl = \"https://beta.example\"\n\
             checks = [\"{PR}\"]\n{staging}\n[forge]\nkind = \"github\"\napi = \"{api}\"\npoll = \"20ms\"\n{forge}\n\
             [ci]\n{ci}",
            self.github.git_url("acme/service"),
        );
        fs::write(self.project.join("relwf.toml"), text).unwrap();
    }

    /// A bundled workflow of the project's own, with one thing written otherwise.
    pub fn workflow(&self, name: &str, text: &str, instead: &str) {
        let sources = relwf::script::embedded();
        let path = format!("workflows/{name}.rhai");
        let source = sources.iter().find(|source| source.path == path).expect("it is bundled");
        assert!(source.text.contains(text), "{text} is not in {path}");
        fs::create_dir_all(self.project.join("workflows")).unwrap();
        fs::write(self.project.join(path), source.text.replacen(text, instead, 1)).unwrap();
    }

    /// A workflow of the project's own that only builds: what `run` does.
    pub fn builds(&self, run: &str) {
        fs::create_dir_all(self.project.join("workflows")).unwrap();
        let text = format!("//! Builds.\nconst WORKFLOW = #{{ params: #{{}} }};\nfn run(p) {{ git::sync(); {run} }}\n");
        fs::write(self.project.join("workflows/builds.rhai"), text).unwrap();
    }

    /// relwf as a process of its own, run by the person with the token.
    pub fn process(&self, args: &[&str]) -> std::process::Command {
        let helper = self.machine.path("gitconfig");
        let answer = format!("echo username=x-access-token; echo password={}", self.token);
        fs::write(&helper, format!("[credential]\n\thelper = \"!f() {{ {answer}; }}; f\"\n")).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_relwf"));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.machine.home());
        command.env("TZ", "UTC").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", helper);
        command.env("GH_ENTERPRISE_TOKEN", self.token).env("TRAVIS_TOKEN", self.token);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@example.com");
        }
        command.current_dir(&self.project).args(args);
        command
    }

    /// Runs relwf as the operator with the token, which must not be readable anywhere afterwards.
    pub fn relwf(&self, args: &[&str]) -> Said {
        let mut command = assert_cmd::Command::from_std(self.process(args));
        command.timeout(HANGS);
        let said = said(&self.machine, command);
        for token in ["t-write", "t-read", "t-none", "t-admin"] {
            assert!(!said.stdout.contains(token) && !said.stderr.contains(token), "{}\n{}", said.stdout, said.stderr);
        }
        said
    }

    /// Promotes, and acts on the forge once relwf waits for the check of the pull request.
    pub fn while_waiting(&self, mut act: impl FnMut(&Self)) -> Said {
        self.while_held([self.github.hold(2, "GET", "/status")], |stage, _| act(stage))
    }

    /// Promotes, and acts on the forge while each of these requests is held, in their order.
    pub fn while_held<const N: usize>(&self, held: [Held; N], mut act: impl FnMut(&Self, usize)) -> Said {
        let run = || {
            let said = self.promote();
            self.github.hold_no_more();
            said
        };
        act_while_held(held, run, |number| act(self, number))
    }

    /// `relwf run promote-staging`; what only staging has is no reason to stop.
    pub fn promote(&self) -> Said {
        self.relwf(&["run", "promote-staging", "--param", "accept=missing"])
    }

    /// What git knows about the bare repository.
    pub fn git(&self, args: &[&str]) -> String {
        self.github.bare("acme/service").git(args)
    }

    /// Requests as `GET /path`, in order.
    pub fn asked(&self) -> Vec<String> {
        let line = |seen: Seen| format!("{} {} {}", seen.method, seen.target, seen.status);
        self.github.requests().into_iter().map(line).collect()
    }
}
